/* src/cli/cmd_why.c - what would be loaded, from where, and why */
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "why.h"
#include "windows.h"

#define GLYPH(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct why_glyphs lines = { GLYPH("├─ "), GLYPH("└─ "), GLYPH("│  "), GLYPH("   "),
                                         "  →" };
static const struct why_glyphs ascii = { GLYPH("|- "), GLYPH("`- "), GLYPH("|  "), GLYPH("   "),
                                         "  ->" };

/* The status of what was asked: with --lib that library, else the whole graph. */
static enum tenon_status status_of(const struct why_view *view)
{
    enum tenon_status worst = view->wanted ? TENON_STATUS_OK : TENON_STATUS_MISSING;

    if (!view->why->lib)
        return tenon_graph_status(view->graph);
    for (size_t node = 1; node <= view->count; node++) {
        enum tenon_status status = why_library(view, node)->status;
        if (view->nodes[node].wanted && status > worst && status >= TENON_STATUS_MISSING)
            worst = status;
    }
    return worst;
}

static int exit_status(enum tenon_status status)
{
    if (status == TENON_STATUS_ERROR)
        return CLI_UNREADABLE;
    return status == TENON_STATUS_MISSING || status == TENON_STATUS_REFUSED ? CLI_NO : CLI_YES;
}

static void print(struct why_view *view, struct cli_answer *answer, enum tenon_status status)
{
    struct why *why = view->why;

    if (why->cli->json) {
        why_print_json(view, &answer->json, status);
    } else if (why->dot) {
        why_print_dot(view, answer->answered);
    } else {
        cli_puts(view->out, answer->answered ? "\n" : "");
        why->printed++;
        why_print_tree(view);
        why_print_lists(view);
    }
}

static struct why_view view_of(struct why *why, const tenon_graph *graph, const char *label)
{
    return (struct why_view){ .why = why,
                              .out = &why->cli->out,
                              .graph = graph,
                              .file = label,
                              .root = why->query.exe ? why->query.exe : label };
}

static tenon_graph *resolve(const struct why *why, const struct cli_side *side, const char *path,
                            tenon_error *err)
{
    const tenon_image_source source = { path, why->slice, why->member };
    return tenon_resolve_source(side->resolver, &source, err);
}

/* The answer for a file of a kind that was answered for before; false: it was not. */
static bool give_alike(struct cli_answer *answer, const char *label, uint32_t kind, int *status)
{
    struct why *why = answer->command;
    struct cli_out *out = &why->cli->out;
    struct cli_json *json = &answer->json;
    size_t size;
    const char *text = why_alike(why, kind, &size, status);

    if (!text)
        return false;
    if (why->cli->json) {
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "file");
        cli_json_name(json, label);
        json->comma = true;
    } else {
        cli_puts(out, answer->answered ? "\n" : "");
        cli_text(out, label);
    }
    cli_put(out, text, size);
    return true;
}

static bool give(struct cli_answer *answer, const char *label, const char *path, int *status,
                 tenon_error *err)
{
    struct why *why = answer->command;
    struct cli_out *out = &why->cli->out;
    uint32_t kind = why_alike_kind(why, path);

    if (give_alike(answer, label, kind, status))
        return true;

    tenon_graph *graph = resolve(why, &why->side, path, err);
    struct why_view view = view_of(why, graph, label);
    bool good = graph && why_select(&view, err);

    if (good) {
        enum tenon_status found = status_of(&view);
        size_t flushes = out->flushes;
        *status = exit_status(found);
        if (!why->cli->quiet)
            print(&view, answer, found);
        if (kind && out->flushes == flushes)
            why_alike_keep(why, kind, graph, out->buffer + view.behind, out->used - view.behind,
                           *status);
    }
    tenon_graph_free(graph);
    return good;
}

/* The same with --what-if: two graphs and what differs. */
static bool give_diff(struct cli_answer *answer, const char *label, const char *path, int *status,
                      tenon_error *err)
{
    struct why *why = answer->command;
    tenon_graph *graph = resolve(why, &why->side, path, err);
    tenon_graph *changed = graph ? resolve(why, &why->changed, path, err) : NULL;
    struct why_view before = view_of(why, graph, label), after = view_of(why, changed, label);
    bool good = changed != NULL;

    if (good && !why->cli->quiet) {
        cli_puts(before.out, answer->answered && !why->cli->json ? "\n" : "");
        good = why_print_diff(&before, &after, why->cli->json ? &answer->json : NULL, err);
    }
    if (good)
        *status = exit_status(tenon_graph_status(changed));
    tenon_graph_free(changed);
    tenon_graph_free(graph);
    return good;
}

/* ---- many files ---------------------------------------------------------------------------- */

static void free_rooms(struct why *why)
{
    why_lines_free(why->lines);
    why_alikes_free(why->alikes);
    free(why->nodes.rows);
    free(why->rows.rows);
    free(why->elsewhere.rows);
}

/* A member's own command: the same options, nothing in use by another. */
static struct why *new_command(const struct why *of, struct cli_member *member)
{
    struct why *why = malloc(sizeof *why);

    if (!why)
        return NULL;
    *why = *of;
    why->cli = &member->cli;
    why->lines = NULL;
    why->alikes = NULL;
    why->nodes = why->rows = why->elsewhere = (struct cli_room){ 0 };
    why->printed = 0;
    why->keeps_alike = !why->lib && !why->cli->quiet;
    return why;
}

/* Marks what comes next, in the resolver's own way, then answers as for any file. */
static bool give_listed(struct cli_answer *answer, const char *label, const char *path, int *status,
                        tenon_error *err)
{
    struct why *why = answer->command;

    return tenon_resolver_expect(why->side.resolver, &path, 1, err) &&
           give(answer, label, path, status, err);
}

/* The first asks the side that is there already. */
static bool begin_member(struct cli_member *member, const struct cli_answer *answer)
{
    struct why *of = answer->command, *why = new_command(of, member);
    int status;

    member->command = member->answer.command = why;
    member->answer.give = give_listed;
    if (!why)
        return false;
    if (member->is_first)
        member->side = of->side;
    else if (!cli_side_open(&member->cli, &of->query, NULL, &member->side, &status) ||
             !tenon_resolver_share(member->side.resolver, of->side.resolver, NULL))
        return false;
    why->side = member->side;
    return true;
}

static void end_member(struct cli_member *member)
{
    struct why *why = member->command;

    if (!member->is_first)
        cli_side_close(&member->side);
    if (why)
        free_rooms(why);
    free(why);
}
static const struct cli_crew_kind crew_kind = { begin_member, end_member };

/*
 * Files that stand on the command line, where they are what the world has: very many are answered
 * for by a crew, others are read ahead.
 */
static bool give_all(struct cli_answer *answer, const char *const *files, int *status)
{
    struct why *why = answer->command;
    tenon_resolver *resolver = why->side.resolver;
    size_t count = 0, size;

    while (files[count])
        count++;
    if (!tenon_world_is_host(why->side.world) || why->side.moved)
        return false;
    size = why->changes || why->dot ? 1 : cli_crew_size(count);
    if (size > 1 && tenon_resolver_share(resolver, NULL, NULL))
        return cli_crew_answer(answer, &crew_kind, size, files, count, status);
    (void)tenon_resolver_expect(resolver, files, count, NULL);
    return false;
}

static int answer_all(struct why *why, const char *const *files)
{
    struct cli *cli = why->cli;
    struct cli_answer answer = { .cli = cli,
                                 .side = &why->side,
                                 .skip_other = why->skip_other,
                                 .give = why->changes ? give_diff : give,
                                 .give_all = give_all,
                                 .command = why };
    int status = CLI_YES;
    bool dot = why->dot && !cli->quiet;

    why->query.flags = (why->symbols ? (unsigned)TENON_RESOLVE_SYMBOLS : 0u) |
                       (why->dlopen ? (unsigned)TENON_RESOLVE_DLOPEN : 0u) |
                       (cli->verbose ? (unsigned)TENON_RESOLVE_LATER : 0u);
    if (!cli->json && !cli->quiet && !why->dot)
        why->glyphs = cli_is_utf8() ? &lines : &ascii;
    if (!cli_side_open(cli, &why->query, NULL, &why->side, &status) ||
        (why->changes && !cli_side_open(cli, &why->query, why->changes, &why->changed, &status)))
        return status;
    if (why->lib && why->side.sysroot)
        why->lib_path = tn_windows_given(why->side.world, why->lib);
    if (dot)
        why_begin_dot(&cli->out);
    status = cli_answer_all(&answer, files);
    if (dot)
        why_end_dot(&cli->out);
    return status;
}

/* Options that exclude each other, by what the user asked for. */
static const char *conflict(const struct why *why)
{
    if (why->dot && why->cli->json)
        return "--dot and --json";
    if (why->changes && why->dot)
        return "--what-if and --dot";
    if (why->changes && why->lib)
        return "--what-if and --lib";
    if (why->changes && why->dlopen)
        return "--what-if and --dlopen";
    if (why->lib && why->dlopen)
        return "--lib and --dlopen";
    return NULL;
}

static void free_why(struct why *why)
{
    free_rooms(why);
    cli_side_close(&why->side);
    cli_side_close(&why->changed);
    cli_query_free(&why->query);
    cli_free_list(why->changes);
    cli_free_list(why->libs);
    free(why->lib_path);
    free(why->slice);
    free(why->member);
}

static int run_why(struct cli *cli, int argc, const char **argv)
{
    struct why why = { .cli = cli };
    struct cli_query *query = &why.query;
    const char *const *files, *both;
    int status;
    struct poptOption options[] = {
        { "lib", 0, POPT_ARG_ARGV, &why.libs, 0, "only the chains to this library, its search",
          "NAME" },
        { "symbols", 0, POPT_ARG_NONE, &why.symbols, 0, "who provides each undefined symbol",
          NULL },
        { "dlopen", 0, POPT_ARG_NONE, &why.dlopen, 0,
          "libraries it may ask for at run time (declared, likely)", NULL },
        { "what-if", 0, POPT_ARG_ARGV, &why.changes, 0,
          "ask again with a change, print what differs", "CHANGE" },
        { "slice", 0, POPT_ARG_STRING, &why.slice, 0, "the slice of a universal FILE that is meant",
          "NAME" },
        { "member", 0, POPT_ARG_STRING, &why.member, 0, "the member of an archive that is meant",
          "NAME" },
        { "skip-other", 0, POPT_ARG_NONE, &why.skip_other, 0, "leave out FILEs that are no images",
          NULL },
        { "sysroot", 0, POPT_ARG_STRING, &query->sysroot, 0,
          "ask about the system whose files are below DIR", "DIR" },
        { "loader", 0, POPT_ARG_STRING, &query->loader, 0,
          "follow the rules of this loader, whatever FILE says", "NAME" },
        { "env", 0, POPT_ARG_ARGV, &query->env, 0, "set a variable of its environment",
          "NAME=VALUE" },
        { "clean-env", 0, POPT_ARG_NONE, &query->clean_env, 0, "start from an empty environment",
          NULL },
        { "setting", 0, POPT_ARG_ARGV, &query->settings, 0,
          "what its registry or system says (see tenon-loaders(7))", "NAME=VALUE" },
        { "cwd", 0, POPT_ARG_STRING, &query->cwd, 0, "its current directory", "DIR" },
        { "exe", 0, POPT_ARG_STRING, &query->exe, 0, "the executable that loads the library FILE",
          "PATH" },
        { "setuid", 0, POPT_ARG_NONE, &query->setuid, 0, "secure mode, as for set-uid programs",
          NULL },
        { "interpreter", 0, POPT_ARG_STRING, &query->interpreter, 0, "instead of the recorded one",
          "PATH" },
        { "cpu", 0, POPT_ARG_STRING, &query->cpu, 0,
          "processor level (native, x86-64-v3, power10, z15)", "LEVEL" },
        { "platform", 0, POPT_ARG_STRING, &query->platform, 0, "value of $PLATFORM", "NAME" },
        { "hide-system", 0, POPT_ARG_NONE, &why.hide_system, 0,
          "leave out libraries of the system's own directories", NULL },
        { "dot", 0, POPT_ARG_NONE, &why.dot, 0, "print a graph for Graphviz", NULL },
        POPT_TABLEEND
    };

    if (cli_parse(cli, options, argc, argv, &files, &status)) {
        why.lib = why.libs ? why.libs[0] : NULL;
        both = conflict(&why);
        if (why.libs && why.libs[1])
            status = cli_usage(cli, "--lib is given more than once");
        else if (both)
            status = cli_usage(cli, "%s exclude each other", both);
        else
            status = answer_all(&why, files);
    }
    free_why(&why);
    return status;
}

const struct cli_command cmd_why = {
    .name = "why",
    .arguments = "FILE...",
    .summary = "what would be loaded, from where, and by which rule",
    .about = "Prints the tree of every library that FILE would load, each with its path and the\n"
             "rule that found it; below a miss stands every candidate and why it was refused.\n"
             "A directory stands for every image in it. Nothing is run.\n",
    .examples = "A CHANGE is env:NAME=VALUE, env:NAME (not set), setting:NAME=VALUE, secure,\n"
                "interpreter:PATH, without:PATH or cpu:LEVEL; several are made together.\n\n"
                "Examples:\n"
                "  tenon why /usr/bin/ssh                     the whole tree\n"
                "  tenon why --lib libz.so.1 /usr/bin/ssh     who needs it, how it is found\n"
                "  tenon why -q --skip-other /usr/bin         is anything missing?\n"
                "  tenon why --sysroot /srv/arm64 /usr/bin/x  a program of another system\n"
                "  tenon why --what-if env:LD_LIBRARY_PATH=/opt/lib ./prog\n\n"
                "Exit status: 0 everything is found, 1 something is missing or refused (with\n"
                "--lib: that library), 2 wrong usage, 3 a FILE could not be read.\n",
    .run = run_why,
};
