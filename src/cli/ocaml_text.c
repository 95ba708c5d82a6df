/* src/cli/ocaml_text.c - the facts of an OCaml file for people: a key and a value on each line */
#include "ocaml_print.h"
#include "units_parts.h"

/* Digits of a digest that people see without -v. */
#define SHORT_DIGEST 12

static void put_line(struct cli_out *out, const char *key, const char *value)
{
    units_put_key(out, key);
    cli_text(out, value);
    cli_puts(out, "\n");
}

/* A line each; the key stands before the first. */
static void put_names(struct cli_out *out, const char *key, tenon_ocaml_names names)
{
    for (size_t i = 0; i < names.count; i++)
        put_line(out, i ? "" : key, names.at[i]);
}

static void put_digest(struct cli *cli, const tenon_digest *digest)
{
    char text[2 * TENON_DIGEST_ROOM + 1];

    tenon_digest_text(digest, text);
    if (!cli->verbose)
        text[SHORT_DIGEST] = 0;
    cli_puts(&cli->out, *text ? text : "unknown");
}

static void put_imports(struct cli *cli, const char *key, tenon_ocaml_imports imports)
{
    for (size_t i = 0; i < imports.count; i++) {
        units_put_key(&cli->out, i ? "" : key);
        cli_text(&cli->out, imports.at[i].name);
        cli_puts(&cli->out, "  ");
        put_digest(cli, &imports.at[i].crc);
        cli_puts(&cli->out, "\n");
    }
}

/* What a unit needs before it, without the digests. */
static void put_requires(struct cli_out *out, tenon_ocaml_imports required)
{
    for (size_t i = 0; i < required.count; i++)
        put_line(out, i ? "" : "  requires", required.at[i].name);
}

void ocaml_print_facts(struct cli *cli, const tenon_ocaml *ocaml)
{
    struct cli_out *out = &cli->out;
    const char *release = tenon_ocaml_release(ocaml), *runtime = tenon_ocaml_runtime(ocaml);

    put_line(out, "ocaml", tenon_ocaml_kind_name(tenon_ocaml_kind_of(ocaml)));
    if (release)
        put_line(out, "release", release);
    if (tenon_ocaml_is_flambda(ocaml))
        put_line(out, "flambda", "yes");
    if (tenon_ocaml_is_custom(ocaml))
        put_line(out, "custom", "yes");
    if (runtime)
        put_line(out, "runtime", runtime);
    put_names(out, "c_objects", tenon_ocaml_c_objects(ocaml));
    put_names(out, "c_options", tenon_ocaml_c_options(ocaml));
    put_names(out, "dlls", tenon_ocaml_dlls(ocaml));
    put_names(out, "dll_paths", tenon_ocaml_dll_paths(ocaml));
    if (!cli->verbose)
        return;
    put_names(out, "primitives", tenon_ocaml_primitives(ocaml));
    put_names(out, "globals", tenon_ocaml_globals(ocaml));
    put_imports(cli, "interfaces", tenon_ocaml_interfaces(ocaml));
}

void ocaml_print_unit(struct cli *cli, const tenon_ocaml_unit *unit)
{
    struct cli_out *out = &cli->out;

    if (unit->force_link)
        put_line(out, "  force_link", "yes");
    if (unit->for_pack)
        put_line(out, "  for_pack", unit->for_pack);
    put_requires(out, unit->required);
    put_names(out, "  primitives", unit->primitives);
    if (!cli->verbose)
        return;
    put_names(out, "  externals", unit->externals);
    put_names(out, "  defines", unit->defines);
    put_imports(cli, "  interfaces", unit->interfaces);
    put_imports(cli, "  uses", unit->implementations);
}

static void put_unit(struct cli *cli, const tenon_ocaml_unit *unit)
{
    struct cli_out *out = &cli->out;

    units_put_key(out, "unit");
    cli_style(out, CLI_NOTE);
    cli_text(out, unit->name);
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "  interface ");
    put_digest(cli, &unit->interface);
    if (unit->implementation.kind != TENON_DIGEST_UNKNOWN) {
        cli_puts(out, ", implementation ");
        put_digest(cli, &unit->implementation);
    }
    cli_puts(out, "\n");
    ocaml_print_unit(cli, unit);
}

void ocaml_print_text(struct cli *cli, const tenon_ocaml *ocaml)
{
    const tenon_ocaml_unit *unit;

    ocaml_print_facts(cli, ocaml);
    for (size_t i = 0; (unit = tenon_ocaml_unit_at(ocaml, i)); i++)
        put_unit(cli, unit);
}
