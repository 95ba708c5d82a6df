/*
 * src/image/macho_signature.c - Mach-O: what a code signature says to a loader
 *
 * rule  xnu osfmk/kern/cs_blobs.h: a super blob of big-endian words, in it a code directory with
 *       flags and a property list of entitlements
 */
#include "macho_private.h"

#include "fail.h"

#define SUPER_BLOB 0xfade0cc0u
#define CODE_DIRECTORY 0xfade0c02u
#define ENTITLEMENTS 0xfade7171u

/* Blobs of one signature; real ones have less than ten. */
#define LIMIT_BLOBS 64u
#define LIMIT_ENTITLEMENTS (1u << 20)

#define ALLOW "<key>com.apple.security.cs.allow-dyld-environment-variables</key>"

/* A key of a property list counts when the next element is <true/>. */
static bool allows_environment(struct tn_view plist)
{
    const uint8_t *at = memmem(plist.at, plist.size, ALLOW, strlen(ALLOW));
    if (!at)
        return false;
    at += strlen(ALLOW);
    const uint8_t *end = plist.at + plist.size;
    while (at < end && memchr(" \t\r\n", *at, 4))
        at++;
    return end - at >= 7 && memcmp(at, "<true/>", 7) == 0;
}

/* Flags or entitlements of one blob; what cannot be read says nothing. */
static bool read_blob(struct tn_macho *macho, uint32_t offset, tenon_error *err)
{
    const struct tn_macho_range *all = &macho->signature;
    struct tn_macho_facts *f = macho->own;
    struct tn_view blob;
    uint64_t at = (uint64_t)all->offset + offset;
    if (offset > all->size || all->size - offset < 16)
        return true;
    if (!tn_file_view(macho->file, at, 16, "code signature", &blob, err))
        return false;
    uint32_t magic = tn_load32(blob.at, TN_BIG), length = tn_load32(blob.at + 4, TN_BIG);
    if (magic == CODE_DIRECTORY)
        f->signature_flags |= tn_load32(blob.at + 12, TN_BIG);
    if (magic != ENTITLEMENTS || length < 16 || length > LIMIT_ENTITLEMENTS ||
        length > all->size - offset)
        return true;
    if (!tn_file_view(macho->file, at, length, "entitlements", &blob, err))
        return false;
    f->allows_environment |= allows_environment(blob);
    return true;
}

static bool read_blobs(struct tn_macho *macho, tenon_error *err)
{
    const struct tn_macho_range *all = &macho->signature;
    struct tn_view index;
    if (!tn_file_view(macho->file, all->offset, 12, "code signature", &index, err))
        return false;
    uint32_t count = tn_load32(index.at + 8, TN_BIG);
    if (tn_load32(index.at, TN_BIG) != SUPER_BLOB)
        return true;
    count = count < LIMIT_BLOBS ? count : LIMIT_BLOBS;
    if (!tn_file_view(macho->file, (uint64_t)all->offset + 12, 8 * (uint64_t)count,
                      "blobs of the code signature", &index, err))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!read_blob(macho, tn_load32(index.at + 8 * (size_t)i + 4, TN_BIG), err))
            return false;
    return true;
}

/*
 * Only a program's signature decides what its process may do. Hashes of pages make up most of it
 * and are not read.
 */
bool tn_macho_read_signature(struct tn_macho *macho, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    if (macho->own->filetype != TN_MH_EXECUTE || macho->signature.size < 12 ||
        read_blobs(macho, &local))
        return true;
    return tn_image_warn_of(macho->image, NULL, &local, err);
}
