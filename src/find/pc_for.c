/* src/find/pc_for.c - which .pc file is about a library */
#include <ctype.h>

#include "file.h"
#include "hunt.h"
#include "limits.h"
#include "pc_file.h"

struct choice {
    tenon_world *world;
    struct tn_arena *arena;
    const char *dir, *name, *word; /* "-lNAME" */
    const char *best;              /* path */
    size_t best_size;
    bool best_alike;
    size_t looked;
};

/*
 * True when the first library among the Libs of a file is the word. Others that stand there are
 * what that one needs: gmock.pc has -lpthread, and is not about it.
 */
static bool is_about(struct tn_view view, const char *word)
{
    const char *line = (const char *)view.at, *end, *at;
    size_t size = strlen(word);

    while (strncmp(line, "Libs:", 5) != 0) {
        line = strchr(line, '\n');
        if (!line)
            return false;
        line++;
    }
    for (end = line + strcspn(line, "\n"); *end && end[-1] == '\\';)
        end += 1 + strcspn(end + 1, "\n"); /* continued */
    for (at = strstr(line, "-l"); at && at < end; at = strstr(at + 1, "-l"))
        if (strchr(" \t\n\r:", at[-1])) /* else it is part of a directory's name */
            return strncmp(at, word, size) == 0 && strchr(" \t\n\r", at[size]);
    return false;
}

static const char *next_letter(const char *at, const char *end)
{
    while (at < end && !isalnum((unsigned char)*at))
        at++;
    return at;
}

/* cairo-pdf.pc has -lz alone, and is not called like it. */
bool tn_is_alike(const char *a, size_t a_size, const char *b, size_t b_size)
{
    const char *a_end = a + a_size, *b_end = b + b_size;

    a += a_size > 3 && strncmp(a, "lib", 3) == 0 ? 3 : 0;
    b += b_size > 3 && strncmp(b, "lib", 3) == 0 ? 3 : 0;
    for (;; a++, b++) {
        a = next_letter(a, a_end);
        b = next_letter(b, b_end);
        if (a == a_end || b == b_end)
            return true;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
    }
}

static bool is_better(const struct choice *choice, size_t size, bool alike)
{
    return !choice->best || (alike && !choice->best_alike) ||
           (alike == choice->best_alike && size < choice->best_size);
}

static int consider(void *arg, const char *name)
{
    struct choice *choice = arg;
    struct tn_arena scratch = { 0 };
    struct tn_view view;
    size_t size = strlen(name);
    const char *path;
    bool alike;

    if (size < 4 || strcmp(name + size - 3, ".pc") != 0 ||
        choice->looked++ > TN_LIMIT_PACKAGE_FILES)
        return 0;
    alike = tn_is_alike(name, size - 3, choice->name, strlen(choice->name));
    path = tn_arena_format(&scratch, "%s/%s", choice->dir, name);
    if (path && tn_file_whole(choice->world, path, TN_PC_FILE, &scratch, &view) == 0 &&
        is_about(view, choice->word) && is_better(choice, size, alike)) {
        choice->best = tn_arena_string(choice->arena, path);
        choice->best_size = size;
        choice->best_alike = alike;
    }
    tn_arena_free(&scratch);
    return 0;
}

const char *tn_pc_for(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                      const char *name)
{
    static const char *const prefixes[] = { "", "lib" };
    struct choice choice = { .world = world, .arena = arena, .name = name };

    for (size_t i = 0; i < dirs->count; i++)
        for (size_t k = 0; k < TN_COUNT(prefixes); k++) {
            tenon_file_info info;
            const char *path = tn_arena_format(arena, "%s/%s%s.pc", dirs->at[i], prefixes[k], name);
            if (path && tenon_world_stat(world, path, &info) == 0)
                return path;
        }
    choice.word = tn_arena_format(arena, "-l%s", name);
    for (size_t i = 0; choice.word && i < dirs->count; i++) {
        choice.dir = dirs->at[i];
        (void)tenon_world_list(world, choice.dir, consider, &choice);
    }
    return choice.best;
}
