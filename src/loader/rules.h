/* src/loader/rules.h - what a loader is to the resolver: rules as data plus small functions */
#ifndef TN_RULES_H
#define TN_RULES_H

#include <assert.h>

#include <tenon/loader.h>
#include <tenon/resolve.h>

#include "model.h"

/* One element of a path list after splitting and token expansion. */
struct tn_element {
    const char *dir;  /* without trailing '/', "" is the current directory; NULL: dropped */
    const char *text; /* as written, for messages */
    enum tenon_outcome dropped; /* why, when dir is NULL */
};

/* One path list. */
struct tn_dirs {
    const char *text; /* as written */
    struct tn_element *at;
    size_t count;
};

/*
 * The run paths of one object in a process and, behind it, of the objects that caused it to be
 * loaded, nearest first. Objects without any of their own share their parent's.
 */
struct tn_paths {
    const struct tn_dirs *rpath, *runpath;   /* NULL: no such tag */
    const char *rpath_where, *runpath_where; /* "RPATH of /the/object" */
    const struct tn_paths *parent;           /* the next object that has either */
    const struct tn_paths *next_rpath;       /* ... that has an RPATH */
    uint32_t id;                             /* equal exactly for equal chains */
};

/*
 * One kind of process: everything about it that does not depend on which program it runs. Made
 * once per (loader, machine, interpreter) and run.
 */
struct tn_target {
    const tenon_loader *loader;
    tenon_world *world;
    struct tn_arena *arena;
    unsigned word;
    enum tn_endian endian;
    uint32_t machine, e_flags;
    const char *interpreter; /* path of the loader's own file */
    bool secure;
    void *config; /* the loader's own, lazily filled */
    uint32_t id;
    const char *remark; /* about every answer that a rule from `remark_rule` had a part in */
    const tenon_rule *remark_rule;
};

/* How a name came to be asked for. */
enum tn_request {
    TN_REQUEST_NEED,
    TN_REQUEST_PRELOAD,        /* from the environment */
    TN_REQUEST_PRELOAD_CONFIG, /* from a file of the system */
    TN_REQUEST_DLOPEN,
};

/* Who asks. Two askers with equal fields are given equal plans. */
struct tn_asker {
    const struct tn_paths *paths; /* NULL: nobody in the chain has any */
    bool own;                     /* paths->owner is the asker itself */
    bool nodeflib;                /* DF_1_NODEFLIB */
    enum tn_request request;
    const char *program_origin; /* directory of the program; NULL: unknown */
};

enum tn_stage_kind {
    TN_STAGE_DIRS,    /* try each directory of a list */
    TN_STAGE_CHAIN,   /* the stages that each object of the asker's chain gives */
    TN_STAGE_LATE,    /* tenon_loader.late_stage() makes it when a search comes that far */
    TN_STAGE_CACHE,   /* ask the loader's cache for one path */
    TN_STAGE_SKIPPED, /* not consulted; said why */
};

struct tn_link;

/* One step of a search. */
struct tn_stage {
    enum tn_stage_kind kind;
    const tenon_rule *rule;
    const char *where;  /* whose list; NULL */
    const char *detail; /* SKIPPED: why */
    const struct tn_dirs *dirs;

    /* CHAIN: what one object of the chain, which begins with asker->paths, means for the asker */
    void (*link)(const struct tn_asker *asker, const struct tn_paths *paths, struct tn_link *out);
};

/* What one object of a chain gives: no stage, one or two, and where the chain goes on. */
struct tn_link {
    struct tn_stage stages[2];
    size_t count;
    const struct tn_paths *next; /* NULL: nowhere */
    bool futile;                 /* no list of the chain counts from there on: for people only */
};

#define TN_PLAN_ROOM 8 /* stages of the longest plan and some more */

/*
 * What to try for any name that this asker asks for, in order. Its size does not depend on how
 * long the chain is: that is walked by the search, as far as it comes.
 */
struct tn_plan {
    struct tn_stage stages[TN_PLAN_ROOM];
    size_t count;
    bool hwcaps;      /* try the subdirectories of tn_loader.subdirs in each directory */
    bool need_setuid; /* candidates without the set-uid bit are skipped */
};

static inline void tn_plan_add(struct tn_plan *plan, struct tn_stage stage)
{
    assert(plan->count < TN_PLAN_ROOM);
    plan->stages[plan->count++] = stage;
}

/* The stage over one list; `skipped` is why it does not count, NULL when it does. */
static inline struct tn_stage tn_stage_of(const tenon_rule *rule, const char *where,
                                          const struct tn_dirs *dirs, const char *skipped)
{
    return (struct tn_stage){
        .kind = skipped ? TN_STAGE_SKIPPED : TN_STAGE_DIRS,
        .rule = rule,
        .where = where,
        .detail = skipped,
        .dirs = dirs,
    };
}

/* What a loader does with a candidate. */
enum tn_action {
    TN_ACCEPT,
    TN_SKIP,      /* go on with the next candidate */
    TN_END_STAGE, /* go on with the next stage */
    TN_STOP,      /* give this name up; nothing else is tried */
};

struct tn_judgement {
    enum tenon_outcome outcome;
    enum tn_action action;
    const char *detail; /* a constant: the loader's own words where it has some */
};

static inline struct tn_judgement tn_judged(enum tenon_outcome outcome, enum tn_action action,
                                            const char *detail)
{
    return (struct tn_judgement){ outcome, action, detail };
}

/* What is known of a candidate that could be opened. */
struct tn_candidate {
    const tenon_file_info *info;
    const struct tn_elf_header *header;
    bool header_read;             /* the file has a whole ELF header */
    const struct tn_facts *facts; /* NULL: could not be read as this target would */
    enum tenon_code error;        /* why not */
    const char *error_text;
};

/* The answer of a cache. */
struct tn_cached {
    enum tenon_outcome outcome; /* FOUND, NOT_IN_CACHE, NO_CACHE */
    const char *path;           /* FOUND: the file it names; else what was asked, or "" */
    const tenon_rule *rule;     /* NULL: the stage's own */
    const char *detail;
};

/* Reads facts for the loader layer, which opens no images itself. */
struct tn_fact_source {
    const struct tn_facts *(*facts)(void *arg, const char *path);
    void *arg;
};

/* Where a loader's own file is for one kind of image. */
struct tn_interpreter {
    uint32_t machine;
    unsigned class_bits;
    uint32_t flags_mask, flags; /* of e_flags */
    enum tenon_endian endian;   /* NONE: both */
    const char *path;
};

struct tenon_loader {
    const char *name;
    const char *describe;
    enum tenon_format format;
    const tenon_rule *rules;
    size_t rule_count;

    /* rows of `rules` for the answers that the resolver gives itself */
    size_t rule_loaded, rule_direct, rule_self;

    bool matches_soname;     /* a loaded object answers to its SONAME and every earlier request */
    bool matches_short;      /* it answers to the last component of the path a search found */
    bool checks_versions;    /* missing symbol versions are fatal */
    bool symbol_versions;    /* symbol lookup looks at versions */
    bool has_filters;        /* DT_FILTER and DT_AUXILIARY count */
    bool dlopen_as_program;  /* dlopen() searches for the program, whoever calls */
    bool preload_as_program; /* a preload searches with the program's run paths */
    bool program_is_last;    /* every chain of run paths ends with the program's */
    bool origin_as_given;    /* a relative path has a relative $ORIGIN; "." when it has no slash */
    bool ignores_ident;      /* e_ident and e_machine of a candidate are never looked at */
    bool joins_verbatim;     /* "dir/" and a name give "dir//name", as the loader then reports it */
    bool merges_libc;        /* a second libc is unmapped and the loader itself used instead */
    bool stats_directories;  /* a directory that cannot be asked about counts as absent */
    size_t path_limit;       /* candidates this long or longer are skipped; 0: none are */
    const char *preload_separators;

    /* Yes or no: is this the path of such a loader, by its name? */
    bool (*is_interpreter)(const char *path);

    /* Yes or no: is this image started by (or made for) this loader? */
    bool (*matches)(const struct tn_facts *facts);

    /* Where this loader's file is, when the image does not say: the first row that fits it. */
    const struct tn_interpreter *interpreters;
    size_t interpreter_count;

    /* Fills target->config; false: no memory. */
    bool (*configure)(struct tn_target *target, tenon_error *err);

    /* The file that names preloads for all processes (NULL: none is read). NULL: no memory. */
    const char *(*preload_file)(struct tn_target *target);

    /* The name stands for the loader itself. */
    bool (*is_self)(const struct tn_target *target, const char *name);

    /*
     * Expands tokens of a recorded name. NULL with *outcome set when the loader refuses or drops
     * it; `name` itself when there is nothing to expand.
     */
    const char *(*expand_name)(struct tn_target *target, const char *name, const char *origin,
                               enum tenon_outcome *outcome, const char **detail);

    /* Splits an object's DT_RPATH or DT_RUNPATH. `origin`: its directory, NULL unknown. */
    const struct tn_dirs *(*split)(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program);

    bool (*plan)(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *plan);

    /* Makes a TN_STAGE_LATE stage, whose directories cost reading. */
    bool (*late_stage)(struct tn_target *target, const struct tn_asker *asker,
                       struct tn_stage *out);

    /* The candidate's subdirectories to try in a directory before the plain name; NULL-ended. */
    const char *const *(*subdirs)(struct tn_target *target);

    /* Asks the loader's cache for a name. false: no memory. */
    bool (*cached)(struct tn_target *target, const struct tn_fact_source *source, const char *name,
                   bool nodeflib, struct tn_cached *out);

    /*
     * The path that a search for a name mostly ends at, borrowed from the target; NULL: nothing is
     * likely. Any thread may ask, once the target's owner has prepared it (false: no memory). Both
     * are NULL for a loader that has no cache.
     */
    bool (*prepare_likely)(struct tn_target *target);
    const char *(*likely)(const struct tn_target *target, const char *name);

    void (*judge)(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out);
    void (*judge_errno)(int error, struct tn_judgement *out);

    /* Why a name cannot even be searched ("" , too long); true when it can. */
    bool (*name_is_searchable)(const char *name, struct tn_judgement *out);
};

extern const tenon_loader tn_loader_glibc;
extern const tenon_loader tn_loader_musl;

/* THE table of loaders; ends with NULL. */
extern const tenon_loader *const tn_loaders[];

/* Where the loader's file is for an image; NULL: it has no row for it. */
const char *tn_loader_interpreter(const tenon_loader *loader, const struct tn_facts *facts);

/* The loader that an interpreter is, by its path; NULL: the name is none of ours. */
const tenon_loader *tn_loader_of_interpreter(enum tenon_format format, const char *path);

/*
 * The loader of an image: by its interpreter, notes and needs; when these leave it open, the
 * first whose own file exists in the world. *loader NULL: none of ours; false: no memory.
 */
bool tn_loader_of(tenon_world *world, const struct tn_facts *facts, const tenon_loader **loader);

#endif
