/* src/resolve/nodes.h - how files become nodes, to the parts that open them */
#ifndef TN_NODES_H
#define TN_NODES_H

#include "resolver.h"

/* A reading of our own, with room for why it failed. */
struct own_reading {
    struct tn_reading is;
    tenon_error err;
};

/* ---- nodes.c ---- */

/* The number of the node of a device and inode; TN_NO_NODE: not read yet. `key` is filled. */
uint32_t tn_node_known(const tenon_resolver *r, const tenon_file_info *info, uint32_t key[4]);

/* The number of a new node, found under `key` from now on; TN_NO_NODE: no memory. */
uint32_t tn_node_add(tenon_resolver *r, const tenon_file_info *info,
                     const struct tn_reading *reading, uint32_t path, const uint32_t key[4]);

/*
 * The number of a node like that of another resolver, made if new; TN_NO_NODE: no memory. Facts
 * are not copied, and of the other's nothing is looked at that changes once it is on the shelf.
 */
uint32_t tn_node_adopt(tenon_resolver *r, const struct tn_shelf_entry *entry, uint32_t path);

/* The names that a node has by number, in the order of tn_node_adopt(). NULL: no memory. */
const char *const *tn_node_texts(tenon_resolver *r, const struct tn_node *node);

/* ---- inside.c ---- */

/* Opens what a number of tn_resolver_source() stands for. */
struct tn_opening tn_open_inside(tenon_resolver *r, uint32_t path);

#endif
