/* src/resolve/state.c - a process as a caller describes it */
#include "state.h"

#include <stdlib.h>

#include "fail.h"
#include "limits.h"

tenon_state *tenon_state_new(tenon_error *err)
{
    tenon_state *state = calloc(1, sizeof *state);
    if (!state)
        tn_no_memory(err);
    return state;
}

void tenon_state_free(tenon_state *state)
{
    if (!state)
        return;
    tn_arena_free(&state->arena);
    free(state->objects);
    free(state->requests);
    free(state);
}

/* A copy of a string that may be NULL; false: no memory. */
static bool copy(tenon_state *state, const char **out, const char *text)
{
    *out = text ? tn_arena_string(&state->arena, text) : NULL;
    return *out || !text;
}

bool tenon_state_add(tenon_state *state, const tenon_loaded *object, tenon_error *err)
{
    tenon_loaded own = { .loaded_by = object->loaded_by };
    if (!object->source.path)
        return tn_fail(err, TENON_E_ARGUMENT, "an object of a process needs a path");
    if (object->loaded_by < TENON_THE_FILE || object->loaded_by >= (int32_t)state->object_count)
        return tn_fail(err, TENON_E_ARGUMENT, "%s: loaded by object %d, which is not there yet",
                       object->source.path, (int)object->loaded_by);
    if (state->object_count >= TN_LIMIT_OBJECTS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u objects in a process", TN_LIMIT_OBJECTS);
    if (!copy(state, &own.source.path, object->source.path) ||
        !copy(state, &own.source.slice, object->source.slice) ||
        !copy(state, &own.source.member, object->source.member) ||
        !copy(state, &own.name, object->name) || !copy(state, &own.reason, object->reason) ||
        !copy(state, &own.build_id, object->build_id) ||
        !tn_grow(&state->objects, &state->object_room, state->object_count, sizeof own))
        return tn_no_memory(err);
    state->objects[state->object_count++] = own;
    return true;
}

bool tenon_state_request(tenon_state *state, const char *name, int32_t caller, unsigned flags,
                         tenon_error *err)
{
    struct tn_state_request request = { .caller = caller, .flags = flags };
    if (!name)
        return tn_fail(err, TENON_E_ARGUMENT, "a request needs a name");
    if (flags & ~(unsigned)TENON_OPEN_NOLOAD)
        return tn_fail(err, TENON_E_ARGUMENT, "%s: flags 0x%x are not known", name, flags);
    if (caller < 0 || caller >= (int32_t)state->object_count)
        return tn_fail(err, TENON_E_ARGUMENT, "%s: asked for by object %d, which is not there",
                       name, (int)caller);
    if (!copy(state, &request.name, name) ||
        !tn_grow(&state->requests, &state->request_room, state->request_count, sizeof request))
        return tn_no_memory(err);
    state->requests[state->request_count++] = request;
    return true;
}
