/*
 * src/resolve/request.c - answers one name: by an object that is loaded already, or by a search
 *
 * rule  glibc elf/dl-load.c, _dl_map_object(); musl ldso/dynlink.c, load_library()
 */
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
static void claim_short(tenon_resolver *r, int32_t i)
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
        claim_short(r, i);
}

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

/* rule  musl load_library(): a second libc is unmapped and the loader itself used instead */
static bool is_second_libc(tenon_resolver *r, const struct tn_node *node)
{
    struct tn_elf_assume assume = { r->target->target.word, r->target->target.endian };
    struct tn_file file;
    tenon_error err = TENON_ERROR_INIT;
    bool is_libc = false;
    if (node->need_count > 1 ||
        (node->need_count == 1 && strncmp(tn_text_of(r, node->needs[0].name), "ld-", 3) != 0))
        return false; /* every libc stands on nothing, or on its own ld.so */
    if (tn_file_open(r->world, tn_text_of(r, node->path), &r->scratch, &file) != 0)
        return false;
    if (!tn_elf_is_libc(&file, &assume, &is_libc, &err) && err.code == TENON_E_MEMORY)
        r->no_memory = true;
    tn_file_close(&file);
    tn_arena_reset(&r->scratch);
    return is_libc;
}

static int32_t add_found(tenon_resolver *r, struct tn_search *s, struct tn_object object)
{
    struct tn_node *node = r->nodes[s->node];
    if (node->stamp == r->stamp) { /* the same device and inode under another name */
        int32_t known = node->object;
        if (tn_loader_at_hand(r)->matches_soname)
            tn_claim(r, s->name, known);
        else if (s->searched && known != r->self)
            claim_short(r, known);
        return known == r->self ? tn_request_self(r, s->name) : known;
    }
    if (tn_loader_at_hand(r)->merges_libc && is_second_libc(r, node))
        return tn_request_self(r, s->name);
    object.node = s->node;
    object.path = s->path;
    int32_t i = tn_process_add(r, object);
    if (i < 0)
        return i;
    node->stamp = r->stamp;
    node->object = i;
    tn_run_paths_set(r, i);
    tn_claim_names(r, i, s->searched);
    return i;
}

/* The object that a search means in this process, made if new; not yet in the order. */
static int32_t object_for(tenon_resolver *r, struct tn_search *s, int32_t parent,
                          enum tenon_flavour flavour)
{
    struct tn_object object = {
        .node = TN_NO_NODE,
        .name = s->name,
        .path = TN_NO_NAME,
        .parent = parent,
        .flavour = flavour,
        .status = s->status,
        .rule = s->rule,
        .where = s->where,
        .reason = s->reason,
        .search = s,
        .optional = flavour == TENON_NEED_AUXILIARY || flavour == TENON_NEED_PRELOAD,
    };
    if (flavour == TENON_NEED_PRELOAD && !tn_loader_at_hand(r)->preload_as_program)
        object.parent = TENON_NOBODY; /* the program's run paths are none of its business */
    if (s->status == TENON_STATUS_FOUND)
        return add_found(r, s, object);
    if (s->stamp != r->stamp) {
        s->object = tn_process_add(r, object);
        s->stamp = r->stamp;
    }
    if (s->object >= 0)
        tn_object_at(r, s->object)->optional &= object.optional;
    return s->object;
}

#define DF_1_NODEFLIB 0x800u

/* Who asks, as far as it matters for the search. */
static struct tn_asker asker_for(tenon_resolver *r, int32_t object, enum tn_request request)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    bool preload = request == TN_REQUEST_PRELOAD || request == TN_REQUEST_PRELOAD_CONFIG;
    struct tn_asker asker = { .request = request };
    if (request == TN_REQUEST_DLOPEN && loader->dlopen_as_program)
        object = TN_PROGRAM;
    const struct tn_object *o = tn_object_at(r, object);
    if (!preload || loader->preload_as_program) {
        asker.paths = o->paths;
        asker.own = o->own;
    }
    if (o->node != TN_NO_NODE && r->nodes[o->node]->facts)
        asker.nodeflib = r->nodes[o->node]->facts->elf.dt_flags_1 & DF_1_NODEFLIB;
    if (r->target->env_has_tokens)
        asker.program_origin = tn_program_origin(r);
    if (!preload || !r->target->target.secure) /* plans differ only for secure preloads */
        asker.request = TN_REQUEST_NEED;
    return asker;
}

/* The search for a name that no loaded object answers to. NULL: no memory. */
static struct tn_search *search_for(tenon_resolver *r, uint32_t name, int32_t object,
                                    enum tn_request request)
{
    const char *text = tn_text_of(r, name);
    bool secure = r->target->target.secure;
    if (r->asker_object != object || r->asker_request != request) {
        r->asker = asker_for(r, object, request);
        r->asker_object = object;
        r->asker_request = request;
    }
    if (secure && request == TN_REQUEST_PRELOAD && (tn_has_slash(text) || strlen(text) > 255))
        return tn_search_refused(r, name, TENON_OUTCOME_DROPPED_SECURE,
                                 "a secure process takes only short names without a slash");
    return tn_has_slash(text) ? tn_search_direct(r, name, &r->asker)
                              : tn_search_for(r, name, &r->asker);
}

/* Expands a name; a refusal gives its search. */
static uint32_t expand(tenon_resolver *r, uint32_t name, int32_t object, struct tn_search **refused)
{
    const char *text = tn_text_of(r, name);
    const char *detail = NULL;
    enum tenon_outcome outcome;
    *refused = NULL;
    if (r->uses[name].is_plain || !strchr(text, '$')) {
        r->uses[name].is_plain = true;
        return name;
    }
    const char *origin = tn_origin_of(r, object);
    if (!origin)
        return name;
    const char *out =
        tn_loader_at_hand(r)->expand_name(&r->target->target, text, origin, &outcome, &detail);
    if (out == text)
        return name;
    if (out)
        return tn_resolver_name(r, out);
    if (outcome == TENON_OUTCOME_FOUND)
        r->no_memory = true;
    else
        *refused = tn_search_refused(r, name, outcome, detail);
    return name;
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
    *name = expand(r, *name, asker, &refused);
    if (refused || r->no_memory || *name == TN_NO_NAME)
        return refused;
    const char *text = tn_text_of(r, *name);
    if (tn_loader_at_hand(r)->name_is_searchable(text, &judged)) {
        if (r->self >= 0 && tn_loader_at_hand(r)->is_self(&r->target->target, text))
            *loaded = r->self;
        else if (r->uses[*name].stamp == r->stamp)
            *loaded = r->uses[*name].object;
    }
    return *loaded >= 0 ? NULL : search_for(r, *name, asker, kind);
}

int32_t tn_request(tenon_resolver *r, uint32_t name, int32_t asker, enum tenon_flavour flavour,
                   enum tn_request kind)
{
    int32_t loaded;
    struct tn_search *s = look(r, &name, asker, kind, &loaded);
    if (s)
        return object_for(r, s, asker, flavour);
    return loaded >= 0 && loaded == r->self ? tn_request_self(r, name) : loaded;
}

struct tn_search *tn_process_ask(tenon_resolver *r, const char *text, int32_t object,
                                 int32_t *loaded)
{
    uint32_t name = tn_resolver_name(r, text);
    *loaded = TENON_NOBODY;
    if (name == TN_NO_NAME)
        return NULL;
    struct tn_search *s = look(r, &name, object, TN_REQUEST_DLOPEN, loaded);
    if (s && s->status == TENON_STATUS_FOUND && r->nodes[s->node]->stamp == r->stamp)
        *loaded = r->nodes[s->node]->object;
    return s;
}
