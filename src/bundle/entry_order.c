/* src/bundle/entry_order.c - the entries of a bundle in the making, by path */
#include "entry_order.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "entry_name.h"

void tn_entry_order_free(struct tn_entry_order *order)
{
    free(order->places);
    *order = (struct tn_entry_order){ 0 };
}

/* The first place whose path does not come before this one. */
static size_t place_of(const struct tn_entry_order *order, const char *path)
{
    size_t low = 0, high = order->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tn_entry_compare(order->places[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct tn_entry_order *order, size_t at, const char *path)
{
    return at < order->count && strcmp(order->places[at].path, path) == 0;
}

size_t tn_entry_order_find(const struct tn_entry_order *order, const char *path)
{
    size_t at = place_of(order, path);

    return is_at(order, at, path) ? order->places[at].item : TN_NO_ENTRY;
}

/*
 * Between a file and what would be below it nothing can stand but other entries below it, which the
 * file keeps out.
 */
const char *tn_entry_order_fault(const struct tn_entry_order *order, const char *path)
{
    size_t at = place_of(order, path), behind = at + is_at(order, at, path);

    if (at > 0 && tn_entry_is_below(path, order->places[at - 1].path))
        return "an entry there has the name of one of its folders";
    if (behind < order->count && tn_entry_is_below(order->places[behind].path, path))
        return "it is the folder of an entry there";
    return NULL;
}

bool tn_entry_order_add(struct tn_entry_order *order, const char *path, size_t item)
{
    size_t at = place_of(order, path);

    if (!tn_grow(&order->places, &order->room, order->count, sizeof *order->places))
        return false;
    memmove(order->places + at + 1, order->places + at,
            (order->count - at) * sizeof *order->places);
    order->places[at] = (struct tn_entry_place){ path, item };
    order->count++;
    return true;
}

void tn_entry_order_set(struct tn_entry_order *order, const char *path, size_t item)
{
    order->places[place_of(order, path)] = (struct tn_entry_place){ path, item };
}

void tn_entry_order_remove(struct tn_entry_order *order, const char *path)
{
    size_t at = place_of(order, path);

    order->count--;
    memmove(order->places + at, order->places + at + 1,
            (order->count - at) * sizeof *order->places);
}
