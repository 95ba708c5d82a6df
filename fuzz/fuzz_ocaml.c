/*
 * fuzz/fuzz_ocaml.c - any bytes as an OCaml file of one kind: what is read holds together, and is
 * refused in the same words however much of it is kept
 *
 * Built once for each kind: KIND is the letter of its magic number, 0 for ELF files. A magic number
 * that no release has is put right, so that what lies behind it is what changes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ocaml.h"
#include "reading.h"
#include "units.h"

#define RELEASES 11u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t length;

static void look_at_names(tenon_ocaml_names names)
{
    for (size_t i = 0; i < names.count; i++)
        length += strlen(names.at[i]);
}

static void look_at_imports(tenon_ocaml_imports imports)
{
    for (size_t i = 0; i < imports.count; i++) {
        length += strlen(imports.at[i].name);
        if (imports.at[i].crc.size > TENON_DIGEST_ROOM)
            abort();
    }
}

static void look_at_unit(const tenon_ocaml_unit *unit)
{
    length += strlen(unit->name) + (unit->symbol ? strlen(unit->symbol) : 0);
    length += unit->for_pack ? strlen(unit->for_pack) : 0;
    look_at_imports(unit->interfaces);
    look_at_imports(unit->implementations);
    look_at_imports(unit->required);
    look_at_names(unit->globals);
    look_at_names(unit->defines);
    look_at_names(unit->externals);
    look_at_names(unit->primitives);
}

static void look_at(const tenon_ocaml *ocaml)
{
    const tenon_ocaml_unit *unit;
    for (size_t i = 0; (unit = tenon_ocaml_unit_at(ocaml, i)); i++)
        look_at_unit(unit);
    look_at_names(tenon_ocaml_globals(ocaml));
    look_at_imports(tenon_ocaml_interfaces(ocaml));
    look_at_names(tenon_ocaml_c_objects(ocaml));
    look_at_names(tenon_ocaml_c_options(ocaml));
    look_at_names(tenon_ocaml_dlls(ocaml));
    look_at_names(tenon_ocaml_dll_paths(ocaml));
    look_at_names(tenon_ocaml_primitives(ocaml));
    length += tenon_ocaml_runtime(ocaml) ? strlen(tenon_ocaml_runtime(ocaml)) : 0;
}

/* The same file with less of it kept: the same units, or the same words. */
static void read_less(const uint8_t *bytes, size_t size, enum tn_ocaml_detail detail,
                      const tenon_ocaml *whole, const tenon_error *why)
{
    tenon_error err = TENON_ERROR_INIT;
    struct tn_arena arena = { 0 };
    struct tn_file file;
    tn_file_from_bytes(&file, "fuzz", bytes, size);
    file.arena = &arena;
    tenon_ocaml *less = tn_ocaml_read(&file, detail, &err);
    tn_arena_free(&arena);
    if (!whole != !less || err.code != why->code)
        abort();
    if (whole ? tenon_ocaml_unit_count(whole) != tenon_ocaml_unit_count(less)
              : !strstr(tenon_error_message(why), tenon_error_message(&err)))
        abort();
    if (less)
        look_at(less);
    tenon_ocaml_free(less);
}

static void put_magic(uint8_t *magic)
{
    const struct tn_ocaml_release *release;
    uint8_t flambda = magic[8] | 0x20;
    memcpy(magic, "Caml1999", 8);
    magic[8] = (KIND == 'Y' || KIND == 'Z') && magic[8] == flambda ? flambda : KIND;
    magic[8] = (magic[8] | 0x20) == (KIND | 0x20) ? magic[8] : KIND;
    for (size_t i = 0; (release = tn_ocaml_release_at(i)); i++)
        if (memcmp(magic + 9, release->digits, 3) == 0)
            return;
    memcpy(magic + 9, tn_ocaml_release_at(magic[11] % RELEASES)->digits, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tenon_error err = TENON_ERROR_INIT;
    uint8_t *bytes = malloc(size + !size);
    if (!bytes)
        return 0;
    if (size)
        memcpy(bytes, data, size);
    if (KIND && size >= TN_OCAML_MAGIC)
        put_magic(KIND == 'X' ? bytes + size - TN_OCAML_MAGIC : bytes);
    tenon_ocaml *ocaml = tenon_ocaml_parse(bytes, size, "fuzz", &err);
    tenon_units *units = tenon_units_parse(bytes, size, "fuzz", NULL);
    read_less(bytes, size, TN_OCAML_NEEDS, ocaml, &err);
    read_less(bytes, size, TN_OCAML_UNITS, ocaml, &err);
    free(bytes); /* what was read needs it no more */
    if (ocaml)
        look_at(ocaml);
    else if (err.code == TENON_OK || !err.text[0])
        abort();
    if (units && tenon_units_ocaml(units))
        look_at(tenon_units_ocaml(units));
    tenon_units_free(units);
    tenon_ocaml_free(ocaml);
    return 0;
}
