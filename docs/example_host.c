/* docs/example_host.c - a host that loads the plugins it is given, offers them a service, and
 * says what happened; see host.md */
#include <stdio.h>
#include <stdlib.h>

#include <tenon/tenon.h>

/* What the host offers: a table of functions, under a name and a version. */
struct log_service {
    void (*say)(const char *text);
};

static void say(const char *text)
{
    printf("host: %s\n", text);
}

static const struct log_service log_service = { say };

static void print(const tenon_report *report)
{
    const tenon_plugin_result *plugin;
    const tenon_finding *finding;

    for (size_t i = 0; (plugin = tenon_report_plugin(report, i)); i++)
        printf("%s: %s\n", plugin->name, tenon_plugin_status_name(plugin->status));
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++)
        printf("%s: %s\n", tenon_finding_name(finding->kind), finding->message);
}

int main(int argc, char **argv)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = tenon_process_new(&err);
    tenon_request *requests = calloc((size_t)argc, sizeof *requests);
    tenon_report *report = NULL;

    for (int i = 1; requests && i < argc; i++)
        requests[i - 1].plugin = argv[i]; /* a path, or a name in TENON_PLUGIN_PATH */
    if (process && requests && tenon_process_offer(process, "log", 1, &log_service, &err))
        report = tenon_load(process, requests, (size_t)argc - 1, TENON_LOAD_EACH, &err);
    if (report)
        print(report);
    else
        fprintf(stderr, "%s\n", tenon_error_message(&err));

    int status = !report ? 3 : !tenon_report_ok(report);
    tenon_report_free(report);
    tenon_process_free(process);
    free(requests);
    return status;
}
