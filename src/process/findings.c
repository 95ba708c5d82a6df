/* src/process/findings.c - the answer to one request: plugins, steps and findings */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "text.h"
#include "view.h"

tenon_report *tn_report_new(tenon_error *err)
{
    tenon_report *report = calloc(1, sizeof *report);
    if (!report)
        tn_no_memory(err);
    return report;
}

void tenon_report_free(tenon_report *report)
{
    if (!report)
        return;
    tn_arena_free(&report->arena);
    free(report->plugins);
    free(report->steps);
    free(report->findings);
    free(report);
}

tenon_report *tn_report_end(tenon_report *report, tenon_error *err)
{
    if (!report->no_memory)
        return report;
    tenon_report_free(report);
    tn_no_memory(err);
    return NULL;
}

const char *tn_report_show(tenon_report *report, const char *name)
{
    size_t size = strlen(name);
    bool plain = tn_text_is_plain(name, size);
    char *shown = plain ? tn_arena_copy(&report->arena, name, size)
                        : tn_arena_bytes(&report->arena, 4 * size + 1);
    if (!shown) {
        report->no_memory = true;
        return "";
    }
    if (!plain)
        tn_text_escape(shown, 4 * size + 1, name, size);
    return shown;
}

#define NAMED_MOST 16

const char *tn_report_list(tenon_report *report, const char *list, size_t *named, const char *row)
{
    if (row && *named <= NAMED_MOST && !strstr(list, row)) {
        bool is_more = (*named)++ == NAMED_MOST;
        list = tn_arena_format(&report->arena, "%s%s%s", list, *list ? ", " : "",
                               is_more ? "..." : row);
    }
    report->no_memory |= !list || !row;
    return row ? list : NULL;
}

/* A copy of a string that may be NULL. */
static const char *keep(tenon_report *report, const char *text)
{
    const char *copy = text ? tn_arena_string(&report->arena, text) : NULL;
    report->no_memory |= text && !copy;
    return copy;
}

static const char *keep_sentence(tenon_report *report, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size < 0 ? NULL : tn_arena_bytes(&report->arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, arguments);
    return text;
}

void tn_report_find(tenon_report *report, struct tn_about about, const char *format, ...)
{
    va_list arguments;
    tenon_finding finding = {
        .kind = about.kind,
        .refuses = about.refuses,
        .plugin = keep(report, about.plugin),
        .unit = keep(report, about.unit),
    };
    const char **holders = tn_arena_rows(&report->arena, TN_COUNT(about.holders), sizeof *holders);

    va_start(arguments, format);
    finding.message = keep_sentence(report, format, arguments);
    va_end(arguments);
    if (!holders || !finding.message ||
        !tn_grow(&report->findings, &report->room, report->count, sizeof finding)) {
        report->no_memory = true;
        return;
    }
    for (size_t i = 0; i < TN_COUNT(about.holders); i++)
        if (about.holders[i])
            holders[finding.holder_count++] = keep(report, about.holders[i]);
    finding.holders = holders;
    report->findings[report->count++] = finding;
    report->refusals += about.refuses;
}

void tn_report_keep_only(tenon_report *report, size_t from, const char *plugin)
{
    size_t kept = from;
    for (size_t i = from; i < report->count; i++) {
        const tenon_finding *f = &report->findings[i];
        if (f->plugin && strcmp(f->plugin, plugin) == 0)
            report->findings[kept++] = *f;
        else
            report->refusals -= f->refuses;
    }
    report->count = kept;
}

void tn_report_step(tenon_report *report, const char *what)
{
    if (!what ||
        !tn_grow(&report->steps, &report->step_room, report->step_count, sizeof *report->steps)) {
        report->no_memory = true;
        return;
    }
    report->steps[report->step_count++] = what;
}

bool tn_report_refuses(const tenon_report *report, const char *plugin)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].refuses && report->findings[i].plugin &&
            strcmp(report->findings[i].plugin, plugin) == 0)
            return true;
    return false;
}

bool tn_report_refuses_all(const tenon_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].refuses && !report->findings[i].plugin)
            return true;
    return false;
}

/* A result that is neither refused nor failed. */
static bool is_good(const tenon_plugin_result *result)
{
    return result->status != TENON_PLUGIN_REFUSED && result->status != TENON_PLUGIN_FAILED;
}

bool tenon_report_ok(const tenon_report *report)
{
    for (size_t i = 0; i < report->plugin_count; i++)
        if (!is_good(&report->plugins[i]))
            return false;
    return report->refusals == 0;
}

size_t tenon_report_plugin_count(const tenon_report *report)
{
    return report->plugin_count;
}

const tenon_plugin_result *tenon_report_plugin(const tenon_report *report, size_t i)
{
    return i < report->plugin_count ? &report->plugins[i] : NULL;
}

size_t tenon_report_step_count(const tenon_report *report)
{
    return report->step_count;
}

const char *tenon_report_step(const tenon_report *report, size_t i)
{
    return i < report->step_count ? report->steps[i] : NULL;
}

size_t tenon_report_finding_count(const tenon_report *report)
{
    return report->count;
}

const tenon_finding *tenon_report_finding(const tenon_report *report, size_t i)
{
    return i < report->count ? &report->findings[i] : NULL;
}
