/*
 * src/image/elf_others.c - ELF: recorded facts for people that the common model has no word for
 */
#include "elf_private.h"
#include "fail.h"

#define DF_STATIC_TLS 0x10u
#define DF_TEXTREL 4u

static bool add_number(tenon_image *image, const char *name, const char *known, unsigned number,
                       tenon_error *err)
{
    if (known)
        return tn_image_add_fact(image, name, known, err);
    return tn_image_add_made(image, name, tn_arena_format(&image->arena, "0x%x", number), err);
}

static bool add_header_facts(struct tn_elf *elf, tenon_error *err)
{
    static const char *const types[] = { "NONE", "REL", "EXEC", "DYN", "CORE" };
    const struct tn_elf_header *h = &elf->header;
    tenon_image *image = elf->image;
    uint8_t osabi = h->e_ident[TN_EI_OSABI], version = h->e_ident[TN_EI_ABIVERSION];
    return add_number(image, "e_type", h->e_type < TN_COUNT(types) ? types[h->e_type] : NULL,
                      h->e_type, err) &&
           add_number(image, "osabi", tn_elf_osabi_name(osabi), osabi, err) &&
           (!version || add_number(image, "abi_version", NULL, version, err)) &&
           tn_image_add_made(image, "e_flags", tn_elf_e_flags_words(&image->arena, h), err);
}

static bool add_abi_tag(struct tn_elf *elf, tenon_error *err)
{
    static const char *const systems[] = { "Linux", "Hurd", "Solaris", "FreeBSD", "NetBSD" };
    const uint32_t *abi = elf->notes.abi;
    struct tn_arena *arena = &elf->image->arena;
    if (!elf->notes.has_abi)
        return true;
    const char *text =
        abi[0] < TN_COUNT(systems)
            ? tn_arena_format(arena, "%s %u.%u.%u", systems[abi[0]], abi[1], abi[2], abi[3])
            : tn_arena_format(arena, "OS %u %u.%u.%u", abi[0], abi[1], abi[2], abi[3]);
    return tn_image_add_made(elf->image, "abi_tag", text, err);
}

static bool add_flags(struct tn_elf *elf, tenon_error *err)
{
    tenon_image *image = elf->image;
    const struct tn_elf_facts *f = &image->facts.elf;
    struct tn_arena *arena = &image->arena;
    bool textrel = tn_elf_has(&elf->dynamic, TN_TAG_TEXTREL) || (f->dt_flags & DF_TEXTREL);
    return (!f->dt_flags ||
            tn_image_add_made(image, "dt_flags", tn_elf_flag_words(arena, f->dt_flags), err)) &&
           (!f->dt_flags_1 || tn_image_add_made(image, "dt_flags_1",
                                                tn_elf_flag_1_words(arena, f->dt_flags_1), err)) &&
           tn_image_add_fact(image, "textrel", textrel ? "yes" : NULL, err) &&
           tn_image_add_fact(image, "static_tls", f->dt_flags & DF_STATIC_TLS ? "yes" : NULL,
                             err) &&
           tn_image_add_fact(image, "audit", f->audit, err) &&
           tn_image_add_fact(image, "depaudit", f->depaudit, err);
}

/* Of what has segments to load: a missing PT_GNU_STACK asks for an executable stack too. */
static bool add_processor_facts(struct tn_elf *elf, tenon_error *err)
{
    tenon_image *image = elf->image;
    const struct tn_elf_facts *f = &image->facts.elf;
    return tn_image_add_fact(image, "exec_stack", f->has_load && f->exec_stack ? "yes" : NULL,
                             err) &&
           (!f->isa_needed ||
            tn_image_add_made(image, "isa_needed", tn_elf_isa_words(&image->arena, f->isa_needed),
                              err));
}

bool tn_elf_read_others(struct tn_elf *elf, tenon_error *err)
{
    return add_header_facts(elf, err) && add_abi_tag(elf, err) && add_flags(elf, err) &&
           add_processor_facts(elf, err);
}
