/* src/link/note_object.h - an object file that holds notes and nothing else */
#ifndef TN_NOTE_OBJECT_H
#define TN_NOTE_OBJECT_H

#include "model.h"

/*
 * Writes a relocatable ELF object with the section .note.tenon of these bytes, for the machine,
 * class, byte order and flags of `like`. Linking it changes nothing else: it has no symbols, asks
 * for no executable stack, and agrees to every property that a link keeps only when all objects
 * have it (x86 IBT and SHSTK, AArch64 BTI and PAC).
 *
 * errors   TENON_E_MEMORY
 */
bool tn_note_object(struct tn_arena *arena, const struct tn_elf_header *like, struct tn_view notes,
                    struct tn_view *out, tenon_error *err);

#endif
