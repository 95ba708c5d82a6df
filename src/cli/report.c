/* src/cli/report.c - what `tenon check` and `tenon run` say about plugins */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* A bundle that is not what it says was no answer, but an input that cannot be read. */
static bool is_unreadable(const tenon_finding *finding)
{
    return finding->kind == TENON_FINDING_BAD_BUNDLE && finding->refuses;
}

/* The first such, of this plugin or (NULL) of any; NULL: all could be read. */
static const tenon_finding *find_unreadable(const tenon_report *report, const char *plugin)
{
    const tenon_finding *finding;
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++)
        if (is_unreadable(finding) &&
            (!plugin || (finding->plugin && strcmp(finding->plugin, plugin) == 0)))
            return finding;
    return NULL;
}

static int status_of(const tenon_report *report)
{
    if (find_unreadable(report, NULL))
        return CLI_UNREADABLE;
    return tenon_report_ok(report) ? CLI_YES : CLI_NO;
}

/* A finding keeps the words of an error and not its code: the bundle is asked once more. */
static enum tenon_code code_of(const tenon_report *report, const tenon_finding *finding)
{
    tenon_error err = { .code = TENON_E_MALFORMED }; /* as it opens, something in it is */
    const tenon_plugin_result *result;
    for (size_t i = 0; finding->plugin && (result = tenon_report_plugin(report, i)); i++)
        if (result->file && strcmp(result->name, finding->plugin) == 0) {
            tenon_bundle_free(tenon_bundle_open(result->file, &err));
            break;
        }
    return err.code;
}

static enum tenon_status plugin_status(const tenon_report *report,
                                       const tenon_plugin_result *result)
{
    if (result->status == TENON_PLUGIN_REFUSED && find_unreadable(report, result->name))
        return TENON_STATUS_ERROR;
    switch (result->status) {
    case TENON_PLUGIN_REFUSED: return result->file ? TENON_STATUS_REFUSED : TENON_STATUS_MISSING;
    case TENON_PLUGIN_FAILED: return TENON_STATUS_REFUSED;
    default: return TENON_STATUS_OK;
    }
}

static const char *verdict(const struct cli_plugins *plugins, const tenon_report *report)
{
    if (!tenon_report_ok(report))
        return "refused";
    return plugins->loaded ? "loaded" : "loads";
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void put_bundles(struct cli_json *json, const tenon_report *report)
{
    const tenon_plugin_result *result;
    CLI_JSON_KEY(json, "bundles");
    cli_json_open(json, '[');
    for (size_t i = 0; (result = tenon_report_plugin(report, i)); i++) {
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "file");
        cli_json_name(json, result->file);
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, result->name);
        CLI_JSON_KEY(json, "status");
        cli_json_name(json, tenon_status_name(plugin_status(report, result)));
        CLI_JSON_KEY(json, "state");
        cli_json_name(json, tenon_plugin_status_name(result->status));
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void put_finding(struct cli_json *json, const tenon_finding *finding)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "code");
    cli_json_name(json, tenon_finding_name(finding->kind));
    CLI_JSON_KEY(json, "plugin");
    cli_json_name(json, finding->plugin);
    CLI_JSON_KEY(json, "unit");
    cli_json_name(json, finding->unit);
    CLI_JSON_KEY(json, "holders");
    cli_json_open(json, '[');
    for (size_t i = 0; i < finding->holder_count; i++) {
        cli_json_item(json);
        cli_json_sentence(json, finding->holders[i]);
    }
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "message");
    cli_json_sentence(json, finding->message);
    cli_json_close(json, '}');
}

static void put_findings(struct cli_json *json, const tenon_report *report, bool refusing)
{
    const tenon_finding *finding;
    cli_json_open(json, '[');
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++)
        if (finding->refuses == refusing)
            put_finding(json, finding);
    cli_json_close(json, ']');
}

static void begin_json(struct cli_json *json)
{
    cli_json_begin(json);
    cli_json_open(json, '{');
}

static void end_json(struct cli_json *json)
{
    cli_json_close(json, '}');
    cli_json_end(json);
}

static enum tenon_status status_word(const tenon_report *report)
{
    switch (status_of(report)) {
    case CLI_YES: return TENON_STATUS_OK;
    case CLI_NO: return TENON_STATUS_REFUSED;
    default: return TENON_STATUS_ERROR;
    }
}

static void put_json(const struct cli_plugins *plugins, const tenon_report *report)
{
    struct cli_json json = { .out = &plugins->cli->out };
    const tenon_finding *unreadable = find_unreadable(report, NULL);
    begin_json(&json);
    CLI_JSON_KEY(&json, "file");
    cli_json_name(&json, plugins->host);
    CLI_JSON_KEY(&json, "status");
    cli_json_name(&json, tenon_status_name(status_word(report)));
    if (unreadable)
        cli_json_error(&json, code_of(report, unreadable), NULL, unreadable->message);
    CLI_JSON_KEY(&json, "verdict");
    cli_json_name(&json, verdict(plugins, report));
    CLI_JSON_KEY(&json, "record");
    cli_json_name(&json, tenon_record_name(plugins->record));
    put_bundles(&json, report);
    CLI_JSON_KEY(&json, "plan");
    cli_json_open(&json, '[');
    for (size_t i = 0; i < tenon_report_step_count(report); i++) {
        cli_json_item(&json);
        cli_json_name(&json, tenon_report_step(report, i));
    }
    cli_json_close(&json, ']');
    CLI_JSON_KEY(&json, "reasons");
    put_findings(&json, report, true);
    CLI_JSON_KEY(&json, "harmless");
    put_findings(&json, report, false);
    end_json(&json);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void put_line(struct cli_out *out, enum cli_style style, const char *word,
                     const char *sentence)
{
    cli_puts(out, "  ");
    cli_style(out, style);
    cli_puts(out, word);
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "  ");
    cli_prose(out, sentence);
    cli_puts(out, "\n");
}

#define NOTES_MOST 8 /* more of them only with -v: a library of a hundred members has as many */

static void put_notes(const struct cli_plugins *plugins, const tenon_report *report)
{
    struct cli_out *out = &plugins->cli->out;
    const tenon_finding *finding;
    size_t count = 0;
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++) {
        if (finding->refuses)
            continue;
        if (count++ < NOTES_MOST || plugins->cli->verbose)
            put_line(out, CLI_NOTE, tenon_finding_name(finding->kind), finding->message);
    }
    if (count <= NOTES_MOST || plugins->cli->verbose)
        return;
    cli_puts(out, "  ");
    cli_plural(out, count - NOTES_MOST, "note", "notes");
    cli_puts(out, " more (-v shows them)\n");
}

/* A host that does not run offers what it is said to offer. */
static void put_offer_hint(const struct cli_plugins *plugins, const tenon_finding *finding)
{
    struct cli_out *out = &plugins->cli->out;
    size_t size;
    unsigned version;
    if (!plugins->takes_offers || finding->kind != TENON_FINDING_CONSTRAINT ||
        !tn_constraint_read(finding->unit, &size, &version))
        return;
    char *name = strndup(finding->unit, size);
    cli_puts(out, "  if it does when it runs: --offer=");
    cli_text(out, name ? name : finding->unit);
    if (version) {
        cli_puts(out, "=");
        cli_number(out, version);
    }
    cli_puts(out, "\n");
    free(name);
}

static void put_text(const struct cli_plugins *plugins, const tenon_report *report)
{
    struct cli_out *out = &plugins->cli->out;
    const tenon_finding *finding;
    cli_text(out, plugins->host);
    cli_puts(out, ": ");
    cli_style(out, tenon_report_ok(report) ? CLI_GAIN : CLI_MISS);
    cli_puts(out, verdict(plugins, report));
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "\n");
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++)
        if (finding->refuses) {
            put_line(out, CLI_MISS, tenon_finding_name(finding->kind), finding->message);
            put_offer_hint(plugins, finding);
        }
    for (size_t i = 0; !plugins->loaded && i < tenon_report_step_count(report); i++) {
        cli_puts(out, "  load  ");
        cli_text(out, tenon_report_step(report, i));
        cli_puts(out, "\n");
    }
    put_notes(plugins, report);
}

bool cli_check_names(struct cli *cli, const char *const *bundles, int *status)
{
    for (; *bundles; bundles++)
        if (!**bundles) {
            *status = cli_usage(cli, "a BUNDLE has an empty name");
            return false;
        }
    return true;
}

int cli_report_plugins(const struct cli_plugins *plugins, const tenon_report *report)
{
    if (plugins->hear)
        plugins->hear(plugins->hear_arg, report, NULL);
    if (plugins->hear || plugins->cli->quiet)
        return status_of(report);
    (plugins->cli->json ? put_json : put_text)(plugins, report);
    return status_of(report);
}

int cli_report_no_host(const struct cli_plugins *plugins, const tenon_error *err)
{
    struct cli *cli = plugins->cli;
    struct cli_json json = { .out = &cli->out };
    if (plugins->hear) {
        plugins->hear(plugins->hear_arg, NULL, err);
        return CLI_UNREADABLE;
    }
    if (!cli->json || cli->quiet) {
        cli_complain(cli, "%s", tenon_error_message(err));
        return CLI_UNREADABLE;
    }
    begin_json(&json);
    CLI_JSON_KEY(&json, "file");
    cli_json_name(&json, plugins->host);
    CLI_JSON_KEY(&json, "status");
    cli_json_name(&json, tenon_status_name(TENON_STATUS_ERROR));
    cli_json_error(&json, err->code, NULL, tenon_error_message(err));
    end_json(&json);
    return CLI_UNREADABLE;
}
