/*
 * src/loader/dyld.c - dyld, the loader of macOS, iOS and their kin
 *
 * rule  dyld-1378 dyld/Loader.cpp, DyldProcessConfig.cpp, JustInTimeLoader.cpp; of macOS up to 11
 *       dyld-852.2 src/dyld2.cpp, ImageLoader.cpp
 */
#include <string.h>

#include "dyld_private.h"
#include "names.h"

#define LOADER "dyld-1378 dyld/Loader.cpp, "
#define CONFIG "dyld-1378 dyld/DyldProcessConfig.cpp, "

const tenon_rule tn_dyld_rules[DYLD_RULES] = {
    [DYLD_LOADED] = {
        .name = "already loaded",
        .what = "an image of this path or install name, or the same device and inode",
        .source = LOADER "Loader::getLoader()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_FRAMEWORK_PATH] = {
        .name = "DYLD_FRAMEWORK_PATH",
        .what = "of a framework, its path from X.framework on in each directory",
        .source = CONFIG "PathOverrides::forEachPathVariant()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_LIBRARY_PATH] = {
        .name = "DYLD_LIBRARY_PATH",
        .what = "of any other library, the last part of its path in each directory",
        .source = CONFIG "PathOverrides::forEachPathVariant()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_VERSIONED] = {
        .name = "DYLD_VERSIONED paths",
        .what = "a library of a newer version than the one of the same install name; ends the "
                "search",
        .source = CONFIG "PathOverrides::addPathOverride()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_ROOT_PATH] = {
        .name = "DYLD_ROOT_PATH",
        .what = "put in front of absolute paths, in simulators and up to macOS 11",
        .source = CONFIG "PathOverrides::forEachPathVariant()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_IOS_SUPPORT] = {
        .name = "/System/iOSSupport",
        .what = "put in front of paths in a process of Catalyst",
        .source = CONFIG "PathOverrides::forEachPathVariant()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_CRYPTEX] = {
        .name = "cryptex",
        .what = "put in front of paths from macOS 13 on: the system's own libraries are there",
        .source = CONFIG "PathOverrides::forEachPathVariant()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_RECORDED] = {
        .name = "recorded path",
        .what = "the path as it is recorded, or as dlopen() was given it",
        .source = LOADER "Loader::getLoader()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_LOADER_PATH] = {
        .name = "@loader_path",
        .what = "the directory of the image that asks, symbolic links resolved",
        .source = LOADER "Loader::expandAtLoaderPath()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_EXECUTABLE_PATH] = {
        .name = "@executable_path",
        .what = "the directory of the program",
        .source = LOADER "Loader::expandAtExecutablePath()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_RPATH] = {
        .name = "LC_RPATH",
        .what = "for @rpath, the run paths of the image that asks, then of those that caused it "
                "to be loaded, the program last",
        .source = LOADER "Loader::forEachResolvedAtPathVar()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_LEAF] = {
        .name = "/usr/lib of dlopen",
        .what = "a name without a directory that dlopen() was given, after the run paths",
        .source = LOADER "Loader::forEachResolvedAtPathVar()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_FALLBACK] = {
        .name = "DYLD_FALLBACK paths",
        .what = "directories tried last; when set, they replace the default ones",
        .source = CONFIG "PathOverrides::forEachPathVariant()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_FALLBACK_DEFAULT] = {
        .name = "default fallback directory",
        .what = "/usr/local/lib and /usr/lib, or the directories of frameworks; from macOS 13 on "
                "only for images built with an older SDK than macOS 14's",
        .source = CONFIG "PathOverrides::setFallbacks()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [DYLD_REALPATH] = {
        .name = "resolved path",
        .what = "the whole search once more for the path with its symbolic links resolved",
        .source = LOADER "Loader::getLoader()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DYLD_CACHE] = {
        .name = "shared cache",
        .what = "a map of the shared cache lists the path",
        .source = LOADER "Loader::getLoader()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [DYLD_CACHE_STUB] = {
        .name = "shared cache, by a stub",
        .what = "a text stub of an SDK at the path says that the system has it",
        .source = "Apple's ld(1), text-based stubs",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
        .system = true,
    },
    [DYLD_CACHE_ASSUMED] = {
        .name = "shared cache, assumed",
        .what = "no list of the shared cache is at hand, and the linker found the library under "
                "a path that only the system's own have",
        .source = "since macOS 11 the system's libraries are in the shared cache alone",
        .evidence = TENON_EVIDENCE_BELIEVED,
        .system = true,
    },
    [DYLD_SELF] = {
        .name = "dynamic linker",
        .what = "the program asks for it (LC_LOAD_DYLINKER)",
        .source = "xnu bsd/kern/mach_loader.c, load_dylinker()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
};

/* ---- what kind of process a program becomes -------------------------------------------------- */

enum { PLATFORM_SHIFT = 24, PLATFORM_MASK = 0x1f };

unsigned tn_dyld_platform(const struct tn_target *target)
{
    return target->variant >> PLATFORM_SHIFT & PLATFORM_MASK;
}

bool tn_dyld_is_restricted(const struct tn_target *target)
{
    return target->secure || (target->variant & TN_MACHO_RESTRICTED);
}

bool tn_dyld_is_hardened(const struct tn_target *target)
{
    return target->variant & TN_MACHO_HARDENED;
}

bool tn_dyld_ignores_environment(const struct tn_target *target)
{
    return tn_dyld_is_restricted(target) || (target->variant & TN_MACHO_NO_ENVIRONMENT);
}

/* NeXTSTEP had another loader, and programs with none. */
static bool matches(const struct tn_facts *facts)
{
    return !facts->os || strcmp(facts->os, "nextstep") != 0;
}

static bool is_interpreter(const char *path)
{
    return strcmp(tn_base_name(path), "dyld") == 0;
}

static bool is_self(const struct tn_target *target, const char *name)
{
    return *name && strcmp(name, target->interpreter) == 0;
}

static const char *preload_list(const struct tn_target *target)
{
    return tn_dyld_ignores_environment(target)
               ? NULL
               : tenon_world_env(target->world, "DYLD_INSERT_LIBRARIES");
}

/* Another text with @ stands for a path of each image that asks: none is loaded by it. */
static bool is_expanded(const char *name)
{
    return *name == '@' && !tn_has_prefix(name, "@rpath/");
}

/*
 * rule  dyld/JustInTimeLoader.cpp, loadDependents(): an absolute path that is needed is first
 *       compared with the paths and install names of what is loaded, before any override; and so
 *       is one with @rpath by Loader::getLoader(). This compares other names, and what dlopen() is
 *       given, with each candidate in turn; here they are looked up at once, too, which differs
 *       where an override is there and an image from elsewhere has that very install name
 */
static bool claims(struct tn_target *target, const struct tn_loaded_object *object,
                   const struct tn_name_sink *out)
{
    const char *path = object->source.path, *own = object->own_name;
    (void)target;
    if (object->is_program)
        return true;
    return (!path || !*path || out->add(out->arg, path)) &&
           (!own || is_expanded(own) || out->add(out->arg, own));
}

/* rule  Loader::getLoader(): dlopen("leaf") is what "@rpath/leaf" led to, when that is loaded */
static const char *opened_as(const struct tn_target *target, const char *name)
{
    const struct dyld_config *config = target->config;
    bool leaf = *name && *name != '@' && !tn_has_slash(name);
    return leaf && !config->old ? tn_arena_format(target->arena, "@rpath/%s", name) : name;
}

/* What a Mac with Apple's processor starts of a universal program, then older ones. */
static const char *const program_slices[] = { "arm64e", "arm64",  "x86_64h", "x86_64", "arm64_32",
                                              "armv7k", "armv7s", "armv7",   "i386",   NULL };

const tenon_loader tn_loader_dyld = {
    .name = "dyld",
    .describe = "Apple's dyld on macOS, iOS, tvOS, watchOS and visionOS",
    .format = TENON_FORMAT_MACHO,
    .rules = tn_dyld_rules,
    .rule_count = DYLD_RULES,
    .rule_loaded = DYLD_LOADED,
    .rule_direct = DYLD_RECORDED,
    .rule_self = DYLD_SELF,
    .requests_differ = true,
    .preload_as_program = true,
    .preload_is_fatal = true,
    .paths_of_all = true,
    .paths_are_searched = true,
    .self_is_system = true,
    .preload_separators = ":",
    .preload_keeps_empty = true, /* rule  PathOverrides::forEachInsertedDylib() */
    .program_slices = program_slices,
    .is_interpreter = is_interpreter,
    .matches = matches,
    .configure = tn_dyld_configure,
    .preload_list = preload_list,
    .is_self = is_self,
    .claims = claims,
    .opened_as = opened_as,
    .slices = tn_dyld_slices,
    .search = tn_dyld_search,
    .rule_search = DYLD_RECORDED,
    .judge = tn_dyld_judge,
    .judge_errno = tn_dyld_judge_errno,
    .why_missing = tn_dyld_why_missing,
    .compare_versions = tn_dyld_compare_versions,
    .binds_imports = true,
};
