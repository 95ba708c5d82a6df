/* fuzz/fuzz_image.c - any bytes as an image, in memory and as a file of a world */
#include <stdint.h>
#include <stdlib.h>

#include <tenon/image.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte of a string, so that a sanitizer sees a dangling one. */
static size_t touch(const char *text)
{
    size_t n = 0;
    while (text && text[n])
        n++;
    return n;
}

static size_t touch_symbols(const tenon_image *image,
                            const tenon_symbol *(*at)(const tenon_image *image, size_t i))
{
    size_t n = 0;
    for (size_t i = 0; at(image, i); i++)
        n += touch(at(image, i)->name) + touch(at(image, i)->version) +
             touch(at(image, i)->library) + touch(at(image, i)->forward);
    return n;
}

static size_t touch_needs(const tenon_image *image,
                          const tenon_need *(*at)(const tenon_image *image, size_t i))
{
    size_t n = 0;
    for (size_t i = 0; at(image, i); i++)
        n += touch(at(image, i)->name) + touch(at(image, i)->priority) +
             touch(at(image, i)->feature) + touch(tenon_flavour_name(at(image, i)->flavour));
    return n;
}

static size_t touch_versions(const tenon_image *image,
                             const tenon_version *(*at)(const tenon_image *image, size_t i))
{
    size_t n = 0;
    for (size_t i = 0; at(image, i); i++)
        n += touch(at(image, i)->name) + touch(at(image, i)->library);
    return n;
}

static size_t touch_rest(const tenon_image *image)
{
    size_t n = touch(tenon_image_name(image)) + touch(tenon_image_machine(image)) +
               touch(tenon_image_os(image)) + touch(tenon_image_own_name(image)) +
               touch(tenon_image_interpreter(image)) + touch(tenon_image_build_id(image)) +
               touch(tenon_image_uuid(image)) + touch(tenon_image_pdb(image)) +
               touch(tenon_format_name(tenon_image_format(image))) +
               touch(tenon_kind_name(tenon_image_kind(image))) +
               touch(tenon_endian_name(tenon_image_endian(image)));
    for (size_t i = 0; tenon_image_search_path(image, i); i++)
        n += touch(tenon_image_search_path(image, i)->path);
    for (size_t i = 0; tenon_image_fact(image, i); i++)
        n += touch(tenon_image_fact(image, i)->name) + touch(tenon_image_fact(image, i)->value);
    for (size_t i = 0; tenon_image_warning(image, i); i++)
        n += touch(tenon_image_warning(image, i));
    return n + tenon_image_class(image) + tenon_image_machine_code(image) +
           tenon_image_is_pie(image) + tenon_image_is_static(image);
}

/* Slices and members, down to so many files in files. */
enum { DEPTH = 2 };

static size_t look_at(tenon_world *world, int depth, tenon_image *image, const tenon_error *err);

static size_t look_inside(tenon_world *world, int depth, const tenon_image *image)
{
    size_t n = 0;
    const tenon_image_source *inside;
    for (size_t i = 0; i < 64 && depth && (inside = tenon_image_inside(image, i)); i++) {
        tenon_error err = TENON_ERROR_INIT;
        n += touch(inside->path) + touch(inside->slice) + touch(inside->member);
        if (world)
            n += look_at(world, depth - 1,
                         tenon_image_open_source(world, inside, TENON_PART_ALL, &err), &err);
    }
    return n;
}

/* Everything the image says; an image that failed must have said why. */
static size_t look_at(tenon_world *world, int depth, tenon_image *image, const tenon_error *err)
{
    if (!image) {
        if (err->code == TENON_OK || !err->text[0])
            abort();
        return 0;
    }
    size_t n =
        touch_rest(image) + touch_needs(image, tenon_image_need) +
        touch_needs(image, tenon_image_dlopen) + touch_symbols(image, tenon_image_export) +
        touch_symbols(image, tenon_image_import) + touch_versions(image, tenon_image_version_need) +
        touch_versions(image, tenon_image_version_definition) + look_inside(world, depth, image);
    tenon_image_free(image);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned parts[] = { TENON_PART_CORE, TENON_PART_SYMBOLS, TENON_PART_SECTIONS,
                                      TENON_PART_DLOPEN, TENON_PART_ALL };
    tenon_error err = TENON_ERROR_INIT;
    size_t in_memory = look_at(NULL, DEPTH, tenon_image_parse(data, size, "fuzz", &err), &err);
    tenon_world *world = tenon_world_empty(NULL);
    if (!world || !tenon_world_put_file(world, "/fuzz", data, size, 0644, NULL))
        abort();
    size_t in_world = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        tenon_error why = TENON_ERROR_INIT;
        in_world = look_at(world, DEPTH, tenon_image_open(world, "/fuzz", parts[i], &why), &why);
    }
    if ((in_memory == 0) != (in_world == 0)) /* both doors lead to the same image */
        abort();
    tenon_world_free(world);
    return 0;
}
