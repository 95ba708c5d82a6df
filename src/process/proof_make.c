/* src/process/proof_make.c - what is proven of a file of code, written for the index */
#include <string.h>

#include "cursor.h"
#include "file.h"
#include "holding.h"
#include "model.h"
#include "proof.h"
#include "proof_private.h"
#include "units.h"

/* One file while it is looked at. */
struct looked {
    struct tn_arena arena;
    struct tn_facts facts;
    struct tn_elf_symbols symbols;
    bool is_bare;
};

enum { LOCAL = 0, WEAK = 2 };
enum { TLS = 6 };

void tn_proofs_begin(struct tn_packer *p, const char *triple, size_t count)
{
    tn_packer_byte(p, TN_PROOF_LAYOUT);
    tn_packer_text(p, triple);
    tn_packer_number(p, count, 4);
}

static bool look(struct looked *l, tenon_world *world, const char *path)
{
    struct tn_file file;
    if (tn_file_open(world, path, &l->arena, &file) != 0)
        return false;
    bool good = tn_elf_read_facts(&file, NULL, &l->facts, NULL) &&
                tn_elf_read_symbols(&file, NULL, &l->symbols, NULL);
    l->is_bare = good && tn_visible_is_dynamic_only(&file);
    tn_file_close(&file);
    return good;
}

/* Thread-local data of another object. */
static bool is_others_tls(const struct tn_elf_symbol *s)
{
    return s->shndx == 0 && (s->type == TLS || s->wants_tls);
}

/*
 * Does more than names decide? Filters, auditors, a processor newer than the machine's first one,
 * names that the loader expands or takes for paths, an executable stack, thread-local data of
 * others, relocations that we cannot read.
 */
static bool is_plain(const struct looked *l)
{
    const struct tn_facts *f = &l->facts;
    bool plain = !f->elf.audit && !f->elf.depaudit && f->elf.isa_needed <= 1 &&
                 !f->elf.relr_unmarked && !f->elf.exec_stack && l->symbols.relocations_known;
    for (size_t i = 0; i < f->need_count; i++)
        plain &= f->needs[i].flavour == TENON_NEED_NORMAL && !strpbrk(f->needs[i].name, "/$");
    for (size_t i = 1; i < l->symbols.count; i++)
        plain &= !l->symbols.symbols[i].wants_copy && !is_others_tls(&l->symbols.symbols[i]);
    return plain;
}

/* Symbols that are asked for; weak ones, which need not be there, when what is there matters. */
static bool is_wanted(const struct tn_elf_symbol *s)
{
    return s->name && *s->name && s->shndx == 0 && s->bind != LOCAL &&
           (s->bind == WEAK ? s->wants_address : s->wants_plt || s->wants_data);
}

static bool is_entry_point(const struct tn_elf_symbol *s)
{
    return s->shndx != 0 && s->name &&
           (strcmp(s->name, "tenon_plugin_start") == 0 ||
            strcmp(s->name, "tenon_plugin_stop") == 0);
}

static bool has_entry_point(const struct looked *l)
{
    for (size_t i = 1; i < l->symbols.count; i++)
        if (is_entry_point(&l->symbols.symbols[i]))
            return true;
    return false;
}

static const char *version_of(const struct looked *l, const struct tn_elf_symbol *s)
{
    if (!l->symbols.has_versym || s->version < 2 || s->version >= l->symbols.version_count)
        return NULL;
    const struct tn_elf_version *v = &l->symbols.versions[s->version];
    return v->is_base ? NULL : v->name;
}

static void put_needs(struct tn_packer *p, const struct looked *l)
{
    tn_packer_number(p, l->facts.need_count, 4);
    for (size_t i = 0; i < l->facts.need_count; i++)
        tn_packer_text(p, l->facts.needs[i].name);
}

static void put_versions(struct tn_packer *p, const struct looked *l)
{
    tn_packer_number(p, l->facts.version_need_count, 4);
    for (size_t i = 0; i < l->facts.version_need_count; i++) {
        tn_packer_text(p, l->facts.version_needs[i].library);
        tn_packer_text(p, l->facts.version_needs[i].name);
    }
}

static void put_imports(struct tn_packer *p, const struct looked *l)
{
    size_t count = 0;
    for (size_t i = 1; i < l->symbols.count; i++)
        count += is_wanted(&l->symbols.symbols[i]);
    tn_packer_number(p, count, 4);
    for (size_t i = 1; i < l->symbols.count; i++) {
        const struct tn_elf_symbol *s = &l->symbols.symbols[i];
        if (!is_wanted(s))
            continue;
        tn_packer_text(p, s->name);
        tn_packer_maybe(p, version_of(l, s));
        tn_packer_byte(p, s->bind == WEAK);
    }
}

static void put_strong(struct tn_packer *p, const tenon_units *units)
{
    bool wanted = tenon_units_record(units) != TENON_RECORD_COMPLETE;
    size_t count = wanted ? tenon_units_visible_count(units) : 0, strong = 0;
    for (size_t i = 0; i < count; i++)
        strong += tenon_units_visible(units, i)->strong;
    tn_packer_number(p, strong, 4);
    for (size_t i = 0; i < count; i++)
        if (tenon_units_visible(units, i)->strong)
            tn_packer_text(p, tenon_units_visible(units, i)->name);
}

static void put_identity(struct tn_packer *p, const struct tn_identity *identity)
{
    tn_packer_number(p, identity->device, 8);
    tn_packer_number(p, identity->inode, 8);
    tn_packer_number(p, identity->size, 8);
    tn_packer_number(p, (uint64_t)identity->changed, 8);
}

static void put_looked(struct tn_packer *p, const struct looked *l, uint64_t tls_size)
{
    unsigned flags = l->facts.elf.dt_flags & DF_STATIC_TLS ? TN_PROOF_STATIC_TLS : 0;
    flags |= is_plain(l) ? TN_PROOF_PLAIN : 0;
    flags |= has_entry_point(l) ? TN_PROOF_STARTS : 0;
    flags |= l->is_bare ? TN_PROOF_BARE : 0;
    tn_packer_maybe(p, l->facts.own_name);
    tn_packer_maybe(p, l->facts.build_id);
    tn_packer_byte(p, flags);
    tn_packer_number(p, tls_size, 8);
    put_needs(p, l);
    put_versions(p, l);
    put_imports(p, l);
}

bool tn_proof_add(struct tn_packer *p, tenon_world *world, const char *path, const char *entry,
                  const struct tn_identity *identity, const tenon_units *units)
{
    struct looked l = { .arena = { 0 } };
    bool good = look(&l, world, path);
    if (good) {
        tn_packer_text(p, entry);
        put_identity(p, identity);
        put_looked(p, &l, tn_tls_size(world, path));
        put_strong(p, units);
        good = tn_units_pack(units, p);
    }
    tn_arena_free(&l.arena);
    return good && !p->failed;
}
