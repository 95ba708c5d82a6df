/*
 * src/resolve/preload.c - what is loaded before the program's own needs
 *
 * rule  glibc elf/rtld.c, dl_main() and do_preload(); musl ldso/dynlink.c, load_preload()
 */
#include <errno.h>
#include <string.h>

#include "limits.h"
#include "process.h"

/* A list of names, of which `next` is what is left; NULL: nothing is. */
struct names {
    const char *next, *separators;
    bool keeps_empty; /* nothing between two separators is a name, too */
};

/* The next name: the *size bytes at *at. */
static bool next_name(struct names *names, const char **at, size_t *size)
{
    while (names->next) {
        *at = names->next;
        *size = strcspn(*at, names->separators);
        names->next = (*at)[*size] ? *at + *size + 1 : NULL;
        if (*size || names->keeps_empty)
            return true;
    }
    return false;
}

static size_t count_names(struct names names)
{
    const char *at;
    size_t n = 0, size;
    while (next_name(&names, &at, &size))
        n++;
    return n;
}

/* Appends the names of a list, for which there is room; false: no memory. */
static bool add_names(tenon_resolver *r, struct tn_target_row *row, struct names names,
                      enum tn_request kind)
{
    const char *at;
    size_t size;
    while (row->preload_count < TN_LIMIT_OBJECTS && next_name(&names, &at, &size)) {
        const char *name = tn_arena_copy(&r->arena, at, size);
        if (!name)
            return false;
        row->preloads[row->preload_count++] = (struct tn_preload){ name, kind };
    }
    return true;
}

/*
 * '#' to the end of the line is a comment. What is left to look at shrinks with each, but is
 * counted from the start of the text every time: a later comment may not be seen, and what it says
 * counts; or no newline ends it.
 *
 * rule  glibc 2.36 elf/rtld.c, dl_main(), "Eliminate comments"
 */
static void blank_comments(char *text, size_t size)
{
    char *p;
    for (size_t rest = size; rest && (p = memchr(text, '#', rest));) {
        size_t end = rest;
        rest -= (size_t)(p - text);
        for (*p++ = ' ', rest--; p < text + end && *p != '\n'; rest--)
            *p++ = ' ';
    }
}

/* rule  glibc elf/rtld.c, dl_main() */
static const char file_separators[] = ": \t\n";

/* What the system's file says: names, and one that ends with the file. NULL: there is none. */
struct preload_file {
    const char *list, *last;
};

/*
 * The name that ends with the file stands for itself, also behind a NUL, with which all others end.
 *
 * rule  glibc elf/rtld.c, dl_main(), "We have one problematic case"
 */
static struct preload_file cut_last(char *text, size_t size)
{
    size_t at = size;
    while (at && !(text[at - 1] && strchr(file_separators, text[at - 1])))
        at--;
    if (at)
        text[at - 1] = '\0';
    return (struct preload_file){ .list = at ? text : NULL, .last = text + at };
}

/* Reads the system's file; false: no memory. */
static bool read_file(tenon_resolver *r, struct tn_target *target, struct preload_file *out)
{
    struct tn_view bytes;
    *out = (struct preload_file){ 0 };
    if (!target->loader->preload_file)
        return true;
    const char *path = target->loader->preload_file(target);
    int error = path ? tn_file_whole(r->world, path, TN_LIMIT_CONFIG, &r->arena, &bytes) : ENOMEM;
    char *text = error ? NULL : tn_arena_copy(&r->arena, bytes.at, bytes.size);
    if (!text)
        return error && error != ENOMEM;
    blank_comments(text, bytes.size);
    *out = cut_last(text, bytes.size);
    return true;
}

/* What the environment says. */
static struct names read_environment(const struct tn_target *target)
{
    const tenon_loader *loader = target->loader;
    const char *list = loader->preload_list ? loader->preload_list(target) : NULL;
    bool counts = list && (*list || loader->preload_empty_list);
    return (struct names){ .next = counts ? list : NULL,
                           .separators =
                               loader->preload_separators ? loader->preload_separators : "",
                           .keeps_empty = loader->preload_keeps_empty };
}

static bool read_preloads(tenon_resolver *r, struct tn_target_row *row)
{
    struct names env = read_environment(&row->target);
    struct preload_file read;
    if (!read_file(r, &row->target, &read))
        return false;
    struct names file = { .next = read.list, .separators = file_separators };
    struct names last = { .next = read.last, .separators = "" };
    size_t room = count_names(env) + count_names(file) + count_names(last);
    row->preload_count = 0;
    row->preloads = tn_arena_rows(&r->arena, room, sizeof *row->preloads);
    return (row->preloads || !room) && add_names(r, row, env, TN_REQUEST_PRELOAD) &&
           add_names(r, row, file, TN_REQUEST_PRELOAD_CONFIG) &&
           add_names(r, row, last, TN_REQUEST_PRELOAD_CONFIG);
}

void tn_process_preload(tenon_resolver *r)
{
    struct tn_target_row *row = r->target;
    if (r->flags & TENON_RESOLVE_NO_PRELOAD)
        return;
    if (!row->preloads_read && !read_preloads(r, row)) {
        r->no_memory = true;
        return;
    }
    row->preloads_read = true;
    for (size_t i = 0; i < row->preload_count && !r->no_memory; i++) {
        uint32_t name = tn_resolver_name(r, row->preloads[i].name);
        int32_t object = name == TN_NO_NAME ? TENON_NOBODY
                                            : tn_request_preload(r, name, row->preloads[i].request);
        if (object >= 0 && object != r->self && !tn_object_at(r, object)->listed)
            tn_process_list(r, object);
    }
}
