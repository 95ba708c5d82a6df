/*
 * src/process/start_env.c - what the loader of this process took from its environment
 *
 * rule  glibc elf/rtld.c, process_envvars(); musl ldso/dynlink.c: LD_LIBRARY_PATH is read when the
 *       program starts; what setenv() does later is not seen. proc(5): /proc/PID/environ is the
 *       block of that time
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "process_private.h"

#define ROOM_FIRST 4096u
#define ROOM_MOST (4u << 20)

static const char variable[] = "LD_LIBRARY_PATH";

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

bool tn_process_take_start(tenon_process *process, tenon_error *err)
{
    size_t size, length = sizeof variable - 1;
    char *block = read_all("/proc/self/environ", &size);
    bool good = true;

    process->start_known = block && is_whole(block, size);
    for (const char *at = block; process->start_known && at < block + size; at += strlen(at) + 1) {
        if (strncmp(at, variable, length) != 0 || at[length] != '=')
            continue;
        process->start_path = tn_arena_string(&process->arena, at + length + 1);
        good = process->start_path || tn_no_memory(err);
        break;
    }
    free(block);
    return good;
}

bool tn_process_give_start(const tenon_process *process, tenon_world *world, tenon_error *err)
{
    return process->program || !process->start_known ||
           tenon_world_set_env(world, variable, process->start_path, err);
}
