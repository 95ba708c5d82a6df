/* src/resolve/process_state.c - joins a process that is given, and what it then asks for */
#include <string.h>

#include "fail.h"
#include "process.h"
#include "state.h"

/* dlopen(name, RTLD_NOLOAD): what is not there stays away, and is shown as missing. */
static void ask_at_run_time(tenon_resolver *r, const char *text, int32_t caller)
{
    int32_t loaded;
    struct tn_search *s = tn_process_ask(r, text, caller, &loaded);
    if (loaded >= 0 || r->no_memory)
        return;
    int32_t object = tn_process_add(r, (struct tn_object){
                                           .node = TN_NO_NODE,
                                           .name = tn_resolver_name(r, text),
                                           .path = TN_NO_NAME,
                                           .key = TN_NO_NAME,
                                           .parent = caller,
                                           .done = true,
                                           .flavour = TENON_NEED_DLOPEN,
                                           .status = TENON_STATUS_MISSING,
                                           .reason = "not loaded, and asked for with RTLD_NOLOAD",
                                           .search = s,
                                       });
    if (object >= 0)
        tn_process_list(r, object);
}

/* A build id must be the file's. */
static bool check_loaded(const struct tn_node *node, const tenon_loaded *loaded, tenon_error *err)
{
    const char *recorded = node->facts->build_id;
    if (loaded->build_id && (!recorded || strcmp(loaded->build_id, recorded) != 0))
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "%s: the file was replaced: its build id is %s, the process has %s",
                       loaded->source.path, recorded ? recorded : "absent", loaded->build_id);
    return true;
}

/* Can the file of a loaded object be what is in the process? */
static bool check_file(const tenon_resolver *r, const struct tn_node *node, int error,
                       const tenon_loaded *loaded, tenon_error *err)
{
    if (r->no_memory)
        return r->failed ? tn_fail_system(err, r->failed, "%s", loaded->source.path)
                         : tn_no_memory(err);
    if (!node)
        return tn_fail_system(err, error, "%s", loaded->source.path);
    if (node->error)
        return tn_node_fail(node, loaded->source.path, err);
    return check_loaded(node, loaded, err);
}

/*
 * One object that the caller says is there already: nothing is searched for it. The number it
 * gets here, or TENON_NOBODY with *err filled.
 */
static int32_t add_loaded(tenon_resolver *r, const tenon_loaded *loaded, int32_t parent,
                          tenon_error *err)
{
    const char *file = loaded->source.path;
    uint32_t path = tn_resolver_source(r, &loaded->source);
    uint32_t name = tn_resolver_name(r, loaded->name ? loaded->name : file);
    int error = 0;
    struct tn_node *node =
        path == TN_NO_NAME || name == TN_NO_NAME ? NULL : tn_resolver_open(r, path, &error);
    if (!check_file(r, node, error, loaded, err))
        return TENON_NOBODY;
    if (node->stamp == r->stamp && node->object == r->self)
        return tn_request_self(r, name);
    int32_t i = tn_process_add(
        r, (struct tn_object){
               .node = r->openings[r->uses[path].opened - 1].node,
               .name = name,
               .path = path,
               .key = name,
               .parent = parent,
               .done = true,
               .status = TENON_STATUS_FOUND,
               .rule = &tn_loader_at_hand(r)->rules[tn_loader_at_hand(r)->rule_loaded],
               .where = loaded->reason ? tn_arena_string(&r->passing.arena, loaded->reason) : NULL,
           });
    if (i < 0) {
        tn_no_memory(err);
        return i;
    }
    node->stamp = r->stamp;
    node->object = i;
    tn_process_list(r, i);
    tn_run_paths_set(r, i);
    tn_claim_names(r, i, loaded->name && !tn_has_slash(loaded->name));
    return i;
}

/* The program that a state begins with. */
static bool begin_state(tenon_resolver *r, const tenon_loaded *loaded, uint32_t path,
                        tenon_error *err)
{
    if (!tn_program_open(r, path, err))
        return false;
    if (!r->target)
        return tn_fail(err, TENON_E_UNSUPPORTED, "%s: a static program loads no libraries",
                       loaded->source.path);
    if (!check_loaded(r->nodes[tn_object_at(r, TN_PROGRAM)->node], loaded, err))
        return false;
    tn_program_begin(r);
    tn_object_at(r, TN_PROGRAM)->done = true; /* what it needs is among the objects given */
    return true;
}

/* numbers[i] becomes the object that the state's i-th is here. */
static bool add_objects(tenon_resolver *r, const tenon_state *state, int32_t *numbers,
                        tenon_error *err)
{
    numbers[0] = TN_PROGRAM;
    for (size_t i = 1; i < state->object_count && !r->no_memory; i++) {
        int32_t by = state->objects[i].loaded_by;
        numbers[i] = add_loaded(r, &state->objects[i], by < 0 ? TENON_NOBODY : numbers[by], err);
        if (numbers[i] < 0)
            return false;
    }
    return true;
}

bool tn_process_state(tenon_resolver *r, const tenon_state *state, tenon_error *err)
{
    tn_process_begin(r);
    if (!state->object_count)
        return tn_fail(err, TENON_E_ARGUMENT, "a process has at least its program");
    uint32_t program = tn_resolver_source(r, &state->objects[0].source);
    int32_t *numbers = tn_arena_rows(&r->passing.arena, state->object_count, sizeof *numbers);
    if (program == TN_NO_NAME || !numbers)
        return tn_no_memory(err);
    if (!begin_state(r, &state->objects[0], program, err) || !add_objects(r, state, numbers, err))
        return false;
    for (size_t i = 0; i < state->request_count && !r->no_memory; i++) {
        const struct tn_state_request *asked = &state->requests[i];
        (asked->flags & TENON_OPEN_NOLOAD ? ask_at_run_time : tn_process_dlopen)(
            r, asked->name, numbers[asked->caller]);
    }
    return r->no_memory ? tn_resolver_fail(r, program, err) : true;
}
