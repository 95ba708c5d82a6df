/* src/link/archives.h - the archives of a link, each opened once */
#ifndef TN_ARCHIVES_H
#define TN_ARCHIVES_H

#include "ar.h"
#include "chains.h"
#include "report.h"

struct tn_archive {
    const char *path; /* as the linker spells it */
    bool thin;
    struct tn_file file;
    struct tn_ar_member *members; /* files only; malloc */
    size_t count, room;
    size_t *claimed;        /* by member: how many rows of the report name it; malloc */
    const char **names;     /* by member, of units; NULL until asked for */
    struct tn_chains bases; /* members by base name; empty until one is looked for */
};

/* What each path leads to, and the archives among them. */
struct tn_archives {
    tenon_world *world;
    struct tn_arena *arena;
    const char *prefix; /* of units, as the caller wants it; NULL */
    struct tn_names paths;
    struct tn_known_path *known; /* by number in `paths` */
    size_t known_room;
    bool lost; /* there was no memory for an answer: what was said is not to be used */
};
struct tn_known_path {
    enum tn_path_kind kind;
    bool looked; /* inside, whether it is an archive */
    struct tn_archive *archive;
};

bool tn_archives_init(struct tn_archives *archives, tenon_world *world, struct tn_arena *arena,
                      const char *prefix);
void tn_archives_free(struct tn_archives *archives);

/* For readers of reports; arg is a struct tn_archives. */
enum tn_path_kind tn_archives_kind(void *arg, const char *path);

/* A file at that path was read just now: nobody needs to look whether it is there. */
void tn_archives_met(struct tn_archives *archives, const char *path);

/*
 * The archive at a path, its members listed. NULL: there is none, or one that cannot be read (*err
 * filled).
 */
struct tn_archive *tn_archives_get(struct tn_archives *archives, const char *path,
                                   tenon_error *err);

/* Sets `claimed` of all members to 0. */
void tn_archives_unclaim(struct tn_archives *archives);

/*
 * Members that a linker may mean by `name`: as the archive has it, the path of a thin member's file
 * from here, or its base name. Returns how many fit, *first the first of them and *how a number
 * for tn_archive_fits().
 */
enum tn_name_match { TN_MATCH_NAME, TN_MATCH_PATH, TN_MATCH_BASE, TN_MATCH_NONE };
size_t tn_archive_find(struct tn_archives *archives, struct tn_archive *archive, const char *name,
                       enum tn_name_match *how, size_t *first);
bool tn_archive_fits(struct tn_archives *archives, const struct tn_archive *archive, size_t i,
                     const char *name, enum tn_name_match how);

/*
 * The name of a member's unit: PREFIX/BASE. An archive that a package of this system owns keeps
 * that package's name; others have the caller's prefix, or their own name. NULL: no memory.
 */
const char *tn_archive_unit_name(struct tn_archives *archives, struct tn_archive *archive,
                                 size_t i);

/*
 * The member that the archive's index says defines a symbol; archive->count: none does, or there is
 * no index that tenon reads (GNU's, of 4 or 8 bytes).
 */
size_t tn_archive_definer(struct tn_archives *archives, struct tn_archive *archive,
                          const char *symbol);

/*
 * Opens a member as a file of its own; its bytes live in `arena`.
 *
 * errors   TENON_E_NOT_FOUND for a thin member whose file is gone; those of the readers
 */
bool tn_archive_open(struct tn_archives *archives, struct tn_archive *archive, size_t i,
                     struct tn_arena *arena, struct tn_file *file, tenon_error *err);

#endif
