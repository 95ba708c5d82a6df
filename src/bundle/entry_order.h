/* src/bundle/entry_order.h - the entries of a bundle in the making, by path */
#ifndef TN_ENTRY_ORDER_H
#define TN_ENTRY_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tn_entry_place {
    const char *path; /* the caller's */
    size_t item;      /* the caller's number */
};

/* In an order in which what is below a folder stands right behind a file of its name. */
struct tn_entry_order {
    struct tn_entry_place *places;
    size_t count, room;
};

#define TN_NO_ENTRY SIZE_MAX

/* Start one with { 0 }. */
void tn_entry_order_free(struct tn_entry_order *order);

/* The caller's number of an entry; TN_NO_ENTRY: there is none. */
size_t tn_entry_order_find(const struct tn_entry_order *order, const char *path);

/*
 * What keeps a path from being one of a new entry, in words; NULL: nothing. A zip may hold both "a"
 * and "a/b", but no directory can.
 */
const char *tn_entry_order_fault(const struct tn_entry_order *order, const char *path);

/* Adds an entry that is not there, and has no fault. False: no memory; nothing was added. */
bool tn_entry_order_add(struct tn_entry_order *order, const char *path, size_t item);

/* Another number, and another string of that path, for an entry that is there; takes one out. */
void tn_entry_order_set(struct tn_entry_order *order, const char *path, size_t item);
void tn_entry_order_remove(struct tn_entry_order *order, const char *path);

#endif
