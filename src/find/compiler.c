/*
 * src/find/compiler.c - what the compiler says of itself
 *
 * rule: gcc and clang -v: "Target: TRIPLE", the list between "#include <...> search starts here:"
 * and "End of search list.", gcc also LIBRARY_PATH=. Another compiler says nothing of it: then the
 * platform's row counts.
 */
#include <stdlib.h>

#include "fail.h"
#include "finder.h"
#include "flags.h"
#include "remember.h"
#include "text.h"

/* The next line of a text; NULL at its end. */
static const char *next_line(struct tn_arena *arena, const char **text)
{
    size_t n = strcspn(*text, "\n");
    const char *line = **text ? tn_arena_copy(arena, *text, n) : NULL;

    *text += n + ((*text)[n] == '\n');
    return line;
}

static bool add_dir(struct tenon_finder *finder, struct tn_words *dirs, const char *dir,
                    size_t size)
{
    const char *copy = tn_arena_copy(&finder->arena, dir, size);
    const char *tidy = copy ? tn_tidy_path(&finder->arena, copy) : NULL;

    return tidy && (tn_is_among(tidy, dirs->at, dirs->count) || tn_words_add(dirs, tidy));
}

static bool add_path_list(struct tenon_finder *finder, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, ":");
        if (n && !add_dir(finder, &finder->library_dirs, list, n))
            return false;
        list += n + (list[n] == ':');
    }
    return true;
}

static bool read_answer(struct tenon_finder *finder, const char *text)
{
    static const char framework[] = " (framework directory)";
    const char *line;
    bool in_list = false, good = true;

    while (good && (line = next_line(&finder->arena, &text))) {
        size_t size = strlen(line);
        if (tn_begins(line, "Target: "))
            finder->target = line + 8;
        else if (tn_begins(line, "LIBRARY_PATH="))
            good = add_path_list(finder, line + 13);
        else if (tn_begins(line, "#include <...> search"))
            in_list = true;
        else if (tn_begins(line, "End of search list"))
            in_list = false;
        else if (in_list && line[0] == ' ' && !strstr(line, framework))
            good = add_dir(finder, &finder->include_dirs, line + 1, size - 1);
    }
    return good;
}

/* What GNU ld adds to the compiler's directories; other linkers may not. */
static bool add_loader_dirs(struct tenon_finder *finder)
{
    const char *dirs =
        finder->platform && finder->platform->loader_dirs ? finder->platform->loader_dirs : "";
    static const char local[] = "/usr/local/lib";

    finder->named_dirs = finder->library_dirs.count;
    while (*dirs) {
        size_t n = strcspn(dirs, " ");
        if (*dirs == '/' && !add_dir(finder, &finder->library_dirs, dirs, n))
            return false;
        dirs += n + strspn(dirs + n, " ");
    }
    return add_dir(finder, &finder->library_dirs, local, sizeof local - 1);
}

/* Its answer, asked or remembered. */
static bool ask(struct tenon_finder *finder, const char **text, tenon_error *err)
{
    static const char *const question[] = { "-E", "-v", "-x", "c", "/dev/null" };
    struct tn_words argv = { 0 };
    struct tn_said said;
    bool good;

    if (tn_remember_compiler(finder, text))
        return true;
    good = tn_words_add_all(&argv, &finder->compiler);
    if (good && finder->sysroot)
        good = tn_add_joined(&argv, &finder->arena, "--sysroot=", finder->sysroot);
    for (size_t i = 0; good && i < TN_COUNT(question); i++)
        good = tn_words_add(&argv, question[i]);
    good = good || tn_no_memory(err);
    good = good && tn_tool_run(finder, &finder->arena, &argv, TN_TOOL_SECONDS, &said, err);
    tn_words_free(&argv);
    if (good && (said.exit.status == 127 || said.exit.status == 126)) /* not there; cannot be run */
        return tn_fail(err, TENON_E_NOT_FOUND, "the compiler %.900s", said.err_out);
    *text = good ? said.err_out : NULL;
    if (good && said.exit.status == 0)
        tn_keep_compiler(finder, *text);
    return good;
}

bool tn_compiler_ask(struct tenon_finder *finder, tenon_error *err)
{
    const char *text;

    if (!ask(finder, &text, err))
        return false;
    if (!read_answer(finder, text))
        return tn_no_memory(err);
    if (!finder->platform && finder->target)
        finder->platform = tenon_platform_of_target(finder->target);
    return add_loader_dirs(finder) || tn_no_memory(err);
}
