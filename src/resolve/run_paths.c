/*
 * src/resolve/run_paths.c - $ORIGIN, and the run paths of each object and of who caused it
 *
 * rule  glibc elf/dl-object.c, _dl_new_object() (l_origin), elf/dl-load.c, decompose_rpath(); musl
 *       ldso/dynlink.c, fixup_rpath()
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

/* The directory of a path, made absolute with the cwd; symbolic links are not resolved. */
static const char *directory_of(tenon_resolver *r, const char *path)
{
    const char *cwd = "", *slash = strrchr(path, '/');
    int size = slash ? (int)(slash - path) : 0;
    if (slash == path)
        return "/";
    if (*path != '/') {
        cwd = tenon_world_cwd(r->world);
        cwd = size && strcmp(cwd, "/") == 0 ? "" : cwd;
    }
    const char *between = *path != '/' && size ? "/" : "";
    const char *directory =
        tn_arena_format(&r->passing.arena, "%s%s%.*s", cwd, between, size, path);
    r->no_memory |= !directory;
    return directory;
}

/* The directory of the file that a path leads to. */
static const char *directory_behind(tenon_resolver *r, const char *path)
{
    int error = 0;
    char *real = tenon_world_realpath(r->world, path, &error);
    const char *directory = directory_of(r, real ? real : path);
    free(real);
    r->no_memory |= error == ENOMEM;
    return directory;
}

/* The directory of a path, links in it followed; the file may be one itself. */
static const char *real_directory(tenon_resolver *r, const char *path)
{
    int error = 0;
    const char *directory = directory_of(r, path);
    char *real = directory ? tenon_world_realpath(r->world, directory, &error) : NULL;
    if (real)
        directory = tn_arena_string(&r->passing.arena, real);
    free(real);
    r->no_memory |= error == ENOMEM || !directory;
    return directory;
}

/*
 * Directory of the program: the kernel gives its real path (/proc/self/exe); a file that ld.so was
 * asked to start keeps the path as typed.
 */
const char *tn_program_origin(tenon_resolver *r)
{
    if (r->program_origin != TN_NO_NAME)
        return tn_text_of(r, r->program_origin);
    const char *path = tn_text_of(r, tn_object_at(r, TN_PROGRAM)->path);
    bool resolved = r->program_started || tn_loader_at_hand(r)->origin_resolved;
    const char *directory;
    if (tn_loader_at_hand(r)->origin_dir_resolved)
        directory = real_directory(r, path);
    else
        directory = resolved ? directory_behind(r, path) : directory_of(r, path);
    if (!r->no_memory)
        r->program_origin = tn_resolver_name(r, directory);
    return directory;
}

/* The directory of a path as it stands; "." when it names none. */
static const char *directory_in(tenon_resolver *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *directory =
        slash ? tn_arena_copy(&r->passing.arena, path, (size_t)(slash - path)) : ".";
    r->no_memory |= !directory;
    return directory;
}

const char *tn_origin_of(tenon_resolver *r, int32_t object)
{
    const char *path = tn_text_of(r, tn_object_at(r, object)->path);
    if (tn_loader_at_hand(r)->origin_resolved && object != TN_PROGRAM)
        return directory_behind(r, path);
    if (tn_loader_at_hand(r)->origin_dir_resolved && object != TN_PROGRAM)
        return real_directory(r, path);
    bool by_kernel = object == TN_PROGRAM && r->program_started;
    if (tn_loader_at_hand(r)->origin_as_given && !by_kernel)
        return directory_in(r, path);
    return object == TN_PROGRAM ? tn_program_origin(r) : directory_of(r, path);
}

/*
 * A list, split: the same for all who have it and the same origin (their `origin` is NULL when it
 * does not matter). NULL: no memory.
 */
static const struct tn_dirs *dirs_of(tenon_resolver *r, const char *list, const char *origin,
                                     bool is_program)
{
    struct tn_target *target = &r->target->target;
    uint32_t name = tn_resolver_name(r, list);
    uint32_t from = origin ? tn_resolver_name(r, origin) : TN_NO_NAME;
    uint32_t key[4] = { TN_TAG_DIRS | (uint32_t)is_program << 3, target->id, name, from };
    if (r->no_memory)
        return NULL;
    uint32_t known = tn_map_find(&r->map, key);
    if (known != TN_NO_NAME)
        return r->dirs[known];
    const struct tn_dirs *dirs = target->loader->split(target, list, origin, is_program);
    if (!dirs || !tn_grow(&r->dirs, &r->dir_room, r->dir_count, sizeof *r->dirs) ||
        !tn_map_set(&r->map, key, (uint32_t)r->dir_count))
        return NULL;
    return r->dirs[r->dir_count++] = dirs;
}

/* Splits one list of an object; false: no memory. */
static bool split_list(tenon_resolver *r, struct tn_store *store, int32_t object, const char *list,
                       const char *tag, const struct tn_dirs **dirs, const char **where)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    if (!list || !loader->split) /* what a file of another system has means nothing here */
        return true;
    const struct tn_facts *facts = r->nodes[tn_object_at(r, object)->node]->facts;
    bool expands = strchr(list, '$') && (!loader->expands || loader->expands(facts));
    const char *origin = expands ? tn_origin_of(r, object) : NULL;
    if (r->no_memory)
        return false;
    *dirs = dirs_of(r, list, origin, object == TN_PROGRAM);
    *where = tn_arena_format(&store->arena, "%s of %s", tag,
                             tn_text_of(r, tn_object_at(r, object)->path));
    return *dirs && *where;
}

/*
 * Where a chain goes. Behind another it is hardly met in a second process, and a program's own only
 * when the resolver has one program for all files.
 */
static struct tn_store *store_for(tenon_resolver *r, int32_t object, const struct tn_paths *parent)
{
    bool passes = parent || (object == TN_PROGRAM && !r->exe);
    return passes ? &r->passing : &r->kept;
}

/* The chain that begins with this object's own run paths; NULL: no memory. */
static const struct tn_paths *make_paths(tenon_resolver *r, int32_t object,
                                         const struct tn_paths *parent)
{
    const struct tn_object *o = tn_object_at(r, object);
    const tenon_loader *loader = tn_loader_at_hand(r);
    const struct tn_facts *facts = r->nodes[o->node]->facts;
    struct tn_store *store = store_for(r, object, parent);
    bool is_program = object == TN_PROGRAM;
    uint32_t key[4] = { TN_TAG_PATHS | (uint32_t)is_program << 3 |
                            (uint32_t)r->program_started << 4 | r->target->target.id << 5,
                        o->path, parent ? parent->id + 1 : 0, o->node };
    uint32_t known = tn_map_find(&store->map, key);
    if (known != TN_NO_NAME)
        return store->paths[known];
    struct tn_paths *paths = tn_arena_take(&store->arena, sizeof *paths);
    if (!paths ||
        !tn_grow(&store->paths, &store->path_room, store->path_count, sizeof *store->paths) ||
        !split_list(r, store, object, facts->rpath,
                    loader->rpath_word ? loader->rpath_word : "RPATH", &paths->rpath,
                    &paths->rpath_where) ||
        !split_list(r, store, object, facts->runpath,
                    loader->runpath_word ? loader->runpath_word : "RUNPATH", &paths->runpath,
                    &paths->runpath_where) ||
        !tn_store_set(store, key, (uint32_t)store->path_count))
        return NULL;
    paths->path = tn_text_of(r, o->path);
    paths->facts = facts;
    paths->parent = parent;
    paths->next_rpath = parent && !parent->rpath ? parent->next_rpath : parent;
    paths->id = (uint32_t)store->path_count << 1 | (store == &r->passing); /* tn_store_of() */
    return store->paths[store->path_count++] = paths;
}

void tn_run_paths_set(tenon_resolver *r, int32_t object)
{
    struct tn_object *o = tn_object_at(r, object);
    const struct tn_paths *parent = o->parent >= 0 ? tn_object_at(r, o->parent)->paths : NULL;
    if (!parent && object != TN_PROGRAM && tn_loader_at_hand(r)->program_is_last)
        parent = tn_object_at(r, TN_PROGRAM)->paths;
    o->paths = parent;
    const struct tn_node *node = o->node == TN_NO_NODE ? NULL : r->nodes[o->node];
    if (!node || !node->facts || (!node->has_run_paths && !tn_loader_at_hand(r)->paths_of_all))
        return;
    const struct tn_paths *paths = make_paths(r, object, parent);
    if (!paths) {
        r->no_memory = true;
        return;
    }
    o->paths = paths;
    o->own = true;
}
