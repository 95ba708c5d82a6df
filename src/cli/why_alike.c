/* src/cli/why_alike.c - answers that differ in nothing but the file they are about: kept as text */
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "arena.h"
#include "why.h"

#define TEXT_MOST (1u << 18) /* bytes of all that is kept */

/* The answers about one kind of file, behind the file's own name. */
struct alike {
    const char *text; /* NULL: not kept yet */
    uint32_t size;
    bool seen;  /* once: what is seen twice may come again */
    int status; /* exit status */
};

struct why_alikes {
    struct tn_arena texts;
    size_t used;
    struct alike *rows; /* by kind, less one */
    size_t count, room;
};

void why_alikes_free(struct why_alikes *alikes)
{
    if (!alikes)
        return;
    tn_arena_free(&alikes->texts);
    free(alikes->rows);
    free(alikes);
}

/* The row of a kind, made if new; NULL: no memory. */
static struct alike *row_of(struct why *why, uint32_t kind)
{
    struct why_alikes *alikes = why->alikes;

    if (!alikes && !(alikes = why->alikes = calloc(1, sizeof *alikes)))
        return NULL;
    while (alikes->count < kind) {
        if (!tn_grow(&alikes->rows, &alikes->room, alikes->count, sizeof *alikes->rows))
            return NULL;
        alikes->rows[alikes->count++] = (struct alike){ .text = NULL };
    }
    return &alikes->rows[kind - 1];
}

uint32_t why_alike_kind(struct why *why, const char *path)
{
    if (!why->keeps_alike)
        return 0;
    return tn_alike_kind(why->side.resolver, path);
}

const char *why_alike(const struct why *why, uint32_t kind, size_t *size, int *status)
{
    const struct alike *row =
        kind && why->alikes && kind <= why->alikes->count ? &why->alikes->rows[kind - 1] : NULL;

    if (!row || !row->text)
        return NULL;
    *size = row->size;
    *status = row->status;
    return row->text;
}

void why_alike_keep(struct why *why, uint32_t kind, const tenon_graph *graph, const char *text,
                    size_t size, int status)
{
    struct alike *row = kind ? row_of(why, kind) : NULL;

    if (!row || row->text)
        return;
    if (!row->seen || why->alikes->used + size > TEXT_MOST ||
        !tn_alike_learn(why->side.resolver, kind, graph)) {
        row->seen = true;
        return;
    }
    row->text = tn_arena_copy(&why->alikes->texts, text, size);
    row->size = (uint32_t)size;
    row->status = status;
    why->alikes->used += size;
}
