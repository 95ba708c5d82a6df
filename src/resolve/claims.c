/* src/resolve/claims.c - the names that a loaded object answers to */
#include <string.h>

#include "process.h"

/* The first one keeps it: loaders look through their list from the start. */
void tn_claim(tenon_resolver *r, uint32_t name, int32_t object)
{
    if (name == TN_NO_NAME || r->uses[name].stamp == r->stamp)
        return;
    r->uses[name].stamp = r->stamp;
    r->uses[name].object = object;
}

/* rule  musl load_library(): an object found by a search answers to the last part of its path */
void tn_claim_short(tenon_resolver *r, int32_t i)
{
    struct tn_object *o = tn_object_at(r, i);
    if (!o->has_short && i != TN_PROGRAM && o->path != TN_NO_NAME) {
        o->has_short = true;
        tn_claim(r, tn_resolver_name(r, tn_base_name(tn_text_of(r, o->path))), i);
    }
}

void tn_claim_names(tenon_resolver *r, int32_t i, bool searched)
{
    const struct tn_object *o = tn_object_at(r, i);
    if (tn_loader_at_hand(r)->matches_soname) {
        tn_claim(r, o->name, i);
        tn_claim(r, o->path, i);
        if (o->node != TN_NO_NODE)
            tn_claim(r, r->nodes[o->node]->own_name, i);
    }
    if (tn_loader_at_hand(r)->matches_short && searched)
        tn_claim_short(r, i);
    if (tn_loader_at_hand(r)->claims)
        tn_claim_own(r, i, searched);
}

/* An object as the loader's rules see it. */
static struct tn_loaded_object loaded_object(const tenon_resolver *r, int32_t i, bool searched)
{
    const struct tn_object *o = &r->objects[i];
    const struct tn_node *node = o->node == TN_NO_NODE ? NULL : r->nodes[o->node];
    struct tn_loaded_object loaded = {
        .key = o->key == TN_NO_NAME ? "" : tn_text_of(r, o->key),
        .own_name = node && node->facts ? node->facts->own_name : NULL,
        .searched = searched,
        .is_program = i == TN_PROGRAM,
    };
    if (node)
        loaded.source = tn_node_source(r, node);
    loaded.source.path = tn_text_of(r, o->path);
    return loaded;
}

/* Where tn_claim_own() has its names added. */
struct claimant {
    tenon_resolver *r;
    int32_t object;
};

static bool add_claim(void *arg, const char *text)
{
    struct claimant *claimant = arg;
    uint32_t name = tn_resolver_name(claimant->r, text);
    tn_claim(claimant->r, name, claimant->object);
    return name != TN_NO_NAME;
}

void tn_claim_own(tenon_resolver *r, int32_t i, bool searched)
{
    struct claimant claimant = { r, i };
    const struct tn_name_sink sink = { add_claim, &claimant };
    struct tn_loaded_object object = loaded_object(r, i, searched);
    if (!tn_loader_at_hand(r)->claims(&r->target->target, &object, &sink))
        r->no_memory = true;
}

int32_t tn_find_fit(tenon_resolver *r, const char *name, bool late)
{
    int32_t best = TENON_NOBODY;
    unsigned best_fit = 0;
    for (size_t i = 0; i < r->order_count; i++) {
        const struct tn_object *o = tn_object_at(r, r->order[i]);
        if (o->node == TN_NO_NODE)
            continue;
        struct tn_loaded_object object =
            loaded_object(r, r->order[i], o->search && o->search->searched);
        unsigned fit = tn_loader_at_hand(r)->fits(&r->target->target, name, &object, late);
        if (fit > best_fit) {
            best = r->order[i];
            best_fit = fit;
        }
    }
    return best;
}
