/*
 * src/process/start_env.c - what the loader of this process took from its environment
 *
 * rule  glibc elf/rtld.c, process_envvars(), elf/dl-tunables.c; musl ldso/dynlink.c: these are read
 *       when the program starts; what setenv() does later is not seen. proc(5): /proc/PID/environ
 * is the block of that time
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "process_private.h"

#define ROOM_FIRST 4096u
#define ROOM_MOST (4u << 20)

static const char *const variables[TN_START_VARIABLES] = { "LD_LIBRARY_PATH", "GLIBC_TUNABLES" };

/* All of a file without a size, with a NUL behind it; NULL: not to be had. To be freed. */
static char *read_all(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    ssize_t got = fd < 0 ? -1 : 1;

    *size = 0;
    for (size_t room = ROOM_FIRST; got > 0 && room <= ROOM_MOST; room *= 2) {
        char *more = realloc(text, room + 1);
        if (!more)
            got = -1;
        text = more ? more : text;
        while (got > 0 && *size < room && (got = read(fd, text + *size, room - *size)) > 0)
            *size += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    if (got == 0) {
        text[*size] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

/* A program may have written its title over the block: then nothing is known. */
static bool is_whole(const char *block, size_t size)
{
    return size && block[size - 1] == '\0' && strchr(block, '=');
}

/* Keeps "NAME=VALUE" when it is one of the variables, and the first of its name. */
static bool take(tenon_process *process, const char *text, tenon_error *err)
{
    for (size_t i = 0; i < TN_START_VARIABLES; i++) {
        size_t length = strlen(variables[i]);
        if (process->start[i] || strncmp(text, variables[i], length) != 0 || text[length] != '=')
            continue;
        process->start[i] = tn_arena_string(&process->arena, text + length + 1);
        return process->start[i] || tn_no_memory(err);
    }
    return true;
}

/*
 * glibc ends each value with a NUL where it was: what follows looks like a variable.
 *
 * rule  glibc 2.36 elf/dl-tunables.c, parse_tunables()
 */
static bool take_rest(tenon_process *process, const char *text, tenon_error *err)
{
    const char **list = &process->start[TN_START_VARIABLES - 1];
    if (!*list || strncmp(text, "glibc.", 6) != 0)
        return true;
    *list = tn_arena_join(&process->arena, *list, ":", text, NULL);
    return *list || tn_no_memory(err);
}

bool tn_process_take_start(tenon_process *process, tenon_error *err)
{
    size_t size;
    char *block = read_all("/proc/self/environ", &size);
    bool good = true;

    process->start_known = block && is_whole(block, size);
    if (process->start_known)
        for (const char *at = block; good && at < block + size; at += strlen(at) + 1)
            good = take(process, at, err) && take_rest(process, at, err);
    free(block);
    return good;
}

bool tn_process_give_start(const tenon_process *process, tenon_world *world, tenon_error *err)
{
    bool good = true;
    for (size_t i = 0; good && !process->program && process->start_known && i < TN_START_VARIABLES;
         i++)
        good = tenon_world_set_env(world, variables[i], process->start[i], err);
    return good;
}
