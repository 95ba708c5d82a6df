/* tests/unit/apiset_builder.h - apisetschema.dll of Windows 7, 8.1 and 10, made to order */
#ifndef TEST_APISET_BUILDER_H
#define TEST_APISET_BUILDER_H

#include "elf_builder.h"

/* A contract and its hosts. A list of these ends with name NULL. */
struct apiset_entry {
    const char *name;             /* "api-ms-win-core-x-l1-1-0" */
    const char *host;             /* "": not implemented */
    const char *importer, *other; /* another host for this importer; NULL */
};

static inline uint32_t apiset_text(struct elf_out *out, const char *text, uint32_t *bytes)
{
    uint32_t at = (uint32_t)out->size;
    *bytes = 2 * (uint32_t)strlen(text);
    for (; *text; text++)
        elf_number(out, (unsigned char)*text, 2);
    return at;
}

/* {Flags, NameOffset, NameLength, ValueOffset, ValueLength}; version 2 has no flags. */
static inline uint32_t apiset_values(struct elf_out *out, unsigned version,
                                     const struct apiset_entry *entry)
{
    uint32_t fields[2][4] = { { 0 } }, count = entry->importer ? 2 : 1;
    fields[0][2] = apiset_text(out, entry->host, &fields[0][3]);
    if (entry->importer) {
        fields[1][0] = apiset_text(out, entry->importer, &fields[1][1]);
        fields[1][2] = apiset_text(out, entry->other, &fields[1][3]);
    }
    elf_align(out, 4);
    uint32_t at = (uint32_t)out->size;
    if (version == 4)
        elf_number(out, 0, 4);
    if (version != 6)
        elf_number(out, count, 4);
    for (uint32_t i = 0; i < count; i++) {
        if (version != 2)
            elf_number(out, 0, 4);
        for (size_t k = 0; k < 4; k++)
            elf_number(out, fields[i][k], 4);
    }
    return at;
}

static inline uint32_t apiset_hash(const char *name)
{
    uint32_t hash = 0;
    for (const char *end = strrchr(name, '-'); name < end; name++)
        hash = hash * 31 + (unsigned char)*name;
    return hash;
}

static inline void apiset_hashes(struct elf_out *out, const struct apiset_entry *entries,
                                 uint32_t count)
{
    uint32_t rows[16][2];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i, hash = apiset_hash(entries[i].name);
        for (; at > 0 && rows[at - 1][0] > hash; at--)
            memcpy(rows[at], rows[at - 1], sizeof rows[at]);
        rows[at][0] = hash;
        rows[at][1] = i;
    }
    for (uint32_t i = 0; i < count; i++) {
        elf_number(out, rows[i][0], 4);
        elf_number(out, rows[i][1], 4);
    }
}

/* The bytes of the section. */
static inline struct elf_out apiset_section(unsigned version, const struct apiset_entry *entries)
{
    struct elf_out out = { .word = 4 };
    uint32_t count = 0, stride = version == 2 ? 12 : 24;
    uint32_t header = version == 2 ? 8 : version == 4 ? 16 : 28;
    while (entries[count].name)
        count++;
    elf_put(&out, NULL, header + count * stride);
    elf_store(out.at, version, 4, false);
    elf_store(out.at + (version == 2 ? 4 : 12), count, 4, false);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = entries[i].name + (version == 6 ? 0 : 4);
        uint32_t bytes, text = apiset_text(&out, name, &bytes);
        uint32_t values = apiset_values(&out, version, &entries[i]), at = header + i * stride;
        if (version != 2)
            at += 4;
        elf_store(out.at + at, text, 4, false);
        elf_store(out.at + at + 4, bytes, 4, false);
        if (version == 6) {
            uint32_t hashed = 2 * (uint32_t)(strrchr(name, '-') - name);
            elf_store(out.at + at + 8, hashed, 4, false);
            elf_store(out.at + at + 12, values, 4, false);
            elf_store(out.at + at + 16, entries[i].importer ? 2 : 1, 4, false);
        } else {
            elf_store(out.at + at + (version == 2 ? 8 : 16), values, 4, false);
        }
    }
    if (version == 6) {
        elf_align(&out, 4);
        elf_store(out.at + 16, header, 4, false);
        elf_store(out.at + 20, out.size, 4, false);
        elf_store(out.at + 24, 31, 4, false);
        apiset_hashes(&out, entries, count);
    }
    return out;
}

/* A PE file with no more than that section. */
static inline uint8_t *apiset_build(unsigned version, const struct apiset_entry *entries,
                                    size_t *size)
{
    struct elf_out out = { .word = 4 }, section = apiset_section(version, entries);
    elf_put(&out, "MZ", 2);
    elf_put(&out, NULL, 58);
    elf_number(&out, 0x40, 4);
    elf_put(&out, "PE\0\0\x64\x86\1\0", 8);
    elf_put(&out, NULL, 12);
    elf_number(&out, 0, 4);
    elf_put(&out, ".apiset\0", 8);
    elf_number(&out, section.size, 4);
    elf_number(&out, 0x1000, 4);
    elf_number(&out, section.size, 4);
    elf_number(&out, 0x80, 4);
    elf_put(&out, NULL, 16);
    elf_put(&out, NULL, 0x80 - out.size);
    elf_put(&out, section.at, section.size);
    free(section.at);
    *size = out.size;
    return out.at;
}

#endif
