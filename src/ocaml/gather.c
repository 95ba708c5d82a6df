/*
 * src/ocaml/gather.c - names as they are met, each once, in that order
 *
 * Names come from untrusted files: slots are found by a hash under a secret factor, so that nobody
 * can make up names that collide.
 */
#include <sodium.h>
#include <stdlib.h>

#include "fail.h"
#include "reading.h"

#define FIRST_SLOTS 64u /* a power of two, as every number of slots */

static uint64_t hash_of(uint64_t seed, struct tn_ocaml_text name)
{
    uint64_t hash = seed ^ name.size, word;
    const char *at = name.at;
    size_t left = name.size;
    for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * seed;
        hash ^= hash >> 29;
    }
    word = 0;
    memcpy(&word, at, left);
    hash = (hash ^ word) * seed;
    return hash ^ hash >> 32;
}

/* The slot that holds the name, or the empty one where it belongs. */
static uint32_t *slot_of(const struct tn_ocaml_reading *r, const struct tn_gathered *list,
                         struct tn_ocaml_text name)
{
    size_t mask = list->slot_count - 1;
    size_t slot = (size_t)hash_of(r->seed, name) & mask;
    while (list->slots[slot] && !tn_text_equal(list->at[list->slots[slot] - 1], name))
        slot = (slot + 1) & mask;
    return &list->slots[slot];
}

/* Keeps at most every second slot in use. */
static bool grow_slots(struct tn_ocaml_reading *r, struct tn_gathered *list)
{
    size_t count = list->slot_count ? 2 * list->slot_count : FIRST_SLOTS;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return false;
    if (!r->seed) {
        randombytes_buf(&r->seed, sizeof r->seed);
        r->seed |= 1;
    }
    free(list->slots);
    list->slots = slots;
    list->slot_count = count;
    for (size_t i = 0; i < list->count; i++)
        *slot_of(r, list, list->at[i]) = (uint32_t)i + 1;
    return true;
}

bool tn_gather(struct tn_ocaml_reading *r, struct tn_gathered *list, struct tn_ocaml_text name)
{
    if (2 * (list->count + 1) > list->slot_count && !grow_slots(r, list))
        return tn_no_memory(r->err);
    uint32_t *slot = slot_of(r, list, name);
    if (*slot)
        return true;
    if (!tn_grow(&list->at, &list->room, list->count, sizeof *list->at))
        return tn_no_memory(r->err);
    list->at[list->count++] = name;
    *slot = (uint32_t)list->count;
    return true;
}

bool tn_gathered_keep(struct tn_ocaml_reading *r, const struct tn_gathered *list,
                      tenon_ocaml_names *out)
{
    const char **rows = tn_arena_room(&r->out->arena, list->count, sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; i < list->count; i++)
        if (!(rows[i] = tn_shape_keep(r, list->at[i])))
            return false;
    *out = (tenon_ocaml_names){ rows, list->count };
    return true;
}

bool tn_gathered_keep_imports(struct tn_ocaml_reading *r, const struct tn_gathered *list,
                              tenon_ocaml_imports *out)
{
    tenon_ocaml_import *rows = tn_arena_rows(&r->out->arena, list->count, sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; i < list->count; i++)
        if (!(rows[i].name = tn_shape_keep(r, list->at[i])))
            return false;
    *out = (tenon_ocaml_imports){ rows, list->count };
    return true;
}

void tn_gathered_empty(struct tn_gathered *list)
{
    if (list->count)
        memset(list->slots, 0, list->slot_count * sizeof *list->slots);
    list->count = 0;
}

void tn_gathered_free(struct tn_gathered *list)
{
    free(list->at);
    free(list->slots);
}
