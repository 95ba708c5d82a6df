/* src/process/registry.h - the images of a process and the units they hold */
#ifndef TN_REGISTRY_H
#define TN_REGISTRY_H

#include <tenon/resolve.h>

#include "holding.h"
#include "index.h"
#include "sightings.h"

/*
 * What a process holds. Holdings stand in the loader's order, the program first.
 *
 * owner    its holdings, until they are gone from the process
 */
struct tn_registry {
    struct tn_holding **holdings;
    size_t count, room;
    struct tn_index index; /* units of the first `indexed` holdings */
    size_t indexed;
    struct tn_sightings sightings; /* of the first `sighted` holdings */
    size_t sighted;
    bool must_serve;               /* some holding must */
    unsigned long long adds, subs; /* the loader's own counters at the last look */
    unsigned long long version;    /* another one whenever holdings come, go, or are up again */
};

void tn_registry_free(struct tn_registry *registry);

/*
 * Looks at this process: what is new is added, what is gone is dropped. `reason` and `plugin` are
 * given to what is new. Does nothing when the loader says that nothing changed.
 *
 * errors   TENON_E_MEMORY, _LIMIT, _UNSUPPORTED in a namespace of dlmopen()
 */
bool tn_registry_look(struct tn_registry *registry, enum tenon_reason_kind reason,
                      const char *plugin, tenon_error *err);

/*
 * Did the kernel start the program, and know its file as /proc/self/exe? Else it has started the
 * loader, which was told of the program, or the program is static.
 *
 * rule  getauxval(3), AT_BASE: where the program's interpreter is; it has none then
 */
bool tn_mapped_by_kernel(void);

/* True when the loader's list changed since the last look. */
bool tn_registry_is_stale(const struct tn_registry *registry);

/*
 * Does an object of this process that defines the symbol serve everybody? Others may have opened it
 * with RTLD_GLOBAL, which the loader's list does not tell: the loader itself is asked.
 */
bool tn_mapped_is_global(const struct tn_holding *holding, const char *symbol);

/* What serves everybody under that name, in this process; NULL: nothing does. */
void *tn_mapped_global(const char *symbol);

/* The program of a graph and everything that it loads. */
bool tn_registry_take_graph(struct tn_registry *registry, tenon_world *world,
                            const tenon_graph *graph, tenon_error *err);

/* What that program opens itself, and all that this loads, as far as it is not there. */
bool tn_registry_take_more(struct tn_registry *registry, tenon_world *world,
                           const tenon_graph *graph, tenon_error *err);

/*
 * True when, by the loader's counters, exactly so many objects came since the last look and none
 * went; that then counts as a look.
 */
bool tn_registry_grew_by(struct tn_registry *registry, size_t count);

/*
 * Takes what was opened for a plugin, in load order: of all of it everything is known, as
 * tn_registry_look() and tn_registry_claim() would find it in memory. What is taken is NULL
 * afterwards, also when it fails.
 */
bool tn_registry_take(struct tn_registry *registry, struct tn_holding **came, size_t count,
                      const struct tn_entry *planned, size_t planned_count, tenon_error *err);

/* Drops the holdings that are not marked, and their units. False: no memory. */
bool tn_registry_keep(struct tn_registry *registry, const bool *marked);

/*
 * Brings `sightings` up to date: reads symbols of what is new. False: no memory. *unread is an
 * object whose file cannot be read, or is another by now, NULL when there is none: nothing can be
 * said then of what comes, and the next call looks again.
 */
bool tn_registry_sight(struct tn_registry *registry, tenon_world *world,
                       const struct tn_holding **unread);

/* The holding of the image at that path; NULL. */
struct tn_holding *tn_registry_at_path(const struct tn_registry *registry, const char *path);

/* The holding that answers to a recorded name; NULL. */
struct tn_holding *tn_registry_named(const struct tn_registry *registry, const char *name);

/* The image at that path, which has just come, is a plugin's own code and no library. */
void tn_registry_own_code(struct tn_registry *registry, const char *path);

/*
 * The image at that path is a plugin's own. What was planned of its units (whether they are
 * declared private) stays known. False: no memory.
 */
bool tn_registry_claim(struct tn_registry *registry, const char *path, const char *plugin,
                       const struct tn_entry *planned, size_t count);

/*
 * The library of that name, which another plugin has left, is this plugin's: it brings the same
 * build. False: no memory.
 */
bool tn_registry_adopt(struct tn_registry *registry, const char *name, const char *plugin);

/* That plugin did not come up: what stays of it is nobody's. */
void tn_registry_disown(struct tn_registry *registry, const char *plugin);

/*
 * Reads the records of what was added, and lists its units. A program need not wait for that when
 * it starts: whoever looks into `index`, or at a holding's record, asks for it first.
 *
 * errors   TENON_E_MEMORY
 */
bool tn_registry_read(struct tn_registry *registry, tenon_error *err);

/* Adds one holding, which is then the registry's. */
bool tn_registry_add(struct tn_registry *registry, struct tn_holding *holding, tenon_error *err);

/* Says why holding i is there, for it and its units. */
void tn_registry_set_reason(struct tn_registry *registry, size_t i, enum tenon_reason_kind reason);

/* Marks one that serves everybody, and all that it needs, by name: they do, too. */
bool tn_registry_serve(struct tn_registry *registry, struct tn_holding *first, tenon_error *err);

/*
 * Marks what is in the global scope: the program and all that it needs, by name. A loader's list is
 * in the order of loading, so what stands in it before one of these was there at the start, too: it
 * was preloaded, or is needed by a name that does not show in it.
 *
 * rule  glibc elf/rtld.c, dl_main(): preloads are mapped before what the program needs;
 *       elf/dl-object.c, _dl_add_to_namespace_list(); musl ldso/dynlink.c, load_library()
 */
bool tn_registry_mark_scope(struct tn_registry *registry, tenon_error *err);

#endif
