/* src/link/aside.c - a linked file while the same command is run once more */
#include "aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "text.h"
#include "words.h"

bool tn_is_regular(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static void forget(struct tn_aside *aside)
{
    free(aside->real);
    free(aside->path);
    *aside = (struct tn_aside){ 0 };
}

/* A name of its own beside the file, taken by an empty one. */
static int take_name(struct tn_aside *aside)
{
    int descriptor = -1;

    if (asprintf(&aside->path, "%s.tenon-XXXXXX", aside->real) < 0) {
        aside->path = NULL;
        return ENOMEM;
    }
    descriptor = mkostemp(aside->path, O_CLOEXEC);
    if (descriptor < 0)
        return errno;
    close(descriptor);
    if (rename(aside->real, aside->path) == 0)
        return 0;
    int failed = errno;
    unlink(aside->path);
    return failed;
}

bool tn_aside_set(struct tn_aside *aside, const char *output, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    *aside = (struct tn_aside){ 0 };
    if (!tn_is_regular(output))
        return true;
    aside->real = realpath(output, NULL);
    int failed = aside->real ? take_name(aside) : errno;
    if (!failed)
        return true;
    forget(aside);
    return tn_fail_system(err, failed, "%s cannot be set aside", tn_quote(shown, output));
}

#define SLACK 65536 /* what a linker rounds up to, and its tables */

bool tn_aside_has_room(const struct tn_aside *aside, size_t more)
{
    struct stat info;
    char *path;

    if (!aside->path || stat(aside->path, &info) < 0 ||
        asprintf(&path, "%s.tenon-XXXXXX", aside->real) < 0)
        return true;
    int descriptor = mkostemp(path, O_CLOEXEC), failed = errno;
    if (descriptor >= 0) {
        failed = fallocate(descriptor, 0, 0, info.st_size + (off_t)more + SLACK) < 0 ? errno : 0;
        close(descriptor);
        unlink(path);
    }
    free(path);
    return failed != ENOSPC && failed != EDQUOT;
}

bool tn_remove_output(const char *output, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    bool gone = unlink(output) == 0 || errno == ENOENT;

    return tn_context(err, gone ? "%s is removed" : "%s cannot be removed, and has no whole record",
                      tn_quote(shown, output));
}

bool tn_is_own_failure(const tenon_error *err)
{
    return err->code == TENON_E_MEMORY ||
           (err->code == TENON_E_SYSTEM && err->system_errno != ENOENT);
}

bool tn_aside_keep(struct tn_aside *aside, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int failed = aside->path && rename(aside->path, aside->real) != 0 ? errno : 0;

    if (failed)
        tn_fail_system(err, failed, "%s is left as %s.tenon-*", tn_quote(shown, aside->real),
                       tn_base_name(aside->real));
    forget(aside);
    return !failed;
}

void tn_aside_drop(struct tn_aside *aside)
{
    if (aside->path)
        unlink(aside->path);
    forget(aside);
}
