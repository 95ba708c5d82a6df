/*
 * src/find/platforms.c - THE table of platform facts
 *
 * source: ld.so(8) of each system, dyld(1), AIX ld and loader documentation, HP-UX ld(1) and
 * chatr(1), the GODI note on shared libraries; what each row rests on is in docs/design/find.md.
 */
#include <string.h>

#include "platforms.h"
#include "view.h"

#define RUN_PATH_SWITCHES(flag) "-Wl," flag ",DIR; LD_RUN_PATH holds a whole list"

/* What ELF systems have in common; the run path is spelled differently. */
#define ELF_SYSTEM(flag)                                                                           \
    .shlib_type = "ELF", .shlib_create = true, .elf_rpath = true, .rpath_flag = flag,              \
    .recording = TENON_RECORDS_RUN_PATH,                                                           \
    .recorded = "the run path, in the file that needs the library; -L is not recorded and has no " \
                "effect at the start; of the library its SONAME",                                  \
    .switches = RUN_PATH_SWITCHES(flag)
#define UNIX_VARIABLES                                                                             \
    .run_variables = "LD_LIBRARY_PATH LD_PRELOAD",                                                 \
    .link_variables = "LD_RUN_PATH LIBRARY_PATH CPATH C_INCLUDE_PATH"
#define ELF_NAMES .file_names = "lib<n>.so lib<n>.so.<V> lib<n>.a lib<n>.la"

#define HPUX_REFUSED .no_shared = "HP-UX: not supported by package systems"
#define PE_SYSTEM                                                                                  \
    .shlib_type = "PE", .recording = TENON_RECORDS_NOTHING, .run_variables = "PATH",               \
    .no_shared = "PE: nothing is gained and much trouble made, as a DLL is found by PATH alone"

static const tenon_platform platforms[] = {
    {
        .name = "linux",
        .describe = "GNU/Linux (glibc)",
        ELF_SYSTEM("-rpath"),
        UNIX_VARIABLES,
        ELF_NAMES,
        .search_libs = "/usr/local /usr",
        .loader_dirs = "/lib /usr/lib /lib64 /usr/lib64",
        .print_recorded = "objdump -p; readelf -d",
    },
    {
        .name = "linux-musl",
        .describe = "Linux with musl",
        ELF_SYSTEM("-rpath"),
        UNIX_VARIABLES,
        ELF_NAMES,
        .search_libs = "/usr/local /usr",
        .loader_dirs = "/lib /usr/local/lib /usr/lib",
        .print_recorded = "objdump -p; readelf -d",
    },
    {
        .name = "freebsd",
        .describe = "FreeBSD and DragonFly",
        ELF_SYSTEM("-rpath"),
        UNIX_VARIABLES,
        ELF_NAMES,
        .search_libs = "/usr/local /usr",
        .loader_dirs = "/lib /usr/lib",
        .print_recorded = "readelf -d; objdump -p",
    },
    {
        .name = "netbsd",
        .describe = "NetBSD (ELF)",
        ELF_SYSTEM("-R"),
        UNIX_VARIABLES,
        ELF_NAMES,
        .search_libs = "/usr/pkg /usr/X11R7 /usr",
        .loader_dirs = "/lib /usr/lib",
        .print_recorded = "objdump -p; readelf -d",
    },
    {
        .name = "openbsd",
        .describe = "OpenBSD",
        ELF_SYSTEM("-rpath"),
        UNIX_VARIABLES,
        .search_libs = "/usr/local /usr/X11R6 /usr",
        .loader_dirs = "/usr/lib",
        .print_recorded = "objdump -p; readelf -d",
        .file_names = "lib<n>.so.<N>.<M> lib<n>.a lib<n>.la",
    },
    {
        .name = "solaris",
        .describe = "Solaris and illumos",
        ELF_SYSTEM("-R"),
        ELF_NAMES,
        .search_libs = "/opt/local /usr/local /usr",
        .run_variables = "LD_LIBRARY_PATH LD_LIBRARY_PATH_32 LD_LIBRARY_PATH_64 LD_PRELOAD",
        .link_variables = "LD_RUN_PATH LIBRARY_PATH CPATH C_INCLUDE_PATH LD_OPTIONS",
        .loader_dirs = "/lib /usr/lib /lib/64 /usr/lib/64",
        .print_recorded = "dump -Lv; elfdump -d",
    },
    {
        .name = "android",
        .describe = "Android (bionic)",
        ELF_SYSTEM("-rpath"),
        UNIX_VARIABLES,
        .search_libs = "/system /vendor",
        .loader_dirs = "/system/lib /system/lib64 /vendor/lib /vendor/lib64",
        .print_recorded = "readelf -d",
        .file_names = "lib<n>.so lib<n>.a",
    },
    {
        .name = "hpux64",
        .describe = "HP-UX, 64-bit ELF",
        HPUX_REFUSED,
        .shlib_type = "ELF",
        .search_libs = "/usr/local /usr",
        .run_variables = "LD_LIBRARY_PATH SHLIB_PATH",
        .link_variables = "LPATH",
        .loader_dirs = "/usr/lib/pa20_64 /usr/lib/hpux64",
        .recording = TENON_RECORDS_PLUS_B,
        .recorded = "the list of +b; without +b the -L directories, so that build directories "
                    "must not be among them",
        .switches = "-Wl,+b,DIR:DIR; -LDIR when there is no +b",
        .print_recorded = "chatr; elfdump",
        .file_names = "lib<n>.sl lib<n>.so lib<n>.<N> lib<n>.so.<N> lib<n>.a",
    },
    {
        .name = "hpux32",
        .describe = "HP-UX, 32-bit SOM",
        HPUX_REFUSED,
        .shlib_type = "SOM",
        .search_libs = "/usr/local /usr",
        .run_variables = "SHLIB_PATH",
        .link_variables = "LPATH",
        .recording = TENON_RECORDS_LINK_DIRS,
        .recorded = "the -L directories, so that build directories must not be among them; +b "
                    "replaces them",
        .switches = "-LDIR; -Wl,+b,DIR:DIR replaces all of them",
        .print_recorded = "chatr",
        .file_names = "lib<n>.sl lib<n>.<N> lib<n>.a",
    },
    {
        .name = "cygwin",
        .describe = "Cygwin",
        PE_SYSTEM,
        .search_libs = "/usr/local /usr",
        .link_variables = "LIBRARY_PATH CPATH C_INCLUDE_PATH",
        .recorded = "nothing but the name of the DLL, which is looked for in PATH",
        .print_recorded = "cygcheck; objdump -p",
        .file_names = "lib<n>.a lib<n>.dll.a cyg<n>-<V>.dll cyg<n>.dll lib<n>.la",
    },
    {
        .name = "windows",
        .describe = "Windows (MinGW)",
        PE_SYSTEM,
        .link_variables = "LIBRARY_PATH CPATH C_INCLUDE_PATH LIB",
        .recorded = "nothing but the name of the DLL, which is looked for beside the program and "
                    "in PATH",
        .print_recorded = "objdump -p",
        .file_names = "lib<n>.a lib<n>.dll.a <n>.lib <n>.dll lib<n>.dll lib<n>-<V>.dll lib<n>.la",
    },
    {
        .name = "darwin",
        .describe = "Darwin, Mac OS X, macOS",
        .shlib_type = "MachO",
        .shlib_create = true,
        .search_libs = "/opt/homebrew /opt/local /usr/local /usr",
        .run_variables = "DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH DYLD_INSERT_LIBRARIES "
                         "DYLD_FRAMEWORK_PATH DYLD_FALLBACK_FRAMEWORK_PATH DYLD_IMAGE_SUFFIX "
                         "DYLD_ROOT_PATH DYLD_VERSIONED_LIBRARY_PATH",
        .link_variables = "LIBRARY_PATH CPATH C_INCLUDE_PATH",
        /* rule  dyld(1): of the fallback directories $HOME/lib is the first, until macOS 10.14 */
        .loader_dirs = "$HOME/lib /usr/local/lib /lib /usr/lib",
        .recording = TENON_RECORDS_INSTALL_NAME,
        .recorded = "the library's own install name, wherever -L found it; -rpath only helps one "
                    "that begins with @rpath",
        .switches = "-install_name DIR/FILE when the library is made; while it is not yet in "
                    "place -Wl,-dylib_file,DIR/FILE:WHERE_IT_IS; -Wl,-rpath,DIR for @rpath",
        .print_recorded = "otool -L -l -D",
        .file_names = "lib<n>.dylib lib<n>.<V>.dylib <n>.framework lib<n>.a lib<n>.tbd lib<n>.la",
    },
    {
        .name = "aix",
        .describe = "AIX",
        .shlib_type = "XCOFF",
        .search_libs = "/opt/freeware /usr/local /usr",
        .run_variables = "LIBPATH LD_LIBRARY_PATH LDR_PRELOAD LDR_PRELOAD64",
        .link_variables = "LIBPATH LIBRARY_PATH CPATH",
        .recording = TENON_RECORDS_LINK_DIRS,
        .recorded = "the \"index 0\" path: the -L directories, then /usr/lib and /lib; "
                    "-blibpath replaces all of it, -bnolibpath by LIBPATH at link time; build "
                    "directories must not be among them",
        .switches = "-LDIR; -Wl,-blibpath:DIR:/usr/lib:/lib in its place; with -Wl,-bnolibpath no "
                    "-L is recorded",
        .print_recorded = "dump -Hv",
        .file_names = "lib<n>.a lib<n>.so lib<n>.so.<V> lib<n>.o lib<n>.la",
        .no_shared = "AIX: export lists are needed, and shared segments stay loaded",
    },
    {
        .name = "netbsd-aout",
        .describe = "NetBSD a.out",
        UNIX_VARIABLES,
        .shlib_type = "a.out",
        .shlib_create = true,
        .search_libs = "/usr/pkg /usr/X11R6 /usr",
        .loader_dirs = "/usr/lib",
        .recording = TENON_RECORDS_NOTHING,
        .recorded = "nothing that a user sets; the loader's configuration says where libraries are",
        .print_recorded = "ldd",
        .file_names = "lib<n>.so.<N>.<M> lib<n>.a lib<n>.la",
    },
    {
        .name = "none",
        .describe = "a system without shared libraries",
        .shlib_type = "NA",
        .search_libs = "/usr/local /usr",
        .link_variables = "LIBRARY_PATH CPATH C_INCLUDE_PATH",
        .recording = TENON_RECORDS_NOTHING,
        .recorded = "nothing: all libraries are static",
        .file_names = "lib<n>.a lib<n>.la",
        .no_shared = "SHLIB_TYPE is NA: there are no shared libraries",
    },
};

const tenon_platform *tenon_platform_at(size_t i)
{
    return i < TN_COUNT(platforms) ? &platforms[i] : NULL;
}

const tenon_platform *tenon_platform_named(const char *name)
{
    for (size_t i = 0; i < TN_COUNT(platforms); i++)
        if (strcmp(platforms[i].name, name) == 0)
            return &platforms[i];
    return NULL;
}

/* Parts of target triples; the first row that is contained decides. */
static const struct {
    const char *part, *platform;
} targets[] = {
    { "linux-android", "android" },
    { "linux-musl", "linux-musl" },
    { "linux", "linux" },
    { "freebsd", "freebsd" },
    { "dragonfly", "freebsd" },
    { "netbsdaout", "netbsd-aout" },
    { "netbsd", "netbsd" },
    { "openbsd", "openbsd" },
    { "solaris", "solaris" },
    { "illumos", "solaris" },
    { "cygwin", "cygwin" },
    { "mingw", "windows" },
    { "windows", "windows" },
    { "darwin", "darwin" },
    { "macos", "darwin" },
    { "apple", "darwin" },
    { "aix", "aix" },
};

const tenon_platform *tenon_platform_of_target(const char *triple)
{
    /* rule  config.guess: hppa64 and ia64 are the 64-bit ABIs, other hppa have 32 bits */
    if (strstr(triple, "hpux")) {
        bool is_64 = strncmp(triple, "hppa64", 6) == 0 || strncmp(triple, "ia64", 4) == 0;
        return tenon_platform_named(is_64 ? "hpux64" : "hpux32");
    }
    for (size_t i = 0; i < TN_COUNT(targets); i++)
        if (strstr(triple, targets[i].part))
            return tenon_platform_named(targets[i].platform);
    return NULL;
}

static bool has_word(const char *list, const char *word, size_t size)
{
    while (list && *list) {
        size_t n = strcspn(list, " ");
        if (n == size && strncmp(list, word, n) == 0)
            return true;
        list += n + strspn(list + n, " ");
    }
    return false;
}

bool tn_list_has(const char *list, const char *word)
{
    return has_word(list, word, strlen(word));
}

bool tn_platform_loads_from(const tenon_platform *platform, const char *dir)
{
    size_t size = strlen(dir);

    while (size > 1 && dir[size - 1] == '/')
        size--;
    /* rule  glibc, --libdir and slibdir: each distribution settles which of them it is */
    return strcmp(platform->name, "linux") != 0 && has_word(platform->loader_dirs, dir, size);
}

/* ---- with settings --------------------------------------------------------------------------- */

static bool is_set(const tenon_settings *settings, const char *name, const char *value)
{
    const char *own = tenon_settings_get(settings, name);

    return own && strcmp(own, value) == 0;
}

const tenon_platform *tn_platform_in_force(const tenon_platform *platform,
                                           const tenon_settings *settings)
{
    return is_set(settings, "SHLIB_TYPE", "NA") ? tenon_platform_named("none") : platform;
}

const char *tn_platform_recorded(const tenon_platform *platform, const tenon_settings *settings)
{
    const tenon_platform *row = tn_platform_in_force(platform, settings);

    if (row->recording != TENON_RECORDS_RUN_PATH || is_set(settings, "ELF_RPATH", "yes"))
        return row->recorded;
    return "of the library its SONAME; no run path, since ELF_RPATH is no; -L is not recorded and "
           "has no effect at the start";
}

const char *tn_platform_switches(const tenon_platform *platform, const tenon_settings *settings)
{
    const tenon_platform *row = tn_platform_in_force(platform, settings);

    if (row->recording != TENON_RECORDS_RUN_PATH)
        return row->switches;
    if (!is_set(settings, "ELF_RPATH", "yes"))
        return "none, since ELF_RPATH is no";
    return is_set(settings, "RPATH_FLAG", "-R") ? RUN_PATH_SWITCHES("-R")
                                                : RUN_PATH_SWITCHES("-rpath");
}
