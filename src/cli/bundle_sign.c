/* src/cli/bundle_sign.c - signs bundles, and says by whom they were signed */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bundle_actions.h"
#include "fail.h"

/* ---- the password ---------------------------------------------------------------------------- */

/* One line of standard input without its end; to be freed. */
static char *read_line(tenon_error *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size = getline(&line, &room, stdin);
    if (size < 0) {
        free(line);
        tn_fail(err, TENON_E_ARGUMENT, "the key has a password: expected on standard input");
        return NULL;
    }
    if (size && line[size - 1] == '\n')
        line[size - 1] = '\0';
    return line;
}

/* From a terminal it is asked for, and not shown. */
static char *ask(tenon_error *err)
{
    struct termios was, hidden;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &was) < 0)
        return read_line(err);
    fputs("Password of the key: ", stderr);
    hidden = was;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    char *line = read_line(err);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    fputs("\n", stderr);
    return line;
}

/* Asked for once, however many bundles are signed. */
static bool know_password(struct bundle_run *run, tenon_error *err)
{
    bool is_protected;
    if (run->password)
        return true;
    if (!tenon_secret_key_is_protected(run->options->key, &is_protected, err))
        return false;
    if (is_protected)
        run->password = ask(err);
    return !is_protected || run->password;
}

void bundle_forget(struct bundle_run *run)
{
    if (run->password)
        explicit_bzero(run->password, strlen(run->password));
    free(run->password);
    run->password = NULL;
}

/* ---- sign ------------------------------------------------------------------------------------ */

bool bundle_sign_builder(struct bundle_run *run, tenon_builder *builder, tenon_error *err)
{
    const struct bundle_options *options = run->options;
    return !options->key ||
           (know_password(run, err) &&
            tenon_builder_sign(builder, options->key, run->password, options->comment, err));
}

bool bundle_sign(struct bundle_run *run, const char *file, tenon_error *err)
{
    if (!run->options->key)
        return tn_fail(err, TENON_E_ARGUMENT,
                       "sign: no --key given; minisign -G makes a pair of keys");
    tenon_bundle *bundle = tenon_bundle_open(file, err);
    tenon_builder *builder = bundle ? tenon_builder_new(err) : NULL;
    bool ok = builder && tenon_bundle_verify(bundle, err) &&
              tenon_builder_from(builder, bundle, err) && bundle_sign_builder(run, builder, err) &&
              tenon_builder_write(builder, file, err);
    tenon_builder_free(builder);
    tenon_bundle_free(bundle);
    if (ok)
        bundle_told(run, "signed", file);
    return ok;
}

/* ---- verify ---------------------------------------------------------------------------------- */

/* The next unit that the manifest alone claims, from *i on: it names no code that could prove it.
 */
static const char *next_unproved(const tenon_manifest *manifest, size_t *i)
{
    while (manifest && *i < manifest->provide_count) {
        const tenon_claim *claim = &manifest->provides[(*i)++];
        if (!claim->code)
            return claim->name;
    }
    return NULL;
}

static void put_unproved(struct cli_out *out, const tenon_manifest *manifest)
{
    size_t i = 0, told = 0;

    for (const char *name; (name = next_unproved(manifest, &i)); told++) {
        cli_puts(out, told ? ", " : "  unproved  ");
        cli_text(out, name);
    }
    if (told)
        cli_puts(out, told == 1 ? ": the manifest alone says so, no code records it\n"
                                : ": the manifest alone says so, no code records them\n");
}

static void put_text(struct cli_out *out, const char *file, const tenon_signature *s, bool refused)
{
    cli_text(out, file);
    cli_puts(out, refused ? ": refused: " : ": ");
    switch (s->state) {
    case TENON_SIGNATURE_NONE: cli_puts(out, "is what it says, and not signed"); break;
    case TENON_SIGNATURE_UNKNOWN:
        cli_puts(out, "is what it says; signed with key ");
        cli_puts(out, s->key);
        cli_puts(out, ", which is not trusted here");
        break;
    case TENON_SIGNATURE_BAD:
        cli_puts(out, "its signature is bad: ");
        cli_text(out, s->why);
        break;
    case TENON_SIGNATURE_GOOD:
        cli_puts(out, "is what it says; signed with key ");
        cli_puts(out, s->key);
        cli_puts(out, ": ");
        cli_text(out, s->comment);
        break;
    }
    cli_puts(out, "\n");
}

static void json_unproved(struct cli_json *json, const tenon_manifest *manifest)
{
    size_t i = 0;

    CLI_JSON_KEY(json, "unproved");
    cli_json_open(json, '[');
    for (const char *name; (name = next_unproved(manifest, &i));) {
        cli_json_item(json);
        cli_json_name(json, name);
    }
    cli_json_close(json, ']');
}

/* Without a manifest: nobody asked what is proved of it. */
static void put_json(struct bundle_run *run, const char *file, const tenon_signature *s,
                     const tenon_manifest *manifest, bool refused)
{
    struct cli_json *json = &run->json;
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, file);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, refused ? "refused" : "ok");
    CLI_JSON_KEY(json, "verdict");
    cli_json_name(json, refused ? "refused" : "verified");
    bundle_put_signature(json, s);
    if (manifest)
        json_unproved(json, manifest);
    cli_json_close(json, '}');
}

void bundle_put_signature(struct cli_json *json, const tenon_signature *s)
{
    CLI_JSON_KEY(json, "signature");
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "state");
    cli_json_name(json, tenon_signature_state_name(s->state));
    CLI_JSON_KEY(json, "key");
    cli_json_name(json, s->key[0] ? s->key : NULL);
    CLI_JSON_KEY(json, "comment");
    cli_json_name(json, s->comment);
    CLI_JSON_KEY(json, "why");
    cli_json_name(json, s->why);
    cli_json_close(json, '}');
}

static bool is_refused(const struct cli_trust *trust, const tenon_signature *signature)
{
    return signature->state == TENON_SIGNATURE_BAD ||
           (trust->require && signature->state != TENON_SIGNATURE_GOOD);
}

static void put(struct bundle_run *run, const char *file, const tenon_signature *s,
                const tenon_manifest *manifest, bool refused)
{
    run->refused |= refused;
    if (bundle_is_json(run)) {
        put_json(run, file, s, manifest, refused);
    } else if (bundle_is_text(run)) {
        put_text(&run->cli->out, file, s, refused);
        put_unproved(&run->cli->out, manifest);
    }
}

bool bundle_ask_signature(struct bundle_run *run, const char *file, tenon_bundle *bundle,
                          bool *refused, tenon_error *err)
{
    const struct cli_trust *trust = &run->options->trust;
    tenon_signature signature;

    *refused = false;
    if (!trust->keys && !trust->require)
        return true;
    tenon_keys *keys = cli_trust_keys(trust, err);
    bool ok = keys && tenon_bundle_signature(bundle, keys, &signature, err);
    if (ok && is_refused(trust, &signature)) {
        *refused = true;
        put(run, file, &signature, NULL, true);
    } else if (ok && signature.state != TENON_SIGNATURE_GOOD && !run->cli->quiet) {
        cli_complain_of(run->cli, file, "no trusted key has signed it");
    }
    tenon_keys_free(keys);
    return ok;
}

bool bundle_verify(struct bundle_run *run, const char *file, tenon_error *err)
{
    const struct cli_trust *trust = &run->options->trust;
    tenon_signature signature;
    tenon_keys *keys = cli_trust_keys(trust, err);
    tenon_bundle *bundle = keys ? tenon_bundle_open(file, err) : NULL;
    bool ok = bundle && tenon_bundle_verify(bundle, err) &&
              tenon_bundle_signature(bundle, keys, &signature, err);
    if (ok)
        put(run, file, &signature, tenon_bundle_manifest(bundle), is_refused(trust, &signature));
    tenon_bundle_free(bundle);
    tenon_keys_free(keys);
    return ok;
}
