/* include/tenon/world.h - everything tenon may know of a machine: files, directories, environment
 */
#ifndef TENON_WORLD_H
#define TENON_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A world is a stack of layers, each a tree of files mounted at a path, with an environment,
 * a current directory and a processor. Readers and loader rules see the machine only through
 * it, so the same question can be asked about this system, about a directory tree of another
 * one, or about files that exist nowhere but in memory.
 *
 * Paths are absolute and separated by '/'. A drive is a first component ("/C:/Windows").
 * A later layer covers earlier ones: a file it has hides theirs, a directory merges.
 * Symbolic links are followed inside the world, never out of it.
 *
 * threads  a world belongs to one thread at a time (it caches directory listings)
 */
typedef struct tenon_world tenon_world;

enum tenon_file_type {
    TENON_FILE_REGULAR,
    TENON_FILE_DIRECTORY,
    TENON_FILE_SYMLINK,
    TENON_FILE_OTHER,
};

/* Identity and kind of a file. Device and inode are equal exactly for the same file. */
typedef struct tenon_file_info {
    uint64_t device;
    uint64_t inode;
    uint64_t size;    /* bytes */
    uint64_t changed; /* change time, nanoseconds since 1970; 0 when unknown */
    uint32_t mode;    /* permission bits, set-uid and set-gid included */
    enum tenon_file_type type;
} tenon_file_info;

/* Whether "LIB" and "lib" are the same name in a layer. */
enum tenon_case { TENON_CASE_SENSITIVE, TENON_CASE_INSENSITIVE };

/*
 * What a layer must answer. Each function returns 0 or an errno value; paths are below the
 * layer's root, begin with '/', and hold no "." or "..". None may follow a symbolic link in
 * the last component except open and list, which are only called on resolved paths. All but free
 * must be there. ENOENT and ENOTDIR leave the question to the layers below.
 *
 * open     fills *info as lstat does, and *file with what read and close are given
 * read     *got is less than `size` at the end of the file alone, 0 from there on: no error
 * lstat    fills all of *info; device and inode need be unique in this layer only
 * readlink at most `size` bytes without a NUL, *length of them; a target that was cut has
 *          *length == size, and is refused
 * list     in any order, "." and ".." or not; ends at once when `each` returns other than 0, and
 *          returns that
 * threads  all are called by the thread that uses the world, and none may use that world
 */
typedef struct tenon_layer_ops {
    int (*open)(void *layer, const char *path, tenon_file_info *info, void **file);
    int (*read)(void *layer, void *file, uint64_t offset, void *bytes, size_t size, size_t *got);
    void (*close)(void *layer, void *file);
    int (*lstat)(void *layer, const char *path, tenon_file_info *info);
    int (*readlink)(void *layer, const char *path, char *target, size_t size, size_t *length);
    int (*list)(void *layer, const char *path, int (*each)(void *arg, const char *name), void *arg);
    void (*free)(void *layer);
} tenon_layer_ops;

/*
 * This system: its files, the caller's environment and current directory, this processor.
 *
 * owner    the caller, until tenon_world_free()
 * errors   TENON_E_MEMORY, TENON_E_SYSTEM
 */
TENON_API tenon_world *tenon_world_host(tenon_error *err);

/*
 * The tree below the directory `dir` of this system, as if it were "/". Absolute symbolic
 * links in it stay in it. Its environment is empty and its processor the architecture's
 * baseline.
 *
 * owner    copies `dir`; the world is the caller's, until tenon_world_free()
 * errors   TENON_E_MEMORY, TENON_E_SYSTEM when `dir` is no directory
 */
TENON_API tenon_world *tenon_world_sysroot(const char *dir, tenon_error *err);

/*
 * A world with no files at all, to be filled with the functions below.
 *
 * errors   TENON_E_MEMORY
 */
TENON_API tenon_world *tenon_world_empty(tenon_error *err);

/*
 * Ends a world; NULL is fine. Images and graphs made from it may stay; resolvers must be gone
 * before.
 */
TENON_API void tenon_world_free(tenon_world *world);

/*
 * Adds the directory `dir` of this system as a layer that appears at `mount` ("/", "/C:").
 *
 * owner    copies both strings
 * errors   TENON_E_MEMORY, TENON_E_SYSTEM, TENON_E_ARGUMENT when `mount` is not absolute
 */
TENON_API bool tenon_world_add_dir(tenon_world *world, const char *mount, const char *dir,
                                   enum tenon_case names, tenon_error *err);

/*
 * Adds a layer of the caller's own making that appears at `mount`.
 *
 * owner    copies `ops` and `mount`; `layer` is given back to ops->free by tenon_world_free(), or
 *          at once when this call fails
 * errors   TENON_E_MEMORY, TENON_E_ARGUMENT
 */
TENON_API bool tenon_world_add_layer(tenon_world *world, const char *mount,
                                     const tenon_layer_ops *ops, void *layer, enum tenon_case names,
                                     tenon_error *err);

/*
 * Puts a file, symbolic link or directory that exists only in memory over everything else
 * (mode: permission bits; a file without any read bit cannot be opened, EACCES). Missing parent
 * directories come into being. Symbolic links on the way are followed, one at the end is replaced.
 *
 * owner    copies everything
 * errors   TENON_E_MEMORY, TENON_E_ARGUMENT when `path` is not absolute or leads through a file
 */
TENON_API bool tenon_world_put_file(tenon_world *world, const char *path, const void *bytes,
                                    size_t size, uint32_t mode, tenon_error *err);
TENON_API bool tenon_world_put_link(tenon_world *world, const char *path, const char *target,
                                    tenon_error *err);
TENON_API bool tenon_world_put_dir(tenon_world *world, const char *path, tenon_error *err);

/*
 * Makes the file or directory at `path` absent from the world ("what if it were gone?"), in all
 * layers, until something is put there. A symbolic link at the end is not followed.
 *
 * errors   TENON_E_MEMORY, TENON_E_ARGUMENT for the root, or a path that leads through a file
 */
TENON_API bool tenon_world_hide(tenon_world *world, const char *path, tenon_error *err);

/*
 * Chooses whether names in the overlay of in-memory files differ by case.
 */
TENON_API void tenon_world_set_case(tenon_world *world, enum tenon_case names);

/*
 * The environment. set: `value` NULL unsets. A name that is not set gives NULL.
 *
 * owner    copies its arguments; tenon_world_env() borrows from the world until the next set
 * errors   TENON_E_MEMORY, TENON_E_ARGUMENT for a name with '=' or an empty one
 */
TENON_API bool tenon_world_set_env(tenon_world *world, const char *name, const char *value,
                                   tenon_error *err);
TENON_API void tenon_world_clear_env(tenon_world *world);
TENON_API const char *tenon_world_env(const tenon_world *world, const char *name);

/*
 * Settings of a system that are neither files nor environment: what a registry says, which
 * libraries a system has inside itself. Names are those that the pages of the loaders list
 * ("SafeDllSearchMode", "KnownDLLs"); others are kept and asked for by nobody. `value` NULL
 * unsets. A name that is not set gives NULL: the loader's default.
 *
 * owner    copies its arguments; tenon_world_setting() borrows from the world until the next set
 * errors   TENON_E_MEMORY, TENON_E_ARGUMENT for a name with '=' or an empty one
 */
TENON_API bool tenon_world_set_setting(tenon_world *world, const char *name, const char *value,
                                       tenon_error *err);
TENON_API const char *tenon_world_setting(const tenon_world *world, const char *name);

/*
 * The current directory that relative paths and empty path elements mean; absolute, "/" at
 * first in every world but the host's.
 */
TENON_API bool tenon_world_set_cwd(tenon_world *world, const char *path, tenon_error *err);
TENON_API const char *tenon_world_cwd(const tenon_world *world);

/* Secure execution: what AT_SECURE and issetugid() say (set-uid, set-gid, file capabilities). */
TENON_API void tenon_world_set_secure(tenon_world *world, bool secure);
TENON_API bool tenon_world_secure(const tenon_world *world);

/*
 * The processor's level by its glibc-hwcaps name ("x86-64-v3", "power10", "z15"); "" is the
 * architecture's baseline. The platform is the kernel's AT_PLATFORM string; "" means none.
 *
 * owner    copies; getters borrow from the world
 * errors   TENON_E_MEMORY
 */
TENON_API bool tenon_world_set_cpu(tenon_world *world, const char *level, tenon_error *err);
TENON_API const char *tenon_world_cpu(const tenon_world *world);
TENON_API bool tenon_world_set_platform(tenon_world *world, const char *platform, tenon_error *err);
TENON_API const char *tenon_world_platform(const tenon_world *world);

/*
 * The processor's maker, "intel" or "amd"; "" is any other and every world's but the host's. glibc
 * up to 2.36 has directories and a platform of their own for one of them.
 *
 * owner    copies; the getter borrows from the world
 * errors   TENON_E_MEMORY
 */
TENON_API bool tenon_world_set_vendor(tenon_world *world, const char *vendor, tenon_error *err);
TENON_API const char *tenon_world_vendor(const tenon_world *world);

/* True when programs of this world run on the machine tenon runs on (only tenon_world_host()). */
TENON_API bool tenon_world_is_host(const tenon_world *world);

/*
 * Identity of the file at `path`, symbolic links followed. A relative path starts at the cwd.
 *
 * returns  0, or the errno value a system call would have given (ENOENT, EACCES, ELOOP, ...)
 */
TENON_API int tenon_world_stat(tenon_world *world, const char *path, tenon_file_info *info);

/* As tenon_world_stat, but of a symbolic link itself when the last component is one. */
TENON_API int tenon_world_lstat(tenon_world *world, const char *path, tenon_file_info *info);

/*
 * Reads up to `size` bytes from `offset` of the file at `path`; *got is less than `size` only
 * at the end of the file.
 *
 * returns  0 or an errno value
 */
TENON_API int tenon_world_read(tenon_world *world, const char *path, uint64_t offset, void *bytes,
                               size_t size, size_t *got);

/*
 * Calls `each` for every name in the directory, in bytewise order, without "." and "..". A
 * directory is asked of its layers once and remembered. `each` stops the walk by returning
 * non-zero; it must not change the world's files.
 *
 * returns  0, an errno value, or what `each` returned
 */
TENON_API int tenon_world_list(tenon_world *world, const char *path,
                               int (*each)(void *arg, const char *name), void *arg);

/*
 * The path with every symbolic link, "." and ".." resolved.
 *
 * owner    a new string for the caller to free(), or NULL with *err_number set (may be ENOMEM)
 */
TENON_API char *tenon_world_realpath(tenon_world *world, const char *path, int *err_number);

#ifdef __cplusplus
}
#endif
#endif
