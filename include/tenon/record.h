/* include/tenon/record.h - an object that names its own unit, without "tenon cc" */
#ifndef TENON_RECORD_H
#define TENON_RECORD_H

/*
 * Included by a source (or by gcc: -include tenon/record.h), this puts the note of a unit
 * into its object: the name, and nothing else. Digests, definitions and whether the unit keeps
 * state stay unknown; "tenon cc" and "tenon wrap" know them and put a whole note in this one's
 * place, and "tenon link" adds one, but for intermediate code. It works with intermediate code
 * (-flto) too, and needs no linking with libtenon. Assembly (.S) gets no note.
 *
 *   TENON_PROJECT   a string: units are named PROJECT/NAME
 *   TENON_UNIT      a string: the unit's name; else the base name of the source, without suffixes.
 *                   Define it when the source's path has a quotation mark or a backslash: the
 *                   assembler reads it as a string. A source that is read from standard input has
 *                   no name: without TENON_UNIT it gets no note, and its object is the unit
 *   TENON_NO_RECORD defined: no note
 *
 * The path of the source as the compiler was given it is in the object (-fmacro-prefix-map changes
 * it); readers take its base name.
 */
#if defined __ELF__ && defined __GNUC__ && !defined __ASSEMBLER__ && !defined TENON_NO_RECORD

#ifndef TENON_PROJECT
#define TENON_PROJECT ""
#endif
#ifndef TENON_UNIT
#define TENON_UNIT __BASE_FILE__
#ifdef __clang__ /* which does not know its source there */
__extension__ _Static_assert(__builtin_strcmp(TENON_UNIT, "<built-in>") != 0,
                             "with clang, include <tenon/record.h> in the source, not by "
                             "-include; or define TENON_UNIT");
#endif
#endif

/* a source from standard input has no name: gcc's is "", clang's "<stdin>" */
__asm__(".ifnes \"" TENON_UNIT "\",\"\"\n"
        ".ifnes \"" TENON_UNIT "\",\"<stdin>\"\n"
        ".pushsection .note.tenon,\"a\",%note\n"
        ".balign 4\n"
        ".long 6, 2f - 1f, 1\n" /* sizes of owner and description, the type: a unit */
        ".asciz \"tenon\"\n"
        ".balign 4\n"
        "1: .byte 1, 8, 0, 0\n" /* layout, flags: a source's name; no digests */
        ".asciz \"" TENON_PROJECT ":" TENON_UNIT "\"\n"
        ".byte 0, 0\n" /* no origin, no definitions */
        "2: .balign 4\n"
        ".popsection\n"
        ".endif\n"
        ".endif\n");

#endif
#endif
