/* src/cli/ocaml_json.c - the facts of an OCaml file as JSON; keys are those of docs/json.md */
#include "ocaml_print.h"

static void put_names(struct cli_json *json, tenon_ocaml_names names)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < names.count; i++) {
        cli_json_item(json);
        cli_json_name(json, names.at[i]);
    }
    cli_json_close(json, ']');
}

static void put_digest(struct cli_json *json, const tenon_digest *digest)
{
    char text[2 * TENON_DIGEST_ROOM + 1];

    cli_json_name(json, *tenon_digest_text(digest, text) ? text : NULL);
}

static void put_imports(struct cli_json *json, tenon_ocaml_imports imports)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < imports.count; i++) {
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, imports.at[i].name);
        CLI_JSON_KEY(json, "digest");
        put_digest(json, &imports.at[i].crc);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void put_unit(struct cli_json *json, const tenon_ocaml_unit *unit)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, unit->name);
    CLI_JSON_KEY(json, "symbol");
    cli_json_name(json, unit->symbol);
    CLI_JSON_KEY(json, "interface");
    put_digest(json, &unit->interface);
    CLI_JSON_KEY(json, "implementation");
    put_digest(json, &unit->implementation);
    CLI_JSON_KEY(json, "force_link");
    cli_json_bool(json, unit->force_link);
    CLI_JSON_KEY(json, "for_pack");
    cli_json_name(json, unit->for_pack);
    CLI_JSON_KEY(json, "requires");
    put_imports(json, unit->required);
    CLI_JSON_KEY(json, "interfaces");
    put_imports(json, unit->interfaces);
    CLI_JSON_KEY(json, "implementations");
    put_imports(json, unit->implementations);
    CLI_JSON_KEY(json, "required_globals");
    put_names(json, unit->globals);
    CLI_JSON_KEY(json, "defines");
    put_names(json, unit->defines);
    CLI_JSON_KEY(json, "externals");
    put_names(json, unit->externals);
    CLI_JSON_KEY(json, "primitives");
    put_names(json, unit->primitives);
    cli_json_close(json, '}');
}

/* THE table of lists of names of a file. */
static const struct {
    const char *key;
    tenon_ocaml_names (*get)(const tenon_ocaml *ocaml);
} lists[] = {
    { "c_objects", tenon_ocaml_c_objects },
    { "c_options", tenon_ocaml_c_options },
    { "dlls", tenon_ocaml_dlls },
    { "dll_paths", tenon_ocaml_dll_paths },
    { "primitives", tenon_ocaml_primitives },
    { "globals", tenon_ocaml_globals },
};

void ocaml_put_json(const tenon_ocaml *ocaml, struct cli_json *json)
{
    const tenon_ocaml_unit *unit;

    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "kind");
    cli_json_name(json, tenon_ocaml_kind_name(tenon_ocaml_kind_of(ocaml)));
    CLI_JSON_KEY(json, "release");
    cli_json_name(json, tenon_ocaml_release(ocaml));
    CLI_JSON_KEY(json, "digits");
    cli_json_name(json, tenon_ocaml_digits(ocaml));
    CLI_JSON_KEY(json, "flambda");
    cli_json_bool(json, tenon_ocaml_is_flambda(ocaml));
    CLI_JSON_KEY(json, "custom");
    cli_json_bool(json, tenon_ocaml_is_custom(ocaml));
    CLI_JSON_KEY(json, "runtime");
    cli_json_name(json, tenon_ocaml_runtime(ocaml));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        cli_json_named_key(json, lists[i].key);
        put_names(json, lists[i].get(ocaml));
    }
    CLI_JSON_KEY(json, "interfaces");
    put_imports(json, tenon_ocaml_interfaces(ocaml));
    CLI_JSON_KEY(json, "units");
    cli_json_open(json, '[');
    for (size_t i = 0; (unit = tenon_ocaml_unit_at(ocaml, i)); i++)
        put_unit(json, unit);
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}
