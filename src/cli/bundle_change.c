/* src/cli/bundle_change.c - updates, installs and removes bundles */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder.h"
#include "bundle.h"
#include "bundle_actions.h"
#include "entry_name.h"
#include "fail.h"
#include "replace_file.h"
#include "text.h"

void bundle_told(struct bundle_run *run, const char *word, const char *file)
{
    struct cli_out *out = &run->cli->out;

    if (bundle_is_text(run)) {
        cli_puts(out, word);
        cli_puts(out, " ");
        cli_text(out, file);
        cli_puts(out, "\n");
        return;
    }
    bundle_begin_row(run, file);
    if (bundle_is_json(run)) {
        CLI_JSON_KEY(&run->json, "verdict");
        cli_json_name(&run->json, word);
    }
    bundle_end_row(run);
}

/* ---- update ---------------------------------------------------------------------------------- */

static bool drop_entries(const struct bundle_run *run, tenon_builder *builder, tenon_error *err)
{
    for (char **entry = run->options->drop; entry && *entry; entry++)
        if (strcmp(*entry, TN_MANIFEST_ENTRY) == 0)
            return tn_fail(err, TENON_E_ARGUMENT,
                           "--drop: " TN_MANIFEST_ENTRY " is the manifest, without which there is "
                           "no bundle");
        else if (!tenon_builder_drop(builder, *entry, err))
            return tn_context(err, "--drop");
    return true;
}

static bool change(const struct bundle_run *run, tenon_builder *builder, tenon_error *err)
{
    const struct cli_manifest *m = &run->options->manifest;
    tenon_world *world = tenon_world_host(err);
    bool ok = world && drop_entries(run, builder, err) &&
              cli_add_resources(m->resources, true, builder, err) &&
              cli_manifest_apply(m, world, builder, err);

    tenon_world_free(world);
    return ok;
}

/* A plugin is looked for by the name of its file, which an update does not change. */
static void remark_name(const struct bundle_run *run, const char *file, const char *name)
{
    const char *base = tn_base_name(file);
    size_t size = name ? strlen(name) : 0;
    char shown[CLI_SHOWN_ROOM];

    if (size && !run->cli->quiet &&
        !(strncmp(base, name, size) == 0 && strcmp(base + size, ".plugin") == 0))
        cli_complain(run->cli,
                     "%s: hosts that look for plugin \"%s\" by its name look for %s.plugin",
                     cli_shown(shown, file), name, name);
}

bool bundle_update(struct bundle_run *run, const char *file, tenon_error *err)
{
    tenon_bundle *bundle = tenon_bundle_open(file, err);
    tenon_builder *builder = bundle ? tenon_builder_new(err) : NULL;
    tenon_signature was = { .state = TENON_SIGNATURE_NONE };
    bool ok = builder && tenon_bundle_signature(bundle, NULL, &was, err) &&
              tenon_builder_from(builder, bundle, err) && change(run, builder, err) &&
              bundle_sign_builder(run, builder, err) && tenon_builder_write(builder, file, err);

    tenon_builder_free(builder);
    tenon_bundle_free(bundle);
    if (ok) {
        bundle_told(run, "updated", file);
        remark_name(run, file, run->options->manifest.name);
    }
    if (ok && was.state != TENON_SIGNATURE_NONE && !run->options->key && !run->cli->quiet)
        cli_complain(run->cli,
                     "%s: its signature was of what it was: sign it again (tenon bundle "
                     "sign)",
                     file);
    return ok;
}

/* ---- install and remove ---------------------------------------------------------------------- */

static const char *directory_of(const struct bundle_run *run)
{
    return run->options->destdir ? run->options->destdir : TENON_PLUGIN_DIR;
}

static bool make_directories(const char *directory, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM], *path = strdup(directory);
    struct stat info;

    if (!path)
        return tn_no_memory(err);
    int above = 0, failed = 0; /* what matters is the last one, unless it lacks those above */
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) < 0 && errno != EEXIST)
            above = errno;
        *slash = '/';
    }
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        failed = errno == ENOENT && above ? above : errno;
    else if (stat(path, &info) < 0)
        failed = errno;
    else if (!S_ISDIR(info.st_mode))
        failed = ENOTDIR;
    free(path);
    return !failed || tn_fail_system(err, failed, "directory %s", tn_quote(shown, directory));
}

/* Where a bundle is when it is installed, as hosts look for it; to be freed. */
static char *installed_path(const struct bundle_run *run, const char *file, tenon_error *err)
{
    static const char suffix[] = ".plugin";
    const char *base = tn_base_name(file);
    size_t size = strlen(base), end = sizeof suffix - 1;
    bool has_it = size > end && strcmp(base + size - end, suffix) == 0;
    char *path;

    if (asprintf(&path, "%s/%s%s", directory_of(run), base, has_it ? "" : suffix) >= 0)
        return path;
    tn_no_memory(err);
    return NULL;
}

/* The bytes that were checked are the bytes that are copied. */
static bool check_copy(void *arg, int fd, tenon_error *err)
{
    tenon_bundle *checked = arg;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    tenon_bundle *bundle;
    bool ok;

    if (copy < 0)
        return tn_fail_system(err, errno, "reading the copy");
    bundle = tn_bundle_open_fd(copy, "(the copy)", err);
    ok = bundle && tenon_bundle_verify(bundle, err);
    if (ok && memcmp(tenon_bundle_digest(bundle), tenon_bundle_digest(checked),
                     sizeof checked->digest) != 0)
        ok = tn_fail(err, TENON_E_MALFORMED, "it was changed while it was copied");
    tenon_bundle_free(bundle);
    return ok;
}

/* It was verified, and so its file is open. */
static bool install(struct bundle_run *run, tenon_bundle *bundle, const char *to, tenon_error *err)
{
    return make_directories(directory_of(run), err) &&
           tn_replace_by_copy(to, bundle->fd, bundle->identity.size, 0644, check_copy, bundle, err);
}

bool bundle_install(struct bundle_run *run, const char *file, tenon_error *err)
{
    tenon_bundle *bundle = tenon_bundle_open(file, err);
    char *to = bundle ? installed_path(run, file, err) : NULL;
    bool refused = false;
    bool ok = to && tenon_bundle_verify(bundle, err) &&
              bundle_ask_signature(run, file, bundle, &refused, err) &&
              (refused || install(run, bundle, to, err));

    if (ok && !refused) {
        bundle_told(run, "installed", to);
        remark_name(run, to, tenon_bundle_manifest(bundle)->name);
    }
    tenon_bundle_free(bundle);
    free(to);
    return ok;
}

bool bundle_remove(struct bundle_run *run, const char *file, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM], *path;
    bool ok;

    if (strchr(file, '/'))
        return tn_fail(err, TENON_E_ARGUMENT, "%s: remove takes the name of an installed plugin",
                       tn_quote(shown, file));
    path = installed_path(run, file, err);
    if (!path)
        return false;
    ok = unlink(path) == 0 || tn_fail_system(err, errno, "%s", tn_quote(shown, path));
    if (ok)
        bundle_told(run, "removed", path);
    free(path);
    return ok;
}
