/* src/cli/why_tree.c - the tree of libraries, each under the object that first asked for it */
#include <string.h>

#include "why.h"

/* Deeper levels are not indented further, else a long chain would cost its square in output. */
#define LEVELS 64

/* How an attempt reads: what happened, to what, with which result (NULL: that was said). */
static const struct {
    const char *verb, *words;
} outcomes[] = {
    [TENON_OUTCOME_FOUND] = { "found", NULL },
    [TENON_OUTCOME_ALREADY_LOADED] = { "found", "already loaded" },
    [TENON_OUTCOME_SYSTEM] = { "found", "supplied by the system itself" },
    [TENON_OUTCOME_ABSENT] = { "tried", "no such file" },
    [TENON_OUTCOME_DIR_MISSING] = { "tried", "no such directory" },
    [TENON_OUTCOME_PERMISSION] = { "tried", "permission denied" },
    [TENON_OUTCOME_SYMLINK_LOOP] = { "tried", "too many symbolic links" },
    [TENON_OUTCOME_UNREADABLE] = { "tried", "cannot be read" },
    [TENON_OUTCOME_IS_DIRECTORY] = { "tried", "is a directory" },
    [TENON_OUTCOME_TRUNCATED] = { "tried", "too short" },
    [TENON_OUTCOME_NOT_ELF] = { "tried", "not an ELF file" },
    [TENON_OUTCOME_WRONG_FORMAT] = { "tried", "not of this loader's format" },
    [TENON_OUTCOME_WRONG_PLATFORM] = { "tried", "made for another system" },
    [TENON_OUTCOME_WRONG_VERSION] = { "tried", "of an older version than asked for" },
    [TENON_OUTCOME_MEMBER_MISSING] = { "tried", "has no such member" },
    [TENON_OUTCOME_FORBIDDEN] = { "tried", "forbidden by the loader's policy" },
    [TENON_OUTCOME_NO_MATCH] = { "tried", "no name there fits" },
    [TENON_OUTCOME_RENAMED] = { "renamed", NULL },
    [TENON_OUTCOME_WRONG_CLASS] = { "tried", "wrong class" },
    [TENON_OUTCOME_WRONG_ENDIAN] = { "tried", "wrong byte order" },
    [TENON_OUTCOME_WRONG_MACHINE] = { "tried", "wrong machine" },
    [TENON_OUTCOME_WRONG_ABI] = { "tried", "wrong OS ABI" },
    [TENON_OUTCOME_WRONG_TYPE] = { "tried", "not a shared library" },
    [TENON_OUTCOME_MALFORMED] = { "tried", "malformed" },
    [TENON_OUTCOME_WRONG_CPU] = { "tried", "needs a newer processor" },
    [TENON_OUTCOME_STALE] = { "tried", "named by the cache, but no longer there" },
    [TENON_OUTCOME_NOT_IN_CACHE] = { "tried", "not listed there" },
    [TENON_OUTCOME_NO_CACHE] = { "tried", "no usable cache" },
    [TENON_OUTCOME_NODEFLIB] = { "tried", "in a system directory, which the object forbids" },
    [TENON_OUTCOME_NOT_EXPANDABLE] = { "dropped", "a token in it has no value" },
    [TENON_OUTCOME_DROPPED_SECURE] = { "dropped", "not trusted in secure mode" },
    [TENON_OUTCOME_NOT_CONSULTED] = { "skipped", "not consulted" },
    [TENON_OUTCOME_TOO_LONG] = { "tried", "path too long" },
    [TENON_OUTCOME_NOT_SETUID] = { "tried", "not set-user-ID, as secure mode demands" },
    [TENON_OUTCOME_LATER] = { "later", "would have been taken" },
};
_Static_assert(sizeof outcomes / sizeof *outcomes == TENON_OUTCOME_COUNT,
               "a word for each outcome");

/* The way through the tree: what stands before each line. */
struct tree {
    struct why_view *view;
    struct cli_out *out;
    const struct why_glyphs *glyphs;
    int32_t *also; /* behind the lists of the nodes on the way: see find_also() */
    size_t depth;
    size_t used[LEVELS + 1]; /* bytes of prefix by depth */
    char prefix[LEVELS * 8];
};

void why_put_rule(struct cli_out *out, const char *gap, const tenon_rule *rule, const char *where)
{
    if (!rule)
        return;
    cli_puts(out, gap);
    cli_style(out, CLI_RULE);
    cli_puts(out, "[");
    cli_text(out, where ? where : rule->name);
    cli_puts(out, "]");
    cli_style(out, CLI_PLAIN);
}

void why_put_evidence(struct cli_out *out, const tenon_rule *rule, bool verbose)
{
    bool uncertain = rule && tenon_evidence_is_uncertain(rule->evidence);

    if (!rule || (!uncertain && !verbose))
        return;
    cli_puts(out, uncertain ? "  uncertain: this rule is " : "  evidence: ");
    cli_puts(out, tenon_evidence_name(rule->evidence));
}

void why_put_attempt(const struct why_view *view, bool optional, const tenon_attempt *attempt,
                     enum cli_style style)
{
    struct cli_out *out = view->out;
    const char *words = outcomes[attempt->outcome].words;

    cli_style(out, style);
    cli_puts(out, attempt->later ? "later" : outcomes[attempt->outcome].verb);
    if (*attempt->path) {
        cli_puts(out, " ");
        cli_text(out, attempt->path);
    }
    why_put_rule(out, *attempt->path ? "  " : " ", attempt->rule, attempt->where);
    cli_style(out, style);
    if (words) {
        cli_puts(out, "  ");
        cli_puts(out, words);
    }
    if (attempt->detail) {
        cli_puts(out, " (");
        cli_prose(out, attempt->detail);
        cli_puts(out, ")");
    }
    if (attempt->believed)
        cli_puts(out, "  uncertain: what the loader does with such a file is believed");
    else
        why_put_evidence(out, attempt->rule, view->why->cli->verbose);
    if (attempt->final && !optional)
        cli_puts(out, "; the loader gives up here");
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "\n");
}

static void put_prefix(struct tree *tree)
{
    cli_put(tree->out, tree->prefix, tree->used[tree->depth < LEVELS ? tree->depth : LEVELS]);
}

static void put_glyph(struct tree *tree, const struct why_glyph *glyph)
{
    cli_put(tree->out, glyph->text, glyph->size);
}

/* Goes below `node`: its rail is drawn as long as something else follows under its parent. */
static void descend(struct tree *tree, const struct why_node *node)
{
    const struct why_glyph *rail = node->last ? &tree->glyphs->blank : &tree->glyphs->rail;
    size_t used;

    if (tree->depth++ >= LEVELS)
        return;
    used = tree->used[tree->depth - 1];
    memcpy(tree->prefix + used, rail->text, rail->size);
    tree->used[tree->depth] = used + rail->size;
}

/* What was tried for a library: for a miss always, else on demand and without the answer. */
static void put_attempts(struct tree *tree, size_t node)
{
    const struct why_view *view = tree->view;
    const tenon_library *library = why_library(view, node);
    const struct why_node *self = &view->nodes[node];
    bool found = why_has_answer(library);
    bool more = self->first_child != WHY_NONE || self->also;
    size_t count = tenon_graph_tried_count(view->graph, node - 1);

    if ((found && !view->why->cli->verbose) || view->why->lib)
        return;
    for (size_t k = 0; k < count; k++) {
        const tenon_attempt *attempt = tenon_graph_tried(view->graph, node - 1, k);
        if (found && !attempt->later && strcmp(outcomes[attempt->outcome].verb, "found") == 0)
            continue;
        put_prefix(tree);
        put_glyph(tree, more ? &tree->glyphs->rail : &tree->glyphs->blank);
        why_put_attempt(tree->view, library->optional, attempt, found ? CLI_DIM : CLI_PLAIN);
    }
}

/* Lists them behind those of the nodes on the way here, as they are shown below what hangs here. */
static void find_also(struct tree *tree, size_t node)
{
    size_t count = why_elsewhere(tree->view, node, tree->also);

    tree->view->nodes[node].also = count;
    tree->also += count;
}

/* The needs that hang elsewhere, in one line. */
static void put_also(struct tree *tree, size_t node)
{
    struct why_view *view = tree->view;
    struct cli_out *out = tree->out;
    size_t count = view->nodes[node].also;

    if (!count)
        return;
    tree->also -= count;
    put_prefix(tree);
    put_glyph(tree, &tree->glyphs->last);
    cli_style(out, CLI_DIM);
    cli_puts(out, "also ");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            cli_puts(out, ", ");
        if (tree->also[i] == 0)
            cli_text(out, view->root);
        else
            why_put_name(view, why_library(view, (size_t)tree->also[i]));
    }
    cli_puts(out, " (shown elsewhere)");
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "\n");
}

/* One library with what was tried; leaves the tree one level deeper. */
static void enter(struct tree *tree, size_t node)
{
    struct why_view *view = tree->view;
    struct why_node *self = &view->nodes[node];

    self->last = self->next_sibling == WHY_NONE && !view->nodes[self->parent].also;
    put_prefix(tree);
    put_glyph(tree, self->last ? &tree->glyphs->last : &tree->glyphs->branch);
    if (tree->depth >= LEVELS) {
        cli_puts(tree->out, "(level ");
        cli_number(tree->out, (int64_t)tree->depth + 1);
        cli_puts(tree->out, ") ");
    }
    why_put_line(view, why_library(view, node));
    find_also(tree, node);
    descend(tree, self);
    put_attempts(tree, node);
}

/* Depth first, without a stack: every node knows its parent and its next sibling. */
static void put_branches(struct tree *tree)
{
    struct why_node *nodes = tree->view->nodes;
    size_t node = 0;

    for (;;) {
        if (nodes[node].first_child != WHY_NONE) {
            node = (size_t)nodes[node].first_child;
            enter(tree, node);
            continue;
        }
        put_also(tree, node);
        while (node != 0 && nodes[node].next_sibling == WHY_NONE) {
            node = (size_t)nodes[node].parent;
            tree->depth--;
            put_also(tree, node);
        }
        if (node == 0)
            return;
        node = (size_t)nodes[node].next_sibling;
        tree->depth--;
        enter(tree, node);
    }
}

static void put_header(struct why_view *view)
{
    struct cli_out *out = view->out;
    const tenon_loader *loader = tenon_graph_loader(view->graph);
    const char *interpreter = tenon_graph_interpreter(view->graph);
    const char *machine = tenon_graph_machine(view->graph);

    cli_text(out, view->file);
    view->behind = out->used;
    if (view->root != view->file) {
        cli_puts(out, "  loaded by ");
        cli_text(out, view->root);
    }
    cli_style(out, CLI_DIM);
    cli_puts(out, "  (");
    if (loader) {
        cli_puts(out, tenon_loader_name(loader));
        cli_puts(out, ", ");
    }
    cli_puts(out, machine ? machine : "unknown machine");
    if (interpreter) {
        cli_puts(out, ", interpreter ");
        cli_text(out, interpreter);
    }
    cli_puts(out, ")");
    cli_style(out, CLI_PLAIN);
    if (tenon_graph_is_static(view->graph))
        cli_puts(out, "  statically linked, no libraries");
    else if (view->count == 0 && !view->nodes[0].also)
        cli_puts(out, "  no libraries");
    cli_puts(out, "\n");
}

/* The search for the library of --lib, step by step. */
static void put_search(const struct why_view *view, size_t node)
{
    struct cli_out *out = view->out;
    const tenon_library *library = why_library(view, node);
    size_t count = tenon_graph_tried_count(view->graph, node - 1);

    cli_puts(out, "search for ");
    cli_text(out, library->name);
    cli_puts(out, ", first asked for by ");
    cli_text(out, why_object_name(view, library->parent));
    cli_puts(out, ":\n");
    for (size_t k = 0; k < count; k++) {
        const tenon_attempt *attempt = tenon_graph_tried(view->graph, node - 1, k);
        cli_puts(out, k < 9 ? "   " : k < 99 ? "  " : " ");
        cli_number(out, (int64_t)k + 1);
        cli_puts(out, ". ");
        why_put_attempt(view, library->optional, attempt, CLI_PLAIN);
    }
}

static void put_searches(const struct why_view *view)
{
    for (size_t node = 1; node <= view->count; node++)
        if (view->nodes[node].wanted)
            put_search(view, node);
    if (!view->wanted)
        why_put_not_loaded(view);
}

void why_print_tree(struct why_view *view)
{
    struct tree tree; /* not cleared: most of it is room for prefixes */

    tree.view = view;
    tree.out = view->out;
    tree.glyphs = view->why->glyphs;
    tree.also = view->elsewhere;
    tree.depth = tree.used[0] = 0;
    find_also(&tree, 0);
    put_header(view);
    put_branches(&tree);
    if (view->why->lib) {
        put_searches(view);
    } else if (view->hidden) {
        cli_style(view->out, CLI_DIM);
        cli_plural(view->out, view->hidden, "system library", "system libraries");
        cli_puts(view->out, " hidden");
        cli_style(view->out, CLI_PLAIN);
        cli_puts(view->out, "\n");
    }
}
