/* src/cli/bundle_show.c - what is in a bundle, as text and JSON */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle_actions.h"
#include "entry_name.h"
#include "manifest_rows.h"

static bool is_resource(const tenon_entry *entry)
{
    return strncmp(entry->path, TN_RESOURCE_FOLDER, strlen(TN_RESOURCE_FOLDER)) == 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void put_value(struct cli_out *out, const char *word, const char *value)
{
    if (!value || !*value)
        return;
    cli_row(out, word);
    cli_text(out, value);
    cli_puts(out, "\n");
}

static void put_values(struct cli_out *out, const char *word, const char *const *values,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_value(out, word, values[i]);
}

static void put_entries(struct cli_out *out, const tenon_manifest *m)
{
    for (size_t i = 0; i < m->code_count; i++) {
        cli_row(out, m->code[i].kind == TENON_CODE_LIBRARY ? "library" : "code");
        cli_text(out, m->code[i].path);
        cli_puts(out, "\n");
    }
    for (size_t i = 0; i < m->entry_count; i++)
        if (is_resource(&m->entries[i])) {
            cli_row(out, "resource");
            cli_text(out, m->entries[i].path);
            cli_puts(out, "  ");
            cli_number(out, (int64_t)m->entries[i].size);
            cli_puts(out, m->entries[i].size == 1 ? " byte\n" : " bytes\n");
        }
}

static void put_text(struct cli_out *out, const char *file, const tenon_manifest *m)
{
    cli_text(out, file);
    cli_puts(out, ": ");
    cli_text(out, m->name);
    cli_puts(out, " ");
    cli_text(out, m->version);
    cli_puts(out, "\n");
    put_value(out, "desc", m->desc);
    put_value(out, "author", m->author);
    put_value(out, "url", m->url);
    put_value(out, "license", m->license);
    put_value(out, "copyrights", m->copyrights);
    put_values(out, "tag", m->tags, m->tag_count);
    put_values(out, "needs", m->cons, m->con_count);
    put_values(out, "argument", m->argv, m->argv_count);
    put_values(out, "package", m->packages, m->package_count);
    put_entries(out, m);
    cli_claim_rows(out, "provides", m->provides, m->provide_count, true);
    cli_claim_rows(out, "requires", m->required, m->required_count, true);
    put_values(out, "private", m->private_units, m->private_count);
}

/* Bare lists, one a line, for scripts. */
static void put_lists(struct bundle_run *run, const tenon_manifest *m)
{
    struct cli_out *out = &run->cli->out;

    for (size_t i = 0; run->options->resources && i < m->entry_count; i++)
        if (is_resource(&m->entries[i])) {
            cli_text(out, m->entries[i].path);
            cli_puts(out, "\n");
        }
    for (size_t i = 0; run->options->libraries && i < m->code_count; i++)
        if (m->code[i].kind == TENON_CODE_LIBRARY) {
            cli_text(out, m->code[i].path);
            cli_puts(out, "\n");
        }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_strings(struct cli_json *json, const char *const *values, size_t count)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        cli_json_item(json);
        cli_json_name(json, values[i]);
    }
    cli_json_close(json, ']');
}

static void json_digest(struct cli_json *json, const tenon_digest *digest)
{
    char hex[2 * TENON_DIGEST_ROOM + 1], text[sizeof hex + 32];

    snprintf(text, sizeof text, "%s:%s", tenon_digest_kind_name(digest->kind),
             tenon_digest_text(digest, hex));
    cli_json_name(json, digest->kind == TENON_DIGEST_UNKNOWN ? NULL : text);
}

static void json_claims(struct cli_json *json, const tenon_claim *claims, size_t count)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "kind");
        cli_json_name(json, tenon_unit_kind_name(claims[i].kind));
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, claims[i].name);
        CLI_JSON_KEY(json, "origin");
        cli_json_name(json, claims[i].origin);
        CLI_JSON_KEY(json, "interface");
        json_digest(json, &claims[i].interface);
        CLI_JSON_KEY(json, "implementation");
        json_digest(json, &claims[i].implementation);
        CLI_JSON_KEY(json, "stateful");
        cli_json_name(json, tenon_answer_name(claims[i].stateful));
        CLI_JSON_KEY(json, "code");
        cli_json_name(json, claims[i].code);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void json_code(struct cli_json *json, const tenon_manifest *m)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < m->code_count; i++) {
        const tenon_code_entry *code = &m->code[i];
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "path");
        cli_json_name(json, code->path);
        CLI_JSON_KEY(json, "kind");
        cli_json_name(json, tenon_code_kind_name(code->kind));
        CLI_JSON_KEY(json, "triple");
        cli_json_name(json, code->triple);
        CLI_JSON_KEY(json, "libc");
        cli_json_name(json, code->libc);
        CLI_JSON_KEY(json, "own_name");
        cli_json_name(json, code->own_name);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void json_entries(struct cli_json *json, const tenon_manifest *m)
{
    tenon_digest digest = { .kind = TENON_DIGEST_CODE, .size = 32 };
    char hex[2 * TENON_DIGEST_ROOM + 1];

    cli_json_open(json, '[');
    for (size_t i = 0; i < m->entry_count; i++) {
        memcpy(digest.bytes, m->entries[i].sha256, 32);
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "path");
        cli_json_name(json, m->entries[i].path);
        CLI_JSON_KEY(json, "size");
        cli_json_number(json, (int64_t)m->entries[i].size);
        CLI_JSON_KEY(json, "sha256");
        cli_json_name(json, tenon_digest_text(&digest, hex));
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void json_facts(struct cli_json *json, const tenon_manifest *m)
{
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, m->name);
    CLI_JSON_KEY(json, "version");
    cli_json_name(json, m->version);
    CLI_JSON_KEY(json, "desc");
    cli_json_name(json, m->desc);
    CLI_JSON_KEY(json, "author");
    cli_json_name(json, m->author);
    CLI_JSON_KEY(json, "date");
    cli_json_number(json, m->date);
    CLI_JSON_KEY(json, "url");
    cli_json_name(json, m->url);
    CLI_JSON_KEY(json, "license");
    cli_json_name(json, m->license);
    CLI_JSON_KEY(json, "copyrights");
    cli_json_name(json, m->copyrights);
    CLI_JSON_KEY(json, "main");
    cli_json_name(json, m->main);
}

static void json_manifest(struct cli_json *json, const tenon_manifest *m)
{
    json_facts(json, m);
    CLI_JSON_KEY(json, "tags");
    json_strings(json, m->tags, m->tag_count);
    CLI_JSON_KEY(json, "cons");
    json_strings(json, m->cons, m->con_count);
    CLI_JSON_KEY(json, "packages");
    json_strings(json, m->packages, m->package_count);
    CLI_JSON_KEY(json, "argv");
    json_strings(json, m->argv, m->argv_count);
    CLI_JSON_KEY(json, "provides");
    json_claims(json, m->provides, m->provide_count);
    CLI_JSON_KEY(json, "requires");
    json_claims(json, m->required, m->required_count);
    CLI_JSON_KEY(json, "private");
    json_strings(json, m->private_units, m->private_count);
    CLI_JSON_KEY(json, "code");
    json_code(json, m);
    CLI_JSON_KEY(json, "entries");
    json_entries(json, m);
}

/* ---- the action ------------------------------------------------------------------------------ */

/* tenon.json as this version writes it: equal to the file for what this version has written. */
static bool put_manifest(struct bundle_run *run, const tenon_manifest *m, tenon_error *err)
{
    char *text = tenon_manifest_write(m, err);

    if (!text)
        return false;
    cli_puts(&run->cli->out, text); /* JSON escapes control characters itself */
    free(text);
    return true;
}

/* Who signed it, if anybody: whether that is true, `verify` tells. */
static bool put_signer(struct bundle_run *run, tenon_bundle *bundle, tenon_error *err)
{
    tenon_signature signature;

    if (!tenon_bundle_signature(bundle, NULL, &signature, err))
        return false;
    if (bundle_is_json(run))
        bundle_put_signature(&run->json, &signature);
    else if (signature.state != TENON_SIGNATURE_NONE)
        put_value(&run->cli->out, "signed with",
                  signature.key[0] ? signature.key : "(cannot be read)");
    return true;
}

static bool put(struct bundle_run *run, const char *file, tenon_bundle *bundle, tenon_error *err)
{
    const tenon_manifest *m = tenon_bundle_manifest(bundle);
    const struct bundle_options *options = run->options;
    bool ok = true;

    if (bundle_is_json(run)) {
        bundle_begin_row(run, file);
        json_manifest(&run->json, m);
        ok = put_signer(run, bundle, err);
        bundle_end_row(run);
    } else if (bundle_is_text(run)) {
        if (options->show_manifest)
            ok = put_manifest(run, m, err);
        else if (options->resources || options->libraries)
            put_lists(run, m);
        else {
            put_text(&run->cli->out, file, m);
            ok = put_signer(run, bundle, err);
        }
    }
    return ok;
}

bool bundle_show(struct bundle_run *run, const char *file, tenon_error *err)
{
    tenon_bundle *bundle = tenon_bundle_open(file, err);
    bool ok = bundle && (!run->options->verify || tenon_bundle_verify(bundle, err)) &&
              put(run, file, bundle, err);

    tenon_bundle_free(bundle);
    return ok;
}
