/*
 * src/process/mapped.c - this process as its loader lists it
 *
 * rule  dl_iterate_phdr(3): records are read from loaded PT_NOTE segments, with the loader's list
 *       held still; dlpi_adds and dlpi_subs count what came and went
 */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cursor.h"
#include "fail.h"
#include "limits.h"
#include "record.h"
#include "registry.h"
#include "text.h"

/* One look at the loader's list. */
struct look {
    struct tn_registry *registry;
    bool *seen; /* by holding of the registry */
    size_t seen_count;
    size_t next; /* holding to compare with first: mostly the order stays */
    struct tn_holding **fresh;
    size_t count, room;
    size_t objects; /* met so far */
    unsigned long long adds, subs;
    bool failed;
    tenon_error *err;
};

static enum tn_endian own_endian(void)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? TN_LITTLE : TN_BIG;
}

/* The path of the program: its name in the list is empty. NULL: no memory. */
static char *program_path(void)
{
    char *path = malloc(TN_LIMIT_PATH);
    ssize_t size = path ? readlink("/proc/self/exe", path, TN_LIMIT_PATH - 1) : 0;
    if (!path)
        return NULL;
    if (size <= 0)
        size = snprintf(path, TN_LIMIT_PATH, "/proc/self/exe");
    path[size] = '\0';
    return path;
}

/* Is that address in a loaded segment? */
static bool contains(const struct dl_phdr_info *info, uintptr_t address)
{
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && address - (info->dlpi_addr + p->p_vaddr) < p->p_memsz)
            return true;
    }
    return false;
}

/* The build id in a segment of notes; false: none. rule  note "GNU" 3 */
static bool find_build_id(struct tn_view notes, uint64_t align, char *out, size_t room)
{
    struct tn_cursor c = tn_cursor(notes, own_endian());
    while (c.pos < notes.size) {
        uint32_t name_size = tn_u32(&c, "n_namesz"), size = tn_u32(&c, "n_descsz");
        uint32_t type = tn_u32(&c, "n_type");
        const uint8_t *name = tn_take(&c, (name_size + (uint64_t)3) & ~(uint64_t)3, "name");
        const uint8_t *desc = tn_take(&c, size, "description");
        uint64_t rest = (align - c.pos % align) % align;
        if (c.lost)
            return false;
        if (type == NT_GNU_BUILD_ID && name_size == 4 && memcmp(name, "GNU", 4) == 0 &&
            size <= (room - 1) / 2) {
            tn_text_hex(out, desc, size);
            return true;
        }
        tn_skip(&c, rest < notes.size - c.pos ? rest : notes.size - c.pos, "padding");
    }
    return false;
}

/* One segment of notes: a build id, and a record when the owner's name occurs in it. */
static bool read_notes(struct tn_holding *holding, const struct dl_phdr_info *info,
                       const ElfW(Phdr) * p, tenon_error *err)
{
    const void *bytes = (const void *)(info->dlpi_addr + p->p_vaddr);
    unsigned align = p->p_align == 8 ? 8 : 4;
    char build_id[129];
    if (!holding->build_id &&
        find_build_id(tn_view(bytes, p->p_memsz), align, build_id, sizeof build_id)) {
        holding->build_id = tn_arena_string(&holding->arena, build_id);
        if (!holding->build_id)
            return tn_no_memory(err);
    }
    return !memmem(bytes, p->p_memsz, TN_RECORD_OWNER, sizeof TN_RECORD_OWNER) ||
           tn_holding_add_notes(holding, bytes, p->p_memsz, align, err);
}

static bool read_object(struct tn_holding *holding, const struct dl_phdr_info *info,
                        tenon_error *err)
{
    holding->base = info->dlpi_addr;
    holding->is_caller = contains(info, (uintptr_t)&tn_registry_look);
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_NOTE && p->p_memsz && !read_notes(holding, info, p, err))
            return false;
        if (p->p_type == PT_TLS)
            holding->tls_size = p->p_memsz;
    }
    return tn_holding_take_mapped(holding, info) || tn_no_memory(err);
}

/* Was it there at the last look? */
static bool is_kept(struct look *look, const char *path, uintptr_t base)
{
    const struct tn_registry *registry = look->registry;
    for (size_t tried = 0; tried < registry->count; tried++) {
        size_t i = (look->next + tried) % registry->count;
        const struct tn_holding *h = registry->holdings[i];
        if (!look->seen[i] && h->base == base && strcmp(h->path, path) == 0) {
            look->seen[i] = true;
            look->seen_count++;
            look->next = i + 1;
            return true;
        }
    }
    return false;
}

static bool take(struct look *look, const struct dl_phdr_info *info, const char *path)
{
    if (is_kept(look, path, info->dlpi_addr))
        return true;
    if (!tn_grow(&look->fresh, &look->room, look->count, sizeof *look->fresh))
        return tn_no_memory(look->err);
    struct tn_holding *holding = tn_holding_new(path, look->err);
    if (!holding)
        return false;
    holding->is_program = look->objects == 0;
    if (!read_object(holding, info, look->err)) {
        tn_holding_free(holding);
        return false;
    }
    look->fresh[look->count++] = holding;
    return true;
}

/* What has no file (the kernel's own object) has no path either. */
static int see(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct look *look = arg;
    char *program = NULL;
    if (size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs) {
        look->adds = info->dlpi_adds;
        look->subs = info->dlpi_subs;
    }
    const char *path = info->dlpi_name;
    if (look->objects == 0)
        path = program = program_path();
    if (look->objects == 0 && !path)
        look->failed = !tn_no_memory(look->err);
    else if (path && strchr(path, '/'))
        look->failed = !take(look, info, path);
    look->objects++;
    free(program);
    return look->failed;
}

static int count_changes(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct look *look = arg;
    if (size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs) {
        look->adds = info->dlpi_adds;
        look->subs = info->dlpi_subs;
    }
    return 1;
}

bool tn_registry_is_stale(const struct tn_registry *registry)
{
    struct look look = { .adds = 0 };
    dl_iterate_phdr(count_changes, &look);
    return look.adds != registry->adds || look.subs != registry->subs;
}

bool tn_registry_grew_by(struct tn_registry *registry, size_t count)
{
    struct look look = { .adds = 0 };
    dl_iterate_phdr(count_changes, &look);
    if (look.adds != registry->adds + count || look.subs != registry->subs)
        return false;
    registry->adds = look.adds;
    return true;
}

/* Who what is new is for. */
static bool introduce(struct tn_holding *holding, enum tenon_reason_kind reason, const char *plugin,
                      tenon_error *err)
{
    holding->reason = reason;
    if (holding->is_program)
        holding->place = "the host program";
    if (plugin && !(holding->plugin = tn_arena_string(&holding->arena, plugin)))
        return tn_no_memory(err);
    return true;
}

static bool add_fresh(struct look *look, enum tenon_reason_kind reason, const char *plugin)
{
    bool good = true;
    for (size_t i = 0; i < look->count; i++) {
        good = good && introduce(look->fresh[i], reason, plugin, look->err);
        if (good)
            good = tn_registry_add(look->registry, look->fresh[i], look->err);
        else
            tn_holding_free(look->fresh[i]);
    }
    return good;
}

/* Tables in memory are only for what can never be unmapped. */
static bool begin_scope(struct tn_registry *registry, tenon_error *err)
{
    if (!tn_registry_mark_scope(registry, err))
        return false;
    for (size_t i = 0; i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        h->stays = h->serves_all;
        if (!h->stays)
            h->mapped = NULL;
    }
    return true;
}

bool tn_registry_look(struct tn_registry *registry, enum tenon_reason_kind reason,
                      const char *plugin, tenon_error *err)
{
    struct look look = { .registry = registry, .err = err };
    bool first = !registry->count;
    if (!first && !tn_registry_is_stale(registry))
        return true;
    look.seen = calloc(registry->count + 1, sizeof *look.seen);
    if (!look.seen)
        return tn_no_memory(err);
    dl_iterate_phdr(see, &look);
    bool good = !look.failed && (look.seen_count == registry->count ||
                                 tn_registry_keep(registry, look.seen) || tn_no_memory(err));
    if (good)
        good = add_fresh(&look, reason, plugin);
    else
        for (size_t i = 0; i < look.count; i++)
            tn_holding_free(look.fresh[i]);
    registry->adds = good ? look.adds : 0; /* 0: so that the next look is a whole one */
    registry->subs = look.subs;
    free(look.seen);
    free(look.fresh);
    return good && (!first || begin_scope(registry, err));
}

bool tn_mapped_is_deleted(uintptr_t base)
{
    static const char mark[] = " (deleted)\n";
    FILE *maps = base ? fopen("/proc/self/maps", "re") : NULL;
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    bool found = false, deleted = false;
    while (maps && !found && (size = getline(&line, &room, maps)) > 0) {
        found = strtoull(line, NULL, 16) == base;
        deleted = found && (size_t)size >= sizeof mark - 1 &&
                  strcmp(line + size - (sizeof mark - 1), mark) == 0;
    }
    if (maps)
        fclose(maps);
    free(line);
    return deleted;
}

bool tn_mapped_is_global(const struct tn_holding *holding, const char *symbol)
{
    const void *found = holding->base ? dlsym(RTLD_DEFAULT, symbol) : NULL;
    Dl_info info;
    return found && dladdr(found, &info) && info.dli_fname &&
           strcmp(info.dli_fname, holding->path) == 0;
}
