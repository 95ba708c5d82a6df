/* src/link/members_private.h - what the readers of members share */
#ifndef TN_MEMBERS_PRIVATE_H
#define TN_MEMBERS_PRIVATE_H

#include "members.h"

/* Appends one that could not be determined. False: no memory. */
bool tn_members_add_unsure(struct tn_members *members, const char *label, const char *why);

/* Looks at a member of an archive, and appends it. */
bool tn_members_add_member(struct tn_members *members, struct tn_archive *archive, size_t i,
                           tenon_error *err);

/*
 * Looks at a file, `shown` in names and messages, and appends it. A shared library or script is no
 * member of the link.
 */
bool tn_members_add_file(struct tn_members *members, const char *path, const char *shown,
                         tenon_error *err);

#endif
