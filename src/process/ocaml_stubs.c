/*
 * src/process/ocaml_stubs.c - the C code of OCaml plugins: a unit like any other
 *
 * Native code has it inside the .cmxs, bytecode in shared libraries of its own. Both are opened
 * with their symbols in the scope of the whole process, so that of two definitions one silently
 * serves everybody.
 *
 * rule  otherlibs/dynlink, runtime/unix.c caml_dlopen: RTLD_NOW, RTLD_GLOBAL for public loads;
 *       bytecomp/dll.ml, runtime/dynlink.c: where stubs are looked for
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "ocaml_private.h"
#include "text.h"
#include "units.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- where stubs are --------------------------------------------------------------------------
 */

/* "-lfoo" and "dllfoo.so" mean the file dllfoo.so. In the arena; NULL: no memory. */
static const char *stub_file(struct tn_arena *arena, const char *item)
{
    size_t size = strlen(item);

    if (begins(item, "-l"))
        return tn_arena_format(arena, "dll%s.so", item + 2);
    if (size > 3 && strcmp(item + size - 3, ".so") == 0)
        return tn_arena_string(arena, item);
    return tn_arena_format(arena, "%s.so", item);
}

static const char *bundled_stub(const tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                                const char *name)
{
    const char *triple = plan->process->settings->triple.text;

    for (size_t i = 0; p->manifest && i < p->manifest->code_count; i++) {
        const tenon_code_entry *code = &p->manifest->code[i];
        if (code->kind == TENON_CODE_LIBRARY && code->triple &&
            tn_triple_fits(code->triple, triple) && strcmp(tn_base_name(code->path), name) == 0)
            return code->path;
    }
    return NULL;
}

static const char *try_directory(tenon_ocaml_plan *plan, const char *directory, size_t size,
                                 const char *between, const char *name)
{
    const char *path =
        tn_arena_format(&plan->arena, "%.*s%s/%s", (int)size, directory, between, name);
    struct stat info;

    plan->report->no_memory |= !path;
    return path && stat(path, &info) == 0 && S_ISREG(info.st_mode) ? path : NULL;
}

/* Where the runtime looks. *found: NULL when there is none. False: *err. */
static bool runtime_stub(tenon_ocaml_plan *plan, const char *name, const char **found,
                         tenon_error *err)
{
    tenon_ocaml_process *process = plan->process;

    if (!tn_oc_search_dlls(process, err))
        return false;
    *found = NULL;
    for (size_t i = 0; !*found && i < process->dll_directory_count; i++) {
        const char *directory = process->dll_directories[i];
        *found = try_directory(plan, directory, strlen(directory), "", name);
    }
    return true;
}

/*
 * A stub of the system: beside the archive, in the place for all stubs, where the runtime looks.
 * *found: NULL when there is none. False: *err.
 */
static bool system_stub(tenon_ocaml_plan *plan, const struct tn_oc_file *archive, const char *name,
                        const char **found, tenon_error *err)
{
    const char *slash = archive->path && !archive->entry ? strrchr(archive->path, '/') : NULL;

    *found = *name == '/' ? try_directory(plan, "", 0, "", name + 1) : NULL;
    if (*name == '/')
        return true;
    if (slash) {
        size_t size = (size_t)(slash - archive->path);
        *found = try_directory(plan, archive->path, size, "", name);
        if (!*found)
            *found = try_directory(plan, archive->path, size, "/../stublibs", name);
        if (!*found)
            *found = try_directory(plan, archive->path, size, "/stublibs", name);
    }
    return *found || runtime_stub(plan, name, found, err);
}

bool tn_oc_entry_digest(const struct tn_oc_prospect *p, const char *entry, uint8_t digest[32])
{
    const tenon_manifest *m = p->manifest;

    for (size_t i = 0; m && i < m->entry_count; i++)
        if (strcmp(m->entries[i].path, entry) == 0) {
            memcpy(digest, m->entries[i].sha256, sizeof m->entries[i].sha256);
            return true;
        }
    return false;
}

/* Stubs that were opened before, by what was noted of them. */
static bool prove_stub(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *stub)
{
    return stub->entry && p->proofs && tn_oc_entry_digest(p, stub->entry, stub->digest) &&
           tn_oc_take_proof(plan, p, stub);
}

static bool read_stub(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *stub,
                      tenon_error *why)
{
    struct stat info;

    if (prove_stub(plan, p, stub))
        return true;
    if (stub->entry)
        p->proofs = NULL; /* noted anew when it is loaded */
    bool good = stub->entry
                    ? tenon_bundle_read(p->bundle, stub->entry, &stub->bytes, &stub->size, why)
                    : tn_read_file(stub->path, &stub->bytes, &stub->size, why);

    if (good && !stub->entry && stat(stub->path, &info) == 0)
        stub->identity = tn_identity(&info);
    if (good)
        crypto_hash_sha256(stub->digest, stub->bytes, stub->size);
    stub->image = good ? tenon_image_parse(stub->bytes, stub->size, stub->label, why) : NULL;
    stub->has_c = stub->image != NULL;
    return stub->image && (tn_oc_c_read(stub->image, &stub->c) || tn_no_memory(why));
}

/* ---- stubs that are there already -------------------------------------------------------------
 */

static bool same_file(tenon_ocaml_plan *plan, const char *path, const uint8_t digest[32])
{
    uint8_t other[32];
    void *bytes;
    size_t size;
    tenon_error why = TENON_ERROR_INIT;

    if (!tn_read_file(path, &bytes, &size, &why)) {
        plan->report->no_memory |= why.code == TENON_E_MEMORY;
        return false;
    }
    crypto_hash_sha256(other, bytes, size);
    free(bytes);
    return memcmp(other, digest, sizeof other) == 0;
}

const struct tn_oc_stubs *tn_oc_kept_code(const tenon_ocaml_process *process, const char *name)
{
    for (size_t i = 0; i < process->stub_count; i++)
        if (strcmp(process->stubs[i].name, name) == 0)
            return &process->stubs[i];
    return NULL;
}

/* Stubs of that name: skipped when they are the same, refused when they are others. */
static bool met_by_name(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *stub,
                        const char *name)
{
    const struct tn_oc_stubs *kept = tn_oc_kept_code(plan->process, name);

    if (kept) {
        stub->skip = true;
        if (memcmp(kept->digest, stub->digest, sizeof stub->digest) != 0)
            tn_oc_find_in(plan, p, TENON_FINDING_OTHER_BUILD, true, name, kept->label,
                          "C stubs %s of plugin \"%s\" are another build than those of %s, which "
                          "are loaded",
                          name, p->name, kept->label);
        return true;
    }
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; plan->prospects[i].planned && k < plan->prospects[i].count; k++) {
            const struct tn_oc_file *other = plan->prospects[i].files[k];
            if (!other->is_stubs || !other->placed || strcmp(tn_base_name(other->label), name) != 0)
                continue;
            stub->skip = true;
            if (memcmp(other->digest, stub->digest, sizeof stub->digest) != 0)
                tn_oc_find_in(plan, p, TENON_FINDING_OTHER_BUILD, true, name, other->label,
                              "C stubs %s of plugin \"%s\" are another build than those of plugin "
                              "\"%s\"",
                              name, p->name, plan->prospects[i].name);
            return true;
        }
    return false;
}

static bool is_of_host(const tenon_ocaml_process *process, const char *name)
{
    size_t size = strlen(name);

    /* DLLS has names without suffix */
    return size > 3 && tn_names_find(&process->host_dlls, name, size - 3) != TN_NO_NAME;
}

/* Where this process has what the stubs define; NULL: it has it not. */
static const char *mapped_holder(tenon_ocaml_plan *plan, const struct tn_oc_file *stub)
{
    const char *holder = NULL;

    for (size_t i = 0; i < stub->c.defines.count; i++)
        if (tn_oc_has_symbol(plan->process, plan->world, stub->c.defines.at[i], &holder))
            return holder;
    return NULL;
}

/* The program opens stubs of that name itself: they must be these. False: *err. */
static bool meet_host(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *stub,
                      const char *name, tenon_error *err)
{
    const char *holder = NULL;

    if (!plan->process->program)
        holder = mapped_holder(plan, stub);
    else if (is_of_host(plan->process, name) && !runtime_stub(plan, name, &holder, err))
        return false;
    if (!holder)
        return true;
    if (strcmp(tn_base_name(holder), name) == 0 && same_file(plan, holder, stub->digest)) {
        stub->skip = true;
    } else if (strcmp(tn_base_name(holder), name) == 0) {
        stub->skip = true;
        tn_oc_find_in(plan, p, TENON_FINDING_OTHER_BUILD, true, name, holder,
                      "C stubs %s of plugin \"%s\" are another build than %s, which is loaded",
                      name, p->name, tn_report_show(plan->report, holder));
    }
    return true;
}

/* ---- the stubs of one archive -----------------------------------------------------------------
 */

/* A file without entry and path: there is none. */
static bool add_stub(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *archive,
                     const char *item, tenon_error *err)
{
    const char *name = stub_file(&plan->arena, item);
    const char *entry = name ? bundled_stub(plan, p, name) : NULL, *path = NULL;
    tenon_error why = TENON_ERROR_INIT;

    if (!name)
        return tn_no_memory(err);
    if (!entry && is_of_host(plan->process, name))
        return true;
    if (!entry && !system_stub(plan, archive, name, &path, err))
        return false;
    struct tn_oc_file *stub = tn_oc_new_file(plan, p);
    if (!stub)
        return tn_no_memory(err);
    stub->is_stubs = true;
    stub->entry = entry;
    stub->path = path;
    stub->label = path ? path : name;
    archive->stubs[archive->stub_count++] = stub;
    if (!entry && !path)
        return true;
    archive->has_dlls = true;
    if (read_stub(plan, p, stub, &why))
        return true;
    stub->unreadable = tn_arena_string(&plan->arena, tenon_error_message(&why));
    return (stub->unreadable && why.code != TENON_E_MEMORY) || tn_no_memory(err);
}

bool tn_oc_read_stubs(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *archive,
                      tenon_error *err)
{
    tenon_ocaml_names dlls = tenon_ocaml_dlls(archive->code);

    archive->stubs = tn_arena_rows(&plan->arena, dlls.count + 1, sizeof *archive->stubs);
    if (!archive->stubs)
        return tn_no_memory(err);
    for (size_t i = 0; i < dlls.count; i++)
        if (!add_stub(plan, p, archive, dlls.at[i], err))
            return false;
    return true;
}

static void tell_missing(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                         const struct tn_oc_file *archive, const char *name)
{
    tn_oc_find_in(plan, p, TENON_FINDING_MISSING_LIBRARY, true, name, archive->label,
                  "%s needs the C stubs %s, which are neither in the bundle nor where this system "
                  "has stubs",
                  archive->label, tn_report_show(plan->report, name));
}

static bool meet_stub(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                      const struct tn_oc_file *archive, struct tn_oc_file *stub, tenon_error *err)
{
    const char *name = tn_base_name(stub->label);
    bool is_there = stub->entry || stub->path;

    stub->skip = archive->skip;
    if (!is_there && !archive->skip)
        tell_missing(plan, p, archive, stub->label);
    if (stub->unreadable && !archive->skip)
        tn_oc_find_in(plan, p, TENON_FINDING_REFUSED_LIBRARY, true, stub->label, NULL, "%s",
                      stub->unreadable);
    return !is_there || stub->unreadable || met_by_name(plan, p, stub, name) ||
           meet_host(plan, p, stub, name, err);
}

bool tn_oc_find_stubs(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *archive,
                      tenon_error *err)
{
    if (!archive->stubs && !tn_oc_read_stubs(plan, p, archive, err))
        return false;
    for (size_t i = 0; i < archive->stub_count; i++)
        if (!meet_stub(plan, p, archive, archive->stubs[i], err))
            return false;
    return true;
}

/* ---- twice, or not at all ---------------------------------------------------------------------
 */

static const struct tn_oc_file *coming_file(const tenon_ocaml_plan *plan, const char *symbol)
{
    uint32_t number = tn_names_find(&plan->c_coming, symbol, strlen(symbol));

    return number == TN_NO_NAME ? NULL : plan->c_files[number];
}

static void find_doubles(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                         const struct tn_oc_file *file)
{
    size_t found = 0;
    const char *first = NULL, *where = NULL;

    for (size_t i = 0; i < file->c.defines.count; i++) {
        const struct tn_oc_file *other = coming_file(plan, file->c.defines.at[i]);
        const char *holder = other ? other->label : NULL;
        if (!other && !tn_oc_has_symbol(plan->process, plan->world, file->c.defines.at[i], &holder))
            continue;
        if (!found++) {
            first = file->c.defines.at[i];
            where = holder;
        }
    }
    if (found)
        tn_oc_find_in(plan, p, TENON_FINDING_CLASH, true, first, where,
                      "C code of %s defines %s%s, which %s defines too: the one that was loaded "
                      "first would serve both",
                      file->label, tn_report_show(plan->report, first),
                      found > 1 ? " and others" : "", tn_report_show(plan->report, where));
}

/*
 * Most files want the same few symbols, and what is there stays while a plan is made. Without
 * memory to note it, it is looked for again.
 */
static bool is_there(tenon_ocaml_plan *plan, const char *symbol)
{
    size_t size = strlen(symbol);

    if (tn_names_find(&plan->c_there, symbol, size) != TN_NO_NAME)
        return true;
    if (!tn_oc_has_symbol(plan->process, plan->world, symbol, NULL))
        return false;
    (void)tn_names_add(&plan->c_there, symbol, size);
    return true;
}

/* Symbols that must bind when the file is opened: everything, since loaders open with RTLD_NOW. */
static void find_missing(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                         const struct tn_oc_file *file)
{
    for (size_t i = 0; i < file->c.wants.count; i++) {
        const char *name = file->c.wants.at[i];
        if (!coming_file(plan, name) && !is_there(plan, name))
            tn_oc_find_in(plan, p, TENON_FINDING_MISSING_SYMBOL, true, name, file->label,
                          "%s needs the C symbol %s, which nothing defines", file->label,
                          tn_report_show(plan->report, name));
    }
}

/* rule  bytecode asks for primitives by name when a unit is linked: after those before it have run
 */
static void find_primitives(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                            const struct tn_oc_file *file)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(file->code); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(file->code, i);
        for (size_t k = 0; k < unit->primitives.count; k++) {
            const char *name = unit->primitives.at[k];
            if (!coming_file(plan, name) && !tn_oc_has_primitive(plan->process, plan->world, name))
                tn_oc_find_in(plan, p, TENON_FINDING_MISSING_PRIMITIVE, true, name, file->label,
                              "unit %s of %s calls the C function %s, which nothing defines",
                              tn_report_show(plan->report, unit->name), file->label,
                              tn_report_show(plan->report, name));
        }
    }
}

bool tn_oc_check_code(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *file,
                      tenon_error *err)
{
    if (file->has_c) {
        find_doubles(plan, p, file);
        if (!tn_oc_check_libraries(plan, p, file, err))
            return false;
        find_missing(plan, p, file);
    }
    if (file->code && !file->has_c)
        find_primitives(plan, p, file);
    return true;
}

/* ---- what is there from now on ----------------------------------------------------------------
 */

bool tn_oc_place_code(tenon_ocaml_plan *plan, const struct tn_oc_file *file)
{
    for (size_t i = 0; i < file->c.exports.count; i++) {
        const char *name = file->c.exports.at[i];
        size_t before = plan->c_coming.count;
        uint32_t number = tn_names_add(&plan->c_coming, name, strlen(name));
        if (number == TN_NO_NAME)
            return false;
        while (number >= plan->c_file_room)
            if (!tn_grow(&plan->c_files, &plan->c_file_room, plan->c_file_room,
                         sizeof *plan->c_files))
                return false;
        if (number == before || !plan->c_files[number]) /* the first one serves everybody */
            plan->c_files[number] = file;
    }
    return true;
}

static bool keep_build(tenon_ocaml_process *process, const struct tn_oc_file *file,
                       const char *name, const char *label)
{
    if (!tn_grow(&process->stubs, &process->stub_room, process->stub_count, sizeof *process->stubs))
        return false;
    struct tn_oc_stubs *stubs = &process->stubs[process->stub_count];
    stubs->name = tn_arena_string(&process->arena, name);
    stubs->label = label;
    memcpy(stubs->digest, file->digest, sizeof stubs->digest);
    process->stub_count += stubs->name != NULL;
    return stubs->name != NULL;
}

bool tn_oc_keep_code(tenon_ocaml_process *process, const struct tn_oc_file *file)
{
    const char *label = tn_arena_string(&process->arena, file->label);

    if (!label)
        return false;
    for (size_t i = 0; i < file->c.defines.count; i++) {
        const char *name = file->c.defines.at[i];
        uint32_t number = tn_names_add(&process->c_symbols, name, strlen(name));
        if (number == TN_NO_NAME)
            return false;
        while (number >= process->c_holder_room)
            if (!tn_grow(&process->c_holders, &process->c_holder_room, process->c_holder_room,
                         sizeof *process->c_holders))
                return false;
        process->c_holders[number] = label;
    }
    if (file->is_stubs)
        return keep_build(process, file, tn_base_name(file->label), label);
    for (size_t i = 0; file->c.defines.count && i < tenon_ocaml_unit_count(file->code); i++)
        if (!keep_build(process, file, tenon_ocaml_unit_at(file->code, i)->name, label))
            return false;
    return true;
}
