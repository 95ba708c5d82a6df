/* src/cli/cmd_bundle.c - looks at bundles, changes them, puts them where hosts look for them */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle_actions.h"
#include "query.h"

static const struct {
    const char *name;
    bundle_action *act;
} actions[] = {
    { "show", bundle_show },     { "update", bundle_update }, { "install", bundle_install },
    { "remove", bundle_remove }, { "sign", bundle_sign },     { "verify", bundle_verify },
};

/* For which actions an option is; those that are not here are for update, which has the most. */
static const struct {
    const char *option, *actions[2];
} option_actions[] = {
    { "manifest", { "show" } },
    { "resources", { "show" } },
    { "libraries", { "show" } },
    { "verify", { "show" } },
    { "destdir", { "install", "remove" } },
    { "key", { "sign", "update" } },
    { "comment", { "sign", "update" } },
    { "trust", { "verify", "install" } },
    { "require-signature", { "verify", "install" } },
};

void bundle_begin_row(struct bundle_run *run, const char *file)
{
    if (!bundle_is_json(run))
        return;
    cli_json_item(&run->json);
    cli_json_open(&run->json, '{');
    CLI_JSON_KEY(&run->json, "file");
    cli_json_name(&run->json, file);
    CLI_JSON_KEY(&run->json, "status");
    cli_json_name(&run->json, "ok");
}

void bundle_end_row(struct bundle_run *run)
{
    if (bundle_is_json(run))
        cli_json_close(&run->json, '}');
}

static void put_error(struct bundle_run *run, const char *file, const tenon_error *err)
{
    struct cli_json *json = &run->json;

    if (!bundle_is_json(run)) {
        cli_complain(run->cli, "%s", tenon_error_message(err));
        return;
    }
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, file);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, "error");
    cli_json_error(json, err->code, NULL, tenon_error_message(err));
    cli_json_close(json, '}');
}

/* "foo" for foo.plugin; a file that is called as it was given, when there is no such bundle. */
static char *file_of(bundle_action *act, const char *name)
{
    char *file = cli_bundle_file(name);
    struct stat info;

    if (!file || act == bundle_remove || strcmp(file, name) == 0 || access(file, F_OK) == 0 ||
        stat(name, &info) < 0 || !S_ISREG(info.st_mode))
        return file;
    free(file);
    return strdup(name);
}

static int act_on(struct bundle_run *run, bundle_action *act, const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    char *file = file_of(act, name);
    int status = CLI_YES;

    if (!file) {
        cli_complain(run->cli, "no memory");
        return CLI_UNREADABLE;
    }
    run->refused = false;
    if (!act(run, file, &err)) {
        put_error(run, file, &err);
        status = cli_status_of(&err);
    } else if (run->refused) {
        status = CLI_NO;
    }
    free(file);
    return status;
}

static int act_on_all(struct bundle_run *run, bundle_action *act, const char *const *names)
{
    struct cli_json *json = &run->json;
    int status = CLI_YES;

    *json = (struct cli_json){ .out = &run->cli->out };
    if (bundle_is_json(run)) {
        cli_json_begin(json);
    }
    for (; *names; names++)
        status = cli_worse(status, act_on(run, act, *names));
    if (bundle_is_json(run)) {
        cli_json_end(json);
    }
    return status;
}

static bool asks_for_change(const struct bundle_options *options)
{
    return !cli_manifest_is_empty(&options->manifest) || options->drop || options->key;
}

static const char *const *actions_of(const char *option)
{
    static const char *const update[2] = { "update" };

    for (size_t i = 0; i < sizeof option_actions / sizeof *option_actions; i++)
        if (strcmp(option_actions[i].option, option) == 0)
            return option_actions[i].actions;
    return update;
}

static bool is_given(const struct poptOption *option)
{
    return option->argInfo == POPT_ARG_NONE ? *(int *)option->arg != 0
                                            : *(void **)option->arg != NULL;
}

/* An option that the action would not heed. */
static int refuse_strays(struct bundle_run *run, const struct poptOption *table, const char *action)
{
    for (; table->longName; table++) {
        const char *const *of = actions_of(table->longName);
        if (is_given(table) && strcmp(of[0], action) != 0 && (!of[1] || strcmp(of[1], action) != 0))
            return cli_usage(run->cli, "--%s is for %s%s%s, not for %s", table->longName, of[0],
                             of[1] ? " and " : "", of[1] ? of[1] : "", action);
    }
    return CLI_YES;
}

static int choose(struct bundle_run *run, const struct poptOption *table, const char *const *words)
{
    char shown[CLI_SHOWN_ROOM];

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, words[0]) == 0) {
            int status = refuse_strays(run, table, words[0]);
            if (status != CLI_YES)
                return status;
            if (!words[1])
                return cli_usage(run->cli, "%s: no BUNDLE given", words[0]);
            if (actions[i].act == bundle_update && !asks_for_change(run->options))
                return cli_usage(run->cli, "update: no option says what is to be changed");
            return act_on_all(run, actions[i].act, words + 1);
        }
    return cli_usage(run->cli,
                     "%s: unknown action; there are show, update, install, remove, sign, "
                     "verify",
                     cli_shown(shown, words[0]));
}

static int run_bundle(struct cli *cli, int argc, const char **argv)
{
    struct bundle_options options = { .manifest = { 0 } };
    struct bundle_run run = { .cli = cli, .options = &options };
    const char *const *words;
    int status;
    struct poptOption table[] = {
        { "manifest", 0, POPT_ARG_NONE, &options.show_manifest, 0, "show: tenon.json as it is",
          NULL },
        { "resources", 0, POPT_ARG_NONE, &options.resources, 0, "show: only the resources", NULL },
        { "libraries", 0, POPT_ARG_NONE, &options.libraries, 0,
          "show: only the libraries it brings along", NULL },
        { "verify", 0, POPT_ARG_NONE, &options.verify, 0,
          "show: read everything, and check it against the manifest", NULL },
        { "destdir", 0, POPT_ARG_STRING, &options.destdir, 0,
          "install, remove: the directory, instead of the default", "DIR" },
        { "add-resource", 0, POPT_ARG_ARGV, &options.manifest.resources, 0,
          "update: a file as data/NAME, added or replaced", "[NAME=]FILE" },
        { "drop", 0, POPT_ARG_ARGV, &options.drop, 0, "update: an entry to leave out", "ENTRY" },
        { "key", 0, POPT_ARG_STRING, &options.key, 0, "sign, update: the secret key to sign with",
          "FILE" },
        { "comment", 0, POPT_ARG_STRING, &options.comment, 0,
          "sign, update: a line that is signed too", "TEXT" },
        CLI_TRUST_OPTIONS(options.trust),
        CLI_MANIFEST_OPTIONS(options.manifest),
        POPT_TABLEEND
    };

    if (cli_parse(cli, table, argc, argv, &words, &status)) {
        if (options.destdir && !*options.destdir)
            status = cli_usage(cli, "--destdir needs a directory");
        else
            status = choose(&run, table, words);
    }
    cli_manifest_free(&options.manifest);
    cli_free_list(options.drop);
    cli_trust_free(&options.trust);
    free(options.destdir);
    free(options.key);
    free(options.comment);
    bundle_forget(&run);
    return status;
}

const struct cli_command cmd_bundle = {
    .name = "bundle",
    .arguments = "ACTION BUNDLE...",
    .summary = "look at plugin bundles, update, install and remove them",
    .about =
        "Actions:\n"
        "  show        what is in a bundle\n"
        "  update      changes its manifest and resources; the options not marked below say how\n"
        "  install     checks it, and copies it to where hosts look for plugins\n"
        "  remove      removes an installed one\n"
        "  sign        signs it with a secret key of minisign(1)\n"
        "  verify      reads everything, and says whether it is what it says, and who signed it\n\n"
        "A BUNDLE foo means foo.plugin. A bundle is replaced as a whole or not at all.\n",
    .examples =
        "Examples:\n"
        "  tenon bundle show stats                                  what is in stats.plugin\n"
        "  tenon bundle update --add-resource=words.txt stats       another resource\n"
        "  tenon bundle install --destdir=/usr/lib/app/plugins stats\n"
        "  tenon bundle sign --key=$HOME/.minisign/minisign.key stats\n"
        "  tenon bundle verify --trust=us.pub --require-signature stats\n\n"
        "Exit status: 0 it was done, 1 a signature is bad or missing, 2 wrong usage,\n"
        "3 a BUNDLE could not be read or written, or is not what it says.\n",
    .run = run_bundle,
};
