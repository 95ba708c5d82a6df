/* src/bundle/entry_tree.c - the entries of a bundle in the making, by path, and their folders */
#include "entry_tree.h"

#include <stdlib.h>
#include <string.h>

void tn_entry_tree_free(struct tn_entry_tree *tree)
{
    tn_names_free(&tree->paths);
    free(tree->nodes);
    *tree = (struct tn_entry_tree){ 0 };
}

/* NULL: of that nothing is known. */
static struct tn_entry_node *node_of(const struct tn_entry_tree *tree, const char *path,
                                     size_t size)
{
    uint32_t number = tn_names_find(&tree->paths, path, size);

    return number == TN_NO_NAME ? NULL : &tree->nodes[number];
}

/* The length of the next folder of a path, longer than `size`; 0: that was the last one. */
static size_t next_folder(const char *path, size_t size)
{
    const char *slash = strchr(path + size + (size > 0), '/');

    return slash ? (size_t)(slash - path) : 0;
}

uint32_t tn_entry_tree_find(const struct tn_entry_tree *tree, const char *path)
{
    const struct tn_entry_node *node = node_of(tree, path, strlen(path));

    return node && node->item ? node->item - 1 : TN_NO_NAME;
}

const char *tn_entry_tree_fault(const struct tn_entry_tree *tree, const char *path)
{
    const struct tn_entry_node *node;

    for (size_t size = 0; (size = next_folder(path, size));)
        if ((node = node_of(tree, path, size)) && node->item)
            return "an entry there has the name of one of its folders";
    node = node_of(tree, path, strlen(path));
    return node && node->below ? "it is the folder of an entry there" : NULL;
}

static bool make_node(struct tn_entry_tree *tree, const char *path, size_t size)
{
    size_t before = tree->paths.count;

    if (!tn_grow(&tree->nodes, &tree->room, before, sizeof *tree->nodes))
        return false;
    uint32_t number = tn_names_add(&tree->paths, path, size);
    if (number == before)
        tree->nodes[number] = (struct tn_entry_node){ 0 };
    return number != TN_NO_NAME;
}

/* For the folders of an entry that comes or goes. */
static void count_below(struct tn_entry_tree *tree, const char *path, int more)
{
    for (size_t size = 0; (size = next_folder(path, size));)
        node_of(tree, path, size)->below += (uint32_t)more;
}

bool tn_entry_tree_add(struct tn_entry_tree *tree, const char *path, uint32_t item)
{
    bool good = tree->paths.slots || tn_names_init(&tree->paths);

    for (size_t size = 0; good && (size = next_folder(path, size));)
        good = make_node(tree, path, size);
    if (!good || !make_node(tree, path, strlen(path)))
        return false;
    count_below(tree, path, 1);
    tn_entry_tree_renumber(tree, path, item);
    return true;
}

void tn_entry_tree_renumber(struct tn_entry_tree *tree, const char *path, uint32_t item)
{
    node_of(tree, path, strlen(path))->item = item + 1;
}

void tn_entry_tree_remove(struct tn_entry_tree *tree, const char *path)
{
    node_of(tree, path, strlen(path))->item = 0;
    count_below(tree, path, -1);
}
