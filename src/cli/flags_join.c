/* src/cli/flags_join.c - tenon flags --from: several results joined */
#include "flags_join.h"

#include <errno.h>
#include <string.h>

#include "fail.h"
#include "file.h"
#include "flags.h"
#include "join.h"
#include "limits.h"
#include "manifest_options.h"
#include "passed.h"
#include "quote.h"
#include "text.h"

struct join {
    struct cli *cli;
    tenon_world *world;
    struct tn_arena arena;
    struct tn_joined joined;
};

/* The user's own LDFLAGS come first. */
static bool begin(struct join *join, const tenon_settings *settings, tenon_error *err)
{
    const char *own = tenon_settings_get(settings, "LDFLAGS");
    const char *use = tenon_settings_get(settings, "ELF_RPATH");

    if (use && strcmp(use, "yes") == 0)
        join->joined.rpath_flag = tenon_settings_get(settings, "RPATH_FLAG");
    join->world = tenon_world_host(err);
    return join->world &&
           (!own || tn_split_shell(&join->joined.ldflags, &join->arena, own) ||
            tn_no_memory(err)) &&
           (tn_check_run_paths(&join->joined.ldflags, join->joined.platform, err) ||
            tn_context(err, "LDFLAGS"));
}

static bool add(struct join *join, const char *dir, const char *name, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_view text;
    const char *path = tn_arena_format(&join->arena, "%s/conf-%s.mk", dir, name);
    int failed;

    if (!path)
        return tn_no_memory(err);
    failed = tn_file_whole(join->world, path, TN_LIMIT_STRING, &join->arena, &text);
    if (failed == ENOENT)
        return tn_fail(err, TENON_E_SYSTEM, "%s: %s (tenon find --write=%s %s makes it)",
                       tn_quote(shown, path), tn_errno_text(failed), dir, name);
    if (failed == ENOTDIR)
        return tn_fail(err, TENON_E_SYSTEM,
                       "%s: %s (--from is the directory that tenon find --write made)",
                       tn_quote(shown, dir), tn_errno_text(failed));
    if (failed)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, path));
    return tn_join_add(&join->joined, &join->arena, name, text, err) ||
           tn_context(err, "%s", tn_quote(shown, path));
}

/* A variable's words: quoted for a shell, then as the format wants the whole. */
static bool print_one(struct join *join, const char *format, const char *name,
                      const struct tn_words *words)
{
    struct cli_out *out = &join->cli->out;
    const char *text = tn_join_shell(&join->arena, words);
    bool sh = strcmp(format, "sh") == 0;

    if (text)
        text = sh ? tn_quote_shell(&join->arena, text) : tn_quote_make(&join->arena, text);
    if (!text)
        return false;
    cli_puts(out, name);
    cli_puts(out, sh ? "=" : *text ? " = " : " =");
    cli_puts(out, text);
    cli_puts(out, "\n");
    return true;
}

void cli_flags_words(struct cli_json *json, const struct tn_words *words)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < words->count; i++) {
        cli_json_item(json);
        cli_json_name(json, words->at[i]);
        json->comma = true;
    }
    cli_json_close(json, ']');
}

static void print_json(struct join *join, const char *dir)
{
    struct cli_json json = { .out = &join->cli->out };

    cli_json_begin(&json);
    cli_json_open(&json, '{');
    CLI_JSON_KEY(&json, "file");
    cli_json_name(&json, dir);
    CLI_JSON_KEY(&json, "status");
    cli_json_name(&json, "ok");
    CLI_JSON_KEY(&json, "CPPFLAGS");
    cli_flags_words(&json, &join->joined.cppflags);
    CLI_JSON_KEY(&json, "LDFLAGS");
    cli_flags_words(&json, &join->joined.ldflags);
    CLI_JSON_KEY(&json, "LIBS");
    cli_flags_words(&json, &join->joined.libs);
    cli_json_close(&json, '}');
    cli_json_end(&json);
}

static bool print_all(struct join *join, const char *dir, const char *format)
{
    if (join->cli->quiet)
        return true;
    if (strcmp(format, "json") == 0) {
        print_json(join, dir);
        return true;
    }
    return print_one(join, format, "CPPFLAGS", &join->joined.cppflags) &&
           print_one(join, format, "LDFLAGS", &join->joined.ldflags) &&
           print_one(join, format, "LIBS", &join->joined.libs);
}

/* What does not go together is an answer, else it could not be read. */
static int fail(struct join *join, const char *dir, const tenon_error *err)
{
    struct cli_json json;

    if (err->code != TENON_E_UNSUPPORTED) {
        cli_fail_one(join->cli, dir, err);
        return CLI_UNREADABLE;
    }
    if (join->cli->json && !join->cli->quiet) {
        cli_json_begin_one(&json, join->cli, dir, "refused");
        CLI_JSON_KEY(&json, "reason");
        cli_json_sentence(&json, tenon_error_message(err));
        cli_json_end_one(&json);
    } else {
        cli_complain(join->cli, "%s", tenon_error_message(err));
    }
    return CLI_NO;
}

static int join_all(struct join *join, const char *dir, const char *format,
                    const char *const *names, const tenon_settings *settings)
{
    tenon_error err = TENON_ERROR_INIT;
    bool good = true;

    for (const char *const *name = names; good && *name; name++)
        good = tn_check_library_name(*name, &err);
    good = good && begin(join, settings, &err);
    if (!good && err.code == TENON_E_ARGUMENT)
        return cli_usage(join->cli, "%s", tenon_error_message(&err));
    for (; good && *names; names++)
        good = add(join, dir, *names, &err);
    good = good && tn_join_end(&join->joined, &join->arena, join->world, &err);
    good = good && (print_all(join, dir, format) || tn_no_memory(&err));
    return good ? CLI_YES : fail(join, dir, &err);
}

int cli_flags_join(struct cli *cli, struct cli_settings *settings, const char *dir,
                   const char *format, const char *const *names)
{
    static const char *const formats[] = { "make", "sh", "json" };
    char shown[TN_QUOTE_ROOM];
    const tenon_platform *platform = cli_platform(cli, settings->platform);
    struct join join = { .cli = cli, .joined = { .platform = platform } };
    tenon_error err = TENON_ERROR_INIT;
    int status;

    if (!platform)
        return CLI_USAGE;
    if (!*dir)
        return cli_usage(cli, "--from needs a directory");
    if (format && !tn_is_among(format, formats, TN_COUNT(formats)))
        return cli_usage(cli, "with --from, --format is make, sh or json, not %s",
                         tn_quote(shown, format));
    if (cli->json || !format)
        format = cli->json ? "json" : "make";
    cli->json |= strcmp(format, "json") == 0;
    if (cli_settings_settle(settings, platform, &err))
        status = join_all(&join, dir, format, names, settings->settings);
    else
        status = cli_settings_fail(cli, &err);
    tn_joined_free(&join.joined);
    tenon_world_free(join.world);
    tn_arena_free(&join.arena);
    return status;
}
