/* src/bundle/entry_name.c - which names may stand in a bundle */
#include "entry_name.h"

#include <string.h>

#include "limits.h"
#include "text.h"

static const char *component_fault(const char *name, size_t size)
{
    if (size == 0)
        return "an empty component";
    if ((size == 1 && name[0] == '.') || (size == 2 && name[0] == '.' && name[1] == '.'))
        return "\".\" and \"..\" lead elsewhere";
    return NULL;
}

const char *tn_entry_name_fault(const char *name, size_t size)
{
    if (size == 0)
        return "an empty name";
    if (size > TN_LIMIT_ENTRY_NAME)
        return "a name that is too long";
    if (memchr(name, 0, size) || memchr(name, '\\', size) || !tn_text_is_plain(name, size))
        return "control characters, backslashes or bytes that are not UTF-8";
    if (name[0] == '/' || (size > 1 && name[1] == ':'))
        return "an absolute path";
    for (size_t start = 0; start <= size;) {
        const char *slash = memchr(name + start, '/', size - start);
        size_t length = slash ? (size_t)(slash - name) - start : size - start;
        const char *fault = component_fault(name + start, length);
        if (fault)
            return fault;
        start += length + 1;
    }
    return NULL;
}

int tn_entry_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    if (*a && *b && (*a == '/' || *b == '/'))
        return *a == '/' ? -1 : 1;
    return (unsigned char)*a - (unsigned char)*b;
}

bool tn_entry_is_below(const char *name, const char *folder)
{
    size_t size = strlen(folder);

    return strncmp(name, folder, size) == 0 && name[size] == '/';
}

static bool is_plugin_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '+';
}

const char *tn_plugin_name_fault(const char *name)
{
    if (name[0] == '\0')
        return "an empty name";
    if (name[0] == '.')
        return "a name that begins with a dot";
    if (strlen(name) > TN_LIMIT_PLUGIN_NAME)
        return "a name that is too long";
    for (const char *c = name; *c; c++)
        if (!is_plugin_character(*c))
            return "a name of other characters than letters, digits and \"-_.+\"";
    return NULL;
}

const char *tn_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}
