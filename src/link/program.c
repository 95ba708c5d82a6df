/* src/link/program.c - "ld" and "ar" by all their names: "TARGET-NAME", "NAME-VERSION" */
#include "program.h"

#include <string.h>

#include "view.h"
#include "words.h"

/* Where the version begins that ends the name, else its end: "ld.lld-14", "gcc-ar-12". */
static size_t without_version(const char *name)
{
    const char *dash = strrchr(name, '-');
    size_t size = strlen(name);

    return dash && dash[1] && strspn(dash + 1, "0123456789.") == strlen(dash + 1)
               ? (size_t)(dash - name)
               : size;
}

/* Whether the name is `wanted`, or ends in it behind a dash. */
static bool is_called(const char *name, size_t size, const char *wanted)
{
    size_t length = strlen(wanted);

    return size >= length && memcmp(name + (size - length), wanted, length) == 0 &&
           (size == length || name[size - length - 1] == '-');
}

static bool is_one_of(const char *path, const char *const *names, size_t count)
{
    const char *name = tn_base_name(path);
    size_t size = without_version(name);

    for (size_t i = 0; i < count; i++)
        if (is_called(name, size, names[i]))
            return true;
    return false;
}

bool tn_program_is_linker(const char *path)
{
    static const char *const names[] = { "ld",     "ld.bfd", "ld.gold", "gold",
                                         "ld.lld", "lld",    "ld.mold", "mold" };

    return is_one_of(path, names, TN_COUNT(names));
}

bool tn_program_is_tool(const char *path)
{
    static const char *const names[] = { "ar", "ranlib", "strip", "objcopy", "nm", "as" };

    return is_one_of(path, names, TN_COUNT(names));
}
