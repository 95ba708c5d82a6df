/*
 * src/find/platforms.c - THE table of platform facts
 *
 * source: ld.so(8) of each system, dyld(1), AIX ld and loader documentation, HP-UX ld(1) and
 * chatr(1), the GODI note on shared libraries; what each row rests on is in docs/design/find.md.
 */
#include <string.h>

#include "platforms.h"
#include "view.h"

#define ELF_NAMES "lib<n>.so lib<n>.so.<V> lib<n>.a lib<n>.la"
#define ELF_RUN "LD_LIBRARY_PATH LD_PRELOAD"
#define ELF_LINK "LD_RUN_PATH LIBRARY_PATH CPATH C_INCLUDE_PATH"
#define ELF_RECORDED                                                                               \
    "the run path, in the file that needs the library; -L is not recorded and has no effect at "   \
    "the start; of the library its SONAME"

static const tenon_platform platforms[] = {
    {
        .name = "linux",
        .describe = "GNU/Linux (glibc)",
        .shlib_type = "ELF",
        .shlib_create = true,
        .elf_rpath = true,
        .rpath_flag = "-rpath",
        .search_libs = "/usr/local /usr",
        .run_variables = ELF_RUN,
        .link_variables = ELF_LINK,
        .loader_dirs = "/lib /usr/lib /lib64 /usr/lib64",
        .recording = TENON_RECORDS_RUN_PATH,
        .recorded = ELF_RECORDED,
        .print_recorded = "objdump -p; readelf -d",
        .file_names = ELF_NAMES,
    },
    {
        .name = "linux-musl",
        .describe = "Linux with musl",
        .shlib_type = "ELF",
        .shlib_create = true,
        .elf_rpath = true,
        .rpath_flag = "-rpath",
        .search_libs = "/usr/local /usr",
        .run_variables = ELF_RUN,
        .link_variables = ELF_LINK,
        .loader_dirs = "/lib /usr/local/lib /usr/lib",
        .recording = TENON_RECORDS_RUN_PATH,
        .recorded = ELF_RECORDED,
        .print_recorded = "objdump -p; readelf -d",
        .file_names = ELF_NAMES,
    },
    {
        .name = "freebsd",
        .describe = "FreeBSD and DragonFly",
        .shlib_type = "ELF",
        .shlib_create = true,
        .elf_rpath = true,
        .rpath_flag = "-rpath",
        .search_libs = "/usr/local /usr",
        .run_variables = ELF_RUN,
        .link_variables = ELF_LINK,
        .loader_dirs = "/lib /usr/lib",
        .recording = TENON_RECORDS_RUN_PATH,
        .recorded = ELF_RECORDED,
        .print_recorded = "readelf -d; objdump -p",
        .file_names = ELF_NAMES,
    },
    {
        .name = "netbsd",
        .describe = "NetBSD (ELF)",
        .shlib_type = "ELF",
        .shlib_create = true,
        .elf_rpath = true,
        .rpath_flag = "-R",
        .search_libs = "/usr/pkg /usr/X11R7 /usr",
        .run_variables = ELF_RUN,
        .link_variables = ELF_LINK,
        .loader_dirs = "/lib /usr/lib",
        .recording = TENON_RECORDS_RUN_PATH,
        .recorded = ELF_RECORDED,
        .print_recorded = "objdump -p; readelf -d",
        .file_names = ELF_NAMES,
    },
    {
        .name = "openbsd",
        .describe = "OpenBSD",
        .shlib_type = "ELF",
        .shlib_create = true,
        .elf_rpath = true,
        .rpath_flag = "-rpath",
        .search_libs = "/usr/local /usr/X11R6 /usr",
        .run_variables = ELF_RUN,
        .link_variables = ELF_LINK,
        .loader_dirs = "/usr/lib",
        .recording = TENON_RECORDS_RUN_PATH,
        .recorded = ELF_RECORDED,
        .print_recorded = "objdump -p; readelf -d",
        .file_names = "lib<n>.so.<N>.<M> lib<n>.a lib<n>.la",
    },
    {
        .name = "solaris",
        .describe = "Solaris and illumos",
        .shlib_type = "ELF",
        .shlib_create = true,
        .elf_rpath = true,
        .rpath_flag = "-R",
        .search_libs = "/opt/local /usr/local /usr",
        .run_variables = "LD_LIBRARY_PATH LD_LIBRARY_PATH_32 LD_LIBRARY_PATH_64 LD_PRELOAD",
        .link_variables = ELF_LINK " LD_OPTIONS",
        .loader_dirs = "/lib /usr/lib /lib/64 /usr/lib/64",
        .recording = TENON_RECORDS_RUN_PATH,
        .recorded = ELF_RECORDED,
        .print_recorded = "dump -Lv; elfdump -d",
        .file_names = ELF_NAMES,
    },
    {
        .name = "android",
        .describe = "Android (bionic)",
        .shlib_type = "ELF",
        .shlib_create = true,
        .elf_rpath = true,
        .rpath_flag = "-rpath",
        .search_libs = "/system /vendor",
        .run_variables = ELF_RUN,
        .link_variables = ELF_LINK,
        .loader_dirs = "/system/lib /system/lib64 /vendor/lib /vendor/lib64",
        .recording = TENON_RECORDS_RUN_PATH,
        .recorded = ELF_RECORDED,
        .print_recorded = "readelf -d",
        .file_names = "lib<n>.so lib<n>.a",
    },
    {
        .name = "hpux64",
        .describe = "HP-UX, 64-bit ELF",
        .shlib_type = "ELF",
        .shlib_create = false,
        .elf_rpath = false,
        .search_libs = "/usr/local /usr",
        .run_variables = "LD_LIBRARY_PATH SHLIB_PATH",
        .link_variables = "LPATH",
        .loader_dirs = "/usr/lib/pa20_64 /usr/lib/hpux64",
        .recording = TENON_RECORDS_PLUS_B,
        .recorded = "the list of +b; without +b the -L directories, so that build directories "
                    "must not be among them",
        .print_recorded = "chatr; elfdump",
        .file_names = "lib<n>.sl lib<n>.so lib<n>.<N> lib<n>.so.<N> lib<n>.a",
        .no_shared = "HP-UX: not supported by package systems",
    },
    {
        .name = "hpux32",
        .describe = "HP-UX, 32-bit SOM",
        .shlib_type = "SOM",
        .shlib_create = false,
        .search_libs = "/usr/local /usr",
        .run_variables = "SHLIB_PATH",
        .link_variables = "LPATH",
        .recording = TENON_RECORDS_LINK_DIRS,
        .recorded = "the -L directories, so that build directories must not be among them; +b "
                    "replaces them",
        .print_recorded = "chatr",
        .file_names = "lib<n>.sl lib<n>.<N> lib<n>.a",
        .no_shared = "HP-UX: not supported by package systems",
    },
    {
        .name = "cygwin",
        .describe = "Cygwin",
        .shlib_type = "PE",
        .shlib_create = false,
        .search_libs = "/usr/local /usr",
        .run_variables = "PATH",
        .link_variables = "LIBRARY_PATH CPATH C_INCLUDE_PATH",
        .recording = TENON_RECORDS_NOTHING,
        .recorded = "nothing but the name of the DLL, which is looked for in PATH",
        .print_recorded = "cygcheck; objdump -p",
        .file_names = "lib<n>.a lib<n>.dll.a cyg<n>-<V>.dll cyg<n>.dll lib<n>.la",
        .no_shared = "PE: nothing is gained and much trouble made, as a DLL is found by PATH alone",
    },
    {
        .name = "windows",
        .describe = "Windows (MinGW)",
        .shlib_type = "PE",
        .shlib_create = false,
        .run_variables = "PATH",
        .link_variables = "LIBRARY_PATH CPATH C_INCLUDE_PATH LIB",
        .recording = TENON_RECORDS_NOTHING,
        .recorded = "nothing but the name of the DLL, which is looked for beside the program and "
                    "in PATH",
        .print_recorded = "objdump -p",
        .file_names = "lib<n>.a lib<n>.dll.a <n>.lib <n>.dll lib<n>.dll lib<n>-<V>.dll lib<n>.la",
        .no_shared = "PE: nothing is gained and much trouble made, as a DLL is found by PATH alone",
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
        .loader_dirs = "/usr/local/lib /lib /usr/lib",
        .recording = TENON_RECORDS_INSTALL_NAME,
        .recorded = "the library's own install name, wherever -L found it; -rpath only helps one "
                    "that begins with @rpath",
        .print_recorded = "otool -L -l -D",
        .file_names = "lib<n>.dylib lib<n>.<V>.dylib <n>.framework lib<n>.a lib<n>.tbd lib<n>.la",
    },
    {
        .name = "aix",
        .describe = "AIX",
        .shlib_type = "XCOFF",
        .shlib_create = false,
        .search_libs = "/opt/freeware /usr/local /usr",
        .run_variables = "LIBPATH LD_LIBRARY_PATH LDR_PRELOAD LDR_PRELOAD64",
        .link_variables = "LIBPATH LIBRARY_PATH CPATH",
        .recording = TENON_RECORDS_LINK_DIRS,
        .recorded = "the \"index 0\" path: the -L directories, then /usr/lib and /lib; "
                    "-blibpath replaces all of it; build directories must not be among them",
        .print_recorded = "dump -Hv",
        .file_names = "lib<n>.a lib<n>.so lib<n>.so.<V> lib<n>.o lib<n>.la",
        .no_shared = "AIX: export lists are needed, and shared segments stay loaded",
    },
    {
        .name = "netbsd-aout",
        .describe = "NetBSD a.out",
        .shlib_type = "a.out",
        .shlib_create = true,
        .search_libs = "/usr/pkg /usr/X11R6 /usr",
        .run_variables = "LD_LIBRARY_PATH LD_PRELOAD",
        .link_variables = ELF_LINK,
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
        .shlib_create = false,
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

bool tn_list_has(const char *list, const char *word)
{
    size_t size = strlen(word);

    while (list && *list) {
        size_t n = strcspn(list, " ");
        if (n == size && strncmp(list, word, n) == 0)
            return true;
        list += n + strspn(list + n, " ");
    }
    return false;
}

bool tn_platform_loads_from(const tenon_platform *platform, const char *dir)
{
    static const char multiarch[] = "/usr/lib/";

    if (tn_list_has(platform->loader_dirs, dir))
        return true;
    /* Debian's multiarch directories; one level below /lib or /usr/lib, named by a triple */
    if (strcmp(platform->name, "linux") != 0)
        return false;
    const char *rest = strncmp(dir, multiarch, strlen(multiarch)) == 0 ? dir + strlen(multiarch)
                       : strncmp(dir, "/lib/", 5) == 0                 ? dir + 5
                                                                       : NULL;
    return rest && strstr(rest, "-linux-gnu") && !strchr(rest, '/');
}
