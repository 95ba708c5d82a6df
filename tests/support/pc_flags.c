/*
 * tests/support/pc_flags.c - prints what tenon reads from .pc files, for comparison with pkgconf
 *
 * usage: pc_flags DIR:DIR... FILE.pc...
 *
 * For each file the lines "file", "version", "cflags", "libs", "private" or "error", their words
 * behind tabs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hunt.h"

static void print(const char *key, const struct tn_words *words)
{
    fputs(key, stdout);
    for (size_t i = 0; i < words->count; i++)
        printf("\t%s", words->at[i]);
    putchar('\n');
}

static void tell(tenon_world *world, const struct tn_words *dirs, const char *path)
{
    tenon_error err = TENON_ERROR_INIT;
    struct tn_arena arena = { 0 };
    struct tn_pc pc;

    printf("file\t%s\n", path);
    if (tn_pc_read(world, &arena, path, dirs, NULL, &pc, &err)) {
        printf("version\t%s\n", pc.version ? pc.version : "");
        print("cflags", &pc.cflags);
        print("libs", &pc.libs);
        print("private", &pc.private_libs);
    } else {
        printf("error\t%s\n", tenon_error_message(&err));
    }
    tn_pc_free(&pc);
    tn_arena_free(&arena);
}

int main(int argc, char **argv)
{
    struct tn_words dirs = { 0 };
    tenon_world *world = tenon_world_host(NULL);

    if (!world || argc < 3)
        return 2;
    for (char *dir = strtok(argv[1], ":"); dir; dir = strtok(NULL, ":"))
        if (!tn_words_add(&dirs, dir))
            return 2;
    for (int i = 2; i < argc; i++)
        tell(world, &dirs, argv[i]);
    tn_words_free(&dirs);
    tenon_world_free(world);
    return 0;
}
