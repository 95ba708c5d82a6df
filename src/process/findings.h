/* src/process/findings.h - the answer to one request while it is being made */
#ifndef TN_FINDINGS_H
#define TN_FINDINGS_H

#include <tenon/process.h>

#include "arena.h"

struct tenon_report {
    struct tn_arena arena;
    tenon_plugin_result *plugins;
    size_t plugin_count;
    const char **steps;
    size_t step_count, step_room;
    tenon_finding *findings;
    size_t count, room;
    size_t refusals;
    bool no_memory; /* something was lost: the report must not be given out */
};

tenon_report *tn_report_new(tenon_error *err);

/* What a finding is about; strings are copied. */
struct tn_about {
    enum tenon_finding_kind kind;
    bool refuses;
    const char *plugin, *unit;
    const char *holders[2];
};

/* Adds a finding with its sentence; names in it are the caller's to make safe (TN_SHOW). */
void tn_report_find(tenon_report *report, struct tn_about about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Of the findings from that number on, keeps those about one plugin. */
void tn_report_keep_only(tenon_report *report, size_t from, const char *plugin);

/* A step, whose text is in the report's arena; NULL: there was no memory for it. */
void tn_report_step(tenon_report *report, const char *what);

/* A copy of an untrusted name, made safe to show; "" when there is no memory. */
const char *tn_report_show(tenon_report *report, const char *name);

/*
 * The list "a, b" with another row, unless it has it; of many only the first are named. `named`
 * counts them, from 0. NULL: no memory, or none for the list or the row.
 */
const char *tn_report_list(tenon_report *report, const char *list, size_t *named, const char *row);

/* True when some finding about that plugin refuses. */
bool tn_report_refuses(const tenon_report *report, const char *plugin);

/* True when a refusal is about no plugin: then it is the process that can load nothing. */
bool tn_report_refuses_all(const tenon_report *report);

/* Fails for want of memory when something was lost; frees the report then. */
tenon_report *tn_report_end(tenon_report *report, tenon_error *err);

#endif
