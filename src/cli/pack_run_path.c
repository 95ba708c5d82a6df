/* src/cli/pack_run_path.c - run paths written by patchelf, into copies and when it was asked for */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder.h"
#include "fail.h"
#include "pack.h"
#include "replace_file.h"

extern char **environ;

int pack_run_program(const char *const *argv)
{
    int status;
    pid_t child;

    if (posix_spawnp(&child, argv[0], NULL, NULL, (char *const *)argv, environ) != 0)
        return 127;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool make_scratch(struct pack *pack, tenon_error *err)
{
    const char *place = getenv("TMPDIR");

    if (pack->scratch)
        return true;
    if (asprintf(&pack->scratch, "%s/tenon-XXXXXX", place && *place ? place : "/tmp") < 0) {
        pack->scratch = NULL;
        return tn_no_memory(err);
    }
    if (mkdtemp(pack->scratch))
        return true;
    tn_fail_system(err, errno, "making a directory below %s", place && *place ? place : "/tmp");
    free(pack->scratch);
    pack->scratch = NULL;
    return false;
}

static bool copy(const char *from, const char *to, tenon_error *err)
{
    void *bytes;
    size_t size;
    bool ok;

    if (!tn_read_file(from, &bytes, &size, err))
        return false;
    ok = tn_replace_file(AT_FDCWD, to, bytes, size, 0700, NULL, err);
    free(bytes);
    return ok;
}

static bool note_patched(struct pack *pack, const char *path, const char *copy, tenon_error *err)
{
    if (!tn_grow(&pack->patched, &pack->patched_room, pack->patched_count, sizeof *pack->patched))
        return tn_no_memory(err);
    pack->patched[pack->patched_count++] = (struct pack_patched){ path, copy };
    return true;
}

/* What patchelf says to have done is looked at. */
static bool check_patched(struct pack *pack, const char *path, tenon_error *err)
{
    tenon_image *image = tenon_image_open(pack->world, path, 0, err);
    bool ok = image && tn_has_origin(image);

    tenon_image_free(image);
    return ok || !image || tn_fail(err, TENON_E_MALFORMED, "patchelf left no run path in %s", path);
}

const char *pack_patch(struct pack *pack, const struct tn_needed *row, tenon_error *err)
{
    const char *path;
    int status;

    if (!make_scratch(pack, err))
        return NULL;
    path =
        tn_arena_format(&pack->arena, "%s/%zu-%s", pack->scratch, pack->patched_count, row->name);
    if (!path || !note_patched(pack, row->path, path, err)) {
        tn_no_memory(err);
        return NULL;
    }
    if (!copy(row->path, path, err))
        return NULL;
    status =
        pack_run_program((const char *const[]){ "patchelf", "--set-rpath", "$ORIGIN", path, NULL });
    if (status == 127)
        tn_fail(err, TENON_E_UNSUPPORTED, "--set-runpath needs patchelf, which is not installed");
    else if (status != 0)
        tn_fail(err, TENON_E_MALFORMED, "patchelf failed for %s", row->path);
    else if (check_patched(pack, path, err))
        return path;
    return NULL;
}

void pack_remove_scratch(struct pack *pack)
{
    if (!pack->scratch)
        return;
    for (size_t i = 0; i < pack->patched_count; i++)
        unlink(pack->patched[i].copy);
    rmdir(pack->scratch);
    free(pack->scratch);
    pack->scratch = NULL;
}
