/* src/cli/settings.c - platform and variables, from options, environment and tenon.conf */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "fail.h"
#include "file.h"
#include "limits.h"
#include "manifest_options.h"
#include "query.h"
#include "text.h"
#include "view.h"

/* Reads one file; *found tells whether it is there. */
static bool read_file(struct cli_settings *settings, tenon_world *world, const char *path,
                      bool *found, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_arena arena = { 0 };
    struct tn_view text;
    int failed = tn_file_whole(world, path, TN_LIMIT_CONFIG, &arena, &text);
    bool good = true;

    *found = failed != ENOENT && failed != ENOTDIR;
    if (failed && *found)
        good = tn_fail_system(err, failed, "%s", tn_quote(shown, path));
    else if (!failed)
        good = tenon_settings_read(settings->settings, text.at, text.size, path, err);
    tn_arena_free(&arena);
    return good;
}

/* The first of: ./tenon.conf, the user's, the system's. */
static bool read_usual_file(struct cli_settings *settings, tenon_world *world, tenon_error *err)
{
    const char *xdg = tenon_world_env(world, "XDG_CONFIG_HOME");
    const char *home = tenon_world_env(world, "HOME");
    struct tn_arena arena = { 0 };
    const char *places[] = {
        "tenon.conf",
        xdg && xdg[0] == '/'     ? tn_arena_format(&arena, "%s/tenon/tenon.conf", xdg)
        : home && home[0] == '/' ? tn_arena_format(&arena, "%s/.config/tenon/tenon.conf", home)
                                 : NULL,
        "/etc/tenon/tenon.conf",
    };
    bool found = false, good = true;

    for (size_t i = 0; good && !found && i < TN_COUNT(places); i++)
        if (places[i])
            good = read_file(settings, world, places[i], &found, err);
    tn_arena_free(&arena);
    return good;
}

static bool read_config(struct cli_settings *settings, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    tenon_world *world = tenon_world_host(err);
    const char *named = settings->config;
    bool found = true, good;

    if (!world)
        return false;
    if (!named)
        named = tenon_world_env(world, "TENON_CONF");
    if (named && *named)
        good = read_file(settings, world, named, &found, err);
    else
        good = read_usual_file(settings, world, err);
    if (good && named && *named && !found)
        good = tn_fail_system(err, ENOENT, "%s", tn_quote(shown, named));
    tenon_world_free(world);
    return good;
}

static bool read_environment(struct cli_settings *settings, tenon_error *err)
{
    for (size_t i = 0; tenon_setting_name(i); i++) {
        const char *value = getenv(tenon_setting_name(i));
        if (value && !tenon_settings_set(settings->settings, TENON_ORIGIN_ENVIRONMENT,
                                         tenon_setting_name(i), value, err))
            return tn_context(err, "the environment");
    }
    return true;
}

static bool read_options(struct cli_settings *settings, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    bool good = true;

    for (char **at = settings->set; good && at && *at; at++) {
        const char *equals = strchr(*at, '=');
        char *name = equals ? strndup(*at, (size_t)(equals - *at)) : NULL;
        if (!equals)
            return tn_fail(err, TENON_E_ARGUMENT, "--set is NAME=VALUE, not %s",
                           tn_quote(shown, *at));
        good = name ? tenon_settings_set(settings->settings, TENON_ORIGIN_OPTION, name, equals + 1,
                                         err)
                    : tn_no_memory(err);
        free(name);
    }
    return good;
}

bool cli_settings_read(struct cli_settings *settings, tenon_error *err)
{
    settings->settings = tenon_settings_new(err);
    return settings->settings && read_options(settings, err) && read_environment(settings, err) &&
           read_config(settings, err);
}

bool cli_settings_settle(struct cli_settings *settings, const tenon_platform *platform,
                         tenon_error *err)
{
    return cli_settings_read(settings, err) &&
           tenon_settings_settle(settings->settings, platform, err);
}

/* A file that cannot be read is status 3, what it says wrongly is wrong usage, as an option is. */
static int status_of(const tenon_error *err)
{
    bool usage = err->code == TENON_E_ARGUMENT || err->code == TENON_E_MALFORMED;

    return usage ? CLI_USAGE : CLI_UNREADABLE;
}

int cli_settings_fail(struct cli *cli, const tenon_error *err)
{
    cli_fail_one(cli, NULL, err);
    return status_of(err);
}

int cli_settings_fail_row(struct cli *cli, struct cli_json *json, const char *name,
                          const tenon_error *err)
{
    if (cli->json && !cli->quiet)
        cli_json_failed(json, name, err);
    else
        cli_complain(cli, "%s", tenon_error_message(err));
    return status_of(err);
}

void cli_settings_free(struct cli_settings *settings)
{
    tenon_settings_free(settings->settings);
    free(settings->config);
    free(settings->platform);
    cli_free_list(settings->set);
}

/* This system in the words of a target triple. */
static const tenon_platform *own_platform(void)
{
    struct utsname facts;
    char triple[sizeof facts.machine + sizeof facts.sysname + 8];

    if (uname(&facts) < 0)
        return NULL;
    for (char *c = facts.sysname; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
#if defined __linux__ && !defined __GLIBC__
    snprintf(triple, sizeof triple, "%s-%s-musl", facts.machine, facts.sysname);
#else
    snprintf(triple, sizeof triple, "%s-%s", facts.machine, facts.sysname);
#endif
    return tenon_platform_of_target(triple);
}

const tenon_platform *cli_find_platform(const char *name, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    const tenon_platform *platform = name ? tenon_platform_named(name) : own_platform();

    if (platform)
        return platform;
    if (name)
        tn_fail(err, TENON_E_ARGUMENT, "%s is no platform; tenon platform --list has them",
                tn_quote(shown, name));
    else
        tn_fail(err, TENON_E_ARGUMENT,
                "this system's platform is not known; name one of tenon platform --list");
    return NULL;
}

const tenon_platform *cli_platform(struct cli *cli, const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_platform *platform = cli_find_platform(name, &err);

    if (!platform)
        cli_usage(cli, "%s", tenon_error_message(&err));
    return platform;
}
