/* src/link/members.h - the objects and archive members that a link took, and what each records */
#ifndef TN_MEMBERS_H
#define TN_MEMBERS_H

#include "archives.h"
#include "command.h"
#include "discards.h"
#include "model.h"
#include "native.h"
#include "prepared.h"
#include "record.h"

enum tn_member_state {
    TN_MEMBER_RECORDED,  /* carries its own notes */
    TN_MEMBER_COMPLETED, /* carries none; its unit was worked out */
    TN_MEMBER_LATER,     /* intermediate code: its notes, if any, are in the linked file */
    TN_MEMBER_UNSURE,
};

struct tn_member {
    enum tn_member_state state;
    const char *label;   /* for people: "libz.a(inflate.o)", "main.o"; no directories */
    const char *base;    /* of intermediate code: its name without directories and suffixes */
    const char *own;     /* of such beside machine code: the name in its whole note; NULL */
    bool is_fat;         /* intermediate code beside machine code: its notes can be read */
    bool is_doubtful;    /* of such: its note is of other code */
    struct tn_view note; /* completed */
    const char *why;     /* unsure */
    bool from_source;    /* intermediate code, made again from a source of the command */
};

struct tn_members {
    tenon_world *world;
    struct tn_arena *arena;
    const struct tn_command *command;
    const char *prefix;
    struct tn_archives archives;
    struct tn_native_namer objects;
    struct tn_names completed; /* names of units that were worked out: each once */
    struct tn_prepared prepared;
    struct tn_member *rows; /* malloc; in the order of the link */
    size_t count, room;
    struct tn_words recorded;  /* names of units that objects recorded themselves */
    struct tn_elf_header like; /* of the first object */
    bool has_like, has_later;
    bool guesses;      /* mold: members of intermediate code are named, taken or not */
    bool guesses_lazy; /* gold, mold: and so is such code between --start-lib and --end-lib */
    size_t ambiguous;  /* rows that may mean several members of one name */
    const struct tn_report *reasons;    /* why members were taken, which tells them apart; NULL */
    const struct tn_discards *discards; /* what the linker left out; NULL: not known */
    size_t gone;                        /* objects that were there only during the link */
};

bool tn_members_init(struct tn_members *members, tenon_world *world, struct tn_arena *arena,
                     const struct tn_command *command, const char *prefix);
void tn_members_free(struct tn_members *members);

/*
 * Reads every file that a linker's trace names. `map` is the linker's map where it is needed beside
 * the trace (mold: which members it kept; gold: members of intermediate code), else NULL.
 *
 * The compiler's own parts are left out: start files and helpers (runtime.h).
 *
 * errors   TENON_E_MEMORY
 */
bool tn_members_read(struct tn_members *members, const struct tn_report *trace,
                     const struct tn_report *map, tenon_error *err);

/* Forgets what was read, to read it again with `reasons`. False: no memory. */
bool tn_members_reset(struct tn_members *members);

/*
 * Adds the object that a source of the command became during the link; it was made again at
 * `path`, or could not be (NULL). Its unit is named after `name`.
 */
bool tn_members_add_source(struct tn_members *members, const char *path, const char *source,
                           const char *name, tenon_error *err);

/*
 * Decides what is to come: members of intermediate code are recorded when the linked file has the
 * unit of their note or, where that cannot be read, one of their name that no other object brought.
 */
bool tn_members_settle(struct tn_members *members, const tenon_units *linked, tenon_error *err);

/* The notes that the link is missing, the summary last; a row of the link's order each. */
bool tn_members_notes(const struct tn_members *members, struct tn_arena *arena, struct tn_view *out,
                      tenon_error *err);

/* How many there are in a state. */
size_t tn_members_count(const struct tn_members *members, enum tn_member_state state);

#endif
