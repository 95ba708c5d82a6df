/*
 * src/resolve/program.c - what a process begins with: a program, its loader, and its interpreter
 *
 * rule  Linux fs/binfmt_elf.c, load_elf_binary(); glibc elf/rtld.c, dl_main(); musl
 *       ldso/dynlink.c, __dls3()
 */
#include <errno.h>
#include <string.h>
#include <tenon/image.h>

#include "fail.h"
#include "process.h"
#include "text.h"

static const char *interpreter_for(tenon_resolver *r, const struct tn_node *node,
                                   const tenon_loader *loader)
{
    if (r->interpreter)
        return r->interpreter;
    if (node->facts->interpreter)
        return node->facts->interpreter;
    const char *path = tn_loader_interpreter(loader, node->facts);
    return path ? path : "";
}

/* The target of a program, made if new. NULL: no memory. */
static struct tn_target_row *target_for(tenon_resolver *r, const struct tn_node *node,
                                        const tenon_loader *loader, tenon_error *err)
{
    const struct tn_facts *facts = node->facts;
    const char *interpreter = interpreter_for(r, node, loader);
    unsigned word = facts->class_bits / 8;
    enum tn_endian endian = facts->endian == TENON_ENDIAN_BIG ? TN_BIG : TN_LITTLE;
    for (struct tn_target_row *row = r->targets; row; row = row->next)
        if (row->target.loader == loader && row->target.word == word &&
            row->target.endian == endian && row->target.machine == facts->machine_code &&
            row->target.e_flags == facts->elf.header.e_flags &&
            row->target.variant == facts->variant &&
            strcmp(row->target.interpreter, interpreter) == 0)
            return row;
    struct tn_target_row *row = tn_arena_take(&r->arena, sizeof *row);
    if (!row) {
        tn_no_memory(err);
        return NULL;
    }
    row->target = (struct tn_target){
        .loader = loader,
        .world = r->world,
        .arena = &r->arena,
        .word = word,
        .endian = endian,
        .machine = facts->machine_code,
        .e_flags = facts->elf.header.e_flags,
        .variant = facts->variant,
        .interpreter = interpreter,
        .secure = tenon_world_secure(r->world),
        .id = (uint32_t)r->target_count,
    };
    if (!loader->configure(&row->target, err))
        return NULL;
    row->wants_origin = loader->wants_program_origin && loader->wants_program_origin(&row->target);
    const char *audit =
        loader->audit_variable ? tenon_world_env(r->world, loader->audit_variable) : NULL;
    row->has_audit = audit && *audit;
    for (const char *const *name = loader->secure_variables; name && *name; name++) {
        const char *value = tenon_world_env(r->world, *name);
        row->has_variable |= value && *value;
    }
    row->no_name = tn_resolver_name(r, "");
    row->self_path = tn_resolver_name(r, interpreter);
    row->self_base = tn_resolver_name(r, tn_base_name(interpreter));
    if (r->no_memory) {
        tn_resolver_fail(r, row->self_path, err);
        return NULL;
    }
    row->next = r->targets;
    r->targets = row;
    r->target_count++;
    return row;
}

/* Why the kernel does not start an interpreter. */
struct self_fault {
    enum tenon_outcome outcome;
    const char *text; /* NULL: it does */
};

/*
 * rule  Linux fs/exec.c, do_open_execat(): a regular file that somebody may execute; fs/
 *       binfmt_elf.c, load_elf_binary(): an ELF file for the same machine, which can be read
 */
static struct self_fault fault_of_self(const tenon_resolver *r, const struct tn_node *node)
{
    const struct tn_facts *facts = node->facts;
    const struct tn_target *target = &r->target->target;
    bool is_elf = target->loader->format == TENON_FORMAT_ELF;
    if (node->info.type == TENON_FILE_DIRECTORY)
        return (struct self_fault){ TENON_OUTCOME_IS_DIRECTORY, tn_errno_text(EACCES) };
    if (node->info.type != TENON_FILE_REGULAR || !(node->info.mode & 0111))
        return (struct self_fault){ TENON_OUTCOME_PERMISSION, tn_errno_text(EACCES) };
    if (is_elf && node->error == TENON_E_SYSTEM)
        return (struct self_fault){ TENON_OUTCOME_UNREADABLE, tn_errno_text(node->system_errno) };
    if (is_elf && (node->error || facts->format != TENON_FORMAT_ELF))
        return (struct self_fault){ TENON_OUTCOME_NOT_ELF, tn_errno_text(ELIBBAD) };
    if (is_elf &&
        (facts->machine_code != target->machine || facts->class_bits != 8 * target->word ||
         (facts->endian == TENON_ENDIAN_LITTLE) != (target->endian == TN_LITTLE)))
        return (struct self_fault){ TENON_OUTCOME_WRONG_MACHINE, tn_errno_text(ELIBBAD) };
    return (struct self_fault){ TENON_OUTCOME_FOUND, NULL };
}

/* An interpreter that cannot be started: nothing starts. */
static struct tn_object missing_self(tenon_resolver *r, uint32_t path, enum tenon_status status,
                                     struct self_fault fault)
{
    const char *reason = tn_arena_format(&r->passing.arena, "the interpreter %s: %s",
                                         tn_text_of(r, path), fault.text);
    r->no_memory |= !reason;
    return (struct tn_object){
        .node = TN_NO_NODE,
        .name = path,
        .path = TN_NO_NAME,
        .status = status,
        .reason = reason,
        .search = tn_search_refused(
            r, path,
            tn_judged(fault.outcome, TN_STOP,
                      "the kernel cannot start a program without its interpreter")),
    };
}

/* One that cannot be opened. */
static struct tn_object absent_self(tenon_resolver *r, uint32_t path, int error)
{
    struct tn_judgement judged;
    tn_loader_at_hand(r)->judge_errno(&r->target->target, error, &judged);
    return missing_self(r, path, TENON_STATUS_MISSING,
                        (struct self_fault){ judged.outcome, tn_errno_text(error) });
}

static struct tn_object found_self(tenon_resolver *r, uint32_t path)
{
    return (struct tn_object){
        .node = r->openings[r->uses[path].opened - 1].node,
        .name = path,
        .path = path,
        .status = TENON_STATUS_FOUND,
        .rule = &tn_loader_at_hand(r)->rules[tn_loader_at_hand(r)->rule_self],
    };
}

/*
 * The names that the interpreter answers to, whether it is in the order or not. The last part of
 * its path stands for a SONAME that it has not, or that is not known.
 *
 * rule  glibc elf/rtld.c, rtld_setup_main_map(); FreeBSD libexec/rtld-elf/rtld.c,
 * digest_dynamic2(); musl ldso/dynlink.c, load_library(): its whole path and the names of the C
 * library alone
 */
static void claim_self(tenon_resolver *r, uint32_t path, struct tn_node *node)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    bool has_soname = loader->matches_soname && node && node->own_name != TN_NO_NAME;
    tn_claim(r, path, r->self);
    if (has_soname)
        tn_claim(r, node->own_name, r->self);
    else if (!loader->matches_short)
        tn_claim(r, r->target->self_base, r->self);
    if (node) {
        node->stamp = r->stamp;
        node->object = r->self;
    }
}

/* One that is part of the other system, and of no file here. */
static struct tn_object system_self(tenon_resolver *r, uint32_t path)
{
    return (struct tn_object){
        .node = TN_NO_NODE,
        .name = path,
        .path = path,
        .status = TENON_STATUS_SYSTEM,
        .rule = &tn_loader_at_hand(r)->rules[tn_loader_at_hand(r)->rule_self],
        .reason = "the loader is part of the system",
    };
}

/*
 * The kernel maps the interpreter before anything else: it is there, or nothing starts. It stands
 * in the order when something asks for it (or when it is missing, so that it is seen).
 */
static void add_self(tenon_resolver *r)
{
    int error;
    bool by_system = tn_loader_at_hand(r)->self_is_system;
    if (!*r->target->target.interpreter && by_system)
        return; /* it has no file of its own */
    uint32_t path = r->target->self_path;
    struct tn_node *node = path == TN_NO_NAME ? NULL : tn_resolver_open(r, path, &error);
    if (r->no_memory)
        return;
    struct self_fault fault = { TENON_OUTCOME_FOUND, NULL };
    if (node && !by_system)
        fault = fault_of_self(r, node);
    struct tn_object self = fault.text  ? missing_self(r, path, TENON_STATUS_REFUSED, fault)
                            : node      ? found_self(r, path)
                            : by_system ? system_self(r, path)
                                        : absent_self(r, path, error);
    if (fault.text)
        node = NULL;
    self.key = TN_NO_NAME;
    self.parent = TENON_NOBODY;
    self.done = self.is_interpreter = self.has_short = true;
    r->self = tn_process_add(r, self);
    if (r->self < 0)
        return;
    claim_self(r, path, node);
    if (!node && !by_system)
        tn_process_list(r, r->self);
}

bool tn_node_fail(const struct tn_node *node, const char *path, tenon_error *err)
{
    tn_fail(err, node->error, "%s", node->error_text);
    if (err)
        err->system_errno = node->system_errno;
    return tn_context(err, "%s", path);
}

/*
 * The members of an archive that a loader could be asked for, ": NAME (MACHINE), ..."; "" when
 * there is none. NULL: no memory.
 */
static const char *loadable_members(tenon_resolver *r, const char *path, struct tn_arena *arena)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *image = tenon_image_open(r->world, path, TENON_PART_CORE, &err);
    const tenon_member_facts *facts;
    const char *text = err.code == TENON_E_MEMORY ? NULL : "";
    char shown[TN_QUOTE_ROOM];

    /* what an error's text has no room for is not looked for */
    for (size_t i = 0; image && text && strlen(text) < TENON_ERROR_TEXT &&
                       (facts = tenon_image_member_facts(image, i));
         i++) {
        if (facts->kind != TENON_KIND_SHARED_LIBRARY && facts->kind != TENON_KIND_EXECUTABLE)
            continue;
        text = tn_arena_format(arena, "%s%s%s (%s)", text, *text ? ", " : ": ",
                               tn_quote(shown, tenon_image_inside(image, i)->member),
                               facts->machine ? facts->machine : "unknown machine");
    }
    tenon_image_free(image);
    return text;
}

static bool fail_archive(tenon_resolver *r, const char *path, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    const char *members = loadable_members(r, path, &arena);

    if (!members)
        tn_no_memory(err);
    else
        tn_fail(err, TENON_E_NOT_LOADABLE,
                "%s: cannot be loaded: an archive: a member of it may be, and has to be named%s",
                path, members);
    tn_arena_free(&arena);
    return false;
}

/* Kinds that no loader starts. */
static bool check_kind(tenon_resolver *r, const struct tn_node *node, const char *path,
                       tenon_error *err)
{
    static const struct {
        enum tenon_kind kind;
        const char *what;
    } kinds[] = {
        { TENON_KIND_OBJECT, "a relocatable object: it must be linked first" },
        { TENON_KIND_KERNEL_MODULE, "a kernel module: the kernel loads it, not ld.so" },
        { TENON_KIND_CORE, "a core dump" },
        { TENON_KIND_DEBUG, "a file of debugging information: its program is elsewhere" },
        { TENON_KIND_DRIVER, "a driver: a kernel or firmware loads it" },
        { TENON_KIND_IMPORT_LIBRARY, "an import library: it stands for a library when linking" },
        { TENON_KIND_STUB, "a text that stands for a library when linking" },
    };
    if (node->facts->kind == TENON_KIND_ARCHIVE)
        return fail_archive(r, path, err);
    for (size_t i = 0; i < TN_COUNT(kinds); i++)
        if (kinds[i].kind == node->facts->kind)
            return tn_fail(err, TENON_E_NOT_LOADABLE, "%s: cannot be loaded: %s", path,
                           kinds[i].what);
    return node->facts->format != TENON_FORMAT_LINKER_SCRIPT || /* one that names no library */
           tn_fail(err, TENON_E_NOT_LOADABLE, "%s: cannot be loaded: a text for the linker", path);
}

/* The slice of a universal file that is started: the best that a loader of its format names. */
static struct tn_node *choose_slice(tenon_resolver *r, uint32_t *path, struct tn_node *node)
{
    const tenon_loader *loader;
    uint32_t whole = *path;
    if (!node || !node->facts || !node->facts->slices)
        return node;
    for (size_t i = 0; *path == whole && (loader = tn_loaders[i]); i++)
        if (loader->format == node->facts->format && (!r->loader || r->loader == loader))
            node = tn_resolver_slice(r, path, node, loader->program_slices);
    if (*path == whole && node) /* none of them: the first that there is */
        node = tn_resolver_slice(r, path, node, node->facts->slices);
    return node;
}

/*
 * Opens a file and says why no loader starts it, if so. NULL with *err filled. *path becomes that
 * of the slice that is meant.
 */
static struct tn_node *open_startable(tenon_resolver *r, uint32_t *path, tenon_error *err)
{
    int error;
    const char *text = tn_text_of(r, *path);
    struct tn_node *node = choose_slice(r, path, tn_resolver_open(r, *path, &error));
    if (r->no_memory)
        tn_resolver_fail(r, *path, err);
    else if (!node)
        tn_fail_system(err, error, "%s", text);
    else if (node->error)
        tn_node_fail(node, text, err);
    else if (check_kind(r, node, text, err))
        return node;
    return NULL;
}

/* rule  the kernel starts the interpreter: which one it is decides, unless a loader was named */
static bool choose_loader(const tenon_resolver *r, const struct tn_node *node,
                          const tenon_loader **loader)
{
    *loader = r->loader;
    if (!*loader && r->interpreter)
        *loader = tn_loader_of_interpreter(node->facts->format, r->interpreter);
    if (!*loader)
        *loader = node->loader;
    return *loader || tn_loader_by_world(r->world, node->facts, loader);
}

bool tn_program_check(tenon_resolver *r, uint32_t path, tenon_error *err)
{
    return open_startable(r, &path, err) != NULL;
}

static bool choose_target(tenon_resolver *r, const struct tn_node *node, const char *path,
                          tenon_error *err)
{
    const struct tn_facts *facts = node->facts;
    const tenon_loader *loader;
    if (!choose_loader(r, node, &loader))
        return tn_no_memory(err);
    if (!loader) {
        char quoted[TN_QUOTE_ROOM]; /* the file's own words */
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "%s: its loader is none that tenon knows (%s%s%s); --loader names one", path,
                       facts->os ? facts->os : "unknown system", facts->interpreter ? ", " : "",
                       facts->interpreter ? tn_quote(quoted, facts->interpreter) : "");
    }
    if (loader->format != facts->format)
        return tn_fail(err, TENON_E_UNSUPPORTED, "%s: of format %s; %s loads files of format %s",
                       path, tenon_format_name(facts->format), loader->name,
                       tenon_format_name(loader->format));
    r->target = target_for(r, node, loader, err);
    if (r->target)
        r->target->target.process = r->stamp;
    if (r->target && r->ahead && !tn_ahead_aim(r->ahead, &r->target->target))
        return tn_no_memory(err);
    r->program_started = facts->interpreter != NULL && facts->kind == TENON_KIND_EXECUTABLE;
    return r->target != NULL;
}

bool tn_program_open(tenon_resolver *r, uint32_t path, tenon_error *err)
{
    const struct tn_node *node = open_startable(r, &path, err);
    if (!node)
        return false;
    int32_t program = tn_process_add(r, (struct tn_object){
                                            .node = r->openings[r->uses[path].opened - 1].node,
                                            .name = path,
                                            .path = path,
                                            .key = TN_NO_NAME,
                                            .parent = TENON_NOBODY,
                                            .status = TENON_STATUS_FOUND,
                                        });
    if (program < 0)
        return tn_no_memory(err);
    if (node->facts->is_static && !node->facts->interpreter)
        return true;
    return choose_target(r, node, tn_text_of(r, path), err);
}

struct tn_judgement tn_program_judge(const tenon_resolver *r, const struct tn_node *node)
{
    const struct tn_target *target = &r->target->target;
    return target->loader->judge_program ? target->loader->judge_program(target, node->facts)
                                         : tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/*
 * One that the loader itself was asked to start is known by its file, too, as a library would be;
 * but not by glibc.
 *
 * rule  glibc 2.36 elf/dl-load.c, _dl_map_object_from_fd(): of an executable, in the loader itself,
 *       device and inode are not kept; elf/rtld.c: its name is "" then, too
 */
static void claim_program(tenon_resolver *r)
{
    struct tn_node *node = r->nodes[tn_object_at(r, TN_PROGRAM)->node];
    tn_claim(r, r->target->no_name, TN_PROGRAM);
    tn_claim(r, node->own_name, TN_PROGRAM);
    if (!r->program_started && !tn_loader_at_hand(r)->program_by_name) {
        tn_claim(r, tn_object_at(r, TN_PROGRAM)->path, TN_PROGRAM);
        node->stamp = r->stamp;
        node->object = TN_PROGRAM;
    }
}

void tn_program_begin(tenon_resolver *r)
{
    tn_process_list(r, TN_PROGRAM);
    if (tn_loader_at_hand(r)->matches_soname)
        claim_program(r);
    tn_run_paths_set(r, TN_PROGRAM);
    if (tn_loader_at_hand(r)->claims)
        tn_claim_own(r, TN_PROGRAM, false);
    add_self(r);
}
