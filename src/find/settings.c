/* src/find/settings.c - the variables of a build, and who set them */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "fail.h"
#include "flags.h"
#include "platforms.h"
#include "text.h"
#include "view.h"

enum variable {
    CC,
    SHLIB_CREATE,
    SHLIB_TYPE,
    SEARCH_LIBS,
    SEARCH_LIBS_OVERRIDE,
    ELF_RPATH,
    RPATH_FLAG,
    LOCALBASE,
    LDFLAGS,
    SYSROOT,
    EXE_WRAPPER,
    VARIABLES
};

/* `values`: the only ones it may have, separated by spaces; NULL: any */
static const struct {
    const char *name, *values;
} variables[VARIABLES] = {
    [CC] = { "CC", NULL },
    [SHLIB_CREATE] = { "SHLIB_CREATE", "yes no" },
    [SHLIB_TYPE] = { "SHLIB_TYPE", "ELF PE MachO XCOFF SOM a.out NA" },
    [SEARCH_LIBS] = { "SEARCH_LIBS", NULL },
    [SEARCH_LIBS_OVERRIDE] = { "SEARCH_LIBS_OVERRIDE", NULL },
    [ELF_RPATH] = { "ELF_RPATH", "yes no" },
    [RPATH_FLAG] = { "RPATH_FLAG", "-R -rpath" },
    [LOCALBASE] = { "LOCALBASE", NULL },
    [LDFLAGS] = { "LDFLAGS", NULL },
    [SYSROOT] = { "SYSROOT", NULL },
    [EXE_WRAPPER] = { "EXE_WRAPPER", NULL },
};

struct tenon_settings {
    struct tn_arena arena;
    struct {
        const char *value;
        enum tenon_origin origin;
    } rows[VARIABLES];
};

const char *tenon_setting_name(size_t i)
{
    return i < VARIABLES ? variables[i].name : NULL;
}

const char *tenon_origin_name(enum tenon_origin origin)
{
    static const char *const names[] = { "none", "platform", "file", "environment", "option" };

    return origin < TN_COUNT(names) ? names[origin] : names[0];
}

tenon_settings *tenon_settings_new(tenon_error *err)
{
    tenon_settings *settings = calloc(1, sizeof *settings);

    if (!settings)
        tn_no_memory(err);
    return settings;
}

void tenon_settings_free(tenon_settings *settings)
{
    if (!settings)
        return;
    tn_arena_free(&settings->arena);
    free(settings);
}

static int variable_named(const char *name)
{
    for (int i = 0; i < VARIABLES; i++)
        if (strcmp(variables[i].name, name) == 0)
            return i;
    return -1;
}

bool tenon_settings_set(tenon_settings *settings, enum tenon_origin origin, const char *name,
                        const char *value, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int i = name ? variable_named(name) : -1;

    if (i < 0)
        return tn_fail(err, TENON_E_ARGUMENT, "no variable is called %s",
                       tn_quote(shown, name ? name : ""));
    if (!value)
        return tn_fail(err, TENON_E_ARGUMENT, "%s without a value", name);
    if (*value == '\0' && variables[i].values)
        return true; /* as if it were not set */
    if (variables[i].values && !tn_list_has(variables[i].values, value))
        return tn_fail(err, TENON_E_ARGUMENT, "%s is %s; it may be one of: %s", name,
                       tn_quote(shown, value), variables[i].values);
    if (settings->rows[i].origin > origin)
        return true;
    const char *copy = tn_arena_string(&settings->arena, value);
    if (!copy)
        return tn_no_memory(err);
    settings->rows[i].value = copy;
    settings->rows[i].origin = origin;
    return true;
}

bool tenon_settings_read(tenon_settings *settings, const void *bytes, size_t size, const char *name,
                         tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_conf conf = { 0 };
    bool good = tn_conf_read(&conf, &settings->arena, tn_view(bytes, size), err);

    for (size_t i = 0; good && i < conf.count; i++)
        if (variable_named(conf.rows[i].name) >= 0)
            good = tenon_settings_set(settings, TENON_ORIGIN_FILE, conf.rows[i].name,
                                      conf.rows[i].value, err);
    tn_conf_free(&conf);
    return good || tn_context(err, "%s", tn_quote(shown, name));
}

static bool fill(tenon_settings *settings, enum variable i, const char *value, tenon_error *err)
{
    return !value || settings->rows[i].origin != TENON_ORIGIN_NONE ||
           tenon_settings_set(settings, TENON_ORIGIN_PLATFORM, variables[i].name, value, err);
}

/* SEARCH_LIBS is prepended to the platform's list; SEARCH_LIBS_OVERRIDE replaces both. */
static bool settle_search(tenon_settings *settings, const tenon_platform *platform,
                          tenon_error *err)
{
    const char *own = settings->rows[SEARCH_LIBS].value, *all;
    const char *instead = settings->rows[SEARCH_LIBS_OVERRIDE].value;

    if (instead && !*instead)
        instead = NULL;

    if (instead)
        all = instead;
    else if (own && *own && platform->search_libs)
        all = tn_arena_format(&settings->arena, "%s %s", own, platform->search_libs);
    else
        all = own && *own ? own : platform->search_libs ? platform->search_libs : "";
    if (!all)
        return tn_no_memory(err);
    settings->rows[SEARCH_LIBS].value = all;
    if (settings->rows[SEARCH_LIBS].origin == TENON_ORIGIN_NONE)
        settings->rows[SEARCH_LIBS].origin = TENON_ORIGIN_PLATFORM;
    if (instead)
        settings->rows[SEARCH_LIBS].origin = settings->rows[SEARCH_LIBS_OVERRIDE].origin;
    return true;
}

static bool is_yes(const tenon_settings *settings, enum variable i)
{
    return settings->rows[i].value && strcmp(settings->rows[i].value, "yes") == 0;
}

bool tenon_settings_settle(tenon_settings *settings, const tenon_platform *platform,
                           tenon_error *err)
{
    bool type_given = settings->rows[SHLIB_TYPE].origin != TENON_ORIGIN_NONE &&
                      strcmp(settings->rows[SHLIB_TYPE].value, platform->shlib_type) != 0;
    /* what the platform's row says of one format is not true of another */
    bool create = platform->shlib_create && !type_given,
         run_path = platform->elf_rpath && !type_given;

    if (!fill(settings, SHLIB_TYPE, platform->shlib_type, err) ||
        !fill(settings, SHLIB_CREATE, create ? "yes" : "no", err) ||
        !fill(settings, ELF_RPATH, run_path ? "yes" : "no", err) ||
        !fill(settings, RPATH_FLAG, platform->rpath_flag, err) ||
        !settle_search(settings, platform, err))
        return false;
    if (is_yes(settings, ELF_RPATH) && strcmp(settings->rows[SHLIB_TYPE].value, "ELF") != 0)
        return tn_fail(
            err, TENON_E_ARGUMENT, "ELF_RPATH is yes (%s), but SHLIB_TYPE is %s (%s), not ELF",
            tenon_origin_name(settings->rows[ELF_RPATH].origin), settings->rows[SHLIB_TYPE].value,
            tenon_origin_name(settings->rows[SHLIB_TYPE].origin));
    if (is_yes(settings, ELF_RPATH) && !settings->rows[RPATH_FLAG].value)
        return tn_fail(err, TENON_E_ARGUMENT, "ELF_RPATH is yes, but RPATH_FLAG is not set");
    return true;
}

tenon_settings *tn_settings_settled(const tenon_settings *settings, const tenon_platform *platform,
                                    tenon_error *err)
{
    tenon_settings *settled = tenon_settings_new(err);

    if (!settled)
        return NULL;
    memcpy(settled->rows, settings->rows, sizeof settled->rows);
    if (tenon_settings_settle(settled, platform, err))
        return settled;
    tenon_settings_free(settled);
    return NULL;
}

const char *tenon_settings_get(const tenon_settings *settings, const char *name)
{
    int i = variable_named(name);

    return i < 0 ? NULL : settings->rows[i].value;
}

enum tenon_origin tenon_settings_origin(const tenon_settings *settings, const char *name)
{
    int i = variable_named(name);

    return i < 0 ? TENON_ORIGIN_NONE : settings->rows[i].origin;
}
