/* src/process/index.h - units by each of their keys, to find those that may be the same */
#ifndef TN_INDEX_H
#define TN_INDEX_H

#include <tenon/process.h>
#include <tenon/unit.h>

#include "arena.h"
#include "slots.h"

struct tn_holding;

/* Of one strong definition: the hash for indexes, and tn_mapped_hash(). */
struct tn_defined {
    uint32_t key, mapped;
};

/*
 * Hashes of what a unit is found by; 0: it has no such thing, and without a name they are not
 * worked out. They are good for indexes of one seed.
 */
struct tn_keys {
    uint32_t name, implementation, set;
    bool has_comdat; /* it defines writable COMDAT objects */
    bool is_weak;    /* it is known by weak definitions */
    /* of what comes, when it is C: its set, in order */
    size_t defined_count;
    const struct tn_defined *defined;
};

/* A unit and where it is. */
struct tn_entry {
    const tenon_unit *unit;
    struct tn_holding *holding; /* the image it is in */
    enum tenon_reason_kind reason;
    enum tenon_unit_state state;
    struct tn_keys keys;
    uint32_t stamp; /* of the last question that met it */
    bool is_private;
};

/* Entries that stay where they are until they are wanted; their keys are worked out. */
struct tn_awaited {
    const struct tn_entry *entries;
    size_t count;
};

/*
 * Entries in the order of adding, found by name, by implementation digest, by set of definitions,
 * by each of that set, and by each writable COMDAT object.
 *
 * owner    borrows units and holdings
 */
struct tn_index {
    struct tn_entry *entries;
    size_t count, room;
    size_t defined; /* entries that are listed by what they define: when that was asked for */
    struct tn_slots slots;
    uint64_t *filter; /* hashes that are in `slots`: most that are asked for are not */
    size_t filter_words;
    uint32_t *found; /* of the last question */
    size_t found_count, found_room;
    uint32_t stamp;
    struct tn_awaited *awaited; /* added, but not listed before somebody asks */
    size_t awaited_count, awaited_room, awaited_entries;
    bool has_comdats, has_weak; /* some entry, also of those that are awaited */
    bool seeded;
    uint64_t seed[2];
};

void tn_index_free(struct tn_index *index);

/* Takes the seed of another one, so that keys of one serve the other. Before anything is added. */
void tn_index_seed(struct tn_index *index, struct tn_index *other);

/* Room for that many more units. False: no memory. */
bool tn_index_reserve(struct tn_index *index, size_t units);

/* All but `defined`; with it, in the arena. False: no memory. */
void tn_index_keys(struct tn_index *index, const tenon_unit *unit, struct tn_keys *keys);
bool tn_index_all_keys(struct tn_index *index, struct tn_arena *arena, const tenon_unit *unit,
                       struct tn_keys *keys);

/* The filter: two bits of one word for each hash. */
enum { TN_INDEX_BIT = 6, TN_INDEX_BITS = 1 << TN_INDEX_BIT };

static inline uint64_t tn_index_bits(uint32_t hash)
{
    return UINT64_C(1) << hash % TN_INDEX_BITS | UINT64_C(1)
                                                     << (hash >> TN_INDEX_BIT) % TN_INDEX_BITS;
}

static inline uint64_t *tn_index_word(const struct tn_index *index, uint32_t hash)
{
    return &index->filter[hash >> 2 * TN_INDEX_BIT & (index->filter_words - 1)];
}

/* Could there be an entry under that hash? */
static inline bool tn_index_may(const struct tn_index *index, uint32_t hash)
{
    uint64_t bits = tn_index_bits(hash);
    return hash && index->filter_words && (*tn_index_word(index, hash) & bits) == bits;
}

/* Could tn_index_same() find anything? */
static inline bool tn_index_may_same(const struct tn_index *index, const struct tn_keys *keys)
{
    return tn_index_may(index, keys->name) || tn_index_may(index, keys->implementation) ||
           tn_index_may(index, keys->set);
}

/*
 * Adds an entry. `keyed`: its keys were worked out for this index, or for one of the same seed;
 * else they are now. False: no memory.
 */
bool tn_index_add(struct tn_index *index, const struct tn_entry *entry, bool keyed);

/*
 * The same for many, with keys for this index: they are borrowed, and copied and listed when the
 * first question comes. False: no memory.
 */
bool tn_index_await(struct tn_index *index, const struct tn_entry *entries, size_t count);

/* Entries, with those that are not listed yet. */
static inline size_t tn_index_total(const struct tn_index *index)
{
    return index->count + index->awaited_entries;
}

/* Drops all entries from number `count` on. False: no memory. */
bool tn_index_cut(struct tn_index *index, size_t count);

/*
 * Fills index->found with the numbers of entries that share a name, a digest or a set with a unit,
 * in the order of adding; hashes can lie, so that each must still be compared. False: no memory.
 */
bool tn_index_same(struct tn_index *index, const struct tn_keys *keys);

/* Likewise: the entries of that kind and name; those that define a writable COMDAT object. */
bool tn_index_named(struct tn_index *index, enum tenon_unit_kind kind, const char *name);
bool tn_index_comdat(struct tn_index *index, const char *symbol);

/* Likewise: those of C that have that symbol in their set; by its name, or a struct tn_defined. */
bool tn_index_defining(struct tn_index *index, const char *symbol);
bool tn_index_defining_key(struct tn_index *index, uint32_t key);

/* Lists what entries define, which else the first such question does. False: no memory. */
bool tn_index_list(struct tn_index *index);

#endif
