/* src/cli/why_near.c - the library of --lib is not loaded: what was meant, or is there instead? */
#include <string.h>

#include "why.h"

/* Part of a string. */
struct stem {
    const char *at;
    size_t size;
};

/* "ssl" of "/usr/lib/libssl.so.3": what a version, a path or -l leave as it is. */
static struct stem stem_of(const char *name)
{
    static const char *const suffixes[] = { ".so", ".dylib", ".dll", ".sl" };
    const char *slash = strrchr(name, '/');
    struct stem stem = { slash ? slash + 1 : name, 0 };

    stem.at += strncmp(stem.at, "lib", 3) == 0 ? 3 : 0;
    stem.size = strlen(stem.at);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *end = strstr(stem.at, suffixes[i]);
        if (end && (size_t)(end - stem.at) < stem.size)
            stem.size = (size_t)(end - stem.at);
    }
    return stem;
}

static bool is_near(const tenon_library *library, struct stem wanted)
{
    struct stem stem = stem_of(library->name);

    return library->status <= TENON_STATUS_SYSTEM && stem.size && stem.size == wanted.size &&
           memcmp(stem.at, wanted.at, stem.size) == 0;
}

void why_put_not_loaded(const struct why_view *view)
{
    struct stem wanted = stem_of(view->why->lib);
    size_t near = 0;

    cli_style(view->out, CLI_MISS);
    cli_text(view->out, view->why->lib);
    cli_puts(view->out, " is not loaded");
    cli_style(view->out, CLI_PLAIN);
    for (size_t node = 1; node <= view->count; node++)
        if (is_near(why_library(view, node), wanted)) {
            cli_puts(view->out, near++ ? ", " : "; there is ");
            cli_text(view->out, why_library(view, node)->name);
        }
    cli_puts(view->out, "\n");
}
