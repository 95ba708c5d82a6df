/* src/cli/pack_report.c - says what pack did: brought along, left out and why, what is recorded */
#include <string.h>

#include "manifest_rows.h"
#include "pack.h"

static const char *fate_name(enum tn_fate fate)
{
    switch (fate) {
    case TN_FATE_CODE: return "code";
    case TN_FATE_BUNDLED: return "bundled";
    case TN_FATE_SYSTEM: return "system";
    case TN_FATE_HOST: return "host";
    case TN_FATE_UNLISTED: return "unlisted";
    default: return "missing";
    }
}

static const char *fate_words(enum tn_fate fate)
{
    switch (fate) {
    case TN_FATE_SYSTEM: return "  the system's";
    case TN_FATE_HOST: return "  the host has it";
    case TN_FATE_UNLISTED: return "  not asked for";
    default: return "";
    }
}

static bool is_left_out(const struct tn_needed *row)
{
    return row->fate != TN_FATE_CODE && row->fate != TN_FATE_BUNDLED;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* "  bundled     " */
static void print_place(struct cli_out *out, const struct tn_needed *row)
{
    if (row->path) {
        cli_puts(out, "  ");
        cli_text(out, row->path);
    }
    if (row->why && row->why[0]) {
        cli_puts(out, "  ");
        cli_style(out, CLI_DIM);
        cli_puts(out, "[");
        cli_prose(out, row->why);
        cli_puts(out, "]");
        cli_style(out, CLI_PLAIN);
    }
    cli_puts(out, "\n");
}

static void print_rows(struct pack *pack, bool left_out)
{
    struct cli_out *out = &pack->cli->out;

    for (size_t i = 0; i < pack->file_count; i++)
        for (size_t k = 1; k < pack->files[i].closure.count; k++) {
            const struct tn_needed *row = &pack->files[i].closure.rows[k];
            if (is_left_out(row) != left_out)
                continue;
            cli_row(out,
                    left_out ? row->fate == TN_FATE_MISSING ? "missing" : "left out" : "bundled");
            cli_text(out, row->name);
            cli_puts(out, fate_words(row->fate));
            print_place(out, row);
        }
}

static void print_patched(struct pack *pack)
{
    struct cli_out *out = &pack->cli->out;

    for (size_t i = 0; i < pack->patched_count; i++) {
        cli_row(out, "changed");
        cli_puts(out, "by patchelf, in the bundle alone: run path $ORIGIN  ");
        cli_text(out, pack->patched[i].path);
        cli_puts(out, "\n");
    }
}

static bool provides(const tenon_manifest *manifest, const char *unit)
{
    for (size_t i = 0; i < manifest->provide_count; i++)
        if (strcmp(manifest->provides[i].name, unit) == 0)
            return true;
    return false;
}

static void print_private(struct cli_out *out, const tenon_manifest *manifest)
{
    for (size_t i = 0; i < manifest->private_count; i++) {
        cli_row(out, "private");
        cli_text(out, manifest->private_units[i]);
        cli_puts(out, provides(manifest, manifest->private_units[i])
                          ? "\n"
                          : "  which is no unit of the plugin\n");
    }
}

static void print_records(struct pack *pack)
{
    struct cli_out *out = &pack->cli->out;

    for (size_t i = 0; i < pack->file_count; i++) {
        enum tenon_record record = pack->files[i].record;
        cli_row(out, "record");
        cli_puts(out, tenon_record_name(record));
        if (record == TENON_RECORD_NONE)
            cli_puts(out, ": its units are not known; link with `tenon link -- CC ...`, or compile "
                          "with `tenon cc -- CC ...`");
        cli_puts(out, "\n");
    }
    if (pack->has_host_record && pack->host_record == TENON_RECORD_NONE) {
        cli_row(out, "host");
        cli_puts(out, "has no record: what it must have is not known; link it with `tenon link`\n");
    }
}

static void print_sentences(struct cli_out *out, const char *what, const char *const *sentences)
{
    for (; sentences && *sentences; sentences++) {
        cli_row(out, what);
        cli_prose(out, *sentences);
        cli_puts(out, "\n");
    }
}

static void print_code(struct pack *pack, const tenon_manifest *manifest)
{
    struct cli_out *out = &pack->cli->out;

    print_sentences(out, "taken", pack->taken);
    print_sentences(out, "made", pack->made);
    for (size_t i = 0; i < manifest->code_count; i++) {
        cli_row(out, "code");
        cli_text(out, manifest->code[i].path);
        cli_puts(out, "\n");
    }
    for (size_t i = 0; i < manifest->entry_count; i++)
        if (strncmp(manifest->entries[i].path, "data/", 5) == 0) {
            cli_row(out, "resource");
            cli_text(out, manifest->entries[i].path);
            cli_puts(out, "\n");
        }
}

static void print_text(struct pack *pack, const tenon_manifest *manifest)
{
    struct cli_out *out = &pack->cli->out;

    cli_text(out, pack->out);
    cli_puts(out, ": ");
    cli_text(out, manifest->name);
    cli_puts(out, " ");
    cli_text(out, manifest->version);
    cli_puts(out, "\n");
    print_code(pack, manifest);
    print_rows(pack, false);
    print_patched(pack);
    print_rows(pack, true);
    print_records(pack);
    cli_claim_rows(out, "provides", manifest->provides, manifest->provide_count, false);
    cli_claim_rows(out, "requires", manifest->required, manifest->required_count, false);
    print_sentences(out, "left out", pack->left_out);
    print_sentences(out, "missing", pack->not_made);
    print_private(out, manifest);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_row(struct cli_json *json, const struct tn_needed *row)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, row->name);
    CLI_JSON_KEY(json, "path");
    cli_json_name(json, row->path);
    CLI_JSON_KEY(json, "fate");
    cli_json_name(json, fate_name(row->fate));
    CLI_JSON_KEY(json, "why");
    cli_json_sentence(json, row->why);
    CLI_JSON_KEY(json, "needed_by");
    cli_json_name(json, row->asker);
    CLI_JSON_KEY(json, "run_path_ok");
    cli_json_bool(json, !row->needs_bundled || row->has_origin);
    cli_json_close(json, '}');
}

static void json_libraries(struct cli_json *json, const struct pack *pack)
{
    CLI_JSON_KEY(json, "libraries");
    cli_json_open(json, '[');
    for (size_t i = 0; i < pack->file_count; i++)
        for (size_t k = 0; k < pack->files[i].closure.count; k++)
            json_row(json, &pack->files[i].closure.rows[k]);
    cli_json_close(json, ']');
}

static void json_names(struct cli_json *json, const tenon_claim *claims, size_t count)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        cli_json_item(json);
        cli_json_name(json, claims[i].name);
    }
    cli_json_close(json, ']');
}

static void json_sentences(struct cli_json *json, const char *const *sentences)
{
    cli_json_open(json, '[');
    for (; sentences && *sentences; sentences++) {
        cli_json_item(json);
        cli_json_sentence(json, *sentences);
    }
    cli_json_close(json, ']');
}

static void json_lists(struct cli_json *json, const struct pack *pack)
{
    CLI_JSON_KEY(json, "records");
    cli_json_open(json, '[');
    for (size_t i = 0; i < pack->file_count; i++) {
        cli_json_item(json);
        cli_json_name(json, tenon_record_name(pack->files[i].record));
    }
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "host_record");
    cli_json_name(json, pack->has_host_record ? tenon_record_name(pack->host_record) : NULL);
    CLI_JSON_KEY(json, "changed");
    cli_json_open(json, '[');
    for (size_t i = 0; i < pack->patched_count; i++) {
        cli_json_item(json);
        cli_json_name(json, pack->patched[i].path);
    }
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "taken");
    json_sentences(json, pack->taken);
    CLI_JSON_KEY(json, "made");
    json_sentences(json, pack->made);
    CLI_JSON_KEY(json, "left_out");
    json_sentences(json, pack->left_out);
    CLI_JSON_KEY(json, "not_made");
    json_sentences(json, pack->not_made);
}

static void print_json(struct pack *pack, const tenon_manifest *manifest, uint64_t size)
{
    struct cli_json json;

    cli_json_begin_one(&json, pack->cli, pack->out, "ok");
    CLI_JSON_KEY(&json, "verdict");
    cli_json_name(&json, "packed");
    CLI_JSON_KEY(&json, "name");
    cli_json_name(&json, manifest->name);
    CLI_JSON_KEY(&json, "version");
    cli_json_name(&json, manifest->version);
    CLI_JSON_KEY(&json, "size");
    cli_json_number(&json, (int64_t)size);
    json_libraries(&json, pack);
    json_lists(&json, pack);
    CLI_JSON_KEY(&json, "provides");
    json_names(&json, manifest->provides, manifest->provide_count);
    CLI_JSON_KEY(&json, "requires");
    json_names(&json, manifest->required, manifest->required_count);
    cli_json_end_one(&json);
}

void pack_print(struct pack *pack, const tenon_manifest *manifest, uint64_t size)
{
    if (pack->cli->json)
        print_json(pack, manifest, size);
    else
        print_text(pack, manifest);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void complain_of_row(struct pack *pack, const struct tn_needed *row)
{
    char name[CLI_SHOWN_ROOM], asker[CLI_SHOWN_ROOM], path[CLI_SHOWN_ROOM];

    if (row->fate == TN_FATE_MISSING)
        cli_complain(
            pack->cli,
            "%s, which %s needs, would not be found here%s%s; --library-dir=DIR says where "
            "it is, --bundle=none leaves all libraries to the loader",
            cli_shown(name, row->name), cli_shown(asker, row->asker),
            row->why && row->why[0] ? ": " : "", row->why ? row->why : "");
    else if (row->needs_bundled && !row->has_origin)
        cli_complain(pack->cli,
                     "%s needs a library of the bundle and would not find it: link it with "
                     "-Wl,-rpath,'$ORIGIN', or let --set-runpath change a copy",
                     cli_shown(path, row->path));
}

void pack_print_refusal(struct pack *pack, const char *verdict)
{
    char host[CLI_SHOWN_ROOM];
    struct cli_json json;

    if (pack->cli->json && !pack->cli->quiet) {
        cli_json_begin_one(&json, pack->cli, pack->out,
                           strcmp(verdict, "missing-library") == 0 ? "missing" : "refused");
        CLI_JSON_KEY(&json, "verdict");
        cli_json_name(&json, verdict);
        json_libraries(&json, pack);
        CLI_JSON_KEY(&json, "reason");
        cli_json_sentence(&json, pack->stray);
        CLI_JSON_KEY(&json, "reasons");
        json_sentences(&json, pack->refused);
        cli_json_end_one(&json);
        return;
    }
    if (pack->stray) {
        cli_complain(pack->cli, "%s", pack->stray);
        return;
    }
    for (const char *const *why = pack->refused; why && *why; why++)
        cli_complain(pack->cli, "%s would refuse it: %s", cli_shown(host, pack->options->host),
                     *why);
    if (pack->refused)
        return;
    bool missing = strcmp(verdict, "missing-library") == 0;
    for (size_t i = 0; i < pack->file_count; i++)
        for (size_t k = 0; k < pack->files[i].closure.count; k++) {
            const struct tn_needed *row = &pack->files[i].closure.rows[k];
            if (missing ? pack_is_missed(row) : row->fate != TN_FATE_MISSING)
                complain_of_row(pack, row);
        }
}
