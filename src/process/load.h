/* src/process/load.h - a request that is carried out */
#ifndef TN_LOAD_H
#define TN_LOAD_H

#include "job.h"

/* A request on its way: plans may be made anew, what was loaded stays known. */
struct tn_load {
    tenon_process *process;
    struct tn_job job;
    size_t first; /* process->plugins from here on were loaded by this request */
    unsigned plans;
    bool counted; /* the loader's list was looked at when the last plugin was registered */
    bool stopped; /* something failed, and all or nothing was asked for */
};

/* Loads one candidate of the plan. False: it failed, was undone, and the report says so. */
bool tn_load_one(struct tn_load *load, size_t number);

/* Says what the system keeps mapped of a plugin that was taken out. */
void tn_load_say_stays(tenon_report *report, const struct tn_loaded *loaded);

#endif
