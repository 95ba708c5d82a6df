/* src/bundle/entry_tree.h - the entries of a bundle in the making, by path, and their folders */
#ifndef TN_ENTRY_TREE_H
#define TN_ENTRY_TREE_H

#include "table.h"

/* An entry, a folder of some, or what was one of these. */
struct tn_entry_node {
    uint32_t item;  /* the caller's number + 1; 0: no entry */
    uint32_t below; /* how many entries are in it and in its folders */
};

/* Start one with { 0 }. */
struct tn_entry_tree {
    struct tn_names paths;
    struct tn_entry_node *nodes; /* by number in `paths` */
    size_t room;
};

void tn_entry_tree_free(struct tn_entry_tree *tree);

/* The caller's number of an entry; TN_NO_NAME: there is none. */
uint32_t tn_entry_tree_find(const struct tn_entry_tree *tree, const char *path);

/*
 * What keeps a path from being one of a new entry, in words; NULL: nothing. A zip may hold both "a"
 * and "a/b", but no directory can.
 */
const char *tn_entry_tree_fault(const struct tn_entry_tree *tree, const char *path);

/* Adds an entry that is not there. False: no memory; nothing was added. */
bool tn_entry_tree_add(struct tn_entry_tree *tree, const char *path, uint32_t item);

/* Another number for an entry that is there; and takes one out. */
void tn_entry_tree_renumber(struct tn_entry_tree *tree, const char *path, uint32_t item);
void tn_entry_tree_remove(struct tn_entry_tree *tree, const char *path);

#endif
