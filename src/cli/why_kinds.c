/* src/cli/why_kinds.c - how --what-if names, compares and prints libraries, versions and symbols */
#include <string.h>

#include "why_diff.h"

/* An object by the name it was asked for: paths may differ between two runs. */
static const char *asked_name(const struct why_view *view, int32_t object)
{
    return object < 0 ? "" : tenon_graph_library(view->graph, (size_t)object)->name;
}

static bool equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* libraries */

static bool read_library(const struct why_view *view, size_t i, struct why_row *row)
{
    row->keys[0] = tenon_graph_library(view->graph, i)->name;
    return true;
}

static const char *rule_name(const tenon_library *library)
{
    return library->rule ? library->rule->name : NULL;
}

/* What is said of how it was found: whose list, else the rule. Loaders name their rules apart. */
static const char *way_of(const tenon_library *library)
{
    return library->where ? library->where : rule_name(library);
}

static bool same_library(const struct why_diff *diff, size_t i, size_t k)
{
    const tenon_library *old = tenon_graph_library(diff->before->graph, i);
    const tenon_library *new = tenon_graph_library(diff->after->graph, k);

    return old->status == new->status &&equal(old->path, new->path) &&
           equal(way_of(old), way_of(new));
}

/* Path and rule; the path is left out when it is the name that was just printed. */
static void put_place(struct cli_out *out, const tenon_library *library, const char *printed)
{
    bool found = library->status == TENON_STATUS_FOUND || library->status == TENON_STATUS_SYSTEM;

    if (library->path && !equal(library->path, printed)) {
        cli_puts(out, "  ");
        cli_text(out, library->path);
    }
    if (found) {
        why_put_rule(out, "  ", library->rule, library->where);
        return;
    }
    cli_puts(out, "  ");
    cli_style(out, CLI_MISS);
    cli_puts(out, library->status == TENON_STATUS_REFUSED ? "refused" : "not found");
    cli_style(out, CLI_PLAIN);
}

static void put_library(const struct why_diff *diff, const struct why_view *view, size_t i)
{
    const tenon_library *library = tenon_graph_library(view->graph, i);

    cli_text(diff->out, library->name);
    put_place(diff->out, library, library->name);
}

static void put_library_change(const struct why_diff *diff, size_t i, size_t k)
{
    put_library(diff, diff->before, i);
    cli_puts(diff->out, diff->before->why->glyphs->becomes);
    put_place(diff->out, tenon_graph_library(diff->after->graph, k), NULL);
}

static void put_library_json(const struct why_diff *diff, const struct why_view *view, size_t i)
{
    struct cli_json *json = diff->json;
    const tenon_library *library = tenon_graph_library(view->graph, i);

    CLI_JSON_KEY(json, "name");
    cli_json_name(json, library->name);
    CLI_JSON_KEY(json, "path");
    cli_json_name(json, library->path);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(library->status));
    CLI_JSON_KEY(json, "rule");
    cli_json_name(json, rule_name(library));
}

static void put_library_json_change(const struct why_diff *diff, size_t i, size_t k)
{
    struct cli_json *json = diff->json;
    const tenon_library *old = tenon_graph_library(diff->before->graph, i);
    const tenon_library *new = tenon_graph_library(diff->after->graph, k);

    CLI_JSON_KEY(json, "name");
    cli_json_name(json, old->name);
    CLI_JSON_KEY(json, "from");
    cli_json_name(json, old->path);
    CLI_JSON_KEY(json, "to");
    cli_json_name(json, new->path);
    CLI_JSON_KEY(json, "rule_from");
    cli_json_name(json, rule_name(old));
    CLI_JSON_KEY(json, "rule_to");
    cli_json_name(json, rule_name(new));
    CLI_JSON_KEY(json, "where_from");
    cli_json_name(json, old->where);
    CLI_JSON_KEY(json, "where_to");
    cli_json_name(json, new->where);
    CLI_JSON_KEY(json, "status_from");
    cli_json_name(json, tenon_status_name(old->status));
    CLI_JSON_KEY(json, "status_to");
    cli_json_name(json, tenon_status_name(new->status));
}

/* missing versions */

static bool read_version(const struct why_view *view, size_t i, struct why_row *row)
{
    const tenon_missing_version *missing = tenon_graph_missing_version(view->graph, i);

    row->keys[0] = asked_name(view, missing->library);
    row->keys[1] = missing->version;
    row->keys[2] = asked_name(view, missing->needed_by);
    return true;
}

static void put_version(const struct why_diff *diff, const struct why_view *view, size_t i)
{
    const tenon_missing_version *missing = tenon_graph_missing_version(view->graph, i);

    cli_puts(diff->out, "missing version ");
    cli_text(diff->out, missing->version);
    cli_puts(diff->out, " of ");
    cli_text(diff->out, why_object_name(view, missing->library));
    cli_puts(diff->out, ", needed by ");
    cli_text(diff->out, why_object_name(view, missing->needed_by));
}

static void put_version_json(const struct why_diff *diff, const struct why_view *view, size_t i)
{
    struct cli_json *json = diff->json;
    const tenon_missing_version *missing = tenon_graph_missing_version(view->graph, i);

    CLI_JSON_KEY(json, "version");
    cli_json_name(json, missing->version);
    CLI_JSON_KEY(json, "library");
    cli_json_name(json, why_object_name(view, missing->library));
    CLI_JSON_KEY(json, "needed_by");
    cli_json_name(json, why_object_name(view, missing->needed_by));
    CLI_JSON_KEY(json, "fatal");
    cli_json_bool(json, missing->fatal);
}

/* symbols: those that nothing provides, and who provides the others */

static bool read_binding(const struct why_view *view, size_t i, struct why_row *row)
{
    const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);

    row->keys[0] = asked_name(view, binding->needed_by);
    row->keys[1] = binding->symbol;
    row->keys[2] = binding->version ? binding->version : "";
    return true;
}

static bool read_unresolved(const struct why_view *view, size_t i, struct why_row *row)
{
    const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);

    return !binding->found && !binding->weak && read_binding(view, i, row);
}

static const char *provider_name(const struct why_view *view, size_t i)
{
    const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);

    return binding->found ? why_object_name(view, binding->provider) : NULL;
}

static bool same_provider(const struct why_diff *diff, size_t i, size_t k)
{
    return equal(provider_name(diff->before, i), provider_name(diff->after, k));
}

static void put_symbol(const struct why_diff *diff, const char *before, const struct why_view *view,
                       size_t i)
{
    const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);

    cli_puts(diff->out, before);
    why_put_symbol(diff->out, binding->symbol, binding->version);
    cli_puts(diff->out, " of ");
    cli_text(diff->out, why_object_name(view, binding->needed_by));
}

static void put_unresolved(const struct why_diff *diff, const struct why_view *view, size_t i)
{
    put_symbol(diff, "unresolved symbol ", view, i);
}

static void put_provider(struct cli_out *out, const char *name)
{
    cli_puts(out, "  ");
    cli_text(out, name ? name : "nobody");
}

static void put_binding_change(const struct why_diff *diff, size_t i, size_t k)
{
    put_symbol(diff, "symbol ", diff->before, i);
    put_provider(diff->out, provider_name(diff->before, i));
    cli_puts(diff->out, diff->before->why->glyphs->becomes);
    put_provider(diff->out, provider_name(diff->after, k));
}

static void put_symbol_json(const struct why_diff *diff, const struct why_view *view, size_t i)
{
    struct cli_json *json = diff->json;
    const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);

    CLI_JSON_KEY(json, "symbol");
    cli_json_name(json, binding->symbol);
    CLI_JSON_KEY(json, "version");
    cli_json_name(json, binding->version);
    CLI_JSON_KEY(json, "needed_by");
    cli_json_name(json, why_object_name(view, binding->needed_by));
}

static void put_binding_json_change(const struct why_diff *diff, size_t i, size_t k)
{
    put_symbol_json(diff, diff->before, i);
    CLI_JSON_KEY(diff->json, "from");
    cli_json_name(diff->json, provider_name(diff->before, i));
    CLI_JSON_KEY(diff->json, "to");
    cli_json_name(diff->json, provider_name(diff->after, k));
}

const struct why_kind why_kinds[WHY_KINDS] = {
    {
        .has = { true, true, true },
        .count = tenon_graph_count,
        .read = read_library,
        .same = same_library,
        .put = put_library,
        .put_change = put_library_change,
        .put_json = put_library_json,
        .put_json_change = put_library_json_change,
    },
    {
        .key = ",\"missing_versions\":",
        .has = { [WHY_GONE] = true, [WHY_NEW] = true },
        .count = tenon_graph_missing_version_count,
        .read = read_version,
        .put = put_version,
        .put_json = put_version_json,
    },
    {
        .key = ",\"missing_symbols\":",
        .has = { [WHY_GONE] = true, [WHY_NEW] = true },
        .count = tenon_graph_binding_count,
        .read = read_unresolved,
        .put = put_unresolved,
        .put_json = put_symbol_json,
    },
    {
        .key = ",\"bindings\":",
        .has = { [WHY_CHANGED] = true },
        .count = tenon_graph_binding_count,
        .read = read_binding,
        .same = same_provider,
        .put_change = put_binding_change,
        .put_json_change = put_binding_json_change,
    },
};
