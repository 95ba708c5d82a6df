/* src/process/cache_use.c - a process's place in the cache, and what the cache knows of bundles */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "process_private.h"

/* As it will be called when it is made; NULL: no memory. */
static char *absolute(const char *place)
{
    char *path = NULL, *here = *place == '/' ? NULL : getcwd(NULL, 0);
    if (*place == '/')
        path = strdup(place);
    else if (here && asprintf(&path, "%s/%s", here, place) < 0)
        path = NULL;
    free(here);
    return path;
}

char *tn_process_cache_path(const tenon_process *process, const tenon_world *world,
                            tenon_error *err)
{
    struct tn_arena arena = { 0 };
    const char *place =
        process->cache_directory ? process->cache_directory : tn_cache_place(world, &arena, err);
    char *path = place ? realpath(place, NULL) : NULL;
    if (!path && place && !(path = absolute(place))) /* not made yet */
        tn_no_memory(err);
    tn_arena_free(&arena);
    return path;
}

struct tn_known *tn_process_known(tenon_process *process, const tenon_world *world)
{
    if (!process->known_tried && !process->secure) {
        char *place = tn_process_cache_path(process, world, NULL);
        process->known = place ? tn_known_open(place) : NULL;
        free(place);
    }
    process->known_tried = true;
    return process->known;
}
