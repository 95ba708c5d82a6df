/* src/cli/files.c - the FILEs of a command: directories walked, errors told, the worst counts */
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"
#include "text.h"

/* What is still to be looked at below a directory, the next one last. */
struct walk {
    const struct cli_side *side;
    char **paths; /* in the world; those of directories end with '/' */
    size_t count, room;
    const char *dir; /* whose entries are being read */
};

static int push(struct walk *walk, char *path)
{
    if (path && walk->count == walk->room) {
        size_t room = walk->room ? 2 * walk->room : 64;
        char **more = reallocarray(walk->paths, room, sizeof *more);
        if (more) {
            walk->paths = more;
            walk->room = room;
        }
    }
    if (!path || walk->count == walk->room) {
        free(path);
        return ENOMEM;
    }
    walk->paths[walk->count++] = path;
    return 0;
}

static char *concat(const char *a, const char *b, const char *c)
{
    char *all;

    return asprintf(&all, "%s%s%s", a, b, c) < 0 ? NULL : all;
}

/* For tenon_world_list. Nothing is looked up here: the world is busy listing. */
static int push_name(void *arg, const char *name)
{
    struct walk *walk = arg;

    return push(walk, concat(walk->dir, name, ""));
}

/*
 * What a path just listed is for the walk: a file, a directory, or nothing. Symbolic links are not
 * followed, as grep -r does: what they lead to inside the directory is met anyway, and once. One
 * that is gone meanwhile is nothing; one that cannot be looked at (its path is too long, the
 * directory may be listed and no more) is an error of its directory. 0 or an errno value.
 */
static int judge(const struct cli_side *side, char **path)
{
    tenon_file_info info;
    bool is_dir, is_file;
    char *old = *path;

    int failed = tenon_world_lstat(side->world, old, &info);
    if (failed)
        info.type = TENON_FILE_OTHER;
    is_dir = info.type == TENON_FILE_DIRECTORY;
    is_file = info.type == TENON_FILE_REGULAR && info.size > 0;
    if (is_file)
        return 0;
    *path = is_dir ? concat(old, "/", "") : NULL;
    free(old);
    if (failed == ENOENT || failed == ENOTDIR)
        failed = 0;
    return is_dir && !*path ? ENOMEM : failed;
}

static int last_first(const void *a, const void *b)
{
    return -strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Puts the entries of a directory on the stack. Since names of directories end with a slash, the
 * walk meets all files in the bytewise order of their whole paths. 0 or an errno value.
 */
static int push_entries(struct walk *walk, const char *dir)
{
    size_t first = walk->count, kept = first;
    int failed;

    walk->dir = dir;
    failed = tenon_world_list(walk->side->world, dir, push_name, walk);
    for (size_t i = first; i < walk->count; i++) {
        int bad = judge(walk->side, &walk->paths[i]);
        failed = failed ? failed : bad;
        if (walk->paths[i])
            walk->paths[kept++] = walk->paths[i];
    }
    walk->count = kept;
    if (kept > first)
        qsort(walk->paths + first, kept - first, sizeof *walk->paths, last_first);
    return failed;
}

static void free_walk(struct walk *walk)
{
    while (walk->count > 0)
        free(walk->paths[--walk->count]);
    free(walk->paths);
}

static bool has_json(const struct cli_answer *answer)
{
    return answer->cli->json && !answer->cli->quiet;
}

/*
 * One failure: what to call the file it is about, and what went wrong with it. The library's
 * messages begin with the path as it is or escaped, here and there with both; so that the user
 * sees his own name for the file, and sees it escaped once, the two are kept apart.
 */
struct failure {
    const char *subject; /* NULL: the message says it */
    const char *message;
    bool absent; /* nothing is there */
};

/* No message cuts a shorter name: what does not fit is at most one character, escaped. */
#define UNCUT (TN_QUOTE_ROOM - 16)

/* The rest of a message that begins with "NAME: ", NULL when it does not. */
static const char *after_name(const char *message, const char *name)
{
    size_t same = 0;

    while (name[same] && message[same] == name[same])
        same++;
    return (!name[same] || same > UNCUT) && strncmp(message + same, ": ", 2) == 0
               ? message + same + 2
               : NULL;
}

/* What a message says about the file at `path`, NULL when it begins with no form of that. */
static const char *said_of(const char *message, const char *path)
{
    char escaped[TENON_ERROR_TEXT]; /* a longer one cannot stand in a message */
    const char *rest, *said = NULL;

    tn_text_escape(escaped, sizeof escaped, path, strlen(path));
    while ((rest = after_name(message, path)) || (rest = after_name(message, escaped)))
        message = said = rest;
    return said;
}

/* A failure with the file at `path` in the world, which the user calls `label`. */
static struct failure failure_of(const struct cli_answer *answer, const char *label,
                                 const char *path, const tenon_error *err)
{
    const char *message = tenon_error_message(err), *exe = answer->side->exe, *said;

    if ((said = said_of(message, path)))
        return (struct failure){ label, said, err->system_errno == ENOENT };
    if (exe && (said = said_of(message, exe)))
        return (struct failure){ exe, said, err->system_errno == ENOENT };
    return (struct failure){ NULL, message, false };
}

static void complain(struct cli *cli, const struct cli_side *side, struct failure failure)
{
    char program[TN_LIMIT_PATH], shown[CLI_SHOWN_ROOM], hint[TENON_ERROR_TEXT + CLI_SHOWN_ROOM];

    if (!failure.subject) {
        cli_complain(cli, "%s", failure.message);
        return;
    }
    /* who types a command's name may have expected it to be looked for as a shell does */
    if (failure.absent && tenon_world_is_host(side->world) &&
        cli_program_of(failure.subject, program, sizeof program)) {
        snprintf(hint, sizeof hint, "%s (did you mean %s?)", failure.message,
                 cli_shown(shown, program));
        failure.message = hint;
    }
    cli_complain_of(cli, failure.subject, failure.message);
}

/* The error of one file, on the channel that its reader looks at. */
static int tell_error(struct cli_answer *answer, const char *label, enum tenon_code code,
                      struct failure failure)
{
    struct cli_json *json = &answer->json;

    if (!has_json(answer)) {
        complain(answer->cli, answer->side, failure);
        return CLI_UNREADABLE;
    }
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, label);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(TENON_STATUS_ERROR));
    cli_json_error(json, code, failure.subject, failure.message);
    cli_json_close(json, '}');
    return CLI_UNREADABLE;
}

/* Of a format that this version does not read, unlike an image of a loader it does not know. */
static bool is_unread_format(const struct cli_side *side, const char *path)
{
    tenon_image *image = tenon_image_open(side->world, path, TENON_PART_CORE, NULL);

    tenon_image_free(image);
    return !image;
}

/* A text that stands for libraries when linking: no image, though one can be asked about it. */
static bool is_text(const struct cli_side *side, const char *path)
{
    tenon_image *image = tenon_image_open(side->world, path, TENON_PART_CORE, NULL);
    bool is_it = image && (tenon_image_format(image) == TENON_FORMAT_LINKER_SCRIPT ||
                           tenon_image_format(image) == TENON_FORMAT_TBD ||
                           tenon_image_format(image) == TENON_FORMAT_LIBTOOL);

    tenon_image_free(image);
    return is_it;
}

/*
 * No image: not one that is broken. An empty file is none, though it may have been meant as one.
 * In a directory nobody asked for what is not made to be loaded either.
 */
static bool is_other(const struct cli_side *side, const char *path, bool in_directory,
                     const tenon_error *err)
{
    tenon_file_info info;

    switch (err->code) {
    case TENON_E_FORMAT: return true;
    case TENON_E_NOT_LOADABLE: return in_directory || is_text(side, path);
    case TENON_E_UNSUPPORTED: return in_directory && is_unread_format(side, path);
    case TENON_E_TRUNCATED:
        return tenon_world_stat(side->world, path, &info) == 0 && info.size == 0;
    default: return false;
    }
}

/* `*is_dir` (NULL inside a directory): nothing was said, the file is a directory. */
static int answer_file(struct cli_answer *answer, const char *label, const char *path, bool skip,
                       bool *is_dir)
{
    tenon_error err = TENON_ERROR_INIT;
    int status = CLI_YES;

    if (answer->give(answer, label, path, &status, &err)) {
        answer->answered++;
    } else if (is_dir && err.system_errno == EISDIR) {
        *is_dir = true;
    } else if (!skip || !is_other(answer->side, path, !is_dir, &err)) {
        if (answer->is_member)
            answer->left = true;
        else
            status = tell_error(answer, label, err.code, failure_of(answer, label, path, &err));
    }
    return status;
}

/* Bytes of a directory's name without the slashes behind it. */
static size_t bare_size(const char *dir)
{
    size_t size = strlen(dir);

    while (size > 0 && dir[size - 1] == '/')
        size--;
    return size;
}

static int tell_failure(struct cli_answer *answer, const char *label, int failed)
{
    bool memory = failed == ENOMEM;

    return tell_error(
        answer, label, memory ? TENON_E_MEMORY : TENON_E_SYSTEM,
        (struct failure){ label, memory ? "out of memory" : tn_errno_text(failed), false });
}

/* One path of the walk: a file is answered for, a directory is walked later. */
static int answer_found(struct cli_answer *answer, struct walk *walk, const char *label,
                        const char *path)
{
    bool is_dir = path[strlen(path) - 1] == '/';
    int failed = is_dir ? push_entries(walk, path) : 0;

    if (failed)
        return tell_failure(answer, label, failed);
    return is_dir ? CLI_YES : answer_file(answer, label, path, true, NULL);
}

/* Every image in the directory that the user called `label` and the world calls `dir`. */
static int answer_dir(struct cli_answer *answer, const char *label, const char *dir)
{
    struct walk walk = { .side = answer->side };
    size_t bare = bare_size(dir);
    int status = CLI_YES;
    int failed = push(&walk, concat(dir, dir[bare] ? "" : "/", ""));

    while (!failed && walk.count > 0 && !answer->cli->out.error) {
        char *path = walk.paths[--walk.count], *name;
        if (asprintf(&name, "%.*s%s", (int)bare_size(label), label, path + bare) < 0) {
            failed = ENOMEM;
        } else {
            status = cli_worse(status, answer_found(answer, &walk, name, path));
            free(name);
        }
        free(path);
    }
    if (failed)
        status = tell_failure(answer, label, failed);
    free_walk(&walk);
    return status;
}

/*
 * A FILE is taken for a file until it turns out to be a directory: asking first would cost a look
 * at each of thousands of files.
 */
int cli_answer_one(struct cli_answer *answer, const char *label)
{
    bool is_dir = false;
    int status;
    char *path = cli_side_path(answer->side, label);

    if (!path && answer->is_member)
        answer->left = true;
    if (!path)
        return answer->left ? CLI_YES : tell_failure(answer, label, ENOMEM);
    status = answer_file(answer, label, path, answer->skip_other, &is_dir);
    if (is_dir && answer->is_member)
        answer->left = true;
    else if (is_dir)
        status = answer_dir(answer, label, path);
    free(path);
    return status;
}

int cli_answer_all(struct cli_answer *answer, const char *const *files)
{
    struct cli_json *json = &answer->json;
    int status = CLI_YES;

    json->out = &answer->cli->out;
    if (has_json(answer)) {
        cli_json_begin(json);
    }
    if (!answer->give_all || !answer->give_all(answer, files, &status))
        for (; *files && !answer->cli->out.error; files++)
            status = cli_worse(status, cli_answer_one(answer, *files));
    if (has_json(answer))
        cli_json_close(json, ']');
    if (answer->finish)
        status = cli_worse(status, answer->finish(answer));
    if (has_json(answer)) {
        cli_json_close(json, '}');
        cli_puts(json->out, "\n");
    }
    return status;
}
