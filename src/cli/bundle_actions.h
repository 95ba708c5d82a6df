/* src/cli/bundle_actions.h - the actions of `tenon bundle` */
#ifndef CLI_BUNDLE_ACTIONS_H
#define CLI_BUNDLE_ACTIONS_H

#include "manifest_options.h"
#include "trust.h"

struct bundle_options {
    struct cli_manifest manifest; /* update; its resources are --add-resource */
    char **drop;
    char *destdir, *key, *comment; /* update, sign: the secret key */
    struct cli_trust trust;        /* install, verify */
    int show_manifest, resources, libraries, verify;
};

/* One run: each bundle gets a row of "results". */
struct bundle_run {
    struct cli *cli;
    const struct bundle_options *options;
    struct cli_json json;
    char *password; /* of the key, once it was asked for; wiped and freed by the command */
    bool refused;   /* an action's answer was "no" */
};

/*
 * One action for one bundle; `file` has its suffix. False: *err says why. In JSON the row is open,
 * with file and status still to be written by the action (bundle_begin_row).
 */
typedef bool bundle_action(struct bundle_run *run, const char *file, tenon_error *err);

bool bundle_show(struct bundle_run *run, const char *file, tenon_error *err);
bool bundle_update(struct bundle_run *run, const char *file, tenon_error *err);
bool bundle_install(struct bundle_run *run, const char *file, tenon_error *err);
bool bundle_remove(struct bundle_run *run, const char *file, tenon_error *err);
bool bundle_sign(struct bundle_run *run, const char *file, tenon_error *err);
bool bundle_verify(struct bundle_run *run, const char *file, tenon_error *err);

/* Has what is written signed, with the key of --key; nothing when there is none. */
bool bundle_sign_builder(struct bundle_run *run, tenon_builder *builder, tenon_error *err);

/*
 * What --trust and --require-signature ask of a verified bundle, for an action that is not asked
 * for the signature itself: a refusal is told, and is the row of the bundle.
 */
bool bundle_ask_signature(struct bundle_run *run, const char *file, tenon_bundle *bundle,
                          bool *refused, tenon_error *err);

/* Wipes the password. */
void bundle_forget(struct bundle_run *run);

/* The key "signature" of a row. */
void bundle_put_signature(struct cli_json *json, const tenon_signature *s);

/* "updated stats.plugin" */
void bundle_told(struct bundle_run *run, const char *word, const char *file);

/* Writes "file" and "status":"ok" of a row, when there is JSON. */
void bundle_begin_row(struct bundle_run *run, const char *file);
void bundle_end_row(struct bundle_run *run);

/* True when rows are to be printed as text. */
static inline bool bundle_is_text(const struct bundle_run *run)
{
    return !run->cli->json && !run->cli->quiet;
}

static inline bool bundle_is_json(const struct bundle_run *run)
{
    return run->cli->json && !run->cli->quiet;
}

#endif
