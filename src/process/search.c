/* src/process/search.c - where a plugin's bundle is */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "instead.h"
#include "limits.h"
#include "process_private.h"

#define SUFFIX ".plugin"

static bool is_same_directory(const char *one, const char *other)
{
    struct stat a, b;
    return strcmp(one, other) == 0 || (stat(one, &a) == 0 && stat(other, &b) == 0 &&
                                       a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* A directory that is named again adds nothing. */
static bool add_place(struct tn_places *places, struct tn_arena *arena, const char *dir,
                      size_t size)
{
    const char *copy = tn_arena_copy(arena, dir, size);
    for (size_t i = 0; copy && i < places->count; i++)
        if (is_same_directory(places->at[i], copy))
            return true;
    if (!copy || !tn_grow(&places->at, &places->room, places->count, sizeof *places->at))
        return false;
    places->at[places->count++] = copy;
    return true;
}

/* Elements of a colon-separated list; empty ones mean nothing. */
static bool add_list(struct tn_places *places, struct tn_arena *arena, const char *list)
{
    while (*list) {
        size_t size = strcspn(list, ":");
        if (size && !add_place(places, arena, list, size))
            return false;
        list += size + (list[size] == ':');
    }
    return true;
}

/* Where `tenon bundle install` puts them, unless the host says otherwise. */
static const char *default_directory(const tenon_process *process)
{
    return process->default_directory ? process->default_directory : TENON_PLUGIN_DIR;
}

bool tn_search_path(const tenon_process *process, struct tn_arena *arena, struct tn_places *places)
{
    const char *list = process->secure ? NULL : getenv("TENON_PLUGIN_PATH");
    const char *last = default_directory(process);
    for (size_t i = 0; i < process->added.count; i++)
        if (!add_place(places, arena, process->added.at[i], strlen(process->added.at[i])))
            return false;
    if (list && !add_list(places, arena, list))
        return false;
    return add_place(places, arena, last, strlen(last));
}

/* NULL: no memory. */
static char **one_block(const struct tn_places *places)
{
    size_t size = (places->count + 1) * sizeof(char *);
    for (size_t i = 0; i < places->count; i++)
        size += strlen(places->at[i]) + 1;
    char **rows = malloc(size);
    char *next = rows ? (char *)(rows + places->count + 1) : NULL;
    for (size_t i = 0; rows && i < places->count; i++) {
        rows[i] = next;
        next = stpcpy(next, places->at[i]) + 1;
    }
    if (rows)
        rows[places->count] = NULL;
    return rows;
}

char **tenon_process_search_path(tenon_process *process, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_places places = { 0 };
    tn_process_lock(process);
    char **rows = tn_search_path(process, &arena, &places) ? one_block(&places) : NULL;
    tn_process_unlock(process);
    free(places.at);
    tn_arena_free(&arena);
    if (!rows)
        tn_no_memory(err);
    return rows;
}

/* ---- whom a privileged process may trust ------------------------------------------------------
 */

/* Root's or one's own, and nobody else may write; a sticky directory guards its entries. */
static const char *distrust_one(const char *path, bool is_last)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return "it cannot be looked at";
    if (info.st_uid != 0 && info.st_uid != geteuid())
        return "it belongs to somebody else";
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) && !(info.st_mode & S_ISVTX && !is_last))
        return "others can write to it";
    return NULL;
}

const char *tn_search_distrust(const tenon_process *process, const char *path)
{
    const char *why = NULL;
    if (!process->secure)
        return NULL;
    char *real = realpath(path, NULL);
    if (!real)
        return "it cannot be looked at";
    bool is_last = true;
    for (char *end = real + strlen(real); !why && end; end = strrchr(real, '/')) {
        *end = '\0';
        why = distrust_one(*real ? real : "/", is_last);
        is_last = false;
    }
    free(real);
    return why;
}

/* ---- one plugin ---------------------------------------------------------------------------------
 */

static bool ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text), end = strlen(suffix);
    return size >= end && strcmp(text + (size - end), suffix) == 0;
}

/* 0: it is there; else an errno value. */
static int look_for(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno;
    return S_ISDIR(info.st_mode) ? EISDIR : 0;
}

static bool is_file(const char *path)
{
    return look_for(path) == 0;
}

static const char *keep(tenon_report *report, const char *text)
{
    report->no_memory |= !text;
    return text;
}

/* A path: as it is given, else with the suffix. */
static const char *find_path(const char *wanted, tenon_report *report)
{
    if (!ends_with(wanted, SUFFIX) && !is_file(wanted)) {
        const char *with = keep(report, tn_arena_format(&report->arena, "%s" SUFFIX, wanted));
        if (with && is_file(with))
            return with;
    }
    return keep(report, tn_arena_string(&report->arena, wanted));
}

static const char *not_found(const char *wanted, const struct tn_places *places,
                             tenon_report *report)
{
    const char *list = "", *here = "";
    const char *with = keep(report, tn_arena_format(&report->arena, "%s" SUFFIX, wanted));
    if (with && is_file(with)) {
        const char *shown = tn_report_show(report, wanted);
        here = keep(report, tn_arena_format(&report->arena,
                                            "; a file %s" SUFFIX " is here: ./%s is its path",
                                            shown, shown));
    } else if (look_for(wanted) == EISDIR) {
        here = keep(report, tn_arena_format(&report->arena, "; %s is a directory",
                                            tn_report_show(report, wanted)));
    } else if (is_file(wanted)) {
        const char *instead = tn_instead(wanted), *shown = tn_report_show(report, wanted);
        here =
            keep(report,
                 instead ? tn_arena_format(&report->arena, "; the file %s is %s", shown, instead)
                         : tn_arena_format(&report->arena, "; a file %s is here: ./%s is its path",
                                           shown, shown));
    }
    for (size_t i = 0; list && i < places->count; i++)
        list = tn_arena_format(&report->arena, "%s%s%s", list, i ? ", " : "",
                               tn_report_show(report, places->at[i]));
    keep(report, list);
    tn_report_find(
        report,
        (struct tn_about){ .kind = TENON_FINDING_NOT_FOUND, .refuses = true, .plugin = wanted },
        "no plugin \"%s\" was found%s%s%s", tn_report_show(report, wanted),
        places->count ? " in " : ": no directory was given to look in", list ? list : "",
        here ? here : "");
    return NULL;
}

/* The same name in a later directory. */
static void note_other(tenon_process *process, const char *wanted, const char *first,
                       const char *other, tenon_report *report)
{
    struct tn_about about = { .kind = TENON_FINDING_SHADOWED,
                              .plugin = wanted,
                              .holders = { first, other } };
    if (process->ambiguous) {
        about.kind = TENON_FINDING_AMBIGUOUS;
        about.refuses = true;
        tn_report_find(report, about, "plugin \"%s\" is both in %s and in %s",
                       tn_report_show(report, wanted), tn_report_show(report, first),
                       tn_report_show(report, other));
    } else {
        tn_report_find(report, about, "plugin \"%s\" in %s is shadowed by that in %s",
                       tn_report_show(report, wanted), tn_report_show(report, other),
                       tn_report_show(report, first));
    }
}

/*
 * A directory that keeps its files from us is passed over, as by a shell or the system's loader,
 * but not in silence. What may go as it came (an I/O error) is no reason to take another file.
 */
static void note_unseen(const char *wanted, const char *dir, int why, tenon_report *report)
{
    bool stays = why == EACCES || why == ELOOP || why == ENAMETOOLONG;
    if (why == 0 || why == ENOENT || why == ENOTDIR || why == EISDIR)
        return;
    report->no_memory |= why == ENOMEM;
    tn_report_find(report,
                   (struct tn_about){ .kind = TENON_FINDING_NOT_FOUND,
                                      .refuses = !stays,
                                      .plugin = wanted,
                                      .holders = { dir } },
                   "directory %s cannot be searched for plugin \"%s\": %s",
                   tn_report_show(report, dir), tn_report_show(report, wanted), strerror(why));
}

static const char *find_name(tenon_process *process, const char *wanted, tenon_report *report)
{
    struct tn_places places = { 0 };
    const char *found = NULL;
    keep(report, tn_search_path(process, &report->arena, &places) ? "" : NULL);
    for (size_t i = 0; i < places.count; i++) {
        const char *path =
            keep(report, tn_arena_format(&report->arena, "%s/%s" SUFFIX, places.at[i], wanted));
        int why = path ? look_for(path) : ENOENT;
        note_unseen(wanted, places.at[i], why, report);
        if (why)
            continue;
        if (found)
            note_other(process, wanted, found, path, report);
        else
            found = path;
    }
    if (!found)
        found = not_found(wanted, &places, report);
    free(places.at);
    return found;
}

const char *tn_search_find(tenon_process *process, const char *wanted, tenon_report *report)
{
    size_t refusals = report->refusals;
    const char *path = strchr(wanted, '/') || ends_with(wanted, SUFFIX)
                           ? find_path(wanted, report)
                           : find_name(process, wanted, report);
    const char *why = path ? tn_search_distrust(process, path) : NULL;
    if (why)
        tn_report_find(report,
                       (struct tn_about){ .kind = TENON_FINDING_BAD_BUNDLE,
                                          .refuses = true,
                                          .plugin = wanted,
                                          .holders = { path } },
                       "%s is not loaded into a privileged process: %s",
                       tn_report_show(report, path), why);
    return report->refusals > refusals ? NULL : path;
}
