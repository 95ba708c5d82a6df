/*
 * src/unit/digest.c - exports-1 and code-1
 *
 * rule  digest.h says what is in them. Numbers are hashed little-endian, strings with their NUL,
 *       each list before its rows with a letter, so that no two inputs look alike
 */
#include "digest.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

#include "fail.h"

#define CODE_FLAGS 0x437u /* SHF_WRITE ALLOC EXECINSTR MERGE STRINGS TLS */

/* ---- feeding -------------------------------------------------------------------------------- */

struct sink {
    crypto_hash_sha256_state state;
};

static void begin(struct sink *sink, const char *what)
{
    crypto_hash_sha256_init(&sink->state);
    crypto_hash_sha256_update(&sink->state, (const unsigned char *)what, strlen(what) + 1);
}

static void feed(struct sink *sink, const void *bytes, size_t size)
{
    crypto_hash_sha256_update(&sink->state, bytes, size);
}

static void feed_number(struct sink *sink, uint64_t value)
{
    uint64_t bytes = htole64(value);
    feed(sink, &bytes, sizeof bytes);
}

static void feed_text(struct sink *sink, const char *text, size_t length)
{
    feed(sink, text, length);
    feed(sink, "", 1);
}

static void feed_string(struct sink *sink, const char *string)
{
    feed_text(sink, string, strlen(string));
}

static void end(struct sink *sink, enum tenon_digest_kind kind, tenon_digest *out)
{
    *out = (tenon_digest){ .kind = kind, .size = crypto_hash_sha256_BYTES };
    crypto_hash_sha256_final(&sink->state, out->bytes);
}

/* ---- exports-1 ------------------------------------------------------------------------------ */

static int compare_text(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_exports(const void *a_row, const void *b_row)
{
    const struct tn_export *a = a_row, *b = b_row;
    int order = compare_text(a->name, a->length, b->name, b->length);
    if (!order)
        order = strcmp(a->version ? a->version : "", b->version ? b->version : "");
    if (!order)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

void tn_digest_exports(struct tn_export *rows, size_t count, tenon_digest *out)
{
    struct sink sink;
    if (count)
        qsort(rows, count, sizeof *rows, compare_exports);
    begin(&sink, "exports-1");
    for (size_t i = 0; i < count; i++) {
        const struct tn_export *e = &rows[i];
        feed_text(&sink, e->name, e->length);
        feed_string(&sink, e->version ? e->version : "");
        feed_number(&sink, e->version && e->is_default);
        feed_number(&sink, e->kind);
        feed_number(&sink, e->kind == TENON_DEFINES_CODE ? 0 : e->size);
    }
    end(&sink, TENON_DIGEST_EXPORTS, out);
}

/* ---- code-1 --------------------------------------------------------------------------------- */

struct code {
    const struct tn_elf_object *object;
    struct sink sink;
    uint32_t *order;  /* sections that are hashed, as they are hashed */
    uint32_t *number; /* by section: its place in `order` + 1; 0: not hashed */
    size_t count;
    uint64_t left; /* bytes that may still be read: no file has more than it is long */
};

static bool is_hashed(const struct tn_elf_object_section *s)
{
    return (s->header.sh_flags & TN_SHF_ALLOC) && s->header.sh_size &&
           s->header.sh_type != TN_SHT_NOTE && s->header.sh_type != TN_SHT_GROUP &&
           strcmp(s->name, ".eh_frame") != 0;
}

static int compare_sections(const void *a, const void *b, void *arg)
{
    const struct tn_elf_object *o = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = strcmp(o->sections[x].name, o->sections[y].name);
    return order ? order : (x > y) - (x < y);
}

static bool order_sections(struct code *code, tenon_error *err)
{
    const struct tn_elf_object *o = code->object;
    struct tn_arena *arena = o->elf.file->arena;
    code->order = tn_arena_rows(arena, o->section_count, sizeof *code->order);
    code->number = tn_arena_rows(arena, o->section_count, sizeof *code->number);
    if (!code->order || !code->number)
        return tn_no_memory(err);
    for (uint32_t i = 1; i < o->section_count; i++)
        if (is_hashed(&o->sections[i]))
            code->order[code->count++] = i;
    if (code->count)
        qsort_r(code->order, code->count, sizeof *code->order, compare_sections, (void *)o);
    for (uint32_t i = 0; i < code->count; i++)
        code->number[code->order[i]] = i + 1;
    return true;
}

/* A section that is not hashed is named. */
static void feed_place(struct code *code, uint32_t section, uint64_t value)
{
    feed_number(&code->sink, code->number[section]);
    if (!code->number[section])
        feed_string(&code->sink, code->object->sections[section].name);
    feed_number(&code->sink, value);
}

static void feed_target(struct code *code, const struct tn_elf_object_reloc *r)
{
    const struct tn_elf_object_symbol *s = &code->object->symbols[r->symbol];
    if (!r->symbol) {
        feed(&code->sink, "N", 1);
        feed_number(&code->sink, (uint64_t)r->addend);
    } else if (s->bind != TN_STB_LOCAL) {
        feed(&code->sink, "G", 1);
        feed_string(&code->sink, s->name);
        feed_number(&code->sink, (uint64_t)r->addend);
    } else {
        feed(&code->sink, "L", 1);
        feed_place(code, s->section, s->value + (uint64_t)r->addend);
    }
}

static bool spend(struct code *code, uint64_t bytes, tenon_error *err)
{
    if (bytes > code->left)
        return tn_fail(err, TENON_E_MALFORMED, "sections overlap");
    code->left -= bytes;
    return true;
}

static bool feed_relocs(struct code *code, uint32_t section, tenon_error *err)
{
    struct tn_elf_object_reloc *relocs;
    size_t count;
    const struct tn_elf_object *o = code->object;
    if (!spend(code, o->sections[o->sections[section].relocs].header.sh_size, err) ||
        !tn_elf_object_relocs(o, section, &relocs, &count, err))
        return false;
    feed_number(&code->sink, count);
    for (size_t i = 0; i < count; i++) {
        feed_number(&code->sink, relocs[i].offset);
        feed_number(&code->sink, relocs[i].type);
        feed_target(code, &relocs[i]);
    }
    return true;
}

static bool feed_section(struct code *code, uint32_t section, tenon_error *err)
{
    const struct tn_elf_object_section *s = &code->object->sections[section];
    struct tn_view bytes;
    if (!spend(code, s->header.sh_type == TN_SHT_NOBITS ? 0 : s->header.sh_size, err) ||
        !tn_elf_object_bytes(code->object, section, &bytes, err))
        return false;
    feed(&code->sink, "S", 1);
    feed_string(&code->sink, s->name);
    feed_number(&code->sink, s->header.sh_type);
    feed_number(&code->sink, s->header.sh_flags & CODE_FLAGS);
    feed_number(&code->sink, s->header.sh_addralign);
    feed_number(&code->sink, s->header.sh_size);
    feed(&code->sink, bytes.at, bytes.size);
    return !s->relocs || feed_relocs(code, section, err);
}

static int compare_symbols(const void *a, const void *b, void *arg)
{
    const struct tn_elf_object *o = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = strcmp(o->symbols[x].name, o->symbols[y].name);
    return order ? order : (x > y) - (x < y);
}

static bool feed_symbols(struct code *code, size_t *defined, tenon_error *err)
{
    const struct tn_elf_object *o = code->object;
    uint32_t *order = tn_arena_rows(o->elf.file->arena, o->symbol_count, sizeof *order);
    size_t count = 0;
    if (!order)
        return tn_no_memory(err);
    for (uint32_t i = 1; i < o->symbol_count; i++)
        if (o->symbols[i].bind != TN_STB_LOCAL && o->symbols[i].shndx != TN_SHN_UNDEF)
            order[count++] = i;
    if (count)
        qsort_r(order, count, sizeof *order, compare_symbols, (void *)o);
    for (size_t i = 0; i < count; i++) {
        const struct tn_elf_object_symbol *s = &o->symbols[order[i]];
        feed(&code->sink, "Y", 1);
        feed_string(&code->sink, s->name);
        feed_number(&code->sink, s->bind);
        feed_number(&code->sink, s->type);
        feed_number(&code->sink, s->size);
        feed_number(&code->sink, s->section ? 0 : s->shndx);
        feed_place(code, s->section, s->value);
    }
    *defined = count;
    return true;
}

bool tn_digest_code(const struct tn_elf_object *object, tenon_digest *out, tenon_error *err)
{
    struct code code = { .object = object, .left = object->elf.file->info.size };
    size_t defined = 0;
    *out = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
    if (!object->section_count)
        return true;
    if (!order_sections(&code, err))
        return false;
    begin(&code.sink, "code-1");
    feed_number(&code.sink, object->elf.header.e_machine);
    feed_number(&code.sink, object->elf.header.word);
    for (size_t i = 0; i < code.count; i++)
        if (!feed_section(&code, code.order[i], err))
            return false;
    if (!feed_symbols(&code, &defined, err))
        return false;
    if (code.count || defined)
        end(&code.sink, TENON_DIGEST_CODE, out);
    return true;
}
