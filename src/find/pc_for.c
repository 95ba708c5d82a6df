/* src/find/pc_for.c - which .pc file is about a library */
#include "file.h"
#include "hunt.h"
#include "limits.h"
#include "pc_file.h"

struct choice {
    tenon_world *world;
    struct tn_arena *arena;
    const char *dir, *word; /* "-lNAME" */
    const char *best;       /* path */
    size_t best_size;
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

static int consider(void *arg, const char *name)
{
    struct choice *choice = arg;
    struct tn_arena scratch = { 0 };
    struct tn_view view;
    size_t size = strlen(name);
    const char *path;

    if (size < 4 || strcmp(name + size - 3, ".pc") != 0 ||
        choice->looked++ > TN_LIMIT_PACKAGE_FILES)
        return 0;
    path = tn_arena_format(&scratch, "%s/%s", choice->dir, name);
    if (path && tn_file_whole(choice->world, path, TN_PC_FILE, &scratch, &view) == 0 &&
        is_about(view, choice->word) && (!choice->best || size < choice->best_size)) {
        choice->best = tn_arena_string(choice->arena, path);
        choice->best_size = size;
    }
    tn_arena_free(&scratch);
    return 0;
}

const char *tn_pc_for(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                      const char *name)
{
    static const char *const prefixes[] = { "", "lib" };
    struct choice choice = { .world = world, .arena = arena };

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
