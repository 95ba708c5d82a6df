/* src/cli/cmd_units.c - the units of a file, and which of them are there twice */
#include <stdlib.h>

#include "crew.h"
#include "fail.h"
#include "manifest_options.h"
#include "table.h"
#include "units_parts.h"

/* Names of definitions that are told without -v. */
#define FEW_NAMES 4u

struct units_run {
    struct cli *cli;
    struct cli_query query; /* of it only the sysroot */
    struct cli_side side;
    int doubles;
    struct units_parts all; /* with --doubles: of every file so far */
    struct tn_map seen;     /* with --doubles: these files, by device and inode */
};

static bool has_json(const struct cli *cli)
{
    return cli->json && !cli->quiet;
}

/* ---- units ------------------------------------------------------------------------------------
 */

static int status_of(const struct units_part *part)
{
    return tenon_units_record(part->units) == TENON_RECORD_UNREADABLE ? CLI_NO : CLI_YES;
}

static void print_part(struct cli_answer *answer, const struct units_part *part)
{
    struct cli *cli = answer->cli;
    struct cli_json *json = &answer->json;

    if (!has_json(cli)) {
        cli_puts(&cli->out, answer->answered ? "\n" : "");
        cli_text(&cli->out, part->label);
        cli_puts(&cli->out, "\n");
        units_print_text(cli, part->units);
        return;
    }
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, part->label);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json,
                  tenon_status_name(status_of(part) ? TENON_STATUS_REFUSED : TENON_STATUS_OK));
    units_put_json(cli, part->units, json);
    cli_json_close(json, '}');
}

/* Takes the parts. */
static bool keep_parts(struct units_run *run, struct units_parts *parts, tenon_error *err)
{
    bool ok = true;

    for (size_t i = 0; i < parts->count; i++) {
        tenon_units *units = ok ? parts->at[i].units : NULL;
        if (units)
            parts->at[i].units = NULL; /* whoever takes it ends it */
        ok = ok && units_add_part(&run->all, parts->at[i].label, units, err);
    }
    return ok;
}

/* Was this very file met before, by whatever path? A process has it once. False: no memory. */
static bool is_again(struct units_run *run, const char *path, bool *again, tenon_error *err)
{
    tenon_file_info info;

    *again = false;
    if (tenon_world_stat(run->side.world, path, &info) != 0 || (!info.device && !info.inode))
        return true;
    const uint32_t key[4] = { (uint32_t)info.device, (uint32_t)(info.device >> 32),
                              (uint32_t)info.inode, (uint32_t)(info.inode >> 32) };
    *again = tn_map_find(&run->seen, key) != TN_NO_NAME;
    return *again || tn_map_set(&run->seen, key, 0) || tn_no_memory(err);
}

/* What is printed or compared. */
static enum tn_units_detail detail_of(const struct units_run *run)
{
    if (!run->doubles && run->cli->quiet)
        return TN_UNITS_NAMES;
    return run->doubles || run->cli->json || run->cli->verbose ? TN_UNITS_ALL : TN_UNITS_SHOWN;
}

static bool give(struct cli_answer *answer, const char *label, const char *path, int *status,
                 tenon_error *err)
{
    struct units_run *run = answer->command;
    struct units_parts parts;

    if (!units_open(run->side.world, label, path, detail_of(run), &parts, err))
        return false;
    for (size_t i = 0; i < parts.count; i++) {
        bool is_unread = status_of(&parts.at[i]) != CLI_YES; /* which --doubles tells too */
        *status = cli_worse(*status, status_of(&parts.at[i]));
        if (!run->cli->quiet && (!run->doubles || run->cli->json || is_unread))
            print_part(answer, &parts.at[i]);
    }
    bool again, ok = true;
    if (run->doubles)
        ok = is_again(run, path, &again, err) && (again || keep_parts(run, &parts, err));
    units_close(&parts);
    return ok;
}

/* ---- doubles ----------------------------------------------------------------------------------
 */

static void put_key_words(struct cli_out *out, const struct doubles_row *row)
{
    const char *separator = ": by ";
    const struct {
        bool is;
        const char *word;
    } keys[] = { { row->by_name, "name" },
                 { row->by_implementation, "implementation" },
                 { row->by_definitions, "definitions" },
                 { row->by_overlap, "most definitions" } };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!keys[i].is)
            continue;
        cli_puts(out, separator);
        cli_puts(out, keys[i].word);
        separator = ", ";
    }
}

static void put_names(struct cli *cli, const struct doubles_row *row)
{
    size_t shown = cli->verbose || row->name_count < FEW_NAMES ? row->name_count : FEW_NAMES;

    cli_plural(&cli->out, row->name_count, "definition", "definitions");
    for (size_t i = 0; i < shown; i++) {
        cli_puts(&cli->out, i ? ", " : " (");
        cli_text(&cli->out, row->names[i]);
    }
    cli_puts(&cli->out, shown < row->name_count ? ", ...)" : ")");
}

static void put_holder(struct cli_out *out, const struct doubles_holder *holder)
{
    cli_puts(out, "  ");
    cli_text(out, holder->part->label);
    if (!holder->unit) {
        cli_puts(out, ": by its symbols");
    } else if (holder->unit->kind != TENON_UNIT_LIBRARY) {
        cli_puts(out, ": ");
        cli_text(out, holder->unit->name);
        if (holder->unit->origin) {
            cli_puts(out, " (");
            cli_text(out, holder->unit->origin);
            cli_puts(out, ")");
        }
    }
    cli_puts(out, "\n");
}

static void print_double(struct cli *cli, const struct doubles_row *row)
{
    struct cli_out *out = &cli->out;
    bool certain = doubles_is_certain(row);

    cli_style(out, CLI_MISS);
    if (row->unit)
        cli_text(out, row->unit->name);
    else
        put_names(cli, row);
    cli_style(out, CLI_PLAIN);
    cli_puts(out, certain ? "  certain" : "  probable");
    if (certain || row->by_overlap)
        put_key_words(out, row);
    if (row->unit && row->unit->kind == TENON_UNIT_C)
        cli_puts(out, row->unit->stateful == TENON_YES  ? "; stateful"
                      : row->unit->stateful == TENON_NO ? "; stateless"
                                                        : "; state unknown");
    cli_puts(out, "\n");
    for (size_t i = 0; i < row->holder_count; i++)
        put_holder(out, &row->holders[i]);
}

static void put_json_holder(struct cli_json *json, const struct doubles_holder *holder)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, holder->part->label);
    CLI_JSON_KEY(json, "unit");
    cli_json_name(json, holder->unit ? holder->unit->name : NULL);
    CLI_JSON_KEY(json, "origin");
    cli_json_name(json, holder->unit ? holder->unit->origin : NULL);
    CLI_JSON_KEY(json, "evidence");
    cli_json_name(json, !holder->unit ? "symbols" : holder->unit->recorded ? "record" : "file");
    cli_json_close(json, '}');
}

static void put_json_strings(struct cli_json *json, const char *const *strings, size_t count)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        cli_json_item(json);
        cli_json_name(json, strings[i]);
    }
    cli_json_close(json, ']');
}

static void put_json_keys(struct cli_json *json, const struct doubles_row *row)
{
    const char *keys[4];
    size_t count = 0;

    if (row->by_name)
        keys[count++] = "name";
    if (row->by_implementation)
        keys[count++] = "implementation";
    if (row->by_definitions)
        keys[count++] = "definitions";
    if (row->by_overlap)
        keys[count++] = "overlap";
    put_json_strings(json, keys, count);
}

static void put_json_double(struct cli_json *json, const struct doubles_row *row)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "unit");
    cli_json_name(json, row->unit ? row->unit->name : NULL);
    CLI_JSON_KEY(json, "kind");
    cli_json_name(json, tenon_unit_kind_name(row->unit ? row->unit->kind : TENON_UNIT_C));
    CLI_JSON_KEY(json, "certain");
    cli_json_bool(json, doubles_is_certain(row));
    CLI_JSON_KEY(json, "by");
    put_json_keys(json, row);
    CLI_JSON_KEY(json, "stateful");
    cli_json_name(json, tenon_answer_name(row->unit ? row->unit->stateful : TENON_UNKNOWN));
    CLI_JSON_KEY(json, "definitions");
    put_json_strings(json, row->names, row->name_count);
    CLI_JSON_KEY(json, "holders");
    cli_json_open(json, '[');
    for (size_t i = 0; i < row->holder_count; i++)
        put_json_holder(json, &row->holders[i]);
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}

static int finish_doubles(struct cli_answer *answer)
{
    struct units_run *run = answer->command;
    struct cli *cli = run->cli;
    struct doubles found;

    if (!doubles_find(run->all.at, run->all.count, &found)) {
        cli_complain(cli, "out of memory");
        return CLI_UNREADABLE;
    }
    if (has_json(cli)) {
        CLI_JSON_KEY(&answer->json, "doubles");
        cli_json_open(&answer->json, '[');
    }
    for (size_t i = 0; i < found.count && !cli->quiet; i++) {
        if (cli->json)
            put_json_double(&answer->json, &found.rows[i]);
        else
            print_double(cli, &found.rows[i]);
    }
    if (has_json(cli))
        cli_json_close(&answer->json, ']');
    int status = found.count ? CLI_NO : CLI_YES;
    doubles_free(&found);
    return status;
}

/* ---- many files -------------------------------------------------------------------------------
 */

/* The first asks the side that is there already. */
static bool begin_member(struct cli_member *member, const struct cli_answer *answer)
{
    struct units_run *of = answer->command, *run = calloc(1, sizeof *run);
    int status;

    member->command = member->answer.command = run;
    if (!run)
        return false;
    run->cli = &member->cli;
    if (member->is_first)
        member->side = of->side;
    else if (!cli_side_open(&member->cli, &of->query, NULL, &member->side, &status))
        return false;
    run->side = member->side;
    return true;
}

static void end_member(struct cli_member *member)
{
    if (!member->is_first)
        cli_side_close(&member->side);
    free(member->command);
}

static const struct cli_crew_kind crew_kind = { begin_member, end_member };

/* What is there twice among all files is found by one. */
static bool give_all(struct cli_answer *answer, const char *const *files, int *status)
{
    const struct units_run *run = answer->command;
    size_t count = 0, size;

    while (files[count])
        count++;
    size = run->doubles || !tenon_world_is_host(run->side.world) || run->side.moved
               ? 1
               : cli_crew_size(count);
    return size > 1 && cli_crew_answer(answer, &crew_kind, size, files, count, status);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static int run_units(struct cli *cli, int argc, const char **argv)
{
    struct units_run run = { .cli = cli };
    struct cli_answer answer = {
        .cli = cli, .side = &run.side, .give = give, .give_all = give_all, .command = &run
    };
    const char *const *files;
    int status;
    struct poptOption options[] = { { "doubles", 0, POPT_ARG_NONE, &run.doubles, 0,
                                      "only what is there twice among all FILEs", NULL },
                                    { "skip-other", 0, POPT_ARG_NONE, &answer.skip_other, 0,
                                      "leave out files that are no images", NULL },
                                    { "sysroot", 0, POPT_ARG_STRING, &run.query.sysroot, 0,
                                      "FILE is a path in the tree below DIR", "DIR" },
                                    POPT_TABLEEND };

    if (cli_parse(cli, options, argc, argv, &files, &status) &&
        cli_side_open(cli, &run.query, NULL, &run.side, &status)) {
        answer.finish = run.doubles ? finish_doubles : NULL;
        if (!run.doubles || tn_map_init(&run.seen)) {
            status = cli_answer_all(&answer, files);
        } else {
            tenon_error err = TENON_ERROR_INIT;
            tn_no_memory(&err);
            status = cli_fail_one(cli, NULL, &err);
        }
    }
    units_close(&run.all);
    tn_map_free(&run.seen);
    cli_side_close(&run.side);
    cli_query_free(&run.query);
    return status;
}

const struct cli_command cmd_units = {
    .name = "units",
    .arguments = "FILE...",
    .summary = "the units of a program, library, object or archive",
    .about = "Prints the units of each FILE: what its record names, or what its objects are.\n"
             "With --doubles, only what is there more than once among all of them: certain when\n"
             "records or objects say so, probable when only symbols do. With -v also digests and\n"
             "definitions. A directory stands for every image and archive in it.\n",
    .examples = "Examples:\n"
                "  tenon units libcounter.a             what each member is and defines\n"
                "  tenon units ./host                   what its build recorded\n"
                "  tenon units --doubles host a.so      what would be there twice\n\n"
                "Exit status: 0 every FILE was read; with --doubles, and there are none; 1 there\n"
                "are doubles, or a record that makes no sense; 2 wrong usage; 3 a FILE could not\n"
                "be read or is no image.\n",
    .run = run_units,
};
