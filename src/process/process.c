/* src/process/process.c - a process: its making, its settings, what it holds */
#include "process_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "fail.h"
#include "kept.h"
#include "signature.h"
#include "text.h"
#include "unread.h"

/*
 * Recursive by our own count. A recursive mutex knows its owner by the kernel's number of the
 * thread, which is another one in the child of a fork(): a plugin's start, or a host that holds the
 * lock, and goes on in the child would wait for itself there. pthread_self() stays what it was.
 *
 * rule  glibc nptl/pthread_mutex_lock.c, PTHREAD_MUTEX_RECURSIVE_NP; POSIX fork()
 */
static uintptr_t this_thread(void)
{
    return (uintptr_t)pthread_self();
}

void tn_process_lock(const tenon_process *process)
{
    struct tn_process_lock *lock = (struct tn_process_lock *)&process->lock;
    if (atomic_load(&lock->owner) != this_thread()) {
        pthread_mutex_lock(&lock->mutex);
        atomic_store(&lock->owner, this_thread());
    }
    lock->depth++;
}

void tn_process_unlock(const tenon_process *process)
{
    struct tn_process_lock *lock = (struct tn_process_lock *)&process->lock;
    if (atomic_load(&lock->owner) != this_thread() || --lock->depth)
        return;
    atomic_store(&lock->owner, 0);
    pthread_mutex_unlock(&lock->mutex);
}

void tenon_process_lock(const tenon_process *process)
{
    tn_process_lock(process);
}

void tenon_process_unlock(const tenon_process *process)
{
    tn_process_unlock(process);
}

static bool init_locks(tenon_process *process, tenon_error *err)
{
    int error = pthread_mutex_init(&process->lock.mutex, NULL);
    if (!error) {
        error = pthread_mutex_init(&process->services_lock, NULL);
        if (error)
            pthread_mutex_destroy(&process->lock.mutex);
    }
    return !error || tn_fail_system(err, error, "a lock");
}

tenon_process *tn_process_new_bare(tenon_error *err)
{
    tenon_process *process = calloc(1, sizeof *process);
    if (!process) {
        tn_no_memory(err);
        return NULL;
    }
    if (!init_locks(process, err)) {
        free(process);
        return NULL;
    }
    process->secure = getauxval(AT_SECURE) != 0;
    if (tn_process_take_start(process, err))
        return process;
    tenon_process_free(process);
    return NULL;
}

void tenon_process_free(tenon_process *process)
{
    if (!process)
        return;
    for (size_t i = 0; i < process->plugin_count; i++)
        tn_loaded_free(process->plugins[i]);
    while (process->loading) { /* left there by an exception */
        struct tn_loaded *loaded = process->loading;
        process->loading = loaded->outer;
        tn_loaded_free(loaded);
    }
    tn_kept_drop(process);
    tn_known_free(process->known);
    tenon_keys_free(process->keys);
    free(process->plugins);
    free(process->services);
    free(process->added.at);
    free(process->program);
    tn_registry_free(&process->registry);
    tn_arena_free(&process->proofs);
    tn_arena_free(&process->arena);
    pthread_mutex_destroy(&process->services_lock);
    pthread_mutex_destroy(&process->lock.mutex);
    free(process);
}

/* ---- this process --------------------------------------------------------------------------- */

bool tn_process_look(tenon_process *process, tenon_error *err)
{
    return process->program || tn_registry_look(&process->registry, TENON_BY_OTHERS, NULL, err);
}

/* Which code the program can load; a machine without a name can load none. */
bool tn_process_take_triple(tenon_process *process, tenon_world *world, const char *program,
                            tenon_error *err)
{
    tenon_image *image = tenon_image_open(world, program, TENON_PART_CORE, err);
    if (!image)
        return false;
    process->is_static = tenon_image_is_static(image);
    if (!tn_triple_of(image, &process->triple, NULL))
        process->triple.text[0] = '\0';
    tenon_image_free(image);
    return true;
}

static bool take_this(tenon_process *process, tenon_error *err)
{
    tenon_world *world = tenon_world_host(err);
    if (!world)
        return false;
    bool good = tn_registry_look(&process->registry, TENON_BY_OTHERS, NULL, err);
    for (size_t i = 0; good && i < process->registry.count; i++)
        if (process->registry.holdings[i]->serves_all)
            tn_registry_set_reason(&process->registry, i, TENON_IN_HOST);
    const char *program =
        good && !tn_mapped_by_kernel() ? process->registry.holdings[0]->path : "/proc/self/exe";
    good = good && tn_process_take_triple(process, world, program, err);
    if (good && process->is_static)
        good = tn_fail(err, TENON_E_UNSUPPORTED,
                       "this program is linked statically: it cannot load plugins soundly");
    tenon_world_free(world);
    return good;
}

tenon_process *tenon_process_new(tenon_error *err)
{
    tenon_process *process = tn_process_new_bare(err);
    if (process && !take_this(process, err)) {
        tenon_process_free(process);
        return NULL;
    }
    return process;
}

/* ---- a program that does not run ------------------------------------------------------------ */

/* Why a library that keeps the program from starting does, behind ": "; NULL: no memory. */
static const char *why_not(struct tn_arena *arena, const tenon_graph *graph, size_t i)
{
    const tenon_library *library = tenon_graph_library(graph, i);
    bool searched = library->status == TENON_STATUS_MISSING && !library->is_interpreter;
    const tenon_attempt *unread = searched ? tn_tried_unread(graph, i) : NULL;
    if (unread)
        return tn_arena_format(arena, ": %s: %s", unread->path,
                               unread->detail ? unread->detail : "it cannot be read");
    return library->reason ? tn_arena_format(arena, ": %s", library->reason) : "";
}

/* What keeps the program itself from starting. False: no memory. */
static bool find_fault(tenon_process *process, const tenon_graph *graph, tenon_error *err)
{
    if (tenon_graph_status(graph) == TENON_STATUS_OK)
        return true;
    process->host_fault = "would not start: its loader finds a version missing";
    for (size_t i = 0; i < tenon_graph_count(graph); i++) {
        const tenon_library *library = tenon_graph_library(graph, i);
        if (library->status == TENON_STATUS_FOUND || library->optional)
            continue;
        size_t room = 4 * strlen(library->name) + 1;
        char *shown = tn_arena_bytes(&process->arena, room);
        const char *why = why_not(&process->arena, graph, i);
        if (!shown || !why)
            return tn_no_memory(err);
        tn_text_escape(shown, room, library->name, strlen(library->name));
        process->host_fault =
            tn_arena_format(&process->arena, "would not start: it needs %s, which is %s%s", shown,
                            library->status == TENON_STATUS_MISSING ? "not found" : "refused", why);
        return process->host_fault || tn_no_memory(err);
    }
    return true;
}

/* A library has no process of its own: whoever loads it is the host. */
static bool check_kind(tenon_world *world, const char *program, tenon_error *err)
{
    tenon_image *image = tenon_image_open(world, program, TENON_PART_CORE, err);
    bool is_library = image && tenon_image_kind(image) == TENON_KIND_SHARED_LIBRARY;
    char shown[TN_QUOTE_ROOM];

    tenon_image_free(image);
    if (is_library)
        return tn_fail(err, TENON_E_NOT_LOADABLE,
                       "%s: a shared library, and no program that loads plugins",
                       tn_quote(shown, program));
    return image;
}

static bool take_program(tenon_process *process, tenon_error *err)
{
    tenon_world *world = tenon_world_host(err);
    tenon_resolver *resolver = world ? tenon_resolver_new(world, err) : NULL;
    tenon_graph *graph = resolver ? tenon_resolve_file(resolver, process->program, err) : NULL;
    bool good = graph && check_kind(world, process->program, err) &&
                tn_registry_take_graph(&process->registry, world, graph, err) &&
                tn_process_take_triple(process, world, process->program, err) &&
                find_fault(process, graph, err);
    tenon_graph_free(graph);
    tenon_resolver_free(resolver);
    tenon_world_free(world);
    return good;
}

tenon_process *tenon_process_of_file(const char *program, tenon_error *err)
{
    tenon_process *process = tn_process_new_bare(err);
    if (!process)
        return NULL;
    process->program = realpath(program, NULL);
    if (!process->program)
        process->program = strdup(program);
    if (!process->program)
        tn_no_memory(err);
    if (!process->program || !take_program(process, err)) {
        tenon_process_free(process);
        return NULL;
    }
    return process;
}

/* ---- settings ---------------------------------------------------------------------------------
 */

void tenon_process_set_weak(tenon_process *process, bool weak)
{
    tn_process_lock(process);
    tn_kept_drop(process);
    process->weak = weak;
    tn_process_unlock(process);
}

bool tenon_process_set_trust(tenon_process *process, const tenon_keys *keys, bool require,
                             tenon_error *err)
{
    tenon_keys *copy = NULL;
    if (keys || require) {
        copy = keys ? tn_keys_copy(keys, err) : tenon_keys_new(err);
        if (!copy)
            return false;
    }
    tn_process_lock(process);
    tn_kept_drop(process);
    tenon_keys_free(process->keys);
    process->keys = copy;
    process->require_signature = require;
    tn_process_unlock(process);
    return true;
}

void tenon_process_set_ambiguous(tenon_process *process, bool refuse)
{
    tn_process_lock(process);
    tn_kept_drop(process);
    process->ambiguous = refuse;
    tn_process_unlock(process);
}

void tenon_process_set_host_data(tenon_process *process, void *data)
{
    tn_process_lock(process);
    process->host_data = data;
    tn_process_unlock(process);
}

void tenon_process_on_event(tenon_process *process, tenon_event_handler *handler, void *arg)
{
    tn_process_lock(process);
    process->handler = handler;
    process->handler_arg = arg;
    tn_process_unlock(process);
}

void tn_process_tell(tenon_process *process, enum tenon_event_kind kind, const char *plugin,
                     const char *subject, const char *message)
{
    const tenon_event event = { kind, plugin, subject, message };
    if (process->handler)
        process->handler(process->handler_arg, &event);
}

static bool set_string(tenon_process *process, const char **out, const char *text, tenon_error *err)
{
    tn_process_lock(process);
    const char *copy = tn_arena_string(&process->arena, text);
    tn_kept_drop(process);
    if (copy)
        *out = copy;
    tn_process_unlock(process);
    return copy || tn_no_memory(err);
}

bool tenon_process_set_default_directory(tenon_process *process, const char *dir, tenon_error *err)
{
    return set_string(process, &process->default_directory, dir, err);
}

bool tenon_process_set_cache(tenon_process *process, const char *dir, tenon_error *err)
{
    return set_string(process, &process->cache_directory, dir, err);
}

bool tenon_process_add_directory(tenon_process *process, const char *dir, tenon_error *err)
{
    struct tn_places *added = &process->added;
    tn_process_lock(process);
    const char *copy = tn_arena_string(&process->arena, dir);
    bool good = copy && tn_grow(&added->at, &added->room, added->count, sizeof *added->at);
    if (good)
        added->at[added->count++] = copy;
    tn_process_unlock(process);
    return good || tn_no_memory(err);
}

bool tenon_process_offer(tenon_process *process, const char *name, unsigned version,
                         const void *service, tenon_error *err)
{
    struct tn_service offer = { .version = version, .service = service };
    tn_process_lock(process);
    offer.name = tn_arena_string(&process->arena, name);
    tn_kept_drop(process);
    pthread_mutex_lock(&process->services_lock);
    bool good = offer.name && tn_grow(&process->services, &process->service_room,
                                      process->service_count, sizeof offer);
    if (good)
        process->services[process->service_count++] = offer;
    pthread_mutex_unlock(&process->services_lock);
    tn_process_unlock(process);
    return good || tn_no_memory(err);
}

/* ---- what it holds ----------------------------------------------------------------------------
 */

/* The records, read when somebody asks. False: no memory. */
static bool read_units(const tenon_process *process)
{
    return tn_registry_read(&((tenon_process *)process)->registry, NULL);
}

size_t tenon_process_unit_count(const tenon_process *process)
{
    tn_process_lock(process);
    size_t count = read_units(process) ? process->registry.index.count : 0;
    tn_process_unlock(process);
    return count;
}

bool tenon_process_unit(const tenon_process *process, size_t i, tenon_present *out)
{
    tn_process_lock(process);
    bool good = read_units(process) && i < process->registry.index.count;
    if (good) {
        const struct tn_entry *e = &process->registry.index.entries[i];
        *out = (tenon_present){ .unit = e->unit,
                                .reason = e->reason,
                                .state = e->state,
                                .holder = e->holding->path,
                                .plugin = e->holding->plugin };
    }
    tn_process_unlock(process);
    return good;
}

enum tenon_record tenon_process_record(const tenon_process *process)
{
    tn_process_lock(process);
    enum tenon_record record = !read_units(process)      ? TENON_RECORD_UNREADABLE
                               : process->registry.count ? process->registry.holdings[0]->record
                                                         : TENON_RECORD_NONE;
    tn_process_unlock(process);
    return record;
}

size_t tenon_process_plugin_count(const tenon_process *process)
{
    tn_process_lock(process);
    size_t count = process->plugin_count;
    tn_process_unlock(process);
    return count;
}

const tenon_plugin *tenon_process_plugin(const tenon_process *process, size_t i)
{
    tn_process_lock(process);
    const tenon_plugin *plugin = i < process->plugin_count ? &process->plugins[i]->plugin : NULL;
    tn_process_unlock(process);
    return plugin;
}
