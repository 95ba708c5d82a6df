/* src/cli/cmd_check.c - would these plugins load into that program? */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check_ocaml.h"
#include "fail.h"
#include "query.h"
#include "report.h"
#include "trust.h"

/* Answers for a host that could be read. */
static int check(struct cli_plugins *plugins, tenon_process *process, const char *const *bundles,
                 unsigned flags)
{
    tenon_error err = TENON_ERROR_INIT;
    size_t count = 0;
    while (bundles[count])
        count++;
    tenon_request *requests = calloc(count + 1, sizeof *requests);
    for (size_t i = 0; requests && i < count; i++)
        requests[i].plugin = bundles[i];
    plugins->record = tenon_process_record(process);
    tenon_report *report = requests ? tenon_plan(process, requests, count, flags, &err) : NULL;
    int status = report ? cli_report_plugins(plugins, report) : cli_report_no_host(plugins, &err);
    tenon_report_free(report);
    free(requests);
    return status;
}

static bool add_directories(tenon_process *process, char *const *dirs, tenon_error *err)
{
    for (; dirs && *dirs; dirs++)
        if (!tenon_process_add_directory(process, *dirs, err))
            return false;
    return true;
}

/* "NAME" or "NAME=VERSION". A host offers one version: "log>=1" is what a plugin asks for. */
static bool read_offer(const char *offer, size_t *name_size, unsigned *version)
{
    *name_size = strcspn(offer, "<>=");
    const char *digits = offer[*name_size] ? offer + *name_size + 1 : "0";
    unsigned long long value = strtoull(digits, NULL, 10);
    *version = (unsigned)value;
    return *name_size && offer[*name_size] != '<' && offer[*name_size] != '>' && *digits &&
           !digits[strspn(digits, "0123456789")] && value <= UINT32_MAX;
}

/* The first that makes no sense; NULL: all do. */
static const char *bad_offer(char *const *offers)
{
    size_t size;
    unsigned version;
    for (; offers && *offers; offers++)
        if (!read_offer(*offers, &size, &version))
            return *offers;
    return NULL;
}

static bool add_offers(tenon_process *process, char *const *offers, tenon_error *err)
{
    static const char offered[1];
    for (; offers && *offers; offers++) {
        size_t size;
        unsigned version;
        read_offer(*offers, &size, &version);
        char *name = strndup(*offers, size);
        if (!name)
            return tn_no_memory(err);
        bool good = tenon_process_offer(process, name, version, offered, err);
        free(name);
        if (!good)
            return false;
    }
    return true;
}

/* Where plugins are looked for, what the host offers, whom it trusts. */
struct check_settings {
    char **dirs, **offers;
    struct cli_trust trust;
};

static bool prepare(void *arg, tenon_process *process, tenon_error *err)
{
    struct check_settings *settings = arg;
    return add_directories(process, settings->dirs, err) &&
           add_offers(process, settings->offers, err) &&
           cli_trust_apply(&settings->trust, process, err);
}

static int run_check(struct cli *cli, int argc, const char **argv)
{
    int weak = 0, each = 0, status;
    struct check_settings settings = { .dirs = NULL };
    enum tenon_ocaml_loader ocaml;
    char *loader = NULL;
    const char *const *files;
    struct poptOption options[] = { { "weak", 0, POPT_ARG_NONE, &weak, 0,
                                      "answer for a host without record, from its symbols", NULL },
                                    { "each", 0, POPT_ARG_NONE, &each, 0,
                                      "each plugin on its own: leave out the refused", NULL },
                                    { "directory", 'd', POPT_ARG_ARGV, &settings.dirs, 0,
                                      "look for plugins in DIR, too", "DIR" },
                                    { "offer", 0, POPT_ARG_ARGV, &settings.offers, 0,
                                      "a feature that the host offers", "NAME[=VERSION]" },
                                    { "loader", 0, POPT_ARG_STRING, &loader, 0,
                                      "OCaml's loader: native, bytecode or toplevel", "NAME" },
                                    CLI_TRUST_OPTIONS(settings.trust),
                                    POPT_TABLEEND };
    tenon_error err = TENON_ERROR_INIT;
    if (cli_parse(cli, options, argc, argv, &files, &status)) {
        struct cli_plugins plugins = { .cli = cli, .host = files[0], .takes_offers = true };
        char shown[CLI_SHOWN_ROOM];
        tenon_process *process = NULL;
        if (!files[1]) {
            status = cli_usage(cli, "no BUNDLE given");
        } else if (!cli_check_names(cli, files + 1, &status)) {
            ; /* it was said */
        } else if (bad_offer(settings.offers)) {
            status = cli_usage(cli, "--offer takes NAME or NAME=VERSION, a number, not %s",
                               cli_shown(shown, bad_offer(settings.offers)));
        } else if (check_ocaml_loader(loader, files[0], &ocaml)) {
            status = check_ocaml(&(struct check_ocaml){ .plugins = &plugins,
                                                        .loader = ocaml,
                                                        .bundles = files + 1,
                                                        .flags = each ? TENON_LOAD_EACH : 0,
                                                        .prepare = prepare,
                                                        .arg = &settings });
        } else if (loader) {
            status = cli_usage(cli, "--loader is native, bytecode or toplevel");
        } else if ((process = tenon_process_of_file(files[0], &err)) &&
                   prepare(&settings, process, &err)) {
            tenon_process_set_weak(process, weak);
            status = check(&plugins, process, files + 1, each ? TENON_LOAD_EACH : 0);
        } else {
            status = cli_report_no_host(&plugins, &err);
        }
        tenon_process_free(process);
    }
    cli_free_list(settings.dirs);
    cli_free_list(settings.offers);
    cli_trust_free(&settings.trust);
    free(loader);
    return status;
}

const struct cli_command cmd_check = {
    .name = "check",
    .arguments = "HOST BUNDLE...",
    .summary = "would these plugins load into that program?",
    .about =
        "Says whether the plugins would load into the program HOST, in which order, and if\n"
        "not, every reason: code that would be there twice, missing libraries, symbols and\n"
        "versions, plugins that need each other. No code of theirs is run, nothing is written.\n"
        "BUNDLE is a file, or the name of a plugin to be searched for.\n"
        "A program that OCaml's compilers made is checked as OCaml's loaders would load.\n",
    .examples = "Examples:\n"
                "  tenon check ./host stats.plugin            would it load?\n"
                "  tenon check --each ./host *.plugin         which of them would?\n"
                "  tenon check --weak /usr/bin/vim x.plugin   a host without record\n"
                "  tenon check --offer=log=1 ./host x.plugin  it offers log when it runs\n"
                "  tenon check --loader=toplevel /usr/bin/ocaml greet.plugin\n"
                "  tenon check --trust us.pub --require-signature ./host stats.plugin\n\n"
                "Exit status: 0 all would load, 1 something is refused, 2 wrong usage, 3 HOST or\n"
                "a BUNDLE could not be read, or is not what it says.\n",
    .run = run_check,
};
