/* src/loader/windows_rules.h - the rows that the loaders of PE images have in common */
#ifndef TN_WINDOWS_RULES_H
#define TN_WINDOWS_RULES_H

#include "windows.h"

#define TN_SEARCH_ORDER "Microsoft, Dynamic-link library search order"

/* A rule table, by enum tn_windows_rule; `tried`: what stands behind the rows that Wine shares. */
#define TN_WINDOWS_RULES(tried)                                                                      \
    {                                                                                                \
        [TN_WIN_API_SET] = {                                                                       \
            .name = "API set",                                                                     \
            .what = "a contract name is no file: the system's schema names the library",           \
            .source = "Microsoft, Windows API sets",                                               \
            .evidence = tried,                                                                     \
            .system = true,                                                                        \
        },                                                                                         \
        [TN_WIN_API_SET_ASSUMED] = {                                                                \
            .name = "API set, assumed",                                                             \
            .what = "a contract name, where no schema says which library stands for it",            \
            .source = "Microsoft, Windows API sets",                                                \
            .evidence = TENON_EVIDENCE_BELIEVED,                                                    \
            .system = true,                                                                         \
        },                                                                                          \
        [TN_WIN_DOT_LOCAL] = {                                                                     \
            .name = ".local",                                                                      \
            .what = "beside a file PROGRAM.local, or in such a directory, comes first; not with "  \
                    "a manifest, and not under Wine",                                              \
            .source = "Microsoft, Dynamic-link library redirection",                               \
            .evidence = TENON_EVIDENCE_DOCUMENTATION,                                              \
        },                                                                                         \
        [TN_WIN_SXS] = {                                                                           \
            .name = "side-by-side assembly",                                                       \
            .what = "a file of an assembly that the manifest of who asks, or of the program, "     \
                    "names comes from there, or not at all",                                       \
            .source = "Microsoft, Assembly searching sequence",                                    \
            .evidence = tried,                                                                     \
        },                                                                                         \
        [TN_WIN_LOADED] = {                                                                        \
            .name = "already loaded",                                                              \
            .what = "a module of that file name, whatever the case of its letters and "            \
                    "wherever it came from",                                                       \
            .source = TN_SEARCH_ORDER,                                                             \
            .evidence = tried,                                                                     \
        },                                                                                         \
        [TN_WIN_KNOWN] = {                                                                         \
            .name = "KnownDLLs",                                                                   \
            .what = "libraries that the system mapped at its start, with what they need",          \
            .source = "Microsoft Q164501",                                                         \
            .evidence = TENON_EVIDENCE_DOCUMENTATION,                                              \
            .system = true,                                                                        \
        },                                                                                         \
        [TN_WIN_KNOWN_USUAL] = {                                                                    \
            .name = "KnownDLLs, usual",                                                             \
            .what = "likewise, by the usual list of Windows 10, where nothing says what this one has", \
            .source = "Microsoft Q164501",                                                          \
            .evidence = TENON_EVIDENCE_BELIEVED,                                                    \
            .system = true,                                                                         \
        },                                                                                          \
        [TN_WIN_PATH] = {                                                                          \
            .name = "absolute path",                                                               \
            .what = "that file, nothing is searched",                                              \
            .source = "Microsoft, LoadLibraryExW",                                                 \
            .evidence = tried,                                                                     \
        },                                                                                         \
        [TN_WIN_LOADDIR] = {                                                                       \
            .name = "directory of the loaded file",                                                \
            .what = "with LOAD_WITH_ALTERED_SEARCH_PATH or LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR",      \
            .source = "Microsoft, LoadLibraryExW",                                                 \
            .evidence = TENON_EVIDENCE_DOCUMENTATION,                                              \
        },                                                                                         \
        [TN_WIN_APP] = {                                                                           \
            .name = "application directory",                                                       \
            .what = "the directory of the program",                                                \
            .source = TN_SEARCH_ORDER,                                                             \
            .evidence = tried,                                                                     \
        },                                                                                         \
        [TN_WIN_DLLDIR] = {                                                                        \
            .name = "DLL directory",                                                               \
            .what = "the one of SetDllDirectory(), in place of the current directory",             \
            .source = "Microsoft, SetDllDirectoryW",                                               \
            .evidence = TENON_EVIDENCE_DOCUMENTATION,                                              \
        },                                                                                         \
        [TN_WIN_SYSTEM] = {                                                                        \
            .name = "system directory",                                                            \
            .what = "System32; SysWOW64 for processes of 32 bits on a Windows of 64",              \
            .source = TN_SEARCH_ORDER,                                                             \
            .evidence = tried,                                                                     \
            .system = true,                                                                        \
        },                                                                                         \
        [TN_WIN_SYSTEM_ASSUMED] = {                                                                 \
            .name = "system directory, assumed",                                                    \
            .what = "a library that every Windows has, where the tree has no Windows",              \
            .source = TN_SEARCH_ORDER,                                                              \
            .evidence = TENON_EVIDENCE_BELIEVED,                                                    \
            .system = true,                                                                         \
        },                                                                                          \
        [TN_WIN_SYSTEM16] = {                                                                      \
            .name = "16-bit system directory",                                                     \
            .what = "System below the Windows directory",                                          \
            .source = TN_SEARCH_ORDER,                                                             \
            .evidence = tried,                                                                     \
            .system = true,                                                                        \
        },                                                                                         \
        [TN_WIN_WINDOWS] = {                                                                       \
            .name = "Windows directory",                                                           \
            .what = "the directory of Windows itself",                                             \
            .source = TN_SEARCH_ORDER,                                                             \
            .evidence = tried,                                                                     \
            .system = true,                                                                        \
        },                                                                                         \
        [TN_WIN_CWD] = {                                                                           \
            .name = "current directory",                                                           \
            .what = "behind the system's directories; before them without SafeDllSearchMode",      \
            .source = TN_SEARCH_ORDER,                                                             \
            .evidence = tried,                                                                     \
        },                                                                                         \
        [TN_WIN_ENV_PATH] = {                                                                      \
            .name = "PATH",                                                                        \
            .what = "the directories of the environment's PATH",                                   \
            .source = TN_SEARCH_ORDER,                                                             \
            .evidence = tried,                                                                     \
        },                                                                                         \
        [TN_WIN_USER] = {                                                                          \
            .name = "added directory",                                                             \
            .what = "those of AddDllDirectory(), whose order is not defined",                      \
            .source = "Microsoft, AddDllDirectory",                                                \
            .evidence = TENON_EVIDENCE_BELIEVED,                                                   \
        },                                                                                         \
        [TN_WIN_DLOPEN] = {                                                                        \
            .name = "dlopen directory",                                                            \
            .what = "of Cygwin's dlopen(): LD_LIBRARY_PATH, /usr/bin, /usr/lib, each with the "    \
                    "names that Cygwin makes of one",                                              \
            .source = "Cygwin winsup/cygwin/dlfcn.cc",                                             \
            .evidence = TENON_EVIDENCE_SOURCE,                                                     \
        }, \
    }

/* What is the same in every row of the table of loaders. */
#define TN_WINDOWS_ROW                                                                             \
    .format = TENON_FORMAT_PE, .rule_count = TN_WIN_RULES, .rule_loaded = TN_WIN_LOADED,           \
    .rule_direct = TN_WIN_PATH, .rule_self = TN_WIN_KNOWN, .requests_differ = true,                \
    .paths_of_all = true, .paths_are_searched = true, .self_is_system = true,                      \
    .rule_search = TN_WIN_APP, .configure = tn_windows_configure,                                  \
    .wants_program_origin = tn_windows_wants_origin, .asker_flags = tn_windows_asker_flags,        \
    .key = tn_windows_key, .claims = tn_windows_claims, .fits = tn_windows_fits,                   \
    .redirects = tn_windows_redirects, .arising = tn_windows_arising,                              \
    .forwarded = tn_windows_forwarded, .is_stand_in = tn_windows_is_stand_in,                      \
    .judge_errno = tn_windows_judge_errno, .why_missing = tn_windows_why_missing,                  \
    .binds_imports = true

#endif
