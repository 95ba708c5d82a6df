/* src/cli/manifest_options.h - the options of pack, build and update that fill a manifest */
#ifndef CLI_MANIFEST_OPTIONS_H
#define CLI_MANIFEST_OPTIONS_H

#include "cli.h"

/* As popt stores them; lists are NULL-ended. */
struct cli_manifest {
    char *name, *version, *desc, *author, *date, *url, *license, *copyrights, *main;
    char **tags, **cons, **argv, **private_units, **required, **provides, **resources;
};

/* Rows of a table of options; `m` is a struct cli_manifest. */
/* one row a line */
/* clang-format off */
#define CLI_MANIFEST_OPTIONS(m) \
    { "name", 0, POPT_ARG_STRING, &(m).name, 0, "the plugin's name", "NAME" }, \
    { "version", 0, POPT_ARG_STRING, &(m).version, 0, "the plugin's version", "VERSION" }, \
    { "desc", 0, POPT_ARG_STRING, &(m).desc, 0, "what it is, in a line", "TEXT" }, \
    { "author", 0, POPT_ARG_STRING, &(m).author, 0, "who wrote it", "TEXT" }, \
    { "date", 0, POPT_ARG_STRING, &(m).date, 0, "when, in seconds since 1970", "SECONDS" }, \
    { "url", 0, POPT_ARG_STRING, &(m).url, 0, "where there is more about it", "URL" }, \
    { "license", 0, POPT_ARG_STRING, &(m).license, 0, "its license", "TEXT" }, \
    { "copyrights", 0, POPT_ARG_STRING, &(m).copyrights, 0, "its copyright notices", "TEXT" }, \
    { "main", 0, POPT_ARG_STRING, &(m).main, 0, "base name of its own code", "NAME" }, \
    { "tags", 0, POPT_ARG_ARGV, &(m).tags, 0, "features it offers", "TAG,..." }, \
    { "cons", 0, POPT_ARG_ARGV, &(m).cons, 0, "features the host must offer", "NAME[>=N],..." }, \
    { "argv", 0, POPT_ARG_ARGV, &(m).argv, 0, "a line about its arguments", "TEXT" }, \
    { "private", 0, POPT_ARG_ARGV, &(m).private_units, 0, \
      "a unit that is meant to be a copy of its own", "UNIT" }, \
    { "requires", 0, POPT_ARG_ARGV, &(m).required, 0, \
      "a unit the host must have, as it is in FILE", "UNIT[=FILE]" }, \
    { "provides", 0, POPT_ARG_ARGV, &(m).provides, 0, \
      "a unit it has, beside the recorded", "UNIT" }
/* clang-format on */

void cli_manifest_free(struct cli_manifest *m);

/* Was none of them given? */
bool cli_manifest_is_empty(const struct cli_manifest *m);

/* What was given, into the builder; lists that were given replace those that are there. */
bool cli_manifest_apply(const struct cli_manifest *m, tenon_world *world, tenon_builder *builder,
                        tenon_error *err);

/* Files "[NAME=]FILE" as entries below data/. */
bool cli_add_resources(char *const *resources, bool replace, tenon_builder *builder,
                       tenon_error *err);

/* The exit status for an error: a caller's mistake, or an input that cannot be read. */
int cli_status_of(const tenon_error *err);

/* The name of a bundle's file: `foo` means `foo.plugin`. To be freed; NULL: no memory. */
char *cli_bundle_file(const char *name);

/* ---- commands with one result -----------------------------------------------------------------
 */

/* Opens {"schema":1,"results":[{"file":F,"status":S; more keys follow. */
void cli_json_begin_one(struct cli_json *json, struct cli *cli, const char *file,
                        const char *status);
void cli_json_end_one(struct cli_json *json);

/*
 * A whole answer for what could not be done: JSON, or a message. NULL: no file was looked at.
 * Returns the exit status.
 */
int cli_fail_one(struct cli *cli, const char *file, const tenon_error *err);

#endif
