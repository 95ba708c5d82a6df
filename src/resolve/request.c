/*
 * src/resolve/request.c - answers one name: by an object that is loaded already, or by a search
 *
 * rule  glibc elf/dl-load.c, _dl_map_object(); musl ldso/dynlink.c, load_library()
 */
#include <string.h>

#include "process.h"

/* Missing, or about to be put elsewhere. */
static bool stands_apart(const struct tn_object *o)
{
    return o->node == TN_NO_NODE || o->waits;
}

/*
 * The loader's own object enters the list when it is first asked for, before any missing ones
 * that stand last: those are not in the list that its place is taken from.
 * rule  glibc elf/rtld.c, dl_main(), "put it back in the list of visible objects"; musl
 *       ldso/dynlink.c, load_library()
 */
int32_t tn_request_self(tenon_resolver *r, uint32_t name)
{
    size_t at = r->order_count;
    struct tn_object *self = tn_object_at(r, r->self);
    if (self->listed)
        return r->self;
    self->name = name;
    while (at > 0 && stands_apart(tn_object_at(r, r->order[at - 1])))
        at--;
    tn_process_list_at(r, r->self, at);
    return r->self;
}

/* rule  glibc elf/rtld.c, do_preload(): the loader is an object already, and only new ones count */
static int32_t request_self(tenon_resolver *r, uint32_t name, enum tenon_flavour flavour)
{
    bool stays_out = flavour == TENON_NEED_PRELOAD && tn_loader_at_hand(r)->preload_is_no_need;
    return stays_out ? r->self : tn_request_self(r, name);
}

/* A file that does what the loader itself does: it is then used instead. */
static bool is_own_copy(tenon_resolver *r, const struct tn_node *node)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    const char *first_need = node->need_count ? tn_text_of(r, node->needs[0].name) : NULL;
    struct tn_file file;
    tenon_error err = TENON_ERROR_INIT;
    bool is_copy = false;
    if (!loader->may_be_own_copy(node->need_count, first_need))
        return false;
    if (tn_file_open(r->world, tn_text_of(r, node->path), &r->scratch, &file) != 0)
        return false;
    if (!loader->is_own_copy(&r->target->target, &file, &is_copy, &err) &&
        err.code == TENON_E_MEMORY)
        r->no_memory = true;
    tn_file_close(&file);
    tn_arena_reset(&r->scratch);
    return is_copy;
}

/* The same device and inode (and slice, and member) under another name. */
static int32_t found_again(tenon_resolver *r, const struct tn_search *s, int32_t known,
                           enum tenon_flavour flavour)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    if (loader->matches_soname)
        tn_claim(r, s->name, known);
    else if (s->searched && known != r->self && !loader->claims)
        tn_claim_short(r, known);
    return known == r->self ? request_self(r, s->name, flavour) : known;
}

#define DF_1_NOOPEN 0x40u

static bool wants_exec_stack(const tenon_resolver *r, const struct tn_facts *facts)
{
    return tn_loader_at_hand(r)->wants_exec_stack(&r->target->target, facts);
}

/* The process has such a stack when something that is there had it made so. */
static bool lacks_exec_stack(tenon_resolver *r, const struct tn_facts *facts)
{
    if (!r->runs || !facts || !tn_loader_at_hand(r)->wants_exec_stack ||
        !wants_exec_stack(r, facts))
        return false;
    for (int32_t i = 0; i < (int32_t)r->object_count; i++) {
        const struct tn_object *o = tn_object_at(r, i);
        const struct tn_node *node = o->node == TN_NO_NODE ? NULL : r->nodes[o->node];
        if (node && node->facts && wants_exec_stack(r, node->facts))
            return false;
    }
    return true;
}

static bool keeps_stack(tenon_resolver *r)
{
    bool yes = false;
    r->no_memory |= !tn_loader_at_hand(r)->keeps_stack(&r->target->target, &yes);
    return yes;
}

/* Why the loader does not take what dlopen() has found; NULL: it does. */
static const char *why_not_opened(tenon_resolver *r, const struct tn_search *s)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    const struct tn_facts *facts = r->nodes[s->node]->facts;
    const char *why = NULL;
    if (!r->runs || !facts)
        return NULL;
    if (loader->not_opened && facts->elf.dt_flags_1 & DF_1_NOOPEN)
        why = loader->not_opened;
    else if (lacks_exec_stack(r, facts) && keeps_stack(r))
        why = loader->no_exec_stack;
    if (!why)
        return NULL;
    const char *text = tn_arena_format(&r->passing.arena, "%s: %s", tn_text_of(r, s->path), why);
    r->no_memory |= !text;
    return text;
}

static int32_t add_found(tenon_resolver *r, const struct tn_search *s, struct tn_object *object)
{
    struct tn_node *node = r->nodes[s->node];
    if (tn_loader_at_hand(r)->may_be_own_copy && is_own_copy(r, node))
        return tn_request_self(r, s->name);
    object->node = s->node;
    object->path = s->path;
    int32_t i = tn_process_append(r, object);
    if (i < 0)
        return i;
    node->stamp = r->stamp;
    node->object = i;
    tn_run_paths_set(r, i);
    tn_claim_names(r, i, s->searched);
    return i;
}

/* Does the absence of what is asked for in this way harm nothing? */
static bool is_optional(const tenon_resolver *r, enum tenon_flavour flavour)
{
    switch (flavour) {
    case TENON_NEED_PRELOAD:
        return !tn_loader_at_hand(r)->preload_is_fatal ||
               (tn_loader_at_hand(r)->preload_only_warns && r->target->target.secure);
    case TENON_NEED_FORWARD: return tn_loader_at_hand(r)->stubs_absent_export;
    case TENON_NEED_AUXILIARY:
    case TENON_NEED_WEAK:
    case TENON_NEED_DELAY:
    case TENON_NEED_LAZY: return true;
    default: return false;
    }
}

/*
 * A preload that failed is forgotten: who needs the same asks anew, later.
 *
 * rule  glibc elf/rtld.c, do_preload()
 */
static bool is_new_miss(tenon_resolver *r, int32_t object, enum tenon_flavour flavour)
{
    const struct tn_object *known = object < 0 ? NULL : tn_object_at(r, object);
    return known && known->status >= TENON_STATUS_MISSING && known->optional &&
           known->flavour == TENON_NEED_PRELOAD && flavour != TENON_NEED_PRELOAD;
}

/* What the system supplies is one object, however it was asked for. */
static int32_t add_system(tenon_resolver *r, const struct tn_search *s, struct tn_object *object)
{
    const struct tn_use *use = s->path == TN_NO_NAME ? NULL : &r->uses[s->path];
    object->path = s->path;
    if (use && use->stamp == r->stamp &&
        tn_object_at(r, use->object)->status == TENON_STATUS_SYSTEM)
        return use->object;
    int32_t i = tn_process_append(r, object);
    if (i >= 0 && use)
        tn_claim(r, s->path, i);
    return i;
}

/*
 * The object that a search means in this process, made if new; not yet in the order. `shown` is
 * the name as it was asked for.
 */
static int32_t object_for(tenon_resolver *r, struct tn_search *s, uint32_t shown, int32_t parent,
                          enum tenon_flavour flavour)
{
    bool found = s->status == TENON_STATUS_FOUND;
    if (found && r->nodes[s->node]->stamp == r->stamp)
        return found_again(r, s, r->nodes[s->node]->object, flavour);
    bool optional = is_optional(r, flavour) && !s->fatal;
    const char *not_opened = found ? why_not_opened(r, s) : NULL;
    struct tn_object object = {
        .node = TN_NO_NODE,
        .name = shown,
        .key = s->name,
        .path = TN_NO_NAME,
        .parent = parent,
        .flavour = flavour,
        .status = s->status,
        .rule = s->rule,
        .where = s->where,
        .reason = s->reason,
        .search = s,
        .optional = optional,
    };
    if (flavour == TENON_NEED_PRELOAD && !tn_loader_at_hand(r)->preload_as_program)
        object.parent = TENON_NOBODY; /* the program's run paths are none of its business */
    if (found && !not_opened) {
        object.opens_stack = lacks_exec_stack(r, r->nodes[s->node]->facts);
        return add_found(r, s, &object);
    }
    if (not_opened) {
        object.status = TENON_STATUS_REFUSED;
        object.reason = not_opened;
    }
    if (s->stamp != r->stamp || is_new_miss(r, s->object, flavour)) {
        s->object = s->status == TENON_STATUS_SYSTEM ? add_system(r, s, &object)
                                                     : tn_process_append(r, &object);
        s->stamp = r->stamp;
    }
    if (s->object >= 0)
        tn_object_at(r, s->object)->optional &= object.optional;
    return s->object;
}

/* Who asks, as far as it matters for the search. */
static struct tn_asker asker_for(tenon_resolver *r, int32_t object, enum tn_request request)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    bool preload = request == TN_REQUEST_PRELOAD || request == TN_REQUEST_PRELOAD_CONFIG;
    struct tn_asker asker = { .request = request };
    bool differs = loader->requests_differ || (preload && r->target->target.secure);
    if (loader->paths_of_all)
        asker.program = tn_object_at(r, TN_PROGRAM)->paths;
    if (request == TN_REQUEST_DLOPEN && loader->dlopen_as_program)
        object = TN_PROGRAM;
    const struct tn_object *o = tn_object_at(r, object);
    if (!preload || loader->preload_as_program) {
        asker.paths = o->paths;
        asker.own = o->own;
    }
    if (loader->asker_flags && o->node != TN_NO_NODE && r->nodes[o->node]->facts)
        asker.flags = loader->asker_flags(r->nodes[o->node]->facts);
    if (r->target->wants_origin)
        asker.program_origin = tn_program_origin(r);
    if (!differs)
        asker.request = TN_REQUEST_NEED;
    return asker;
}

/* ... kept, as it asks for several names in a row. */
static struct tn_asker *asker_at_hand(tenon_resolver *r, int32_t object, enum tn_request request)
{
    if (r->asker_object != object || r->asker_request != request) {
        r->asker = asker_for(r, object, request);
        r->asker_object = object;
        r->asker_request = request;
    }
    return &r->asker;
}

/* The search for a name that no loaded object answers to. NULL: no memory. */
static struct tn_search *search_for(tenon_resolver *r, uint32_t name, int32_t object,
                                    enum tn_request request)
{
    const char *text = tn_text_of(r, name);
    const tenon_loader *loader = tn_loader_at_hand(r);
    struct tn_judgement refused;
    asker_at_hand(r, object, request)->left = r->left;
    if (loader->refuses && loader->refuses(&r->target->target, text, request, &refused))
        return tn_search_refused(r, name, refused);
    return tn_has_slash(text) && !loader->paths_are_searched ? tn_search_direct(r, name, &r->asker)
                                                             : tn_search_for(r, name, &r->asker);
}

/* Expands a name; a refusal gives its search. */
static uint32_t expand(tenon_resolver *r, uint32_t name, int32_t object, enum tn_request kind,
                       struct tn_search **refused)
{
    const char *text = tn_text_of(r, name);
    struct tn_judgement judged = tn_judged(TENON_OUTCOME_FOUND, TN_STOP, NULL);
    *refused = NULL;
    if (!tn_loader_at_hand(r)->expand_name || !strchr(text, '$'))
        return name;
    const struct tn_namer by = { tn_origin_of(r, object), object == TN_PROGRAM, kind, r->left };
    if (!by.origin)
        return name;
    const char *out = tn_loader_at_hand(r)->expand_name(&r->target->target, text, &by, &judged);
    if (out == text)
        return name;
    if (out)
        return tn_resolver_name(r, out);
    if (judged.outcome == TENON_OUTCOME_FOUND)
        r->no_memory = true;
    else
        *refused = tn_search_refused(r, name, judged);
    return name;
}

/* Remembers whether the name alone says which loaded object is meant: see tn_request_known(). */
static void note_plain(tenon_resolver *r, uint32_t name)
{
    const struct tn_target *target = &r->target->target;
    const tenon_loader *loader = target->loader;
    const char *text = tn_text_of(r, name);
    struct tn_judgement judged;
    if (loader->key || loader->fits || (loader->expand_name && strchr(text, '$')) ||
        (loader->name_is_searchable && !loader->name_is_searchable(text, &judged)) ||
        (loader->is_self && loader->is_self(target, text)))
        return;
    r->uses[name].plain = target->id + 1;
}

/* Do loaded objects answer to a name that they have? */
static bool goes_by_name(tenon_resolver *r, const char *text, int32_t object,
                         enum tn_request request)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    bool redirected = false;
    if (request == TN_REQUEST_DLOPEN && loader->dlopen_searches)
        return false;
    if (loader->redirects &&
        !loader->redirects(&r->target->target, asker_at_hand(r, object, request), text,
                           &redirected))
        r->no_memory = true;
    return !redirected;
}

/* The object that answers to a name that it claimed; TENON_NOBODY: none does. */
static int32_t claimant_of(const tenon_resolver *r, uint32_t name)
{
    return r->uses[name].stamp == r->stamp ? r->uses[name].object : TENON_NOBODY;
}

/* ... to the one that dlopen() looks for among what is loaded before the one that it was given. */
static int32_t opened_before(tenon_resolver *r, const char *text)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    const char *as = loader->opened_as ? loader->opened_as(&r->target->target, text) : text;
    uint32_t name = as && as != text ? tn_resolver_name(r, as) : TN_NO_NAME;
    r->no_memory |= !as;
    return name == TN_NO_NAME ? TENON_NOBODY : claimant_of(r, name);
}

/*
 * What a name means to an asker: *loaded is the object that answers already (maybe the loader's
 * own, which is not in the order until it is asked for), or TENON_NOBODY and the search is given
 * (NULL: no memory). *name is expanded on the way.
 */
static struct tn_search *look(tenon_resolver *r, uint32_t *name, int32_t asker,
                              enum tn_request kind, int32_t *loaded)
{
    struct tn_search *refused;
    struct tn_judgement judged;
    *loaded = TENON_NOBODY;
    r->uses[*name].asked = r->stamp;
    if (r->uses[*name].plain == r->target->target.id + 1 && kind == TN_REQUEST_NEED) {
        *loaded = claimant_of(r, *name);
        return *loaded < 0 ? search_for(r, *name, asker, kind) : NULL;
    }
    note_plain(r, *name);
    *name = expand(r, *name, asker, kind, &refused);
    if (refused || r->no_memory || *name == TN_NO_NAME)
        return refused;
    r->uses[*name].asked = r->stamp;
    const tenon_loader *loader = tn_loader_at_hand(r);
    const char *text = tn_text_of(r, *name);
    bool by_name = goes_by_name(r, text, asker, kind);
    if (!loader->name_is_searchable || loader->name_is_searchable(text, &judged)) {
        if (r->self >= 0 && loader->is_self && loader->is_self(&r->target->target, text))
            *loaded = r->self;
        else if (kind == TN_REQUEST_DLOPEN)
            *loaded = opened_before(r, text);
        if (*loaded < 0 && by_name)
            *loaded = claimant_of(r, *name);
        if (*loaded < 0 && by_name && loader->fits)
            *loaded = tn_find_fit(r, text, false);
    }
    if (*loaded >= 0)
        return NULL;
    struct tn_search *s = search_for(r, *name, asker, kind);
    if (loader->fits && s && s->status == TENON_STATUS_MISSING)
        *loaded = tn_find_fit(r, text, true);
    return *loaded >= 0 ? NULL : s;
}

/* The object that a search gives, and what the loader keeps of one that was not there before. */
static int32_t taken(tenon_resolver *r, struct tn_search *s, uint32_t shown, int32_t parent,
                     enum tenon_flavour flavour)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    const bool is_new = s->status == TENON_STATUS_FOUND && r->nodes[s->node]->stamp != r->stamp;
    int32_t object = object_for(r, s, shown, parent, flavour);
    if (!is_new || object < 0 || !loader->leaves || !r->target->target.secure ||
        r->nodes[s->node]->stamp != r->stamp)
        return object;
    const char *directory = tn_origin_of(r, object);
    if (!directory ||
        !loader->leaves(&r->target->target, tn_text_of(r, s->path), directory, &r->left))
        r->no_memory = true;
    return object;
}

/* ... `shown` is the name as it was asked for; TN_NO_NAME: as it is searched for. */
static int32_t request(tenon_resolver *r, uint32_t name, uint32_t shown, int32_t asker,
                       enum tenon_flavour flavour, enum tn_request kind)
{
    int32_t loaded;
    struct tn_search *s = look(r, &name, asker, kind, &loaded);
    if (s && s->left)
        r->left = s->left;
    if (s)
        return taken(r, s, shown == TN_NO_NAME ? name : shown, asker, flavour);
    return loaded >= 0 && loaded == r->self ? request_self(r, name, flavour) : loaded;
}

int32_t tn_request(tenon_resolver *r, uint32_t name, int32_t asker, enum tenon_flavour flavour,
                   enum tn_request kind)
{
    return request(r, name, TN_NO_NAME, asker, flavour, kind);
}

/* The key of a need, made once for a target. */
static uint32_t key_of(tenon_resolver *r, struct tn_node_need *need)
{
    struct tn_target *target = &r->target->target;
    const tenon_need plain = { .name = tn_text_of(r, need->name), .flavour = need->flavour };
    if (need->key_target == target->id + 1)
        return need->key;
    const char *key = target->loader->key(target, need->more ? need->more : &plain);
    if (!key) {
        r->no_memory = true;
        return TN_NO_NAME;
    }
    need->key = tn_resolver_name(r, key);
    if (need->key != TN_NO_NAME) /* else it is made again when there is memory */
        need->key_target = target->id + 1;
    return need->key;
}

/* rule  glibc elf/rtld.c, do_preload(): an object keeps the name as the list has it */
int32_t tn_request_preload(tenon_resolver *r, uint32_t name, enum tn_request kind)
{
    return request(r, name, name, TN_PROGRAM, TENON_NEED_PRELOAD, kind);
}

int32_t tn_request_need(tenon_resolver *r, struct tn_node_need *need, int32_t asker)
{
    if (!tn_loader_at_hand(r)->key)
        return request(r, need->name, TN_NO_NAME, asker, need->flavour, TN_REQUEST_NEED);
    uint32_t key = key_of(r, need);
    return key == TN_NO_NAME ? TENON_NOBODY
                             : request(r, key, need->name, asker, need->flavour, TN_REQUEST_NEED);
}

/* As look(), and *loaded is also the object that a search comes to again. */
static struct tn_search *ask(tenon_resolver *r, uint32_t name, int32_t asker, enum tn_request kind,
                             int32_t *loaded)
{
    *loaded = TENON_NOBODY;
    if (name == TN_NO_NAME)
        return NULL;
    struct tn_search *s = look(r, &name, asker, kind, loaded);
    if (s && s->status == TENON_STATUS_FOUND && r->nodes[s->node]->stamp == r->stamp)
        *loaded = r->nodes[s->node]->object;
    return s;
}

struct tn_search *tn_process_ask(tenon_resolver *r, const char *text, int32_t object,
                                 int32_t *loaded)
{
    return ask(r, tn_resolver_name(r, text), object, TN_REQUEST_DLOPEN, loaded);
}

/* The key of a need that no file records. */
static uint32_t key_of_more(tenon_resolver *r, const tenon_need *need)
{
    struct tn_target *target = &r->target->target;
    const char *key = target->loader->key ? target->loader->key(target, need) : need->name;
    r->no_memory |= !key;
    return key ? tn_resolver_name(r, key) : TN_NO_NAME;
}

int32_t tn_request_more(tenon_resolver *r, const tenon_need *need, int32_t asker)
{
    uint32_t key = key_of_more(r, need), shown = tn_resolver_name(r, need->name);
    if (key == TN_NO_NAME || shown == TN_NO_NAME)
        return TENON_NOBODY;
    return request(r, key, shown, asker, need->flavour, TN_REQUEST_NEED);
}

bool tn_process_answer(tenon_resolver *r, const tenon_need *need, int32_t object, int32_t *loaded)
{
    ask(r, key_of_more(r, need), object, TN_REQUEST_NEED, loaded);
    return !r->no_memory;
}
