/*
 * src/resolve/preload.c - what is loaded before the program's own needs
 *
 * rule  glibc elf/rtld.c, dl_main() and do_preload(); musl ldso/dynlink.c, load_preload()
 */
#include <errno.h>
#include <string.h>

#include "limits.h"
#include "process.h"

static size_t count_names(const char *list, const char *separators)
{
    size_t n = 0;
    while (*(list += strspn(list, separators))) {
        list += strcspn(list, separators);
        n++;
    }
    return n;
}

/* Appends the names of a list, for which there is room; false: no memory. */
static bool add_names(tenon_resolver *r, struct tn_target_row *row, const char *list,
                      const char *separators, enum tn_request kind)
{
    while (*(list += strspn(list, separators)) && row->preload_count < TN_LIMIT_OBJECTS) {
        size_t size = strcspn(list, separators);
        const char *name = tn_arena_copy(&r->arena, list, size);
        if (!name)
            return false;
        row->preloads[row->preload_count++] = (struct tn_preload){ name, kind };
        list += size;
    }
    return true;
}

/* rule  glibc elf/rtld.c, dl_main(): '#' to the end of the line is a comment */
static void blank_comments(char *text)
{
    for (char *p = strchr(text, '#'); p; p = strchr(p, '#'))
        memset(p, ' ', strcspn(p, "\n"));
}

/* What the system's file says; "" when there is none or nobody reads it. NULL: no memory. */
static const char *read_file(tenon_resolver *r, struct tn_target *target)
{
    struct tn_view bytes;
    if (!target->loader->preload_file)
        return "";
    const char *path = target->loader->preload_file(target);
    int error = path ? tn_file_whole(r->world, path, TN_LIMIT_CONFIG, &r->arena, &bytes) : ENOMEM;
    if (error)
        return error == ENOMEM ? NULL : "";
    char *text = tn_arena_copy(&r->arena, bytes.at, bytes.size);
    if (text)
        blank_comments(text);
    return text;
}

/* What the environment says. */
static const char *read_environment(const struct tn_target *target)
{
    const char *list = target->loader->preload_list ? target->loader->preload_list(target) : NULL;
    return list ? list : "";
}

static bool read_preloads(tenon_resolver *r, struct tn_target_row *row)
{
    static const char in_file[] = ": \t\n"; /* rule  glibc elf/rtld.c, dl_main() */
    const char *separators = row->target.loader->preload_separators;
    const char *in_env = separators ? separators : "";
    const char *env = read_environment(&row->target);
    const char *file = read_file(r, &row->target);
    if (!file)
        return false;
    size_t room = count_names(env, in_env) + count_names(file, in_file);
    row->preload_count = 0;
    row->preloads = tn_arena_rows(&r->arena, room, sizeof *row->preloads);
    return (row->preloads || !room) && add_names(r, row, env, in_env, TN_REQUEST_PRELOAD) &&
           add_names(r, row, file, in_file, TN_REQUEST_PRELOAD_CONFIG);
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
