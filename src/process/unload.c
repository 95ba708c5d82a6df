/* src/process/unload.c - takes one plugin out again, as far as the system allows */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "kept.h"
#include "load.h"

static const struct tn_loaded *user_of(const tenon_process *process, const struct tn_loaded *loaded)
{
    for (size_t i = 0; i < process->plugin_count; i++)
        for (size_t k = 0; k < process->plugins[i]->need_count; k++)
            if (process->plugins[i]->needs[k] == loaded)
                return process->plugins[i];
    return NULL;
}

static void forget(tenon_process *process, const struct tn_loaded *loaded)
{
    size_t kept = 0;
    for (size_t i = 0; i < process->plugin_count; i++)
        if (process->plugins[i] != loaded)
            process->plugins[kept++] = process->plugins[i];
    process->plugin_count = kept;
}

static void take_out(tenon_process *process, struct tn_loaded *loaded, tenon_report *report)
{
    struct tn_execution x = tn_loaded_execution(loaded);
    tn_execute_undo(&x);
    forget(process, loaded);
    tn_load_say_stays(report, loaded);
    tn_loaded_free(loaded);
}

/* Refuses, or does it. */
static void unload(tenon_process *process, const char *name, tenon_report *report)
{
    struct tn_loaded *loaded = tn_process_plugin_named(process, name);
    tenon_plugin_result *result = &report->plugins[0];
    if (!loaded) {
        result->status = TENON_PLUGIN_REFUSED;
        tn_report_find(
            report,
            (struct tn_about){ .kind = TENON_FINDING_NOT_FOUND, .refuses = true, .plugin = name },
            "plugin \"%s\" is not loaded", tn_report_show(report, name));
        return;
    }
    result->file = tn_arena_string(&report->arena, loaded->plugin.bundle);
    const struct tn_loaded *user = user_of(process, loaded);
    if (user) {
        result->status = TENON_PLUGIN_REFUSED;
        tn_report_find(report,
                       (struct tn_about){ .kind = TENON_FINDING_IN_USE,
                                          .refuses = true,
                                          .plugin = name,
                                          .holders = { user->plugin.name } },
                       "plugin \"%s\" cannot be unloaded: plugin \"%s\" needs it", name,
                       user->plugin.name);
        return;
    }
    take_out(process, loaded, report);
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
        tn_kept_drop(process);
        unload(process, plugin, report);
        report->no_memory |= !tn_process_look(process, NULL);
        tn_process_unlock(process);
    }
    return tn_report_end(report, err);
}
