/* src/cli/query.c - which system is asked about, and what if it were different */
#include "query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "builder.h"
#include "fail.h"
#include "manifest_options.h"
#include "setting_names.h"
#include "suggest.h"
#include "text.h"
#include "windows.h"

void cli_free_list(char **list)
{
    for (char **each = list; each && *each; each++)
        free(*each);
    free(list);
}

void cli_query_free(struct cli_query *query)
{
    free(query->sysroot);
    free(query->loader);
    free(query->cwd);
    free(query->exe);
    free(query->interpreter);
    free(query->cpu);
    free(query->platform);
    cli_free_list(query->env);
    cli_free_list(query->settings);
}

/* "DIR/NAME", with one slash between them. */
static char *join(const char *dir, const char *name)
{
    size_t size = strlen(dir);
    char *path;

    while (size > 0 && dir[size - 1] == '/')
        size--;
    return asprintf(&path, "%.*s/%s", (int)size, dir, name) < 0 ? NULL : path;
}

static bool exists(const struct cli_side *side, const char *path)
{
    tenon_file_info info;
    return path && tenon_world_stat(side->world, path, &info) == 0;
}

/* A path of the world, relative to where the user stands. */
static char *from_start(const struct cli_side *side, const char *path)
{
    return *path == '/' ? strdup(path) : join(side->start, path);
}

/* A variable of one kind: of the environment, or a setting. */
typedef bool (*set_variable)(tenon_world *world, const char *name, const char *value,
                             tenon_error *err);

/* NAME=VALUE, or NAME alone, which unsets. */
static bool change_variable(struct cli_side *side, set_variable set, const char *change,
                            tenon_error *err)
{
    size_t size = strcspn(change, "=");
    char *name = strndup(change, size);
    bool good = name ? set(side->world, name, change[size] ? change + size + 1 : NULL, err)
                     : tn_no_memory(err);

    free(name);
    return good;
}

static bool change_env(struct cli_side *side, const char *change, tenon_error *err)
{
    return change_variable(side, tenon_world_set_env, change, err);
}

/* Nobody asks for it: the closest name, else all of them. */
static bool refuse_setting(const char *name, tenon_error *err)
{
    char all[512];
    struct cli_guess guess;
    size_t size = 0;

    cli_guess_begin(&guess, name);
    for (size_t i = 0; tn_setting_name(i) && size < sizeof all; i++) {
        cli_guess_try(&guess, tn_setting_name(i));
        if (strcasecmp(name, tn_setting_name(i)) == 0)
            guess = (struct cli_guess){ name, tn_setting_name(i), 0 };
        size += (size_t)snprintf(all + size, sizeof all - size, "%s, ", tn_setting_name(i));
    }
    if (guess.best)
        return tn_fail(err, TENON_E_ARGUMENT, "no loader asks for this setting (did you mean %s?)",
                       guess.best);
    return tn_fail(err, TENON_E_ARGUMENT,
                   "no loader asks for this setting: %sor a variable of sysctl (with a dot in its "
                   "name) expected",
                   all);
}

static bool change_setting(struct cli_side *side, const char *change, tenon_error *err)
{
    char *name = strndup(change, strcspn(change, "="));
    bool known = name && (!*name || tn_is_setting(name)); /* without any it is no variable */

    if (!name || !known) {
        bool refused = name ? refuse_setting(name, err) : tn_no_memory(err);
        free(name);
        return refused;
    }
    free(name);
    return change_variable(side, tenon_world_set_setting, change, err);
}

static bool set_env(struct cli_side *side, const char *assignment, tenon_error *err)
{
    if (!strchr(assignment, '='))
        return tn_fail(err, TENON_E_ARGUMENT, "NAME=VALUE expected");
    return change_env(side, assignment, err);
}

static bool set_setting(struct cli_side *side, const char *assignment, tenon_error *err)
{
    if (!strchr(assignment, '='))
        return tn_fail(err, TENON_E_ARGUMENT, "NAME=VALUE expected");
    return change_setting(side, assignment, err);
}

static bool change_secure(struct cli_side *side, const char *value, tenon_error *err)
{
    (void)value;
    (void)err;
    tenon_world_set_secure(side->world, true);
    return true;
}

static bool change_interpreter(struct cli_side *side, const char *value, tenon_error *err)
{
    if (!*value)
        return tn_fail(err, TENON_E_ARGUMENT, "a path is expected");
    return tenon_resolver_set_interpreter(side->resolver, value, err);
}

static bool change_without(struct cli_side *side, const char *value, tenon_error *err)
{
    char *path = cli_side_path(side, value);
    bool good = path ? tenon_world_hide(side->world, path, err) : tn_no_memory(err);

    free(path);
    return good;
}

/* The baseline and the levels of loader/hwcaps.c. */
static bool is_cpu_level(const char *level)
{
    static const char *const levels[] = { "",    "x86-64-v2", "x86-64-v3", "x86-64-v4", "z13",
                                          "z14", "z15",       "z16",       "power9",    "power10" };

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(levels[i], level) == 0)
            return true;
    return false;
}

/* This host's processor for the program of another tree, as for a container that it would run. */
static bool set_native_cpu(struct cli_side *side, tenon_error *err)
{
    tenon_world *host = tenon_world_host(err);
    bool good = host && tenon_world_set_cpu(side->world, tenon_world_cpu(host), err) &&
                tenon_world_set_platform(side->world, tenon_world_platform(host), err) &&
                tenon_world_set_vendor(side->world, tenon_world_vendor(host), err);

    tenon_world_free(host);
    return good;
}

static bool change_cpu(struct cli_side *side, const char *value, tenon_error *err)
{
    if (strcmp(value, "native") == 0)
        return set_native_cpu(side, err);
    if (!is_cpu_level(value))
        return tn_fail(err, TENON_E_ARGUMENT,
                       "native, x86-64-v2 to v4, power9, power10, z13 to z16, or nothing for the "
                       "baseline expected");
    return tenon_world_set_cpu(side->world, value, err);
}

/* The changes that --what-if knows; those with ':' take a value. */
static const struct {
    const char *word;
    bool (*apply)(struct cli_side *side, const char *value, tenon_error *err);
    bool may_be_empty; /* the value */
} change_kinds[] = {
    { "env:", change_env, false },         { "setting:", change_setting, false },
    { "secure", change_secure, true },     { "interpreter:", change_interpreter, false },
    { "without:", change_without, false }, { "cpu:", change_cpu, true },
};

static bool make_change(struct cli_side *side, const char *change, tenon_error *err)
{
    for (size_t i = 0; i < sizeof change_kinds / sizeof *change_kinds; i++) {
        const char *word = change_kinds[i].word;
        size_t size = strlen(word);
        bool takes_value = word[size - 1] == ':';
        if (strncmp(change, word, size) == 0 &&
            (change[size] ? takes_value : change_kinds[i].may_be_empty))
            return change_kinds[i].apply(side, change + size, err);
    }
    return tn_fail(err, TENON_E_ARGUMENT,
                   "env:NAME=VALUE, env:NAME, setting:NAME=VALUE, setting:NAME, secure, "
                   "interpreter:PATH, without:PATH or cpu:LEVEL expected");
}

/* A path as people on Windows write it, when the sysroot has that file; else NULL. */
static char *from_windows(const struct cli_side *side, const char *path)
{
    char *given = side->sysroot ? tn_windows_given(side->world, path) : NULL;

    if (exists(side, given))
        return given;
    free(given);
    return NULL;
}

static bool set_cwd(struct cli_side *side, const char *cwd, tenon_error *err)
{
    tenon_file_info info;
    char *given = from_windows(side, cwd), *path = given ? given : from_start(side, cwd);
    int failed = path ? tenon_world_stat(side->world, path, &info) : ENOMEM;
    bool good;

    if (!failed && info.type != TENON_FILE_DIRECTORY)
        failed = ENOTDIR;
    good = failed ? tn_fail(err, TENON_E_SYSTEM, "%s", strerror(failed))
                  : tenon_world_set_cwd(side->world, path, err);
    side->moved = true;
    free(path);
    return good;
}

static bool set_exe(struct cli_side *side, const char *exe, tenon_error *err)
{
    side->exe = cli_side_path(side, exe);
    return side->exe ? tenon_resolver_set_exe(side->resolver, side->exe, err) : tn_no_memory(err);
}

static bool set_platform(struct cli_side *side, const char *platform, tenon_error *err)
{
    return tenon_world_set_platform(side->world, platform, err);
}

static bool set_loader(struct cli_side *side, const char *loader, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];

    if (!tenon_loader_named(loader))
        return tn_fail(err, TENON_E_ARGUMENT, "no loader is called %s", tn_quote(quoted, loader));
    return tenon_resolver_set_loader(side->resolver, loader, err);
}

/* Says what is wrong with the value of an option; a value that nobody could take is wrong usage. */
static int refuse(struct cli *cli, const char *option, const char *value, tenon_error *err)
{
    char shown[CLI_SHOWN_ROOM];

    cli_shown(shown, value);
    if (err->code == TENON_E_ARGUMENT)
        return cli_usage(cli, "%s %s: %s", option, shown, tenon_error_message(err));
    tn_context(err, "%s %s", option, shown);
    return cli_fail_one(cli, NULL, err);
}

static bool open_world(struct cli *cli, const struct cli_query *query, struct cli_side *side,
                       int *status)
{
    tenon_error err = TENON_ERROR_INIT;
    const char *dir = query->sysroot;

    side->sysroot = dir;
    side->world = dir ? tenon_world_sysroot(dir, &err) : tenon_world_host(&err);
    if (side->world) {
        side->start = strdup(tenon_world_cwd(side->world));
        side->resolver = tenon_resolver_new(side->world, &err);
    }
    if (side->start && side->resolver)
        return true;
    if (side->world && !side->start)
        tn_no_memory(&err);
    if (!dir)
        tn_context(&err, "this system");
    *status = dir ? refuse(cli, "--sysroot", dir, &err) : cli_fail_one(cli, NULL, &err);
    return false;
}

static bool apply(struct cli *cli, struct cli_side *side, const char *option, const char *value,
                  bool (*set)(struct cli_side *, const char *, tenon_error *), int *status)
{
    tenon_error err = TENON_ERROR_INIT;

    if (!value || set(side, value, &err))
        return true;
    *status = refuse(cli, option, value, &err);
    return false;
}

static bool apply_options(struct cli *cli, const struct cli_query *query, struct cli_side *side,
                          int *status)
{
    const struct {
        const char *option, *value;
        bool (*set)(struct cli_side *side, const char *value, tenon_error *err);
    } rows[] = {
        { "--cwd", query->cwd, set_cwd },
        { "--cpu", query->cpu, change_cpu },
        { "--platform", query->platform, set_platform },
        { "--loader", query->loader, set_loader },
        { "--exe", query->exe, set_exe },
        { "--interpreter", query->interpreter, change_interpreter },
    };
    bool good = true;

    tenon_resolver_set_flags(side->resolver, query->flags);
    tenon_world_set_secure(side->world, query->setuid);
    if (query->clean_env)
        tenon_world_clear_env(side->world);
    for (char **each = query->env; good && each && *each; each++)
        good = apply(cli, side, "--env", *each, set_env, status);
    for (char **each = query->settings; good && each && *each; each++)
        good = apply(cli, side, "--setting", *each, set_setting, status);
    for (size_t i = 0; good && i < sizeof rows / sizeof *rows; i++)
        good = apply(cli, side, rows[i].option, rows[i].value, rows[i].set, status);
    return good;
}

bool cli_side_open(struct cli *cli, const struct cli_query *query, char *const *changes,
                   struct cli_side *side, int *status)
{
    bool good;

    *side = (struct cli_side){ 0 };
    good = open_world(cli, query, side, status) && apply_options(cli, query, side, status);
    for (; good && changes && *changes; changes++)
        good = apply(cli, side, "--what-if", *changes, make_change, status);
    return good;
}

void cli_side_close(struct cli_side *side)
{
    tenon_resolver_free(side->resolver);
    tenon_world_free(side->world);
    free(side->exe);
    free(side->start);
}

/* The rest of `path` below the directory `dir`, "/" for that itself, NULL when it is elsewhere. */
static const char *below(const char *dir, const char *path)
{
    size_t size = strlen(dir);

    while (size > 0 && dir[size - 1] == '/')
        size--;
    if (strncmp(dir, path, size) != 0)
        return NULL;
    if (path[size] == '\0')
        return "/";
    return path[size] == '/' ? path + size : NULL;
}

/*
 * A file of this system as the sysroot names it: the name is compared first as it is written,
 * since an absolute link in the sysroot leads elsewhere here; then with all links resolved.
 */
static char *inside_sysroot(const struct cli_side *side, const char *file)
{
    const char *rest = below(side->sysroot, file);
    char *dir, *real, *found = NULL;

    if (exists(side, rest))
        return strdup(rest);
    dir = realpath(side->sysroot, NULL);
    real = realpath(file, NULL);
    if (dir && real && exists(side, rest = below(dir, real)))
        found = strdup(rest);
    free(dir);
    free(real);
    return found;
}

#define FROM_OUTSIDE_MOST (INT64_C(1) << 28) /* bytes */

/*
 * A file of this system that the sysroot has nothing of is put into it under its own path, for as
 * long as the command runs, as a user-mode emulator does (qemu -L). NULL: there is none.
 */
static char *from_outside(const struct cli_side *side, const char *file)
{
    char *real = realpath(file, NULL);
    void *bytes = NULL;
    struct stat info;
    size_t size;
    bool good = real && stat(real, &info) == 0 && S_ISREG(info.st_mode) &&
                info.st_size <= FROM_OUTSIDE_MOST && tn_read_file(real, &bytes, &size, NULL) &&
                tenon_world_put_file(side->world, real, bytes, size, info.st_mode & 07777, NULL);

    free(bytes);
    if (good)
        return real;
    free(real);
    return NULL;
}

char *cli_side_path(const struct cli_side *side, const char *file)
{
    char *path = side->sysroot || side->moved ? from_start(side, file) : strdup(file);
    char *other;

    if (!side->sysroot || exists(side, path) ||
        !((other = inside_sysroot(side, file)) || (other = from_outside(side, file)) ||
          (other = from_windows(side, file))))
        return path;
    free(path);
    return other;
}
