/*
 * src/image/stub_libtool.c - the .la files of libtool
 *
 * rule  libtool build-aux/ltmain.in, func_mode_link(): assignments of the shell, one a line, with
 *       values in single quotes. Nothing in them is ever expanded here
 */
#include "fail.h"
#include "stub.h"

static bool libtool_matches(struct tn_view head)
{
    static const char mark[] = "a libtool library file", name[] = "dlname='";
    struct tn_view text = tn_stub_head(head);
    size_t size = text.size < 512 ? text.size : 512;
    return size && ((text.at[0] == '#' && memmem(text.at, size, mark, sizeof mark - 1)) ||
                    (size >= sizeof name - 1 && memcmp(text.at, name, sizeof name - 1) == 0));
}

struct libtool {
    struct tn_file *file;
    struct tn_facts *facts;
    tenon_image *image; /* gets the facts for people; NULL */
    size_t needs, paths;
};

/* What may stand in the file besides the names that mean something. */
static const char *const told[] = { "library_names", "old_library", "current",   "age",
                                    "revision",      "libdir",      "installed", "shouldnotlink" };

/* "-L/x -lfoo /y/libbar.la -R/z" */
static bool read_dependencies(struct libtool *l, const char *list, tenon_error *err)
{
    struct tn_arena *arena = l->file->arena;
    while (*(list += strspn(list, " \t"))) {
        size_t size = strcspn(list, " \t");
        const char *word = tn_arena_copy(arena, list, size);
        list += size;
        if (!word)
            return tn_no_memory(err);
        bool is_path = size > 2 && (strncmp(word, "-R", 2) == 0 || strncmp(word, "-L", 2) == 0);
        if (is_path && !tn_stub_path(l->facts, arena, &l->paths,
                                     word[1] == 'R' ? "rpath" : "link-path", word + 2, err))
            return false;
        if (!is_path && (word[0] != '-' || word[1] == 'l') &&
            !tn_stub_need(l->facts, arena, &l->needs, &(tenon_need){ .name = word }, err))
            return false;
    }
    return true;
}

static bool read_assignment(struct libtool *l, const char *name, const char *value,
                            tenon_error *err)
{
    if (strcmp(name, "dlname") == 0 && *value)
        l->facts->own_name = value;
    if (strcmp(name, "dependency_libs") == 0)
        return read_dependencies(l, value, err);
    for (size_t i = 0; l->image && i < TN_COUNT(told); i++)
        if (strcmp(name, told[i]) == 0)
            return tn_image_add_fact(l->image, told[i], value, err);
    return true;
}

/* A value in single quotes, or without; "'\''" is a quote. NULL: the quotes do not end. */
static const char *read_value(const char **at, char *to)
{
    const char *value = to, *p = *at;
    while (*p && *p != '\n') {
        if (*p == '\'') {
            const char *end = strchr(p + 1, '\'');
            if (!end)
                return NULL;
            memcpy(to, p + 1, (size_t)(end - p - 1));
            to += end - p - 1;
            p = end + 1;
        } else if (*p == '\\' && p[1] == '\'') {
            *to++ = '\'';
            p += 2;
        } else if (*p == '\r' || *p == ' ') {
            break;
        } else {
            *to++ = *p++;
        }
    }
    p += strcspn(p, "\n");
    *at = p;
    *to = '\0';
    return value;
}

static bool read_lines(struct libtool *l, const char *text, size_t size, tenon_error *err)
{
    unsigned line = 0;
    char *values = tn_arena_bytes(l->file->arena, size + 1), *room = values;
    if (!values)
        return tn_no_memory(err);
    for (const char *at = text; *at; at += *at == '\n') {
        line++;
        size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        if (*at == '#' || !name || at[name] != '=') {
            at += strcspn(at, "\n");
            continue;
        }
        const char *key = tn_arena_copy(l->file->arena, at, name);
        at += name + 1;
        const char *value = read_value(&at, room);
        if (!key)
            return tn_no_memory(err);
        if (!value)
            return tn_fail(err, TENON_E_MALFORMED, "line %u: the value of %s has no end", line,
                           key);
        room += strlen(value) + 1;
        if (!read_assignment(l, key, value, err))
            return false;
    }
    return true;
}

static bool read_libtool(struct tn_file *file, struct tn_facts *facts, tenon_image *image,
                         tenon_error *err)
{
    struct libtool l = { .file = file, .facts = facts, .image = image };
    const char *text;
    size_t size;
    *facts = (struct tn_facts){ .format = TENON_FORMAT_LIBTOOL, .kind = TENON_KIND_STUB };
    return tn_stub_text(file, &text, &size, err) && read_lines(&l, text, size, err);
}

static bool libtool_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_facts facts;
    if (!read_libtool(file, &facts, NULL, err))
        return false;
    *out = facts;
    return true;
}

static bool libtool_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                               tenon_error *err)
{
    (void)parts;
    if (!read_libtool(file, &image->facts, image, err))
        return false;
    image->search_paths = image->facts.run_paths;
    image->search_path_count = image->facts.run_path_count;
    return true;
}

const struct tn_format tn_format_libtool = {
    .format = TENON_FORMAT_LIBTOOL,
    .name = "libtool",
    .matches = libtool_matches,
    .read_facts = libtool_read_facts,
    .read_image = libtool_read_image,
};
