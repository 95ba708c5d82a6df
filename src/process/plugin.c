/* src/process/plugin.c - a loaded plugin, as its own code and its host see it */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "process_private.h"

static const struct tn_loaded *loaded_of(const tenon_plugin *plugin)
{
    return plugin->loader;
}

/* The bundle at the plugin's path, if it still is the one that was loaded. */
static tenon_bundle *open_again(const struct tn_loaded *loaded, int *error)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *bundle = tenon_bundle_open(loaded->plugin.bundle, &err);
    *error = err.code == TENON_E_MEMORY ? ENOMEM : err.system_errno ? err.system_errno : EIO;
    if (bundle && memcmp(tenon_bundle_digest(bundle), loaded->digest, sizeof loaded->digest) != 0) {
        tenon_bundle_free(bundle);
        bundle = NULL;
        *error = EIO;
    }
    return bundle;
}

static int errno_of(const tenon_error *err)
{
    switch (err->code) {
    case TENON_E_NOT_FOUND: return ENOENT;
    case TENON_E_MEMORY: return ENOMEM;
    default: return EIO;
    }
}

/* An entry by its name, else the one below "data/". */
static int read_resource(const tenon_plugin *self, const char *name, void **bytes, size_t *size)
{
    const struct tn_loaded *loaded = loaded_of(self);
    int error = 0;
    tenon_bundle *bundle = open_again(loaded, &error);
    if (!bundle)
        return error;
    tenon_error err = TENON_ERROR_INIT;
    bool good = tenon_bundle_read(bundle, name, bytes, size, &err);
    if (!good && err.code == TENON_E_NOT_FOUND) {
        struct tn_arena arena = { 0 };
        const char *below = tn_arena_format(&arena, "data/%s", name);
        good = below ? tenon_bundle_read(bundle, below, bytes, size, &err) : tn_no_memory(&err);
        tn_arena_free(&arena);
    }
    tenon_bundle_free(bundle);
    return good ? 0 : errno_of(&err);
}

/* Also in threads that start() waits for: so without the process's own lock, which is held then. */
static const void *find_service(const tenon_plugin *self, const char *name, unsigned version)
{
    tenon_process *process = loaded_of(self)->process;
    const struct tn_service *best = NULL;
    pthread_mutex_lock(&process->services_lock);
    for (size_t i = 0; i < process->service_count; i++) {
        const struct tn_service *s = &process->services[i];
        if (strcmp(s->name, name) == 0 && s->version >= version &&
            (!best || s->version > best->version))
            best = s;
    }
    const void *service = best ? best->service : NULL;
    pthread_mutex_unlock(&process->services_lock);
    return service;
}

void tn_plugin_equip(struct tn_loaded *loaded)
{
    loaded->plugin.size = sizeof loaded->plugin;
    loaded->plugin.host = loaded->process->host_data;
    loaded->plugin.resource = read_resource;
    loaded->plugin.service = find_service;
    loaded->plugin.loader = loaded;
}

void tn_loaded_free(struct tn_loaded *loaded)
{
    if (!loaded)
        return;
    struct tn_arena arena = loaded->arena;
    tn_cached_free(loaded->cached);
    free(loaded->needs);
    tn_arena_free(&arena);
}

struct tn_execution tn_loaded_execution(struct tn_loaded *loaded)
{
    return (struct tn_execution){ .backend = loaded->backend,
                                  .images = loaded->images,
                                  .count = loaded->image_count,
                                  .plugin = &loaded->plugin,
                                  .never_starts = loaded->never_starts };
}

void *tenon_plugin_symbol(const tenon_plugin *plugin, const char *symbol)
{
    const struct tn_loaded *loaded = loaded_of(plugin);
    void *handle = loaded->images[loaded->image_count - 1].handle;
    return handle ? loaded->backend->symbol(NULL, handle, symbol) : NULL;
}
