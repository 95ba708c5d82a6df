/*
 * src/loader/crle.c - the configuration file of Solaris' and illumos' ld.so.1
 *
 * rule  illumos usr/src/cmd/sgs/include/rtc.h: maybe 16 bytes that say for which class, byte order
 *       and machine it is, then a header of words; offsets count from the header
 */
#include "crle.h"

#include "fail.h"
#include "machines.h"

#define ID_SIZE 16u
#define VERSION_MOST 4u
#define ENV_MOST 1024u /* variables: crle(1) writes a few */

enum { FLAG_IGNORE = 1, FLAG_64 = 4, FLAG_UNIFIED = 8 };
enum { ENV_REPLACEABLE = 1, ENV_PERMANENT = 2 };
enum { WORD_VERSION, WORD_FLAGS, WORD_DEFAULT_DIRS = 9, WORD_SECURE_DIRS = 11, WORD_COUNT = 13 };

/* The two 64-bit fields behind the words are aligned to 8, except in 32-bit files of x86. */
static size_t env_at(const struct tn_crle_kind *kind)
{
    size_t at = WORD_COUNT * 4;
    if (kind->machine != EM_386)
        at = (at + 7) & ~(size_t)7;
    return at + 16;
}

static bool check_id(struct tn_view *file, const struct tn_crle_kind *kind, tenon_error *err)
{
    static const uint8_t magic[] = { 0x3f, 'R', 'L', 'C' };
    if (file->size < ID_SIZE || memcmp(file->at, magic, sizeof magic) != 0)
        return true;
    if (file->at[4] != kind->word / 4 || file->at[5] != (kind->endian == TN_LITTLE ? 1 : 2))
        return tn_fail(err, TENON_E_UNSUPPORTED, "configuration: of another class or byte order");
    return tn_view_sub(*file, ID_SIZE, file->size - ID_SIZE, file);
}

/* The string at an offset; NULL with an error: it is not in the file. 0 is none. */
static bool string_at(struct tn_view file, uint32_t offset, const char *what, const char **out,
                      tenon_error *err)
{
    *out = offset ? tn_view_string(file, offset) : NULL;
    return *out || !offset ||
           tn_fail(err, TENON_E_MALFORMED, "configuration: %s is not in it", what);
}

/* "LD_LIBRARY_PATH=..." among the variables. */
static bool read_env(struct tn_view file, const struct tn_crle_kind *kind, struct tn_crle *out,
                     tenon_error *err)
{
    static const char name[] = "LD_LIBRARY_PATH=";
    struct tn_view rows, row;
    size_t at = env_at(kind);
    uint32_t offset = file.size >= at + 4 ? tn_load32(file.at + at, kind->endian) : 0;
    if (!offset)
        return true;
    if (!tn_view_sub(file, offset, file.size > offset ? file.size - offset : 0, &rows))
        return tn_fail(err, TENON_E_MALFORMED, "configuration: variables are not in it");
    for (size_t i = 0; i < ENV_MOST && tn_view_sub(rows, i * 8, 8, &row); i++) {
        uint32_t text = tn_load32(row.at, kind->endian),
                 flags = tn_load32(row.at + 4, kind->endian);
        const char *value;
        if (!text)
            break;
        if (!string_at(file, text, "a variable", &value, err))
            return false;
        if (strncmp(value, name, sizeof name - 1) != 0)
            continue;
        if (flags & ENV_PERMANENT)
            out->permanent_library_path = value + sizeof name - 1;
        else if (flags & ENV_REPLACEABLE)
            out->library_path = value + sizeof name - 1;
    }
    return true;
}

bool tn_crle_read(struct tn_view file, const struct tn_crle_kind *kind, struct tn_crle *out,
                  tenon_error *err)
{
    uint32_t word[WORD_COUNT];
    *out = (struct tn_crle){ .unified = false };
    if (!check_id(&file, kind, err))
        return false;
    if (file.size < sizeof word)
        return tn_fail(err, TENON_E_TRUNCATED, "configuration: %zu bytes needed, %zu there",
                       sizeof word, file.size);
    for (size_t i = 0; i < WORD_COUNT; i++)
        word[i] = tn_load32(file.at + 4 * i, kind->endian);
    if (word[WORD_VERSION] < 1 || word[WORD_VERSION] > VERSION_MOST)
        return tn_fail(err, TENON_E_MALFORMED, "configuration: version %u, not 1 to %u",
                       word[WORD_VERSION], VERSION_MOST);
    if (word[WORD_FLAGS] & FLAG_IGNORE)
        return tn_fail(err, TENON_E_UNSUPPORTED, "configuration: says that it is to be ignored");
    if (!(word[WORD_FLAGS] & FLAG_64) != (kind->word == 4))
        return tn_fail(err, TENON_E_UNSUPPORTED, "configuration: of another class");
    out->unified = word[WORD_FLAGS] & FLAG_UNIFIED;
    return string_at(file, word[WORD_DEFAULT_DIRS], "the default path", &out->default_dirs, err) &&
           string_at(file, word[WORD_SECURE_DIRS], "the secure path", &out->secure_dirs, err) &&
           read_env(file, kind, out, err);
}
