/* src/link/wrap.c - "tenon wrap" */
#include "wrap.h"

#include "add_note.h"
#include "fail.h"
#include "native.h"
#include "object.h"
#include "temp.h"
#include "words.h"

struct wrapping {
    struct tn_arena *arena;
    const char *path;
    struct tn_native_namer namer;
    struct tn_wrapped *wrapped;
};

/* The note of one object; empty when it needs none. */
static bool note_of(struct wrapping *w, struct tn_file *file, const char *name, const char *origin,
                    struct tn_view *note, tenon_error *err)
{
    struct tn_object object;

    if (!name || !origin)
        return tn_no_memory(err);
    if (!tn_object_read(file, &object, err))
        return false;
    w->wrapped->objects++;
    w->wrapped->doubtful += object.is_doubtful;
    if (object.is_recorded || object.is_doubtful)
        return true;
    if (object.is_lto)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "intermediate code, from which linkers drop what is added: compile it with "
                       "\"tenon cc\"");
    object.unit.name = object.record.count == 1 ? object.record.units[0].name : name;
    object.unit.origin = origin;
    w->wrapped->recorded++;
    return tn_record_write_unit(w->arena, &object.unit, object.header.endian, note, err);
}

static bool notes_of_member(void *arg, const struct tn_ar_member *member, struct tn_view bytes,
                            struct tn_view *notes, tenon_error *err)
{
    struct wrapping *w = arg;
    struct tn_file file;

    tn_file_from_bytes(&file, member->name, bytes.at, bytes.size);
    file.arena = w->arena;
    if (!tn_object_is_one(&file, NULL)) /* its bytes are there: nothing can fail */
        return true;
    return note_of(w, &file, tn_native_namer_next(&w->namer, member->name),
                   tn_arena_format(w->arena, "%s member %s", tn_base_name(w->path),
                                   tn_base_name(member->name)),
                   notes, err);
}

static bool wrap_archive(struct wrapping *w, tenon_world *world, struct tn_file *file,
                         const char *prefix, struct tn_view *out, tenon_error *err)
{
    if (!prefix && !tn_native_owner(world, w->arena, w->path, &prefix))
        return tn_no_memory(err);
    if (!tn_native_namer_init(&w->namer, w->arena, prefix, w->path))
        return tn_no_memory(err);
    bool good = tn_archive_rewrite(w->arena, file, notes_of_member, w, out, err);
    tn_native_namer_free(&w->namer);
    return good;
}

static bool wrap_object(struct wrapping *w, struct tn_file *file, const char *prefix,
                        struct tn_view *out, tenon_error *err)
{
    struct tn_view note = { 0 }, bytes;

    return note_of(w, file, tn_native_name(w->arena, prefix, NULL, w->path, 1),
                   w->path[0] == '/' ? tn_base_name(w->path) : w->path, &note, err) &&
           tn_file_view(file, 0, file->info.size, "object", &bytes, err) &&
           (note.size ? tn_add_note(w->arena, bytes, note, out, err) : (*out = bytes, true));
}

static bool wrap_file(struct wrapping *w, tenon_world *world, struct tn_file *file,
                      const char *prefix, struct tn_view *out, tenon_error *err)
{
    struct tn_view head;

    if (!tn_file_upto(file, 0, TN_AR_MAGIC_SIZE, "first bytes", &head, err))
        return false;
    if (tn_ar_matches(head))
        return wrap_archive(w, world, file, prefix, out, err);
    tenon_error local = TENON_ERROR_INIT;
    if (tn_object_is_one(file, &local))
        return wrap_object(w, file, prefix, out, err);
    if (tn_is_failure(&local))
        return tn_fail_again(err, &local, NULL);
    return tn_fail(err, TENON_E_FORMAT, "neither an object nor an archive");
}

static bool write_out(const char *path, const char *output, const struct tn_wrapped *wrapped,
                      struct tn_view bytes, tenon_error *err)
{
    if (output)
        return tn_temp_write(output, path, bytes, err);
    return wrapped->recorded == 0 || tn_temp_replace(path, bytes, err);
}

bool tn_wrap(tenon_world *world, const char *path, const char *output, const char *prefix,
             struct tn_wrapped *wrapped, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct wrapping w = { .arena = &arena, .path = path, .wrapped = wrapped };
    struct tn_file file;
    struct tn_view bytes;
    bool good;

    *wrapped = (struct tn_wrapped){ 0 };
    int failed = tn_file_open(world, path, &arena, &file);
    if (failed)
        return tn_fail_system(err, failed, "cannot be opened");
    good = wrap_file(&w, world, &file, prefix, &bytes, err) &&
           write_out(path, output, wrapped, bytes, err);
    tn_file_close(&file);
    tn_arena_free(&arena);
    return good;
}
