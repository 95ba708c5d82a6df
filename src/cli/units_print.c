/* src/cli/units_print.c - the units of a file as text and as JSON; keys are those of docs/json.md
 */
#include "ocaml_print.h"
#include "units_parts.h"

/* Where values start. */
#define COLUMN 18

/* Digits of a digest that people see without -v. */
#define SHORT_DIGEST 12

/* ---- text ------------------------------------------------------------------------------------ */

void units_put_key(struct cli_out *out, const char *key)
{
    cli_puts(out, "  ");
    cli_style(out, CLI_RULE);
    cli_puts(out, key);
    cli_style(out, CLI_PLAIN);
    size_t width = 2 + strlen(key);
    do
        cli_puts(out, " ");
    while (++width < COLUMN);
}

static void put_record(struct cli *cli, const tenon_units *units)
{
    struct cli_out *out = &cli->out;
    const char *unsure;
    size_t members = tenon_units_member_count(units);

    units_put_key(out, "record");
    cli_puts(out, tenon_record_name(tenon_units_record(units)));
    if (members) {
        cli_puts(out, ", ");
        if (tenon_units_unsure_count(units)) {
            cli_number(out, (int64_t)tenon_units_unsure_count(units));
            cli_puts(out, " of ");
        }
        cli_plural(out, members, "member", "members");
        cli_puts(out, tenon_units_unsure_count(units) ? " not determined" : "");
    }
    cli_puts(out, "\n");
    for (size_t i = 0; (unsure = tenon_units_unsure(units, i)); i++) {
        units_put_key(out, i ? "" : "not determined");
        cli_text(out, unsure);
        cli_puts(out, "\n");
    }
}

static void put_digest(struct cli *cli, const tenon_digest *digest)
{
    char text[2 * TENON_DIGEST_ROOM + 1];
    struct cli_out *out = &cli->out;

    tenon_digest_text(digest, text);
    if (!cli->verbose && strlen(text) > SHORT_DIGEST)
        text[SHORT_DIGEST] = 0;
    cli_puts(out, tenon_digest_kind_name(digest->kind));
    if (*text) {
        cli_puts(out, " ");
        cli_puts(out, text);
    }
}

static const char *state_word(const tenon_unit *unit)
{
    static const char *const words[] = { "stateless", "stateful", "state unknown" };

    return words[unit->stateful];
}

static void put_definitions(struct cli_out *out, const tenon_unit *unit)
{
    for (size_t i = 0; i < unit->definition_count; i++) {
        const tenon_definition *d = &unit->definitions[i];
        units_put_key(out, i ? "" : "  definitions");
        cli_text(out, d->name);
        cli_puts(out, "  ");
        cli_puts(out, tenon_definition_kind_name(d->kind));
        cli_puts(out, "\n");
    }
}

static void put_more(struct cli *cli, const tenon_unit *unit)
{
    struct cli_out *out = &cli->out;

    units_put_key(out, "  interface");
    put_digest(cli, &unit->interface);
    cli_puts(out, "\n");
    units_put_key(out, "  code");
    put_digest(cli, &unit->implementation);
    cli_puts(out, "\n");
    put_definitions(out, unit);
}

/* Bytecode has no digest of its code. */
static const tenon_digest *shown_digest(const tenon_unit *unit)
{
    return unit->kind == TENON_UNIT_OCAML && unit->implementation.kind == TENON_DIGEST_UNKNOWN ? &unit->interface : &unit->implementation;
}

static void put_unit(struct cli *cli, const tenon_unit *unit)
{
    struct cli_out *out = &cli->out;

    units_put_key(out, unit->kind == TENON_UNIT_LIBRARY ? "library" : "unit");
    cli_style(out, CLI_NOTE);
    cli_text(out, unit->name);
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "  ");
    cli_puts(out, state_word(unit));
    if (!cli->verbose) {
        cli_puts(out, ", ");
        put_digest(cli, shown_digest(unit));
    }
    if (unit->recorded)
        cli_puts(out, unit->completed ? ", recorded by the linker launcher" : ", recorded");
    if (unit->origin && unit->kind != TENON_UNIT_LIBRARY) {
        cli_style(out, CLI_DIM);
        cli_puts(out, "  (");
        cli_text(out, unit->origin);
        cli_puts(out, ")");
        cli_style(out, CLI_PLAIN);
    }
    cli_puts(out, "\n");
    if (cli->verbose)
        put_more(cli, unit);
}

void units_print_text(struct cli *cli, const tenon_units *units)
{
    struct cli_out *out = &cli->out;
    const char *remark;
    const tenon_ocaml *ocaml = tenon_units_ocaml(units);
    size_t of_ocaml = 0;

    put_record(cli, units);
    if (ocaml)
        ocaml_print_facts(cli, ocaml);
    for (size_t i = 0; i < tenon_units_count(units); i++) {
        const tenon_unit *unit = tenon_units_at(units, i);
        put_unit(cli, unit);
        if (unit->kind == TENON_UNIT_OCAML)
            ocaml_print_unit(cli, tenon_ocaml_unit_at(ocaml, of_ocaml++));
    }
    for (size_t i = 0; (remark = tenon_units_remark(units, i)); i++) {
        units_put_key(out, "remark");
        cli_prose(out, remark);
        cli_puts(out, "\n");
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_json_digest(struct cli_json *json, const tenon_digest *digest)
{
    char text[2 * TENON_DIGEST_ROOM + 1];

    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "kind");
    cli_json_name(json, tenon_digest_kind_name(digest->kind));
    CLI_JSON_KEY(json, "digest");
    cli_json_name(json, *tenon_digest_text(digest, text) ? text : NULL);
    cli_json_close(json, '}');
}

static void put_json_definitions(struct cli_json *json, const tenon_unit *unit)
{
    CLI_JSON_KEY(json, "definitions");
    cli_json_open(json, '[');
    for (size_t i = 0; i < unit->definition_count; i++) {
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, unit->definitions[i].name);
        CLI_JSON_KEY(json, "kind");
        cli_json_name(json, tenon_definition_kind_name(unit->definitions[i].kind));
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void put_json_unit(struct cli *cli, const tenon_unit *unit, struct cli_json *json)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, unit->name);
    CLI_JSON_KEY(json, "kind");
    cli_json_name(json, tenon_unit_kind_name(unit->kind));
    CLI_JSON_KEY(json, "origin");
    cli_json_name(json, unit->origin);
    CLI_JSON_KEY(json, "stateful");
    cli_json_name(json, tenon_answer_name(unit->stateful));
    CLI_JSON_KEY(json, "interface");
    put_json_digest(json, &unit->interface);
    CLI_JSON_KEY(json, "implementation");
    put_json_digest(json, &unit->implementation);
    CLI_JSON_KEY(json, "recorded");
    cli_json_bool(json, unit->recorded);
    CLI_JSON_KEY(json, "completed");
    cli_json_bool(json, unit->completed);
    if (cli->verbose)
        put_json_definitions(json, unit);
    cli_json_close(json, '}');
}

typedef const char *get_text(const tenon_units *units, size_t i);

static void put_json_list(struct cli_json *json, const tenon_units *units, get_text *get,
                          bool is_prose)
{
    const char *text;

    cli_json_open(json, '[');
    for (size_t i = 0; (text = get(units, i)); i++) {
        cli_json_item(json);
        (is_prose ? cli_json_sentence : cli_json_name)(json, text);
    }
    cli_json_close(json, ']');
}

void units_put_json(struct cli *cli, const tenon_units *units, struct cli_json *json)
{
    CLI_JSON_KEY(json, "record");
    cli_json_name(json, tenon_record_name(tenon_units_record(units)));
    CLI_JSON_KEY(json, "members");
    cli_json_number(json, (int64_t)tenon_units_member_count(units));
    CLI_JSON_KEY(json, "unsure");
    put_json_list(json, units, tenon_units_unsure, false);
    CLI_JSON_KEY(json, "units");
    cli_json_open(json, '[');
    for (size_t i = 0; i < tenon_units_count(units); i++)
        put_json_unit(cli, tenon_units_at(units, i), json);
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "remarks");
    put_json_list(json, units, tenon_units_remark, true);
    if (tenon_units_ocaml(units)) {
        CLI_JSON_KEY(json, "ocaml");
        ocaml_put_json(tenon_units_ocaml(units), json);
    }
}
