/* src/link/object.c - reads one object */
#include "object.h"

#include <elf.h>
#include <string.h>

#include "claims.h"
#include "elf_object.h"
#include "fail.h"
#include "native.h"

/* The notes of an object's own sections. */
static bool read_own(const struct tn_elf_object *object, struct tn_record *record, tenon_error *err)
{
    for (size_t i = 1; i < object->section_count; i++) {
        struct tn_view notes;
        if (strcmp(object->sections[i].name, TN_RECORD_SECTION) != 0)
            continue;
        if (!tn_elf_object_bytes(object, i, &notes, err) ||
            !tn_record_read(object->elf.file->arena, notes, 4, object->elf.header.endian, record,
                            err))
            return tn_context(err, "its record");
    }
    return true;
}

bool tn_object_is_one(struct tn_file *file, tenon_error *err)
{
    struct tn_elf_header header;
    struct tn_view head;

    if (!tn_file_upto(file, 0, 4, "first bytes", &head, err))
        return false;
    if (tn_native_is_bitcode(head))
        return true;
    return head.size == 4 && memcmp(head.at, ELFMAG, SELFMAG) == 0 &&
           tn_elf_read_header(file, NULL, &header, err) && header.e_type == ET_REL;
}

bool tn_object_is_bitcode(struct tn_file *file)
{
    struct tn_view head;

    return tn_file_upto(file, 0, 4, "first bytes", &head, NULL) && tn_native_is_bitcode(head);
}

/* rule: GCC lto-section-in.c, LTO_SECTION_NAME_PREFIX; LLVM's -ffat-lto-objects ".llvm.lto" */
bool tn_object_is_lto(struct tn_file *file, tenon_error *err)
{
    static const char gcc[] = ".gnu.lto_", llvm[] = ".llvm.lto";
    struct tn_elf_object object;
    struct tn_view head;

    if (!tn_file_upto(file, 0, 4, "first bytes", &head, err))
        return false;
    if (tn_native_is_bitcode(head))
        return true;
    if (!tn_object_is_one(file, err) || !tn_elf_read_object(file, &object, err))
        return false;
    for (size_t i = 1; i < object.section_count; i++)
        if (strncmp(object.sections[i].name, gcc, sizeof gcc - 1) == 0 ||
            strncmp(object.sections[i].name, llvm, sizeof llvm - 1) == 0)
            return true;
    return false;
}

static bool read_unit(const struct tn_elf_object *elf, struct tn_object *object, tenon_error *err)
{
    bool holds = false;

    if (!tn_native_unit_of(elf, &object->unit, &object->is_lto, err))
        return false;
    if (!tn_claims_are_whole(&object->record))
        return true;
    if (!tn_claims_hold(&object->record, elf, &object->unit, &holds, err))
        return false;
    object->is_recorded = holds;
    object->is_doubtful = !holds;
    return true;
}

bool tn_object_read(struct tn_file *file, struct tn_object *out, tenon_error *err)
{
    struct tn_elf_object elf;
    struct tn_view head;
    struct tn_object object = { 0 };

    if (!tn_file_upto(file, 0, 4, "first bytes", &head, err))
        return false;
    if (tn_native_is_bitcode(head)) {
        object.is_bitcode = object.is_lto = true;
    } else {
        if (!tn_elf_read_object(file, &elf, err) || !read_own(&elf, &object.record, err) ||
            !read_unit(&elf, &object, err))
            return false;
        object.header = elf.elf.header;
    }
    *out = object;
    return true;
}
