/*
 * src/loader/ldconfig.c - what glibc's ldconfig would put into a cache that is not there
 *
 * Directories stand in a list that grows while it is walked: capability directories that are met
 * go to its end. No directory stands there twice, whatever it is called.
 *
 * rule  glibc 2.36 elf/ldconfig.c, add_dir_1(), search_dir(); elf/readlib.c, process_file()
 */
#include "ldconfig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hwcaps.h"
#include "ldcache.h"
#include "ldcache_make.h"
#include "limits.h"
#include "machines.h"
#include "names.h"
#include "table.h"

#define MOST_DIRECTORIES 4096u
#define MOST_LIBRARIES (1u << 16)
enum { ET_DYN = 3 };

struct directory {
    const char *path;
    const char *subdir;    /* of glibc-hwcaps; NULL: any other directory */
    uint64_t capabilities; /* of the legacy kind, by its path */
};

struct run {
    const struct tn_ldconfig *how;
    struct tn_arena *arena;
    struct tn_map seen; /* device and inode of directories */
    struct directory *directories;
    size_t directory_count, directory_room;
    struct tn_ldcache_row *rows;
    size_t row_count, row_room;
    bool no_memory;

    /* the directory that is walked: its rows by their keys, and what each was made from */
    const struct directory *here;
    struct tn_names keys;
    size_t first_row;
    struct source {
        const char *name;
        bool is_link;
    } * sources;
    size_t source_room;
};

/* ---- directories --------------------------------------------------------------------------- */

/*
 * The capabilities of a path: those of the components at its end, added up.
 * rule  glibc 2.36 elf/ldconfig.c, path_hwcap()
 */
static uint64_t path_capabilities(const struct tn_ldconfig *how, const char *path)
{
    uint64_t sum = 0;
    size_t end = strlen(path);
    while (how->legacy && end) {
        size_t start = end;
        while (start && path[start - 1] != '/')
            start--;
        uint64_t bit = start ? tn_hwcaps_legacy_bit(how->machine, path + start, end - start) : 0;
        if (!bit)
            break;
        sum += bit;
        end = start - 1;
    }
    return sum;
}

/* Adds a directory, unless it stands there already or is none. */
static struct directory *add_directory(struct run *run, const char *path, const char *subdir)
{
    tenon_file_info info;
    int error = path ? tenon_world_stat(run->how->world, path, &info) : ENOMEM;
    run->no_memory |= error == ENOMEM;
    if (error || info.type != TENON_FILE_DIRECTORY || run->directory_count == MOST_DIRECTORIES)
        return NULL;
    uint32_t key[] = { (uint32_t)(info.device >> 32), (uint32_t)info.device,
                       (uint32_t)(info.inode >> 32), (uint32_t)info.inode };
    if (tn_map_find(&run->seen, key) != TN_NO_NAME)
        return NULL;
    if (!tn_map_set(&run->seen, key, 0) ||
        !tn_arena_grow(run->arena, &run->directories, &run->directory_room, run->directory_count,
                       sizeof *run->directories)) {
        run->no_memory = true;
        return NULL;
    }
    struct directory *directory = &run->directories[run->directory_count++];
    *directory = (struct directory){
        .path = path,
        .subdir = subdir,
        .capabilities = subdir ? 0 : path_capabilities(run->how, path),
    };
    return directory;
}

struct subdirs {
    struct run *run;
    const char *path; /* of the directory that has them */
};

static int each_subdir(void *arg, const char *name)
{
    const struct subdirs *in = arg;
    struct run *run = in->run;
    if (*name == '.' || strchr(name, ':'))
        return 0;
    const char *path =
        tn_arena_join(run->arena, in->path, "/glibc-hwcaps/", name, (const char *)NULL);
    const char *subdir = tn_arena_string(run->arena, name);
    run->no_memory |= !path || !subdir;
    if (!run->no_memory)
        add_directory(run, path, subdir);
    return run->no_memory;
}

/* A directory that ldconfig is told of, and its glibc-hwcaps. */
static void add_listed(struct run *run, const char *listed)
{
    size_t size = strlen(listed);
    while (size && listed[size - 1] == '/')
        size--;
    const char *path = size ? tn_arena_copy(run->arena, listed, size) : NULL;
    run->no_memory |= size && !path;
    if (!path || !add_directory(run, path, NULL))
        return;
    struct subdirs in = { run, path };
    const char *below = tn_arena_join(run->arena, path, "/glibc-hwcaps", (const char *)NULL);
    run->no_memory |=
        !below || tenon_world_list(run->how->world, below, each_subdir, &in) == ENOMEM;
}

/* ---- files --------------------------------------------------------------------------------- */

/* rule  glibc elf/dl-is_dso.h, _dl_is_dso() */
static bool is_library_name(const char *name)
{
    return ((tn_has_prefix(name, "lib") || tn_has_prefix(name, "ld-")) && strstr(name, ".so")) ||
           tn_has_prefix(name, "ld.so.") || tn_has_prefix(name, "ld64.so.");
}

/* rule  glibc elf/ldconfig.c, search_dir(): files that prelink is about to write */
static bool is_prelinks(const char *name)
{
    static const char mark[] = ".#prelink#";
    const char *at = strstr(name, mark);
    size_t rest = at ? strlen(at) - (sizeof mark - 1) : 0;
    return at && (rest == 0 || (rest == 7 && at[sizeof mark - 1] == '.'));
}

/* Machines that one ldconfig enters beside each other. */
static const uint32_t families[][3] = {
    { EM_X86_64, EM_386 },
    { EM_PPC64, EM_PPC },
    { EM_SPARCV9, EM_SPARC, EM_SPARC32PLUS },
    { EM_AARCH64, EM_ARM },
};

static bool is_family(uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < TN_COUNT(families); i++) {
        bool has_a = false, has_b = false;
        for (size_t k = 0; k < TN_COUNT(families[i]); k++) {
            has_a |= families[i][k] == a;
            has_b |= families[i][k] == b;
        }
        if (has_a && has_b)
            return true;
    }
    return a == b;
}

/*
 * The flags of a library's entry; 0: it is not entered. Those of machines without a mark of their
 * own count as glibc's, also when they need none of its libraries: such would only stand behind
 * others of their name.
 */
static uint32_t flags_of(const struct tn_ldconfig *how, const struct tn_facts *facts)
{
    uint32_t unmarked;
    if (!facts || facts->format != TENON_FORMAT_ELF || facts->elf.header.e_type != ET_DYN ||
        !facts->elf.has_dynamic || !is_family(facts->machine_code, how->machine))
        return 0;
    return tn_ldcache_id(facts->machine_code, facts->class_bits / 8, facts->elf.header.e_flags,
                         &unmarked);
}

/* x86's ISA levels as the cache has them: the highest that is needed, the baseline being 0. */
static unsigned isa_of(const struct tn_facts *facts)
{
    unsigned level = 0;
    for (uint32_t needed = facts->elf.isa_needed >> 1; needed; needed >>= 1)
        level++;
    return level;
}

/* rule  glibc elf/ldconfig.c, search_dir(): a file counts more than a link, then the newer name */
static bool is_better(const struct source *known, const char *name, bool is_link)
{
    return (!is_link && known->is_link) ||
           (is_link == known->is_link && tn_ldcache_compare(known->name, name) < 0);
}

/* The link of a SONAME and the development link: they are known by their own names, as links. */
static bool stays_link(const char *name, const char *soname)
{
    size_t n = strlen(name);
    return strcmp(name, soname) == 0 ||
           (n >= 3 && strcmp(name + n - 3, ".so") == 0 && strncmp(name, soname, n) == 0);
}

/* The number among this directory's rows of a key, whose row is added if it is new. */
static uint32_t row_of(struct run *run, const char *key, uint32_t flags, bool *is_new)
{
    size_t before = run->keys.count;
    uint32_t number = tn_names_add(&run->keys, key, strlen(key));
    *is_new = number == before;
    if (number == TN_NO_NAME || !*is_new)
        return number;
    const char *copy = tn_arena_string(run->arena, key);
    if (!copy || !tn_grow(&run->sources, &run->source_room, before, sizeof *run->sources) ||
        !tn_arena_grow(run->arena, &run->rows, &run->row_room, run->row_count, sizeof *run->rows))
        return TN_NO_NAME;
    run->rows[run->row_count++] = (struct tn_ldcache_row){ .key = copy, .flags = flags };
    return number;
}

static void enter(struct run *run, const char *name, bool is_link, const struct tn_facts *facts)
{
    uint32_t flags = flags_of(run->how, facts);
    bool is_new;
    if (!flags || run->row_count == MOST_LIBRARIES)
        return;
    const char *key = facts->own_name ? facts->own_name : name;
    is_link &= stays_link(name, key);
    uint32_t number = row_of(run, is_link ? name : key, flags, &is_new);
    if (number == TN_NO_NAME) {
        run->no_memory = true;
        return;
    }
    struct source *source = &run->sources[number];
    if (!is_new && !is_better(source, name, is_link))
        return;
    source->name = tn_arena_string(run->arena, name);
    source->is_link = is_link;
    run->rows[run->first_row + number].isa = isa_of(facts);
    run->no_memory |= !source->name;
}

static int each_file(void *arg, const char *name)
{
    struct run *run = arg;
    const struct tn_ldconfig *how = run->how;
    bool is_library = is_library_name(name);
    const bool may_be_directory =
        how->legacy && !run->here->subdir && tn_hwcaps_legacy_bit(how->machine, name, strlen(name));
    tenon_file_info info;
    if ((!is_library && !may_be_directory && !run->here->subdir) || is_prelinks(name))
        return 0;
    const char *path = tn_arena_join(run->arena, run->here->path, "/", name, (const char *)NULL);
    int error = path ? tenon_world_lstat(how->world, path, &info) : ENOMEM;
    bool is_link = error == 0 && info.type == TENON_FILE_SYMLINK;
    if (is_link) { /* and of any name, if it comes that far: rule search_dir(), _dl_is_dso() */
        error = tenon_world_stat(how->world, path, &info);
        is_library = true;
    }
    run->no_memory |= error == ENOMEM;
    if (error)
        return run->no_memory;
    if (info.type == TENON_FILE_DIRECTORY && may_be_directory)
        add_directory(run, path, NULL);
    else if (info.type == TENON_FILE_REGULAR && is_library)
        enter(run, name, is_link, how->facts->facts(how->facts->arg, path));
    run->no_memory |= *how->facts->no_memory;
    return run->no_memory;
}

/*
 * Of glibc-hwcaps directories the cache names the files; of others what is called as the key,
 * which is a link that ldconfig makes where there is none.
 */
static void name_files(struct run *run)
{
    for (size_t i = run->first_row; i < run->row_count && !run->no_memory; i++) {
        struct tn_ldcache_row *row = &run->rows[i];
        const char *file = run->here->subdir ? run->sources[i - run->first_row].name : row->key;
        row->value = tn_arena_join(run->arena, run->here->path, "/", file, (const char *)NULL);
        row->subdir = run->here->subdir;
        row->capabilities = run->here->capabilities;
        run->no_memory |= !row->value;
    }
}

static void walk(struct run *run, size_t number)
{
    const struct directory here = run->directories[number]; /* the list may move */
    run->here = &here;
    run->first_row = run->row_count;
    if (!tn_names_init(&run->keys)) {
        run->no_memory = true;
        return;
    }
    run->no_memory |= tenon_world_list(run->how->world, here.path, each_file, run) == ENOMEM;
    name_files(run);
    tn_names_free(&run->keys);
}

bool tn_ldconfig_make(const struct tn_ldconfig *how, struct tn_arena *arena, struct tn_view *out)
{
    struct run run = { .how = how, .arena = arena };
    if (!tn_map_init(&run.seen))
        return false;
    for (size_t i = 0; i < how->list_count; i++)
        for (size_t k = 0; k < how->lists[i]->count && !run.no_memory; k++)
            add_listed(&run, how->lists[i]->at[k].dir);
    for (size_t i = 0; i < run.directory_count && !run.no_memory; i++)
        walk(&run, i);
    tn_map_free(&run.seen);
    free(run.sources);
    return !run.no_memory && tn_ldcache_make(run.rows, run.row_count, arena, out);
}
