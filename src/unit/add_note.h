/* src/unit/add_note.h - notes put into objects and archives that are made already */
#ifndef TN_ADD_NOTE_H
#define TN_ADD_NOTE_H

#include "ar.h"
#include "arena.h"

/*
 * Puts whole notes (tn_record_write_unit, one after another) as section `.note.tenon` into a
 * relocatable ELF object of either class and byte order, in place of one that is there. Everything
 * else stays where and as it is; only the section names and the section headers are written anew,
 * behind the rest.
 *
 * owner    *out in the arena
 * errors   TENON_E_UNSUPPORTED for GCC's and LLVM's intermediate code, from which linkers drop what
 *          is added (the message says what to do instead); TENON_E_NOT_LOADABLE when it is no
 *          relocatable object; those of the readers
 */
bool tn_add_note(struct tn_arena *arena, struct tn_view object, struct tn_view notes,
                 struct tn_view *out, tenon_error *err);

/*
 * The notes for one member, with its bytes; an empty view leaves the member as it is. False: the
 * whole is given up, with *err filled. Called in member order, for files only.
 */
typedef bool tn_archive_notes(void *arg, const struct tn_ar_member *member, struct tn_view bytes,
                              struct tn_view *notes, tenon_error *err);

/*
 * Writes an archive anew with notes in its members; its symbol index (GNU, System V, BSD) then
 * points to where they are now. Nothing depends on time or place: equal archives and notes give
 * equal bytes.
 *
 * owner    *out and what is worked with in the arena
 * errors   TENON_E_UNSUPPORTED for a thin archive (its members are files of their own) and for
 *          Microsoft's index; TENON_E_LIMIT when an offset no longer fits the index;
 *          those of tn_add_note ("member NAME: ..."), of tn_ar_next and of the caller
 */
bool tn_archive_rewrite(struct tn_arena *arena, struct tn_file *archive, tn_archive_notes *notes_of,
                        void *arg, struct tn_view *out, tenon_error *err);

#endif
