/* src/cli/files.c - the FILEs of a command: directories walked, errors told, the worst counts */
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

/* A file met below a directory, or a directory that could not be listed. */
struct found {
    char *path; /* in the world */
    int failed; /* errno value */
};

/* A walk through a directory: what is still to be listed, and what was found. */
struct walk {
    const struct cli_side *side;
    struct found *dirs, *files;
    size_t dir_count, dir_room, file_count, file_room;
    char **names; /* of the directory at hand */
    size_t name_count, name_room;
};

static void *grown(void *rows, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return rows;
    *room = *room ? 2 * *room : 64;
    return reallocarray(rows, *room, size);
}

static bool add_found(struct found **rows, size_t *count, size_t *room, char *path, int failed)
{
    struct found *more = path ? grown(*rows, room, *count, sizeof *more) : NULL;

    if (!more) {
        free(path);
        return false;
    }
    *rows = more;
    more[(*count)++] = (struct found){ path, failed };
    return true;
}

/* A callback of tenon_world_list; ENOMEM ends the listing. */
static int add_name(void *arg, const char *name)
{
    struct walk *walk = arg;
    char **more = grown(walk->names, &walk->name_room, walk->name_count, sizeof *more);

    if (!more)
        return ENOMEM;
    walk->names = more;
    more[walk->name_count] = strdup(name);
    return more[walk->name_count++] ? 0 : ENOMEM;
}

/* Symbolic links are not followed, as grep -r does: what they lead to inside the directory is met
 * anyway, and once. */
static bool is_link(const struct cli_side *side, const char *real_dir, const char *path,
                    const char *name)
{
    int failed;
    char *real = tenon_world_realpath(side->world, path, &failed);
    size_t size = strlen(real_dir);
    bool same = real && strncmp(real, real_dir, size) == 0;

    if (same) {
        const char *rest = real + size;
        same = strcmp(rest + (*rest == '/'), name) == 0;
    }
    free(real);
    return !same;
}

static bool add_entry(struct walk *walk, const char *dir, const char *real_dir, const char *name)
{
    tenon_file_info info;
    char *path;
    const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";

    if (asprintf(&path, "%s%s%s", dir, slash, name) < 0)
        return false;
    if (tenon_world_stat(walk->side->world, path, &info) == 0 &&
        !is_link(walk->side, real_dir, path, name)) {
        if (info.type == TENON_FILE_DIRECTORY)
            return add_found(&walk->dirs, &walk->dir_count, &walk->dir_room, path, 0);
        if (info.type == TENON_FILE_REGULAR && info.size > 0)
            return add_found(&walk->files, &walk->file_count, &walk->file_room, path, 0);
    }
    free(path);
    return true;
}

static bool list_dir(struct walk *walk, const char *dir)
{
    int failed = 0;
    char *real_dir = tenon_world_realpath(walk->side->world, dir, &failed);
    bool good = true;

    if (real_dir)
        failed = tenon_world_list(walk->side->world, dir, add_name, walk);
    if (failed && failed != ENOMEM)
        good = add_found(&walk->files, &walk->file_count, &walk->file_room, strdup(dir), failed);
    else if (failed)
        good = false;
    for (size_t i = 0; i < walk->name_count; i++) {
        good = good && add_entry(walk, dir, real_dir, walk->names[i]);
        free(walk->names[i]);
    }
    walk->name_count = 0;
    free(real_dir);
    return good;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->path, ((const struct found *)b)->path);
}

/* Finds every file below walk->dirs[0]; false: no memory. */
static bool walk_all(struct walk *walk)
{
    bool good = true;

    while (good && walk->dir_count > 0) {
        char *dir = walk->dirs[--walk->dir_count].path;
        good = list_dir(walk, dir);
        free(dir);
    }
    if (good && walk->file_count > 0)
        qsort(walk->files, walk->file_count, sizeof *walk->files, by_path);
    return good;
}

static void free_walk(struct walk *walk)
{
    for (size_t i = 0; i < walk->dir_count; i++)
        free(walk->dirs[i].path);
    for (size_t i = 0; i < walk->file_count; i++)
        free(walk->files[i].path);
    free(walk->dirs);
    free(walk->files);
    free(walk->names);
}

static bool has_json(const struct cli_answer *answer)
{
    return answer->cli->json && !answer->cli->quiet;
}

/* The error of one file, on the channel that its reader looks at. */
static int tell_error(struct cli_answer *answer, const char *label, const tenon_error *err)
{
    struct cli_json *json = &answer->json;

    if (!has_json(answer)) {
        cli_complain(answer->cli, "%s", tenon_error_message(err));
        return CLI_UNREADABLE;
    }
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, label);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(TENON_STATUS_ERROR));
    CLI_JSON_KEY(json, "error");
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "code");
    cli_json_name(json, tenon_code_name(err->code));
    CLI_JSON_KEY(json, "message");
    cli_json_sentence(json, tenon_error_message(err));
    cli_json_close(json, '}');
    cli_json_close(json, '}');
    return CLI_UNREADABLE;
}

/* No image: not one that is broken. An empty file is none, though it may have been meant as one. */
static bool is_other(const struct cli_side *side, const char *path, const tenon_error *err)
{
    tenon_file_info info;

    return err->code == TENON_E_FORMAT ||
           (err->code == TENON_E_TRUNCATED && tenon_world_stat(side->world, path, &info) == 0 &&
            info.size == 0);
}

/* `*is_dir` (NULL inside a directory): nothing was said, the file is a directory. */
static int answer_file(struct cli_answer *answer, const char *label, const char *path, bool skip,
                       bool *is_dir)
{
    tenon_error err = TENON_ERROR_INIT;
    int status = CLI_YES;

    if (answer->give(answer, label, path, &status, &err))
        answer->answered++;
    else if (is_dir && err.system_errno == EISDIR)
        *is_dir = true;
    else if (!skip || !is_other(answer->side, path, &err))
        status = tell_error(answer, label, &err);
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

/* One file below the directory that the user called `label` and the world calls `dir`. */
static int answer_found(struct cli_answer *answer, const char *label, const char *dir,
                        const struct found *found)
{
    const char *rest = found->path + bare_size(dir);
    tenon_error err = TENON_ERROR_INIT;
    char *name;
    int status;

    if (asprintf(&name, "%.*s%s", (int)bare_size(label), label, rest) < 0) {
        tn_no_memory(&err);
        return tell_error(answer, label, &err);
    }
    if (found->failed) {
        tn_fail_system(&err, found->failed, "%s", name);
        status = tell_error(answer, name, &err);
    } else {
        status = answer_file(answer, name, found->path, true, NULL);
    }
    free(name);
    return status;
}

static int answer_dir(struct cli_answer *answer, const char *label, const char *path)
{
    struct walk walk = { .side = answer->side };
    int status = CLI_YES;
    tenon_error err = TENON_ERROR_INIT;

    if (add_found(&walk.dirs, &walk.dir_count, &walk.dir_room, strdup(path), 0) &&
        walk_all(&walk)) {
        for (size_t i = 0; i < walk.file_count && !answer->cli->out.error; i++)
            status = cli_worse(status, answer_found(answer, label, path, &walk.files[i]));
    } else {
        tn_no_memory(&err);
        status = tell_error(answer, label, &err);
    }
    free_walk(&walk);
    return status;
}

/*
 * A FILE is taken for a file until it turns out to be a directory: asking first would cost a look
 * at each of thousands of files.
 */
static int answer_one(struct cli_answer *answer, const char *label)
{
    tenon_error err = TENON_ERROR_INIT;
    bool is_dir = false;
    int status;
    char *path = cli_side_path(answer->side, label);

    if (!path) {
        tn_no_memory(&err);
        return tell_error(answer, label, &err);
    }
    status = answer_file(answer, label, path, answer->skip_other, &is_dir);
    if (is_dir)
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
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "schema");
        cli_json_number(json, CLI_JSON_SCHEMA);
        CLI_JSON_KEY(json, "results");
        cli_json_open(json, '[');
    }
    for (; *files && !answer->cli->out.error; files++)
        status = cli_worse(status, answer_one(answer, *files));
    if (has_json(answer)) {
        cli_json_close(json, ']');
        cli_json_close(json, '}');
        cli_puts(json->out, "\n");
    }
    return status;
}
