/* src/cli/out.h - buffered standard output: plain bytes, names made safe, colours */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CLI_OUT_ROOM 65536

/* What a piece of text is, for colour. */
enum cli_style { CLI_PLAIN, CLI_DIM, CLI_RULE, CLI_MISS, CLI_NOTE, CLI_GAIN };

/* Bytes that are kept in memory; to be freed. */
struct cli_kept {
    char *bytes;
    size_t size, room;
};

/* After the first failed write everything is dropped and `error` says why. */
struct cli_out {
    size_t used;
    size_t flushes; /* how often the buffer was emptied */
    int fd;
    int error; /* errno value; 0: all is well */
    bool color;
    enum cli_style style;  /* in force */
    struct cli_kept *kept; /* where it goes instead of `fd`; NULL: nowhere else */
    char *buffer;          /* of CLI_OUT_ROOM bytes: its own, or another that was put there */
    char own[CLI_OUT_ROOM];
};

void cli_out_init(struct cli_out *out, int fd);
void cli_flush(struct cli_out *out);

/* Bytes that do not fit the rest of the buffer. */
void cli_put_slowly(struct cli_out *out, const char *bytes, size_t size);

static inline void cli_put(struct cli_out *out, const char *bytes, size_t size)
{
    if (size > CLI_OUT_ROOM - out->used) {
        cli_put_slowly(out, bytes, size);
        return;
    }
    memcpy(out->buffer + out->used, bytes, size);
    out->used += size;
}

/* Many bytes, which are not copied unless they are few. */
void cli_put_whole(struct cli_out *out, const char *bytes, size_t size);

/* A string of our own. */
static inline void cli_puts(struct cli_out *out, const char *string)
{
    cli_put(out, string, strlen(string));
}

void cli_number(struct cli_out *out, int64_t number);

/* An untrusted name: escaped as tn_text_escape does. */
void cli_text(struct cli_out *out, const char *name);
void cli_text_part(struct cli_out *out, const char *name, size_t size);

/*
 * A sentence that may quote names: as cli_text, but backslashes stay, since whoever quoted a name
 * has escaped it already.
 */
void cli_prose(struct cli_out *out, const char *sentence);

/* The inside of a quoted string of JSON or DOT: as cli_text and cli_prose, then \ and " doubled. */
void cli_text_quoted(struct cli_out *out, const char *name);
void cli_text_part_quoted(struct cli_out *out, const char *name, size_t size);
void cli_prose_quoted(struct cli_out *out, const char *sentence);

/* Changes the colour, when there are colours; CLI_PLAIN ends it. */
void cli_change_style(struct cli_out *out, enum cli_style style);
static inline void cli_style(struct cli_out *out, enum cli_style style)
{
    if (out->color)
        cli_change_style(out, style);
}

/* What a declared library is for: ", recommended for xz (words)"; each of them may be NULL. */
void cli_purpose(struct cli_out *out, const char *priority, const char *feature,
                 const char *description);

/* "1 file", "2 files" */
void cli_plural(struct cli_out *out, size_t count, const char *one, const char *many);

#endif
