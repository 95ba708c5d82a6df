/*
 * src/find/pc.c - pkg-config files, as evidence
 *
 * rule: pkgconf pc(5): NAME=VALUE, "Keyword: value", # comments, \ continues a line, ${NAME},
 * ${pcfiledir}; Cflags of everything that is required, Libs of what is required publicly.
 *
 * libpkgconf reads the machine's files itself and trusts them; here they come from a world, are
 * bounded, and only say what to try.
 */
#include <stdlib.h>

#include "conf.h"
#include "fail.h"
#include "file.h"
#include "hunt.h"
#include "limits.h"
#include "quote.h"
#include "text.h"

#define PC_FILE (256u << 10)
#define PC_DEPTH 24u

enum field { CFLAGS, LIBS, LIBS_PRIVATE, REQUIRES, REQUIRES_PRIVATE, VERSION, FIELDS };

static const char *const fields[FIELDS] = { "Cflags",           "Libs",
                                            "Libs.private",     "Requires",
                                            "Requires.private", "Version" };

/* One file. */
struct parsed {
    struct tn_conf variables;
    const char *value[FIELDS];
};

struct reader {
    tenon_world *world;
    struct tn_arena *arena;
    const struct tn_words *dirs;
    struct tn_pc *out;
    struct tn_words seen;
    tenon_error *err;
};

static const char *lookup(void *arg, const char *name, size_t size)
{
    const char *value = tn_conf_get(arg, name, size);

    return value ? value : "";
}

static bool set_variable(struct parsed *file, const char *name, const char *value)
{
    for (size_t i = 0; i < file->variables.count; i++)
        if (strcmp(file->variables.rows[i].name, name) == 0) {
            file->variables.rows[i].value = value;
            return true;
        }
    if (file->variables.count == TN_LIMIT_INCLUDES ||
        !tn_grow(&file->variables.rows, &file->variables.room, file->variables.count,
                 sizeof *file->variables.rows))
        return false;
    file->variables.rows[file->variables.count++] =
        (struct tn_conf_row){ .name = name, .value = value };
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool read_line(struct reader *reader, struct parsed *file, const char *line, size_t size)
{
    size_t at = 0, name;

    while (size && is_space(line[size - 1]))
        size--;
    while (at < size && is_space(line[at]))
        at++;
    line += at;
    size -= at;
    for (name = 0; name < size && line[name] != '=' && line[name] != ':'; name++)
        ;
    if (name == 0 || name == size || line[0] == '#')
        return true;
    size_t end = name, value = name + 1;
    while (end > 0 && is_space(line[end - 1]))
        end--;
    while (value < size && is_space(line[value]))
        value++;
    const char *key = tn_arena_copy(reader->arena, line, end);
    const char *text = tn_expand(reader->arena, line + value, size - value, false, lookup,
                                 &file->variables, reader->err);
    if (!key || !text)
        return false;
    if (line[name] == '=')
        return set_variable(file, key, text) || tn_no_memory(reader->err);
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(key, fields[i]) == 0 || (i == CFLAGS && strcmp(key, "CFlags") == 0))
            file->value[i] = text;
    return true;
}

static bool read_text(struct reader *reader, struct parsed *file, struct tn_view view)
{
    const char *text = (const char *)view.at;
    char *line = malloc(view.size + 1);
    size_t used = 0;
    bool good = line, comment = false;

    if (!good)
        return tn_no_memory(reader->err);
    for (size_t i = 0; good && i <= view.size; i++) {
        if (i + 1 < view.size && text[i] == '\\' && text[i + 1] == '\n') {
            i++;
        } else if (i == view.size || text[i] == '\n') {
            good = read_line(reader, file, line, used);
            used = 0;
            comment = false;
        } else {
            comment |= text[i] == '#' && used == 0;
            if (!comment)
                line[used++] = text[i];
        }
    }
    free(line);
    return good;
}

static bool read_file(struct reader *reader, const char *path, struct parsed *file)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_view view;
    const char *dir = tn_dir_name(reader->arena, path);
    int failed = tn_file_whole(reader->world, path, PC_FILE, reader->arena, &view);

    if (failed)
        return tn_fail_system(reader->err, failed, "%s", tn_quote(shown, path));
    if (view.size && memchr(view.at, 0, view.size))
        return tn_fail(reader->err, TENON_E_MALFORMED, "%s: not a text file",
                       tn_quote(shown, path));
    if (!dir || !set_variable(file, "pcfiledir", dir) || !set_variable(file, "pc_sysrootdir", ""))
        return tn_no_memory(reader->err);
    return read_text(reader, file, view) || tn_context(reader->err, "%s", tn_quote(shown, path));
}

/* Adds the words of a value; a switch of its own is joined with its argument. */
static bool add_words(struct reader *reader, struct tn_words *out, const char *value)
{
    struct tn_words words = { 0 };
    bool good = !value || tn_split_shell(&words, reader->arena, value);

    for (size_t i = 0; good && i < words.count; i++) {
        const char *word = words.at[i];
        bool alone = strcmp(word, "-I") == 0 || strcmp(word, "-L") == 0 || strcmp(word, "-l") == 0;
        if (alone && i + 1 < words.count)
            word = tn_arena_format(reader->arena, "%s%s", word, words.at[++i]);
        good = word && (tn_is_among(word, out->at, out->count) || tn_words_add(out, word));
    }
    tn_words_free(&words);
    return good || tn_no_memory(reader->err);
}

static bool read_pc(struct reader *reader, const char *path, bool is_private, unsigned depth);

/* NAME of "NAME >= 1.2, OTHER"; NULL at the end. */
static const char *next_required(struct reader *reader, const char **list)
{
    const char *at = *list + strspn(*list, ", \t");
    size_t n = strcspn(at, ", \t<>=!");

    if (n == 0)
        return NULL;
    *list = at + n;
    const char *after = *list + strspn(*list, " \t");
    if (*after && strchr("<>=!", *after)) {
        after += strspn(after, "<>=! \t");
        *list = after + strcspn(after, ", \t");
    }
    return tn_arena_copy(reader->arena, at, n);
}

static bool read_required(struct reader *reader, const char *list, bool is_private, unsigned depth)
{
    char shown[TN_QUOTE_ROOM];
    const char *name;

    while (list && (name = next_required(reader, &list))) {
        bool found = false;
        if (tn_is_among(name, reader->seen.at, reader->seen.count))
            continue;
        if (!tn_words_add(&reader->seen, name))
            return tn_no_memory(reader->err);
        for (size_t i = 0; !found && i < reader->dirs->count; i++) {
            tenon_file_info info;
            const char *path =
                tn_arena_format(reader->arena, "%s/%s.pc", reader->dirs->at[i], name);
            found = path && tenon_world_stat(reader->world, path, &info) == 0;
            if (found && !read_pc(reader, path, is_private, depth))
                return false;
        }
        if (!found)
            return tn_fail(reader->err, TENON_E_NOT_FOUND, "it requires %s, which is not there",
                           tn_quote(shown, name));
    }
    return true;
}

static bool take(struct reader *reader, const struct parsed *file, bool is_private, unsigned depth)
{
    struct tn_pc *out = reader->out;
    tenon_error ignored = TENON_ERROR_INIT, *err = reader->err;
    bool good =
        add_words(reader, &out->cflags, file->value[CFLAGS]) &&
        add_words(reader, is_private ? &out->private_libs : &out->libs, file->value[LIBS]) &&
        read_required(reader, file->value[REQUIRES], is_private, depth + 1) &&
        add_words(reader, &out->private_libs, file->value[LIBS_PRIVATE]);

    if (!good)
        return false;
    /* what only a static link needs may be left out of an installation */
    reader->err = &ignored;
    good = read_required(reader, file->value[REQUIRES_PRIVATE], true, depth + 1) ||
           ignored.code != TENON_E_MEMORY;
    reader->err = err;
    return good || tn_no_memory(err);
}

static bool read_pc(struct reader *reader, const char *path, bool is_private, unsigned depth)
{
    struct parsed file = { 0 };
    bool good;

    if (depth > PC_DEPTH || reader->seen.count > TN_LIMIT_INCLUDES)
        return tn_fail(reader->err, TENON_E_LIMIT, "too many files are required");
    good = read_file(reader, path, &file) && take(reader, &file, is_private, depth);
    if (good && depth == 0)
        reader->out->version = file.value[VERSION];
    tn_conf_free(&file.variables);
    return good;
}

/* With a sysroot, directories are below it unless they are already. */
static bool move_dirs(struct reader *reader, struct tn_words *words, const char *sysroot)
{
    size_t size = strlen(sysroot);

    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->at[i];
        if ((!tn_begins(word, "-I/") && !tn_begins(word, "-L/")) ||
            strncmp(word + 2, sysroot, size) == 0)
            continue;
        words->at[i] = tn_arena_format(reader->arena, "%.2s%s%s", word, sysroot, word + 2);
        if (!words->at[i])
            return tn_no_memory(reader->err);
    }
    return true;
}

bool tn_pc_read(tenon_world *world, struct tn_arena *arena, const char *path,
                const struct tn_words *dirs, const char *sysroot, struct tn_pc *out,
                tenon_error *err)
{
    tenon_error own = TENON_ERROR_INIT;
    struct reader reader = {
        .world = world, .arena = arena, .dirs = dirs, .out = out, .err = err ? err : &own
    };
    bool good;

    *out = (struct tn_pc){ .path = path };
    good = read_pc(&reader, path, false, 0) &&
           (!sysroot ||
            (move_dirs(&reader, &out->cflags, sysroot) && move_dirs(&reader, &out->libs, sysroot) &&
             move_dirs(&reader, &out->private_libs, sysroot)));
    tn_words_free(&reader.seen);
    return good;
}

void tn_pc_free(struct tn_pc *pc)
{
    tn_words_free(&pc->cflags);
    tn_words_free(&pc->libs);
    tn_words_free(&pc->private_libs);
}

/* ---- which file is about a library ----------------------------------------------------------- */

struct choice {
    tenon_world *world;
    struct tn_arena *arena;
    const char *dir, *word; /* "-lNAME" */
    const char *best;       /* path */
    size_t best_size;
    bool best_first;
    size_t looked;
};

/* True when the Libs of a file have the word; *first: before any other -l. */
static bool has_word(struct tn_view view, const char *word, bool *first)
{
    const char *text = (const char *)view.at, *line = text, *end, *at;
    size_t size = strlen(word);

    while (strncmp(line, "Libs:", 5) != 0) {
        line = strchr(line, '\n');
        if (!line)
            return false;
        line++;
    }
    for (end = line + strcspn(line, "\n"); *end && end[-1] == '\\';)
        end += 1 + strcspn(end + 1, "\n"); /* continued */
    for (at = strstr(line, word); at && at < end; at = strstr(at + 1, word)) {
        if (!strchr(" \t\n\r", at[size]) || !strchr(" \t:", at[-1]))
            continue;
        const char *other = strstr(line, "-l");
        *first = other == at;
        return true;
    }
    return false;
}

static int consider(void *arg, const char *name)
{
    struct choice *choice = arg;
    struct tn_arena scratch = { 0 };
    struct tn_view view;
    size_t size = strlen(name);
    bool first = false;
    const char *path;

    if (size < 4 || strcmp(name + size - 3, ".pc") != 0 ||
        choice->looked++ > TN_LIMIT_PACKAGE_FILES)
        return 0;
    path = tn_arena_format(&scratch, "%s/%s", choice->dir, name);
    if (path && tn_file_whole(choice->world, path, PC_FILE, &scratch, &view) == 0 &&
        has_word(view, choice->word, &first) &&
        (!choice->best || (first && !choice->best_first) ||
         (first == choice->best_first && size < choice->best_size))) {
        choice->best = tn_arena_string(choice->arena, path);
        choice->best_size = size;
        choice->best_first = first;
    }
    tn_arena_free(&scratch);
    return 0;
}

const char *tn_pc_for(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                      const char *name)
{
    static const char *const prefixes[] = { "", "lib" };
    struct choice choice = { .world = world, .arena = arena };

    for (size_t i = 0; i < dirs->count; i++)
        for (size_t k = 0; k < TN_COUNT(prefixes); k++) {
            tenon_file_info info;
            const char *path = tn_arena_format(arena, "%s/%s%s.pc", dirs->at[i], prefixes[k], name);
            if (path && tenon_world_stat(world, path, &info) == 0)
                return path;
        }
    choice.word = tn_arena_format(arena, "-l%s", name);
    for (size_t i = 0; choice.word && i < dirs->count; i++) {
        choice.dir = dirs->at[i];
        (void)tenon_world_list(world, choice.dir, consider, &choice);
    }
    return choice.best;
}
