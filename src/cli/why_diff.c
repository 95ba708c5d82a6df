/* src/cli/why_diff.c - what --what-if changes: two graphs of one file, compared by names */
#include "why_diff.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

/* How each mark is written, and its array in JSON, as CLI_JSON_KEY has it. */
static const struct {
    const char *sign, *key;
    enum cli_style style;
} marks[WHY_MARKS] = {
    [WHY_GONE] = { "  - ", ",\"removed\":", CLI_MISS },
    [WHY_NEW] = { "  + ", ",\"added\":", CLI_GAIN },
    [WHY_CHANGED] = { "  ~ ", ",\"changed\":", CLI_NOTE },
};

/* What one graph has of one kind. */
struct list {
    struct why_row *rows;
    size_t count;
};

static int by_keys(const void *a, const void *b)
{
    const struct why_row *x = a, *y = b;
    int order = 0;

    for (size_t i = 0; order == 0 && i < 3 && x->keys[i]; i++)
        order = strcmp(x->keys[i], y->keys[i]);
    return order;
}

static int by_index(const void *a, const void *b)
{
    const struct why_row *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

static int by_keys_and_index(const void *a, const void *b)
{
    int order = by_keys(a, b);

    return order ? order : by_index(a, b);
}

static void sort(struct list *list, int (*order)(const void *, const void *))
{
    if (list->count > 0)
        qsort(list->rows, list->count, sizeof *list->rows, order);
}

static void read_list(struct list *list, const struct why_view *view, const struct why_kind *kind)
{
    size_t count = kind->count(view->graph);

    for (size_t i = 0; i < count; i++) {
        struct why_row *row = &list->rows[list->count];
        row->index = i;
        if (kind->read(view, i, row))
            list->count++;
    }
}

/* Rows from `first` on with the same keys. The later ones tell nothing new: a name that several
 * objects miss is missing once. */
static size_t group_size(const struct list *list, size_t first)
{
    size_t size = 1;

    while (first + size < list->count &&
           by_keys(&list->rows[first], &list->rows[first + size]) == 0)
        list->rows[first + size++].again = true;
    return size;
}

static void set_twins(struct why_row *rows, size_t count, const struct why_row *others,
                      size_t other_count)
{
    for (size_t i = 0; i < count; i++)
        rows[i].twin = others[i < other_count ? i : other_count - 1].index + 1;
}

static void find_twins(struct list *before, struct list *after)
{
    size_t i = 0, k = 0;

    sort(before, by_keys_and_index);
    sort(after, by_keys_and_index);
    while (i < before->count || k < after->count) {
        struct why_row *old = &before->rows[i], *new = &after->rows[k];
        int order = i == before->count ? 1 : k == after->count ? -1 : by_keys(old, new);
        size_t olds = order <= 0 ? group_size(before, i) : 0;
        size_t news = order >= 0 ? group_size(after, k) : 0;
        if (order == 0) {
            set_twins(old, olds, new, news);
            set_twins(new, news, old, olds);
        }
        i += olds;
        k += news;
    }
    sort(before, by_index);
    sort(after, by_index);
}

/* What was tried for a library that is not found after the change. */
static void put_tried(const struct why_diff *diff, size_t i)
{
    const struct why_view *view = diff->after;
    const tenon_library *library = tenon_graph_library(view->graph, i);
    size_t count = tenon_graph_tried_count(view->graph, i);

    if (why_has_answer(library) || !view->why->cli->verbose)
        return;
    for (size_t k = 0; k < count; k++) {
        cli_puts(diff->out, "      ");
        why_put_attempt(view, library->optional, tenon_graph_tried(view->graph, i, k), CLI_PLAIN);
    }
}

static void tell(struct why_diff *diff, const struct why_kind *kind, enum why_mark mark,
                 const struct why_row *row)
{
    diff->told++;
    if (diff->json) {
        cli_json_item(diff->json);
        cli_json_open(diff->json, '{');
    } else {
        cli_style(diff->out, marks[mark].style);
        cli_puts(diff->out, marks[mark].sign);
        cli_style(diff->out, CLI_PLAIN);
    }
    if (mark == WHY_CHANGED)
        (diff->json ? kind->put_json_change : kind->put_change)(diff, row->twin - 1, row->index);
    else
        (diff->json ? kind->put_json
                    : kind->put)(diff, mark == WHY_GONE ? diff->before : diff->after, row->index);
    if (diff->json)
        cli_json_close(diff->json, '}');
    else
        cli_puts(diff->out, "\n");
    if (!diff->json && kind == &why_kinds[0] && mark != WHY_GONE)
        put_tried(diff, row->index);
}

/*
 * The interpreter stands in an answer when something asks for it, but is in the process all the
 * same: only another one is a difference.
 */
static bool is_same_interpreter(const struct why_diff *diff, const struct why_kind *kind,
                                const struct why_view *view, size_t i)
{
    const char *before = tenon_graph_interpreter(diff->before->graph);
    const char *after = tenon_graph_interpreter(diff->after->graph);

    return kind == &why_kinds[0] && tenon_graph_library(view->graph, i)->is_interpreter && before &&
           after && strcmp(before, after) == 0;
}

static bool is_marked(const struct why_diff *diff, const struct why_kind *kind, enum why_mark mark,
                      const struct why_row *row)
{
    if (row->again)
        return false;
    if (mark != WHY_CHANGED)
        return !row->twin &&
               !is_same_interpreter(diff, kind, mark == WHY_GONE ? diff->before : diff->after,
                                    row->index);
    return row->twin && !kind->same(diff, row->twin - 1, row->index);
}

static void tell_all(struct why_diff *diff, const struct why_kind *kind, enum why_mark mark,
                     const struct list *list)
{
    struct cli_json *json = diff->json;

    if (!kind->has[mark])
        return;
    if (json) {
        cli_json_key(json, marks[mark].key, strlen(marks[mark].key));
        cli_json_open(json, '[');
    }
    for (size_t i = 0; i < list->count; i++)
        if (is_marked(diff, kind, mark, &list->rows[i]))
            tell(diff, kind, mark, &list->rows[i]);
    if (json)
        cli_json_close(json, ']');
}

/* Objects that both have, in another order: the scope of symbols follows it. */
static bool order_differs(const struct list *after)
{
    size_t last = 0;

    for (size_t i = 0; i < after->count; i++) {
        size_t twin = after->rows[i].twin;
        if (twin && twin < last)
            return true;
        last = twin ? twin : last;
    }
    return false;
}

static void tell_order(struct why_diff *diff, bool differs)
{
    if (diff->json) {
        CLI_JSON_KEY(diff->json, "order_changed");
        cli_json_bool(diff->json, differs);
    } else if (differs) {
        cli_puts(diff->out, "  load order differs\n");
        diff->told++;
    }
}

/* Rows that the kind with the most things needs, of both graphs together. */
static size_t row_count(const struct why_diff *diff)
{
    size_t most = 0;

    for (size_t i = 0; i < WHY_KINDS; i++) {
        size_t count =
            why_kinds[i].count(diff->before->graph) + why_kinds[i].count(diff->after->graph);
        most = count > most ? count : most;
    }
    return most;
}

static void compare(struct why_diff *diff, const struct why_kind *kind, struct why_row *rows)
{
    struct list before = { .rows = rows };
    struct list after = { .rows = rows + kind->count(diff->before->graph) };

    read_list(&before, diff->before, kind);
    read_list(&after, diff->after, kind);
    find_twins(&before, &after);
    if (diff->json && kind->key) {
        cli_json_key(diff->json, kind->key, strlen(kind->key));
        cli_json_open(diff->json, '{');
    }
    tell_all(diff, kind, WHY_GONE, &before);
    tell_all(diff, kind, WHY_NEW, &after);
    tell_all(diff, kind, WHY_CHANGED, &after);
    if (diff->json && kind->key)
        cli_json_close(diff->json, '}');
    if (kind == &why_kinds[0])
        tell_order(diff, order_differs(&after));
}

/* Another interpreter may be another loader, whose rules differ. */
static void tell_loader(struct why_diff *diff)
{
    const tenon_loader *before = tenon_graph_loader(diff->before->graph);
    const tenon_loader *after = tenon_graph_loader(diff->after->graph);

    if (!before || !after || before == after)
        return;
    if (diff->json) {
        CLI_JSON_KEY(diff->json, "loader_from");
        cli_json_name(diff->json, tenon_loader_name(before));
        CLI_JSON_KEY(diff->json, "loader_to");
        cli_json_name(diff->json, tenon_loader_name(after));
        return;
    }
    cli_puts(diff->out, "  loader  ");
    cli_puts(diff->out, tenon_loader_name(before));
    cli_puts(diff->out, diff->before->why->glyphs->becomes);
    cli_puts(diff->out, "  ");
    cli_puts(diff->out, tenon_loader_name(after));
    cli_puts(diff->out, "\n");
    diff->told++;
}

/* What the loader has against the program itself, on one side only. */
static void tell_refusal(struct why_diff *diff)
{
    const char *before = tenon_graph_reason(diff->before->graph);
    const char *after = tenon_graph_reason(diff->after->graph);
    const enum why_mark mark = after ? WHY_NEW : WHY_GONE;

    if (!before == !after || diff->json)
        return;
    cli_style(diff->out, marks[mark].style);
    cli_puts(diff->out, marks[mark].sign);
    cli_style(diff->out, CLI_PLAIN);
    cli_puts(diff->out, "the loader refuses ");
    cli_prose(diff->out, after ? after : before);
    cli_puts(diff->out, "\n");
    diff->told++;
}

static void put_json_reason(struct cli_json *json, const char *key, const tenon_graph *graph)
{
    const char *reason = tenon_graph_reason(graph);

    if (!reason)
        return;
    cli_json_key(json, key, strlen(key));
    cli_json_sentence(json, reason);
}

static void tell_status(struct why_diff *diff)
{
    const char *from = tenon_status_name(tenon_graph_status(diff->before->graph));
    const char *to = tenon_status_name(tenon_graph_status(diff->after->graph));

    if (diff->json) {
        CLI_JSON_KEY(diff->json, "status_from");
        cli_json_name(diff->json, from);
        CLI_JSON_KEY(diff->json, "status_to");
        cli_json_name(diff->json, to);
        put_json_reason(diff->json, ",\"reason_from\":", diff->before->graph);
        put_json_reason(diff->json, ",\"reason_to\":", diff->after->graph);
    } else if (strcmp(from, to) != 0) {
        cli_puts(diff->out, "  status  ");
        cli_puts(diff->out, from);
        cli_puts(diff->out, diff->before->why->glyphs->becomes);
        cli_puts(diff->out, "  ");
        cli_puts(diff->out, to);
        cli_puts(diff->out, "\n");
        diff->told++;
    }
}

static void begin(struct why_diff *diff)
{
    char **changes = diff->before->why->changes;

    if (!diff->json) {
        cli_text(diff->out, diff->before->file);
        for (const char *between = "  if "; *changes; changes++, between = ", ") {
            cli_puts(diff->out, between);
            cli_text(diff->out, *changes);
        }
        cli_puts(diff->out, ":\n");
        return;
    }
    cli_json_item(diff->json);
    cli_json_open(diff->json, '{');
    CLI_JSON_KEY(diff->json, "file");
    cli_json_name(diff->json, diff->before->file);
    CLI_JSON_KEY(diff->json, "status");
    cli_json_name(diff->json, tenon_status_name(tenon_graph_status(diff->after->graph)));
    CLI_JSON_KEY(diff->json, "what_if");
    cli_json_open(diff->json, '{');
    CLI_JSON_KEY(diff->json, "changes");
    cli_json_open(diff->json, '[');
    for (; *changes; changes++) {
        cli_json_item(diff->json);
        cli_json_name(diff->json, *changes);
    }
    cli_json_close(diff->json, ']');
}

static void end(struct why_diff *diff)
{
    tell_loader(diff);
    tell_refusal(diff);
    tell_status(diff);
    if (diff->json) {
        cli_json_close(diff->json, '}');
        cli_json_close(diff->json, '}');
    } else if (diff->told == 0) {
        cli_puts(diff->out, "  no difference\n");
    }
}

bool why_print_diff(const struct why_view *before, const struct why_view *after,
                    struct cli_json *json, tenon_error *err)
{
    struct why_diff diff = { .before = before, .after = after, .out = before->out, .json = json };
    size_t count = row_count(&diff);
    struct why_row *rows = cli_room_take(&before->why->rows, count + 1, sizeof *rows);

    if (!rows)
        return tn_no_memory(err);
    begin(&diff);
    for (size_t i = 0; i < WHY_KINDS; i++) {
        compare(&diff, &why_kinds[i], rows);
        memset(rows, 0, count * sizeof *rows);
    }
    end(&diff);
    return true;
}
