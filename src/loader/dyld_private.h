/* src/loader/dyld_private.h - dyld: what its parts share */
#ifndef TN_DYLD_PRIVATE_H
#define TN_DYLD_PRIVATE_H

#include "rules.h"

/* Rows of tn_dyld_rules. */
enum {
    DYLD_LOADED,
    DYLD_FRAMEWORK_PATH,
    DYLD_LIBRARY_PATH,
    DYLD_VERSIONED,
    DYLD_ROOT_PATH,
    DYLD_IOS_SUPPORT,
    DYLD_CRYPTEX,
    DYLD_RECORDED,
    DYLD_LOADER_PATH,
    DYLD_EXECUTABLE_PATH,
    DYLD_RPATH,
    DYLD_LEAF,
    DYLD_FALLBACK,
    DYLD_FALLBACK_DEFAULT,
    DYLD_REALPATH,
    DYLD_CACHE,
    DYLD_CACHE_STUB,
    DYLD_CACHE_ASSUMED,
    DYLD_SELF,
    DYLD_RULES
};
extern const tenon_rule tn_dyld_rules[DYLD_RULES];

/* PLATFORM_ of LC_BUILD_VERSION */
enum {
    DYLD_MACOS = 1,
    DYLD_IOS = 2,
    DYLD_TVOS = 3,
    DYLD_WATCHOS = 4,
    DYLD_CATALYST = 6,
    DYLD_IOS_SIMULATOR = 7,
    DYLD_TVOS_SIMULATOR = 8,
    DYLD_WATCHOS_SIMULATOR = 9,
    DYLD_DRIVERKIT = 10,
    DYLD_VISIONOS = 11,
    DYLD_VISIONOS_SIMULATOR = 12,
};

/* What of a process depends on no program. */
struct dyld_config {
    unsigned release;    /* 13.1 is 0xd0100, of macOS */
    bool is_known;       /* the world says so, by a setting or its SystemVersion.plist */
    bool old;            /* dyld 2: up to macOS 11 */
    bool on_disk;        /* the system's libraries are files: up to macOS 10.15 */
    const char *cryptex; /* NULL: there is none */
    struct tn_view map;  /* paths in the shared cache, one a line; size 0: not known */
    bool map_is_read;
};

/* By what a program's process differs from others of its machine: tn_target.variant. */
unsigned tn_dyld_platform(const struct tn_target *target);
bool tn_dyld_is_restricted(const struct tn_target *target); /* no @ paths at all */
bool tn_dyld_is_hardened(const struct tn_target *target);   /* short default lists */
bool tn_dyld_ignores_environment(const struct tn_target *target);

/* ---- dyld_system.c -------------------------------------------------------------------------- */

bool tn_dyld_configure(struct tn_target *target, tenon_error *err);

/* Slices a process takes, best first, NULL-ended. */
const char *const *tn_dyld_slices(const struct tn_target *target);

/* A path that only the system's own libraries have. */
bool tn_dyld_is_system_path(const char *path);

/* 1: the shared cache lists the path. 0: it does not. -1: nothing lists what is in it. */
int tn_dyld_in_cache(struct tn_trial *trial, const char *path);

/* The stub of an SDK that stands for the library; NULL: there is none, or no memory. */
const char *tn_dyld_stub(struct tn_trial *trial, const char *path);

/* ---- dyld_judge.c --------------------------------------------------------------------------- */

void tn_dyld_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                   struct tn_judgement *out);
void tn_dyld_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out);

/* A library that the process can take, of its architecture and platform. */
bool tn_dyld_is_usable(const struct tn_target *target, const struct tn_facts *facts,
                       const char *path);
const char *tn_dyld_why_missing(struct tn_arena *arena, const char *name,
                                const tenon_attempt *attempts, size_t count);

/* ---- dyld_versioned.c ----------------------------------------------------------------------- */

/* Of a library that answers a need: is it new enough? false: no memory. */
bool tn_dyld_compare_versions(const struct tn_target *target, struct tn_arena *arena,
                              const struct tn_answered *answered, struct tn_unsuited *out);

/* ---- dyld_search.c -------------------------------------------------------------------------- */

/* All candidates of one name, in order. */
void tn_dyld_search(struct tn_trial *trial);

#endif
