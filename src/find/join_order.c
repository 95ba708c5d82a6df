/*
 * src/find/join_order.c - in which order the directories of several libraries are searched
 *
 * A directory that is needed for one library may hold another one of a name that was found
 * elsewhere. The linker takes for -lNAME, and the loader for the name that is recorded, the first
 * in the order of the directories: so that of the installation that was found comes first.
 */
#include <tenon/image.h>

#include "conventions.h"
#include "fail.h"
#include "join.h"
#include "text.h"

/* A library, and another file that would be taken for it. */
struct clash {
    const char *word;  /* "-lNAME" or the recorded name; NULL: there is none */
    const char *other; /* path */
    bool final;        /* no order helps */
};

struct order {
    const struct tn_joined *joined;
    struct tn_arena *arena;
    tenon_world *world;
    struct clash *clashes; /* [i * count + k]: i must be before k */
    struct tn_part user;   /* the directories of the user's own flags: the first */
    bool lost;             /* no memory */
};

/* A library where it was found. */
struct home {
    const char *word, *name; /* "-lNAME", "NAME" */
    const char *dir, *path;  /* NULL: wherever the compiler looks */
    const char *recorded;    /* a file name; NULL: none is, or not known */
    bool by_switch;          /* -L leads to it */
};

/* The k-th file name that -lNAME may stand for; NULL: no more. rule  GNU ld: -l:FILE is a file */
static const char *file_name(struct order *order, const char *name, size_t *row)
{
    const struct tn_convention *convention;

    if (name[0] == ':')
        return (*row)++ ? NULL : name + 1;
    while ((convention = tn_convention_next(order->joined->platform, row))) {
        if (convention->version != TN_VERSION_NONE || convention->role == TN_ROLE_LIBTOOL ||
            convention->role == TN_ROLE_FRAMEWORK)
            continue;
        const char *file =
            tn_arena_format(order->arena, "%s%s%s", convention->prefix, name, convention->suffix);
        order->lost |= !file;
        return file;
    }
    return NULL;
}

/* DIR/FILE when it is a file; NULL. */
static const char *file_in(struct order *order, const char *dir, const char *file,
                           tenon_file_info *info)
{
    const char *path = tn_arena_format(order->arena, "%s/%s", dir, file);

    order->lost |= !path;
    return path && tenon_world_stat(order->world, path, info) == 0 &&
                   info->type == TENON_FILE_REGULAR
               ? path
               : NULL;
}

static const char *library_in(struct order *order, const char *dir, const char *name)
{
    const char *file, *path = NULL;
    tenon_file_info info;
    size_t row = 0;

    while (!path && (file = file_name(order, name, &row)))
        path = file_in(order, dir, file, &info);
    return path;
}

/* The name that a program has recorded of the shared library. rule  ld: its own name, else -l's
 * file */
static const char *recorded_name(struct order *order, const struct home *home)
{
    const char *file, *name = NULL;
    tenon_file_info info;
    size_t row = 0;

    while (!name && (file = file_name(order, home->name, &row))) {
        const char *path = file_in(order, home->dir, file, &info);
        tenon_image *image =
            path ? tenon_image_open(order->world, path, TENON_PART_CORE, NULL) : NULL;
        if (image && tenon_image_kind(image) == TENON_KIND_SHARED_LIBRARY) {
            const char *own = tenon_image_own_name(image);
            name = tn_arena_string(order->arena, own ? own : file);
            order->lost |= !name;
        }
        tenon_image_free(image);
    }
    return name && !strchr(name, '/') ? name : NULL;
}

static struct home home_of(struct order *order, const struct tn_part *part, const char *word)
{
    struct home home = { .word = word, .name = word + 2 };

    for (size_t i = 0; !home.path && i < part->dirs.count; i++) {
        home.dir = part->dirs.at[i];
        home.path = library_in(order, home.dir, home.name);
    }
    home.by_switch = home.path;
    if (!home.path && (home.dir = part->libdir))
        home.path = library_in(order, home.dir, home.name);
    if (!home.path)
        home.dir = NULL;
    if (home.path)
        home.recorded = recorded_name(order, &home);
    return home;
}

/* rule  GNU ld, lld, ld.so: a library of another machine is passed over */
static bool is_foreign(struct order *order, const struct home *home, const char *path)
{
    tenon_image *own =
        home->path ? tenon_image_open(order->world, home->path, TENON_PART_CORE, NULL) : NULL;
    tenon_image *other = own ? tenon_image_open(order->world, path, TENON_PART_CORE, NULL) : NULL;
    const char *mine = own ? tenon_image_machine(own) : NULL;
    const char *machine = other ? tenon_image_machine(other) : NULL;
    bool foreign = mine && machine && strcmp(mine, machine) != 0;

    tenon_image_free(own);
    tenon_image_free(other);
    return foreign;
}

/* DIR/FILE when it is there and another file than that of the library; NULL. */
static const char *other_file(struct order *order, const struct home *home, const char *dir,
                              const char *file)
{
    tenon_file_info one, own;
    const char *path = file_in(order, dir, file, &one);

    if (!path || (home->dir && file_in(order, home->dir, file, &own) && own.device == one.device &&
                  own.inode == one.inode))
        return NULL;
    if (home->path && tenon_world_stat(order->world, home->path, &own) == 0 &&
        own.device == one.device && own.inode == one.inode)
        return NULL;
    return is_foreign(order, home, path) ? NULL : path;
}

static void note(struct clash *clash, const char *word, const char *other, bool final)
{
    if (other && (!clash->word || (final && !clash->final)))
        *clash = (struct clash){ word, other, final };
}

/* What is in a directory of another part's. */
static void look_into(struct order *order, const struct tn_part *part, const struct home *home,
                      const struct tn_part *other, const char *dir, struct clash *clash)
{
    enum tenon_recording recording = order->joined->platform->recording;
    bool dirs_recorded = recording == TENON_RECORDS_LINK_DIRS || recording == TENON_RECORDS_PLUS_B;
    const char *file;
    size_t row = 0;

    while ((file = file_name(order, home->name, &row)))
        note(clash, home->word, other_file(order, home, dir, file), !home->by_switch);
    if (home->recorded && (other->run_path || dirs_recorded))
        note(clash, home->recorded, other_file(order, home, dir, home->recorded),
             !home->by_switch || !(part->run_path || dirs_recorded));
}

/* A library of `part` that another part's directories have too. */
static void compare(struct order *order, const struct tn_part *part, const struct tn_part *other,
                    struct clash *clash)
{
    for (size_t i = part->first; i < part->end; i++) {
        const char *word = order->joined->libs.at[i];
        if (!tn_begins(word, "-l") || !word[2])
            continue;
        const struct home home = home_of(order, part, word);
        for (size_t k = 0; k < other->dirs.count; k++)
            look_into(order, part, &home, other, other->dirs.at[k], clash);
    }
}

static bool refuse(const struct tn_part *part, const char *whose, const struct clash *clash,
                   tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    return tn_fail(err, TENON_E_UNSUPPORTED,
                   "%s: %s would be %s, which is not the one that was found, but is in a directory "
                   "of %s; no order of the directories helps: let both be found in one place",
                   part->name, clash->word, tn_quote(shown, clash->other), whose);
}

/* The user's own -L come first. */
static bool check_user(struct order *order, tenon_error *err)
{
    const struct tn_joined *joined = order->joined;
    bool good = true;

    for (size_t i = 0; good && i < joined->ldflags.count; i++)
        if (tn_begins(joined->ldflags.at[i], "-L") && joined->ldflags.at[i][2])
            good = tn_words_add(&order->user.dirs, joined->ldflags.at[i] + 2) || tn_no_memory(err);
    for (size_t i = 0; good && i < joined->count; i++) {
        struct clash clash = { 0 };
        compare(order, &joined->parts[i], &order->user, &clash);
        if (clash.word)
            good = refuse(&joined->parts[i], "LDFLAGS", &clash, err);
    }
    return good;
}

/* The first that is left which none of the others left must precede. */
static bool next(struct order *order, const bool *done, size_t *which, tenon_error *err)
{
    size_t count = order->joined->count, left = count, by = count;

    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        if (done[i])
            continue;
        while (k < count && (done[k] || k == i || !order->clashes[k * count + i].word))
            k++;
        *which = i;
        if (k == count)
            return true;
        left = i;
        by = k;
    }
    return refuse(&order->joined->parts[by], order->joined->parts[left].name,
                  &order->clashes[by * count + left], err);
}

static bool arrange(struct order *order, size_t *out, tenon_error *err)
{
    const struct tn_joined *joined = order->joined;
    size_t count = joined->count;
    bool *done = tn_arena_rows(order->arena, count + 1, sizeof *done), good;

    order->clashes = tn_arena_rows(order->arena, count * count + 1, sizeof *order->clashes);
    good = (done && order->clashes) || tn_no_memory(err);
    for (size_t i = 0; good && i < count; i++)
        for (size_t k = 0; good && k < count; k++) {
            struct clash *clash = &order->clashes[i * count + k];
            *clash = (struct clash){ 0 };
            if (i == k)
                continue;
            compare(order, &joined->parts[i], &joined->parts[k], clash);
            good = !clash->final || refuse(&joined->parts[i], joined->parts[k].name, clash, err);
        }
    for (size_t i = 0; good && i < count; i++)
        done[i] = false;
    for (size_t i = 0; good && i < count; i++) {
        good = next(order, done, &out[i], err);
        if (good)
            done[out[i]] = true;
    }
    return good;
}

bool tn_join_order(const struct tn_joined *joined, struct tn_arena *arena, tenon_world *world,
                   size_t *order, tenon_error *err)
{
    struct order work = { .joined = joined, .arena = arena, .world = world };
    bool good = check_user(&work, err) && arrange(&work, order, err);

    tn_words_free(&work.user.dirs);
    return good && (!work.lost || tn_no_memory(err));
}
