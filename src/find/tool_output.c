/*
 * src/find/tool_output.c - what compilers and linkers tell
 *
 * rules: make rules of -MD (a backslash before a space or the end of a line, $$); -t of GNU ld,
 * gold, lld and mold: a path a line, with a member in brackets before or behind an archive's
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "file.h"
#include "hunt.h"
#include "limits.h"
#include "text.h"

/* NULL: there was no memory for it. */
static bool add_once(struct tn_words *words, const char *word)
{
    return word && tn_words_add_once(words, word);
}

/* One file of a rule; NULL at its end. `room` holds the rest of the text. */
static const char *next_file(const char **text, char *room)
{
    size_t used = 0;
    const char *at = *text;

    while (*at == ' ' || *at == '\n' || (at[0] == '\\' && at[1] == '\n'))
        at++;
    for (; *at && *at != ' ' && *at != '\n'; at++) {
        if (at[0] == '\\' && (at[1] == ' ' || at[1] == '#' || at[1] == ':' || at[1] == '\\'))
            at++;
        else if (at[0] == '\\' && at[1] == '\n')
            break;
        else if (at[0] == '$' && at[1] == '$')
            at++;
        room[used++] = *at;
    }
    room[used] = '\0';
    *text = at;
    return used ? room : NULL;
}

bool tn_depfile_read(struct tn_arena *arena, const char *path, struct tn_words *files,
                     tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct tn_view view;
    char shown[TN_QUOTE_ROOM];
    tenon_world *world = tenon_world_host(err);
    bool good = world;
    int failed = good ? tn_file_whole(world, path, TN_LIMIT_CONFIG, &scratch, &view) : 0;

    if (failed && failed != ENOENT) {
        good = tn_fail_system(err, failed, "%s", tn_quote(shown, path));
    } else if (good && !failed) {
        const char *text = (const char *)view.at, *colon = strstr(text, ": "), *file;
        char *room = malloc(view.size + 1);
        good = room;
        if (good && colon)
            for (text = colon + 1; good && (file = next_file(&text, room));)
                good = add_once(files, tn_tidy_path(arena, file));
        free(room);
        good = good || tn_no_memory(err);
    }
    tn_arena_free(&scratch);
    tenon_world_free(world);
    return good;
}

/* The path in a line of -t; NULL: there is none. */
static char *path_of_line(const char *line, size_t size)
{
    static const char mold[] = "trace: ";
    char *path, *end;

    if (size > sizeof mold - 1 && memcmp(line, mold, sizeof mold - 1) == 0) {
        line += sizeof mold - 1;
        size -= sizeof mold - 1;
    }
    path = strndup(line, size);
    if (!path)
        return NULL;
    if (path[0] == '(' && (end = strchr(path, ')'))) {
        memmove(path, path + 1, (size_t)(end - path) - 1);
        end[-1] = '\0';
    } else if (size > 2 && path[size - 1] == ')' && (end = strrchr(path, '('))) {
        *end = '\0';
        if (strncmp(path, "-l", 2) == 0) /* older GNU ld: "-lNAME (PATH)" */
            memmove(path, end + 1, strlen(end + 1) + 1), path[strlen(path) - 1] = '\0';
    }
    return path;
}

bool tn_linker_files(struct tn_arena *arena, const char *text, struct tn_words *files)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *path = path_of_line(text, n);
        bool good = path;
        if (path && path[0] == '/')
            good = add_once(files, tn_tidy_path(arena, path));
        free(path);
        if (!good)
            return false;
        text += n + (text[n] == '\n');
    }
    return true;
}

/* What every program is linked with: the compiler's run time and the C library. */
static bool is_everywhere(const char *path)
{
    static const char *const names[] = { "libgcc",    "libc.",   "libc-",    "libclang_rt",
                                         "libSystem", "crt",     "libmingw", "libmoldname",
                                         "libcygwin", "ld-linux" };
    const char *base = tn_base_name(path);

    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (tn_begins(base, names[i]))
            return true;
    return false;
}

bool tn_linker_group(const struct tn_words *files, const char *object, const struct tn_words *libs,
                     struct tn_words *group)
{
    size_t i = 0;

    while (i < files->count && strcmp(files->at[i], object) != 0)
        i++;
    if (i == files->count) /* a linker that tells them in another order */
        for (i = 0; i + 1 < files->count && is_everywhere(files->at[i]); i++)
            ;
    else
        i++;
    for (size_t first = i; i < files->count; i++) {
        if (i > first && is_everywhere(files->at[i]) &&
            !tn_is_among(files->at[i], libs->at, libs->count))
            break;
        if (!tn_words_add(group, files->at[i]))
            return false;
    }
    return true;
}

/* A line without the names of directories that are gone afterwards. */
static const char *shorten(const struct tn_hunt *hunt, const char *line, size_t size)
{
    char *copy = tn_arena_copy(hunt->arena, line, size), *at = copy;
    size_t n = hunt->dir ? strlen(hunt->dir) : 0;

    while (n && at && (at = strstr(at, hunt->dir)))
        memmove(at, at + n + (at[n] == '/'), strlen(at + n + (at[n] == '/')) + 1);
    return copy;
}

const char *tn_first_lines(const struct tn_hunt *hunt, const char *text)
{
    enum { LINES = 3, ROOM = 600 };
    struct tn_arena *arena = hunt->arena;
    const char *all = tn_arena_string(arena, "");
    int lines = 0;

    while (*text && lines < LINES && all) {
        size_t n = strcspn(text, "\n");
        bool noise = n == 0 || strncmp(text, "In file included", 16) == 0 ||
                     strncmp(text, "compilation terminated", 22) == 0 ||
                     strstr(text, ": In function 'main'") == text + strcspn(text, ":") ||
                     text[0] == ' ' || strncmp(text, "collect2:", 9) == 0;
        if (!noise) {
            const char *line = shorten(hunt, text, n > ROOM ? ROOM : n);
            all = line ? tn_arena_format(arena, "%s%s%s", all, lines ? "; " : "", line) : NULL;
            lines++;
        }
        text += n + (text[n] == '\n');
    }
    return all && !*all ? "it says nothing" : all;
}
