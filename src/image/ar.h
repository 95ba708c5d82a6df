/* src/image/ar.h - the members of an archive */
#ifndef TN_AR_H
#define TN_AR_H

#include "cursor.h"
#include "file.h"

#define TN_AR_MAGIC "!<arch>\n"
#define TN_AR_THIN_MAGIC "!<thin>\n"
#define TN_AR_AIX_BIG_MAGIC "<bigaf>\n"
#define TN_AR_AIX_SMALL_MAGIC "<aiaff>\n"
#define TN_AR_MAGIC_SIZE 8u
#define TN_AR_HEADER_SIZE 60u

/* Members that are not files but belong to the archive itself. */
enum tn_ar_role {
    TN_AR_FILE,
    TN_AR_INDEX,      /* "/", "__.SYMDEF": big-endian words of 4 bytes, or the BSDs' own */
    TN_AR_INDEX_64,   /* "/SYM64/", "__.SYMDEF_64" */
    TN_AR_LONG_NAMES, /* "//" */
    TN_AR_OTHER,      /* COFF's second linker member, tables of MSVC, "__.LIBDEP" */
};

struct tn_ar_member {
    enum tn_ar_role role;
    const char *name;      /* without padding and end mark; in the arena */
    uint64_t header;       /* offset of its header in the archive */
    uint64_t offset, size; /* of its bytes in the archive; thin files: offset 0, size as recorded */
    uint64_t skipped;      /* bytes of a name that stood before the data ("#1/len") */
    bool external;   /* thin: `name` is the path of the file, seen from the archive's folder */
    uint64_t nested; /* external: header offset inside the archive `name`; 0: the file itself */
};

/* How AIX lays an archive out; its members are a list in both directions. */
struct tn_ar_aix {
    bool big;
    uint64_t members;     /* offset of the member table's header; 0: none */
    uint64_t index[2];    /* ... of the symbol tables for members of 32 and 64 bits */
    uint64_t first, last; /* ... of the members */
};

struct tn_ar {
    struct tn_file *file;
    bool thin;
    bool is_aix;
    struct tn_ar_aix aix;
    struct tn_view long_names;
    uint64_t next;  /* offset of the next header */
    size_t count;   /* members so far */
    uint64_t bytes; /* ... of AIX: in them */
    bool end;
};

/* rule  "!<arch>\n" or "!<thin>\n" */
bool tn_ar_matches(struct tn_view head);

/* The archives of AIX. rule  "<bigaf>\n" or "<aiaff>\n" */
bool tn_ar_is_aix(struct tn_view head);

/* Of either kind. errors  TENON_E_FORMAT when it is none */
bool tn_ar_open(struct tn_file *file, struct tn_ar *out, tenon_error *err);

/*
 * The next member, index members and tables among them. False at the end (ar->end), or with *err
 * filled: TENON_E_MALFORMED, _TRUNCATED (a size that runs past the file), _LIMIT, _MEMORY.
 */
bool tn_ar_next(struct tn_ar *ar, struct tn_ar_member *member, tenon_error *err);

/* What tn_ar_open() and tn_ar_next() do for archives of AIX (ar_aix.c). */
bool tn_ar_aix_open(struct tn_ar *ar, tenon_error *err);
bool tn_ar_aix_next(struct tn_ar *ar, struct tn_ar_member *member, tenon_error *err);

/* The member or table whose header is at `offset` of an archive of AIX. */
bool tn_ar_aix_member(struct tn_ar *ar, uint64_t offset, struct tn_ar_member *member,
                      uint64_t *next, tenon_error *err);

/* The next member that is a file. */
bool tn_ar_next_file(struct tn_ar *ar, struct tn_ar_member *member, tenon_error *err);

/*
 * The directory part of the archive's path and a thin member's path put together; an absolute
 * one stands alone. NULL: no memory.
 */
const char *tn_ar_external_path(struct tn_arena *arena, const char *archive, const char *name);

#endif
