/*
 * src/loader/setting_names.c - which settings of a system loaders ask for
 *
 * rule: NetBSD ld.so.conf(5): a line names a variable of sysctl(3), any one; tenon-loaders(7) has
 *       what each of the others says
 */
#include "setting_names.h"

#include <string.h>

#include "view.h"

static const char *const names[] = {
    "CWDIllegalInDllSearch",
    "DevOverrideEnable",
    "DllDirectory",
    "ExcludeFromKnownDlls",
    "ISALIST",
    "KnownDLLs",
    "LoadLibraryFlags",
    "MACHINE",
    "OSREL",
    "PATH",
    "PLATFORM",
    "SafeDllSearchMode",
    "SystemRoot",
    "UserDirectories",
    "macos-release",
};

const char *tn_setting_name(size_t i)
{
    return i < TN_COUNT(names) ? names[i] : NULL;
}

bool tn_is_setting(const char *name)
{
    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return strchr(name, '.') != NULL;
}
