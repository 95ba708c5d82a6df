/* src/find/known_libraries.c - the list of known libraries: the user's, the system's, ours */
#include <errno.h>

#include "fail.h"
#include "file.h"
#include "hunt.h"
#include "limits.h"
#include "text.h"

/* The next word of a line; its size, 0 at the end. */
static size_t next_word(const char **at)
{
    *at += strspn(*at, " \t\r");
    return strcspn(*at, " \t\r");
}

static bool add_headers(struct tn_arena *arena, struct tn_known_library *out, const char *list)
{
    size_t count = 1, n = 0;
    const char **headers;

    for (const char *c = list; *c; c++)
        count += *c == ',';
    headers = tn_arena_rows(arena, count + 1, sizeof *headers);
    for (; headers && *list; n++) {
        size_t size = strcspn(list, ",");
        headers[n] = tn_arena_copy(arena, list, size);
        if (!headers[n])
            return false;
        list += size + (list[size] == ',');
    }
    out->headers = headers;
    return headers;
}

static bool set(struct tn_arena *arena, struct tn_known_library *out, const char *word)
{
    static const char *const keys[] = { "header=", "function=", "version-macro=",
                                        "version-function=", "define=" };
    const char **places[] = { NULL, &out->function, &out->version_macro, &out->version_function,
                              &out->define };

    for (size_t i = 0; i < TN_COUNT(keys); i++) {
        if (!tn_begins(word, keys[i]))
            continue;
        if (i == 0)
            return add_headers(arena, out, word + strlen(keys[i]));
        *places[i] = word + strlen(keys[i]);
        return true;
    }
    return true; /* a later tenon may know more */
}

/* Looks a name up in one list: lines of "NAME KEY=VALUE...". */
static bool look_up(struct tn_arena *arena, const char *text, const char *name,
                    struct tn_known_library *out, bool *found, tenon_error *err)
{
    while (*text) {
        size_t size = strcspn(text, "\n"), n;
        const char *at = text, *end = text + size;
        text = end + (*end == '\n');
        n = next_word(&at);
        if (at >= end || n != strlen(name) || strncmp(at, name, n) != 0)
            continue;
        *found = true;
        for (at += n; (n = next_word(&at)) && at < end; at += n) {
            if (at + n > end)
                n = (size_t)(end - at);
            const char *word = tn_arena_copy(arena, at, n);
            if (!word || !set(arena, out, word))
                return tn_no_memory(err);
        }
        return true;
    }
    return true;
}

static bool look_in_file(tenon_world *world, struct tn_arena *arena, const char *path,
                         const char *name, struct tn_known_library *out, bool *found,
                         tenon_error *err)
{
    struct tn_view view;
    int failed = path ? tn_file_whole(world, path, TN_LIMIT_CONFIG, arena, &view) : ENOMEM;

    if (failed == ENOMEM)
        return tn_no_memory(err);
    out->source = path;
    return failed || look_up(arena, (const char *)view.at, name, out, found, err);
}

bool tn_library_known(const struct tenon_finder *finder, struct tn_arena *arena, tenon_world *world,
                      const char *name, struct tn_known_library *out, bool *found, tenon_error *err)
{
    const char *own = NULL;

    *out = (struct tn_known_library){ 0 };
    *found = false;
    if (finder->config_home && finder->config_home[0] == '/')
        own = tn_arena_format(arena, "%s/tenon/libraries", finder->config_home);
    else if (finder->home && finder->home[0] == '/')
        own = tn_arena_format(arena, "%s/.config/tenon/libraries", finder->home);
    if (own && !look_in_file(world, arena, own, name, out, found, err))
        return false;
    if (!*found && !look_in_file(world, arena, "/etc/tenon/libraries", name, out, found, err))
        return false;
    if (!*found) {
        out->source = "the list of known libraries";
        return look_up(arena, tn_known_list, name, out, found, err);
    }
    return true;
}

void tn_hunt_take(struct tn_hunt *hunt, const struct tn_known_library *known)
{
    const tenon_find_request *request = hunt->request;
    bool own = request->version_cmd;

    hunt->headers = known->headers;
    hunt->header_source = known->source;
    hunt->define = known->define;
    hunt->function = request->function ? request->function : known->function;
    hunt->version_macro =
        request->version_macro || own ? request->version_macro : known->version_macro;
    hunt->version_function =
        request->version_function || own ? request->version_function : known->version_function;
    hunt->facts_by_list = known->source && !request->function && !request->version_macro &&
                          !request->version_function && !request->min_version;
    hunt->compiled = NULL;
}

bool tn_needs_headers(const tenon_find_request *request)
{
    return !request->program || request->function || request->version_macro ||
           request->version_function || (request->min_version && !request->version_cmd);
}

const char *tenon_find_known(void)
{
    return tn_known_list;
}
