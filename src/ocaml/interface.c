/*
 * src/ocaml/interface.c - .cmi
 *
 * rule  file_formats/cmi_format.ml: magic number, (name, signature), list of imports of which the
 *       first is the interface itself, flags. Values follow each other
 */
#include <inttypes.h>

#include "fail.h"
#include "reading.h"

/* Where the value behind the one at `offset` starts: a signature may be compressed, and is not
 * looked at. */
static bool skip_value(struct tn_ocaml_reading *r, uint64_t *offset)
{
    struct tn_view head;
    struct tn_marshal_header h;
    if (!tn_file_upto(r->file, *offset, TN_MARSHAL_HEADER, "signature", &head, r->err) ||
        !tn_marshal_header(head, &h, r->err))
        return false;
    uint64_t left = r->file->info.size - *offset - h.size;
    if (h.data > left)
        return tn_fail(r->err, TENON_E_TRUNCATED,
                       "marshalled value at 0x%" PRIx64 ": %" PRIu64 " bytes needed, %" PRIu64
                       " left",
                       *offset, h.data, left);
    *offset += h.size + h.data;
    return true;
}

bool tn_ocaml_read_cmi(struct tn_ocaml_reading *r, char letter)
{
    uint64_t offset = TN_OCAML_MAGIC;
    struct tn_view rest;
    (void)letter;
    if (!skip_value(r, &offset))
        return tn_context(r->err, "signature");
    if (!tn_shape_view(r, offset, r->file->info.size - offset, "imports", &rest) ||
        !tn_shape_start(r, rest))
        return tn_context(r->err, "imports");
    tenon_ocaml_unit *unit = tn_units_next(r);
    if (!unit || !tn_shape_imports(r, "interfaces imported", NULL, &unit->interfaces, NULL) ||
        !tn_shape_finish(r))
        return false;
    if (!unit->interfaces.count || unit->interfaces.at[0].crc.kind != TENON_DIGEST_OCAML)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "interfaces imported: the list at 0x%" PRIx64
                       " does not begin with the interface itself and its digest",
                       rest.start);
    unit->name = unit->interfaces.at[0].name;
    unit->interface = unit->interfaces.at[0].crc;
    return tn_units_keep(r);
}
