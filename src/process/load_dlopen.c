/*
 * src/process/load_dlopen.c - native code, by the system's own loader
 *
 * Everything is bound at once (RTLD_NOW): a missing symbol is an answer now, not a crash later.
 * A constructor cannot report failure: one that calls exit() ends the process, and an exception
 * that leaves it goes through the loader, which stays locked. Work that can fail belongs in
 * tenon_plugin_start().
 */
#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "backend.h"
#include "fail.h"
#include "mapped_symbols.h"

static bool open_image(void *self, const char *path, bool global, void **handle, tenon_error *err)
{
    (void)self;
    *handle = dlopen(path, RTLD_NOW | (global ? RTLD_GLOBAL : RTLD_LOCAL));
    if (*handle)
        return true;
    const char *why = dlerror();
    return tn_fail(err, TENON_E_NOT_LOADABLE, "%s", why ? why : "dlopen() failed");
}

/* The object of this process that a handle stands for, and one name to look up in it. */
struct looked_up {
    const struct link_map *map;
    const char *name;
    bool offers;
};

static int look_up(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct looked_up *l = arg;
    struct tn_mapped mapped;
    (void)size;
    if (info->dlpi_addr != l->map->l_addr || !info->dlpi_name ||
        strcmp(info->dlpi_name, l->map->l_name) != 0)
        return 0;
    tn_mapped_take(&mapped, info);
    l->offers =
        mapped.has_symbols && tn_mapped_offers(&mapped, l->name, tn_mapped_hash(l->name), NULL);
    return 1;
}

/*
 * The symbol when this very image defines it: dlsym() also looks into what an image needs, after
 * the image itself, and the entry point of another plugin is not this one's. An address outside
 * proves nothing: thread-local variables and what an IFUNC resolver chose are elsewhere.
 */
static void *own_symbol(void *self, void *handle, const char *name)
{
    void *symbol = dlsym(handle, name);
    struct looked_up own = { .name = name };
    Dl_info info;
    (void)self;
    if (!symbol || dlinfo(handle, RTLD_DI_LINKMAP, &own.map) != 0 || !own.map)
        return NULL;
    if (dladdr(symbol, &info) && info.dli_fname && strcmp(info.dli_fname, own.map->l_name) == 0)
        return symbol;
    dl_iterate_phdr(look_up, &own);
    return own.offers ? symbol : NULL;
}

/* ISO C has no conversion between the two kinds of pointer; POSIX requires that this works. */
static void copy_function(void *function, size_t size, const void *symbol)
{
    memcpy(function, &symbol, size);
}

static bool run(void *self, void *handle, tenon_plugin *plugin, int argc, char **argv, int *status,
                tenon_error *err)
{
    int (*start)(tenon_plugin *, int, char **) = NULL;
    void *symbol = own_symbol(NULL, handle, "tenon_plugin_start");
    (void)self;
    (void)err;
    *status = 0;
    if (!symbol)
        return true;
    copy_function(&start, sizeof start, symbol);
    *status = start(plugin, argc, argv);
    return true;
}

static void stop(void *self, void *handle, tenon_plugin *plugin)
{
    void (*function)(tenon_plugin *) = NULL;
    void *symbol = own_symbol(NULL, handle, "tenon_plugin_stop");
    (void)self;
    if (!symbol)
        return;
    copy_function(&function, sizeof function, symbol);
    function(plugin);
}

/* Is an object of that path still in the loader's list? */
static int has_path(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    return info->dlpi_name && strcmp(info->dlpi_name, arg) == 0;
}

static void undo(void *self, void *handle, const char *path, const char **stays)
{
    union {
        const char *text;
        void *arg;
    } name = { .text = path };
    (void)self;
    *stays = NULL;
    if (dlclose(handle) != 0)
        *stays = "dlclose() failed";
    else if (dl_iterate_phdr(has_path, name.arg))
        *stays = "the loader keeps it: unique symbols, NODELETE, another user, or a loader that "
                 "never unmaps (musl)";
}

static uintptr_t base_of(void *self, void *handle, const char *path)
{
    const struct link_map *map = NULL;
    (void)self;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || !map || strcmp(map->l_name, path) != 0)
        return 0;
    return map->l_addr;
}

const struct tn_backend tn_backend_dlopen = {
    .name = "dlopen",
    .open = open_image,
    .run = run,
    .stop = stop,
    .undo = undo,
    .symbol = own_symbol,
    .base = base_of,
};
