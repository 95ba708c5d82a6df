/*
 * src/cli/check_offers.c - archives of installed packages that a plugin's requirements may come
 * from
 *
 * rule  src/findlib/fl_dynload.ml: property `plugin' with the program's predicates, else `archive'
 *       with the predicate plugin
 */
#include "check_offers.h"

#include <string.h>
#include <unistd.h>

#include "run.h"
#include "temp.h"
#include "view.h"

struct offers {
    struct tn_arena *arena;
    const char **at;
    size_t count, room;
    const char *suffix;
};

/* What a command prints, NUL-ended; "" when it fails. NULL: no memory. */
static const char *ask(struct tn_arena *arena, const char *const *words)
{
    struct tn_signals signals;
    struct tn_exit exit = { 0 };
    struct tn_view text = { 0 };
    int out = tn_temp_nameless(NULL), nowhere = tn_temp_nameless(NULL);

    tn_signals_hold(&signals);
    bool good = out >= 0 && nowhere >= 0 && tn_run(words, out, nowhere, &signals, &exit, NULL) &&
                exit.status == 0 && tn_temp_read(out, arena, &text, NULL);
    tn_signals_release(&signals);
    if (out >= 0)
        close(out);
    if (nowhere >= 0)
        close(nowhere);
    return good ? (const char *)text.at : "";
}

/* "ocamlfind query -recursive -predicates P -format F PACKAGES" */
static const char *query(struct tn_arena *arena, char *const *packages, size_t count, bool deep,
                         const char *predicates, const char *format)
{
    const char **words = tn_arena_rows(arena, count + 9, sizeof *words);
    size_t n = 0;

    if (!words)
        return NULL;
    words[n++] = "ocamlfind";
    words[n++] = "query";
    if (deep)
        words[n++] = "-recursive";
    words[n++] = "-predicates";
    words[n++] = predicates;
    words[n++] = "-format";
    words[n++] = format;
    for (size_t i = 0; i < count; i++)
        if (*packages[i] != '-')
            words[n++] = packages[i];
    return ask(arena, words);
}

/*
 * What findlib says of all of them; when it knows one of them not, or not what that requires, of
 * each that it knows: a bundle may bring what is not installed.
 */
static char *query_all(struct tn_arena *arena, const tenon_manifest *m, const char *predicates,
                       const char *format)
{
    char *const *packages = (char *const *)m->packages;
    const char *text = query(arena, packages, m->package_count, true, predicates, format);

    if (!text || *text)
        return text ? tn_arena_string(arena, text) : NULL;
    for (size_t i = 0; text && i < m->package_count; i++) {
        const char *one = query(arena, packages + i, 1, true, predicates, format);
        if (one && !*one)
            one = query(arena, packages + i, 1, false, predicates, format);
        text = one ? tn_arena_join(arena, text, one, NULL) : NULL;
    }
    return text ? tn_arena_string(arena, text) : NULL;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text), end = strlen(suffix);

    return size > end && strcmp(text + (size - end), suffix) == 0;
}

/* META that names a .cmxa only: the plugin beside it, when there is one. */
static const char *path_of(const struct offers *o, const char *directory, const char *word)
{
    const char *path = *word == '/' ? tn_arena_string(o->arena, word)
                                    : tn_arena_format(o->arena, "%s/%s", directory, word);
    const char *plugin = path;

    if (path && ends_with(path, ".cmxa"))
        plugin = tn_arena_format(o->arena, "%.*s%s", (int)(strlen(path) - strlen(".cmxa")), path,
                                 o->suffix);
    return plugin && access(plugin, R_OK) == 0 ? plugin : path;
}

static bool is_among(const struct offers *o, const char *path)
{
    for (size_t i = 0; i < o->count; i++)
        if (strcmp(o->at[i], path) == 0)
            return true;
    return false;
}

static bool add_words(struct offers *o, const char *directory, char *words)
{
    char *rest = NULL;

    for (char *word = strtok_r(words, " ,\t", &rest); word; word = strtok_r(NULL, " ,\t", &rest)) {
        const char *path = path_of(o, directory, word);
        if (!path)
            return false;
        if (is_among(o, path) || (!ends_with(path, o->suffix) && !ends_with(path, ".cmxa")) ||
            access(path, R_OK) != 0)
            continue;
        if (!tn_arena_grow(o->arena, &o->at, &o->room, o->count + 1, sizeof *o->at))
            return false;
        o->at[o->count++] = path;
        o->at[o->count] = NULL;
    }
    return true;
}

/* The line of a package in the other answer: what comes behind "PACKAGE|DIRECTORY|". */
static char *same_line(struct tn_arena *arena, const char *said, const char *head)
{
    size_t size = strlen(head);

    for (const char *line = said; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, head, size) == 0)
            return tn_arena_copy(arena, line + size, strcspn(line + size, "\n"));
    }
    return tn_arena_string(arena, "");
}

/* Lines "PACKAGE|DIRECTORY|FILES" of both answers, packages in the order of their needs. */
static bool add_packages(struct offers *o, char *plugins, const char *archives)
{
    char *rest = NULL;

    for (char *line = strtok_r(plugins, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *directory = strchr(line, '|'), *files = directory ? strchr(directory + 1, '|') : NULL;
        if (!files) /* a warning of findlib's */
            continue;
        char *head = tn_arena_copy(o->arena, line, (size_t)(files - line) + 1);
        char *other = head ? same_line(o->arena, archives, head) : NULL;
        if (!other)
            return false;
        *files++ = '\0';
        if (!add_words(o, directory + 1, *files ? files : other))
            return false;
    }
    return true;
}

const char *const *check_offers(struct tn_arena *arena, const char *file,
                                enum tenon_ocaml_loader loader, size_t *count)
{
    bool native = loader == TENON_OCAML_LOADER_NATIVE;
    struct offers o = { .arena = arena, .suffix = native ? ".cmxs" : ".cma" };
    tenon_bundle *bundle = tenon_bundle_open(file, NULL);
    const tenon_manifest *m = bundle ? tenon_bundle_manifest(bundle) : NULL;
    bool good = true;

    o.at = tn_arena_rows(arena, 1, sizeof *o.at);
    if (m && m->package_count) {
        char *plugins = query_all(arena, m, native ? "native,mt,mt_posix" : "byte,mt,mt_posix",
                                  "%p|%d|%(plugin)");
        char *archives = query_all(
            arena, m, native ? "plugin,native,mt,mt_posix" : "plugin,byte,mt,mt_posix", "%p|%d|%a");
        good = plugins && archives && add_packages(&o, plugins, archives);
    }
    tenon_bundle_free(bundle);
    *count = o.count;
    return good ? o.at : NULL;
}
