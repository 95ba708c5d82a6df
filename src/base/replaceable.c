/* src/base/replaceable.c - may a new file take the place of what has a name? */
#include "replaceable.h"

#include <errno.h>
#include <fcntl.h>

#include "fail.h"

bool tn_is_replaceable(int dir, const char *path, struct stat *info, bool *there, tenon_error *err)
{
    *there = fstatat(dir, path, info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*there)
        return errno == ENOENT || tn_fail_system(err, errno, "looking at it");
    return S_ISREG(info->st_mode) ||
           tn_fail(err, TENON_E_ARGUMENT, "it is there, and is no regular file");
}
