/* src/cli/show_json.c - one row of "results" of `tenon show --json`; keys are those of
 * docs/json.md */
#include <stdlib.h>
#include <string.h>

#include "ocaml_print.h"
#include "show.h"
#include "units_parts.h"

static void open_list(struct cli_json *json, const char *key)
{
    cli_json_named_key(json, key);
    cli_json_open(json, '[');
}

static void put_fact(struct cli_json *json, const tenon_image *image, const struct show_fact *fact)
{
    if (fact->optional && !fact->string(image))
        return;
    cli_json_named_key(json, fact->key);
    if (fact->string)
        cli_json_name(json, fact->string(image));
    else if (fact->number)
        cli_json_number(json, fact->number(image));
    else
        cli_json_bool(json, fact->flag(image));
}

/* Where a format records the parts of a name apart (XCOFF), all three of them. */
static void put_parts(struct cli_json *json, const tenon_need *need)
{
    if (!need->base)
        return;
    CLI_JSON_KEY(json, "path");
    cli_json_name(json, need->path);
    CLI_JSON_KEY(json, "base");
    cli_json_name(json, need->base);
    CLI_JSON_KEY(json, "member");
    cli_json_name(json, need->member);
}

static void put_need_versions(struct cli_json *json, const tenon_need *need)
{
    char room[SHOW_VERSION_ROOM];

    if (need->how || (!need->current_version && !need->compat_version))
        return;
    CLI_JSON_KEY(json, "current_version");
    cli_json_name(json, show_version(room, need->current_version));
    CLI_JSON_KEY(json, "compat_version");
    cli_json_name(json, show_version(room, need->compat_version));
}

static void put_needed(struct cli_json *json, const tenon_image *image)
{
    const tenon_need *need;

    CLI_JSON_KEY(json, "needed");
    cli_json_open(json, '[');
    for (size_t i = 0; (need = tenon_image_need(image, i)); i++) {
        if (show_need_list(need) != show_need_lists[0])
            continue;
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, need->name);
        CLI_JSON_KEY(json, "flavour");
        cli_json_name(json, tenon_flavour_name(need->flavour));
        if (need->counts_symbols) {
            CLI_JSON_KEY(json, "symbols");
            cli_json_number(json, need->symbols);
        }
        put_parts(json, need);
        put_need_versions(json, need);
        if (need->how) {
            CLI_JSON_KEY(json, "how");
            cli_json_name(json, need->how);
        }
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

/* Filters and auxiliaries: names only. */
static void put_filters(struct cli_json *json, const tenon_image *image, const char *list)
{
    const tenon_need *need;

    open_list(json, list);
    for (size_t i = 0; (need = tenon_image_need(image, i)); i++) {
        if (show_need_list(need) != list)
            continue;
        cli_json_item(json);
        cli_json_name(json, need->name);
    }
    cli_json_close(json, ']');
}

static void put_member_facts(struct cli_json *json, const tenon_image *image)
{
    const tenon_member_facts *facts;

    open_list(json, "member_facts");
    for (size_t i = 0; (facts = tenon_image_member_facts(image, i)); i++) {
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, tenon_image_inside(image, i)->member);
        CLI_JSON_KEY(json, "kind");
        cli_json_name(json, tenon_kind_name(facts->kind));
        CLI_JSON_KEY(json, "class");
        cli_json_number(json, facts->class_bits);
        CLI_JSON_KEY(json, "machine");
        cli_json_name(json, facts->machine);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

/* Only an archive has the keys. */
static void put_members(struct cli_json *json, const tenon_image *image)
{
    const tenon_image_source *source;

    if (tenon_image_format(image) != TENON_FORMAT_ARCHIVE)
        return;
    open_list(json, "member_names");
    for (size_t i = 0; (source = tenon_image_inside(image, i)); i++) {
        cli_json_item(json);
        cli_json_name(json, source->member);
    }
    cli_json_close(json, ']');
    put_member_facts(json, image);
}

static void put_search_paths(struct cli_json *json, const tenon_image *image)
{
    const tenon_search_path *path;
    const char *rest, *element;
    size_t size;

    CLI_JSON_KEY(json, "search_paths");
    cli_json_open(json, '[');
    for (size_t i = 0; (path = tenon_image_search_path(image, i)); i++) {
        for (rest = path->path; show_next_element(path, &rest, &element, &size);) {
            cli_json_item(json);
            cli_json_open(json, '{');
            CLI_JSON_KEY(json, "kind");
            cli_json_name(json, path->kind);
            CLI_JSON_KEY(json, "path");
            cli_json_part(json, element, size);
            cli_json_close(json, '}');
        }
    }
    cli_json_close(json, ']');
}

/* One requirement of a version, and where its file was named first. */
struct version_need {
    const tenon_version *version;
    size_t index, first;
};

static int by_library(const void *a, const void *b)
{
    const struct version_need *x = a, *y = b;
    int order = strcmp(x->version->library, y->version->library);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_first(const void *a, const void *b)
{
    const struct version_need *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Requirements of one file together: one may come twice. Sorted, as there may be 65535 of them. */
static void group_by_file(struct version_need *needs, size_t count)
{
    qsort(needs, count, sizeof *needs, by_library);
    for (size_t i = 0; i < count; i++) {
        bool is_same = i && strcmp(needs[i].version->library, needs[i - 1].version->library) == 0;
        needs[i].first = is_same ? needs[i - 1].first : needs[i].index;
    }
    qsort(needs, count, sizeof *needs, by_first);
}

static void put_grouped_needs(struct cli_json *json, const struct version_need *needs, size_t count)
{
    cli_json_open(json, '{');
    for (size_t i = 0; i < count; i++) {
        if (!i || needs[i].first != needs[i - 1].first)
            open_list(json, needs[i].version->library);
        cli_json_item(json);
        cli_json_name(json, needs[i].version->name);
        if (i + 1 == count || needs[i].first != needs[i + 1].first)
            cli_json_close(json, ']');
    }
    cli_json_close(json, '}');
}

/* null: no memory to tell them. */
static void put_version_needs(struct cli_json *json, const tenon_image *image)
{
    size_t count = 0;

    while (tenon_image_version_need(image, count))
        count++;
    struct version_need *needs = calloc(count + 1, sizeof *needs);
    CLI_JSON_KEY(json, "version_needs");
    if (!needs) {
        cli_json_name(json, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++)
        needs[i] = (struct version_need){ tenon_image_version_need(image, i), i, i };
    group_by_file(needs, count);
    put_grouped_needs(json, needs, count);
    free(needs);
}

static void put_version_defs(struct cli_json *json, const tenon_image *image)
{
    const tenon_version *version;

    CLI_JSON_KEY(json, "version_defs");
    cli_json_open(json, '[');
    for (size_t i = 0; (version = tenon_image_version_definition(image, i)); i++) {
        if (version->base)
            continue;
        cli_json_item(json);
        cli_json_name(json, version->name);
    }
    cli_json_close(json, ']');
}

static void put_symbol(struct cli_json *json, const tenon_symbol *symbol)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, symbol->name);
    CLI_JSON_KEY(json, "version");
    cli_json_name(json, symbol->version);
    CLI_JSON_KEY(json, "weak");
    cli_json_bool(json, symbol->binding == TENON_BIND_WEAK);
    CLI_JSON_KEY(json, "type");
    cli_json_name(json, show_symbol_type(symbol));
    if (symbol->has_ordinal) {
        CLI_JSON_KEY(json, "ordinal");
        cli_json_number(json, symbol->ordinal);
    }
    if (symbol->forward) {
        CLI_JSON_KEY(json, "forward");
        cli_json_name(json, symbol->forward);
    }
    if (symbol->defined) {
        CLI_JSON_KEY(json, "default");
        cli_json_bool(json, !symbol->hidden_version);
        CLI_JSON_KEY(json, "size");
        cli_json_number(json, (int64_t)(symbol->size & INT64_MAX));
    } else {
        CLI_JSON_KEY(json, "library");
        cli_json_name(json, symbol->library);
    }
    cli_json_close(json, '}');
}

static void put_symbols(struct cli_json *json, const char *key, const tenon_image *image,
                        const tenon_symbol *(*get)(const tenon_image *, size_t))
{
    const tenon_symbol *symbol;

    open_list(json, key);
    for (size_t i = 0; (symbol = get(image, i)); i++)
        put_symbol(json, symbol);
    cli_json_close(json, ']');
}

static void put_dlopens(struct cli_json *json, const tenon_image *image)
{
    const tenon_need *need;

    CLI_JSON_KEY(json, "dlopen");
    cli_json_open(json, '[');
    for (size_t i = 0; (need = tenon_image_dlopen(image, i)); i++) {
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, need->name);
        CLI_JSON_KEY(json, "flavour");
        cli_json_name(json, tenon_flavour_name(need->flavour));
        CLI_JSON_KEY(json, "priority");
        cli_json_name(json, need->priority);
        CLI_JSON_KEY(json, "feature");
        cli_json_name(json, need->feature);
        CLI_JSON_KEY(json, "description");
        cli_json_name(json, need->description);
        CLI_JSON_KEY(json, "entry");
        cli_json_number(json, need->entry);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void put_others(struct cli_json *json, const tenon_image *image)
{
    const tenon_fact *fact;

    CLI_JSON_KEY(json, "facts");
    cli_json_open(json, '{');
    for (size_t i = 0; (fact = tenon_image_fact(image, i)); i++) {
        cli_json_named_key(json, fact->name);
        cli_json_name(json, fact->value);
    }
    cli_json_close(json, '}');
}

/* An error that is a warning here. */
static void put_problem(struct cli_json *json, const tenon_error *problem)
{
    if (!problem->code)
        return;
    cli_json_item(json);
    cli_json_sentence(json, tenon_error_message(problem));
}

/* Of a file, not of a slice, also why its units or what it holds of OCaml's cannot be read. */
static void put_warnings(struct cli_json *json, const tenon_image *image, const struct show *more)
{
    const char *warning;

    CLI_JSON_KEY(json, "warnings");
    cli_json_open(json, '[');
    for (size_t i = 0; (warning = tenon_image_warning(image, i)); i++) {
        cli_json_item(json);
        cli_json_sentence(json, warning);
    }
    if (more) {
        put_problem(json, &more->ocaml_error);
        put_problem(json, &more->units_error);
    }
    cli_json_close(json, ']');
}

/* All that one image says, whether it is a file or a slice; of a file also its units. */
static void put_image(const struct show *show, const tenon_image *image, bool whole,
                      struct cli_json *json)
{
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(TENON_STATUS_OK));
    for (const struct show_fact *fact = show_facts; fact->key; fact++)
        put_fact(json, image, fact);
    put_needed(json, image);
    for (size_t i = 1; i < SHOW_NEED_LISTS; i++)
        put_filters(json, image, show_need_lists[i]);
    put_search_paths(json, image);
    put_members(json, image);
    put_version_needs(json, image);
    put_version_defs(json, image);
    if (show->exports)
        put_symbols(json, "exports", image, tenon_image_export);
    if (show->imports)
        put_symbols(json, "imports", image, tenon_image_import);
    if (show->dlopen)
        put_dlopens(json, image);
    if (whole && show->units) {
        units_put_json(show->cli, show->units, json); /* OCaml's too */
    } else if (whole && show->ocaml) {
        CLI_JSON_KEY(json, "ocaml");
        ocaml_put_json(show->ocaml, json);
    }
    put_others(json, image);
    put_warnings(json, image, whole ? show : NULL);
}

static void put_error(const tenon_error *err, struct cli_json *json)
{
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(TENON_STATUS_ERROR));
    cli_json_error(json, err->code, NULL, tenon_error_message(err));
}

static void put_slice(const struct show *show, const tenon_image_source *source,
                      struct cli_json *json)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *image = show_open_slice(show, source, &err);

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "arch");
    cli_json_name(json, source->slice);
    if (image)
        put_image(show, image, false, json);
    else
        put_error(&err, json);
    cli_json_close(json, '}');
    tenon_image_free(image);
}

/* Only a universal file has the key. */
static void put_slices(const struct show *show, const tenon_image *image, struct cli_json *json)
{
    const tenon_image_source *source = tenon_image_inside(image, 0);

    if (!source || !source->slice)
        return;
    open_list(json, "slices");
    for (size_t i = 0; (source = tenon_image_inside(image, i)); i++)
        put_slice(show, source, json);
    cli_json_close(json, ']');
}

void show_print_json(const struct show *show, const tenon_image *image, const char *label,
                     struct cli_json *json)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, label);
    put_image(show, image, true, json);
    put_slices(show, image, json);
    cli_json_close(json, '}');
}

void show_print_json_ocaml(const char *label, const tenon_ocaml *ocaml, struct cli_json *json)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, label);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(TENON_STATUS_OK));
    CLI_JSON_KEY(json, "format");
    cli_json_name(json, "ocaml");
    CLI_JSON_KEY(json, "ocaml");
    ocaml_put_json(ocaml, json);
    cli_json_close(json, '}');
}
