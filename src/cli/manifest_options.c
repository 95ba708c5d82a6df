/* src/cli/manifest_options.c - the options of pack, build and update that fill a manifest */
#include "manifest_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "query.h"
#include "requires.h"
#include "text.h"

void cli_manifest_free(struct cli_manifest *m)
{
    char *const strings[] = { m->name, m->version, m->desc,       m->author, m->date,
                              m->url,  m->license, m->copyrights, m->main };
    char **const lists[] = { m->tags,     m->cons,     m->argv,     m->private_units,
                             m->required, m->provides, m->resources };

    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        cli_free_list(lists[i]);
}

bool cli_manifest_is_empty(const struct cli_manifest *m)
{
    static const struct cli_manifest none;

    return memcmp(m, &none, sizeof none) == 0; /* pointers, and nothing between them */
}

/* A plugin without a name is none; the date is a count of seconds. */
static bool check_strings(const struct cli_manifest *m, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (m->name && !*m->name)
        return tn_fail(err, TENON_E_ARGUMENT, "--name: an empty name");
    if (m->date && m->date[strspn(m->date, "0123456789")])
        return tn_fail(err, TENON_E_ARGUMENT, "--date: seconds since 1970 expected, not %s",
                       tn_quote(shown, m->date));
    return true;
}

static bool set_strings(const struct cli_manifest *m, tenon_builder *builder, tenon_error *err)
{
    const struct {
        const char *key, *value;
    } values[] = {
        { "name", m->name },       { "version", m->version }, { "desc", m->desc },
        { "author", m->author },   { "date", m->date },       { "url", m->url },
        { "license", m->license }, { "main", m->main },       { "copyrights", m->copyrights },
    };

    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (values[i].value && !tenon_builder_set(builder, values[i].key,
                                                  *values[i].value ? values[i].value : NULL, err))
            return false;
    return true;
}

/* Elements between commas; an empty argument empties the list. The next bundle needs `text`, too.
 */
static bool add_split(tenon_builder *builder, const char *key, const char *text, tenon_error *err)
{
    char *copy = strdup(text), *rest = NULL;
    bool ok = copy || tn_no_memory(err);

    for (char *word = ok ? strtok_r(copy, ",", &rest) : NULL; ok && word;
         word = strtok_r(NULL, ",", &rest))
        ok = tenon_builder_set(builder, key, word, err);
    free(copy);
    return ok;
}

static bool set_list(tenon_builder *builder, const char *key, char *const *list, bool split,
                     tenon_error *err)
{
    if (!list)
        return true;
    if (!tenon_builder_set(builder, key, NULL, err))
        return false;
    for (; *list; list++)
        if (split ? !add_split(builder, key, *list, err)
                  : **list && !tenon_builder_set(builder, key, *list, err))
            return false;
    return true;
}

static bool add_requires(const struct cli_manifest *m, tenon_world *world, tenon_builder *builder,
                         tenon_error *err)
{
    for (char **at = m->required; at && *at; at++) {
        char *equals = strchr(*at, '=');
        if (equals)
            *equals = '\0';
        bool ok = tn_require_named(builder, world, *at, equals ? equals + 1 : NULL, err);
        if (equals)
            *equals = '=';
        if (!ok)
            return tn_context(err, "--requires");
    }
    return true;
}

static bool add_provides(const struct cli_manifest *m, tenon_builder *builder, tenon_error *err)
{
    for (char **at = m->provides; at && *at; at++) {
        tenon_claim claim = { .kind = tn_kind_by_name(*at),
                              .name = *at,
                              .stateful = TENON_UNKNOWN };
        if (!tenon_builder_provide(builder, &claim, err))
            return tn_context(err, "--provides");
    }
    return true;
}

bool cli_manifest_apply(const struct cli_manifest *m, tenon_world *world, tenon_builder *builder,
                        tenon_error *err)
{
    return check_strings(m, err) && set_strings(m, builder, err) &&
           set_list(builder, "tags", m->tags, true, err) &&
           set_list(builder, "cons", m->cons, true, err) &&
           set_list(builder, "argv", m->argv, false, err) &&
           set_list(builder, "private", m->private_units, false, err) &&
           add_requires(m, world, builder, err) && add_provides(m, builder, err);
}

/* The entry of "[NAME=]FILE", to be freed, and its FILE. NULL: no memory. */
static char *resource_entry(const char *text, const char **file, tenon_error *err)
{
    const char *equals = strchr(text, '=');
    const char *name = equals ? text : tn_base_name(text);
    int size = equals ? (int)(equals - text) : (int)strlen(name);
    char *entry;

    *file = equals ? equals + 1 : text;
    if (asprintf(&entry, TN_RESOURCE_FOLDER "%.*s", size, name) >= 0)
        return entry;
    tn_no_memory(err);
    return NULL;
}

static bool drop_resource(const char *text, tenon_builder *builder, tenon_error *err)
{
    const char *file;
    char *entry = resource_entry(text, &file, err);

    if (entry)
        tenon_builder_drop(builder, entry, NULL);
    free(entry);
    return entry;
}

static bool add_resource(const char *text, tenon_builder *builder, tenon_error *err)
{
    const char *file;
    char *entry = resource_entry(text, &file, err);
    bool ok = entry && tenon_builder_add_file(builder, entry, file, err);

    free(entry);
    return ok;
}

/* All that are replaced go before the first comes, so that two of one name are an error. */
bool cli_add_resources(char *const *resources, bool replace, tenon_builder *builder,
                       tenon_error *err)
{
    bool ok = true;

    for (char *const *at = resources; ok && replace && at && *at; at++)
        ok = drop_resource(*at, builder, err);
    for (char *const *at = resources; ok && at && *at; at++)
        ok = add_resource(*at, builder, err);
    return ok || tn_context(err, "resource");
}

int cli_status_of(const tenon_error *err)
{
    return err->code == TENON_E_ARGUMENT ? CLI_USAGE : CLI_UNREADABLE;
}

char *cli_bundle_file(const char *name)
{
    static const char suffix[] = ".plugin";
    size_t size = strlen(name), suffix_size = sizeof suffix - 1;
    char *file;

    if (size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0)
        return strdup(name);
    return asprintf(&file, "%s%s", name, suffix) < 0 ? NULL : file;
}

/* ---- commands with one result -----------------------------------------------------------------
 */

void cli_json_begin_one(struct cli_json *json, struct cli *cli, const char *file,
                        const char *status)
{
    *json = (struct cli_json){ .out = &cli->out };
    cli_json_begin(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, file);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, status);
}

void cli_json_end_one(struct cli_json *json)
{
    cli_json_close(json, '}');
    cli_json_end(json);
}

int cli_fail_one(struct cli *cli, const char *file, const tenon_error *err)
{
    struct cli_json json;

    if (cli->json && !cli->quiet) {
        cli_json_begin_one(&json, cli, file, "error");
        cli_json_error(&json, err->code, NULL, tenon_error_message(err));
        cli_json_end_one(&json);
    } else {
        cli_complain(cli, "%s", tenon_error_message(err));
    }
    return cli_status_of(err);
}
