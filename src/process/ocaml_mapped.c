/*
 * src/process/ocaml_mapped.c - what the mapped plugins of native Dynlink say of their units
 *
 * rule  otherlibs/dynlink/native/dynlink.ml: a plugin's header is the value at caml_plugin_header;
 *       what Dynlink keeps of it, it tells nobody
 */
#include <link.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "fail.h"
#include "mapped_symbols.h"
#include "ocaml.h"
#include "ocaml_private.h"

/* One look at the loader's list. */
struct look {
    struct tn_arena arena;
    struct tn_names names; /* that are asked about */
    struct sighting *met;  /* by number of those */
    tenon_ocaml **headers; /* all that are mapped */
    size_t count, room;
    bool failed;
    tenon_error *err;
};

struct sighting {
    const tenon_ocaml_unit *unit; /* NULL: not met */
    const char *path;
    bool is_doubtful; /* met with other digests, too */
};

static bool is_same(const tenon_ocaml_unit *a, const tenon_ocaml_unit *b)
{
    return tenon_digest_equal(&a->interface, &b->interface) == TENON_YES &&
           tenon_digest_equal(&a->implementation, &b->implementation) == TENON_YES;
}

static void meet(struct look *look, const tenon_ocaml *header, const char *path)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(header); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(header, i);
        uint32_t number = tn_names_find(&look->names, unit->name, strlen(unit->name));
        if (number == TN_NO_NAME)
            continue;
        struct sighting *met = &look->met[number];
        if (met->unit && !is_same(met->unit, unit))
            met->is_doubtful = true;
        if (!met->unit)
            *met = (struct sighting){ unit, path, false };
    }
}

static bool keep(struct look *look, tenon_ocaml *header, const char *name)
{
    const char *path = tn_arena_string(&look->arena, name);

    if (path && tn_grow(&look->headers, &look->room, look->count, sizeof *look->headers)) {
        look->headers[look->count++] = header;
        meet(look, header, path);
        return true;
    }
    tenon_ocaml_free(header);
    return tn_no_memory(look->err);
}

/* What is no header, or of another release, is not Dynlink's doing. */
static int see(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct look *look = arg;
    struct tn_mapped mapped;
    tenon_error err = TENON_ERROR_INIT;

    (void)size;
    tn_mapped_take(&mapped, info);
    struct tn_view header = tn_mapped_data(&mapped, info, "caml_plugin_header");
    tenon_ocaml *read = header.at ? tn_ocaml_read_header(header, TN_OCAML_ALL, &err) : NULL;
    if (read)
        look->failed = !keep(look, read, info->dlpi_name);
    else if (err.code == TENON_E_MEMORY)
        look->failed = !tn_no_memory(look->err);
    return look->failed;
}

/* What its code defines is its holder's. */
static bool tell_symbols(tenon_ocaml_process *process, const tenon_ocaml_unit *unit,
                         tenon_error *err)
{
    const struct tn_oc_known *known = tn_oc_known(process, unit->name);
    const char *holder = known ? known->holder : NULL;

    for (size_t i = 0; known && i < unit->defines.count; i++) {
        known = tn_oc_known(process, unit->defines.at[i]);
        if (known)
            tn_oc_tell_symbol(process, (uint32_t)(known - process->known), holder);
    }
    return known || tn_no_memory(err);
}

static bool tell(tenon_ocaml_process *process, const struct sighting *met, tenon_error *err)
{
    const tenon_ocaml_unit *unit = met->unit;
    const tenon_ocaml_present present = { .name = unit->name,
                                          .interface = unit->interface,
                                          .implementation = unit->implementation,
                                          .state = TENON_INITIALISED,
                                          .reason = TENON_BY_OTHERS,
                                          .holder = met->path };

    for (size_t i = 0; i < unit->interfaces.count; i++)
        if (unit->interfaces.at[i].crc.kind != TENON_DIGEST_UNKNOWN &&
            !tenon_ocaml_tell_interface(process, unit->interfaces.at[i].name,
                                        &unit->interfaces.at[i].crc, err))
            return false;
    return tenon_ocaml_tell(process, &present, err) && tell_symbols(process, unit, err);
}

static bool begin(struct look *look, const char *const *names, size_t count)
{
    if (!tn_names_init(&look->names))
        return tn_no_memory(look->err);
    for (size_t i = 0; i < count; i++)
        if (tn_names_add(&look->names, names[i], strlen(names[i])) == TN_NO_NAME)
            return tn_no_memory(look->err);
    look->met = tn_arena_rows(&look->arena, look->names.count, sizeof *look->met);
    return look->met || tn_no_memory(look->err);
}

bool tenon_ocaml_tell_mapped(tenon_ocaml_process *process, const char *const *names, size_t count,
                             tenon_error *err)
{
    struct look look = { .err = err };
    bool good = begin(&look, names, count);

    if (good)
        dl_iterate_phdr(see, &look);
    good = good && !look.failed;
    for (size_t i = 0; good && i < look.names.count; i++)
        if (look.met[i].unit && !look.met[i].is_doubtful)
            good = tell(process, &look.met[i], err);
    for (size_t i = 0; i < look.count; i++)
        tenon_ocaml_free(look.headers[i]);
    free(look.headers);
    tn_names_free(&look.names);
    tn_arena_free(&look.arena);
    return good;
}

/* ---- its file ---------------------------------------------------------------------------------
 */

/* rule  Linux fs/proc/task_mmu.c: a file that was removed or replaced has " (deleted)" behind it */
static bool is_mapped_from(const char *path)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    bool found = false;

    while (maps && !found && (size = getline(&line, &room, maps)) > 0) {
        const char *name = strchr(line, '/');
        line[size - 1] = '\0';
        found = name && strcmp(name, path) == 0;
    }
    if (maps)
        fclose(maps);
    free(line);
    return found;
}

bool tn_oc_mapped_digest(const char *path, uint8_t digest[32])
{
    char *real = realpath(path, NULL);
    void *bytes = NULL;
    size_t size = 0;
    tenon_error why = TENON_ERROR_INIT;
    bool good = real && is_mapped_from(real) && tn_read_file(real, &bytes, &size, &why);

    if (good)
        crypto_hash_sha256(digest, bytes, size);
    free(bytes);
    free(real);
    return good;
}

/* ---- what a step opened -------------------------------------------------------------------------
 */

struct tally {
    tenon_ocaml_plan *plan;
    size_t count;
    bool is_after;
};

static bool is_planned(const tenon_ocaml_plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < plan->prospects[i].count; k++) {
            const char *own = plan->prospects[i].files[k]->path;
            if (own && strcmp(own, path) == 0)
                return true;
        }
    return false;
}

/* rule  dl_iterate_phdr(3): what comes stands behind what is there; dlpi_subs counts what went */
static int tell_one(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct tally *tally = arg;
    tenon_ocaml_plan *plan = tally->plan;

    (void)size;
    if (!tally->is_after)
        plan->subs = info->dlpi_subs;
    else if (info->dlpi_subs != plan->subs ||
             (tally->count >= plan->objects && !is_planned(plan, info->dlpi_name)))
        plan->surprised = true;
    tally->count++;
    return plan->surprised;
}

void tn_oc_count_objects(tenon_ocaml_plan *plan)
{
    struct tally tally = { .plan = plan };

    dl_iterate_phdr(tell_one, &tally);
    plan->objects = tally.count;
}

void tn_oc_see_objects(tenon_ocaml_plan *plan)
{
    struct tally tally = { .plan = plan, .is_after = true };

    if (plan->objects)
        dl_iterate_phdr(tell_one, &tally);
    plan->objects = 0;
}
