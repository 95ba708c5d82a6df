/* src/cli/input.c - a text that the user names: a file, a pipe, or standard input */
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

static int read_stream(FILE *in, size_t limit, struct tn_arena *arena, struct tn_view *out)
{
    uint8_t *bytes = tn_arena_bytes(arena, limit + 1);
    size_t got;

    if (!bytes)
        return ENOMEM;
    errno = 0;
    got = fread(bytes, 1, limit + 1, in);
    if (ferror(in))
        return errno ? errno : EIO;
    if (got > limit)
        return EFBIG;
    bytes[got] = '\0';
    *out = tn_view(bytes, got);
    return 0;
}

int cli_input(tenon_world *world, const char *file, size_t limit, struct tn_arena *arena,
              struct tn_view *out)
{
    struct stat info;
    int failed;
    FILE *in;

    if (strcmp(file, "-") == 0)
        return read_stream(stdin, limit, arena, out);
    /* a pipe has no size, and cannot be read by range */
    if (stat(file, &info) < 0 || !(S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)))
        return tn_file_whole(world, file, limit, arena, out);
    if (!(in = fopen(file, "re")))
        return errno;
    failed = read_stream(in, limit, arena, out);
    fclose(in);
    return failed;
}
