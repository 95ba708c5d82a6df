/* src/cli/pack.c - from code to a bundle: closure, run paths, entries, requirements */
#include "pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tenon/ocaml.h>

#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "found_inside.h"
#include "instead.h"
#include "query.h"
#include "requires.h"
#include "run.h"

void pack_options_free(struct pack_options *options)
{
    cli_manifest_free(&options->manifest);
    cli_free_list(options->library_dirs);
    free(options->out);
    free(options->host);
    free(options->bundle);
}

/* Puts a directory before the others of a list. */
static bool add_directory(struct pack *pack, const char **list, const char *directory,
                          tenon_error *err)
{
    *list = **list ? tn_arena_format(&pack->arena, "%s:%s", *list, directory)
                   : tn_arena_string(&pack->arena, directory);
    return *list || tn_no_memory(err);
}

/* A loader looks for a library first where the user said: that is what LD_LIBRARY_PATH does. */
static bool add_directories(struct pack *pack, tenon_error *err)
{
    const char *old = tenon_world_env(pack->world, "LD_LIBRARY_PATH"), *list = "";

    for (char **dir = pack->options->library_dirs; dir && *dir; dir++)
        if (!add_directory(pack, &list, *dir, err))
            return false;
    for (const char *const *flag = pack->flags; flag && *flag; flag++)
        if (strncmp(*flag, "-L", 2) == 0 && (*flag)[2] &&
            !add_directory(pack, &list, *flag + 2, err))
            return false;
    pack->has_directories = *list;
    if (!*list || (old && *old && !add_directory(pack, &list, old, err)))
        return !*list;
    return tenon_world_set_env(pack->world, "LD_LIBRARY_PATH", list, err);
}

static bool begin(struct pack *pack, tenon_error *err)
{
    pack->world = tenon_world_host(err);
    if (pack->world && add_directories(pack, err))
        pack->builder = tenon_builder_new(err);
    return pack->builder;
}

/* What was found where the user said was not found by a variable. */
static void reword(const struct pack *pack, struct tn_closure *closure)
{
    for (size_t i = 0; pack->has_directories && i < closure->count; i++)
        if (closure->rows[i].why && strcmp(closure->rows[i].why, "LD_LIBRARY_PATH") == 0)
            closure->rows[i].why = "--library-dir";
}

void pack_end(struct pack *pack)
{
    pack_remove_scratch(pack);
    free(pack->patched);
    free(pack->out);
    tenon_builder_free(pack->builder);
    tenon_world_free(pack->world);
    tn_arena_free(&pack->arena);
}

/* To the system's loader such a file is a library like any other. Dynlink loads more than that. */
static bool is_for_dynlink(const struct pack *pack, const char *file, tenon_error *why)
{
    tenon_ocaml *ocaml = tenon_ocaml_open(pack->world, file, why);
    bool is_it = ocaml && tenon_ocaml_kind_of(ocaml) == TENON_OCAML_CMXS;

    tenon_ocaml_free(ocaml);
    return is_it;
}

/* What is of another kind is named, with the command that takes it; the rest errs by itself. */
static bool check_kind(const struct pack *pack, const char *file, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_image *image = tenon_image_open(pack->world, file, TENON_PART_CORE, &why);
    bool good = image && tenon_image_format(image) == TENON_FORMAT_ELF &&
                tenon_image_kind(image) == TENON_KIND_SHARED_LIBRARY &&
                !is_for_dynlink(pack, file, &why);
    bool unread = tn_is_failure(&why) && why.system_errno != ENOENT;
    const char *instead = good || unread ? NULL : tn_instead(file);

    tenon_image_free(image);
    if (unread) { /* nothing is known of its kind */
        *err = why;
        return false;
    }
    return !instead ||
           tn_fail(err, TENON_E_NOT_LOADABLE,
                   "%s: only a shared library of ELF can be packed, and this is %s", file, instead);
}

static bool find_closures(struct pack *pack, const char *const *files, tenon_error *err)
{
    size_t count = 0;

    while (files[count])
        count++;
    pack->files = tn_arena_rows(&pack->arena, count, sizeof *pack->files);
    if (!pack->files)
        return tn_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct tn_closure_request request = {
            .file = files[i],
            .host = pack->options->host,
            .bundle = pack->options->bundle ? pack->options->bundle : "auto",
        };
        pack->files[i].file = files[i];
        if (!check_kind(pack, files[i], err))
            return false;
        if (!tn_closure_find(pack->world, &request, &pack->arena, &pack->files[i].closure, err))
            return false;
        reword(pack, &pack->files[i].closure);
        pack->file_count++;
    }
    return pack_name_files(pack, err) && pack_check_systems(pack, err);
}

/* A missing library is a refusal only where it was to be bundled. */
bool pack_is_missed(const struct tn_needed *row)
{
    return row->fate == TN_FATE_MISSING && row->is_wanted;
}

static bool is_missing_some(const struct pack *pack)
{
    for (size_t i = 0; i < pack->file_count; i++)
        for (size_t k = 0; k < pack->files[i].closure.count; k++)
            if (pack_is_missed(&pack->files[i].closure.rows[k]))
                return true;
    return false;
}

static bool lacks_origin(const struct tn_needed *row)
{
    return row->needs_bundled && !row->has_origin;
}

static bool lacks_some_origin(const struct pack *pack)
{
    for (size_t i = 0; i < pack->file_count; i++)
        for (size_t k = 0; k < pack->files[i].closure.count; k++)
            if (lacks_origin(&pack->files[i].closure.rows[k]))
                return true;
    return false;
}

/* Adds one file of code, under the name by which it is asked for. */
static bool add_code(struct pack *pack, struct pack_file *file, const struct tn_needed *row,
                     tenon_error *err)
{
    bool is_own = row->fate == TN_FATE_CODE;
    const char *source = lacks_origin(row) ? pack_patch(pack, row, err) : row->path;
    tenon_units *units;
    tenon_image_source where = { .path = row->path };

    if (!source || !tn_builder_add_code_as(pack->builder, source,
                                           is_own ? TENON_CODE_NATIVE : TENON_CODE_LIBRARY,
                                           is_own ? file->name : row->name, NULL, err))
        return false;
    if (!is_own)
        return true;
    units = tenon_units_read(pack->world, &where, err);
    if (!units)
        return false;
    file->record = tenon_units_record(units);
    file->unit_count = tenon_units_count(units);
    tenon_units_free(units);
    return true;
}

/* Two files of code may need the same library: it goes in once for each kind of system. */
static bool was_added(const struct pack *pack, size_t file, const struct tn_needed *row)
{
    for (size_t i = 0; i < file; i++)
        for (size_t k = 0; k < pack->files[i].closure.count; k++) {
            const struct tn_needed *other = &pack->files[i].closure.rows[k];
            if (other->fate == row->fate && strcmp(other->path, row->path) == 0 &&
                strcmp(other->name, row->name) == 0)
                return true;
        }
    return false;
}

static bool add_files(struct pack *pack, tenon_error *err)
{
    for (size_t i = 0; i < pack->file_count; i++) {
        struct pack_file *file = &pack->files[i];
        for (size_t k = 0; k < file->closure.count; k++) {
            const struct tn_needed *row = &file->closure.rows[k];
            bool wanted = row->fate == TN_FATE_CODE ||
                          (row->fate == TN_FATE_BUNDLED && !was_added(pack, i, row));
            if (wanted && !add_code(pack, file, row, err))
                return false;
        }
    }
    return true;
}

static bool add_requirements(struct pack *pack, tenon_error *err)
{
    if (!tn_require_libraries(pack->builder, err))
        return false;
    if (!pack->options->host)
        return true;
    pack->has_host_record = true;
    return tn_require_from_host(pack->builder, pack->world, pack->options->host, &pack->host_record,
                                err);
}

/* --output, else the name, else that of the code. */
static bool choose_output(struct pack *pack, tenon_error *err)
{
    const struct pack_options *options = pack->options;
    const char *name = options->out             ? options->out
                       : options->manifest.name ? options->manifest.name
                                                : pack->main;

    if (!*name)
        return tn_fail(err, TENON_E_ARGUMENT, "%s: an empty name",
                       options->out ? "output" : "name");
    pack->out = cli_bundle_file(name);
    return pack->out || tn_no_memory(err);
}

/* What is wrong with a name that nobody gave is told with where it comes from. */
static bool explain_name(const struct pack *pack, tenon_error *err)
{
    if (pack->options->manifest.name || !tn_plugin_name_fault(pack->main))
        return false;
    return tn_context(err, "the plugin is called like its code, and by --name=NAME otherwise");
}

static bool fill(struct pack *pack, tenon_error *err)
{
    return cli_add_resources(pack->options->manifest.resources, false, pack->builder, err) &&
           add_requirements(pack, err) &&
           cli_manifest_apply(&pack->options->manifest, pack->world, pack->builder, err);
}

/* Nothing that the host would refuse takes the place of what is there. */
static bool write_bundle(struct pack *pack, tenon_error *err)
{
    struct tn_signals signals;
    bool ok;

    tn_signals_hold(&signals);
    ok = pack_ask_host(pack, err);
    if (signals.asked)
        pack_remove_scratch(pack);
    tn_signals_release(&signals);
    ok = ok && (pack->refused || tenon_builder_write(pack->builder, pack->out, err));
    return ok || explain_name(pack, err);
}

/* Opens what was written: what is told is what is there. */
static int answer(struct pack *pack, tenon_error *err)
{
    tenon_bundle *bundle = tenon_bundle_open(pack->out, err);
    struct stat info;

    if (!bundle)
        return cli_fail_one(pack->cli, pack->out, err);
    if (!pack->cli->quiet)
        pack_print(pack, tenon_bundle_manifest(bundle),
                   stat(pack->out, &info) == 0 ? (uint64_t)info.st_size : 0);
    tenon_bundle_free(bundle);
    return CLI_YES;
}

static int refuse(struct pack *pack, const char *verdict)
{
    pack_print_refusal(pack, verdict);
    return CLI_NO;
}

int pack_all(struct pack *pack, const char *const *files)
{
    tenon_error err = TENON_ERROR_INIT;
    int status;

    if (!begin(pack, &err) || !find_closures(pack, files, &err) || !choose_output(pack, &err))
        status = cli_fail_one(pack->cli, pack->out ? pack->out : files[0], &err);
    else if (is_missing_some(pack))
        status = refuse(pack, "missing-library");
    else if (lacks_some_origin(pack) && !pack->options->set_runpath)
        status = refuse(pack, "no-run-path");
    else if (!add_files(pack, &err) ||
             !tn_found_inside(pack->builder, &pack->arena, &pack->stray, &err))
        status = cli_fail_one(pack->cli, pack->out, &err);
    else if (pack->stray)
        status = refuse(pack, "found-elsewhere");
    else if (!fill(pack, &err) || !write_bundle(pack, &err))
        status = cli_fail_one(pack->cli, pack->out, &err);
    else if (pack->refused)
        status = refuse(pack, PACK_REFUSED_BY_HOST);
    else
        status = answer(pack, &err);
    return status;
}
