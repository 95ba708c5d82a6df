/* src/resolve/process.h - the parts of joining a process, to each other */
#ifndef TN_PROCESS_H
#define TN_PROCESS_H

#include "names.h"
#include "resolver.h"

/*
 * All of it is about the process at hand: r->objects, r->order and what stands with them. Whoever
 * runs out of memory sets r->no_memory; the question then fails as a whole, at its end.
 */

static inline struct tn_object *tn_object_at(tenon_resolver *r, int32_t i)
{
    return &r->objects[i];
}

static inline const tenon_loader *tn_loader_at_hand(const tenon_resolver *r)
{
    return r->target->target.loader;
}

/* ---- process.c ---- */

/* Forgets the process before. */
void tn_process_begin(tenon_resolver *r);

/* The number of a new object, which is not in the order yet; TENON_NOBODY: no memory. */
int32_t tn_process_append(tenon_resolver *r, const struct tn_object *object);

static inline int32_t tn_process_add(tenon_resolver *r, struct tn_object object)
{
    return tn_process_append(r, &object);
}

/* Puts an object last into the order, or at a position of it. */
void tn_process_list(tenon_resolver *r, int32_t object);
void tn_process_list_at(tenon_resolver *r, int32_t object, size_t position);

/* Walks every object of the order that is not done, also those put before the current one. */
void tn_process_walk(tenon_resolver *r);

/* dlopen(name) by an object, and the walk over what it brings. */
void tn_process_dlopen(tenon_resolver *r, const char *name, int32_t caller);

/* ---- program.c ---- */

/* Can the file be loaded at all, by whatever loader? */
bool tn_program_check(tenon_resolver *r, uint32_t path, tenon_error *err);

/*
 * The program becomes object TN_PROGRAM, and r->target what its loader makes of it: NULL for a
 * static program, which has no loader.
 */
bool tn_program_open(tenon_resolver *r, uint32_t path, tenon_error *err);

/* Would the loader run the program at hand, whose node it is? */
struct tn_judgement tn_program_judge(const tenon_resolver *r, const struct tn_node *node);

/* The program claims its names, and its interpreter joins. */
void tn_program_begin(tenon_resolver *r);

/* Why a file has no facts. Returns false. */
bool tn_node_fail(const struct tn_node *node, const char *path, tenon_error *err);

/* ---- preload.c ---- */

void tn_process_preload(tenon_resolver *r);

/* ---- run_paths.c ---- */

/* Fills an object's chain from its file and from the object that caused it. */
void tn_run_paths_set(tenon_resolver *r, int32_t object);

/* $ORIGIN for an object; NULL: no memory. */
const char *tn_origin_of(tenon_resolver *r, int32_t object);

/* ... for the program, and so in the environment. */
const char *tn_program_origin(tenon_resolver *r);

/* ---- claims.c ---- */

/* The object answers to a name from now on, unless one before it does. */
void tn_claim(tenon_resolver *r, uint32_t name, int32_t object);

/* All names that a newly mapped object answers to. */
void tn_claim_names(tenon_resolver *r, int32_t object, bool searched);

/* Names that only the loader knows of: tenon_loader.claims(). */
void tn_claim_own(tenon_resolver *r, int32_t object, bool searched);

/* The last part of its path, for an object that a search found. */
void tn_claim_short(tenon_resolver *r, int32_t object);

/*
 * The object that answers best to a name that none has claimed; TENON_NOBODY. It is asked of every
 * object in turn, as loaders with such rules do.
 */
int32_t tn_find_fit(tenon_resolver *r, const char *name, bool late);

/* ---- request.c ---- */

/*
 * Answers one request: an object of the process, maybe a missing one, maybe not in the order yet;
 * TENON_NOBODY: no memory.
 */
int32_t tn_request(tenon_resolver *r, uint32_t name, int32_t asker, enum tenon_flavour flavour,
                   enum tn_request kind);

/* ... for a name of a list of preloads. */
int32_t tn_request_preload(tenon_resolver *r, uint32_t name, enum tn_request kind);

/* ... for the k-th need of a node, by the key that its loader makes of it. */
int32_t tn_request_need(tenon_resolver *r, struct tn_node_need *need, int32_t asker);

/* ... for a need that no file records. */
int32_t tn_request_more(tenon_resolver *r, const tenon_need *need, int32_t asker);

/* The answer when the loader's own object is asked for by `name`. */
int32_t tn_request_self(tenon_resolver *r, uint32_t name);

/*
 * What tn_request_need() answers when an object is loaded that has claimed the name, and no rule
 * of the loader looks at more than that: nearly always. TENON_NOBODY: it has to be asked.
 */
static inline int32_t tn_request_known(tenon_resolver *r, uint32_t name)
{
    struct tn_use *use = &r->uses[name];
    if (use->stamp != r->stamp || use->plain != r->target->target.id + 1)
        return TENON_NOBODY;
    use->asked = r->stamp;
    return use->object == r->self ? tn_request_self(r, name) : use->object;
}

#endif
