/*
 * src/find/package_lists.c - what package systems write of the files they installed
 *
 * rules:
 * dpkg: info/PACKAGE.list, a path a line
 * pacman: local/PACKAGE/files, after %FILES% a path a line without its first slash
 * apk: records between empty lines; P: the package, F: a directory, R: a file in it
 * pkgsrc, OpenBSD: PACKAGE/+CONTENTS, paths below @cwd; @ignore skips one; OpenBSD's @lib, @so and
 * @static-lib have the path behind them
 * Portage: CATEGORY/PACKAGE/CONTENTS, "obj PATH MD5 TIME" and "sym PATH -> TARGET TIME"
 */
#include "package_lists.h"

#include "view.h"

/* Takes one line off a text; NULL: no memory. */
static const char *take_line(struct tn_arena *arena, const char **text)
{
    size_t size = strcspn(*text, "\n");
    const char *line = tn_arena_copy(arena, *text, size);

    *text += size + ((*text)[size] == '\n');
    return line;
}

static bool add_path(struct tn_arena *arena, struct tn_words *paths, const char *dir,
                     const char *file)
{
    size_t size = strlen(dir);
    const char *slash = size && dir[size - 1] == '/' ? "" : "/";
    const char *path = tn_arena_format(arena, "%s%s%s", dir, slash, file);

    return path && tn_words_add(paths, path);
}

bool tn_parse_dpkg(struct tn_arena *arena, const char *text, struct tn_words *paths)
{
    while (*text) {
        const char *line = take_line(arena, &text);
        if (!line || !tn_words_add(paths, line))
            return false;
    }
    return true;
}

bool tn_parse_pacman(struct tn_arena *arena, const char *text, struct tn_words *paths)
{
    bool files = false;

    while (*text) {
        const char *line = take_line(arena, &text);
        if (!line)
            return false;
        if (*line == '%')
            files = strcmp(line, "%FILES%") == 0;
        else if (files && *line && !add_path(arena, paths, "/", line))
            return false;
    }
    return true;
}

bool tn_parse_apk(struct tn_arena *arena, const char *text, struct tn_words *paths)
{
    const char *dir = "/";

    while (*text) {
        const char *line = take_line(arena, &text);
        if (!line)
            return false;
        if (tn_begins(line, "F:") && !(dir = tn_arena_format(arena, "/%s", line + 2)))
            return false;
        if (tn_begins(line, "R:") && !add_path(arena, paths, dir, line + 2))
            return false;
    }
    return true;
}

bool tn_parse_contents(struct tn_arena *arena, const char *text, struct tn_words *paths)
{
    static const char *const kinds[] = { "@lib ", "@so ", "@static-lib " };
    const char *dir = "/";
    bool ignore = false;

    while (*text) {
        const char *line = take_line(arena, &text);
        if (!line)
            return false;
        if (tn_begins(line, "@cwd "))
            dir = line + strlen("@cwd ");
        for (size_t i = 0; i < TN_COUNT(kinds); i++)
            if (tn_begins(line, kinds[i]))
                line += strlen(kinds[i]);
        if (*line && *line != '@' && !ignore && !add_path(arena, paths, dir, line))
            return false;
        ignore = strcmp(line, "@ignore") == 0;
    }
    return true;
}

/* Cuts the last words off a line. */
static void cut_words(char *line, unsigned count)
{
    char *space;

    while (count-- && (space = strrchr(line, ' ')))
        *space = '\0';
}

bool tn_parse_portage(struct tn_arena *arena, const char *text, struct tn_words *paths)
{
    while (*text) {
        const char *line = take_line(arena, &text);
        bool is_link = line && tn_begins(line, "sym ");
        if (!line)
            return false;
        if (!is_link && !tn_begins(line, "obj "))
            continue;
        char *path = tn_arena_string(arena, line + 4), *arrow;
        if (!path)
            return false;
        if (is_link && (arrow = strstr(path, " -> ")))
            *arrow = '\0';
        else if (!is_link)
            cut_words(path, 2);
        if (!tn_words_add(paths, path))
            return false;
    }
    return true;
}
