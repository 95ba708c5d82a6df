/* src/bundle/closure.h - the libraries that code needs, and which of them go with it */
#ifndef TN_CLOSURE_H
#define TN_CLOSURE_H

#include <tenon/resolve.h>

#include "arena.h"

/* What becomes of a library. */
enum tn_fate {
    TN_FATE_CODE,     /* the code that was asked for */
    TN_FATE_BUNDLED,  /* goes into the bundle */
    TN_FATE_SYSTEM,   /* every system of that kind has it */
    TN_FATE_HOST,     /* the host program has it loaded */
    TN_FATE_UNLISTED, /* not among those that were asked for */
    TN_FATE_MISSING,  /* the loader would not find it here */
};

struct tn_needed {
    enum tn_fate fate;
    const char *name;   /* as it is asked for: its name in the bundle */
    const char *path;   /* where it is; NULL: missing */
    const char *why;    /* for people: the rule that found it, or the reason it is missing */
    const char *asker;  /* name of who asks first; NULL: nobody */
    bool is_wanted;     /* by "auto", or by name */
    bool needs_bundled; /* asks for something that is bundled */
    bool has_origin;    /* has a run path element of $ORIGIN alone */
};

struct tn_closure_request {
    const char *file;
    const char *host;   /* program that will load it; NULL */
    const char *bundle; /* "auto", "none", or names separated by commas */
};

struct tn_closure {
    struct tn_needed *rows; /* the file itself first, then in load order; not the loader */
    size_t count;
};

/*
 * Decides for each library that would be loaded with the file. The system's are those in its
 * own directories (/lib, /usr/lib and the like), or found by a rule of the loader for the system's
 * own libraries and not below /usr/local, /opt or /home.
 *
 * shape    a host that cannot be resolved (static) has no libraries
 * owner    all in the arena
 * errors   those of tenon_resolve_file; TENON_E_ARGUMENT when a name of the list is not needed
 */
bool tn_closure_find(tenon_world *world, const struct tn_closure_request *request,
                     struct tn_arena *arena, struct tn_closure *out, tenon_error *err);

/* A run path element of $ORIGIN alone, in DT_RUNPATH, or DT_RPATH when there is no other. */
bool tn_has_origin(const tenon_image *image);

#endif
