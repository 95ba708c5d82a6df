/* src/process/unload.c - takes one plugin out again, as far as the system allows */
#include <stdlib.h>
#include <string.h>

#include "exceptions.h"
#include "fail.h"
#include "kept.h"
#include "load.h"

/* A call on its way; freed also when an exception goes through it. */
struct unloading {
    tenon_process *process;
    tenon_report *report; /* NULL: it was given out */
};

static void end(struct unloading *call)
{
    tn_process_leave(call->process, call);
    tenon_report_free(call->report);
    tn_process_unlock(call->process);
}

static void refuse(tenon_report *report, enum tenon_finding_kind kind, const char *name,
                   const char *holder, const char *why)
{
    report->plugins[0].status = TENON_PLUGIN_REFUSED;
    tn_report_find(
        report,
        (struct tn_about){ .kind = kind, .refuses = true, .plugin = name, .holders = { holder } },
        "plugin \"%s\" %s", tn_report_show(report, name), why);
}

static void refuse_for(tenon_report *report, enum tenon_finding_kind kind, const char *name,
                       const struct tn_loaded *other, const char *does)
{
    const char *why = tn_arena_format(&report->arena, "cannot be unloaded: plugin \"%s\" %s",
                                      other->plugin.name, does);
    report->no_memory |= !why;
    refuse(report, kind, name, other->plugin.name, why ? why : "");
}

/* Refuses, or does it. */
static void unload(struct unloading *call, const char *name)
{
    tenon_report *report = call->report;
    struct tn_loaded *loaded = tn_process_plugin_named(call->process, name);
    const struct tn_loaded *user = loaded ? tn_process_user_of(call->process, loaded) : NULL;
    const struct tn_loaded *opening = tn_process_opening(call->process);
    if (!loaded) {
        refuse(report, TENON_FINDING_NOT_FOUND, name, NULL, "is not loaded");
        return;
    }
    report->plugins[0].file = tn_arena_string(&report->arena, loaded->plugin.bundle);
    if (loaded->stage != TN_STAGE_UP) {
        refuse(report, TENON_FINDING_BUSY, name, NULL, tn_stage_words(loaded->stage));
    } else if (opening) {
        refuse_for(report, TENON_FINDING_BUSY, name, opening, "is being opened");
    } else if (loaded->request) {
        refuse(report, TENON_FINDING_BUSY, name, NULL,
               "cannot be unloaded: the request that loads it is not done");
    } else if (user) {
        refuse_for(report, TENON_FINDING_IN_USE, name, user, "needs it");
    } else {
        tn_process_take_out(call->process, loaded, call, report);
        report->plugins[0].status = TENON_PLUGIN_UNLOADED;
    }
}

static tenon_report *unload_locked(tenon_process *process, const char *plugin, tenon_report *report)
{
    struct unloading call TN_WHATEVER_HAPPENS(end) = { process, report };
    tn_kept_drop(process);
    unload(&call, plugin);
    report->no_memory |= !tn_process_look(process, NULL);
    call.report = NULL;
    return report;
}

tenon_report *tenon_unload(tenon_process *process, const char *plugin, tenon_error *err)
{
    tenon_report *report = tn_report_new(err);
    if (!report)
        return NULL;
    report->plugins = calloc(1, sizeof *report->plugins);
    if (report->plugins) {
        report->plugin_count = 1;
        report->plugins[0].name = tn_arena_string(&report->arena, plugin);
    }
    report->no_memory = !report->plugins || !report->plugins[0].name;
    if (!report->no_memory) {
        tn_process_lock(process);
        report = unload_locked(process, plugin, report);
    }
    return tn_report_end(report, err);
}
