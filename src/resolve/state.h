/* src/resolve/state.h - a process as a caller describes it */
#ifndef TN_STATE_H
#define TN_STATE_H

#include <tenon/resolve.h>

#include "arena.h"

struct tn_state_request {
    const char *name;
    int32_t caller;
    unsigned flags; /* of enum tenon_open_flags */
};

struct tenon_state {
    struct tn_arena arena;
    tenon_loaded *objects;
    size_t object_count, object_room;
    struct tn_state_request *requests;
    size_t request_count, request_room;
};

#endif
