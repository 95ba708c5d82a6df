/* src/find/start.c - step (e): it starts, and with the very file that was linked */
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "file.h"
#include "limits.h"
#include "steps.h"
#include "store.h"
#include "text.h"

tenon_world *tn_start_world(struct tn_hunt *hunt, const char *program, tenon_error *err)
{
    const char *sysroot = hunt->finder->sysroot;
    struct tn_arena arena = { 0 };
    struct tn_view bytes;
    tenon_world *host = tenon_world_host(err), *world = NULL;
    int failed;

    if (!host)
        return NULL;
    tenon_world_clear_env(host); /* as the program is started: no variable of a loader is set */
    if (!sysroot && hunt->finder->cross_root &&
        !tenon_world_add_dir(host, "/", hunt->finder->cross_root, TENON_CASE_SENSITIVE, err)) {
        tenon_world_free(host);
        return NULL;
    }
    if (!sysroot && tn_set_windows_path(hunt, host, err))
        return host;
    if (!sysroot) {
        tenon_world_free(host);
        return NULL;
    }
    failed = tn_file_whole(host, program, TN_LIMIT_CACHE, &arena, &bytes);
    if (failed)
        tn_fail_system(err, failed, "%s", program);
    else
        world = tenon_world_sysroot(sysroot, err);
    if (world && (!tenon_world_put_file(world, program, bytes.at, bytes.size, 0755, err) ||
                  !tn_set_windows_path(hunt, world, err))) {
        tenon_world_free(world);
        world = NULL;
    }
    tn_arena_free(&arena);
    tenon_world_free(host);
    return world;
}

/* A file of the build as the started program sees it. */
static const char *seen(const struct tn_hunt *hunt, const char *path)
{
    const char *sysroot = hunt->finder->sysroot;
    size_t size = sysroot ? strlen(sysroot) : 0;

    return size && strncmp(path, sysroot, size) == 0 && path[size] == '/' ? path + size : path;
}

/* False: *err, as it is not known. */
static bool look(tenon_world *world, const char *path, tenon_file_info *info, bool *there,
                 tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int failed = tenon_world_stat(world, path, info);

    *there = !failed;
    return !failed || tn_says_absent(failed) ||
           tn_fail_system(err, failed, "%s", tn_quote(shown, path));
}

static bool same_file(tenon_world *world, const char *a, const char *b, bool *same,
                      tenon_error *err)
{
    tenon_file_info one, two;
    bool first, second;

    if (!look(world, a, &one, &first, err) || !look(world, b, &two, &second, err))
        return false;
    *same = first && second && one.device == two.device && one.inode == two.inode;
    return true;
}

#define CHUNK 16384u

static bool same_bytes(struct tn_file *a, struct tn_file *b, bool *same, tenon_error *err)
{
    uint8_t one[CHUNK], two[CHUNK];

    *same = a->info.size == b->info.size;
    for (uint64_t at = 0; *same && at < a->info.size; at += CHUNK) {
        size_t size = a->info.size - at < CHUNK ? (size_t)(a->info.size - at) : CHUNK;
        if (!tn_file_copy(a, at, size, "bytes", one, err) ||
            !tn_file_copy(b, at, size, "bytes", two, err))
            return false;
        *same = memcmp(one, two, size) == 0;
    }
    return true;
}

static bool open_file(tenon_world *world, const char *path, struct tn_arena *arena,
                      struct tn_file *file, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int failed = tn_file_open(world, path, arena, file);

    return !failed || tn_fail_system(err, failed, "%s", tn_quote(shown, path));
}

/* Whether two files are one library, copied. False: *err, as it is not known. */
static bool same_content(tenon_world *world, const char *a, const char *b, bool *same,
                         tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_file one, two;
    bool good = false;

    if (open_file(world, a, &arena, &one, err)) {
        if (open_file(world, b, &arena, &two, err)) {
            good = same_bytes(&one, &two, same, err);
            tn_file_close(&two);
        }
        tn_file_close(&one);
    }
    tn_arena_free(&arena);
    return good;
}

/*
 * lib<n>.so as a copy of the library (a file system or an archive without links) is the same
 * library. One of another installation is not the one that was asked for, whatever is in it now.
 */
static bool is_copy(struct tn_hunt *hunt, tenon_world *world, const char *linked,
                    const char *started, bool *copy, tenon_error *err)
{
    const char *dir = tn_dir_name(hunt->arena, linked);
    const char *other = tn_dir_name(hunt->arena, started);

    *copy = false;
    if (!dir || !other)
        return tn_no_memory(err);
    if (!tn_same_prefix(hunt->arena, dir, other))
        return true;
    if (!same_content(world, linked, started, copy, err))
        return false;
    return !*copy ||
           tn_found_remark(hunt->found, "%s is a copy of %s, which programs start with", linked,
                           started) ||
           tn_no_memory(err);
}

/* The first library that is not found or refused, in words, and its name; NULL: none is. */
static const char *what_is_missing(struct tn_arena *arena, const tenon_graph *graph,
                                   const char **name)
{
    for (size_t i = 0; i < tenon_graph_count(graph); i++) {
        const tenon_library *row = tenon_graph_library(graph, i);
        if (row->status == TENON_STATUS_FOUND || row->status == TENON_STATUS_SYSTEM ||
            row->optional)
            continue;
        *name = row->name;
        const tenon_library *by =
            row->parent >= 0 ? tenon_graph_library(graph, (size_t)row->parent) : NULL;
        return tn_arena_format(arena, "%s, needed by %s, is %s%s%s", row->name,
                               by ? (by->path ? by->path : by->name) : "the program",
                               tenon_status_name(row->status), row->reason ? ": " : "",
                               row->reason ? row->reason : "");
    }
    if (tenon_graph_missing_version_count(graph)) {
        const tenon_missing_version *row = tenon_graph_missing_version(graph, 0);
        return tn_arena_format(arena, "%s", row->reason);
    }
    return NULL;
}

/* What the program will ask its loader for when it was linked with a file. NULL: no memory. */
static const char *name_of(struct tn_hunt *hunt, const char *path, bool *is_shared)
{
    tenon_image *image = tenon_image_open(hunt->world, seen(hunt, path), TENON_PART_CORE, NULL);
    enum tenon_kind kind = image ? tenon_image_kind(image) : TENON_KIND_UNKNOWN;
    const char *own = image ? tenon_image_own_name(image) : NULL;
    const char *name = tn_arena_string(hunt->arena, own ? own : tn_base_name(path));

    *is_shared = kind == TENON_KIND_SHARED_LIBRARY;
    tenon_image_free(image);
    return name;
}

/* One linked file against the graph. *why NULL: it is the one that loads, or none is asked for. */
static bool compare_one(struct tn_hunt *hunt, tenon_world *world, const tenon_graph *graph,
                        const char *path, const char **why, tenon_error *err)
{
    bool is_shared, same;
    const char *name = name_of(hunt, path, &is_shared);

    *why = NULL;
    if (!name)
        return tn_no_memory(err);
    if (!is_shared)
        return true;
    for (size_t i = 0; i < tenon_graph_count(graph); i++) {
        const tenon_library *row = tenon_graph_library(graph, i);
        if (strcmp(row->name, name) != 0 && strcmp(tn_base_name(row->name), name) != 0)
            continue;
        if (!row->path)
            return true;
        if (!same_file(world, row->path, seen(hunt, path), &same, err) ||
            (!same && !is_copy(hunt, world, seen(hunt, path), row->path, &same, err)))
            return false;
        if (same)
            return true;
        *why = tn_arena_format(hunt->arena, "linked with %s, but started with %s (%s%s%s)", path,
                               row->path, row->rule ? row->rule->name : "no rule",
                               row->where ? ": " : "", row->where ? row->where : "");
        return *why || tn_no_memory(err);
    }
    return true;
}

/* The files that the answer rests on: those that the loader takes. */
static bool note_files(struct tn_hunt *hunt, const tenon_graph *graph)
{
    const char *sysroot = hunt->finder->sysroot;

    for (size_t i = 0; i < tenon_graph_count(graph); i++) {
        const char *path = tenon_graph_library(graph, i)->path;
        const char *copy =
            path ? tn_arena_format(hunt->arena, "%s%s", sysroot ? sysroot : "", path) : NULL;
        if (path && (!copy || !tn_words_add(&hunt->found->files, copy)))
            return false;
    }
    return true;
}

struct check {
    tenon_world *world;
    tenon_resolver *resolver;
    tenon_graph *graph;
};

static void end_check(struct check *check)
{
    tenon_graph_free(check->graph);
    tenon_resolver_free(check->resolver);
    tenon_world_free(check->world);
}

/* The graph of the program; NULL with *err when no loader's rules are known for it. */
static bool resolve(struct tn_hunt *hunt, const char *program, struct check *check,
                    tenon_error *err)
{
    *check = (struct check){ .world = tn_start_world(hunt, program, err) };
    if (check->world)
        check->resolver = tenon_resolver_new(check->world, err);
    if (check->resolver)
        check->graph = tenon_resolve_file(check->resolver, program, err);
    return check->graph;
}

/* rule  POSIX sh and the loaders of glibc and musl: 126 and 127 are of what was not started */
#define NOT_STARTED 126

/* It ran, or did not: words why not. */
static bool run(struct tn_hunt *hunt, const char *program, const char **why, const char **out,
                tenon_error *err)
{
    struct tn_words argv = { 0 };
    struct tn_said said;
    bool good = tn_words_add_all(&argv, &hunt->finder->wrapper) && tn_words_add(&argv, program);

    good = good ? tn_tool_run(hunt->finder, hunt->arena, &argv, TN_START_SECONDS, &said, err)
                : tn_no_memory(err);
    tn_words_free(&argv);
    if (!good)
        return false;
    *out = said.out;
    *why = NULL;
    if (said.late)
        *why = "started, but did not end within 60 seconds";
    else if (said.exit.signal)
        *why = tn_arena_format(hunt->arena, "started, but died by signal %d", said.exit.signal);
    else if (said.exit.status != 0)
        *why = tn_arena_format(hunt->arena,
                               said.exit.status < NOT_STARTED ? "ends with status %d: %s"
                                                              : "does not start (status %d): %s",
                               said.exit.status, tn_first_lines(hunt, said.err_out));
    return said.exit.status == 0 || *why || tn_no_memory(err);
}

/* rule  the interpreter and the machine must be this system's. False: *err, as it is not known */
static bool starts_here(struct tn_hunt *hunt, const char *program, bool *here, tenon_error *err)
{
    tenon_image *image, *own;
    const char *interpreter;
    tenon_file_info info;
    tenon_world *host;
    tenon_error why = TENON_ERROR_INIT, why_own = TENON_ERROR_INIT;

    *here = hunt->finder->wrapper.count;
    if (*here || !hunt->finder->starts)
        return true;
    host = tenon_world_host(&why);
    image = host ? tenon_image_open(host, program, TENON_PART_CORE, &why) : NULL;
    own = image ? tenon_image_open(host, "/proc/self/exe", TENON_PART_CORE, &why_own) : NULL;
    if (image && why_own.code == TENON_E_MEMORY)
        why = why_own;
    if (!image || why.code) {
        tenon_image_free(image);
        tenon_image_free(own);
        tenon_world_free(host);
        return !tn_is_failure(&why) || tn_fail_again(err, &why, NULL);
    }
    if (!own) {
        *here = true; /* not Linux: the platform alone decides */
    } else {
        const char *machine = tenon_image_machine(image), *mine = tenon_image_machine(own);
        bool related = machine && mine &&
                       (strcmp(machine, mine) == 0 ||
                        (strcmp(mine, "x86_64") == 0 && strcmp(machine, "i386") == 0));
        interpreter = tenon_image_interpreter(image);
        *here = related && tenon_image_format(image) == tenon_image_format(own) &&
                (!interpreter || tenon_world_stat(host, interpreter, &info) == 0);
    }
    tenon_image_free(image);
    tenon_image_free(own);
    tenon_world_free(host);
    return true;
}

static bool compare(struct tn_hunt *hunt, struct check *check, const struct tn_outcome *outcome,
                    const char **why, tenon_error *err)
{
    for (size_t i = 0; !*why && i < outcome->group.count; i++)
        if (!compare_one(hunt, check->world, check->graph, outcome->group.at[i], why, err))
            return false;
    bool good = *why || !tn_is_pe(hunt) || tn_remark_other_dlls(hunt, outcome, check->graph);
    return (good && note_files(hunt, check->graph)) || tn_no_memory(err);
}

bool tn_start(struct tn_hunt *hunt, const char *program, struct tn_outcome *outcome, bool *passed,
              const char **why, const char **out, tenon_error *err)
{
    tenon_error failure = TENON_ERROR_INIT;
    struct check check;
    const char *missing = NULL, *name = NULL;
    bool lost = false;
    bool ran, good = true;

    *why = NULL;
    *out = "";
    *passed = false;
    if (!starts_here(hunt, program, &ran, err) || (ran && !run(hunt, program, why, out, err)))
        return false;
    bool resolved = resolve(hunt, program, &check, &failure);
    if (resolved) {
        missing = what_is_missing(hunt->arena, check.graph, &name);
        if (*why && missing)
            *why = tn_arena_format(hunt->arena, "%s (%s)", *why, missing);
        else if (!ran && missing)
            *why = tn_arena_format(hunt->arena, "would not start: %s", missing);
        else if (!*why && (outcome->is_shared || tn_is_pe(hunt)))
            good = compare(hunt, &check, outcome, why, err);
        if (*why && name && tn_is_pe(hunt)) {
            outcome->not_startable = *passed = true;
            lost = !tn_remark_missing_dll(hunt, outcome, name);
        }
        good = good && !lost;
    } else if (!ran) {
        *why = tn_arena_format(hunt->arena, "it cannot be started here, nor answered for: %s",
                               tenon_error_message(&failure));
    } else if (!*why && outcome->is_shared && failure.code != TENON_E_NOT_LOADABLE) {
        hunt->found->unsure |= tn_is_failure(&failure);
        good = tn_found_remark(hunt->found, "which file it starts with could not be checked: %s",
                               tenon_error_message(&failure)) ||
               tn_no_memory(err);
    }
    end_check(&check);
    *passed |= good && !*why;
    return good || tn_no_memory(err);
}
