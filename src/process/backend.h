/* src/process/backend.h - how code of one kind gets into the process and out again */
#ifndef TN_BACKEND_H
#define TN_BACKEND_H

#include <tenon/process.h>

/*
 * One way of loading. The plan decides what and in which order; a back end only does it, one image
 * at a time. `self` is the back end's own.
 */
struct tn_backend {
    const char *name;

    /* Maps one image and runs its initialisers. `global`: its symbols serve everybody. */
    bool (*open)(void *self, const char *path, bool global, void **handle, tenon_error *err);

    /* Calls the plugin's entry point, if it has one. *status is what it returned. */
    bool (*run)(void *self, void *handle, tenon_plugin *plugin, int argc, char **argv, int *status,
                tenon_error *err);

    /* Calls the plugin's stop function, if it has one. */
    void (*stop)(void *self, void *handle, tenon_plugin *plugin);

    /* Takes one image out again. *stays: the system keeps it mapped, for this reason; NULL. */
    void (*undo)(void *self, void *handle, const char *path, const char **stays);

    /* What that very image defines, not what it needs; NULL. */
    void *(*symbol)(void *self, void *handle, const char *name);

    /*
     * Where the image is mapped, when it is what the loader lists under that very path; 0: look at
     * the loader's list. NULL: this back end always says 0.
     */
    uintptr_t (*base)(void *self, void *handle, const char *path);
};

extern const struct tn_backend tn_backend_dlopen; /* `self` is NULL */

/* One image on its way. */
struct tn_opened {
    const char *path;
    bool skip; /* the process has it already: nothing is opened */
    bool global;
    void *handle; /* NULL: not open */
    enum tenon_unit_state state;
    const char *stays; /* after undoing: why it is still mapped; NULL */
};

/* One plugin on its way: its images in load order, its own code last. */
struct tn_execution {
    const struct tn_backend *backend;
    void *self;
    struct tn_opened *images;
    size_t count;
    tenon_plugin *plugin;
    bool own_first;      /* the last image is opened before the others, not behind them */
    bool never_starts;   /* its code is known to have no entry point: none is looked for */
    bool reached_loader; /* set when the first image is given to the system's loader */
    int argc;
    char **argv;

    /* Asked before and after each image is opened: is the file still the one that was checked? */
    bool (*check)(void *arg, size_t image, tenon_error *err);
    /* Told before each image is opened. */
    void (*linking)(void *arg, size_t image);
    void *arg;
};

/*
 * Opens the images in order. When one cannot be, those before it are closed in reverse.
 *
 * returns  false: *kind says what failed (CACHE, LOADER), *err why
 */
bool tn_execute_open(struct tn_execution *execution, enum tenon_finding_kind *kind,
                     tenon_error *err);

/* Starts the plugin whose images are open. False: *err; they are still open. */
bool tn_execute_start(struct tn_execution *execution, tenon_error *err);

/* Takes its images out in reverse. */
void tn_execute_close(struct tn_execution *execution);

/* Stops the plugin, then takes its images out. */
void tn_execute_undo(struct tn_execution *execution);

#endif
