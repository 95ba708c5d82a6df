/*
 * src/cli/pack_host.c - would the program of --host refuse a bundle, whatever else comes?
 *
 * The answer is that of `tenon check`. What other plugins, what the program offers when it runs, or
 * another place may still bring is no reason here: missing units, libraries, symbols, features.
 */
#include "check_ocaml.h"
#include "fail.h"
#include "pack.h"
#include "view.h"

/* What is wrong between the two files, and stays so. */
static bool is_certain(const tenon_finding *finding)
{
    static const enum tenon_finding_kind kinds[] = {
        TENON_FINDING_CONFLICT,        TENON_FINDING_CLASH,      TENON_FINDING_DOUBLE,
        TENON_FINDING_WRONG_INTERFACE, TENON_FINDING_WRONG_CODE, TENON_FINDING_PART,
        TENON_FINDING_OTHER_OCAML,
    };

    for (size_t i = 0; finding->refuses && i < TN_COUNT(kinds); i++)
        if (finding->kind == kinds[i])
            return true;
    return false;
}

struct hearing {
    struct pack *pack;
    bool has_room; /* false: no memory */
};

/* A program that cannot be answered for refuses nothing here: `tenon check` says why. */
static void hear(void *arg, const tenon_report *report, const tenon_error *err)
{
    struct hearing *hearing = arg;
    struct tn_arena *arena = &hearing->pack->arena;
    size_t most = err ? 0 : tenon_report_finding_count(report), count = 0;
    const char **reasons = tn_arena_rows(arena, most + 1, sizeof *reasons);

    hearing->has_room = reasons;
    for (size_t i = 0; hearing->has_room && i < most; i++) {
        const tenon_finding *finding = tenon_report_finding(report, i);
        if (!is_certain(finding))
            continue;
        reasons[count] = tn_arena_string(arena, finding->message);
        hearing->has_room = reasons[count++];
    }
    hearing->pack->refused = count ? reasons : NULL;
}

static void ask_c(struct cli_plugins *plugins, const char *bundle)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { .plugin = bundle };
    tenon_process *process = tenon_process_of_file(plugins->host, &err);
    tenon_report *report = process ? tenon_plan(process, &request, 1, 0, &err) : NULL;

    plugins->hear(plugins->hear_arg, report, report ? NULL : &err);
    tenon_report_free(report);
    tenon_process_free(process);
}

static bool prepare(void *arg, tenon_process *process, tenon_error *err)
{
    (void)arg, (void)process, (void)err;
    return true;
}

static void ask(struct cli_plugins *plugins, const char *bundle)
{
    const char *const bundles[] = { bundle, NULL };
    struct check_ocaml check = { .plugins = plugins, .bundles = bundles, .prepare = prepare };

    if (check_ocaml_loader(NULL, plugins->host, &check.loader))
        check_ocaml(&check);
    else
        ask_c(plugins, bundle);
}

bool pack_ask_host(struct pack *pack, tenon_error *err)
{
    struct hearing hearing = { .pack = pack };
    struct cli_plugins plugins = {
        .cli = pack->cli, .host = pack->options->host, .hear = hear, .hear_arg = &hearing
    };
    const char *bundle;

    if (!pack->options->host)
        return true;
    if (!pack_make_scratch(pack, err))
        return false;
    bundle = tn_arena_format(&pack->arena, "%s/asked.plugin", pack->scratch);
    if (!bundle)
        return tn_no_memory(err);
    if (!tenon_builder_write(pack->builder, bundle, err))
        return false;
    ask(&plugins, bundle);
    return hearing.has_room || tn_no_memory(err);
}
