/*
 * src/find/member.c - whether a file is the library that its name says: by its content
 *
 * Files of formats that a reader knows are read; of others the first bytes must be right.
 */
#include "member.h"

#include <errno.h>
#include <string.h>
#include <tenon/image.h>

#include "fail.h"
#include "file.h"
#include "view.h"

#define HEAD 4096u

enum content { UNKNOWN, OBJECT, ARCHIVE, LIBTOOL, STAND_IN, TEXT, EMPTY, LOST /* no memory */ };

/* First bytes; source: the specification of each format. */
static const struct {
    const char *bytes;
    size_t size;
    enum content content;
} magics[] = {
    { "\177ELF", 4, OBJECT },
    { "!<arch>\n", 8, ARCHIVE },
    { "!<thin>\n", 8, ARCHIVE },
    { "<aiaff>\n", 8, ARCHIVE },
    { "<bigaf>\n", 8, ARCHIVE },
    { "MZ", 2, OBJECT },
    { "\xfe\xed\xfa\xce", 4, OBJECT }, /* Mach-O, 32 and 64 bits, both byte orders, universal */
    { "\xfe\xed\xfa\xcf", 4, OBJECT },
    { "\xce\xfa\xed\xfe", 4, OBJECT },
    { "\xcf\xfa\xed\xfe", 4, OBJECT },
    { "\xca\xfe\xba\xbe", 4, OBJECT },
    { "\xca\xfe\xba\xbf", 4, OBJECT },
    { "\x01\xdf", 2, OBJECT }, /* XCOFF 32, 64 */
    { "\x01\xf7", 2, OBJECT },
    { "\x02\x0b\x01\x0d", 4, OBJECT }, /* SOM: PA-RISC 1.0, 1.1, 2.0; load module, shared library */
    { "\x02\x0b\x01\x0e", 4, OBJECT },
    { "\x02\x10\x01\x0d", 4, OBJECT },
    { "\x02\x10\x01\x0e", 4, OBJECT },
    { "\x02\x14\x01\x0d", 4, OBJECT },
    { "\x02\x14\x01\x0e", 4, OBJECT },
    { "--- !tapi-tbd", 13, STAND_IN },
};

/* rule  4.4BSD a.out: OMAGIC, NMAGIC, ZMAGIC, QMAGIC; NetBSD puts them in network order */
static bool is_aout(struct tn_view head)
{
    unsigned low, network;

    if (head.size < 32)
        return false;
    low = head.at[0] | (unsigned)head.at[1] << 8;
    network = head.at[3] | (unsigned)head.at[2] << 8;
    return low == 0407 || low == 0410 || low == 0413 || low == 0314 || network == 0407 ||
           network == 0410 || network == 0413 || network == 0314;
}

static bool is_text(struct tn_view head)
{
    for (size_t i = 0; i < head.size; i++)
        if (head.at[i] == 0 || (head.at[i] < ' ' && !strchr("\t\n\r\f", head.at[i])))
            return false;
    return true;
}

static bool has_word(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, words[i]))
            return true;
    return false;
}

/* rule  GNU ld "Commands Dealing with Files"; libtool writes its mark into the first line */
static enum content text_content(const char *text)
{
    static const char *const commands[] = { "INPUT", "GROUP", "OUTPUT_FORMAT", "AS_NEEDED" };
    size_t line = strcspn(text, "\n");
    const char *mark = strstr(text, "libtool library file");

    if (mark && (size_t)(mark - text) < line)
        return LIBTOOL;
    return has_word(text, commands, TN_COUNT(commands)) && strchr(text, '(') ? STAND_IN : TEXT;
}

static enum content content_of(struct tn_arena *arena, struct tn_view head)
{
    for (size_t i = 0; i < TN_COUNT(magics); i++)
        if (head.size >= magics[i].size && memcmp(head.at, magics[i].bytes, magics[i].size) == 0)
            return magics[i].content;
    if (!head.size)
        return EMPTY;
    if (is_text(head)) {
        const char *text = tn_arena_copy(arena, head.at, head.size);
        return text ? text_content(text) : LOST;
    }
    return is_aout(head) ? OBJECT : UNKNOWN;
}

static const char *const content_names[] = { "a file of no kind that a library can be",
                                             "an object file",
                                             "an archive",
                                             "a libtool file",
                                             "a linker script or stub",
                                             "a text file",
                                             "an empty file" };

/* What a reader says of a shared library. */
static bool read_object(tenon_world *world, struct tn_arena *arena, const char *path,
                        struct tn_member *out)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *image = tenon_image_open(world, path, TENON_PART_CORE, &err);
    enum tenon_kind kind;
    bool good = true;

    if (!image && err.code == TENON_E_MEMORY)
        return false;
    out->unread = err.code == TENON_E_SYSTEM;
    out->is = image || err.code == TENON_E_FORMAT || err.code == TENON_E_UNSUPPORTED;
    if (!image) {
        if (!out->is)
            out->why = tn_arena_string(arena, tenon_error_message(&err));
        return out->is || out->why;
    }
    kind = tenon_image_kind(image);
    if (kind == TENON_KIND_OBJECT || kind == TENON_KIND_EXECUTABLE || kind == TENON_KIND_CORE ||
        kind == TENON_KIND_DEBUG) {
        out->is = false;
        out->why = tn_arena_format(arena, "it is no shared library (%s)", tenon_kind_name(kind));
        good = out->why;
    } else if (tenon_image_own_name(image)) {
        out->own_name = tn_arena_string(arena, tenon_image_own_name(image));
        good = out->own_name;
    }
    tenon_image_free(image);
    return good;
}

static bool judge(tenon_world *world, struct tn_arena *arena, const char *path, enum tn_role role,
                  enum content content, struct tn_member *out)
{
    bool shared = role == TN_ROLE_SHARED || role == TN_ROLE_EITHER;

    if (content == LOST)
        return false;
    if (content == OBJECT && shared)
        return read_object(world, arena, path, out);
    out->is = (content == ARCHIVE && role != TN_ROLE_LIBTOOL) || (content == STAND_IN && shared) ||
              (content == LIBTOOL && role == TN_ROLE_LIBTOOL);
    out->blank = content == TEXT || content == EMPTY;
    if (!out->is)
        out->why = tn_arena_format(arena, "it is %s", content_names[content]);
    return out->is || out->why;
}

bool tn_member_read(tenon_world *world, struct tn_arena *arena, const char *path, enum tn_role role,
                    struct tn_member *out)
{
    struct tn_file file;
    struct tn_view head = { 0 };
    struct tn_arena scratch = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    tenon_file_info info;
    int failed = tenon_world_stat(world, path, &info);
    bool good;

    *out = (struct tn_member){ 0 };
    if (failed == ENOENT && tenon_world_lstat(world, path, &info) == 0) {
        out->is = out->dangling = true;
        return true;
    }
    if (!failed && (info.type == TENON_FILE_DIRECTORY) != (role == TN_ROLE_FRAMEWORK))
        failed = info.type == TENON_FILE_DIRECTORY ? EISDIR : ENOTDIR;
    if (!failed && role == TN_ROLE_FRAMEWORK) {
        out->is = true;
        return true;
    }
    if (!failed)
        failed = tn_file_open(world, path, &scratch, &file);
    if (failed) {
        out->why = tn_errno_text(failed);
        out->unread = failed != EISDIR && failed != ENOTDIR && failed != ELOOP && failed != ENOENT;
        return failed != ENOMEM;
    }
    good = tn_file_upto(&file, 0, HEAD, "first bytes", &head, &err);
    if (!good && err.code != TENON_E_MEMORY) {
        out->why =
            err.code == TENON_E_SYSTEM ? tn_errno_text(err.system_errno) : "it cannot be read";
        out->unread = true;
    } else if (good) {
        good = judge(world, arena, path, role, content_of(&scratch, head), out);
    }
    tn_file_close(&file);
    tn_arena_free(&scratch);
    return good || out->why;
}
