/* src/cli/pack_run_path.c - run paths written by patchelf, into copies and when it was asked for */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder.h"
#include "fail.h"
#include "pack.h"
#include "replace_file.h"
#include "run.h"

bool pack_make_scratch(struct pack *pack, tenon_error *err)
{
    const char *place = getenv("TMPDIR");

    if (pack->scratch)
        return true;
    if (asprintf(&pack->scratch, "%s/tenon-XXXXXX", place && *place ? place : "/tmp") < 0) {
        pack->scratch = NULL;
        return tn_no_memory(err);
    }
    bool made = mkdtemp(pack->scratch);
    pack->scratch_list = made ? opendir(pack->scratch) : NULL;
    if (pack->scratch_list)
        return true;
    tn_fail_system(err, errno, "making a directory below %s", place && *place ? place : "/tmp");
    if (made)
        rmdir(pack->scratch);
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
    struct tn_signals signals;
    struct tn_exit result = { 0 };
    const char *path;
    bool started;

    if (!pack_make_scratch(pack, err))
        return NULL;
    path =
        tn_arena_format(&pack->arena, "%s/%zu-%s", pack->scratch, pack->patched_count, row->name);
    if (!path || !note_patched(pack, row->path, path, err)) {
        tn_no_memory(err);
        return NULL;
    }
    if (!copy(row->path, path, err))
        return NULL;
    tn_signals_hold(&signals);
    started = tn_run((const char *const[]){ "patchelf", "--set-rpath", "$ORIGIN", path, NULL }, -1,
                     -1, &signals, &result, err);
    if (signals.asked)
        pack_remove_scratch(pack);
    tn_signals_release(&signals);
    if (!started)
        tn_context(err, "--set-runpath needs patchelf");
    else if (result.status != 0)
        tn_fail(err, TENON_E_MALFORMED, "patchelf failed for %s", row->path);
    else if (check_patched(pack, path, err))
        return path;
    return NULL;
}

void pack_remove_scratch(struct pack *pack)
{
    DIR *list = pack->scratch_list;
    struct dirent *entry;

    if (!pack->scratch)
        return;
    rewinddir(list);
    while ((entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(list), entry->d_name, 0);
    closedir(list);
    pack->scratch_list = NULL;
    rmdir(pack->scratch);
    free(pack->scratch);
    pack->scratch = NULL;
}
