/* src/bundle/file_identity.h - tells whether a file is still the one that was looked at */
#ifndef TN_FILE_IDENTITY_H
#define TN_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Whoever writes to a file, or puts another in its place, changes one of these: the change time
 * cannot be set back as the modification time can.
 */
struct tn_identity {
    uint64_t device, inode, size;
    int64_t changed; /* nanoseconds since 1970 */
};

static inline struct tn_identity tn_identity(const struct stat *info)
{
    return (struct tn_identity){
        .device = info->st_dev,
        .inode = info->st_ino,
        .size = (uint64_t)info->st_size,
        .changed = (int64_t)info->st_ctim.tv_sec * 1000000000 + info->st_ctim.tv_nsec,
    };
}

static inline bool tn_identity_same(const struct tn_identity *a, const struct tn_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed == b->changed;
}

#endif
