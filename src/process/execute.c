/* src/process/execute.c - carries out what was planned for one plugin, or takes it back */
#include "backend.h"
#include "fail.h"

void tn_execute_close(struct tn_execution *x)
{
    for (size_t i = x->count; i-- > 0;) {
        struct tn_opened *image = &x->images[i];
        if (!image->handle)
            continue;
        x->backend->undo(x->self, image->handle, image->path, &image->stays);
        image->handle = NULL;
        image->state = TENON_PLANNED;
    }
}

/* The file must be the one that was checked when the loader reads it: so before and after. */
static bool open_image(struct tn_execution *x, size_t i, enum tenon_finding_kind *kind,
                       tenon_error *err)
{
    struct tn_opened *image = &x->images[i];
    if (image->skip)
        return true;
    *kind = TENON_FINDING_CACHE;
    if (x->check && !x->check(x->arg, i, err))
        return false;
    if (x->linking)
        x->linking(x->arg, i);
    *kind = TENON_FINDING_LOADER;
    x->reached_loader = true;
    if (!x->backend->open(x->self, image->path, image->global, &image->handle, err)) {
        image->handle = NULL;
        image->state = TENON_FAILED;
        return false;
    }
    image->state = TENON_MAPPED;
    *kind = TENON_FINDING_CACHE;
    return !x->check || x->check(x->arg, i, err);
}

bool tn_execute_open(struct tn_execution *x, enum tenon_finding_kind *kind, tenon_error *err)
{
    bool good = !x->own_first || open_image(x, x->count - 1, kind, err);
    for (size_t i = 0; good && i < x->count - x->own_first; i++)
        good = open_image(x, i, kind, err);
    if (!good)
        tn_execute_close(x);
    return good;
}

bool tn_execute_start(struct tn_execution *x, tenon_error *err)
{
    struct tn_opened *own = &x->images[x->count - 1];
    int status = 0;
    if (!x->never_starts &&
        !x->backend->run(x->self, own->handle, x->plugin, x->argc, x->argv, &status, err)) {
        own->state = TENON_FAILED;
        return false;
    }
    if (status != 0) {
        own->state = TENON_FAILED;
        return tn_fail(err, TENON_E_SYSTEM, "tenon_plugin_start() returned %d", status);
    }
    for (size_t i = 0; i < x->count; i++)
        x->images[i].state = TENON_INITIALISED;
    return true;
}

void tn_execute_undo(struct tn_execution *x)
{
    struct tn_opened *own = &x->images[x->count - 1];
    if (own->handle && !x->never_starts)
        x->backend->stop(x->self, own->handle, x->plugin);
    tn_execute_close(x);
}
