/* src/find/private_libs.h - what an archive needs besides, found by trying */
#ifndef TN_PRIVATE_LIBS_H
#define TN_PRIVATE_LIBS_H

#include "hunt.h"

/* Compiles and links as steps (b) and (d) do. */
bool tn_probe_compile(struct tn_hunt *hunt, const struct tn_words *cflags, const char *source,
                      const char *object, const char *rule, struct tn_said *said, tenon_error *err);
bool tn_probe_link(struct tn_hunt *hunt, const char *object, const char *program,
                   const struct tn_words *libs, const struct tn_words *run_dirs, bool is_static,
                   struct tn_said *said, tenon_error *err);

/*
 * After a link failed: when the library is an archive, tries the libraries that it may need, and
 * adds those that are needed to attempt->libs. *said is then that of the link that passed.
 */
bool tn_try_private_libs(struct tn_hunt *hunt, struct tn_attempt *attempt, const char *object,
                         const char *program, struct tn_outcome *outcome, struct tn_said *said,
                         tenon_error *err);

/*
 * After a link with an archive passed: what all of its members need is added to attempt->libs, and
 * *added tells whether that is anything; a remark says it where it is not known. The test needs few
 * of the members, or none: what it links with says nothing of the others.
 *
 * errors   TENON_E_SYSTEM, TENON_E_MEMORY
 */
bool tn_add_needs_of_all(struct tn_hunt *hunt, struct tn_attempt *attempt,
                         const struct tn_outcome *outcome, bool *added, tenon_error *err);

/*
 * The switches of a static link with all of the library's members: *libs has them, in the arena;
 * NULL with *why when there is no such link.
 */
bool tn_static_libs(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                    const struct tn_outcome *outcome, const char **libs, const char **why,
                    tenon_error *err);

#endif
