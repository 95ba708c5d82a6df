/* src/process/load.h - a request that is carried out */
#ifndef TN_LOAD_H
#define TN_LOAD_H

#include "job.h"

/* A request on its way: plans may be made anew, what was loaded stays known. */
struct tn_load {
    tenon_process *process;
    struct tn_job job;
    struct tn_ready *ready; /* what is made ready of the plan */
    size_t ready_count;
    size_t said;    /* findings of the plan; the others of the report say what came of it */
    unsigned plans; /* since the last plugin was loaded */
    unsigned long long version; /* of the registry: what the plan was made for, and brought */
    bool surprised; /* something came with the last plugin, or went, that was not planned */
    bool counted;   /* the loader's list was looked at when the last plugin was registered */
    bool stopped;   /* something failed, and all or nothing was asked for */
};

/* One candidate of the plan, ready to be loaded. */
struct tn_ready {
    size_t number;            /* of the candidate */
    struct tn_loaded *loaded; /* NULL: it failed, or the process has it by now */
    struct tn_holding **came; /* for the registry, by image, when its code is proven */
    size_t came_count;
    bool stands_alone; /* on none of the plugins that were there when it was made ready */
    int argc;
    char **argv;
};

/* Takes its code out, if need be, and allocates everything. False: *err. */
bool tn_ready_make(struct tn_job *job, size_t number, struct tn_ready *out, tenon_error *err);
void tn_ready_free(struct tn_ready *ready);

/* Makes one ready. False: it failed, and the report says so. */
bool tn_load_ready(struct tn_load *load, size_t number, struct tn_ready *ready);

/* Loads one that is ready. False: it failed, was undone, and the report says so. */
bool tn_load_one(struct tn_load *load, struct tn_ready *ready);

/* Adds to its needs who it stands on of those that are there: by units, by names of libraries. */
bool tn_load_stand_on_present(const struct tn_job *job, struct tn_loaded *loaded, size_t number);

/* Says what the system keeps mapped of a plugin that was taken out. */
void tn_load_say_stays(tenon_report *report, const struct tn_loaded *loaded);

#endif
