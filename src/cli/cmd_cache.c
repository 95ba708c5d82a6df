/* src/cli/cmd_cache.c - what was taken out of bundles, and its removal */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache.h"
#include "fail.h"
#include "manifest_options.h"

struct cache_run {
    struct cli *cli;
    char *directory;
    int all;
    struct tn_arena arena;
    struct tn_cache_row *kept; /* for JSON, whose status is known when all is done */
    size_t kept_count, kept_room;
    bool lost; /* no memory to keep one */
    size_t told;
};

static bool is_json(const struct cache_run *run)
{
    return run->cli->json && !run->cli->quiet;
}

static void json_row(struct cli_json *json, const struct tn_cache_row *row)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, row->name);
    CLI_JSON_KEY(json, "plugin");
    cli_json_name(json, row->plugin[0] ? row->plugin : NULL);
    CLI_JSON_KEY(json, "version");
    cli_json_name(json, row->version[0] ? row->version : NULL);
    CLI_JSON_KEY(json, "files");
    cli_json_number(json, (int64_t)row->files);
    CLI_JSON_KEY(json, "size");
    cli_json_number(json, (int64_t)row->size);
    CLI_JSON_KEY(json, "used");
    cli_json_number(json, row->used);
    CLI_JSON_KEY(json, "unfinished");
    cli_json_bool(json, row->unfinished);
    cli_json_close(json, '}');
}

static void text_row(struct cli_out *out, const struct tn_cache_row *row)
{
    const char *triple = strchr(row->name, '.');

    if (row->unfinished) {
        cli_puts(out, "(unfinished)");
    } else {
        cli_text(out, row->plugin[0] ? row->plugin : "(unknown)");
        cli_puts(out, row->version[0] ? " " : "");
        cli_text(out, row->version);
        cli_puts(out, "  ");
        cli_text(out, triple ? triple + 1 : "");
    }
    cli_puts(out, "  ");
    cli_plural(out, row->files, "file", "files");
    cli_puts(out, ", ");
    cli_plural(out, row->size, "byte", "bytes");
    cli_puts(out, "  ");
    cli_text(out, row->name);
    cli_puts(out, "\n");
}

static bool keep(struct cache_run *run, const struct tn_cache_row *row)
{
    struct tn_cache_row copy = *row;

    copy.name = tn_arena_string(&run->arena, row->name);
    copy.plugin = tn_arena_string(&run->arena, row->plugin);
    copy.version = tn_arena_string(&run->arena, row->version);
    if (!copy.name || !copy.plugin || !copy.version ||
        !tn_arena_grow(&run->arena, &run->kept, &run->kept_room, run->kept_count, sizeof copy))
        return false;
    run->kept[run->kept_count++] = copy;
    return true;
}

/* What was removed before something failed is told, too. */
static void print_json(struct cache_run *run, const char *directory, const tenon_error *err)
{
    struct cli_json json;

    cli_json_begin_one(&json, run->cli, directory, err ? "error" : "ok");
    if (err)
        cli_json_error(&json, err->code, NULL, tenon_error_message(err));
    CLI_JSON_KEY(&json, "bundles");
    cli_json_open(&json, '[');
    for (size_t i = 0; i < run->kept_count; i++)
        json_row(&json, &run->kept[i]);
    cli_json_close(&json, ']');
    cli_json_end_one(&json);
}

/* For rows listed and rows removed. */
static void tell(void *arg, const struct tn_cache_row *row)
{
    struct cache_run *run = arg;

    if (is_json(run))
        run->lost = !keep(run, row) || run->lost;
    else if (!run->cli->quiet)
        text_row(&run->cli->out, row);
    run->told++;
}

/* Looking makes no directory. */
static bool is_absent(const char *directory)
{
    struct stat info;

    return stat(directory, &info) < 0 && errno == ENOENT;
}

static bool list(struct cache_run *run, struct tn_cache *cache, tenon_error *err)
{
    struct tn_cache_row *rows;
    size_t count;

    if (!tn_cache_list(cache, &run->arena, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        tell(run, &rows[i]);
    return true;
}

static bool prune(struct cache_run *run, struct tn_cache *cache, tenon_error *err)
{
    return tn_cache_prune(cache, run->all, tell, run, err);
}

static bool choose_directory(struct cache_run *run, const char **directory, tenon_error *err)
{
    tenon_world *world;

    *directory = run->directory;
    if (*directory)
        return true;
    world = tenon_world_host(err);
    *directory = world ? tn_cache_place(world, &run->arena, err) : NULL;
    tenon_world_free(world);
    return *directory;
}

static int act(struct cache_run *run,
               bool (*action)(struct cache_run *, struct tn_cache *, tenon_error *))
{
    tenon_error err = TENON_ERROR_INIT;
    const char *directory;
    struct tn_cache *cache;
    bool ok;

    if (!choose_directory(run, &directory, &err))
        return cli_fail_one(run->cli, "", &err);
    cache = is_absent(directory) ? NULL : tn_cache_open(directory, &err);
    if (err.code != TENON_OK) { /* one that cannot be trusted is not read */
        cli_fail_one(run->cli, directory, &err);
        return CLI_UNREADABLE;
    }
    ok = (!cache || action(run, cache, &err)) && (!run->lost || tn_no_memory(&err));
    if (is_json(run))
        print_json(run, cache ? tn_cache_path(cache) : directory, ok ? NULL : &err);
    else if (!ok)
        cli_complain(run->cli, "%s", tenon_error_message(&err));
    tn_cache_close(cache);
    return ok ? CLI_YES : CLI_UNREADABLE;
}

static int choose(struct cache_run *run, const char *const *words)
{
    char shown[CLI_SHOWN_ROOM];

    if (words[1])
        return cli_usage(run->cli, "%s: one action at a time", cli_shown(shown, words[1]));
    if (strcmp(words[0], "list") == 0 && run->all)
        return cli_usage(run->cli, "--all is for prune, not for list");
    if (strcmp(words[0], "list") == 0)
        return act(run, list);
    if (strcmp(words[0], "prune") == 0)
        return act(run, prune);
    return cli_usage(run->cli, "%s: unknown action; there are list and prune",
                     cli_shown(shown, words[0]));
}

static int run_cache(struct cli *cli, int argc, const char **argv)
{
    struct cache_run run = { .cli = cli };
    const char *const *words;
    int status;
    struct poptOption table[] = { { "cache", 0, POPT_ARG_STRING, &run.directory, 0,
                                    "the directory, instead of TENON_CACHE or the user's", "DIR" },
                                  { "all", 0, POPT_ARG_NONE, &run.all, 0,
                                    "prune: everything, not what is unfinished alone", NULL },
                                  POPT_TABLEEND };

    if (cli_parse(cli, table, argc, argv, &words, &status))
        status = run.directory && !*run.directory ? cli_usage(cli, "--cache needs a directory")
                                                  : choose(&run, words);
    tn_arena_free(&run.arena);
    free(run.directory);
    return status;
}

const struct cli_command cmd_cache = {
    .name = "cache",
    .arguments = "ACTION",
    .summary = "what was taken out of plugin bundles",
    .about =
        "Actions:\n"
        "  list        the bundles whose code was taken out\n"
        "  prune       removes what a killed program left half done; with --all everything\n\n"
        "Code is taken out anew when it is next loaded. While a program loads plugins nothing\n"
        "is removed.\n",
    .examples = "Examples:\n"
                "  tenon cache list\n"
                "  tenon cache prune --all\n\n"
                "Exit status: 0 it was done, 2 wrong usage, 3 the directory cannot be trusted,\n"
                "or not be read or changed.\n",
    .run = run_cache,
};
