/* src/process/native_words.c - what the system's loader would refuse, as findings */
#include "native_words.h"

#include <inttypes.h>
#include <string.h>

#include "entry_name.h"

#define TRIED_MOST 6 /* candidates named in one sentence */

static struct tn_about about(struct tn_job *job, uint32_t number, enum tenon_finding_kind kind,
                             const char *unit)
{
    struct tn_candidate *c = &job->plan.candidates[number];
    c->refused = true;
    return (struct tn_about){ .kind = kind, .refuses = true, .plugin = c->name, .unit = unit };
}

static const char *path_of(const tenon_graph *graph, int32_t row)
{
    if (row < 0)
        return tenon_graph_file(graph);
    const tenon_library *library = tenon_graph_library(graph, (size_t)row);
    return library->path ? library->path : library->name;
}

/* What is of a bundle is called by its plugin: where its code lies in the cache tells nobody. */
static const char *place_of(struct tn_job *job, const char *path)
{
    const struct tn_holding *h = tn_registry_at_path(&job->process->registry, path);
    for (size_t i = 0; !h && i < job->count; i++)
        for (size_t k = 0; !h && k < job->prospects[i].code_count; k++)
            if (strcmp(job->prospects[i].codes[k].path, path) == 0)
                h = job->prospects[i].codes[k].holding;
    return h && h->reason == TENON_BY_PLUGIN ? h->place : tn_report_show(job->report, path);
}

/* ", which NAME needs" when it is not the plugin's own code that asks. */
static const char *chain(struct tn_job *job, uint32_t number, const tenon_graph *graph, int32_t by)
{
    const struct tn_prospect *p = &job->prospects[number];
    const char *path = path_of(graph, by);
    if (by < 0 || strcmp(path, p->codes[p->code_count - 1].path) == 0)
        return "";
    const char *text = tn_arena_format(&job->report->arena, " (for %s)", place_of(job, path));
    job->report->no_memory |= !text;
    return text ? text : "";
}

/* "; tried A (no such file), B (...)" */
static const char *tried(struct tn_job *job, const tenon_graph *graph, size_t row)
{
    const char *text = "";
    size_t count = tenon_graph_tried_count(graph, row), named = 0;
    for (size_t k = 0; text && k < count && named < TRIED_MOST; k++) {
        const tenon_attempt *attempt = tenon_graph_tried(graph, row, k);
        if (!*attempt->path || attempt->later)
            continue;
        text = tn_arena_format(&job->report->arena, "%s%s%s (%s)", text, named ? ", " : "; tried ",
                               tn_report_show(job->report, attempt->path),
                               attempt->detail ? tn_report_show(job->report, attempt->detail)
                                               : tenon_outcome_name(attempt->outcome));
        named++;
    }
    job->report->no_memory |= !text;
    return text ? text : "";
}

void tn_say_library(struct tn_job *job, uint32_t number, const tenon_graph *graph, size_t row,
                    int32_t by)
{
    const tenon_library *library = tenon_graph_library(graph, row);
    bool is_code = library->flavour == TENON_NEED_DLOPEN;
    const char *name =
        is_code ? place_of(job, library->name) : tn_report_show(job->report, library->name);
    bool missing = library->status == TENON_STATUS_MISSING;
    struct tn_about what =
        about(job, number, missing ? TENON_FINDING_MISSING_LIBRARY : TENON_FINDING_REFUSED_LIBRARY,
              is_code ? tn_base_name(library->name) : library->name);
    what.holders[0] = by < 0 ? NULL : place_of(job, path_of(graph, by));
    if (missing)
        tn_report_find(job->report, what, "plugin \"%s\" needs %s%s, which is not found%s",
                       what.plugin, name, chain(job, number, graph, by), tried(job, graph, row));
    else if (is_code)
        tn_report_find(job->report, what, "code of plugin \"%s\" is refused: %s: %s", what.plugin,
                       name, library->reason ? library->reason : "the loader does not take it");
    else
        tn_report_find(job->report, what, "plugin \"%s\" needs %s%s, which is refused: %s",
                       what.plugin, name, chain(job, number, graph, by),
                       library->reason ? library->reason : "the loader does not take it");
}

void tn_say_planted(struct tn_job *job, uint32_t number, const tenon_graph *graph, int32_t row)
{
    const char *name = tenon_graph_library(graph, (size_t)row)->name;
    struct tn_about what = about(job, number, TENON_FINDING_CACHE, name);
    what.holders[0] = tn_report_show(job->report, path_of(graph, row));
    tn_report_find(job->report, what, TN_PLANTED_WORDS, what.plugin,
                   tn_report_show(job->report, name), what.holders[0]);
}

void tn_say_version(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                    const tenon_missing_version *missing)
{
    struct tn_about what = about(job, number, TENON_FINDING_MISSING_VERSION, missing->version);
    if (missing->library == TENON_NOBODY) {
        tn_report_find(job->report, what, "plugin \"%s\" needs version %s%s: %s", what.plugin,
                       tn_report_show(job->report, missing->version),
                       chain(job, number, graph, missing->needed_by), missing->reason);
        return;
    }
    what.holders[0] = place_of(job, path_of(graph, missing->library));
    tn_report_find(job->report, what,
                   "plugin \"%s\" needs version %s of %s%s, which has no such "
                   "version",
                   what.plugin, tn_report_show(job->report, missing->version), what.holders[0],
                   chain(job, number, graph, missing->needed_by));
}

void tn_say_symbol(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                   const tenon_symbol_binding *binding, const char *elsewhere)
{
    const char *at = binding->version ? "@" : "";
    struct tn_about what = about(job, number, TENON_FINDING_MISSING_SYMBOL, binding->symbol);
    what.holders[0] = place_of(job, path_of(graph, binding->needed_by));
    const char *symbol = tn_report_show(job->report, binding->symbol);
    const char *version = binding->version ? tn_report_show(job->report, binding->version) : "";
    const char *by = chain(job, number, graph, binding->needed_by);
    if (binding->unlike)
        tn_report_find(job->report, what, "plugin \"%s\" needs symbol %s%s%s of %s%s: %s",
                       what.plugin, symbol, at, version,
                       place_of(job, path_of(graph, binding->provider)), by, binding->reason);
    else if (elsewhere)
        tn_report_find(job->report, what,
                       "plugin \"%s\" needs symbol %s%s%s%s: %s defines it, but keeps it to itself "
                       "as the plugin does not require it",
                       what.plugin, symbol, at, version, by, place_of(job, elsewhere));
    else
        tn_report_find(job->report, what, "plugin \"%s\" needs symbol %s%s%s%s: %s", what.plugin,
                       symbol, at, version, by, binding->reason);
}

void tn_say_not_exported(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                         const tenon_symbol_binding *binding)
{
    struct tn_about what = about(job, number, TENON_FINDING_MISSING_SYMBOL, binding->symbol);
    what.holders[0] = place_of(job, path_of(graph, binding->needed_by));
    const char *symbol = tn_report_show(job->report, binding->symbol);
    tn_report_find(job->report, what,
                   "plugin \"%s\" needs symbol %s%s: the host program defines it, and does not "
                   "export it (link it with -rdynamic, or -Wl,--export-dynamic-symbol=%s)",
                   what.plugin, symbol, chain(job, number, graph, binding->needed_by), symbol);
}

void tn_say_mixed(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                  const tenon_symbol_binding *binding, int32_t asked, const char *own)
{
    struct tn_candidate *c = &job->plan.candidates[number];
    const char *wanted = place_of(job, path_of(graph, asked));
    const char *got = place_of(job, path_of(graph, binding->provider));
    const struct tn_about what = { .kind = TENON_FINDING_CLASH,
                                   .refuses = own != NULL,
                                   .plugin = c->name,
                                   .unit = binding->symbol,
                                   .holders = { got, wanted } };
    c->refused |= what.refuses;
    tn_report_find(job->report, what,
                   "plugin \"%s\" was linked with %s and gets %s%s from %s, another version of it "
                   "that is found first%s%s%s",
                   c->name, wanted, tn_report_show(job->report, binding->symbol),
                   chain(job, number, graph, binding->needed_by), got, own ? ", but " : "",
                   own ? tn_report_show(job->report, own) : "",
                   own ? " from the one that it was linked with: neither knows the other's data"
                       : "");
}

void tn_say_unread(struct tn_job *job, uint32_t number, const struct tn_holding *holding)
{
    struct tn_about what = about(job, number, TENON_FINDING_REFUSED_LIBRARY, holding->own_name);
    what.holders[0] = place_of(job, holding->path);
    const char *why = holding->fault ? holding->fault : holding->replaced;
    tn_report_find(job->report, what, "plugin \"%s\" needs %s, which cannot be read: %s",
                   what.plugin, what.holders[0], tn_report_show(job->report, why ? why : ""));
}

static bool is_told(const tenon_report *report, const struct tn_about *what)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].kind == what->kind && report->findings[i].plugin &&
            strcmp(report->findings[i].plugin, what->plugin) == 0)
            return true;
    return false;
}

void tn_say_stack(struct tn_job *job, uint32_t number, const tenon_graph *graph, int32_t row)
{
    const char *path = path_of(graph, row), *name = job->plan.candidates[number].name;
    const struct tn_prospect *p = &job->prospects[number];
    const bool is_own = strcmp(path, p->codes[p->code_count - 1].path) == 0;
    const struct tn_about what = { .kind = TENON_FINDING_EXEC_STACK,
                                   .plugin = name,
                                   .unit = is_own ? NULL : tn_base_name(path),
                                   .holders = { place_of(job, path) } };
    if (is_told(job->report, &what)) /* the same question was asked before */
        return;
    tn_report_find(
        job->report, what,
        "%s%splugin \"%s\"%s makes the stack of the whole process executable, for good and "
        "also when it fails to load: it was not linked with -z noexecstack",
        is_own ? "" : tn_report_show(job->report, what.unit), is_own ? "" : ", which ", name,
        is_own ? "" : " needs,");
}

static const char *tls_words(struct tn_job *job, const struct tn_holding *holding,
                             const char *plugin)
{
    const char *place = place_of(job, holding->path), *text = place;
    if (holding->reason != TENON_BY_PLUGIN)
        text =
            tn_arena_format(&job->report->arena, "%s, which plugin \"%s\" needs,", place, plugin);
    job->report->no_memory |= !text;
    return text ? text : "";
}

void tn_say_tls(struct tn_job *job, uint32_t number, const struct tn_holding *holding,
                uint64_t used, uint64_t room)
{
    struct tn_about what = about(job, number, TENON_FINDING_STATIC_TLS, holding->own_name);
    what.holders[0] = place_of(job, holding->path);
    if (room)
        tn_report_find(
            job->report, what,
            "%s needs room in the static TLS block: %" PRIu64
            " bytes would be used, the loader keeps %" PRIu64
            " for what is loaded later (build it without -ftls-model=initial-exec, or start "
            "the program with GLIBC_TUNABLES=glibc.rtld.optional_static_tls=%" PRIu64 ")",
            tls_words(job, holding, what.plugin), used, room, used);
    else
        tn_report_find(job->report, what,
                       "%s needs room in the static TLS block, which this loader "
                       "gives to nothing that is loaded later",
                       tls_words(job, holding, what.plugin));
}
