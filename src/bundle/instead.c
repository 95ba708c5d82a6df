/* src/bundle/instead.c - what a file is that was taken for something else, and who takes it */
#include "instead.h"

#include <tenon/image.h>
#include <tenon/ocaml.h>

/* What the builder of OCaml plugins takes; programs are told from their images. */
static const char *ocaml_words(tenon_world *world, const char *path)
{
    tenon_ocaml *ocaml = tenon_ocaml_open(world, path, NULL);
    const char *words = NULL;

    if (!ocaml)
        return NULL;
    switch (tenon_ocaml_kind_of(ocaml)) {
    case TENON_OCAML_CMO:
    case TENON_OCAML_CMA:
    case TENON_OCAML_CMXA:
    case TENON_OCAML_CMXS: words = "OCaml code (tenon build takes it)"; break;
    case TENON_OCAML_CMI:
    case TENON_OCAML_CMX: words = "not code, but what OCaml's compiler noted of it"; break;
    case TENON_OCAML_BYTECODE:
    case TENON_OCAML_EXECUTABLE: words = "a program"; break;
    }
    tenon_ocaml_free(ocaml);
    return words;
}

static const char *image_words(const tenon_image *image)
{
    switch (tenon_image_kind(image)) {
    case TENON_KIND_SHARED_LIBRARY:
    case TENON_KIND_BUNDLE:
        return tenon_image_format(image) == TENON_FORMAT_ELF
                   ? "a shared library (tenon pack takes those)"
                   : "a shared library, but not one of ELF";
    case TENON_KIND_EXECUTABLE: return "a program";
    case TENON_KIND_OBJECT: return "an object (tenon build takes those)";
    case TENON_KIND_ARCHIVE: return "an archive (tenon build takes those)";
    default: return NULL;
    }
}

const char *tn_instead(const char *path)
{
    tenon_world *world = tenon_world_host(NULL);
    const char *words = world ? ocaml_words(world, path) : NULL;
    tenon_image *image =
        world && !words ? tenon_image_open(world, path, TENON_PART_CORE, NULL) : NULL;

    if (image)
        words = image_words(image);
    tenon_image_free(image);
    tenon_world_free(world);
    return words;
}
