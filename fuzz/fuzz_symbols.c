/* fuzz/fuzz_symbols.c - the dynamic symbols of any bytes, read as themselves or as a loader would
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t touch(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t read_symbols(const uint8_t *data, size_t size, const struct tn_elf_assume *assume)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_elf_symbols table;
    tenon_error err = TENON_ERROR_INIT;
    size_t n = 0;
    tn_file_from_bytes(&file, "fuzz", data, size);
    file.arena = &arena;
    if (tn_elf_read_symbols(&file, assume, &table, &err)) {
        for (size_t i = 0; i < table.count; i++)
            n += touch(table.symbols[i].name) + table.symbols[i].version;
        for (size_t i = 0; i < table.version_count; i++)
            n += touch(table.versions[i].name) + touch(table.versions[i].file);
    } else if (err.code == TENON_OK) {
        abort();
    }
    bool is_libc;
    err = (tenon_error)TENON_ERROR_INIT;
    if (!tn_elf_is_libc(&file, assume, &is_libc, &err) && err.code == TENON_OK)
        abort();
    tn_file_close(&file);
    tn_arena_free(&arena);
    return n;
}

static size_t read_facts(const uint8_t *data, size_t size, const struct tn_elf_assume *assume)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_elf_header header;
    struct tn_facts facts;
    tenon_error err = TENON_ERROR_INIT;
    size_t n = 0;
    tn_file_from_bytes(&file, "fuzz", data, size);
    file.arena = &arena;
    if (tn_elf_read_header(&file, assume, &header, &err) &&
        tn_elf_read_facts(&file, assume, &facts, &err)) {
        n += touch(facts.own_name) + touch(facts.rpath) + touch(facts.runpath);
        for (size_t i = 0; i < facts.need_count; i++)
            n += touch(facts.needs[i].name);
    } else if (err.code == TENON_OK) {
        abort();
    }
    tn_file_close(&file);
    tn_arena_free(&arena);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tn_elf_assume assumes[] = {
        { 4, TN_LITTLE }, { 4, TN_BIG }, { 8, TN_LITTLE }, { 8, TN_BIG }
    };
    (void)read_symbols(data, size, NULL);
    (void)read_facts(data, size, NULL);
    for (size_t i = 0; i < TN_COUNT(assumes); i++) {
        (void)read_symbols(data, size, &assumes[i]);
        (void)read_facts(data, size, &assumes[i]);
    }
    return 0;
}
