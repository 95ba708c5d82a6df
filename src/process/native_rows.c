/* src/process/native_rows.c - the resolver's answer, object by object */
#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "fail.h"
#include "native_private.h"

static const struct tn_prospect *owner_of(const struct tn_answer *a, int32_t row)
{
    return row < 0 || a->owner[row] == TN_NOBODY_HERE ? NULL : &a->job->prospects[a->owner[row]];
}

/* The code of a prospect at that path. */
static struct tn_code *code_at(struct tn_prospect *p, const char *path)
{
    for (size_t k = 0; path && k < p->code_count; k++)
        if (strcmp(p->codes[k].path, path) == 0)
            return &p->codes[k];
    return NULL;
}

/*
 * Requests are answered in order, so that what a plugin brings stands behind its own first request
 * and before that of the next one.
 */
void tn_answer_assign(struct tn_answer *a)
{
    const struct tn_registry *registry = &a->job->process->registry;
    size_t at = 0;
    uint32_t current = TN_NOBODY_HERE;
    for (size_t row = 0; row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (library->flavour == TENON_NEED_DLOPEN) {
            for (size_t i = at; i < a->job->plan.order_count; i++) {
                struct tn_prospect *p = &a->job->prospects[a->job->plan.order[i]];
                if (code_at(p, library->name)) {
                    current = a->job->plan.order[i];
                    at = i;
                    break;
                }
            }
        }
        a->owner[row] = current;
        if (current == TN_NOBODY_HERE) {
            a->holding[row] = row + 1 < a->there_count ? a->there[row + 1] : NULL;
            if (!a->holding[row] || !library->path ||
                strcmp(a->holding[row]->path, library->path) != 0)
                a->holding[row] =
                    library->path ? tn_registry_at_path(registry, library->path) : NULL;
        } else {
            struct tn_code *code = code_at(&a->job->prospects[current], library->path);
            a->holding[row] = code ? code->holding : NULL;
            if (code && code->shared)
                tn_job_share_not(a->job, current, code);
        }
    }
}

/* What does not load. */
static void check_libraries(struct tn_answer *a)
{
    for (size_t row = 0; row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (tn_answer_is_found(library) || library->optional || a->owner[row] == TN_NOBODY_HERE)
            continue;
        uint32_t last = TN_NOBODY_HERE;
        if (library->flavour == TENON_NEED_DLOPEN) {
            tn_say_library(a->job, a->owner[row], a->graph, row, TENON_THE_FILE);
            continue;
        }
        for (size_t k = 0; k < library->needed_by_count; k++) {
            int32_t by = library->needed_by[k];
            uint32_t owner = by < 0 ? TN_NOBODY_HERE : a->owner[by];
            if (owner != TN_NOBODY_HERE && owner != last)
                tn_say_library(a->job, owner, a->graph, row, by);
            last = owner;
        }
    }
}

/*
 * A library that the loader would take from the cache, and that no bundle has put there. Somebody
 * laid it beside a plugin's code, whose run path `$ORIGIN` then comes before the system's
 * directories. (For OCaml's files: find_planted() of ocaml_libraries.c.)
 */
static void check_planted(struct tn_answer *a)
{
    const char *cache = a->job->cache_path;
    for (size_t row = 0; cache && row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (a->owner[row] != TN_NOBODY_HERE && !a->holding[row] && tn_answer_is_found(library) &&
            tn_entry_is_below(library->path, cache))
            tn_say_planted(a->job, a->owner[row], a->graph, (int32_t)row);
    }
}

static void check_versions(struct tn_answer *a)
{
    for (size_t i = 0; i < tenon_graph_missing_version_count(a->graph); i++) {
        const tenon_missing_version *missing = tenon_graph_missing_version(a->graph, i);
        const struct tn_prospect *p = owner_of(a, missing->needed_by);
        if (p && missing->fatal)
            tn_say_version(a->job, a->owner[missing->needed_by], a->graph, missing);
    }
}

/* Loads, and changes the whole process. */
static void check_stack(struct tn_answer *a)
{
    for (size_t row = 0; row < a->count; row++)
        if (a->owner[row] != TN_NOBODY_HERE && tenon_graph_library(a->graph, row)->opens_stack)
            tn_say_stack(a->job, a->owner[row], a->graph, (int32_t)row);
}

/* ---- static TLS ----------------------------------------------------------------------------- */

/*
 * How much of the room for what is loaded later is used up cannot be asked; what was loaded later
 * with such a demand is added up. musl keeps none.
 *
 * rule  musl ldso/dynlink.c, "initial-exec TLS resolves to dynamic definition"
 */
void tn_answer_check_tls(struct tn_answer *a)
{
    bool musl = a->job->process->triple.libc && strcmp(a->job->process->triple.libc, "musl") == 0;
    uint64_t room = musl ? 0 : tn_tls_room(a->job->world), used = 0;
    for (size_t row = 0; row < a->count; row++) {
        struct tn_holding *h = a->holding[row];
        if (!h || !h->has_static_tls || h->reason == TENON_IN_HOST)
            continue;
        if (!h->tls_size)
            h->tls_size = tn_tls_size(a->job->world, h->path);
        used += h->tls_size;
        if (a->owner[row] != TN_NOBODY_HERE && h->tls_size && used > room)
            tn_say_tls(a->job, a->owner[row], h, used, room);
    }
}

/* ---- what the system adds ------------------------------------------------------------------- */

static struct tn_holding *system_library(struct tn_answer *a, size_t row, tenon_error *err)
{
    const tenon_library *library = tenon_graph_library(a->graph, row);
    struct tn_holding *h = tn_holding_new(library->path, err);
    if (!h)
        return NULL;
    h->reason = TENON_FOR_PLUGIN;
    h->plugin = tn_arena_string(&h->arena, a->job->prospects[a->owner[row]].name);
    if (!h->plugin || !tn_holding_read_image(h, a->job->world, NULL)) {
        tn_holding_free(h);
        tn_no_memory(err);
        return NULL;
    }
    if (!tn_holding_file(h, a->job->world) && !h->starved)
        tn_say_unread(a->job, a->owner[row], h);
    return h;
}

/* Every row that is found, new and of no bundle gets a holding of the job. */
static bool make_holdings(struct tn_answer *a, tenon_error *err)
{
    struct tn_job *job = a->job;
    for (size_t row = 0; row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (a->owner[row] == TN_NOBODY_HERE || a->holding[row] || !tn_answer_is_found(library) ||
            library->is_interpreter)
            continue;
        if (!tn_grow(&job->brought, &job->brought_room, job->brought_count, sizeof *job->brought))
            return tn_no_memory(err);
        a->holding[row] = system_library(a, row, err);
        if (!a->holding[row])
            return false;
        a->holding[row]->row = (uint32_t)row;
        job->brought[job->brought_count++] = a->holding[row];
    }
    return true;
}

/* Which of them each plugin needs, by its closure. */
static bool list_brought(struct tn_answer *a, tenon_error *err)
{
    struct tn_job *job = a->job;
    for (size_t i = 0; i < job->plan.order_count; i++) {
        uint32_t number = job->plan.order[i];
        struct tn_candidate *c = &job->plan.candidates[number];
        uint32_t *list = tn_arena_rows(&job->arena, job->brought_count + 1, sizeof *list);
        if (!list)
            return tn_no_memory(err);
        tn_answer_mark_plugin(a, number);
        for (uint32_t k = 0; k < job->brought_count; k++)
            if (tn_answer_is_marked(a, job->brought[k]->row))
                list[c->brought_count++] = k;
        c->brought = list;
    }
    return true;
}

bool tn_answer_take_system(struct tn_answer *a, tenon_error *err)
{
    return make_holdings(a, err) && list_brought(a, err);
}

void tn_answer_check_rows(struct tn_answer *a)
{
    check_libraries(a);
    check_planted(a);
    check_versions(a);
    check_stack(a);
}
