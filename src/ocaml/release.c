/*
 * src/ocaml/release.c - THE table of OCaml releases
 *
 * rule  utils/config.mlp (to 5.1), build-aux/ocaml_version.m4 (5.2 and later), runtime/caml/exec.h:
 *       the digits are the same for all kinds of file of one release from 4.08 on
 */
#include <string.h>

#include "fail.h"
#include "reading.h"
#include "text.h"

static const struct tn_ocaml_release releases[] = {
    { .digits = "025", .name = "4.08" },
    { .digits = "026", .name = "4.09" },
    { .digits = "027", .name = "4.10" },
    { .digits = "028", .name = "4.11" },
    { .digits = "029", .name = "4.12" },
    { .digits = "030", .name = "4.13" },
    { .digits = "031", .name = "4.14" },
    { .digits = "032", .name = "5.0" },
    { .digits = "033", .name = "5.1", .for_pack = true },
    { .digits = "034", .name = "5.2", .for_pack = true, .string_units = true },
    { .digits = "035", .name = "5.3", .for_pack = true, .string_units = true },
};

/* What releases before them wrote; each kind had numbers of its own. */
static const struct old {
    const char *letters;
    char digits[4];
    const char *name;
} olds[] = {
    { "I", "011", "3.11" },          { "I", "012", "3.12" },
    { "I", "014", "4.00" },          { "I", "015", "4.01" },
    { "I", "017", "4.02" },          { "I", "020", "4.03" },
    { "I", "021", "4.04 or 4.05" },  { "I", "022", "4.06" },
    { "I", "024", "4.07" },          { "O", "007", "3.11 to 4.01" },
    { "O", "010", "4.02" },          { "O", "011", "4.03 to 4.05" },
    { "A", "008", "3.11 to 4.01" },  { "A", "011", "4.02" },
    { "A", "012", "4.03 to 4.05" },  { "X", "008", "3.11 to 4.01" },
    { "X", "011", "4.02 to 4.06" },  { "Yy", "011", "3.11 to 4.01" },
    { "Yy", "014", "4.02" },         { "Yy", "015", "4.03 to 4.05" },
    { "Yy", "016", "4.03 to 4.05" }, { "Zz", "010", "3.11 to 4.01" },
    { "Zz", "013", "4.02" },         { "Zz", "014", "4.03 to 4.05" },
    { "Zz", "015", "4.03 to 4.05" }, { "D", "001", "3.12 to 4.01" },
    { "D", "002", "4.02 to 4.05" },  { "OAYyZzD", "022", "4.06" },
    { "OAXYyZzD", "023", "4.07" },
};

const struct tn_ocaml_release *tn_ocaml_release_at(size_t i)
{
    return i < TN_COUNT(releases) ? &releases[i] : NULL;
}

static const char *old_name(char letter, const char *digits)
{
    for (size_t i = 0; i < TN_COUNT(olds); i++)
        if (strchr(olds[i].letters, letter) && memcmp(olds[i].digits, digits, 3) == 0)
            return olds[i].name;
    return NULL;
}

/* rule  Caml1999; .cmxs of 4.05 and older: Caml2007; other compilers: other numbers */
static bool is_prefix(const char *magic, char letter)
{
    return memcmp(magic, "Caml1999", 8) == 0 ||
           (letter == 'D' && memcmp(magic, "Caml2007", 8) == 0);
}

const struct tn_ocaml_release *tn_ocaml_release_of(struct tn_view magic, char letter,
                                                   tenon_error *err)
{
    char text[TN_OCAML_MAGIC + 1] = "", shown[4 * TN_OCAML_MAGIC + 1];
    memcpy(text, magic.at, magic.size < TN_OCAML_MAGIC ? magic.size : TN_OCAML_MAGIC);
    tn_text_escape(shown, sizeof shown, text, strlen(text));
    if (!is_prefix(text, letter) || text[8] != letter) {
        tn_fail(err, TENON_E_MALFORMED, "magic number at 0x%llx is %s, Caml1999%c was expected",
                (unsigned long long)magic.start, shown, letter);
        return NULL;
    }
    const char *digits = text + 9, *old = old_name(letter, digits);
    for (size_t i = 0; i < TN_COUNT(releases) && memcmp(text, "Caml1999", 8) == 0; i++)
        if (memcmp(releases[i].digits, digits, 3) == 0)
            return &releases[i];
    if (old)
        tn_fail(err, TENON_E_UNSUPPORTED,
                "magic number %s: of OCaml %s; tenon reads files of 4.08 to 5.3", shown, old);
    else
        tn_fail(err, TENON_E_UNSUPPORTED,
                "magic number %s: of no OCaml from 4.08 to 5.3, whose files tenon reads", shown);
    return NULL;
}
