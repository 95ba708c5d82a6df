/*
 * src/image/stub_script.c - scripts of GNU ld that stand for a library: libc.so, libncurses.so
 *
 * rule  GNU ld manual, "Implicit Linker Scripts" and "File Commands"
 */
#include "fail.h"
#include "stub.h"

/* Commands that such a script may begin with, and that have an argument in parentheses. */
static const char *const commands[] = { "INPUT",      "GROUP",  "OUTPUT_FORMAT", "OUTPUT_ARCH",
                                        "SEARCH_DIR", "EXTERN", "TARGET" };

#define DEPTH 8u /* of parentheses */

/* Past white space and comments. */
static const char *skip(const char *at, const char *end)
{
    for (;;) {
        while (at < end && memchr(" \t\r\n,;", *at, 6))
            at++;
        if (end - at < 2 || at[0] != '/' || at[1] != '*')
            return at;
        const char *close = memmem(at + 2, (size_t)(end - at) - 2, "*/", 2);
        if (!close)
            return end;
        at = close + 2;
    }
}

/* A word, or a name in quotes; its size 0: something else stands there. */
static size_t word_at(const char *at, const char *end)
{
    size_t n = 0;
    while (at + n < end && !memchr(" \t\r\n,;(){}", at[n], 10))
        n++;
    return n;
}

static bool is_command(const char *at, size_t size)
{
    for (size_t i = 0; i < TN_COUNT(commands); i++)
        if (strlen(commands[i]) == size && memcmp(commands[i], at, size) == 0)
            return true;
    return false;
}

static bool script_matches(struct tn_view head)
{
    struct tn_view text = tn_stub_head(head);
    const char *at = (const char *)text.at, *end = at + text.size;
    static const char mark[] = "/* GNU ld script";
    if (text.size >= sizeof mark - 1 && memcmp(at, mark, sizeof mark - 1) == 0)
        return true;
    at = skip(at, end);
    size_t size = word_at(at, end);
    if (!is_command(at, size))
        return false;
    at = skip(at + size, end);
    return at < end && *at == '(';
}

struct script {
    struct tn_file *file;
    struct tn_facts *facts;
    tenon_image *image; /* NULL */
    const char *text, *at, *end;
    size_t needs, paths;
    bool as_needed;
};

static bool fail_at(const struct script *s, const char *what, tenon_error *err)
{
    return tn_fail(err, TENON_E_MALFORMED, "linker script: %s at 0x%zx", what,
                   (size_t)(s->at - s->text));
}

/* The next word without its quotes, in the arena. NULL without *err filled: there is none. */
static const char *next_word(struct script *s, tenon_error *err)
{
    s->at = skip(s->at, s->end);
    size_t size = word_at(s->at, s->end);
    const char *from = s->at;
    if (s->at < s->end && *s->at == '"') {
        const char *close = memchr(s->at + 1, '"', (size_t)(s->end - s->at) - 1);
        if (!close) {
            fail_at(s, "a name in quotes that do not end", err);
            return NULL;
        }
        from = s->at + 1;
        size = (size_t)(close - from);
        s->at = close + 1;
    } else {
        s->at += size;
    }
    if (!size)
        return NULL;
    const char *word = tn_arena_copy(s->file->arena, from, size);
    if (!word)
        tn_no_memory(err);
    return word;
}

static bool read_word(struct script *s, const char *command, const char *word, tenon_error *err)
{
    struct tn_arena *arena = s->file->arena;
    if (strcmp(command, "INPUT") == 0 || strcmp(command, "GROUP") == 0)
        return tn_stub_need(s->facts, arena, &s->needs,
                            &(tenon_need){ .name = word, .how = s->as_needed ? "AS_NEEDED" : NULL },
                            err);
    if (strcmp(command, "SEARCH_DIR") == 0)
        return tn_stub_path(s->facts, arena, &s->paths, "search-dir", word, err);
    if (!s->image)
        return true;
    const char *fact = strcmp(command, "OUTPUT_FORMAT") == 0 ? "output_format"
                       : strcmp(command, "OUTPUT_ARCH") == 0 ? "output_arch"
                       : strcmp(command, "EXTERN") == 0      ? "extern"
                                                             : NULL;
    return !fact || tn_image_join_fact(s->image, fact, word, err);
}

/* What stands in the parentheses of a command; AS_NEEDED has a pair of its own. */
static bool read_list(struct script *s, const char *command, tenon_error *err)
{
    unsigned depth = 1;
    tenon_error local = TENON_ERROR_INIT;
    while (depth) {
        s->at = skip(s->at, s->end);
        if (s->at == s->end)
            return fail_at(s, "a list without its end", err);
        if (*s->at == '(' || *s->at == ')') {
            depth += *s->at == '(' ? 1u : UINT32_MAX;
            s->as_needed = s->as_needed && *s->at == '(';
            s->at++;
            if (depth > DEPTH)
                return fail_at(s, "too many parentheses", err);
            continue;
        }
        const char *word = next_word(s, &local);
        if (local.code) {
            *err = local;
            return false;
        }
        if (!word)
            return fail_at(s, "a character that has no place", err);
        if (strcmp(word, "AS_NEEDED") == 0)
            s->as_needed = true;
        else if (!read_word(s, command, word, err))
            return false;
    }
    s->as_needed = false;
    return true;
}

/* Commands that lay out a file are passed over; a script of nothing else is no library. */
static bool read_commands(struct script *s, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    while ((s->at = skip(s->at, s->end)) < s->end) {
        const char *command = next_word(s, &local);
        if (local.code) {
            *err = local;
            return false;
        }
        if (!command) { /* braces and operators of what is passed over */
            s->at++;
            continue;
        }
        const char *open = skip(s->at, s->end);
        if (!is_command(command, strlen(command)) || open == s->end || *open != '(')
            continue;
        s->at = open + 1;
        if (!read_list(s, command, err))
            return false;
    }
    return true;
}

static bool read_script(struct tn_file *file, struct tn_facts *facts, tenon_image *image,
                        tenon_error *err)
{
    struct script s = { .file = file, .facts = facts, .image = image };
    size_t size;
    *facts = (struct tn_facts){ .format = TENON_FORMAT_LINKER_SCRIPT };
    if (!tn_stub_text(file, &s.text, &size, err))
        return false;
    s.at = s.text;
    s.end = s.text + size;
    if (!read_commands(&s, err))
        return false;
    facts->kind = facts->need_count ? TENON_KIND_STUB : TENON_KIND_UNKNOWN;
    return true;
}

static bool script_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_facts facts;
    tenon_error local = TENON_ERROR_INIT;
    if (!read_script(file, &facts, NULL, err ? err : &local))
        return false;
    *out = facts;
    return true;
}

static bool script_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                              tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    (void)parts;
    if (!read_script(file, &image->facts, image, err ? err : &local))
        return false;
    image->search_paths = image->facts.run_paths;
    image->search_path_count = image->facts.run_path_count;
    return true;
}

const struct tn_format tn_format_script = {
    .format = TENON_FORMAT_LINKER_SCRIPT,
    .name = "linker script",
    .matches = script_matches,
    .read_facts = script_read_facts,
    .read_image = script_read_image,
};
