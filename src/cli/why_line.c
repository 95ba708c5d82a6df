/* src/cli/why_line.c - the line of one library in a tree: formed once, then copied */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "why.h"

#define SLOTS 1024           /* a power of two */
#define LONGEST 1024         /* bytes of a line that is kept */
#define TEXT_MOST (1u << 20) /* ... and of all of them */

/*
 * A line that was printed. It is found again by where the name and the path are: those of one
 * resolver stay where they are, and libraries are few however many processes load them.
 */
struct line {
    const char *name, *path;
    const tenon_rule *rule;
    const char *text;
    uint32_t size, name_size; /* of the name at its start, 0 where it is not as it stands */
};

struct why_lines {
    struct line slots[SLOTS];
    struct tn_arena texts;
    size_t used;
};

void why_lines_free(struct why_lines *lines)
{
    if (lines)
        tn_arena_free(&lines->texts);
    free(lines);
}

bool why_has_answer(const tenon_library *library)
{
    return library->status == TENON_STATUS_FOUND || library->status == TENON_STATUS_SYSTEM;
}

static void put_verdict(struct cli_out *out, const tenon_library *library, bool verbose)
{
    if (why_has_answer(library)) {
        why_put_rule(out, "  ", library->rule, library->where);
        if (library->status == TENON_STATUS_SYSTEM) {
            cli_puts(out, "  system");
            if (library->reason) {
                cli_puts(out, ": ");
                cli_prose(out, library->reason);
            }
        }
        if (verbose)
            why_put_evidence(out, library->rule, true);
        return;
    }
    cli_puts(out, "  ");
    cli_style(out, library->optional ? CLI_DIM : CLI_MISS);
    cli_puts(out, library->status == TENON_STATUS_REFUSED ? "refused" : "not found");
    if (library->reason && library->status == TENON_STATUS_REFUSED) {
        cli_puts(out, ": ");
        cli_prose(out, library->reason);
    }
    if (library->optional)
        cli_puts(out, " (optional)");
    cli_style(out, CLI_PLAIN);
}

/* Which image of the file it is, where there are several: "(shr.o)", " [arm64]". */
static void put_inside(struct cli_out *out, const tenon_library *library)
{
    if (library->member) {
        cli_puts(out, "(");
        cli_text(out, library->member);
        cli_puts(out, ")");
    }
    if (library->slice) {
        cli_puts(out, " slice ");
        cli_text(out, library->slice);
    }
}

static void put_library(struct cli_out *out, const tenon_library *library, bool verbose)
{
    bool missed = !why_has_answer(library) && !library->optional;

    if (missed)
        cli_style(out, CLI_MISS);
    cli_text(out, library->name);
    if (library->path && strcmp(library->path, library->name) != 0) {
        cli_puts(out, "  ");
        cli_text(out, library->path);
    }
    put_inside(out, library);
    if (missed)
        cli_style(out, CLI_PLAIN);
    if (library->flavour != TENON_NEED_NORMAL) {
        cli_puts(out, "  (");
        cli_puts(out, tenon_flavour_name(library->flavour));
        cli_puts(out, ")");
    }
    put_verdict(out, library, verbose);
    cli_puts(out, "\n");
}

/* The lines are worth their room from the second answer on. NULL: no memory, then none are kept. */
static struct why_lines *lines_of(const struct why_view *view)
{
    struct why *why = view->why;

    if (!why->lines && why->printed > 1)
        why->lines = calloc(1, sizeof *why->lines);
    return why->lines;
}

static struct line *slot_of(struct why_lines *lines, const tenon_library *library)
{
    uintptr_t mixed = (uintptr_t)library->name * 31 + (uintptr_t)library->path;

    return &lines->slots[(uint32_t)(mixed ^ mixed >> 16) * 0x9E3779B1u >> 22];
}
_Static_assert(SLOTS == 1u << (32 - 22), "the highest bits of a product choose the slot");

/* Only what name, path and rule say wholly is kept. */
static bool is_usual(const tenon_library *library)
{
    return library->status == TENON_STATUS_FOUND && library->flavour == TENON_NEED_NORMAL &&
           library->path && !library->where && !library->slice && !library->member;
}

static bool is_line_of(const struct line *line, const tenon_library *library)
{
    return line->path == library->path && line->name == library->name &&
           line->rule == library->rule;
}

static void keep(struct why_lines *lines, struct line *line, const tenon_library *library,
                 const char *text, size_t size)
{
    size_t name_size = strlen(library->name);

    if (lines->used + size > TEXT_MOST) {
        tn_arena_reset(&lines->texts);
        memset(lines->slots, 0, sizeof lines->slots);
        lines->used = 0;
    }
    text = tn_arena_copy(&lines->texts, text, size);
    if (!text)
        return;
    lines->used += size;
    *line = (struct line){ library->name, library->path, library->rule, text, (uint32_t)size, 0 };
    if (name_size <= size && memcmp(text, library->name, name_size) == 0)
        line->name_size = (uint32_t)name_size;
}

void why_put_line(const struct why_view *view, const tenon_library *library)
{
    struct cli_out *out = view->out;
    struct why_lines *lines = is_usual(library) ? lines_of(view) : NULL;
    struct line *line = lines ? slot_of(lines, library) : NULL;
    size_t start = out->used, flushes = out->flushes;

    if (line && is_line_of(line, library)) {
        cli_put(out, line->text, line->size);
        return;
    }
    put_library(out, library, view->why->cli->verbose);
    if (line && out->flushes == flushes && out->used - start <= LONGEST)
        keep(lines, line, library, out->buffer + start, out->used - start);
}

void why_put_name(const struct why_view *view, const tenon_library *library)
{
    const struct line *line = view->why->lines ? slot_of(view->why->lines, library) : NULL;

    if (line && line->name == library->name && line->name_size)
        cli_put(view->out, line->text, line->name_size);
    else
        cli_text(view->out, library->name);
}
