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

    /* the object itself: its path as the loader reports it, and what it records */
    const char *path;
    const struct tn_facts *facts; /* without needs and versions */
};

/*
 * One kind of process: everything about it that does not depend on which program it runs. Made
 * once per (loader, machine, interpreter) and run.
 */
struct tn_target {
    const tenon_loader *loader;
    tenon_world *world;
    struct tn_arena *arena;
    unsigned word; /* bytes of an address, as the program's facts have it */
    enum tn_endian endian;
    uint32_t machine;
    uint32_t e_flags;        /* of an ELF program; 0 */
    uint32_t variant;        /* as the program's facts have it */
    const char *interpreter; /* path of the loader's own file; "" when it has none */
    bool secure;
    void *config; /* the loader's own, lazily filled */
    uint32_t id;
    uint32_t process;   /* the one that is asked about now: a number that none before had; not 0 */
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

/* Who gives a name that may have tokens in it, and how. */
struct tn_namer {
    const char *origin; /* directory of the object that asks; of a preload: the program's */
    bool is_program;    /* that object is the program */
    enum tn_request request;
    uint32_t left; /* as that of a tn_trial */
};

/* Who asks. Two askers with equal fields are given equal plans. */
struct tn_asker {
    const struct tn_paths *paths;   /* NULL: nobody in the chain has any */
    const struct tn_paths *program; /* with `paths_of_all`: the program's; else NULL */
    bool own;                       /* `paths` are the asker's own */
    uint32_t flags;                 /* tenon_loader.asker_flags() of it; below 2^24 */
    uint32_t left;                  /* tn_trial.left of the search before; 0: of none */
    enum tn_request request; /* NEED but for preloads of secure processes, or `requests_differ` */
    const char *program_origin; /* directory of the program; NULL: nobody wanted it */
};

enum tn_stage_kind {
    TN_STAGE_DIRS,    /* try each directory of a list */
    TN_STAGE_CHAIN,   /* the stages that each object of the asker's chain gives */
    TN_STAGE_LATE,    /* tenon_loader.late_stage() makes it when a search comes that far */
    TN_STAGE_CACHE,   /* ask the loader's cache for one path */
    TN_STAGE_OWN,     /* tn_stage.own makes the candidates, one by one */
    TN_STAGE_SKIPPED, /* not consulted; said why */
};

struct tn_link;
struct tn_trial;
struct tn_elf_words;

/* One step of a search. */
struct tn_stage {
    enum tn_stage_kind kind;
    const tenon_rule *rule;
    const char *where;  /* whose list; NULL */
    const char *detail; /* SKIPPED: why */
    const struct tn_dirs *dirs;

    /* CHAIN: what one object of the chain, which begins with asker->paths, means for the asker */
    void (*link)(const struct tn_asker *asker, const struct tn_paths *paths, struct tn_link *out);

    void (*own)(struct tn_trial *trial); /* OWN */
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
    bool need_setuid; /* candidates without the set-uid bit are skipped, by `judge` */
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
    bool believed;      /* that the loader does so is not established */
    bool fatal;         /* STOP: and nothing starts, also where the name may be missing */
};

static inline struct tn_judgement tn_judged(enum tenon_outcome outcome, enum tn_action action,
                                            const char *detail)
{
    return (struct tn_judgement){ .outcome = outcome, .action = action, .detail = detail };
}

/* ... where no source and no manual says what the loader does with such a candidate. */
static inline struct tn_judgement tn_believed(enum tenon_outcome outcome, enum tn_action action,
                                              const char *detail)
{
    return (struct tn_judgement){
        .outcome = outcome, .action = action, .detail = detail, .believed = true
    };
}

/* What is known of a candidate that could be opened. */
struct tn_candidate {
    const tenon_file_info *info;
    tenon_image_source source;    /* what was opened */
    struct tn_view head;          /* the first bytes, at most TN_HEAD_SIZE */
    const struct tn_facts *facts; /* NULL: could not be read as this target would */
    enum tenon_code error;        /* why not */
    int system_errno;             /* ... and 0 */
    const char *error_text;
    enum tn_request request; /* as that of the asker */
    bool need_setuid;        /* as that of the plan */
};

#define TN_HEAD_SIZE 64u

/* The header of a candidate as an ELF loader sees it; false when the file is shorter than one. */
static inline bool tn_candidate_header(const struct tn_candidate *candidate,
                                       const struct tn_elf_assume *assume,
                                       struct tn_elf_header *out)
{
    if (candidate->facts && candidate->facts->format == TENON_FORMAT_ELF) {
        *out = candidate->facts->elf.header;
        return true;
    }
    return tn_elf_parse_header(candidate->head, assume, out);
}

/* It is there, and read(2) fails. */
static inline bool tn_candidate_is_unread(const struct tn_candidate *candidate)
{
    return candidate->error == TENON_E_SYSTEM && candidate->info->type == TENON_FILE_REGULAR;
}

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
    const struct tn_facts *(*inside)(void *arg, const tenon_image_source *source);
    const bool *no_memory; /* true once it said NULL of a file that it could not read for that */
};

/* A candidate that a loader makes itself: which image, and by which rule it came to it. */
struct tn_place {
    tenon_image_source source; /* path: "" when it is none */
    const tenon_rule *rule;    /* NULL: the stage's own, and its `where` */
    const char *where;         /* whose list; NULL */
    const char *detail;        /* said of it when it is taken; NULL */
};

/*
 * A search while TN_STAGE_OWN makes its candidates. A loader does so in its own order, and stops
 * as soon as tn_is_over(). Strings that are given live as long as `arena`, or longer.
 */
struct tn_trial {
    struct tn_target *target;
    const struct tn_asker *asker;
    const struct tn_stage *stage;
    const char *name;       /* the key that is searched for */
    struct tn_arena *arena; /* lives as long as the answer */
    struct tn_fact_source facts;
    bool no_memory; /* for the loader to set */

    /*
     * The loader's own number of what the searches of a process, this one among them, and what they
     * loaded have left to those that follow: below 2^16, and flags of askers are below 2^8 where it
     * is not 0.
     */
    uint32_t left;

    /* Opens, judges and records one candidate. */
    enum tn_action (*file)(struct tn_trial *trial, const struct tn_place *place);

    /* Tries `name` in each directory of a list. */
    enum tn_action (*dirs)(struct tn_trial *trial, const struct tn_stage *list, const char *name);

    /* Records what is no file, or none that is to be opened. TN_STOP gives the name up. */
    void (*note)(struct tn_trial *trial, const struct tn_place *place, struct tn_judgement judged);

    /* The system itself supplies it: `reason` says how. The search is over. */
    void (*system)(struct tn_trial *trial, const struct tn_place *place, const char *reason);

    bool (*is_over)(const struct tn_trial *trial);
    bool (*is_answered)(const struct tn_trial *trial);
};

static inline enum tn_action tn_try_file(struct tn_trial *trial, struct tn_place place)
{
    return trial->file(trial, &place);
}

static inline enum tn_action tn_try_dirs(struct tn_trial *trial, struct tn_stage list,
                                         const char *name)
{
    return trial->dirs(trial, &list, name);
}

static inline void tn_try_note(struct tn_trial *trial, struct tn_place place,
                               struct tn_judgement judged)
{
    trial->note(trial, &place, judged);
}

static inline void tn_try_system(struct tn_trial *trial, struct tn_place place, const char *reason)
{
    trial->system(trial, &place, reason);
}

static inline bool tn_is_over(const struct tn_trial *trial)
{
    return trial->no_memory || trial->is_over(trial);
}

/* The loader itself would try nothing more: what follows is for people. */
static inline bool tn_is_answered(const struct tn_trial *trial)
{
    return trial->no_memory || trial->is_answered(trial);
}

/* An object of a process, as far as names go. */
struct tn_loaded_object {
    const char *key;           /* it was asked for by; "" for the program */
    tenon_image_source source; /* where it is; path NULL: with the system */
    const char *own_name;      /* NULL: none */
    bool searched;             /* found by lists, not by a path */
    bool is_program;
};

/* Takes one name more; false: no memory. */
struct tn_name_sink {
    bool (*add)(void *arg, const char *name);
    void *arg;
};

/*
 * Takes one need more, of the provider or (of_asker) of who asked it, and what the loader wants to
 * know again when that is answered, during the call; false: no memory.
 */
struct tn_need_sink {
    bool (*add)(void *arg, const tenon_need *need, bool of_asker, const void *asked);
    void *arg;
};

/* One need of an object and the object that answers it. */
struct tn_bound {
    tenon_image_source asker, provider;
    const char *name;  /* of the need, as recorded */
    const char *path;  /* of the provider, as the loader reports it */
    bool arose;        /* the need is one that arose itself, */
    const void *asked; /* ... and this was given with it */
};

/* A need and the library that answers it. */
struct tn_answered {
    const tenon_need *need;
    const char *asker, *path;     /* of who needs it, and of the library */
    const struct tn_facts *facts; /* of the library */
};

/* What an export is that stands for another library's: who is asked for that, and for what. */
struct tn_forwarded {
    tenon_need need; /* name NULL: the text names no library */
    tenon_symbol symbol;
};

/* Why a library does not suit: its version is not the one asked for. */
struct tn_unsuited {
    const char *version, *reason; /* NULL: it does */
};

/* Where a loader's own file is for one kind of image. */
struct tn_interpreter {
    uint32_t machine;           /* 0: any */
    unsigned class_bits;        /* 0: any */
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

    bool matches_soname;      /* a loaded object answers to its SONAME and every earlier request */
    bool matches_short;       /* it answers to the last component of the path a search found */
    bool checks_versions;     /* missing symbol versions are fatal */
    bool absent_fatal;        /* ... and versions of a file that is not in the process */
    bool unversioned_fatal;   /* ... also where the library defines no versions at all */
    bool binds_symbols;       /* TENON_RESOLVE_SYMBOLS: ELF's, through the scope of the process */
    bool binds_imports;       /* ... each is asked of the library that it is listed with */
    bool symbol_versions;     /* symbol lookup looks at versions */
    bool never_lazy;          /* ... and is done before anything runs */
    bool asks_as_needed;      /* of a program without run paths only needs and flags count */
    bool has_filters;         /* DT_FILTER and DT_AUXILIARY are loaded with their object */
    bool dlopen_as_program;   /* dlopen() searches for the program, whoever calls */
    bool dlopen_searches;     /* ... and no loaded object answers to the name alone */
    bool requests_differ;     /* preloads, needs and dlopen() are searched for differently */
    bool preload_as_program;  /* a preload searches with the program's run paths */
    bool preload_is_fatal;    /* one that cannot be loaded stops the program */
    bool preload_only_warns;  /* ... but is only warned of in a secure process */
    bool preload_keeps_empty; /* nothing between two separators is a name, too, that no file has */
    bool preload_empty_list;  /* ... and so is a list that is set and empty */
    bool preload_is_no_need;  /* of the loader itself: it does not stand in the order for it */
    bool stubs_absent_export; /* where a symbol or forwarder leads nowhere, only a call fails */
    bool program_by_name;     /* the program answers to its own name alone, not to its file */
    bool program_is_last;     /* every chain of run paths ends with the program's */
    bool paths_of_all;        /* a chain has every object, not only those with run paths */
    bool paths_are_searched;  /* names with a slash go through the plan, as others do */
    bool origin_as_given;     /* a relative path has a relative $ORIGIN; "." when it has no slash */
    bool origin_resolved;     /* $ORIGIN of a library: symbolic links in its path are followed */
    bool
        origin_dir_resolved; /* $ORIGIN of all: links in the path's directory are, the file's not */
    bool joins_verbatim;     /* "dir/" and a name give "dir//name", as the loader then reports it */
    bool stats_directories;  /* a directory that cannot be asked about counts as absent, */
    bool trusts_relative;    /* ... unless it is relative: what opening a file in it says counts */
    bool depth_first;        /* what a library needs is loaded before the next need of its asker */
    bool arises_at_once;     /* what arises with a need is, too */
    bool self_is_system;     /* the loader's own file need not be there: the system has it */
    size_t path_limit;       /* candidates this long or longer are skipped; 0: none are */
    const char *rpath_word, *runpath_word; /* for people; NULL: "RPATH", "RUNPATH" */
    const char *preload_separators;
    const char *weak_variable;  /* set to whatever: weak definitions yield to others; NULL: none */
    const char *audit_variable; /* names modules that are loaded apart; NULL: none */
    const char *const *secure_variables; /* passed over in a secure process, NULL-ended; NULL:
                                          * nothing is said of such */

    /* The slices of universal files that a process may be, best first, NULL-ended; NULL: none. */
    const char *const *program_slices;

    /* Yes or no: is this the path of such a loader, by its name? NULL: it has no file. */
    bool (*is_interpreter)(const char *path);

    /* Yes or no: is this image started by (or made for) this loader? */
    bool (*matches)(const struct tn_facts *facts);

    /* Where its file is, when the image does not say: the first row that fits; NULL: none. */
    const struct tn_interpreter *interpreters;
    size_t interpreter_count;

    /* Fills target->config; false: no memory. */
    bool (*configure)(struct tn_target *target, tenon_error *err);

    /* The file that names preloads for all processes (NULL: none is read). NULL: no memory. */
    const char *(*preload_file)(struct tn_target *target);

    /* What the environment preloads, in the process at hand; NULL: nothing. The hook may be NULL.
     */
    const char *(*preload_list)(const struct tn_target *target);

    /*
     * The plan or a list of an asker depends on where the program is, always or because of a token
     * in the environment. NULL: never.
     */
    bool (*wants_program_origin)(const struct tn_target *target);

    /* What of a file matters for its searches besides its run paths. NULL: nothing. */
    uint32_t (*asker_flags)(const struct tn_facts *facts);

    /* The name stands for the loader itself. NULL: none does. */
    bool (*is_self)(const struct tn_target *target, const char *name);

    /*
     * By what a need is looked for among loaded objects, and searched for: equal exactly for needs
     * that the loader takes for the same. NULL: no memory. The hook NULL: the recorded name.
     */
    const char *(*key)(struct tn_target *target, const tenon_need *need);

    /* Names that a loaded object answers to from now on, besides those of the flags above. */
    bool (*claims)(struct tn_target *target, const struct tn_loaded_object *object,
                   const struct tn_name_sink *out);

    /*
     * The name that loaded objects are asked for first when dlopen() is given this one; `name`
     * itself: no other. NULL: no memory. The hook NULL: never another.
     */
    const char *(*opened_as)(const struct tn_target *target, const char *name);

    /*
     * How well a loaded object answers to a name that it has not claimed: 0 not at all; the best
     * one counts, of equal ones the first. `late`: a search found nothing. NULL: never.
     */
    unsigned (*fits)(struct tn_target *target, const char *name,
                     const struct tn_loaded_object *object, bool late);

    /*
     * Does who asks get this name from a place of its own, whatever is loaded that answers to it?
     * *yes says so. False: no memory. The hook NULL: never.
     */
    bool (*redirects)(struct tn_target *target, const struct tn_asker *asker, const char *name,
                      bool *yes);

    /*
     * What else has to be loaded when a need is answered: what forwarders that are bound lead to,
     * what a configuration adds. false: no memory. NULL: never any.
     */
    bool (*arising)(struct tn_target *target, const struct tn_bound *bound,
                    const struct tn_need_sink *out);

    /*
     * Reads the forwarder that an export is (its `forward`), for the needs of its own file; the
     * strings live as long as the target, or the symbol. false: no memory. NULL: `forward` is the
     * name of a symbol of the need that its `library` names.
     */
    bool (*forwarded)(struct tn_target *target, const tenon_symbol *symbol,
                      struct tn_forwarded *out);

    /* A file that stands for what the system has, and lists nothing of it. NULL: none does. */
    bool (*is_stand_in)(const struct tn_facts *facts);

    /*
     * Once all is loaded: does the version that a library says it has suit the need? Asked of needs
     * with versions alone; what does not suit is fatal. false: no memory. NULL: all suit.
     */
    bool (*compare_versions)(const struct tn_target *target, struct tn_arena *arena,
                             const struct tn_answered *answered, struct tn_unsuited *out);

    /*
     * Does an object without any versions answer for the version of it that somebody wants? *yes
     * says so. False: no memory. NULL: it does not, the loader gives up there.
     */
    bool (*takes_unversioned)(const struct tn_target *target, bool *yes);

    /* What a version stands for that is no library's age; NULL: no more than its name says. */
    const char *(*version_means)(const char *version);

    /* Slices of a universal file that the process takes, best first, NULL-ended. NULL: none. */
    const char *const *(*slices)(const struct tn_target *target);

    /* Why a name is refused before anything is looked at; false when it is not. NULL: never. */
    bool (*refuses)(const struct tn_target *target, const char *name, enum tn_request request,
                    struct tn_judgement *out);

    /*
     * Is the loader's own object in the list when nothing asked for it? *yes says so. False: no
     * memory. The hook NULL: it is not.
     */
    bool (*lists_itself)(const struct tn_target *target, bool *yes);

    /*
     * What an object that was loaded leaves to the searches that follow, in a secure process: its
     * path as it was found, and the directory it is in, links followed. *left as that of a
     * tn_trial. False: no memory. The hook NULL: nothing.
     */
    bool (*leaves)(struct tn_target *target, const char *path, const char *directory,
                   uint32_t *left);

    /*
     * Expands tokens of a name that is asked for. NULL with *refused set when the loader refuses or
     * drops it, or with its outcome FOUND when there is no memory; `name` itself when there is
     * nothing to expand. The hook NULL: never expands.
     */
    const char *(*expand_name)(struct tn_target *target, const char *name,
                               const struct tn_namer *by, struct tn_judgement *refused);

    /* Does a file's own list have tokens expanded? Else `origin` is NULL. NULL: always. */
    bool (*expands)(const struct tn_facts *facts);

    /* Splits an object's rpath or runpath; NULL: it has none. `origin`: its directory, NULL
     * unknown. */
    const struct tn_dirs *(*split)(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program);

    /*
     * How a name is searched for, one of the two: a plan for an asker, made once and of use for any
     * name; or a search that makes its candidates itself, one by one, for each name anew, and
     * stands under `rule_search` where none of its own steps tells more.
     */
    bool (*plan)(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *plan);
    void (*search)(struct tn_trial *trial);
    size_t rule_search;

    /* Makes a TN_STAGE_LATE stage, whose directories cost reading. */
    bool (*late_stage)(struct tn_target *target, const struct tn_asker *asker,
                       struct tn_stage *out);

    /* The candidate's subdirectories to try in a directory before the plain name; NULL-ended. */
    const char *const *(*subdirs)(struct tn_target *target);

    /* Asks the loader's cache for a name. false: no memory. */
    bool (*cached)(struct tn_target *target, const struct tn_fact_source *source, const char *name,
                   const struct tn_asker *asker, struct tn_cached *out);

    /*
     * The path that a search for a name mostly ends at, borrowed from the target; NULL: nothing is
     * likely. Any thread may ask, once the target's owner has prepared it (false: no memory). Both
     * are NULL for a loader that has no cache.
     */
    bool (*prepare_likely)(struct tn_target *target);
    const char *(*likely)(const struct tn_target *target, const char *name);

    /*
     * A loader that reads every file in one way, whatever the file says of itself: is the file of
     * that kind by its own word, and if not, what is read in it. Both NULL for others.
     */
    bool (*is_of_target)(const struct tn_target *target, struct tn_view head);
    bool (*read_as_target)(const struct tn_target *target, struct tn_file *file,
                           struct tn_facts *out, tenon_error *err);

    /*
     * A file that does what the loader itself does is unmapped, and the loader used instead: can a
     * file with such needs be one (first_need: NULL for none), and is it? NULL: no file is.
     */
    bool (*may_be_own_copy)(size_t need_count, const char *first_need);
    bool (*is_own_copy)(const struct tn_target *target, struct tn_file *file, bool *is,
                        tenon_error *err);

    void (*judge)(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out);
    void (*judge_errno)(const struct tn_target *target, int error, struct tn_judgement *out);

    /* Does it run the program that the kernel, or who called it, gives it? NULL: always. */
    struct tn_judgement (*judge_program)(const struct tn_target *target,
                                         const struct tn_facts *facts);
    const struct tn_elf_words *elf_words; /* of tn_elf_judge(); NULL for others */

    /*
     * Said of an object with DF_1_NOOPEN that dlopen() would bring, itself or for its needs. NULL:
     * nothing, it is loaded.
     */
    const char *not_opened;

    /* Does the object ask for an executable stack? NULL: the loader looks for no such wish. */
    bool (*wants_exec_stack)(const struct tn_target *target, const struct tn_facts *facts);

    /*
     * Is no running process given one? *yes says so; else all of it is, for good. False: no memory.
     * Set with wants_exec_stack.
     */
    bool (*keeps_stack)(const struct tn_target *target, bool *yes);
    const char *no_exec_stack; /* said of one that dlopen() would bring, where stacks are kept */

    /* Why a name cannot even be searched ("" , too long); true when it can. NULL: all can. */
    bool (*name_is_searchable)(const char *name, struct tn_judgement *out);

    /*
     * Why nothing was found, in the loader's words; NULL: no memory. The hook NULL: it says no more
     * than the name, between the two parts of `missing`.
     */
    const char *missing[2];
    const char *(*why_missing)(struct tn_arena *arena, const char *name,
                               const tenon_attempt *attempts, size_t count);
};

/*
 * ld.so's words where it has some: a class that did not fit, else the error of the last file that
 * it tried to open.
 */
const char *tn_why_missing(struct tn_arena *arena, const char *name, const tenon_attempt *attempts,
                           size_t count);

/* The same of any loader. */
const char *tn_loader_missing(const tenon_loader *loader, struct tn_arena *arena, const char *name,
                              const tenon_attempt *attempts, size_t count);

/* The plan of an asker, by any loader. False: no memory. */
bool tn_loader_plan(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *out);

extern const tenon_loader tn_loader_glibc;
extern const tenon_loader tn_loader_musl;
extern const tenon_loader tn_loader_dyld;
extern const tenon_loader tn_loader_hpux_som;
extern const tenon_loader tn_loader_netbsd_aout;
extern const tenon_loader tn_loader_freebsd_aout;
extern const tenon_loader tn_loader_freebsd;
extern const tenon_loader tn_loader_dragonfly;
extern const tenon_loader tn_loader_netbsd;
extern const tenon_loader tn_loader_openbsd;
extern const tenon_loader tn_loader_solaris;
extern const tenon_loader tn_loader_hpux;
extern const tenon_loader tn_loader_bionic;
extern const tenon_loader tn_loader_windows;
extern const tenon_loader tn_loader_wine;
extern const tenon_loader tn_loader_cygwin;
extern const tenon_loader tn_loader_aix;

/* THE table of loaders; ends with NULL. */
extern const tenon_loader *const tn_loaders[];

/* Where the loader's file is for an image; NULL: it has no row for it. */
const char *tn_loader_interpreter(const tenon_loader *loader, const struct tn_facts *facts);

/* The loader that an interpreter is, by its path; NULL: the name is none of ours. */
const tenon_loader *tn_loader_of_interpreter(enum tenon_format format, const char *path);

/* The loader of an image: by its interpreter, notes and needs; NULL: these leave it open. */
const tenon_loader *tn_loader_by_facts(const struct tn_facts *facts);

/*
 * ... when these leave it open: the first whose own file exists in the world. *loader NULL: none
 * of ours; false: no memory.
 */
bool tn_loader_by_world(tenon_world *world, const struct tn_facts *facts,
                        const tenon_loader **loader);

#endif
