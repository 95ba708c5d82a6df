/* src/process/listing.c - the installed bundles along the search path */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "fail.h"
#include "findings.h"
#include "open_many.h"
#include "process_private.h"
#include "table.h"

struct tenon_listing {
    tenon_report *report; /* findings and arena */
    tenon_bundle **bundles;
    size_t count, room;
    struct tn_names names; /* of all that were met, wanted or not; only once `report` is there */
    struct first *firsts;  /* by number of a name */
    size_t first_room;
};

/* The first bundle of a name: it hides the others, wanted or not. */
struct first {
    const char *path;
    bool is_listed;
};

void tenon_listing_free(tenon_listing *listing)
{
    if (!listing)
        return;
    for (size_t i = 0; i < listing->count; i++)
        tenon_bundle_free(listing->bundles[i]);
    free(listing->bundles);
    free(listing->firsts);
    if (listing->report)
        tn_names_free(&listing->names);
    tenon_report_free(listing->report);
    free(listing);
}

/* Names of bundles in one directory. */
struct names {
    const char **at;
    size_t count, room;
    struct tn_arena arena;
};

static void free_names(struct names *names)
{
    free(names->at);
    tn_arena_free(&names->arena);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_bundle(const char *name)
{
    size_t size = strlen(name), end = strlen(".plugin");
    return size > end && strcmp(name + (size - end), ".plugin") == 0;
}

/* 0, or an errno value. */
static int read_names(DIR *open, struct names *names)
{
    const struct dirent *entry;
    bool good = true;
    errno = 0;
    while (good && (entry = readdir(open))) {
        if (!is_bundle(entry->d_name))
            continue;
        good = tn_grow(&names->at, &names->room, names->count, sizeof *names->at) &&
               (names->at[names->count] = tn_arena_string(&names->arena, entry->d_name));
        names->count += good;
        errno = 0;
    }
    int failed = good ? errno : ENOMEM;
    if (names->count > 1)
        qsort(names->at, names->count, sizeof *names->at, by_name);
    return failed;
}

static bool has_tag(const tenon_manifest *m, const char *tag)
{
    for (size_t i = 0; i < m->tag_count; i++)
        if (strcmp(m->tags[i], tag) == 0)
            return true;
    return false;
}

static bool is_wanted(const tenon_manifest *m, const char *const *tags)
{
    for (; tags && *tags; tags++)
        if (!has_tag(m, *tags))
            return false;
    return true;
}

static const struct first *first_of(const tenon_listing *listing, const char *name)
{
    uint32_t number = tn_names_find(&listing->names, name, strlen(name));
    return number == TN_NO_NAME ? NULL : &listing->firsts[number];
}

/* False: no memory. */
static bool add_first(tenon_listing *listing, const tenon_bundle *bundle, bool is_listed)
{
    const char *name = tenon_bundle_manifest(bundle)->name, *path = tenon_bundle_path(bundle);
    size_t number = listing->names.count;
    if (!is_listed) /* it goes */
        path = tn_arena_string(&listing->report->arena, path);
    if (!path ||
        !tn_grow(&listing->firsts, &listing->first_room, number, sizeof *listing->firsts) ||
        tn_names_add(&listing->names, name, strlen(name)) == TN_NO_NAME)
        return false;
    listing->firsts[number] = (struct first){ path, is_listed };
    return true;
}

/* False: no memory; the bundle is then freed. */
static bool keep_bundle(tenon_listing *listing, tenon_bundle *bundle)
{
    if (!tn_grow(&listing->bundles, &listing->room, listing->count, sizeof *listing->bundles) ||
        !add_first(listing, bundle, true)) {
        tenon_bundle_free(bundle);
        return false;
    }
    tn_bundle_rest(bundle);
    listing->bundles[listing->count++] = bundle;
    return true;
}

static void say_bad(tenon_listing *listing, const char *path, const char *why)
{
    tn_report_find(listing->report,
                   (struct tn_about){ .kind = TENON_FINDING_BAD_BUNDLE, .holders = { path } }, "%s",
                   why);
}

static void say_unread(tenon_listing *listing, const char *dir, int why)
{
    tn_report_find(
        listing->report, (struct tn_about){ .kind = TENON_FINDING_NOT_FOUND, .holders = { dir } },
        "directory %s cannot be read: %s", tn_report_show(listing->report, dir), strerror(why));
}

static void say_shadowed(tenon_listing *listing, const char *name, const char *first,
                         const char *path)
{
    tn_report_find(listing->report,
                   (struct tn_about){
                       .kind = TENON_FINDING_SHADOWED, .plugin = name, .holders = { first, path } },
                   "plugin \"%s\" in %s is shadowed by that in %s", name,
                   tn_report_show(listing->report, path), tn_report_show(listing->report, first));
}

/* A bundle that was found and opened: it is kept, or not wanted, or hidden by the first one. */
static bool list_one(tenon_listing *listing, tenon_bundle *bundle, const char *const *tags,
                     tenon_error *err)
{
    const tenon_manifest *m = tenon_bundle_manifest(bundle);
    const struct first *first = first_of(listing, m->name);
    bool wanted = is_wanted(m, tags);
    if (!first && wanted)
        return keep_bundle(listing, bundle) || tn_no_memory(err);
    if (first && (wanted || first->is_listed))
        say_shadowed(listing, m->name, first->path, tenon_bundle_path(bundle));
    bool good = first || add_first(listing, bundle, false);
    tenon_bundle_free(bundle);
    return good || tn_no_memory(err);
}

/* The bundles of one directory, by name. */
struct folder {
    tenon_bundle **bundles; /* NULL: not known */
    const char **paths;     /* NULL: not to be looked at */
    size_t count;
    struct tn_opening *opened; /* those that were not known, in the same order */
    size_t opened_count;
};

static void free_folder(struct folder *folder)
{
    for (size_t i = 0; folder->bundles && i < folder->count; i++)
        tenon_bundle_free(folder->bundles[i]);
    for (size_t i = 0; i < folder->opened_count; i++) {
        tenon_bundle_free(folder->opened[i].bundle);
        free(folder->opened[i].why);
        free(folder->opened[i].packed);
    }
    free(folder->bundles);
    free(folder->paths);
    free(folder->opened);
}

/* Finds those that are known; the others are to be opened. False: no memory. */
static bool look_up(tenon_listing *listing, tenon_process *process, DIR *open,
                    const struct names *names, const char *dir, struct folder *folder)
{
    folder->bundles = calloc(names->count + 1, sizeof *folder->bundles);
    folder->paths = calloc(names->count + 1, sizeof *folder->paths);
    folder->opened = calloc(names->count + 1, sizeof *folder->opened);
    folder->count = names->count;
    if (!folder->bundles || !folder->paths || !folder->opened)
        return false;
    for (size_t i = 0; i < names->count; i++) {
        const char *path = tn_arena_join(&listing->report->arena, dir, "/", names->at[i], NULL);
        const char *distrust = path ? tn_search_distrust(process, path) : NULL;
        if (!path)
            return false;
        if (distrust) {
            say_bad(listing, path, distrust);
            continue;
        }
        folder->paths[i] = path;
        folder->bundles[i] = tn_known_lookup(process->known, dirfd(open), names->at[i], path);
        if (!folder->bundles[i])
            folder->opened[folder->opened_count++] = (struct tn_opening){ .path = path };
    }
    return true;
}

/* One that was opened just now. False: no memory. */
static bool take_opened(tenon_listing *listing, tenon_process *process, struct tn_opening *opened,
                        const char *const *tags, tenon_error *err)
{
    tenon_bundle *bundle = opened->bundle;
    opened->bundle = NULL;
    if (bundle) {
        tn_known_take(process->known, bundle, tn_view(opened->packed, opened->packed_size));
        return list_one(listing, bundle, tags, err);
    }
    if (!opened->why || opened->why->code == TENON_E_MEMORY)
        return tn_no_memory(err);
    say_bad(listing, opened->path, tenon_error_message(opened->why));
    return true;
}

static bool list_folder(tenon_listing *listing, tenon_process *process, struct folder *folder,
                        const char *const *tags, tenon_error *err)
{
    size_t next = 0;
    tn_open_many(folder->opened, folder->opened_count);
    for (size_t i = 0; i < folder->count; i++) {
        tenon_bundle *bundle = folder->bundles[i];
        folder->bundles[i] = NULL;
        if (bundle ? !list_one(listing, bundle, tags, err)
                   : folder->paths[i] &&
                         !take_opened(listing, process, &folder->opened[next++], tags, err))
            return false;
    }
    return true;
}

/* A directory that is not there holds nothing; one that cannot be read is told, with what was seen.
 */
static bool list_directory(tenon_listing *listing, tenon_process *process, const char *dir,
                           const char *const *tags, tenon_error *err)
{
    struct names names = { 0 };
    struct folder folder = { .count = 0 };
    DIR *open = opendir(dir);
    int failed = open ? read_names(open, &names) : errno;
    if (failed == ENOENT || failed == ENOTDIR)
        return true;
    if (failed && failed != ENOMEM)
        say_unread(listing, dir, failed);
    bool good =
        failed != ENOMEM && (!open || look_up(listing, process, open, &names, dir, &folder));
    good = good ? list_folder(listing, process, &folder, tags, err) : tn_no_memory(err);
    if (open)
        closedir(open);
    free_folder(&folder);
    free_names(&names);
    return good;
}

static bool list_all(tenon_listing *listing, tenon_process *process, const char *const *tags,
                     tenon_error *err)
{
    struct tn_places places = { 0 };
    tenon_world *world = tenon_world_host(err);
    if (!world)
        return false;
    tn_process_known(process, world);
    tenon_world_free(world);
    tn_known_begin(process->known);
    bool good = tn_search_path(process, &listing->report->arena, &places) || tn_no_memory(err);
    for (size_t i = 0; good && i < places.count; i++)
        good = list_directory(listing, process, places.at[i], tags, err);
    free(places.at);
    tn_known_end(process->known);
    if (good)
        tn_known_save(process->known, true);
    return good && (!listing->report->no_memory || tn_no_memory(err));
}

tenon_listing *tenon_process_list(tenon_process *process, const char *const *tags, tenon_error *err)
{
    tenon_listing *listing = calloc(1, sizeof *listing);
    if (!listing) {
        tn_no_memory(err);
        return NULL;
    }
    listing->report = tn_report_new(err);
    if (listing->report && !tn_names_init(&listing->names)) {
        tn_no_memory(err);
        tenon_report_free(listing->report);
        listing->report = NULL;
    }
    tn_process_lock(process);
    bool good = listing->report && list_all(listing, process, tags, err);
    tn_process_unlock(process);
    if (good)
        return listing;
    tenon_listing_free(listing);
    return NULL;
}

size_t tenon_listing_count(const tenon_listing *listing)
{
    return listing->count;
}

const char *tenon_listing_path(const tenon_listing *listing, size_t i)
{
    return i < listing->count ? tenon_bundle_path(listing->bundles[i]) : NULL;
}

const tenon_manifest *tenon_listing_manifest(const tenon_listing *listing, size_t i)
{
    return i < listing->count ? tenon_bundle_manifest(listing->bundles[i]) : NULL;
}

size_t tenon_listing_finding_count(const tenon_listing *listing)
{
    return listing->report->count;
}

const tenon_finding *tenon_listing_finding(const tenon_listing *listing, size_t i)
{
    return tenon_report_finding(listing->report, i);
}
