/* src/find/evidence.h - a base directory, and what in it says how a library is used */
#ifndef TN_EVIDENCE_H
#define TN_EVIDENCE_H

#include "hunt.h"

#define TN_PLACE_VARIANTS 4

/* One base directory. */
struct tn_place {
    const char *dir; /* NULL: the compiler's own */
    const char *origin;
    bool user;                              /* the user gave it, or it is LOCALBASE */
    bool builtin;                           /* the compiler looks there on its own */
    const char *libdirs[TN_PLACE_VARIANTS]; /* NULL: no -L */
    size_t variants;                        /* 0: the directory is not there */
    const char *pc_dir;                     /* of .pc files alone, wherever these lead; NULL */
};

/* The next place from *i on: the user's directories, LOCALBASE, SEARCH_LIBS, the compiler's own. */
bool tn_place_next(struct tn_hunt *hunt, size_t *i, struct tn_place *place);

/* Debian's name of the target: "x86_64-linux-gnu" for clang's "x86_64-pc-linux-gnu". NULL: not
 * known, or no memory. */
const char *tn_multiarch(struct tn_hunt *hunt);

/* The next directory of PKG_CONFIG_PATH and PKG_CONFIG_LIBDIR from *i on. */
bool tn_pc_place_next(struct tn_hunt *hunt, size_t *i, struct tn_place *place);

/* The k-th directory of a variable that is a list with colons; NULL: no more, or no memory. */
const char *tn_listed_dir(const struct tenon_finder *finder, struct tn_arena *arena,
                          const char *variable, size_t k);

/* The plain switches for a place with its k-th library directory. False: no memory. */
bool tn_place_attempt(struct tn_hunt *hunt, const struct tn_place *place, size_t k,
                      struct tn_attempt *attempt);

/*
 * What a .pc file or a foo-config script of the place says. *there: one is; then *attempt is to be
 * freed.
 */
bool tn_pc_attempt(struct tn_hunt *hunt, const struct tn_place *place, struct tn_attempt *attempt,
                   bool *there, tenon_error *err);
bool tn_script_attempt(struct tn_hunt *hunt, const struct tn_place *place,
                       struct tn_attempt *attempt, bool *there, tenon_error *err);

/* Equal switches, whatever their order. */
bool tn_same_switches(const struct tn_attempt *a, const struct tn_attempt *b);

/* The switches are those of one of the place's plain attempts. */
bool tn_is_plain(struct tn_hunt *hunt, const struct tn_place *place,
                 const struct tn_attempt *attempt);

/* Adds the directories in which these switches have headers looked for. False: no memory. */
bool tn_header_dirs(const struct tn_words *cflags, struct tn_words *dirs);

/*
 * The row of known libraries of the first one that the .pc file of this name gives, when it is what
 * the name is about: one of its headers is among the guesses, or lies below NAME/. *known: there is
 * one.
 */
bool tn_known_by_pc(struct tn_hunt *hunt, const struct tn_place *place,
                    const struct tn_words *guesses, struct tn_known_library *row, bool *known,
                    tenon_error *err);

/* Headers that the library may have, and who says so. */
bool tn_guess_headers(struct tn_hunt *hunt, const struct tn_place *place, struct tn_words *headers,
                      const char **source, tenon_error *err);

#endif
