/*
 * src/loader/sohints.c - ld.so.hints
 *
 * rule  <link_aout.h> of the BSDs: struct hints_header and hints_bucket; OpenBSD
 *       libexec/ld.so/library_subr.c, _dl_hinthash() and _dl_findhint(); NetBSD
 *       libexec/ld.aout_so/rtld.c
 */
#include "sohints.h"

#include "fail.h"

#define MAGIC 011421044151u
#define BUCKET_SIZE 48u /* 12 ints: name, path, 8 numbers of the version, how many, next */

static uint64_t load_long(struct tn_view file, size_t index, unsigned word, enum tn_endian endian)
{
    const uint8_t *at = file.at + index * word;
    return word == 8 ? tn_load64(at, endian) : tn_load32(at, endian);
}

bool tn_sohints_open(struct tn_view file, unsigned word, enum tn_endian endian,
                     struct tn_sohints *out, tenon_error *err)
{
    uint64_t field[8], bytes;
    if (file.size < 8 * word)
        return tn_fail(err, TENON_E_TRUNCATED, "hints: %u bytes needed, %zu there", 8 * word,
                       file.size);
    for (size_t i = 0; i < 8; i++)
        field[i] = load_long(file, i, word, endian);
    if (field[0] != MAGIC || (field[1] != 1 && field[1] != 2))
        return tn_fail(err, TENON_E_MALFORMED, "hints: wrong magic or version");
    *out = (struct tn_sohints){ .endian = endian, .version = (uint32_t)field[1] };
    if (!tn_mul(field[3], BUCKET_SIZE, &bytes) || field[3] == 0 || field[3] > UINT32_MAX ||
        !tn_view_sub(file, field[2], bytes, &out->buckets) ||
        !tn_view_sub(file, field[4], field[5], &out->strings))
        return tn_fail(err, TENON_E_MALFORMED, "hints: tables beyond the end of the file");
    out->bucket_count = (uint32_t)field[3];
    if (field[1] == 2 && !(out->dirs = tn_view_string(out->strings, field[7])))
        return tn_fail(err, TENON_E_MALFORMED, "hints: the list of directories has no end");
    return true;
}

static uint32_t step(uint32_t k, uint32_t value)
{
    return (((k << 1) + (k >> 14)) ^ value) & 0x3fff;
}

/* rule  a pass over the bytes of the name, then a number made of each version */
static uint32_t hash(const struct tn_sohints *hints, const struct tn_sohints_query *query)
{
    uint32_t k = 0;
    for (const char *c = query->name; *c; c++)
        k = step(k, (uint8_t)*c);
    k = step(k, (uint32_t)query->major * 257u);
    if (hints->version == 1 && query->hash_has_minor)
        k = step(k, (uint32_t)query->minor * 167u);
    return k;
}

static bool is_wanted(const struct tn_sohints *hints, const uint8_t *bucket, const char *name,
                      const struct tn_sohints_query *query)
{
    int major = (int)tn_load32(bucket + 8, hints->endian);
    int minor = (int)tn_load32(bucket + 12, hints->endian);
    int numbers = (int)tn_load32(bucket + 40, hints->endian);
    return strcmp(name, query->name) == 0 && major == query->major &&
           (numbers < 2 || query->minor < 0 || minor >= query->minor);
}

/* rule  rtld.c, findhint(): a bucket whose strings are none ends the chain */
const char *tn_sohints_find(const struct tn_sohints *hints, const struct tn_sohints_query *query)
{
    uint32_t at = hash(hints, query) % hints->bucket_count;
    for (uint32_t n = 0; n < hints->bucket_count; n++) { /* a chain may be a circle */
        const uint8_t *bucket = hints->buckets.at + (size_t)at * BUCKET_SIZE;
        const char *name = tn_view_string(hints->strings, tn_load32(bucket, hints->endian));
        const char *path = tn_view_string(hints->strings, tn_load32(bucket + 4, hints->endian));
        if (!name || !path)
            return NULL;
        if (is_wanted(hints, bucket, name, query) &&
            (!query->fits || query->fits(query->arg, path)))
            return path;
        at = tn_load32(bucket + 44, hints->endian);
        if (at >= hints->bucket_count) /* -1 ends it */
            return NULL;
    }
    return NULL;
}
