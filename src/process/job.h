/* src/process/job.h - one request while it is answered: from names of plugins to a plan */
#ifndef TN_JOB_H
#define TN_JOB_H

#include "doubles.h"
#include "process_private.h"

/* Where code would be when there is no place for a cache: it is only named, never made. */
#define TN_JOB_NO_CACHE "/tenon-cache"

/* One file of code that a plugin would load. */
struct tn_code {
    const char *entry; /* in the bundle */
    const char *path;  /* where it is, or will be, in the cache */
    void *bytes;       /* not in the cache: what it will hold; NULL */
    size_t size;
    struct tn_holding *holding;
    const struct tn_proof *proof; /* it was verified before; NULL */
    bool shared;               /* a library of the same build is in the process, or comes before */
    struct tn_holding *mapped; /* it is in the process still, and no plugin's that is up; NULL */
};

/* One plugin that was asked for and found. */
struct tn_prospect {
    const tenon_request *request;
    const char *file;
    const char *name; /* of its manifest */
    tenon_bundle *bundle;
    const tenon_manifest *manifest;
    uint8_t digest[32];
    const char *triple;    /* of the code that was chosen */
    struct tn_code *codes; /* own libraries in the order of their needs, its own code last */
    size_t code_count;
    const struct tn_proofs *proofs; /* all its code was verified before; NULL */
    struct tn_cached *cached;       /* NULL: not taken out yet, or not looked at as it is proven */
    bool serves_all;                /* others need its symbols without naming it */
    bool own_first;                 /* its own code is opened before its libraries */
    bool libraries_first;           /* never its own code: the loader would find other libraries */
};

struct tn_job {
    tenon_process *process;
    tenon_report *report;
    tenon_world *world;
    const tenon_request *requests;
    size_t request_count;
    unsigned flags;             /* enum tenon_load_flags */
    const tenon_report *before; /* of an earlier plan of the same request; NULL */
    size_t before_said;         /* its findings from there on say what came of that plan */
    const char *folder;         /* of the last bundle, with its slash: it is open as */
    size_t folder_size;
    int folder_fd;
    const char *real_of, *real_folder; /* likewise: what realpath() made of it */
    size_t real_of_size;
    char *cache_path; /* where the cache is, or would be */
    size_t cache_path_size;
    tenon_error no_cache;   /* why there is no such place: then nothing can be loaded */
    struct tn_cache *cache; /* open only while it is there */

    struct tn_arena arena;         /* what goes with it */
    struct tn_prospect *prospects; /* those that can be planned */
    struct tn_slots names;         /* to their numbers */
    uint64_t seed[2];
    size_t count;
    struct tn_plan plan; /* its candidates stand beside the prospects */
    struct tn_doubles doubles;
    struct tn_images *images;
    struct tn_holding **brought; /* by number of plan.brought */
    size_t brought_count, brought_room;
    unsigned long long adds, subs; /* the loader's counters that the plan is made for */
    unsigned long long version;    /* likewise of the registry */
    bool is_plain;                 /* the resolver was not asked */
    bool failed;                   /* the answer could not be given: see the error */
};

/* ---- prospect.c -------------------------------------------------------------------------------
 */

/* Finds and opens everything that was asked for. False: *err. */
bool tn_job_gather(struct tn_job *job, tenon_error *err);
void tn_prospect_free(struct tn_prospect *prospect);

/*
 * The directory of a bundle, opened: most requests are for many of the same. AT_FDCWD: it cannot
 * be, and *name is the whole path.
 */
int tn_job_folder(struct tn_job *job, const char *path, const char **name);

/* ---- proven.c ---------------------------------------------------------------------------------
 */

/*
 * Fills the prospect's codes from what was proven of them, when the cache still has the very files.
 * False: they must be read; *err is set only for want of memory.
 */
bool tn_prospect_take_proofs(struct tn_job *job, struct tn_prospect *prospect, tenon_error *err);

/* Notes what was found good about the code of a prospect that is in the cache. */
void tn_prospect_prove(struct tn_job *job, struct tn_prospect *prospect,
                       const struct tn_cached *cached);

/* ---- native.c ---------------------------------------------------------------------------------
 */

/* Which plugin's code names another's: fills the plan's needs before there is an order. */
bool tn_native_needs(struct tn_job *job, tenon_error *err);

/*
 * True when the plan's code can be joined with this process without a question to the resolver:
 * all of it is proven, every library that it needs is among those the program was started with, and
 * these offer all versions and symbols that it asks for. Nothing is then missing, and nothing comes
 * along. False: ask.
 */
bool tn_native_is_plain(struct tn_job *job);

/* Is each file that a plugin could bind to the one that was mapped, as far as that can be told? */
bool tn_native_is_whole(struct tn_job *job);

/*
 * What the system's loader would say: missing and refused libraries, symbols, versions, static
 * TLS. Fills `brought`. False: *err; findings are no failure.
 */
bool tn_native_check(struct tn_job *job, tenon_error *err);

/*
 * The same of code that another loader opens, which has its own word on symbols. Fills `brought`;
 * what is needed by code that must serve everybody goes along. False: *err.
 */
bool tn_native_libraries(struct tn_job *job, tenon_error *err);

/* ---- stage.c ----------------------------------------------------------------------------------
 */

/* Finds code that is mapped still from when its plugin was loaded before. */
void tn_job_find_mapped(struct tn_job *job);

/*
 * Refuses plugins that somebody else has opened. Who would stand on what is left of a plugin that
 * was stopped, or failed, comes after the plugin that brings it again, or is refused, too. False:
 * no memory.
 */
bool tn_job_check_mapped(struct tn_job *job);

/*
 * Refuses who would stand on a plugin that goes, or was left half-way, and everybody while a plugin
 * is being opened. False: no memory.
 */
bool tn_job_refuse_going(struct tn_job *job);

/* ---- job.c ------------------------------------------------------------------------------------
 */

/* Makes the plan. False: *err. */
bool tn_job_plan(struct tn_job *job, tenon_error *err);

/*
 * For another loader: its caller filled prospects, with code that is open to read, and candidates.
 * First which libraries the system would add for them, in order; then whether something of these
 * would be in the process twice. False: *err; findings are no failure.
 */
bool tn_job_libraries(struct tn_job *job, tenon_error *err);
bool tn_job_judge(struct tn_job *job, tenon_error *err);
void tn_job_free(struct tn_job *job);
/* Opens the cache, once; false when there is no place for one, or it is not to be used. */
bool tn_job_open_cache(struct tn_job *job, tenon_error *err);
bool tn_job_open_world(struct tn_job *job, tenon_error *err);
void tn_job_close_folder(struct tn_job *job);
/* Libraries that the system would add to an earlier plan are not added. */
void tn_job_forget_brought(struct tn_job *job);
/* It is loaded all the same: to the loader it is another library than the one that is there. */
void tn_job_share_not(struct tn_job *job, size_t number, struct tn_code *code);
/* Who was to bring a library for others may be left out of the order by now. */
void tn_job_share_anew(struct tn_job *job);

/*
 * The candidate that stands for a prospect, with its units and their keys: right after these were
 * read, when they are at hand. False: no memory.
 */
bool tn_job_fill_candidate(struct tn_job *job, size_t number);

/*
 * What a plugin hides and does not record nobody can know: whoever asks is told of plugins whose
 * own code has no record.
 */
bool tn_prospect_is_recorded(const struct tn_prospect *prospect);
void tn_report_unrecorded(tenon_report *report, const char *name, const char *file);

/* Refused candidates are refused results; all are when it is the process that is refused. */
void tn_job_refuse_rows(struct tn_job *job);

#endif
