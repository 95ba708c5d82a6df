/* src/link/command.h - the command line of a compiler, read as its driver reads it */
#ifndef TN_COMMAND_H
#define TN_COMMAND_H

#include "words.h"

enum tn_command_kind {
    TN_COMMAND_OTHER,   /* preprocesses, prints, makes assembly, asks for help, "ld -r" */
    TN_COMMAND_COMPILE, /* -c: every source becomes an object */
    TN_COMMAND_LINK,    /* makes a program or shared library */
};

/* What a word is for; some are left out of commands that are derived from this one. */
enum tn_word_role {
    TN_WORD_PROGRAM,    /* the compiler, and launchers before it */
    TN_WORD_OPTION,     /* says how code is made, or tenon does not know it */
    TN_WORD_MODE,       /* -c, -S, -E */
    TN_WORD_OUTPUT,     /* -o FILE */
    TN_WORD_DEPENDENCY, /* -MD, -MF FILE, ...: writes a dependency file */
    TN_WORD_DATABASE,   /* -MJ FILE: writes down the command itself */
    TN_WORD_PREPROCESS, /* -D, -I, -include: its effect is in the preprocessed text */
    TN_WORD_REPORT,     /* warnings, debugging information, messages: no effect on the code */
    TN_WORD_COUNT,      /* --coverage, ...: code that counts runs, and where it writes them */
    TN_WORD_LTO,        /* -flto, -fno-lto and kin */
    TN_WORD_LANGUAGE,   /* -x LANGUAGE */
    TN_WORD_SOURCE,
    TN_WORD_OBJECT, /* for the linker: object, archive, shared library, script */
    TN_WORD_LINKER, /* -l, -L, -Wl, ... */
};

struct tn_word {
    const char *text;
    enum tn_word_role role;
    const char *language; /* of a source, by -x; NULL: by its suffix */
};

struct tn_command {
    enum tn_command_kind kind;
    struct tn_word *words; /* response files replaced by their words */
    size_t count, room;
    size_t program;      /* the word that is the compiler: "gcc" of "ccache gcc" */
    bool is_linker;      /* it is ld itself: no -Wl, */
    const char *output;  /* -o; NULL: by default */
    const char *linker;  /* of -fuse-ld= or --ld-path=, as given, or itself; NULL: the default */
    const char *map;     /* the user's own -Map; NULL */
    const char *depends; /* the linker's --dependency-file; NULL */
    bool lto, shared, is_static, relocatable;
    bool prints;           /* the linker was asked to print on standard output: a trace, a map */
    bool collects, folds;  /* --gc-sections; --icf: equal sections become one */
    bool hides_discards;   /* --no-print-map-discarded: a map does not tell what was left out */
    struct tn_words named; /* what may be a file for the linker, by whichever way */
    struct tn_words lazy;  /* of these, what stands between --start-lib and --end-lib */
    struct tn_words symbols_only; /* --just-symbols: their code is not taken */
    bool in_lib;                  /* while the command is read: between the two */
};

/*
 * Reads a command, argv[0 .. argc).
 *
 * owner    tn_command_free(); strings are borrowed from argv, or in the arena
 * errors   those of tn_words_expand; TENON_E_ARGUMENT when there is no compiler
 */
bool tn_command_read(tenon_world *world, struct tn_arena *arena, const char *const *argv,
                     size_t argc, struct tn_command *out, tenon_error *err);
void tn_command_free(struct tn_command *command);

/* Adds what may be a file for the linker; for readers of the command. False: no memory. */
bool tn_command_name(struct tn_command *command, const char *path);

/* True for languages and suffixes that come out of a preprocessor and may be optimised at link
 * time: not assembly. */
bool tn_command_is_assembly(const struct tn_word *source);

/* True for C and its kin: "-include FILE" is read before such a source. */
bool tn_command_takes_header(const struct tn_word *source);

/* True for a header as a source: it is precompiled, and becomes no object. */
bool tn_command_is_header(const struct tn_word *source);

/* What -c makes of a source without -o: its base name with the suffix ".o". NULL: no memory. */
const char *tn_command_object(struct tn_arena *arena, const char *source);

/*
 * The words of a command that is made from this one: without roles in `dropped` (1 << role) and
 * without sources other than `source`; `last` (NULL-ended) goes before it.
 *
 * returns  false: no memory; out->at is NULL-ended
 */
bool tn_command_derive(const struct tn_command *command, const struct tn_word *source,
                       unsigned dropped, const char *const *last, struct tn_words *out);

#endif
