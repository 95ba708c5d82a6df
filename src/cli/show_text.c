/* src/cli/show_text.c - the facts of an image for people: a key and a value on each line */
#include "ocaml_print.h"
#include "show.h"
#include "units_parts.h"

/* Where values start. */
#define COLUMN 18

/* Starts a line; the key of a list stands before its first element only. */
static void put_key(struct cli_out *out, const char **key)
{
    size_t width = 2 + strlen(*key);

    cli_puts(out, "  ");
    cli_style(out, CLI_RULE);
    cli_puts(out, *key);
    cli_style(out, CLI_PLAIN);
    do
        cli_puts(out, " ");
    while (++width < COLUMN);
    *key = "";
}

static void put_name(struct cli_out *out, const char *key, const char *name)
{
    put_key(out, &key);
    cli_text(out, name);
    cli_puts(out, "\n");
}

/* Facts that are absent have no line. */
static void put_fact(const struct show *show, const tenon_image *image,
                     const struct show_fact *fact)
{
    struct cli_out *out = &show->cli->out;
    const char *key = fact->key, *string = fact->string ? fact->string(image) : NULL;

    if (fact->few && !show->cli->verbose)
        return;
    if (string) {
        put_name(out, key, string);
    } else if (fact->number && fact->number(image)) {
        put_key(out, &key);
        cli_number(out, fact->number(image));
        cli_puts(out, "\n");
    } else if (fact->flag && fact->flag(image)) {
        put_name(out, key, "yes");
    }
}

/* "(current 1351.0.0, compatible with 1.0.0)" as a Mach-O image asks for. */
static void put_need_versions(struct cli_out *out, const tenon_need *need)
{
    char current[SHOW_VERSION_ROOM], compatible[SHOW_VERSION_ROOM];

    if (need->how || (!need->current_version && !need->compat_version))
        return;
    cli_puts(out, "  (current ");
    cli_puts(out, show_version(current, need->current_version));
    cli_puts(out, ", compatible with ");
    cli_puts(out, show_version(compatible, need->compat_version));
    cli_puts(out, ")");
}

static void put_needs(struct cli_out *out, const tenon_image *image, const char *list)
{
    const char *key = list;
    const tenon_need *need;

    for (size_t i = 0; (need = tenon_image_need(image, i)); i++) {
        if (show_need_list(need) != list)
            continue;
        put_key(out, &key);
        cli_text(out, need->name);
        if (list == show_need_lists[0] && need->flavour != TENON_NEED_NORMAL) {
            cli_puts(out, "  ");
            cli_puts(out, tenon_flavour_name(need->flavour));
        }
        put_need_versions(out, need);
        if (need->how) {
            cli_puts(out, "  (");
            cli_text(out, need->how);
            cli_puts(out, ")");
        }
        cli_puts(out, "\n");
    }
}

static void put_search_paths(struct cli_out *out, const tenon_image *image)
{
    const char *key = "search_paths", *rest, *element;
    const tenon_search_path *path;
    size_t size;

    for (size_t i = 0; (path = tenon_image_search_path(image, i)); i++) {
        for (rest = path->path; show_next_element(path, &rest, &element, &size);) {
            put_key(out, &key);
            cli_puts(out, path->kind);
            cli_puts(out, "  ");
            if (size > 0)
                cli_text_part(out, element, size);
            else
                cli_puts(out, "(empty)");
            cli_puts(out, "\n");
        }
    }
}

/* Members that are objects for the machine of all say nothing new. */
static void put_member_facts(struct cli_out *out, const tenon_image *image, size_t i)
{
    const tenon_member_facts *facts = tenon_image_member_facts(image, i);

    if (!facts || facts->kind == TENON_KIND_UNKNOWN ||
        (facts->kind == TENON_KIND_OBJECT && tenon_image_machine(image)))
        return;
    cli_puts(out, "  ");
    cli_puts(out, tenon_kind_name(facts->kind));
    if (facts->machine) {
        cli_puts(out, "  ");
        cli_puts(out, facts->machine);
    }
}

static void put_members(struct cli_out *out, const tenon_image *image)
{
    const char *key = "member_names";
    const tenon_image_source *source;

    for (size_t i = 0; (source = tenon_image_inside(image, i)) && source->member; i++) {
        put_key(out, &key);
        cli_text(out, source->member);
        put_member_facts(out, image, i);
        cli_puts(out, "\n");
    }
}

static void put_versions(struct cli_out *out, const char *key, const tenon_image *image,
                         const tenon_version *(*get)(const tenon_image *, size_t))
{
    const tenon_version *version;

    for (size_t i = 0; (version = get(image, i)); i++) {
        if (version->base)
            continue;
        put_key(out, &key);
        cli_text(out, version->name);
        if (version->library) {
            cli_puts(out, "  ");
            cli_text(out, version->library);
        }
        cli_puts(out, version->weak ? "  weak\n" : "\n");
    }
}

/* A symbol without a name has an ordinal: "#7". */
static void put_symbol_name(struct cli_out *out, const tenon_symbol *symbol)
{
    cli_text(out, symbol->name);
    if (symbol->has_ordinal && !*symbol->name) {
        cli_puts(out, "#");
        cli_number(out, symbol->ordinal);
    }
}

/* NAME@@VERSION is the version that a new program would be linked to. */
static void put_symbols(struct cli_out *out, const char *key, const tenon_image *image,
                        const tenon_symbol *(*get)(const tenon_image *, size_t))
{
    const tenon_symbol *symbol;

    for (size_t i = 0; (symbol = get(image, i)); i++) {
        const char *type = show_symbol_type(symbol);
        put_key(out, &key);
        put_symbol_name(out, symbol);
        if (symbol->version) {
            cli_puts(out, symbol->defined && !symbol->hidden_version ? "@@" : "@");
            cli_text(out, symbol->version);
        }
        if (type) {
            cli_puts(out, "  ");
            cli_puts(out, type);
        }
        if (symbol->forward) {
            cli_puts(out, "  -> ");
            cli_text(out, symbol->forward);
        }
        if (!symbol->defined && !symbol->version && symbol->library) {
            cli_puts(out, "  of ");
            cli_text(out, symbol->library);
        }
        cli_puts(out, symbol->binding == TENON_BIND_WEAK ? "  weak\n" : "\n");
    }
}

static void put_dlopens(struct cli_out *out, const tenon_image *image)
{
    const char *key = "dlopen";
    const tenon_need *need, *first = NULL; /* of the entry */

    for (size_t i = 0; (need = tenon_image_dlopen(image, i)); i++) {
        put_key(out, &key);
        cli_text(out, need->name);
        cli_puts(out, "  ");
        cli_puts(out, tenon_flavour_name(need->flavour));
        cli_purpose(out, need->priority, need->feature, need->description);
        if (!first || !need->entry || need->entry != first->entry) {
            first = need;
        } else {
            cli_puts(out, ", or instead ");
            cli_text(out, first->name);
        }
        cli_puts(out, "\n");
    }
}

static void put_others(struct cli_out *out, const tenon_image *image)
{
    const tenon_fact *fact;

    for (size_t i = 0; (fact = tenon_image_fact(image, i)); i++)
        put_name(out, fact->name, fact->value);
}

static void put_warning(struct cli_out *out, const char **key, const char *warning)
{
    put_key(out, key);
    cli_style(out, CLI_NOTE);
    cli_prose(out, warning);
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "\n");
}

/* Of a file, not of a slice, also why its units or what it holds of OCaml's cannot be read. */
static void put_warnings(struct cli_out *out, const tenon_image *image, const struct show *more)
{
    const char *warning, *key = "warning";

    for (size_t i = 0; (warning = tenon_image_warning(image, i)); i++)
        put_warning(out, &key, warning);
    if (more && more->ocaml_error.code)
        put_warning(out, &key, tenon_error_message(&more->ocaml_error));
    if (more && more->units_error.code)
        put_warning(out, &key, tenon_error_message(&more->units_error));
}

/* All that one image says, whether it is a file or a slice. */
static void put_image(const struct show *show, const tenon_image *image)
{
    struct cli_out *out = &show->cli->out;

    for (const struct show_fact *fact = show_facts; fact->key; fact++)
        put_fact(show, image, fact);
    for (size_t i = 0; i < SHOW_NEED_LISTS; i++)
        put_needs(out, image, show_need_lists[i]);
    put_search_paths(out, image);
    if (show->cli->verbose) {
        put_members(out, image);
        put_versions(out, "version_needs", image, tenon_image_version_need);
        put_versions(out, "version_defs", image, tenon_image_version_definition);
        put_others(out, image);
    }
    if (show->exports)
        put_symbols(out, "exports", image, tenon_image_export);
    if (show->imports)
        put_symbols(out, "imports", image, tenon_image_import);
    if (show->dlopen)
        put_dlopens(out, image);
}

/* Slices follow the universal file, each under the file's name and its own. */
static void put_slice(const struct show *show, const tenon_image_source *source, const char *label)
{
    struct cli_out *out = &show->cli->out;
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *image = show_open_slice(show, source, &err);
    const char *key = "error";

    cli_puts(out, "\n");
    cli_text(out, label);
    cli_puts(out, " (");
    cli_text(out, source->slice);
    cli_puts(out, ")\n");
    if (image) {
        put_image(show, image);
        put_warnings(out, image, NULL);
    } else {
        put_key(out, &key);
        cli_prose(out, tenon_error_message(&err));
        cli_puts(out, "\n");
    }
    tenon_image_free(image);
}

void show_print_text(const struct show *show, const tenon_image *image, const char *label)
{
    const tenon_image_source *source;

    cli_text(&show->cli->out, label);
    cli_puts(&show->cli->out, "\n");
    put_image(show, image);
    if (show->units)
        units_print_text(show->cli, show->units); /* OCaml's too */
    else if (show->ocaml)
        ocaml_print_text(show->cli, show->ocaml);
    put_warnings(&show->cli->out, image, show);
    for (size_t i = 0; (source = tenon_image_inside(image, i)) && source->slice; i++)
        put_slice(show, source, label);
}
