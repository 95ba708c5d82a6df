/* src/resolve/resolver.c - a resolver: settings, names, and each file read once */
#include "resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"

tenon_resolver *tenon_resolver_new(tenon_world *world, tenon_error *err)
{
    tenon_resolver *r = calloc(1, sizeof *r);
    if (!r || !tn_names_init(&r->names) || !tn_map_init(&r->map)) {
        tenon_resolver_free(r);
        tn_no_memory(err);
        return NULL;
    }
    r->world = world;
    return r;
}

bool tn_store_set(struct tn_store *store, const uint32_t key[4], uint32_t value)
{
    return (store->has_map || (store->has_map = tn_map_init(&store->map))) &&
           tn_map_set(&store->map, key, value);
}

void tn_store_empty(struct tn_store *store)
{
    tn_arena_reset(&store->arena);
    tn_map_empty(&store->map);
    store->plan_count = store->search_count = store->path_count = 0;
}

static void store_free(struct tn_store *store)
{
    tn_arena_free(&store->arena);
    tn_map_free(&store->map);
    free(store->plans);
    free(store->searches);
    free(store->paths);
}

void tenon_resolver_free(tenon_resolver *r)
{
    if (!r)
        return;
    tn_ahead_end(r->ahead);
    tn_names_free(&r->names);
    tn_map_free(&r->map);
    tn_arena_free(&r->arena);
    tn_arena_free(&r->scratch);
    tn_arena_free(&r->spare);
    tn_arena_free(&r->spare_passing);
    free(r->uses);
    free(r->nodes);
    free(r->openings);
    free(r->dirs);
    store_free(&r->kept);
    store_free(&r->passing);
    free(r->tries);
    free(r->objects);
    free(r->order);
    free(r->edges);
    free(r->late_edges);
    free(r);
}

static bool check_unasked(const tenon_resolver *r, tenon_error *err)
{
    return !r->asked ||
           tn_fail(err, TENON_E_ARGUMENT, "a resolver is set up before its first question");
}

bool tenon_resolver_set_loader(tenon_resolver *r, const char *name, tenon_error *err)
{
    const tenon_loader *loader = name ? tenon_loader_named(name) : NULL;
    if (!check_unasked(r, err))
        return false;
    if (name && !loader)
        return tn_fail(err, TENON_E_ARGUMENT, "no loader is called '%s'", name);
    r->loader = loader;
    return true;
}

static bool set_string(tenon_resolver *r, const char **slot, const char *value, tenon_error *err)
{
    if (!check_unasked(r, err))
        return false;
    const char *copy = value ? tn_arena_string(&r->arena, value) : NULL;
    if (value && !copy)
        return tn_no_memory(err);
    *slot = copy;
    return true;
}

bool tenon_resolver_set_exe(tenon_resolver *r, const char *path, tenon_error *err)
{
    return set_string(r, &r->exe, path, err);
}

bool tenon_resolver_set_interpreter(tenon_resolver *r, const char *path, tenon_error *err)
{
    return set_string(r, &r->interpreter, path, err);
}

void tenon_resolver_set_flags(tenon_resolver *r, unsigned flags)
{
    r->flags = flags;
}

bool tn_resolver_fail(const tenon_resolver *r, uint32_t file, tenon_error *err)
{
    if (!r->too_much)
        return tn_no_memory(err);
    return tn_fail(err, TENON_E_LIMIT, "%s: more than %u objects, or %u candidates to try",
                   tn_text_of(r, file), TN_LIMIT_OBJECTS, TN_LIMIT_ATTEMPTS);
}

/* Room for what is remembered of every name there is. */
static bool grow_uses(tenon_resolver *r)
{
    size_t room = r->use_room ? 2 * r->use_room : 512;
    while (room < r->names.capacity) /* it has as many rows */
        room *= 2;
    struct tn_use *uses = realloc(r->uses, room * sizeof *uses);
    if (!uses)
        return false;
    memset(uses + r->use_room, 0, (room - r->use_room) * sizeof *uses);
    r->uses = uses;
    r->use_room = room;
    return true;
}

static uint32_t add_name(tenon_resolver *r, const char *text, size_t size)
{
    uint32_t name = tn_names_add(&r->names, text, size);
    if (name == TN_NO_NAME || (name >= r->use_room && !grow_uses(r))) {
        r->no_memory = true;
        return TN_NO_NAME;
    }
    return name;
}

uint32_t tn_resolver_name(tenon_resolver *r, const char *text)
{
    return add_name(r, text, strlen(text));
}

const char *tn_resolver_keep(tenon_resolver *r, const char *text)
{
    return text ? tn_text_of(r, tn_resolver_name(r, text)) : NULL;
}

/* A need of which more than a name and a flavour was recorded; NULL: no memory. */
static const tenon_need *keep_need(tenon_resolver *r, const tenon_need *need)
{
    tenon_need *kept = tn_arena_take(&r->arena, sizeof *kept);
    if (!kept)
        return NULL;
    *kept = *need;
    kept->name = tn_resolver_keep(r, need->name);
    kept->path = tn_resolver_keep(r, need->path);
    kept->base = tn_resolver_keep(r, need->base);
    kept->member = tn_resolver_keep(r, need->member);
    kept->priority = kept->feature = NULL;
    return kept;
}

static bool keep_needs(tenon_resolver *r, struct tn_node *node, const struct tn_facts *facts)
{
    node->needs = tn_arena_rows(&r->arena, facts->need_count, sizeof *node->needs);
    if (facts->need_count && !node->needs)
        return false;
    for (size_t i = 0; i < facts->need_count; i++) {
        const tenon_need *need = &facts->needs[i];
        node->needs[i].name = tn_resolver_name(r, need->name);
        node->needs[i].flavour = need->flavour;
        if ((need->path || need->base || need->member || need->current_version ||
             need->compat_version) &&
            !(node->needs[i].more = keep_need(r, need)))
            return false;
    }
    node->need_count = (uint32_t)facts->need_count;
    return !r->no_memory;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

bool tn_node_defines(const struct tn_node *node, uint32_t version)
{
    return node->definition_count &&
           bsearch(&version, node->definitions, node->definition_count, sizeof version, by_number);
}

static size_t count_asked(const struct tn_facts *facts)
{
    size_t n = 0;
    for (size_t i = 0; i < facts->version_need_count; i++) /* they are grouped by file */
        n += i == 0 || facts->version_needs[i].library != facts->version_needs[i - 1].library;
    return n;
}

static bool keep_version_needs(tenon_resolver *r, struct tn_node *node,
                               const struct tn_facts *facts)
{
    size_t count = facts->version_need_count;
    struct tn_node_asked *asked = NULL;
    node->asked = tn_arena_room(&r->arena, count_asked(facts), sizeof *node->asked);
    node->versions = tn_arena_room(&r->arena, count, sizeof *node->versions);
    if (!node->asked || !node->versions)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const tenon_version *need = &facts->version_needs[i];
        bool again = i > 0 && need->library == need[-1].library;
        uint32_t file = again ? asked->file : tn_resolver_name(r, need->library);
        if (!asked || asked->file != file) {
            asked = &node->asked[node->asked_count++];
            *asked = (struct tn_node_asked){ file, TN_NO_NODE, i, i };
        }
        node->versions[i].version = tn_resolver_name(r, need->name);
        node->versions[i].weak = need->weak;
        asked->end = i + 1;
    }
    return !r->no_memory;
}

static bool keep_versions(tenon_resolver *r, struct tn_node *node, const struct tn_facts *facts)
{
    size_t defs = facts->version_def_count;
    node->definitions = tn_arena_room(&r->arena, defs, sizeof *node->definitions);
    if (!node->definitions || !keep_version_needs(r, node, facts))
        return false;
    for (size_t i = 0; i < defs; i++)
        node->definitions[i] = tn_resolver_name(r, facts->version_defs[i].name);
    if (defs)
        qsort(node->definitions, defs, sizeof *node->definitions, by_number);
    node->definition_count = (uint32_t)defs;
    return !r->no_memory;
}

/* ... of what ELF has not. false: no memory. */
static bool keep_others(tenon_resolver *r, struct tn_facts *kept)
{
    const struct tn_format *format;
    kept->uuid = tn_resolver_keep(r, kept->uuid);
    kept->pdb = tn_resolver_keep(r, kept->pdb);
    return tn_facts_move_lists(kept, &r->arena) &&
           (!kept->more || !(format = tn_format_with(kept->format)) || !format->move_more ||
            format->move_more(kept, &r->arena));
}

/* Copies what must outlive the bytes of the file. */
static bool keep_facts(tenon_resolver *r, struct tn_node *node, const struct tn_facts *facts)
{
    struct tn_facts *kept = tn_arena_take(&r->arena, sizeof *kept);
    if (!kept)
        return false;
    *kept = *facts;
    kept->interpreter = tn_resolver_keep(r, facts->interpreter);
    kept->rpath = tn_resolver_keep(r, facts->rpath);
    kept->runpath = tn_resolver_keep(r, facts->runpath);
    kept->elf.audit = tn_resolver_keep(r, facts->elf.audit);
    kept->elf.depaudit = tn_resolver_keep(r, facts->elf.depaudit);
    kept->build_id = facts->build_id ? tn_arena_string(&r->arena, facts->build_id) : NULL;
    r->no_memory |= facts->build_id && !kept->build_id;
    kept->needs = NULL;
    kept->version_needs = kept->version_defs = NULL;
    kept->elf.version_files = NULL;
    node->own_name = facts->own_name ? tn_resolver_name(r, facts->own_name) : TN_NO_NAME;
    kept->own_name = tn_text_of(r, node->own_name);
    node->facts = kept;
    node->has_run_paths = kept->rpath || kept->runpath;
    return keep_others(r, kept) && keep_needs(r, node, facts) && keep_versions(r, node, facts);
}

/* Makes a reading into a node. false: no memory. */
static bool keep_reading(tenon_resolver *r, struct tn_node *node, const struct tn_reading *reading)
{
    node->head_size = reading->head_size;
    memcpy(node->head, reading->head, sizeof node->head);
    if (reading->good) {
        node->loader = reading->loader;
        return keep_facts(r, node, &reading->facts);
    }
    if (reading->err->code == TENON_E_MEMORY)
        return false;
    node->error = reading->err->code;
    node->system_errno = reading->err->system_errno;
    node->own_name = TN_NO_NAME;
    return (node->error_text = tn_arena_string(&r->arena, reading->err->text)) != NULL;
}

/* The number of the node of a device and inode; TN_NO_NODE: not read yet. */
static uint32_t known_node(const tenon_resolver *r, const tenon_file_info *info, uint32_t key[4])
{
    key[0] = TN_TAG_NODE | (uint32_t)(info->device >> 32) << 3;
    key[1] = (uint32_t)info->device;
    key[2] = (uint32_t)(info->inode >> 32);
    key[3] = (uint32_t)info->inode;
    return tn_map_find(&r->map, key);
}

/* The number of a new node; TN_NO_NODE: no memory. */
static uint32_t add_node(tenon_resolver *r, const tenon_file_info *info,
                         const struct tn_reading *reading, uint32_t path, const uint32_t key[4])
{
    struct tn_node *node = tn_arena_take(&r->arena, sizeof *node);
    if (!node || !tn_grow(&r->nodes, &r->node_room, r->node_count, sizeof *r->nodes))
        return TN_NO_NODE;
    node->info = *info;
    node->path = path;
    if (!keep_reading(r, node, reading) || !tn_map_set(&r->map, key, (uint32_t)r->node_count))
        return TN_NO_NODE;
    r->nodes[r->node_count] = node;
    return (uint32_t)r->node_count++;
}

uint32_t tn_resolver_variant(tenon_resolver *r, uint32_t node, const struct tn_facts *facts)
{
    uint32_t key[4] = { TN_TAG_VARIANT, node, r->target->target.id, 0 };
    uint32_t known = tn_map_find(&r->map, key);
    if (known != TN_NO_NAME)
        return known;
    struct tn_node *variant = tn_arena_take(&r->arena, sizeof *variant);
    if (!variant || !tn_grow(&r->nodes, &r->node_room, r->node_count, sizeof *r->nodes)) {
        r->no_memory = true;
        return TN_NO_NODE;
    }
    variant->info = r->nodes[node]->info;
    variant->path = r->nodes[node]->path;
    variant->head_size = r->nodes[node]->head_size;
    memcpy(variant->head, r->nodes[node]->head, sizeof variant->head);
    if (!keep_facts(r, variant, facts) || !tn_map_set(&r->map, key, (uint32_t)r->node_count)) {
        r->no_memory = true;
        return TN_NO_NODE;
    }
    r->nodes[r->node_count] = variant;
    return (uint32_t)r->node_count++;
}

/*
 * The node of a file that the thread has looked at; *left: another row of the thread's is to have
 * read it, and has not.
 */
static uint32_t keep_result(tenon_resolver *r, const struct tn_ahead_result *result, uint32_t path,
                            bool *left)
{
    uint32_t key[4];
    struct tn_ahead_result *other = NULL;
    uint32_t node = known_node(r, &result->info, key);
    if (node == TN_NO_NODE && result->known)
        result = other = tn_ahead_claim(r->ahead, &result->info);
    *left = node == TN_NO_NODE && !result;
    if (node == TN_NO_NODE && result)
        node = add_node(r, &result->info, &result->reading, path, key);
    if (node != TN_NO_NODE)
        r->nodes[node]->foreseen = true;
    tn_ahead_done(r->ahead, other);
    return node;
}

/* A file that is read ahead: the thread has it, or will be told that we do. */
static bool open_ahead(tenon_resolver *r, uint32_t path, struct tn_opening *opening)
{
    uint32_t row = r->uses[path].expected;
    struct tn_ahead_result *result = row ? tn_ahead_take_listed(r->ahead, row - 1)
                                         : tn_ahead_take(r->ahead, tn_text_of(r, path));
    bool left = false;
    if (!result)
        return false;
    opening->error = result->error;
    if (!result->error)
        opening->node = keep_result(r, result, path, &left);
    tn_ahead_done(r->ahead, result);
    return !left;
}

struct own_reading {
    struct tn_reading is;
    tenon_error err;
};

/*
 * The reading of a file that we opened ourselves: the thread's (*result is to be given back), or
 * ours in `own`. What is no image need not be remembered where whole trees are asked about.
 */
static const struct tn_reading *read_opened(tenon_resolver *r, struct tn_file *file,
                                            bool only_images, struct own_reading *own,
                                            struct tn_ahead_result **result)
{
    *result = r->ahead ? tn_ahead_claim(r->ahead, &file->info) : NULL;
    if (*result)
        return &(*result)->reading;
    tn_reading_make(file, &own->is, &own->err);
    if (r->ahead)
        tn_ahead_read(r->ahead, &file->info, own->is.good || !only_images);
    return &own->is;
}

/* Reads a file that we opened ourselves, unless the thread has read it under another name. */
static uint32_t read_file(tenon_resolver *r, struct tn_file *file, uint32_t path)
{
    uint32_t key[4];
    struct own_reading own;
    struct tn_ahead_result *result;
    uint32_t node = known_node(r, &file->info, key);
    if (node != TN_NO_NODE)
        return node;
    const struct tn_reading *reading = read_opened(r, file, false, &own, &result);
    node = add_node(r, &file->info, reading, path, key);
    tn_ahead_done(r->ahead, result);
    return node;
}

/* The slice and member that stand behind a path; NULL: none. */
static tenon_image_source source_at(const tenon_resolver *r, uint32_t path)
{
    tenon_image_source source = { .path = tn_text_of(r, path) };
    const char *slice = source.path + strlen(source.path) + 1, *member = slice + strlen(slice) + 1;
    source.slice = *slice ? slice : NULL;
    source.member = *member ? member : NULL;
    return source;
}

uint32_t tn_resolver_source(tenon_resolver *r, const tenon_image_source *source)
{
    const char *slice = source->slice ? source->slice : "";
    const char *member = source->member ? source->member : "";
    size_t sizes[] = { strlen(source->path) + 1, strlen(slice) + 1, strlen(member) };
    if (!*slice && !*member)
        return tn_resolver_name(r, source->path);
    char *text = tn_arena_bytes(&r->passing.arena, sizes[0] + sizes[1] + sizes[2]);
    if (!text) {
        r->no_memory = true;
        return TN_NO_NAME;
    }
    memcpy(text, source->path, sizes[0]);
    memcpy(text + sizes[0], slice, sizes[1]);
    memcpy(text + sizes[0] + sizes[1], member, sizes[2]);
    uint32_t number = add_name(r, text, sizes[0] + sizes[1] + sizes[2]);
    if (number != TN_NO_NAME)
        r->uses[number].is_inside = true;
    return number;
}

/* Reads what is inside an open file. */
static void read_inside(struct tn_file *file, const tenon_image_source *source,
                        struct own_reading *reading)
{
    struct tn_file inside;
    tenon_error *err = &reading->err;
    const struct tn_format *format = tn_format_of(file, err);
    if (format && !format->find_inside)
        tn_fail(err, TENON_E_NOT_FOUND, "has no slices or members");
    if (format && format->find_inside && format->find_inside(file, source, &inside, err)) {
        tn_reading_make(&inside, &reading->is, err);
        return;
    }
    reading->is.good = false;
    reading->is.err = err;
    reading->is.head_size = 0;
    memset(reading->is.head, 0, sizeof reading->is.head);
}

/* The number of the node of what is inside a file that has a node; TN_NO_NODE: no memory. */
static uint32_t open_inside(tenon_resolver *r, uint32_t path, uint32_t outer, int *error)
{
    tenon_image_source source = source_at(r, path);
    size_t skip = strlen(source.path);
    uint32_t inside = add_name(r, source.path + skip, r->names.rows[path].size - skip);
    uint32_t key[4] = { TN_TAG_INSIDE, outer, inside, 0 };
    uint32_t node = inside == TN_NO_NAME ? TN_NO_NAME : tn_map_find(&r->map, key);
    struct own_reading reading = { .err = TENON_ERROR_INIT };
    struct tn_file file;
    if (inside == TN_NO_NAME || node != TN_NO_NAME)
        return node;
    *error = tn_file_open(r->world, source.path, &r->scratch, &file);
    if (*error)
        return TN_NO_NODE;
    read_inside(&file, &source, &reading);
    node = add_node(r, &r->nodes[outer]->info, &reading.is, path, key);
    tn_file_close(&file);
    tn_arena_reset(&r->scratch);
    if (node != TN_NO_NODE) {
        source = source_at(r, path); /* texts never move, but for tidiness of what is kept */
        r->nodes[node]->slice = source.slice;
        r->nodes[node]->member = source.member;
    }
    return node;
}

static struct tn_opening open_source(tenon_resolver *r, uint32_t path)
{
    struct tn_opening opening = { .node = TN_NO_NODE };
    uint32_t whole = tn_resolver_name(r, tn_text_of(r, path));
    if (whole == TN_NO_NAME || !tn_resolver_open(r, whole, &opening.error)) {
        opening.error = r->no_memory ? ENOMEM : opening.error;
        return opening;
    }
    uint32_t outer = r->openings[r->uses[whole].opened - 1].node;
    opening.node = open_inside(r, path, outer, &opening.error);
    return opening;
}

struct tn_node *tn_resolver_slice(tenon_resolver *r, uint32_t *path, struct tn_node *node,
                                  const char *const *slices)
{
    const char *const *have = node->facts ? node->facts->slices : NULL;
    int error;
    for (; have && slices && *slices; slices++)
        for (const char *const *each = have; *each; each++) {
            if (strcmp(*each, *slices) != 0)
                continue;
            tenon_image_source source = { tn_text_of(r, *path), *slices, NULL };
            *path = tn_resolver_source(r, &source);
            return *path == TN_NO_NAME ? NULL : tn_resolver_open(r, *path, &error);
        }
    return node;
}

static struct tn_opening open_path(tenon_resolver *r, uint32_t path)
{
    struct tn_opening opening = { .node = TN_NO_NODE };
    struct tn_file file;
    if (r->uses[path].is_inside)
        return open_source(r, path);
    if (r->ahead && open_ahead(r, path, &opening))
        return opening;
    opening.error = tn_file_open(r->world, tn_text_of(r, path), &r->scratch, &file);
    if (opening.error == 0) {
        opening.node = read_file(r, &file, path);
        tn_file_close(&file);
        tn_arena_reset(&r->scratch);
    }
    return opening;
}

/* Remembers what came of opening a path; false: no memory. */
static bool remember(tenon_resolver *r, uint32_t path, struct tn_opening opening)
{
    if (opening.error == ENOMEM || (opening.error == 0 && opening.node == TN_NO_NODE) ||
        !tn_grow(&r->openings, &r->opening_room, r->opening_count, sizeof *r->openings)) {
        r->no_memory = true;
        return false;
    }
    r->openings[r->opening_count++] = opening;
    r->uses[path].opened = (uint32_t)r->opening_count;
    return true;
}

/* A file read for the first time: an image becomes a node, anything else only an error. */
static uint32_t keep_image(tenon_resolver *r, const struct tn_file *file,
                           const struct tn_reading *reading, tenon_error *err)
{
    uint32_t key[4];
    uint32_t name = tn_resolver_name(r, file->name);
    struct tn_opening opening = { .node = known_node(r, &file->info, key) };
    if (name != TN_NO_NAME && opening.node == TN_NO_NODE)
        opening.node = add_node(r, &file->info, reading, name, key);
    if (name != TN_NO_NAME && remember(r, name, opening))
        return name;
    tn_no_memory(err);
    return TN_NO_NAME;
}

/* Why the file that the caller calls `path` was not read. */
static void fail_reading(const struct tn_reading *reading, const char *path, tenon_error *err)
{
    if (!err)
        return;
    *err = *reading->err;
    if (err->code != TENON_E_MEMORY)
        tn_context(err, "%s", path);
}

static uint32_t read_argument(tenon_resolver *r, const char *path, tenon_error *err)
{
    uint32_t key[4], name = TN_NO_NAME;
    struct tn_file file;
    struct own_reading own;
    const struct tn_reading *reading = NULL;
    struct tn_ahead_result *result = NULL;
    int error = tn_file_open(r->world, path, &r->scratch, &file);
    if (error) {
        tn_fail_system(err, error, "%s", path);
        return TN_NO_NAME;
    }
    if (known_node(r, &file.info, key) == TN_NO_NODE)
        reading = read_opened(r, &file, true, &own, &result);
    if (!reading || reading->good)
        name = keep_image(r, &file, reading, err);
    else
        fail_reading(reading, path, err);
    tn_ahead_done(r->ahead, result);
    tn_file_close(&file);
    tn_arena_reset(&r->scratch);
    return name;
}

uint32_t tn_resolver_argument(tenon_resolver *r, const tenon_image_source *source, tenon_error *err)
{
    const char *path = source->path;
    r->no_memory = r->too_much = false;
    if (source->slice || source->member) {
        uint32_t inside = tn_resolver_source(r, source);
        if (inside == TN_NO_NAME)
            tn_no_memory(err);
        return inside;
    }
    uint32_t name = tn_names_find(&r->names, path, strlen(path));
    bool is_new = name == TN_NO_NAME;
    if (!is_new && name >= r->use_room) /* no room for it yet */
        name = tn_resolver_name(r, path);
    if (is_new || (name != TN_NO_NAME && !r->uses[name].opened && !r->uses[name].expected))
        return read_argument(r, path, err);
    if (name == TN_NO_NAME)
        tn_no_memory(err);
    return name;
}

struct tn_node *tn_resolver_open(tenon_resolver *r, uint32_t path, int *error)
{
    *error = ENOMEM;
    if (!r->uses[path].opened && !remember(r, path, open_path(r, path)))
        return NULL;
    const struct tn_opening *opening = &r->openings[r->uses[path].opened - 1];
    *error = opening->error;
    return opening->error ? NULL : r->nodes[opening->node];
}

/* What is usual, so that tables need not grow. */
#define NAMES_PER_FILE 2
#define NAMES_AT_LEAST 1000

/* The thread's own copies of the paths; NULL: no memory. */
static const char *const *copy_paths(tenon_resolver *r, const char *const *paths, size_t count)
{
    const char **copies = tn_arena_rows(&r->arena, count, sizeof *copies);
    for (size_t i = 0; copies && i < count; i++)
        if (!(copies[i] = tn_arena_string(&r->arena, paths[i])))
            return NULL;
    return copies;
}

bool tenon_resolver_expect(tenon_resolver *r, const char *const *paths, size_t count,
                           tenon_error *err)
{
    if (r->ahead)
        return tn_fail(err, TENON_E_ARGUMENT, "files are expected already");
    const char *const *copies = copy_paths(r, paths, count);
    if (count && !copies)
        return tn_no_memory(err);
    r->ahead = tn_ahead_begin(r->world, copies, count);
    if (!r->ahead)
        return true;
    tn_names_reserve(&r->names, r->names.count + count * NAMES_PER_FILE + NAMES_AT_LEAST);
    for (size_t i = 0; i < count; i++) { /* while the thread reads already */
        uint32_t name = tn_resolver_name(r, paths[i]);
        if (name == TN_NO_NAME)
            return tn_no_memory(err);
        r->uses[name].expected = (uint32_t)i + 1;
    }
    return true;
}
