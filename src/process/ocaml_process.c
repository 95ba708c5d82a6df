/* src/process/ocaml_process.c - the OCaml units of a process, as they are told */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "fail.h"
#include "ocaml_private.h"
#include "text.h"

static bool start(tenon_ocaml_process *process, const char *program, tenon_error *err)
{
    if (!program && tn_triple_own(&process->settings->triple))
        return true;
    tenon_world *world = tenon_world_host(err);
    bool good = world && tn_process_take_triple(process->settings, world,
                                                program ? program : "/proc/self/exe", err);

    tenon_world_free(world);
    return good;
}

/* The file that the system starts: of a bytecode program, its runtime. *copy is to be freed. */
static const char *native_program(const char *program, char **copy)
{
    tenon_world *world = tenon_world_host(NULL);
    tenon_ocaml *ocaml = world ? tenon_ocaml_open(world, program, NULL) : NULL;
    const char *runtime = ocaml ? tenon_ocaml_runtime(ocaml) : NULL;

    *copy = runtime && *runtime == '/' ? strdup(runtime) : NULL;
    tenon_ocaml_free(ocaml);
    tenon_world_free(world);
    return *copy ? *copy : program;
}

tenon_ocaml_process *tenon_ocaml_process_new(enum tenon_ocaml_loader loader, const char *digits,
                                             const char *program, tenon_error *err)
{
    tenon_ocaml_process *process = calloc(1, sizeof *process);
    char *copy = NULL;
    bool good = process && tn_names_init(&process->names) && tn_names_init(&process->primitives) &&
                tn_names_init(&process->outside) && tn_names_init(&process->c_symbols) &&
                tn_names_init(&process->host_dlls) && tn_names_init(&process->plugin_names);

    if (!good)
        tn_no_memory(err);
    if (good) {
        process->loader = loader;
        strncpy(process->digits, digits, sizeof process->digits - 1);
        process->settings = tn_process_new_bare(err);
        good = process->settings != NULL;
    }
    if (good && program) {
        process->program = tn_arena_string(&process->arena, native_program(program, &copy));
        process->settings->program = strdup(program);
        if (!process->program || !process->settings->program)
            good = tn_no_memory(err);
    }
    free(copy);
    if (good && start(process, process->program, err))
        return process;
    tenon_ocaml_process_free(process);
    return NULL;
}

void tenon_ocaml_process_free(tenon_ocaml_process *process)
{
    if (!process)
        return;
    tenon_process_free(process->settings);
    tn_names_free(&process->names);
    tn_names_free(&process->primitives);
    tn_names_free(&process->outside);
    tn_names_free(&process->c_symbols);
    tn_names_free(&process->host_dlls);
    tn_names_free(&process->plugin_names);
    free(process->known);
    free(process->order);
    free(process->dll_directories);
    free(process->plugins);
    free(process->c_holders);
    free(process->stubs);
    tn_arena_free(&process->arena);
    free(process);
}

tenon_process *tenon_ocaml_process_settings(tenon_ocaml_process *process)
{
    return process->settings;
}

tenon_bundle *tenon_ocaml_open_bundle(tenon_ocaml_process *process, const char *path,
                                      tenon_error *err)
{
    tenon_process *settings = process->settings;
    tenon_world *world = settings->known_tried ? NULL : tenon_world_host(err);
    struct tn_known *known =
        settings->known_tried || world ? tn_process_known(settings, world) : NULL;
    if (known && !process->is_remembering && !settings->program) {
        tn_known_begin(known);
        process->is_remembering = true; /* until the next plan, which needs it too */
    }
    tenon_bundle *bundle = tn_known_bundle(known, path, err);

    if (bundle)
        tn_bundle_rest(bundle);
    tenon_world_free(world);
    return bundle;
}

const char *tenon_ocaml_loader_name(enum tenon_ocaml_loader loader)
{
    static const char *const words[] = { "native", "bytecode", "toplevel" };

    return (size_t)loader < TN_COUNT(words) ? words[loader] : "unknown";
}

/* ---- names ------------------------------------------------------------------------------------
 */

struct tn_oc_known *tn_oc_known(tenon_ocaml_process *process, const char *name)
{
    uint32_t number = tn_names_add(&process->names, name, strlen(name));

    if (number == TN_NO_NAME)
        return NULL;
    if (number >= process->known_room) {
        size_t room = 2 * (size_t)number + 256;
        struct tn_oc_known *more = realloc(process->known, room * sizeof *more);
        if (!more)
            return NULL;
        memset(more + process->known_room, 0, (room - process->known_room) * sizeof *more);
        process->known = more;
        process->known_room = room;
    }
    return &process->known[number];
}

static bool note_order(tenon_ocaml_process *process, uint32_t number)
{
    if (!tn_grow(&process->order, &process->order_room, process->order_count,
                 sizeof *process->order))
        return false;
    process->order[process->order_count++] = number;
    process->changes++;
    return true;
}

const struct tn_oc_known *tn_oc_probe(tenon_ocaml_process *process, uint32_t number)
{
    static const struct tn_oc_known probed = { .holder = "the host program",
                                               .state = TENON_INITIALISED };
    bool is_known = !process->probe(process->probe_arg, tn_names_text(&process->names, number));
    struct tn_oc_known *known = &process->known[number]; /* the probe may have told of others */

    if (is_known)
        return known;
    if (!note_order(process, number))
        return &probed; /* without memory: it is there, which is all that is asked for */
    known->holder = probed.holder;
    known->state = TENON_INITIALISED;
    known->reason = TENON_BY_OTHERS;
    return known;
}

/* Under one name there is one interface, as long as the process lives: what was said stays true. */
enum tenon_answer tn_oc_same_interface(tenon_ocaml_process *process, uint32_t number,
                                       const tenon_digest *crc)
{
    struct tn_oc_known *known = &process->known[number];

    if (crc->kind == TENON_DIGEST_UNKNOWN)
        return TENON_UNKNOWN;
    if (known->interface.kind != TENON_DIGEST_UNKNOWN || !known->holder ||
        !process->interface_probe)
        return tenon_digest_equal(&known->interface, crc);
    enum tenon_answer answer = process->interface_probe(
        process->interface_arg, tn_names_text(&process->names, number), crc);
    if (answer == TENON_YES)
        process->known[number].interface = *crc; /* rows may have moved */
    return answer;
}

static bool keep(tenon_ocaml_process *process, const char **string)
{
    if (*string)
        *string = tn_arena_string(&process->arena, *string);
    return *string != NULL;
}

/* ---- what is told ------------------------------------------------------------------------------
 */

bool tn_oc_tell(tenon_ocaml_process *process, uint32_t number, const tenon_ocaml_present *unit,
                tenon_error *err)
{
    const char *holder = unit->holder ? unit->holder : "the process", *plugin = unit->plugin;
    struct tn_oc_known *known = &process->known[number];

    if (known->holder && known->interface.kind == TENON_DIGEST_UNKNOWN)
        known->interface = unit->interface;
    if (known->holder)
        return true;
    if (!keep(process, &holder) || (plugin && !keep(process, &plugin)) ||
        !note_order(process, number))
        return tn_no_memory(err);
    if (unit->interface.kind != TENON_DIGEST_UNKNOWN)
        known->interface = unit->interface;
    known->implementation = unit->implementation;
    known->holder = holder;
    known->plugin = plugin;
    known->state = unit->state;
    known->reason = unit->reason;
    return true;
}

void tn_oc_untell(tenon_ocaml_process *process, uint32_t number)
{
    struct tn_oc_known *known = &process->known[number];
    size_t kept = 0;

    for (size_t i = 0; i < process->order_count; i++)
        if (process->order[i] != number)
            process->order[kept++] = process->order[i];
    process->order_count = kept;
    process->changes++;
    known->holder = known->plugin = NULL;
    known->implementation = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
}

void tn_oc_tell_interface(tenon_ocaml_process *process, uint32_t number, const tenon_digest *crc)
{
    struct tn_oc_known *known = &process->known[number];

    if (known->interface.kind == TENON_DIGEST_UNKNOWN)
        known->interface = *crc;
}

void tn_oc_tell_symbol(tenon_ocaml_process *process, uint32_t number, const char *holder)
{
    struct tn_oc_known *known = &process->known[number];

    if (!known->symbol_holder)
        known->symbol_holder = holder;
}

/* The number of a name that has a row; TN_NO_NAME: no memory. */
static uint32_t number_of(tenon_ocaml_process *process, const char *name)
{
    const struct tn_oc_known *known = tn_oc_known(process, name);

    return known ? (uint32_t)(known - process->known) : TN_NO_NAME;
}

bool tenon_ocaml_tell(tenon_ocaml_process *process, const tenon_ocaml_present *unit,
                      tenon_error *err)
{
    uint32_t number = number_of(process, unit->name);

    return number == TN_NO_NAME ? tn_no_memory(err) : tn_oc_tell(process, number, unit, err);
}

bool tenon_ocaml_tell_interface(tenon_ocaml_process *process, const char *name,
                                const tenon_digest *crc, tenon_error *err)
{
    uint32_t number = number_of(process, name);

    if (number == TN_NO_NAME)
        return tn_no_memory(err);
    tn_oc_tell_interface(process, number, crc);
    return true;
}

bool tenon_ocaml_tell_symbol(tenon_ocaml_process *process, const char *symbol, tenon_error *err)
{
    uint32_t number = number_of(process, symbol);

    if (number == TN_NO_NAME)
        return tn_no_memory(err);
    tn_oc_tell_symbol(process, number, "the host program");
    return true;
}

static bool tell_units(tenon_ocaml_process *process, const tenon_ocaml *program, tenon_error *err)
{
    tenon_ocaml_imports seen = tenon_ocaml_interfaces(program);

    for (size_t i = 0; i < seen.count; i++)
        if (seen.at[i].crc.kind != TENON_DIGEST_UNKNOWN &&
            !tenon_ocaml_tell_interface(process, seen.at[i].name, &seen.at[i].crc, err))
            return false;
    for (size_t i = 0; i < tenon_ocaml_unit_count(program); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(program, i);
        const tenon_ocaml_present present = { .name = unit->name,
                                              .interface = unit->interface,
                                              .implementation = unit->implementation,
                                              .state = TENON_INITIALISED,
                                              .reason = TENON_IN_HOST,
                                              .holder = "the host program" };
        if (!tenon_ocaml_tell(process, &present, err))
            return false;
        bool native = process->loader == TENON_OCAML_LOADER_NATIVE;
        for (size_t k = 0; native && k < unit->defines.count; k++)
            if (!tenon_ocaml_tell_symbol(process, unit->defines.at[k], err))
                return false;
    }
    return true;
}

static bool add_names(struct tn_names *to, tenon_ocaml_names from)
{
    for (size_t i = 0; i < from.count; i++)
        if (tn_names_add(to, from.at[i], strlen(from.at[i])) == TN_NO_NAME)
            return false;
    return true;
}

static bool has_unit(const tenon_ocaml *program, const char *name)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(program); i++)
        if (strcmp(tenon_ocaml_unit_at(program, i)->name, name) == 0)
            return true;
    return false;
}

/*
 * A program that does not run was named together with a loader: has it that one? Nothing loads
 * bytecode into native code, or the other way round. What a toplevel is tells the unit that loads.
 */
static bool check_loader(const tenon_ocaml_process *process, const tenon_ocaml *program,
                         const char *file, tenon_error *err)
{
    bool is_native = tenon_ocaml_kind_of(program) == TENON_OCAML_EXECUTABLE;
    bool is_toplevel = !is_native && has_unit(program, "Toploop");
    char shown[TN_QUOTE_ROOM];

    if (process->loader == TENON_OCAML_LOADER_TOPLEVEL
            ? is_toplevel
            : is_native == (process->loader == TENON_OCAML_LOADER_NATIVE))
        return true;
    return tn_fail(err, TENON_E_ARGUMENT, "%s: a %s program%s, whose loader is %s, not %s",
                   tn_quote(shown, file), is_native ? "native" : "bytecode",
                   is_native     ? ""
                   : is_toplevel ? " with a toplevel"
                                 : " without a toplevel",
                   is_native     ? "native"
                   : is_toplevel ? "bytecode or toplevel"
                                 : "bytecode",
                   tenon_ocaml_loader_name(process->loader));
}

bool tenon_ocaml_tell_program(tenon_ocaml_process *process, const char *file, tenon_error *err)
{
    tenon_world *world = tenon_world_host(err);
    tenon_ocaml *program = world ? tenon_ocaml_open(world, file, err) : NULL;
    bool good = program != NULL;

    if (good && tenon_ocaml_kind_of(program) != TENON_OCAML_BYTECODE &&
        tenon_ocaml_kind_of(program) != TENON_OCAML_EXECUTABLE)
        good = tn_fail(err, TENON_E_NOT_FOUND, "%s: no OCaml program", file);
    good = good && (!process->program || check_loader(process, program, file, err));
    if (good && tenon_ocaml_kind_of(program) == TENON_OCAML_BYTECODE) {
        tenon_ocaml_names paths = tenon_ocaml_dll_paths(program);
        process->is_custom = !tenon_ocaml_runtime(program);
        good = (add_names(&process->primitives, tenon_ocaml_primitives(program)) &&
                add_names(&process->host_dlls, tenon_ocaml_dlls(program))) ||
               tn_no_memory(err);
        for (size_t i = 0; good && i < paths.count; i++)
            good = tenon_ocaml_add_dll_directory(process, paths.at[i], err);
    }
    good = good && tell_units(process, program, err);
    tenon_ocaml_free(program);
    tenon_world_free(world);
    return good;
}

void tenon_ocaml_set_probe(tenon_ocaml_process *process, tenon_ocaml_probe *probe, void *arg)
{
    process->probe = probe;
    process->probe_arg = arg;
}

void tenon_ocaml_set_start_probe(tenon_ocaml_process *process, tenon_ocaml_probe *probe, void *arg)
{
    process->start_probe = probe;
    process->start_arg = arg;
}

void tenon_ocaml_set_run_probe(tenon_ocaml_process *process, tenon_ocaml_probe *probe, void *arg)
{
    process->run_probe = probe;
    process->run_arg = arg;
}

void tenon_ocaml_set_interface_probe(tenon_ocaml_process *process,
                                     tenon_ocaml_interface_probe *probe, void *arg)
{
    process->interface_probe = probe;
    process->interface_arg = arg;
}

bool tenon_ocaml_prohibit(tenon_ocaml_process *process, const char *unit, tenon_error *err)
{
    struct tn_oc_known *known = tn_oc_known(process, unit);

    if (!known)
        return tn_no_memory(err);
    process->changes += !known->prohibited;
    known->prohibited = true;
    return true;
}

bool tenon_ocaml_allow_only(tenon_ocaml_process *process, const char *const *units, size_t count,
                            tenon_error *err)
{
    bool first = !process->only;

    for (size_t i = 0; i < count; i++) {
        struct tn_oc_known *known = tn_oc_known(process, units[i]);
        if (!known)
            return tn_no_memory(err);
        /* only ever less: what an earlier call left out stays out */
        process->changes += first && !known->allowed;
        known->allowed = first || known->allowed;
    }
    if (!first)
        for (size_t n = 0; n < process->names.count; n++) {
            bool asked = false;
            for (size_t i = 0; i < count && !asked; i++)
                asked = strcmp(tn_names_text(&process->names, (uint32_t)n), units[i]) == 0;
            if (n < process->known_room && !asked) {
                process->changes += process->known[n].allowed;
                process->known[n].allowed = false;
            }
        }
    process->changes += first;
    process->only = true;
    return true;
}

bool tenon_ocaml_add_dll_directory(tenon_ocaml_process *process, const char *directory,
                                   tenon_error *err)
{
    const char *copy = tn_arena_string(&process->arena, directory);

    if (!copy || !tn_grow(&process->dll_directories, &process->dll_directory_room,
                          process->dll_directory_count, sizeof *process->dll_directories))
        return tn_no_memory(err);
    process->dll_directories[process->dll_directory_count++] = copy;
    return true;
}

void tenon_ocaml_set_dll_search(tenon_ocaml_process *process, tenon_ocaml_dll_search *search,
                                void *arg)
{
    process->dll_search = search;
    process->dll_arg = arg;
}

size_t tenon_ocaml_present_count(const tenon_ocaml_process *process)
{
    return process->order_count;
}

bool tenon_ocaml_present_at(const tenon_ocaml_process *process, size_t i, tenon_ocaml_present *out)
{
    if (i >= process->order_count)
        return false;
    const struct tn_oc_known *known = &process->known[process->order[i]];
    *out = (tenon_ocaml_present){ .name = tn_names_text(&process->names, process->order[i]),
                                  .interface = known->interface,
                                  .implementation = known->implementation,
                                  .state = known->state,
                                  .reason = known->reason,
                                  .holder = known->holder,
                                  .plugin = known->plugin };
    return true;
}

bool tenon_ocaml_is_present(const tenon_ocaml_process *process, const char *name)
{
    uint32_t number = tn_names_find(&process->names, name, strlen(name));

    return number != TN_NO_NAME && number < process->known_room && process->known[number].holder;
}

/* ---- C symbols ---------------------------------------------------------------------------------
 */

/* Everything that a file and its libraries export. */
static void read_closure(tenon_ocaml_process *process, tenon_world *world, const char *file)
{
    tenon_resolver *resolver = tenon_resolver_new(world, NULL);
    tenon_graph *graph = resolver ? tenon_resolve_file(resolver, file, NULL) : NULL;

    for (size_t i = 0; graph && i <= tenon_graph_count(graph); i++) {
        const tenon_library *library = i ? tenon_graph_library(graph, i - 1) : NULL;
        const char *path = i ? (library ? library->path : NULL) : file;
        tenon_image *image = path ? tenon_image_open(world, path, TENON_PART_SYMBOLS, NULL) : NULL;
        const tenon_symbol *symbol;
        for (size_t k = 0; image && (symbol = tenon_image_export(image, k)); k++)
            tn_names_add(&process->outside, symbol->name, strlen(symbol->name));
        tenon_image_free(image);
    }
    tenon_graph_free(graph);
    tenon_resolver_free(resolver);
}

bool tn_oc_search_dlls(tenon_ocaml_process *process, tenon_error *err)
{
    if (process->dll_search && !process->dll_search(process->dll_arg, process, err))
        return false;
    process->dll_search = NULL;
    return true;
}

/* rule  runtime/dynlink.c: the first directory that has it; the runtime opens all with RTLD_GLOBAL
 */
const char *tn_oc_host_dll(const tenon_ocaml_process *process, struct tn_arena *arena,
                           const char *name)
{
    for (size_t i = 0; i < process->dll_directory_count; i++) {
        const char *path = tn_arena_format(arena, "%s/%s.so", process->dll_directories[i], name);
        if (path && access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

/* What the program has when it runs. Not knowing a symbol is not having it. */
static void read_outside(tenon_ocaml_process *process, tenon_world *world)
{
    process->outside_read = true;
    read_closure(process, world, process->program);
    if (!process->host_dlls.count || !tn_oc_search_dlls(process, NULL))
        return;
    for (uint32_t i = 0; i < process->host_dlls.count; i++) {
        const char *path =
            tn_oc_host_dll(process, &process->arena, tn_names_text(&process->host_dlls, i));
        if (path)
            read_closure(process, world, path);
    }
}

bool tn_oc_has_symbol(tenon_ocaml_process *process, tenon_world *world, const char *name,
                      const char **holder)
{
    uint32_t came = tn_names_find(&process->c_symbols, name, strlen(name));
    void *at;

    if (holder)
        *holder = "the host program";
    if (came != TN_NO_NAME) {
        if (holder)
            *holder = process->c_holders[came];
        return true;
    }
    if (process->program) {
        if (!process->outside_read)
            read_outside(process, world);
        return tn_names_find(&process->outside, name, strlen(name)) != TN_NO_NAME;
    }
    at = tn_mapped_global(name);
    Dl_info info;
    if (at && holder && dladdr(at, &info) && info.dli_fname && *info.dli_fname)
        *holder = info.dli_fname; /* of the loader, for as long as it is mapped */
    return at != NULL;
}

/*
 * rule  runtime/dynlink.c: a runtime of its own has the primitives that its program was linked
 * with. Programs of -output-complete-exe name them (PRIM) up to OCaml 5.1; those of 5.3 have them
 * in a table of C, all of whose functions are exported (-Wl,-E)
 */
bool tn_oc_has_primitive(tenon_ocaml_process *process, tenon_world *world, const char *name)
{
    if (tn_names_find(&process->primitives, name, strlen(name)) != TN_NO_NAME)
        return true;
    if (tn_names_find(&process->c_symbols, name, strlen(name)) != TN_NO_NAME)
        return true;
    const bool is_list_whole = process->is_custom && process->primitives.count;
    return !is_list_whole && tn_oc_has_symbol(process, world, name, NULL);
}
