/* src/cli/out.c - buffered standard output: plain bytes, names made safe, colours */
#include "out.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "text.h"

/* Unusual names are escaped in pieces of this many bytes, so that no length needs memory. */
#define PIECE 1024

/* Copying so many bytes costs as much as a call. */
#define WORTH_A_WRITE 4096

void cli_out_init(struct cli_out *out, int fd)
{
    out->used = out->flushes = 0;
    out->fd = fd;
    out->error = 0;
    out->color = false;
    out->style = CLI_PLAIN;
    out->kept = NULL;
    out->buffer = out->own;
}

/* Adds to what is kept; false: no memory. */
static bool keep(struct cli_kept *kept, const char *bytes, size_t size)
{
    if (size > kept->room - kept->size) {
        size_t room = 2 * (kept->size + size);
        char *more = realloc(kept->bytes, room);
        if (!more)
            return false;
        kept->bytes = more;
        kept->room = room;
    }
    if (size)
        memcpy(kept->bytes + kept->size, bytes, size);
    kept->size += size;
    return true;
}

static void write_all(struct cli_out *out, const char *bytes, size_t size)
{
    if (out->kept) {
        if (!keep(out->kept, bytes, size))
            out->error = ENOMEM;
        return;
    }
    while (size > 0 && !out->error) {
        ssize_t n = write(out->fd, bytes, size);
        if (n >= 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (errno != EINTR) {
            out->error = errno;
        }
    }
}

void cli_flush(struct cli_out *out)
{
    write_all(out, out->buffer, out->used);
    out->used = 0;
    out->flushes++;
}

void cli_put_slowly(struct cli_out *out, const char *bytes, size_t size)
{
    cli_flush(out);
    if (size > CLI_OUT_ROOM) {
        write_all(out, bytes, size);
        return;
    }
    memcpy(out->buffer, bytes, size);
    out->used = size;
}

void cli_put_whole(struct cli_out *out, const char *bytes, size_t size)
{
    if (size < WORTH_A_WRITE) {
        cli_put(out, bytes, size);
        return;
    }
    cli_flush(out);
    write_all(out, bytes, size);
}

void cli_number(struct cli_out *out, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        digits[--at] = '-';
    cli_put(out, digits + at, sizeof digits - at);
}

void cli_plural(struct cli_out *out, size_t count, const char *one, const char *many)
{
    cli_number(out, (int64_t)count);
    cli_put(out, " ", 1);
    cli_puts(out, count == 1 ? one : many);
}

void cli_purpose(struct cli_out *out, const char *priority, const char *feature,
                 const char *description)
{
    if (priority) {
        cli_puts(out, ", ");
        cli_text(out, priority);
    }
    if (feature) {
        cli_puts(out, " for ");
        cli_text(out, feature);
    }
    if (description) {
        cli_puts(out, " (");
        cli_text(out, description);
        cli_puts(out, ")");
    }
}

#define EACH (UINT64_MAX / 255) /* 0x01 in every byte */
#define TOP (EACH * 0x80)       /* the highest bit of every byte */

/*
 * Has a highest bit when one of the eight bytes is outside 0x20..0x7e, a backslash or a double
 * quote. Each term sets the highest bit of such a byte, and of no byte below 0x80 otherwise; what
 * it carries into the next byte comes from one that has set its own.
 */
static uint64_t mark_special(uint64_t bytes)
{
    return bytes | (bytes - EACH * 0x20) | (bytes + EACH) | ((bytes ^ EACH * '\\') - EACH) |
           ((bytes ^ EACH * '"') - EACH);
}

static uint64_t load_eight(const char *bytes)
{
    uint64_t eight;

    memcpy(&eight, bytes, sizeof eight);
    return eight;
}

/* The same for sixteen bytes, as most processors can compare them at once: not 0 for those. */
typedef uint8_t sixteen __attribute__((vector_size(16)));

static sixteen compare_special(const char *bytes)
{
    sixteen b;

    memcpy(&b, bytes, sizeof b);
    return (sixteen)((b < 0x20) | (b > 0x7e) | (b == '\\') | (b == '"'));
}

static bool is_simple_long(const char *bytes, size_t size)
{
    uint64_t halves[2];
    sixteen marks = compare_special(bytes + size - sizeof marks);

    for (size_t i = 0; i < size - sizeof marks; i += sizeof marks) /* the last ones again */
        marks |= compare_special(bytes + i);
    memcpy(halves, &marks, sizeof marks);
    return !(halves[0] | halves[1]);
}

/* True when no rule of ours changes any of these bytes: nearly always. */
static bool is_simple(const char *bytes, size_t size)
{
    if (size >= sizeof(sixteen))
        return is_simple_long(bytes, size);
    if (size >= 8)
        return !((mark_special(load_eight(bytes)) | mark_special(load_eight(bytes + size - 8))) &
                 TOP);
    char few[8] = "        ";
    memcpy(few, bytes, size);
    return !(mark_special(load_eight(few)) & TOP);
}

/*
 * Where to cut the bytes so that no character of UTF-8 is split, and no backslash from what comes
 * after it; continuation bytes are 10xxxxxx and a character has at most three.
 */
static size_t piece_size(const char *bytes, size_t size)
{
    if (size <= PIECE)
        return size;
    size_t cut = PIECE;
    while (cut > PIECE - 4 && ((unsigned char)bytes[cut] & 0xc0) == 0x80)
        cut--;
    return bytes[cut - 1] == '\\' ? cut - 1 : cut;
}

static void put_piece(struct cli_out *out, const char *bytes, size_t size, bool quoted)
{
    size_t start = 0;

    for (size_t i = 0; quoted && i < size; i++) {
        if (bytes[i] != '\\' && bytes[i] != '"')
            continue;
        cli_put(out, bytes + start, i - start);
        cli_put(out, "\\", 1);
        start = i;
    }
    cli_put(out, bytes + start, size - start);
}

static void put_escaped(struct cli_out *out, const char *bytes, size_t size, bool quoted)
{
    char safe[4 * PIECE + 1];

    while (size > 0) {
        size_t piece = piece_size(bytes, size);
        put_piece(out, safe, tn_text_escape(safe, sizeof safe, bytes, piece), quoted);
        bytes += piece;
        size -= piece;
    }
}

static void put_name(struct cli_out *out, const char *name, size_t size, bool quoted)
{
    if (is_simple(name, size))
        cli_put(out, name, size);
    else
        put_escaped(out, name, size, quoted);
}

static void put_sentence(struct cli_out *out, const char *sentence, bool quoted)
{
    size_t size = strlen(sentence);

    if (is_simple(sentence, size)) {
        cli_put(out, sentence, size);
        return;
    }
    for (const char *slash; (slash = strchr(sentence, '\\')); sentence = slash + 1) {
        put_escaped(out, sentence, (size_t)(slash - sentence), quoted);
        put_piece(out, slash, 1, quoted);
    }
    put_escaped(out, sentence, strlen(sentence), quoted);
}

void cli_text(struct cli_out *out, const char *name)
{
    put_name(out, name, strlen(name), false);
}

void cli_text_part(struct cli_out *out, const char *name, size_t size)
{
    put_name(out, name, size, false);
}

void cli_text_quoted(struct cli_out *out, const char *name)
{
    put_name(out, name, strlen(name), true);
}

void cli_text_part_quoted(struct cli_out *out, const char *name, size_t size)
{
    put_name(out, name, size, true);
}

void cli_prose(struct cli_out *out, const char *sentence)
{
    put_sentence(out, sentence, false);
}

void cli_prose_quoted(struct cli_out *out, const char *sentence)
{
    put_sentence(out, sentence, true);
}

void cli_change_style(struct cli_out *out, enum cli_style style)
{
    static const char *const sequences[] = {
        [CLI_PLAIN] = "\033[0m",   [CLI_DIM] = "\033[0;2m",   [CLI_RULE] = "\033[0;36m",
        [CLI_MISS] = "\033[0;31m", [CLI_NOTE] = "\033[0;33m", [CLI_GAIN] = "\033[0;32m",
    };

    if (style != out->style) {
        out->style = style;
        cli_puts(out, sequences[style]);
    }
}
