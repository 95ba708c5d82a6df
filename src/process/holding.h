/* src/process/holding.h - an image that is, or would be, in a process, with the units it holds */
#ifndef TN_HOLDING_H
#define TN_HOLDING_H

#include <tenon/image.h>
#include <tenon/process.h>

#include "arena.h"
#include "file_identity.h"
#include "judge.h"
#include "mapped_symbols.h"
#include "proof.h"

#define TN_HOLDING_RECORDS 4 /* PT_NOTE segments of one image that may hold records */

struct tn_holding {
    struct tn_arena arena;
    bool in_arena;      /* it is itself part of one */
    const char *path;   /* as the loader reports it */
    const char *place;  /* for people: "the host program", "plugin \"stats\"", or the path */
    const char *plugin; /* that provides or requires it; NULL */
    enum tenon_reason_kind reason;
    const char *name;     /* as the loader was asked for it; NULL: not known */
    const char *own_name; /* NULL */
    const char *build_id; /* hexadecimal; NULL */
    const char *const *needs;
    size_t need_count;
    bool is_program;
    bool is_own_code; /* of a plugin: no library, unless it has a name of its own */
    bool serves_all;  /* in the global scope: its exports answer everybody */
    bool has_static_tls;
    uint64_t tls_size;

    /* Records: of the segments in memory, or of the file. */
    struct tn_view notes[TN_HOLDING_RECORDS]; /* not read yet */
    size_t note_count, notes_read;
    tenon_units *records[TN_HOLDING_RECORDS];
    size_t record_count;
    enum tenon_record record;

    /* Of code in the cache that was verified before: what was noted then. NULL: nothing was. */
    const struct tn_proof *proof;

    /* Of what the program was started with, and is never unmapped: its tables in memory. */
    bool stays;
    const struct tn_mapped *mapped; /* NULL: none that we can look up in */

    /* The file, held against what is in memory: when that was first wanted. */
    bool checked;
    bool recognised; /* by the index, or noted there */
    bool is_bare;    /* it has no other symbols than the dynamic ones */
    struct tn_identity identity;
    bool strong_known; /* its strong definitions, bytewise by name */
    const char *const *strong;
    size_t strong_count;

    /* The file, with its symbols: read when first wanted. */
    tenon_units *file;
    bool file_tried, starved; /* starved: there was no memory to read it, what follows is wrong */
    const char *fault;        /* why it cannot be read; NULL */
    enum tenon_code fault_code;
    const char *replaced; /* the file is not what is in the process: why; NULL */

    bool hash_tried, hash_known; /* of the file's bytes: where there is no build id */
    uint8_t hash[32];

    tenon_unit library; /* the image itself as a unit: tn_holding_is_library() */

    uintptr_t base;    /* where it is mapped; 0: it is not */
    uint32_t print;    /* of what is mapped there; 0: not taken */
    bool is_caller;    /* the code of this library is in it */
    int32_t loaded_by; /* index of the holding that caused it; -1 */
    bool is_placed;    /* in the plan at hand: counted once however many plugins need it */
    bool is_gone;      /* about to be dropped */
    bool with_own;     /* by the plan at hand it is, or comes with, a plugin's own code */
    bool is_left;      /* of a plugin that was stopped, or failed: it only stays mapped */
    bool must_serve;   /* loaded apart, and now somebody needs its symbols */
    bool goes_along;   /* one that must serve needs it: then it does, too */
    uint32_t row;      /* of the graph at hand */
};

struct tn_holding *tn_holding_new(const char *path, tenon_error *err);

/*
 * Code that was verified before, in an arena that outlives it; the path is borrowed, and so is what
 * was noted. NULL: no memory.
 */
struct tn_holding *tn_holding_of_proof(struct tn_arena *arena, const char *path,
                                       const struct tn_proof *proof);

/* The same of code that was loaded for a plugin, with strings of its own. NULL: no memory. */
struct tn_holding *tn_holding_came(const char *path, const char *plugin,
                                   const struct tn_proof *proof);
void tn_holding_free(struct tn_holding *holding);

/*
 * Of both: is it the plugin's own code, or a library of its bundle? Only the latter is a unit
 * without a name of its own.
 */
void tn_holding_set_own_code(struct tn_holding *holding, bool is_own_code);

/* Own name, needs and build id from the file; what is known from memory stays. Never fails but for
 * want of memory: a file that cannot be read is `replaced`. */
bool tn_holding_read_image(struct tn_holding *holding, tenon_world *world, tenon_error *err);

/* The same from an image that is open already. */
bool tn_holding_take_image(struct tn_holding *holding, const tenon_image *image, tenon_error *err);

/*
 * Own name and needs from memory. The file is looked at when somebody asks for what only it has.
 * False: no memory.
 */
bool tn_holding_take_mapped(struct tn_holding *holding, const struct dl_phdr_info *info);

/*
 * Is the file of an object of this process still the one that was mapped, as far as that can be
 * told? Looked at once; false with `replaced` set, or for want of memory (`starved`).
 */
bool tn_holding_check_file(struct tn_holding *holding, tenon_world *world);

/*
 * Is there something in it that nobody can see: what its record may leave out, while its symbols
 * were stripped? False where the record is complete or there is none, and for a file that cannot
 * be read.
 */
bool tn_holding_hides(struct tn_holding *holding, tenon_world *world);

/*
 * Was the file that is mapped at that address removed, or replaced by another one? By what the
 * system says of the mapping; false where it says nothing.
 *
 * rule  proc(5), /proc/PID/maps: " (deleted)" behind the path
 */
bool tn_mapped_is_deleted(uintptr_t base);

/* Did the file change since it was looked at, or was it never? */
bool tn_holding_file_changed(const struct tn_holding *holding);

/*
 * A record in memory, one PT_NOTE segment. Of the program, whose memory stays, it is only
 * remembered; else it is read at once, from a copy.
 */
bool tn_holding_add_notes(struct tn_holding *holding, const void *bytes, size_t size,
                          unsigned align, tenon_error *err);

/* Reads what was remembered. Nothing else is said of it; what makes no sense is UNREADABLE. */
bool tn_holding_read_notes(struct tn_holding *holding, tenon_error *err);

/*
 * The units of its file, symbols included; NULL: they cannot be known. When that was for want of
 * memory, the holding is `starved`: whoever asked for an answer must not get one.
 */
const tenon_units *tn_holding_file(struct tn_holding *holding, tenon_world *world);

/*
 * Its strong definitions: how many rows there are to look at, and the name in each; NULL: that one
 * is not strong. Reads the file unless they were noted.
 */
size_t tn_holding_strong_count(struct tn_holding *holding, tenon_world *world);
const char *tn_holding_strong(const struct tn_holding *holding, size_t i);

/* What the dynamic linker sees of it. */
struct tn_sight tn_holding_sight(struct tn_holding *holding, tenon_world *world);

/*
 * Is one image the same build as the other, by build id, or by all bytes of their files?
 * TENON_UNKNOWN: a file cannot be read.
 */
enum tenon_answer tn_holding_same_build(struct tn_holding *a, struct tn_holding *b,
                                        tenon_world *world);

/*
 * Is the image a library that others may have, too? Its unit is `library`; without a name of its
 * own it is called like its file.
 */
bool tn_holding_is_library(const struct tn_holding *holding);

/*
 * Does the loader take it for a library that is asked for by that name: its own name, or the one
 * by which it came?
 *
 * rule  glibc elf/dl-load.c, _dl_map_object(): a loaded object answers to the names in l_libname,
 *       and to its DT_SONAME
 */
bool tn_holding_answers(const struct tn_holding *holding, const char *name);

/* Bytes of thread-local data of the image at that path (static_tls.c); 0: none, or not known. */
uint64_t tn_tls_size(tenon_world *world, const char *path);

/* Bytes that glibc keeps in the static block for what is loaded later. */
uint64_t tn_tls_room(const tenon_world *world);

/* The units that its record names, numbered through all records; NULL past the last. */
const tenon_unit *tn_holding_unit(const struct tn_holding *holding, size_t i);

#endif
