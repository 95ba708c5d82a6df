/* src/find/diagnose.c - why a link failed, seen from the files that are there */
#include "diagnose.h"

#include <errno.h>

#include "conventions.h"
#include "fail.h"
#include "member.h"
#include "platforms.h"

struct look {
    struct tn_hunt *hunt;
    const char *dir, *machine; /* of the compiler's own objects; NULL */
    const char *said;          /* so far */
    bool linkable;             /* a name that a linker opens for -lNAME is there */
    const char *versioned;     /* a shared library that only a loader opens */
};

/* What our own object is for. */
static const char *own_machine(const struct tn_hunt *hunt)
{
    const char *object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir);
    tenon_world *host = tenon_world_host(NULL);
    tenon_image *image =
        object && host ? tenon_image_open(host, object, TENON_PART_CORE, NULL) : NULL;
    const char *machine = image ? tenon_image_machine(image) : NULL;

    if (machine)
        machine = tn_arena_string(hunt->arena, machine);
    tenon_image_free(image);
    tenon_world_free(host);
    return machine;
}

static void say(struct look *look, const char *path, const char *what)
{
    const char *more = tn_arena_format(look->hunt->arena, "%s (%s %s)", look->said, path, what);

    if (more)
        look->said = more;
}

static bool has_flag(const tenon_image *image, const char *flag)
{
    const tenon_fact *fact;

    for (size_t i = 0; (fact = tenon_image_fact(image, i)); i++)
        if (strcmp(fact->name, "f_flags") == 0)
            return tn_list_has(fact->value, flag);
    return false;
}

/*
 * For a loader, not for a linker. rule  Mach-O MH_BUNDLE; IBM XCOFF Object File Format: F_LOADONLY,
 * which is true of an archive when it is of all its shared objects
 */
static bool is_run_time_module(tenon_world *world, const tenon_image *image)
{
    const tenon_image_source *source;
    bool some = false;

    if (tenon_image_kind(image) == TENON_KIND_BUNDLE || has_flag(image, "LOADONLY"))
        return true;
    if (tenon_image_format(image) != TENON_FORMAT_ARCHIVE)
        return false;
    for (size_t i = 0; (source = tenon_image_inside(image, i)); i++) {
        tenon_image *member = tenon_image_open_source(world, source, TENON_PART_CORE, NULL);
        bool shared = member && tenon_image_kind(member) == TENON_KIND_SHARED_LIBRARY;
        bool linkable = shared && !has_flag(member, "LOADONLY");
        tenon_image_free(member);
        some |= shared;
        if (linkable)
            return false;
    }
    return some;
}

static void look_at_image(struct look *look, const char *path)
{
    tenon_image *image = tenon_image_open(look->hunt->world, path, TENON_PART_CORE, NULL);
    const char *machine = image ? tenon_image_machine(image) : NULL;

    if (image && is_run_time_module(look->hunt->world, image))
        say(look, path, "is a run-time module: it can be loaded, not linked with");
    else if (machine && look->machine && strcmp(machine, look->machine) != 0) {
        const char *what =
            tn_arena_format(look->hunt->arena, "is for %s, not for %s", machine, look->machine);
        if (what)
            say(look, path, what);
    }
    tenon_image_free(image);
}

static int look_at(void *arg, const char *name)
{
    struct look *look = arg;
    const struct tn_convention *row;
    size_t at = 0;

    while ((row = tn_convention_next(look->hunt->finder->platform, &at)))
        if (row->role != TN_ROLE_FRAMEWORK && row->role != TN_ROLE_LIBTOOL &&
            tn_convention_fits(row, name, look->hunt->request->name))
            break;
    if (!row)
        return 0;
    const char *path = tn_arena_format(look->hunt->arena, "%s/%s", look->dir, name);
    struct tn_member member;
    if (!path || !tn_member_read(look->hunt->world, look->hunt->arena, path, row->role, &member))
        return ENOMEM;
    if (row->version != TN_VERSION_NONE) {
        look->versioned = member.is ? path : look->versioned;
        return 0;
    }
    look->linkable = true;
    if (!member.is) {
        const char *what = tn_arena_format(look->hunt->arena, "is no library: %s", member.why);
        if (what)
            say(look, path, what);
    } else if (member.dangling) {
        say(look, path, "is a link to a file that is not there");
    } else {
        look_at_image(look, path);
    }
    return 0;
}

const char *tn_wrong_machine(struct tn_hunt *hunt, const struct tn_outcome *outcome, bool *lost)
{
    const char *own = own_machine(hunt), *why = NULL;

    *lost = false;
    for (size_t i = 0; own && !why && !*lost && i < outcome->group.count; i++) {
        const char *path = outcome->group.at[i];
        tenon_image *image = tenon_image_open(hunt->world, path, TENON_PART_CORE, NULL);
        const char *machine = image ? tenon_image_machine(image) : NULL;
        if (machine && strcmp(machine, own) != 0) {
            why = tn_arena_format(hunt->arena,
                                  "links with nothing of %s, which is for %s, not for %s", path,
                                  machine, own);
            *lost = !why;
        }
        tenon_image_free(image);
    }
    return why;
}

const char *tn_diagnose(struct tn_hunt *hunt, const struct tn_attempt *attempt)
{
    struct look look = { .hunt = hunt, .said = "", .machine = own_machine(hunt) };

    for (size_t i = 0; i < attempt->libs.count; i++) {
        if (!tn_begins(attempt->libs.at[i], "-L") || !attempt->libs.at[i][2])
            continue;
        look.dir = attempt->libs.at[i] + 2;
        (void)tenon_world_list(hunt->world, look.dir, look_at, &look);
    }
    for (size_t i = 0; attempt->builtin && i < hunt->finder->library_dirs.count; i++) {
        look.dir = hunt->finder->library_dirs.at[i];
        (void)tenon_world_list(hunt->world, look.dir, look_at, &look);
    }
    if (look.versioned && !look.linkable)
        say(&look, look.versioned,
            "is there, but not the name without version that a linker opens: the library's "
            "development files are missing");
    return look.said;
}
