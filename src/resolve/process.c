/*
 * src/resolve/process.c - joins one process: who is loaded, in which order, for whom
 *
 * rule  breadth-first over the needs in list order: glibc elf/dl-deps.c, _dl_map_object_deps();
 *       musl ldso/dynlink.c, load_deps(). Everything that differs is in the loader's row
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"
#include "resolver.h"
#include "state.h"

static struct tn_object *object_at(tenon_resolver *r, int32_t i)
{
    return &r->objects[i];
}

static const tenon_loader *loader_of(const tenon_resolver *r)
{
    return r->target->target.loader;
}

/* The first object to claim a name keeps it: loaders look through their list from the start. */
static void claim(tenon_resolver *r, uint32_t name, int32_t object)
{
    if (name == TN_NO_NAME || r->uses[name].stamp == r->stamp)
        return;
    r->uses[name].stamp = r->stamp;
    r->uses[name].object = object;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* rule  musl load_library(): an object found by a search answers to the last part of its path */
static void claim_short(tenon_resolver *r, int32_t i)
{
    struct tn_object *o = object_at(r, i);
    if (!o->has_short && i != TN_PROGRAM && o->path != TN_NO_NAME) {
        o->has_short = true;
        claim(r, tn_resolver_name(r, base_name(tn_text_of(r, o->path))), i);
    }
}

/* All names that a newly mapped object answers to. */
static void claim_names(tenon_resolver *r, int32_t i, bool searched)
{
    const struct tn_object *o = object_at(r, i);
    if (loader_of(r)->matches_soname) {
        claim(r, o->name, i);
        claim(r, o->path, i);
        if (o->node != TN_NO_NODE)
            claim(r, r->nodes[o->node]->own_name, i);
    }
    if (loader_of(r)->matches_short && searched)
        claim_short(r, i);
}

static int32_t add_object(tenon_resolver *r, struct tn_object object)
{
    if (r->object_count >= TN_LIMIT_OBJECTS ||
        !tn_grow(&r->objects, &r->object_room, r->object_count, sizeof *r->objects)) {
        r->no_memory = true;
        return TENON_NOBODY;
    }
    r->objects[r->object_count] = object;
    return (int32_t)r->object_count++;
}

/* Puts an object into the order, at `position` (SIZE_MAX: last). */
static void list_object(tenon_resolver *r, int32_t object, size_t position)
{
    if (!tn_grow(&r->order, &r->order_room, r->order_count, sizeof *r->order)) {
        r->no_memory = true;
        return;
    }
    if (position > r->order_count)
        position = r->order_count;
    memmove(r->order + position + 1, r->order + position,
            (r->order_count - position) * sizeof *r->order);
    r->order[position] = object;
    r->order_count++;
    object_at(r, object)->listed = true;
}

/* ---- $ORIGIN and run paths ---- */

/* The directory of a path, made absolute with the cwd; symbolic links are not resolved. */
static const char *directory_of(tenon_resolver *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *cwd = *path == '/' ? "" : tenon_world_cwd(r->world);
    const char *between = *path == '/' || !slash || strcmp(cwd, "/") == 0 ? "" : "/";
    int size = slash ? (int)(slash - path) : 0;
    if (slash == path)
        return "/";
    const char *directory = tn_arena_format(
        &r->arena, "%s%s%.*s", strcmp(cwd, "/") == 0 && slash ? "/" : cwd, between, size, path);
    r->no_memory |= !directory;
    return directory;
}

/*
 * Directory of the program: the kernel gives its real path (/proc/self/exe); a file that ld.so was
 * asked to start keeps the path as typed.
 */
static const char *program_origin(tenon_resolver *r)
{
    if (r->program_origin != TN_NO_NAME)
        return tn_text_of(r, r->program_origin);
    const char *path = tn_text_of(r, object_at(r, TN_PROGRAM)->path);
    int error = 0;
    char *real = r->program_started ? tenon_world_realpath(r->world, path, &error) : NULL;
    const char *directory = directory_of(r, real ? real : path);
    free(real);
    r->no_memory |= error == ENOMEM;
    if (!r->no_memory)
        r->program_origin = tn_resolver_name(r, directory);
    return directory;
}

/* musl wants "." for a path without a slash and leaves relative ones relative. NULL: no memory. */
static const char *origin_of(tenon_resolver *r, int32_t object)
{
    const char *path = tn_text_of(r, object_at(r, object)->path);
    bool by_kernel = object == TN_PROGRAM && r->program_started;
    if (loader_of(r)->matches_short && !by_kernel) {
        const char *slash = strrchr(path, '/');
        const char *directory =
            slash ? tn_arena_copy(&r->arena, path, (size_t)(slash - path)) : ".";
        r->no_memory |= !directory;
        return directory;
    }
    return object == TN_PROGRAM ? program_origin(r) : directory_of(r, path);
}

/* The chain that begins with this object's own run paths; UINT32_MAX: no memory. */
static uint32_t make_paths(tenon_resolver *r, int32_t object, const struct tn_paths *parent)
{
    const struct tn_object *o = object_at(r, object);
    const struct tn_facts *facts = r->nodes[o->node]->facts;
    bool is_program = object == TN_PROGRAM;
    uint32_t key[4] = { TN_TAG_PATHS | (uint32_t)is_program << 3 |
                            (uint32_t)r->program_started << 4 | r->target->target.id << 5,
                        o->path, parent ? parent->id + 1 : 0, o->node };
    uint32_t known = tn_map_find(&r->map, key);
    if (known != TN_NO_NAME)
        return known;
    bool tokens = (facts->rpath && strchr(facts->rpath, '$')) ||
                  (facts->runpath && strchr(facts->runpath, '$'));
    const char *origin = tokens ? origin_of(r, object) : NULL;
    struct tn_paths *paths = tn_arena_take(&r->arena, sizeof *paths);
    struct tn_target *target = &r->target->target;
    if (!paths || (tokens && !origin) ||
        !tn_grow(&r->paths, &r->path_room, r->path_count, sizeof *r->paths) ||
        (facts->rpath &&
         !(paths->rpath = target->loader->split(target, facts->rpath, origin, is_program))) ||
        (facts->runpath &&
         !(paths->runpath = target->loader->split(target, facts->runpath, origin, is_program))) ||
        !tn_map_set(&r->map, key, (uint32_t)r->path_count))
        return UINT32_MAX;
    paths->owner = tn_text_of(r, o->path);
    paths->parent = parent;
    paths->id = (uint32_t)r->path_count;
    r->paths[r->path_count] = paths;
    return (uint32_t)r->path_count++;
}

/* Fills an object's chain from its file and from the object that caused it. */
static void set_paths(tenon_resolver *r, int32_t object)
{
    struct tn_object *o = object_at(r, object);
    const struct tn_paths *parent = o->parent >= 0 ? object_at(r, o->parent)->paths : NULL;
    if (!parent && object != TN_PROGRAM && loader_of(r)->matches_soname)
        parent = object_at(r, TN_PROGRAM)->paths; /* glibc looks at the program's RPATH last */
    o->paths = parent;
    const struct tn_facts *facts = o->node == TN_NO_NODE ? NULL : r->nodes[o->node]->facts;
    if (!facts || (!facts->rpath && !facts->runpath))
        return;
    uint32_t paths = make_paths(r, object, parent);
    if (paths == UINT32_MAX) {
        r->no_memory = true;
        return;
    }
    o = object_at(r, object);
    o->paths = r->paths[paths];
    o->own = true;
}

/* ---- answering one request ---- */

/*
 * The loader's own object enters the list when it is first asked for, before any missing ones
 * that stand last: those are not in the list that its place is taken from.
 * rule  glibc elf/rtld.c, dl_main(), "put it back in the list of visible objects"; musl
 *       ldso/dynlink.c, load_library()
 */
static int32_t answer_self(tenon_resolver *r, uint32_t name)
{
    size_t at = r->order_count;
    struct tn_object *self = object_at(r, r->self);
    if (self->listed)
        return r->self;
    self->name = name;
    while (at > 0 && object_at(r, r->order[at - 1])->node == TN_NO_NODE)
        at--;
    list_object(r, r->self, at);
    return r->self;
}

static int32_t find_loaded(tenon_resolver *r, uint32_t name)
{
    if (r->uses[name].stamp != r->stamp)
        return TENON_NOBODY;
    int32_t object = r->uses[name].object;
    return object == r->self ? answer_self(r, name) : object;
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
        if (loader_of(r)->matches_soname)
            claim(r, s->name, known);
        else if (s->searched && known != r->self)
            claim_short(r, known);
        return known == r->self ? answer_self(r, s->name) : known;
    }
    if (loader_of(r)->merges_libc && is_second_libc(r, node))
        return answer_self(r, s->name);
    object.node = s->node;
    object.path = s->path;
    int32_t i = add_object(r, object);
    if (i < 0)
        return i;
    node->stamp = r->stamp;
    node->object = i;
    set_paths(r, i);
    claim_names(r, i, s->searched);
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
    if (flavour == TENON_NEED_PRELOAD && !loader_of(r)->preload_as_program)
        object.parent = TENON_NOBODY; /* the program's run paths are none of its business */
    if (s->status == TENON_STATUS_FOUND)
        return add_found(r, s, object);
    if (s->stamp != r->stamp) {
        s->object = add_object(r, object);
        s->stamp = r->stamp;
    }
    if (s->object >= 0)
        object_at(r, s->object)->optional &= object.optional;
    return s->object;
}

static bool is_slashed(const char *name)
{
    return strchr(name, '/') != NULL;
}

/* Who asks, as far as it matters for the search. */
static struct tn_asker asker_for(tenon_resolver *r, int32_t object, enum tn_request request)
{
    const tenon_loader *loader = loader_of(r);
    bool preload = request == TN_REQUEST_PRELOAD || request == TN_REQUEST_PRELOAD_CONFIG;
    struct tn_asker asker = { .request = request };
    if (request == TN_REQUEST_DLOPEN && loader->dlopen_as_program)
        object = TN_PROGRAM;
    const struct tn_object *o = object_at(r, object);
    if (!preload || loader->preload_as_program) {
        asker.paths = o->paths;
        asker.own = o->own;
    }
    if (o->node != TN_NO_NODE && r->nodes[o->node]->facts)
        asker.nodeflib = r->nodes[o->node]->facts->elf.dt_flags_1 & 0x800;
    if (r->target->env_has_tokens)
        asker.program_origin = program_origin(r);
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
    if (secure && request == TN_REQUEST_PRELOAD && (is_slashed(text) || strlen(text) > 255))
        return tn_search_refused(r, name, TENON_OUTCOME_DROPPED_SECURE,
                                 "a secure process takes only short names without a slash");
    return is_slashed(text) ? tn_search_direct(r, name, &r->asker)
                            : tn_search_for(r, name, &r->asker);
}

/* Expands a name; a refusal gives its search. */
static uint32_t expand(tenon_resolver *r, uint32_t name, int32_t object, struct tn_search **refused)
{
    const char *text = tn_text_of(r, name);
    const char *detail = NULL;
    enum tenon_outcome outcome;
    *refused = NULL;
    if (!strchr(text, '$'))
        return name;
    const char *origin = origin_of(r, object);
    if (!origin)
        return name;
    const char *out =
        loader_of(r)->expand_name(&r->target->target, text, origin, &outcome, &detail);
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

/* Answers one request: an object of the process, or TENON_NOBODY without memory. */
static int32_t request(tenon_resolver *r, uint32_t name, int32_t asker, enum tenon_flavour flavour,
                       enum tn_request kind)
{
    struct tn_search *s;
    struct tn_judgement refused;
    name = expand(r, name, asker, &s);
    if (s)
        return object_for(r, s, asker, flavour);
    if (r->no_memory || name == TN_NO_NAME)
        return TENON_NOBODY;
    const char *text = tn_text_of(r, name);
    bool searchable = loader_of(r)->name_is_searchable(text, &refused);
    if (searchable && r->self >= 0 && loader_of(r)->is_self(&r->target->target, text))
        return answer_self(r, name);
    int32_t loaded = searchable ? find_loaded(r, name) : TENON_NOBODY;
    if (loaded >= 0)
        return loaded;
    s = search_for(r, name, asker, kind);
    return s ? object_for(r, s, asker, flavour) : TENON_NOBODY;
}

/* ---- the walk ---- */

static void add_edge(tenon_resolver *r, int32_t to)
{
    if (!tn_grow(&r->edges, &r->edge_room, r->edge_count, sizeof *r->edges))
        r->no_memory = true;
    else
        r->edges[r->edge_count++] = to;
}

static size_t position_of(const tenon_resolver *r, int32_t object)
{
    size_t i = 0;
    while (i < r->order_count && r->order[i] != object)
        i++;
    return i;
}

/*
 * A filtee goes right before the object that names it: moved there if it stood later, left alone
 * if it stood earlier.
 * rule  glibc elf/dl-deps.c, DT_AUXILIARY and DT_FILTER
 */
static void list_before(tenon_resolver *r, int32_t filtee, int32_t owner)
{
    size_t at = position_of(r, owner);
    if (object_at(r, filtee)->listed) {
        size_t old = position_of(r, filtee);
        if (old <= at)
            return;
        memmove(r->order + old, r->order + old + 1, (r->order_count - old - 1) * sizeof *r->order);
        r->order_count--;
    }
    list_object(r, filtee, at);
}

static void walk_object(tenon_resolver *r, int32_t i)
{
    const struct tn_node *node;
    size_t first = r->edge_count;
    object_at(r, i)->done = true;
    if (object_at(r, i)->node == TN_NO_NODE)
        return;
    node = r->nodes[object_at(r, i)->node];
    for (uint32_t k = 0; k < node->need_count && !r->no_memory; k++) {
        enum tenon_flavour flavour = node->needs[k].flavour;
        bool filter = flavour == TENON_NEED_FILTER || flavour == TENON_NEED_AUXILIARY;
        if (filter && !loader_of(r)->has_filters)
            continue;
        int32_t to = request(r, node->needs[k].name, i, flavour, TN_REQUEST_NEED);
        if (to < 0)
            break;
        add_edge(r, to);
        if (filter && object_at(r, to)->node != TN_NO_NODE)
            list_before(r, to, i);
        else if (!object_at(r, to)->listed)
            list_object(r, to, SIZE_MAX);
    }
    object_at(r, i)->first_edge = first;
    object_at(r, i)->edge_count = r->edge_count - first;
}

/* Walks every object of the order that is not done, also those put before the current one. */
static void walk(tenon_resolver *r)
{
    for (size_t at = 0; at < r->order_count && !r->no_memory;) {
        if (object_at(r, r->order[at])->done)
            at++;
        else
            walk_object(r, r->order[at]);
    }
}

/* ---- beginnings ---- */

static const char *interpreter_for(tenon_resolver *r, const struct tn_node *node,
                                   const tenon_loader *loader)
{
    if (r->interpreter)
        return r->interpreter;
    if (node->facts->interpreter)
        return node->facts->interpreter;
    const char *path = loader->interpreter(node->facts);
    return path ? path : "";
}

/* The target of a program, made if new. NULL: no memory. */
static struct tn_target_row *target_for(tenon_resolver *r, const struct tn_node *node,
                                        const tenon_loader *loader, tenon_error *err)
{
    const struct tn_elf_header *h = &node->header;
    const char *interpreter = interpreter_for(r, node, loader);
    for (struct tn_target_row *row = r->targets; row; row = row->next)
        if (row->target.loader == loader && row->target.word == h->word &&
            row->target.endian == h->endian && row->target.machine == h->e_machine &&
            row->target.e_flags == h->e_flags && strcmp(row->target.interpreter, interpreter) == 0)
            return row;
    struct tn_target_row *row = tn_arena_take(&r->arena, sizeof *row);
    if (!row) {
        tn_no_memory(err);
        return NULL;
    }
    row->target = (struct tn_target){
        .loader = loader,
        .world = r->world,
        .arena = &r->arena,
        .word = h->word,
        .endian = h->endian,
        .machine = h->e_machine,
        .e_flags = h->e_flags,
        .interpreter = interpreter,
        .secure = tenon_world_secure(r->world),
        .id = (uint32_t)r->target_count,
    };
    if (!loader->configure(&row->target, err))
        return NULL;
    const char *env = tenon_world_env(r->world, "LD_LIBRARY_PATH");
    row->env_has_tokens = env && strchr(env, '$');
    row->next = r->targets;
    r->targets = row;
    r->target_count++;
    return row;
}

/* The kernel maps the interpreter before anything else: it is there, or nothing starts. */
static void add_self(tenon_resolver *r)
{
    const struct tn_target *target = &r->target->target;
    uint32_t path = tn_resolver_name(r, target->interpreter);
    int error;
    struct tn_judgement judged;
    if (path == TN_NO_NAME)
        return;
    struct tn_node *node = tn_resolver_open(r, path, &error);
    struct tn_object self = {
        .node = TN_NO_NODE,
        .name = path,
        .path = path,
        .parent = TENON_NOBODY,
        .done = true,
        .is_interpreter = true,
        .has_short = true,
        .status = TENON_STATUS_FOUND,
        .rule = &loader_of(r)->rules[loader_of(r)->rule_self],
    };
    if (node)
        self.node = r->openings[r->uses[path].opened - 1].node;
    else if (!r->no_memory) {
        target->loader->judge_errno(error, &judged);
        self.path = TN_NO_NAME;
        self.status = TENON_STATUS_MISSING;
        self.rule = NULL;
        self.reason = tn_arena_format(&r->arena, "the interpreter %s: %s", target->interpreter,
                                      tn_errno_text(error));
        r->no_memory |= !self.reason;
        self.search = tn_search_refused(
            r, path, judged.outcome, "the kernel cannot start a program without its interpreter");
    }
    r->self = add_object(r, self);
    if (r->self < 0)
        return;
    claim(r, path, r->self);
    if (node && loader_of(r)->matches_soname)
        claim(r, node->own_name, r->self);
    claim(r, tn_resolver_name(r, base_name(target->interpreter)), r->self);
    if (node) {
        node->stamp = r->stamp;
        node->object = r->self;
    } else {
        list_object(r, r->self, SIZE_MAX);
    }
}

/* ---- preloads ---- */

static bool add_preload(tenon_resolver *r, struct tn_target_row *row, size_t *room,
                        const char *name, size_t size, enum tn_request kind)
{
    const char *copy = tn_arena_copy(&r->arena, name, size);
    struct tn_preload *grown;
    if (!copy)
        return false;
    if (row->preload_count == *room) {
        *room = *room ? *room * 2 : 8;
        grown = tn_arena_rows(&r->arena, *room, sizeof *grown);
        if (!grown)
            return false;
        if (row->preload_count)
            memcpy(grown, row->preloads, row->preload_count * sizeof *grown);
        row->preloads = grown;
    }
    row->preloads[row->preload_count++] = (struct tn_preload){ copy, kind };
    return true;
}

static bool split_preloads(tenon_resolver *r, struct tn_target_row *row, size_t *room,
                           const char *list, const char *separators, enum tn_request kind)
{
    while (*list && row->preload_count < TN_LIMIT_OBJECTS) {
        size_t size = strcspn(list, separators);
        if (size && !add_preload(r, row, room, list, size, kind))
            return false;
        list += size + (list[size] != '\0');
    }
    return true;
}

/* rule  glibc elf/rtld.c, dl_main(): '#' to the end of the line is a comment */
static void blank_comments(char *text)
{
    for (char *p = strchr(text, '#'); p; p = strchr(p, '#'))
        memset(p, ' ', strcspn(p, "\n"));
}

static bool read_preloads(tenon_resolver *r, struct tn_target_row *row)
{
    const tenon_loader *loader = row->target.loader;
    const char *env = tenon_world_env(r->world, "LD_PRELOAD");
    bool ignored = row->target.secure && !loader->preload_file; /* musl drops it altogether */
    size_t room = 0;
    struct tn_view bytes;
    row->preload_count = 0;
    if (env && !ignored &&
        !split_preloads(r, row, &room, env, loader->preload_separators, TN_REQUEST_PRELOAD))
        return false;
    if (!loader->preload_file)
        return true;
    int error = tn_file_whole(r->world, loader->preload_file, TN_LIMIT_CONFIG, &r->arena, &bytes);
    if (error)
        return error != ENOMEM;
    char *text = tn_arena_copy(&r->arena, bytes.at, bytes.size);
    if (!text)
        return false;
    blank_comments(text);
    return split_preloads(r, row, &room, text, ": \t\n", TN_REQUEST_PRELOAD_CONFIG);
}

static void add_preloads(tenon_resolver *r)
{
    struct tn_target_row *row = r->target;
    if (!row->preloads_read && !read_preloads(r, row)) {
        r->no_memory = true;
        return;
    }
    row->preloads_read = true;
    for (size_t i = 0; i < row->preload_count && !r->no_memory; i++) {
        uint32_t name = tn_resolver_name(r, row->preloads[i].name);
        int32_t object = name == TN_NO_NAME ? TENON_NOBODY
                                            : request(r, name, TN_PROGRAM, TENON_NEED_PRELOAD,
                                                      row->preloads[i].request);
        if (object >= 0 && !object_at(r, object)->listed)
            list_object(r, object, SIZE_MAX);
    }
}

/* ---- the two doors ---- */

static void begin(tenon_resolver *r)
{
    r->stamp++;
    r->object_count = r->order_count = r->edge_count = 0;
    r->self = TENON_NOBODY;
    r->program_origin = TN_NO_NAME;
    r->last_plan = UINT32_MAX;
    r->asker_object = TENON_NOBODY;
    r->target = NULL;
    r->no_memory = r->too_much = false;
    r->attempts = 0;
}

static bool node_error(const struct tn_node *node, const char *path, tenon_error *err)
{
    if (node->error == TENON_E_SYSTEM)
        return tn_fail_system(err, node->system_errno, "%s", path);
    tn_fail(err, node->error, "%s", node->error_text);
    return strncmp(node->error_text, path, strlen(path)) == 0 ? false : tn_context(err, "%s", path);
}

/* Kinds that no loader starts. */
static bool check_kind(const struct tn_node *node, const char *path, tenon_error *err)
{
    static const struct {
        enum tenon_kind kind;
        const char *what;
    } kinds[] = {
        { TENON_KIND_OBJECT, "a relocatable object: it must be linked first" },
        { TENON_KIND_KERNEL_MODULE, "a kernel module: the kernel loads it, not ld.so" },
        { TENON_KIND_CORE, "a core dump" },
        { TENON_KIND_DEBUG, "a file of debugging information: its program is elsewhere" },
    };
    for (size_t i = 0; i < TN_COUNT(kinds); i++)
        if (kinds[i].kind == node->facts->kind)
            return tn_fail(err, TENON_E_NOT_LOADABLE, "%s: cannot be loaded: %s", path,
                           kinds[i].what);
    return true;
}

/* Opens a program and chooses its loader and target. `static` programs get none. */
static bool open_program(tenon_resolver *r, uint32_t path, tenon_error *err)
{
    const char *text = tn_text_of(r, path);
    int error;
    struct tn_node *node = tn_resolver_open(r, path, &error);
    if (r->no_memory)
        return tn_resolver_fail(r, path, err);
    if (!node)
        return tn_fail_system(err, error, "%s", text);
    if (node->error)
        return node_error(node, text, err);
    if (!check_kind(node, text, err))
        return false;
    const struct tn_facts *facts = node->facts;
    const tenon_loader *loader = r->loader ? r->loader : node->loader;
    int32_t program = add_object(r, (struct tn_object){
                                        .node = r->openings[r->uses[path].opened - 1].node,
                                        .name = path,
                                        .path = path,
                                        .parent = TENON_NOBODY,
                                        .status = TENON_STATUS_FOUND,
                                    });
    if (program < 0)
        return tn_no_memory(err);
    if (facts->is_static && !facts->interpreter)
        return true;
    if (!loader)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "%s: its loader is none that tenon knows (%s%s%s); --loader names one", text,
                       facts->os ? facts->os : "unknown system", facts->interpreter ? ", " : "",
                       facts->interpreter ? facts->interpreter : "");
    r->target = target_for(r, node, loader, err);
    r->program_started = facts->interpreter != NULL && facts->kind == TENON_KIND_EXECUTABLE;
    return r->target != NULL;
}

/* The program claims its names; one that ld.so was asked to start is known by its file too. */
static void begin_program(tenon_resolver *r)
{
    struct tn_node *node = r->nodes[object_at(r, TN_PROGRAM)->node];
    list_object(r, TN_PROGRAM, SIZE_MAX);
    if (loader_of(r)->matches_soname) {
        claim(r, tn_resolver_name(r, ""), TN_PROGRAM);
        claim(r, node->own_name, TN_PROGRAM);
        if (!r->program_started) {
            claim(r, object_at(r, TN_PROGRAM)->path, TN_PROGRAM);
            node->stamp = r->stamp;
            node->object = TN_PROGRAM;
        }
    }
    set_paths(r, TN_PROGRAM);
    add_self(r);
}

/* dlopen(name) by an object, and the walk over what it brings. */
static void open_at_run_time(tenon_resolver *r, const char *text, int32_t caller)
{
    uint32_t name = tn_resolver_name(r, text);
    int32_t object = name == TN_NO_NAME
                         ? TENON_NOBODY
                         : request(r, name, caller, TENON_NEED_DLOPEN, TN_REQUEST_DLOPEN);
    if (object < 0)
        return;
    if (!object_at(r, object)->listed)
        list_object(r, object, SIZE_MAX);
    walk(r);
}

bool tn_process_file(tenon_resolver *r, uint32_t path, tenon_error *err)
{
    uint32_t program = r->exe ? tn_resolver_name(r, r->exe) : path;
    begin(r);
    if (program == TN_NO_NAME)
        return tn_no_memory(err);
    if (!open_program(r, program, err))
        return false;
    if (r->target) {
        begin_program(r);
        add_preloads(r);
        walk(r);
        if (r->exe) {
            const char *text = tn_text_of(r, path);
            const char *slashed =
                is_slashed(text) ? text : tn_arena_format(&r->arena, "./%s", text);
            if (slashed)
                open_at_run_time(r, slashed, TN_PROGRAM);
        }
    } else if (r->exe) {
        return tn_fail(err, TENON_E_UNSUPPORTED, "%s: a static program loads no libraries", r->exe);
    }
    return r->no_memory ? tn_resolver_fail(r, path, err) : true;
}

/* dlopen(name, RTLD_NOLOAD): what is not there stays away, and is shown as missing. */
static void ask_at_run_time(tenon_resolver *r, const char *text, int32_t caller)
{
    int32_t loaded;
    struct tn_search *s = tn_process_ask(r, text, caller, &loaded);
    if (loaded >= 0 || r->no_memory)
        return;
    int32_t object = add_object(r, (struct tn_object){
                                       .node = TN_NO_NODE,
                                       .name = tn_resolver_name(r, text),
                                       .path = TN_NO_NAME,
                                       .parent = caller,
                                       .done = true,
                                       .flavour = TENON_NEED_DLOPEN,
                                       .status = TENON_STATUS_MISSING,
                                       .reason = "not loaded, and asked for with RTLD_NOLOAD",
                                       .search = s,
                                   });
    if (object >= 0)
        list_object(r, object, SIZE_MAX);
}

/* A slice or member is for formats that have some; a build id must be the file's. */
static bool check_loaded(const struct tn_node *node, const tenon_loaded *loaded, tenon_error *err)
{
    const char *recorded = node->facts->build_id;
    if (loaded->source.slice || loaded->source.member)
        return tn_fail(err, TENON_E_NOT_FOUND, "%s: an ELF file has no slices or members",
                       loaded->source.path);
    if (loaded->build_id && (!recorded || strcmp(loaded->build_id, recorded) != 0))
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "%s: the file was replaced: its build id is %s, the process has %s",
                       loaded->source.path, recorded ? recorded : "absent", loaded->build_id);
    return true;
}

/*
 * One object that the caller says is there already: nothing is searched for it. The number it
 * gets here, or TENON_NOBODY with *err filled.
 */
static int32_t add_loaded(tenon_resolver *r, const tenon_loaded *loaded, int32_t parent,
                          tenon_error *err)
{
    const char *file = loaded->source.path;
    uint32_t path = tn_resolver_name(r, file);
    uint32_t name = tn_resolver_name(r, loaded->name ? loaded->name : file);
    int error = 0;
    struct tn_node *node =
        path == TN_NO_NAME || name == TN_NO_NAME ? NULL : tn_resolver_open(r, path, &error);
    if (!node || node->error) {
        if (r->no_memory)
            tn_no_memory(err);
        else if (node)
            node_error(node, file, err);
        else
            tn_fail_system(err, error, "%s", file);
        return TENON_NOBODY;
    }
    if (!check_loaded(node, loaded, err))
        return TENON_NOBODY;
    if (node->stamp == r->stamp && node->object == r->self)
        return answer_self(r, name);
    int32_t i = add_object(
        r, (struct tn_object){
               .node = r->openings[r->uses[path].opened - 1].node,
               .name = name,
               .path = path,
               .parent = parent,
               .done = true,
               .status = TENON_STATUS_FOUND,
               .rule = &loader_of(r)->rules[loader_of(r)->rule_loaded],
               .where = loaded->reason ? tn_arena_string(&r->arena, loaded->reason) : NULL,
           });
    if (i < 0) {
        tn_no_memory(err);
        return i;
    }
    node->stamp = r->stamp;
    node->object = i;
    list_object(r, i, SIZE_MAX);
    set_paths(r, i);
    claim_names(r, i, loaded->name && !is_slashed(loaded->name));
    return i;
}

bool tn_process_state(tenon_resolver *r, const tenon_state *state, tenon_error *err)
{
    begin(r);
    if (!state->object_count)
        return tn_fail(err, TENON_E_ARGUMENT, "a process has at least its program");
    uint32_t program = tn_resolver_name(r, state->objects[0].source.path);
    int32_t *numbers = tn_arena_rows(&r->arena, state->object_count, sizeof *numbers);
    if (program == TN_NO_NAME || !numbers)
        return tn_no_memory(err);
    if (!open_program(r, program, err))
        return false;
    if (!r->target)
        return tn_fail(err, TENON_E_UNSUPPORTED, "%s: a static program loads no libraries",
                       state->objects[0].source.path);
    if (!check_loaded(r->nodes[object_at(r, TN_PROGRAM)->node], &state->objects[0], err))
        return false;
    begin_program(r);
    object_at(r, TN_PROGRAM)->done = true; /* what it needs is among the objects given */
    numbers[0] = TN_PROGRAM;
    for (size_t i = 1; i < state->object_count && !r->no_memory; i++) {
        int32_t by = state->objects[i].loaded_by;
        numbers[i] = add_loaded(r, &state->objects[i], by < 0 ? TENON_NOBODY : numbers[by], err);
        if (numbers[i] < 0)
            return false;
    }
    for (size_t i = 0; i < state->request_count && !r->no_memory; i++) {
        const struct tn_state_request *asked = &state->requests[i];
        (asked->flags & TENON_OPEN_NOLOAD ? ask_at_run_time : open_at_run_time)(
            r, asked->name, numbers[asked->caller]);
    }
    return r->no_memory ? tn_resolver_fail(r, program, err) : true;
}

struct tn_search *tn_process_ask(tenon_resolver *r, const char *text, int32_t object,
                                 int32_t *loaded)
{
    struct tn_search *s;
    struct tn_judgement refused;
    uint32_t name = tn_resolver_name(r, text);
    *loaded = TENON_NOBODY;
    if (name == TN_NO_NAME)
        return NULL;
    name = expand(r, name, object, &s);
    if (s || r->no_memory)
        return s;
    text = tn_text_of(r, name);
    bool searchable = loader_of(r)->name_is_searchable(text, &refused);
    if (searchable && r->self >= 0 && loader_of(r)->is_self(&r->target->target, text))
        *loaded = r->self;
    else if (searchable && r->uses[name].stamp == r->stamp)
        *loaded = r->uses[name].object;
    if (*loaded >= 0)
        return NULL;
    s = search_for(r, name, object, TN_REQUEST_DLOPEN);
    if (s && s->status == TENON_STATUS_FOUND && r->nodes[s->node]->stamp == r->stamp)
        *loaded = r->nodes[s->node]->object;
    return s;
}
