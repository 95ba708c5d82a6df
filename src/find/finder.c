/* src/find/finder.c - what all searches of one run share */
#include "finder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fail.h"
#include "quote.h"
#include "text.h"

/*
 * Variables that change what a loader or a linker finds: an answer that rests on one is none.
 * A name that ends in * stands for all that begin so.
 */
static const char *const scrubbed[] = {
    "LD_*",         "DYLD_*", "LIBPATH",        "SHLIB_PATH",         "LPATH",
    "LIBRARY_PATH", "CPATH",  "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH",
    "LDR_PRELOAD*", "LC_*",   "LANG*",
};

bool tn_finder_is_listed(const char *variable, const char *const *list, size_t count)
{
    size_t size = strcspn(variable, "=");

    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(list[i]);
        bool all = list[i][n - 1] == '*';
        if (all ? strncmp(variable, list[i], n - 1) == 0
                : size == n && strncmp(variable, list[i], n) == 0)
            return true;
    }
    return false;
}

const char *tn_finder_env(const struct tenon_finder *finder, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < finder->env.count; i++)
        if (strncmp(finder->env.at[i], name, size) == 0 && finder->env.at[i][size] == '=')
            return finder->env.at[i] + size + 1;
    return NULL;
}

static bool copy_environment(struct tenon_finder *finder, const char *const *environment)
{
    for (; environment && *environment; environment++) {
        const char *copy;
        if (tn_finder_is_listed(*environment, scrubbed, TN_COUNT(scrubbed)))
            continue;
        copy = tn_arena_string(&finder->arena, *environment);
        if (!copy || !tn_words_add(&finder->env, copy))
            return false;
    }
    finder->home = tn_finder_env(finder, "HOME");
    finder->config_home = tn_finder_env(finder, "XDG_CONFIG_HOME");
    /* messages are read, and told */
    return tn_words_add(&finder->env, "LC_ALL=C") && tn_words_end(&finder->env);
}

/* False: no memory. */
static bool note_cwd(struct tenon_finder *finder)
{
    char *cwd = getcwd(NULL, 0);

    if (!cwd)
        return errno != ENOMEM;
    finder->cwd = tn_arena_string(&finder->arena, cwd);
    free(cwd);
    return finder->cwd;
}

static bool read_settings(struct tenon_finder *finder)
{
    const char *cc = tenon_settings_get(finder->settings, "CC");
    const char *wrapper = tenon_settings_get(finder->settings, "EXE_WRAPPER");
    const char *sysroot = tenon_settings_get(finder->settings, "SYSROOT");

    if (sysroot && *sysroot && strcmp(sysroot, "/") != 0) {
        finder->sysroot = tn_absolute_path(&finder->arena, finder, sysroot);
        if (!finder->sysroot)
            return false;
    }
    return tn_split_shell(&finder->compiler, &finder->arena, cc && *cc ? cc : "cc") &&
           (!wrapper || tn_split_shell(&finder->wrapper, &finder->arena, wrapper));
}

/* The platform of this system by the kernel's name. */
static bool is_own_platform(const tenon_platform *platform)
{
    struct utsname facts;

    if (uname(&facts) < 0)
        return true;
    if (strcmp(facts.sysname, "Linux") == 0)
        return strncmp(platform->name, "linux", 5) == 0;
    for (char *c = facts.sysname; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return tenon_platform_of_target(facts.sysname) == platform;
}

/* rule  Debian: the libraries of a cross compiler are below /usr/TRIPLE, as qemu's -L wants it */
static bool find_cross_root(struct tenon_finder *finder)
{
    struct utsname facts;
    struct stat info;
    const char *dir;
    size_t machine;

    if (!finder->target || finder->sysroot || uname(&facts) < 0)
        return true;
    machine = strcspn(finder->target, "-");
    if (strlen(facts.machine) == machine && strncmp(facts.machine, finder->target, machine) == 0)
        return true;
    dir = tn_arena_format(&finder->arena, "/usr/%s", finder->target);
    if (dir && stat(dir, &info) == 0 && S_ISDIR(info.st_mode))
        finder->cross_root = dir;
    return dir;
}

static bool settle(struct tenon_finder *finder, tenon_settings *settings, tenon_error *err)
{
    const char *value;

    if (!finder->platform)
        finder->platform = tenon_platform_named("linux");
    if (!tenon_settings_settle(settings, finder->platform, err))
        return false;
    value = tenon_settings_get(settings, "SHLIB_TYPE");
    finder->elf = strcmp(value, "ELF") == 0;
    finder->no_shared = strcmp(value, "NA") == 0;
    value = tenon_settings_get(settings, "ELF_RPATH");
    finder->run_paths = value && strcmp(value, "yes") == 0;
    finder->rpath_flag = tenon_settings_get(settings, "RPATH_FLAG");
    finder->starts = !finder->sysroot && is_own_platform(finder->platform);
    return true;
}

tenon_finder *tenon_finder_new(tenon_settings *settings, const tenon_platform *platform,
                               const char *const *environment, const char *cache, tenon_error *err)
{
    tenon_error own = TENON_ERROR_INIT;
    struct tenon_finder *finder = calloc(1, sizeof *finder);
    bool good;

    if (!finder) {
        tn_no_memory(err);
        return NULL;
    }
    if (!err)
        err = &own;
    finder->settings = settings;
    finder->platform = platform;
    finder->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pthread_sigmask(SIG_BLOCK, NULL, &finder->mask);
    good = finder->nothing >= 0 || tn_fail_system(err, errno, "/dev/null");
    good = good &&
           ((copy_environment(finder, environment) && note_cwd(finder) && read_settings(finder)) ||
            tn_no_memory(err));
    if (good && cache && !(finder->cache = tn_arena_string(&finder->arena, cache)))
        good = tn_no_memory(err);
    if (good && finder->compiler.count == 0)
        good = tn_fail(err, TENON_E_ARGUMENT, "CC is empty");
    if (good)
        finder->compiler_path = tn_find_program(&finder->arena, finder->compiler.at[0]);
    good = good && tn_compiler_ask(finder, err) && settle(finder, settings, err) &&
           (find_cross_root(finder) || tn_no_memory(err));
    if (good)
        return finder;
    tenon_finder_free(finder);
    return NULL;
}

void tenon_finder_free(tenon_finder *finder)
{
    if (!finder)
        return;
    if (finder->nothing >= 0)
        close(finder->nothing);
    tn_words_free(&finder->env);
    tn_words_free(&finder->compiler);
    tn_words_free(&finder->wrapper);
    tn_words_free(&finder->include_dirs);
    tn_words_free(&finder->library_dirs);
    tn_arena_free(&finder->arena);
    free(finder);
}

const tenon_platform *tenon_finder_platform(const tenon_finder *finder)
{
    return finder->platform;
}
