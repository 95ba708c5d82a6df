/*
 * src/loader/ldcache.c - glibc's ld.so.cache
 *
 * rule  glibc elf/dl-cache.c, _dl_load_cache_lookup(); sysdeps/generic/dl-cache.h
 */
#include "ldcache.h"

#include <string.h>

#include "fail.h"
#include "machines.h"

#define OLD_MAGIC "ld.so-1.7.0"
#define NEW_MAGIC "glibc-ld.so.cache1.1"
enum { OLD_HEADER = 16, OLD_ENTRY = 12, NEW_HEADER = 48, NEW_ENTRY = 24 };
#define EXTENSION_MAGIC 0xEAA42174u
enum { EXTENSION_HWCAPS = 1 };

/* hwcap of an entry: bit 62 set and 63, 42..61 clear: an index into the hwcaps extension */
#define HWCAP_EXTENSION (UINT64_C(1) << 62)
#define HWCAP_FIXED_BITS (~((UINT64_C(1) << 42) - 1))

struct entry {
    uint32_t flags;
    const char *key, *value; /* NULL: outside the file */
    uint64_t hwcap;
};

/* Digits are read modulo 2^32, as the loader's int overflows in practice. */
static uint32_t read_number(const char **p)
{
    uint32_t value = 0;
    for (; **p >= '0' && **p <= '9'; ++*p)
        value = value * 10 + (uint32_t)(**p - '0');
    return value;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int tn_ldcache_compare(const char *a, const char *b)
{
    const char *start = a;
    for (; *a && *a == *b; a++, b++) /* most of them */
        ;
    for (; a > start && is_digit(a[-1]); a--, b--) /* a number counts as a whole */
        ;
    while (*a) {
        if (is_digit(*a) && is_digit(*b)) {
            int32_t difference = (int32_t)(read_number(&a) - read_number(&b));
            if (difference)
                return difference < 0 ? -1 : 1;
        } else if (is_digit(*a)) {
            return 1;
        } else if (is_digit(*b)) {
            return -1;
        } else if (*a != *b) {
            return *a - *b;
        } else {
            a++;
            b++;
        }
    }
    return *a - *b;
}

/* Finds the extension directory; damage in it only means that there are no extensions. */
static void read_extensions(struct tn_ldcache *cache, uint32_t offset)
{
    struct tn_cursor c = tn_cursor(cache->file, cache->endian);
    tenon_error ignored = TENON_ERROR_INIT;
    tn_seek(&c, offset, "extension_offset");
    uint32_t magic = tn_u32(&c, "extension magic");
    uint32_t count = tn_u32(&c, "extension count");
    struct tn_view rows = tn_rows(&c, count, 16, "extension directory");
    if (!tn_end(&c, &ignored) || magic != EXTENSION_MAGIC)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *row = rows.at + (size_t)i * 16;
        uint32_t tag = tn_load32(row, cache->endian);
        struct tn_view bytes;
        if (!tn_view_sub(cache->file, tn_load32(row + 8, cache->endian),
                         tn_load32(row + 12, cache->endian), &bytes))
            continue;
        if (tag == EXTENSION_HWCAPS && bytes.size % 4 == 0)
            cache->hwcaps = bytes;
    }
}

/* Reads the header at `start` of the file; the cursor's first failure decides. */
static bool open_new(struct tn_view file, uint64_t start, enum tn_endian endian,
                     struct tn_ldcache *out, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(file, endian);
    struct tn_ldcache cache = { .file = file, .endian = endian };
    tn_seek(&c, start, "header");
    tn_skip(&c, sizeof NEW_MAGIC - 1, "magic");
    cache.count = tn_u32(&c, "nlibs");
    tn_skip(&c, 4, "len_strings");
    uint8_t flags = tn_u8(&c, "flags");
    tn_skip(&c, 3, "padding");
    uint32_t extensions = tn_u32(&c, "extension_offset");
    tn_skip(&c, 12, "unused");
    cache.entries = tn_rows(&c, cache.count, NEW_ENTRY, "library entries");
    if (!tn_end(&c, err))
        return false;
    uint8_t wanted = endian == TN_LITTLE ? 2 : 3;
    if ((flags & 3) != 0 && (flags & 3) != wanted)
        return tn_fail(err, TENON_E_MALFORMED, "byte order mark is %u, expected %u", flags & 3u,
                       (unsigned)wanted);
    tn_view_sub(file, start, file.size - start, &cache.base);
    if (extensions && extensions % 4 == 0)
        read_extensions(&cache, extensions);
    *out = cache;
    return true;
}

static bool has_magic(struct tn_view file, uint64_t at, const char *magic)
{
    struct tn_view v;
    return tn_view_sub(file, at, strlen(magic), &v) && memcmp(v.at, magic, v.size) == 0;
}

static bool open_old(struct tn_view file, enum tn_endian endian, struct tn_ldcache *out,
                     tenon_error *err)
{
    struct tn_cursor c = tn_cursor(file, endian);
    struct tn_ldcache cache = { .file = file, .endian = endian, .is_old = true };
    tn_skip(&c, 12, "magic");
    cache.count = tn_u32(&c, "nlibs");
    cache.entries = tn_rows(&c, cache.count, OLD_ENTRY, "library entries");
    if (!tn_end(&c, err))
        return false;
    uint64_t end = OLD_HEADER + (uint64_t)cache.count * OLD_ENTRY;
    uint64_t next = (end + 7) & ~UINT64_C(7);
    if (has_magic(file, next, NEW_MAGIC))
        return open_new(file, next, endian, out, err);
    tn_view_sub(file, end, file.size - end, &cache.base); /* old offsets count from here */
    *out = cache;
    return true;
}

static bool open_any(struct tn_view file, enum tn_endian endian, struct tn_ldcache *out,
                     tenon_error *err)
{
    if (has_magic(file, 0, OLD_MAGIC))
        return open_old(file, endian, out, err);
    if (has_magic(file, 0, NEW_MAGIC))
        return open_new(file, 0, endian, out, err);
    return tn_fail(err, TENON_E_MALFORMED, "neither \"%s\" nor \"%s\" at 0x0", NEW_MAGIC,
                   OLD_MAGIC);
}

static const char *string_at(const struct tn_ldcache *cache, uint32_t offset)
{
    return offset < cache->text_end ? (const char *)cache->base.at + offset : NULL;
}

static const uint8_t *row_at(const struct tn_ldcache *cache, uint32_t i)
{
    return cache->entries.at + (size_t)i * (cache->is_old ? OLD_ENTRY : NEW_ENTRY);
}

static const char *key_at(const struct tn_ldcache *cache, uint32_t i)
{
    return string_at(cache, tn_load32(row_at(cache, i) + 4, cache->endian));
}

static struct entry entry_at(const struct tn_ldcache *cache, uint32_t i)
{
    const uint8_t *row = row_at(cache, i);
    return (struct entry){
        .flags = tn_load32(row, cache->endian),
        .key = key_at(cache, i),
        .value = string_at(cache, tn_load32(row + 8, cache->endian)),
        .hwcap = cache->is_old ? 0 : tn_load64(row + 16, cache->endian),
    };
}

/* rule  glibc sysdeps/generic/dl-cache.h, dl_cache_hwcap_extension() */
static bool is_extension(const struct entry *entry)
{
    return (entry->hwcap & HWCAP_FIXED_BITS) == HWCAP_EXTENSION;
}

bool tn_ldcache_open(struct tn_view file, enum tn_endian endian, struct tn_ldcache *out,
                     tenon_error *err)
{
    if (!open_any(file, endian, out, err))
        return false;
    const uint8_t *last =
        out->base.size ? memrchr(out->base.at, 0, out->base.size) : NULL; /* once for all strings */
    out->text_end = last ? (uint64_t)(last - out->base.at) + 1 : 0;
    for (uint32_t i = 0; i < out->count && !out->has_legacy; i++) {
        struct entry entry = entry_at(out, i);
        out->has_legacy = entry.hwcap && !is_extension(&entry);
    }
    return true;
}

/* How many characters are the same from the start on, before the first that is a digit. */
static size_t same_start(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n] && !is_digit(a[n]))
        n++;
    return n;
}

static bool has_key(const struct tn_ldcache *cache, uint32_t i, const char *name)
{
    const char *key = key_at(cache, i);
    return key && tn_ldcache_compare(name, key) == 0;
}

/* Entries of one name, side by side. */
struct group {
    uint32_t first, end; /* none behind `end` counts */
};

/* The entries around one of the name. */
static struct group group_around(const struct tn_ldcache *cache, const char *name, uint32_t i,
                                 uint32_t end)
{
    while (i > 0 && has_key(cache, i - 1, name))
        i--;
    return (struct group){ i, end };
}

/*
 * Entries are in descending order; one without a readable key ends the search. What stands between
 * two that begin as the name does begins so, too: no more of it is compared than that it does. In a
 * file out of order it matters which entries are looked at: those that search_cache() looks at.
 */
static struct group find_group(const struct tn_ldcache *cache, const char *name)
{
    uint32_t low = 0, high = cache->count;
    size_t same_low = 0, same_high = 0;
    while (low < high) {
        uint32_t middle = low + (high - 1 - low) / 2;
        const char *key = key_at(cache, middle);
        size_t skip = same_low < same_high ? same_low : same_high;
        if (!key)
            break;
        if (strncmp(name, key, skip) != 0) /* not in order */
            skip = 0;
        size_t same = skip + same_start(name + skip, key + skip);
        int order = tn_ldcache_compare(name + same, key + same);
        if (order == 0)
            return group_around(cache, name, middle, high);
        if (order < 0) {
            low = middle + 1;
            same_low = same;
        } else {
            high = middle;
            same_high = same;
        }
    }
    return (struct group){ 0, 0 };
}

/*
 * The subdirectory name of an extension entry; NULL when it has none.
 * rule  glibc_hwcaps_priority_lookup() and kin: these names count from the start of the file, also
 *       when the old format stands first. ldconfig writes them from the new header, as it does keys
 *       and values, so that a file of both formats gives ld.so no subdirectory: a bug of glibc,
 *       seen with 2.36 and `ldconfig -c compat`
 */
static const char *subdir_of(const struct tn_ldcache *cache, const struct entry *entry)
{
    uint32_t index = (uint32_t)entry->hwcap;
    if (index >= cache->hwcaps.size / 4)
        return NULL;
    uint32_t offset = tn_load32(cache->hwcaps.at + (size_t)index * 4, cache->endian);
    return tn_view_string(cache->file, offset);
}

/* 0 is the best; SIZE_MAX: this processor does not have it. */
static size_t priority_of(const struct tn_ldcache *cache, const struct entry *entry,
                          const struct tn_ldcache_query *query)
{
    const char *subdir = subdir_of(cache, entry);
    unsigned isa = (unsigned)(entry->hwcap >> 32 & 0x3ff); /* 0 is the baseline */
    if (!subdir || (query->isa_level && isa + 1 > query->isa_level))
        return SIZE_MAX;
    for (size_t i = 0; query->levels[i]; i++)
        if (strcmp(query->levels[i], subdir) == 0)
            return i;
    return SIZE_MAX;
}

static bool has_capabilities(const struct entry *entry, const struct tn_ldcache_legacy *legacy)
{
    uint64_t platform = entry->hwcap & legacy->platforms;
    return !(entry->hwcap & ~(legacy->capabilities | legacy->platforms)) &&
           (!platform || platform == legacy->platform);
}

/* The best entry so far, and how good it is: 0 is the best. */
struct choice {
    const char *path;
    size_t priority;
};

static void weigh_extension(const struct tn_ldcache *cache, const struct entry *entry,
                            const struct tn_ldcache_query *query, struct choice *best)
{
    size_t priority = priority_of(cache, entry, query);
    if (priority != SIZE_MAX && (!best->path || priority < best->priority))
        *best = (struct choice){ entry->value, priority };
}

/* True: nothing behind this entry counts. */
static bool weigh(const struct tn_ldcache *cache, const struct entry *entry,
                  const struct tn_ldcache_query *query, struct choice *best)
{
    bool native = entry->flags == query->id;
    if (!entry->value || !(native || (query->unmarked && entry->flags == query->unmarked)))
        return false;
    if (is_extension(entry)) {
        weigh_extension(cache, entry, query, best);
        return false;
    }
    if (best->path && !cache->is_old)
        return true;
    if (!has_capabilities(entry, &query->legacy))
        return false;
    *best = (struct choice){ entry->value, 0 };
    return native;
}

/*
 * Entries of one name stand in the order that ldconfig gives them: those of this machine before
 * those of plain ELF, and of each the extensions, then the others by their capabilities, most
 * first. A file in another order is searched in the same way, entry by entry.
 * rule  glibc 2.36 elf/dl-cache.c, search_cache()
 */
const char *tn_ldcache_lookup(const struct tn_ldcache *cache, const char *name,
                              const struct tn_ldcache_query *query)
{
    struct choice best = { NULL, 0 };
    bool over = false;
    struct group group = find_group(cache, name);
    for (uint32_t i = group.first; i < group.end && !over; i++) {
        struct entry entry = entry_at(cache, i);
        over = !entry.key || tn_ldcache_compare(name, entry.key) != 0 ||
               weigh(cache, &entry, query, &best);
    }
    return best.path;
}

enum {
    UNMARKED_ELF = 1,   /* neither libc5's nor libc6's */
    UNMARKED_LIBC6 = 3, /* of no ABI of ARM's in particular */
};

/*
 * rule  glibc sysdeps/generic/ldconfig.h FLAG_*; _dl_cache_check_flags() in sysdeps/generic and of
 *       each port, dl-cache.h: ports with a mark of their own take nothing else, tried on x86-64
 */
static const struct id_row {
    uint32_t machine;
    unsigned word;        /* 0: any */
    uint32_t mask, value; /* of e_flags */
    uint32_t id, unmarked;
} id_rows[] = {
    { EM_X86_64, 8, 0, 0, 0x0303, 0 },
    { EM_X86_64, 4, 0, 0, 0x0803, 0 },
    { EM_386, 0, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_AARCH64, 8, 0, 0, 0x0a03, 0 },
    { EM_ARM, 0, 0x400, 0x400, 0x0903, UNMARKED_LIBC6 },
    { EM_ARM, 0, 0x200, 0x200, 0x0b03, UNMARKED_LIBC6 },
    { EM_ARM, 0, 0, 0, 0x0003, 0 },
    { EM_PPC64, 0, 0, 0, 0x0503, 0 },
    { EM_PPC, 0, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_S390, 8, 0, 0, 0x0403, 0 },
    { EM_S390, 4, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_SPARCV9, 0, 0, 0, 0x0103, 0 },
    { EM_SPARC, 0, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_SPARC32PLUS, 0, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_MIPS, 8, 0x400, 0x400, 0x0e03, 0 }, /* n64, NaN 2008 */
    { EM_MIPS, 8, 0, 0, 0x0703, 0 },
    { EM_MIPS, 4, 0x420, 0x420, 0x0d03, 0 }, /* n32, NaN 2008 */
    { EM_MIPS, 4, 0x020, 0x020, 0x0603, 0 },
    { EM_MIPS, 4, 0x400, 0x400, 0x0c03, 0 }, /* o32, NaN 2008 */
    { EM_MIPS, 4, 0, 0, 0x0003, 0 },
    { EM_RISCV, 8, 0x6, 0x4, 0x1003, 0 },
    { EM_RISCV, 8, 0x6, 0x0, 0x0f03, 0 },
    { EM_LOONGARCH, 8, 0x7, 0x3, 0x1203, 0 },
    { EM_LOONGARCH, 8, 0x7, 0x1, 0x1103, 0 },
    { EM_68K, 0, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_PARISC, 0, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_SH, 0, 0, 0, 0x0003, UNMARKED_ELF },
    { EM_ALPHA, 0, 0, 0, 0x0003, UNMARKED_ELF },
};

uint32_t tn_ldcache_id(uint32_t machine, unsigned word, uint32_t e_flags, uint32_t *unmarked)
{
    for (size_t i = 0; i < TN_COUNT(id_rows); i++) {
        const struct id_row *row = &id_rows[i];
        if (row->machine == machine && (!row->word || row->word == word) &&
            (e_flags & row->mask) == row->value) {
            *unmarked = row->unmarked;
            return row->id;
        }
    }
    *unmarked = UNMARKED_ELF;
    return 0;
}
