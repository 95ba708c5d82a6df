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
#include <sys/auxv.h>
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

/* ---- what the system says of mappings ---------------------------------------------------------
 */

/*
 * The path of the file that is mapped there; NULL: none is, or it cannot be told. To be freed.
 *
 * rule  proc(5), /proc/PID/maps: START-END, four words, and a path that begins with a slash
 */
static char *mapped_path(uintptr_t address, bool from_its_start)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char *line = NULL, *end, *path = NULL;
    size_t room = 0;
    bool found = false;
    while (maps && !found && getline(&line, &room, maps) > 0) {
        uintptr_t start = (uintptr_t)strtoull(line, &end, 16);
        found = from_its_start ? start == address
                               : address >= start && *end == '-' &&
                                     address < (uintptr_t)strtoull(end + 1, NULL, 16);
    }
    if (found && (path = strchr(line, '/'))) {
        path[strcspn(path, "\n")] = '\0';
        path = strdup(path);
    }
    if (maps)
        fclose(maps);
    free(line);
    return path;
}

bool tn_mapped_is_deleted(uintptr_t base)
{
    static const char mark[] = " (deleted)";
    char *path = base ? mapped_path(base, true) : NULL;
    size_t size = path ? strlen(path) : 0;
    bool deleted = size >= sizeof mark - 1 && strcmp(path + size - (sizeof mark - 1), mark) == 0;
    free(path);
    return deleted;
}

/* ---- the program ------------------------------------------------------------------------------
 */

bool tn_mapped_by_kernel(void)
{
    return getauxval(AT_BASE) != 0;
}

/* glibc has one list for each namespace, and in the first one the program, which it calls "". */
static bool is_program(const struct dl_phdr_info *info)
{
#ifdef __GLIBC__
    return !info->dlpi_name || !*info->dlpi_name;
#else
    (void)info;
    return true;
#endif
}

/* What the kernel has started. NULL: no memory. */
static char *started_path(void)
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

/* The path of the program: its name in the list is empty, or as typed. NULL: *err. To be freed. */
static char *program_path(const struct dl_phdr_info *info, tenon_error *err)
{
    bool by_kernel = tn_mapped_by_kernel();
    char *path = by_kernel ? started_path() : mapped_path((uintptr_t)info->dlpi_phdr, false);
    if (!path && by_kernel)
        tn_no_memory(err);
    else if (!path)
        tn_fail(err, TENON_E_SYSTEM, "/proc/self/maps does not say which program this is");
    return path;
}

static char *no_program(tenon_error *err)
{
    tn_fail(err, TENON_E_UNSUPPORTED,
            "this code was loaded into a namespace of its own (dlmopen): what the program holds "
            "cannot be seen from there");
    return NULL;
}

/* ---- one look ------------------------------------------------------------------------------ */

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

static struct tn_view segment_of(const struct dl_phdr_info *info, const ElfW(Phdr) * p)
{
    return tn_view((const void *)(info->dlpi_addr + p->p_vaddr), p->p_memsz);
}

/* One segment of notes: a build id, and a record when the owner's name occurs in it. */
static bool read_notes(struct tn_holding *holding, const struct dl_phdr_info *info,
                       const ElfW(Phdr) * p, tenon_error *err)
{
    const void *bytes = segment_of(info, p).at;
    unsigned align = p->p_align == 8 ? 8 : 4;
    char build_id[129];
    if (!holding->build_id &&
        find_build_id(segment_of(info, p), align, build_id, sizeof build_id)) {
        holding->build_id = tn_arena_string(&holding->arena, build_id);
        if (!holding->build_id)
            return tn_no_memory(err);
    }
    return !memmem(bytes, p->p_memsz, TN_RECORD_OWNER, sizeof TN_RECORD_OWNER) ||
           tn_holding_add_notes(holding, bytes, p->p_memsz, align, err);
}

/* Of program headers, notes and names of symbols. */
static uint32_t print_of_tables(const struct dl_phdr_info *info, const uint64_t seed[2])
{
    struct tn_mapped m;
    struct tn_view names;
    uint32_t print = tn_hash(seed, 0, info->dlpi_phdr, info->dlpi_phnum * sizeof(ElfW(Phdr)));
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_NOTE) {
            struct tn_view notes = segment_of(info, &info->dlpi_phdr[i]);
            print = tn_hash(seed, print, notes.at, notes.size);
        }
    tn_mapped_take(&m, info);
    if (tn_view_sub(m.strings, 0, tn_mapped_number(&m, DT_STRSZ), &names))
        print = tn_hash(seed, print, names.at, names.size);
    return print;
}

/* By the build id, else (NULL) by what code hardly has in common with other code. Never 0. */
static uint32_t print_of(const struct dl_phdr_info *info, const char *build_id)
{
    static const uint64_t seed[2] = { 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9 };
    uint32_t print =
        build_id ? tn_hash(seed, 0, build_id, strlen(build_id)) : print_of_tables(info, seed);
    return print ? print : 1;
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
    if (!holding->is_program)
        holding->print = print_of(info, holding->build_id);
    return tn_holding_take_mapped(holding, info) || tn_no_memory(err);
}

static bool find_own_build_id(const struct dl_phdr_info *info, char *out, size_t room)
{
    bool found = false;
    for (size_t i = 0; !found && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        found = p->p_type == PT_NOTE &&
                find_build_id(segment_of(info, p), p->p_align == 8 ? 8 : 4, out, room);
    }
    return found;
}

/*
 * Is it what was there, and not another one that was opened by the same path after that one went?
 * The system likes to give it the same address. Of code in the cache, which is never replaced,
 * no print may have been taken.
 */
static bool is_same(const struct tn_holding *h, const struct dl_phdr_info *info)
{
    char build_id[129];
    if (h->stays || !h->print)
        return true;
    return h->print ==
           print_of(info, find_own_build_id(info, build_id, sizeof build_id) ? build_id : NULL);
}

/* Was it there at the last look? While nothing went, the same address tells. */
static bool is_kept(struct look *look, const char *path, const struct dl_phdr_info *info)
{
    const uintptr_t base = info->dlpi_addr;
    const struct tn_registry *registry = look->registry;
    for (size_t tried = 0; tried < registry->count; tried++) {
        size_t i = (look->next + tried) % registry->count;
        const struct tn_holding *h = registry->holdings[i];
        if (!look->seen[i] && h->base == base && strcmp(h->path, path) == 0 &&
            (look->subs == registry->subs || is_same(h, info))) {
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
    if (is_kept(look, path, info))
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
    if (look->objects == 0) {
        path = program = is_program(info) ? program_path(info, look->err) : no_program(look->err);
        look->failed = !program;
    }
    if (path && strchr(path, '/'))
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
    if (good)                              /* else what went meanwhile is still to be told */
        registry->subs = look.subs;
    free(look.seen);
    free(look.fresh);
    return good && (!first || begin_scope(registry, err));
}

/*
 * Not RTLD_DEFAULT: that looks also into what came with this library when somebody opened the two
 * apart, and keeps what it finds mapped for as long as this library is.
 *
 * rule  glibc elf/dl-sym.c, do_sym(): DL_LOOKUP_ADD_DEPENDENCY, and the scope of the caller, for
 *       RTLD_DEFAULT alone; elf/dl-open.c, add_to_global_update(): the program's list grows
 */
void *tn_mapped_global(const char *symbol)
{
    void *program = dlopen(NULL, RTLD_LAZY), *found = program ? dlsym(program, symbol) : NULL;
    if (program)
        dlclose(program);
    return found;
}

/* Thread-local data is in no object: dladdr() does not know whose it is. */
bool tn_mapped_is_global(const struct tn_holding *holding, const char *symbol)
{
    const void *found = holding->base ? tn_mapped_global(symbol) : NULL;
    Dl_info info;
    return found &&
           (!dladdr(found, &info) || !info.dli_fname || strcmp(info.dli_fname, holding->path) == 0);
}
