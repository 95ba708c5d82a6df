/*
 * src/loader/windows_sxs.c - side-by-side assemblies: what the manifests of a program and of
 * libraries redirect
 *
 * rule  Microsoft "Assembly searching sequence", "Application manifests": the manifest beside the
 *       program or in it names assemblies; an assembly's own manifest names its files, which then
 *       come from its directory and from nowhere else. Private assemblies without languages, and
 *       those of WinSxS. Microsoft "Using Side-by-side Assemblies as a Resource" and wine
 *       dlls/ntdll/loader.c, create_module_activation_context(): resource 2 of a library is the
 *       manifest for its own imports
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fail.h"
#include "limits.h"
#include "names.h"
#include "windows.h"

#define LIMIT_MANIFEST (1u << 20)
#define LIMIT_ASSEMBLIES 64u
#define NAME_ROOM 256u

/* ---- a little XML -------------------------------------------------------------------------- */

/* Behind a comment and the like; NULL: it is none. One without an end goes to the text's. */
static const char *behind_other(const char *open)
{
    static const char *const others[][2] = { { "<!--", "-->" },
                                             { "<![CDATA[", "]]>" },
                                             { "<?", "?>" } };
    for (size_t i = 0; i < TN_COUNT(others); i++) {
        size_t length = strlen(others[i][0]);
        if (strncmp(open, others[i][0], length) != 0)
            continue;
        const char *end = strstr(open + length, others[i][1]);
        return end ? end + strlen(others[i][1]) : open + strlen(open);
    }
    return NULL;
}

/*
 * The '>' that ends a tag, or the '<' at which it breaks off: only a quoted '>' is in one. No byte
 * is looked at twice, so that many broken tags take no longer than good ones.
 */
static const char *tag_end(const char *tag)
{
    for (tag += strcspn(tag, "<>\"'"); *tag == '"' || *tag == '\'';) {
        tag += 1 + strcspn(tag + 1, *tag == '"' ? "<\"" : "<'");
        if (*tag == '"' || *tag == '\'')
            tag += 1 + strcspn(tag + 1, "<>\"'");
    }
    return tag;
}

/* The next element of that name from *at on, as the text between its '<' and '>'. */
static bool next_element(const char **at, const char *name, const char **start, size_t *size)
{
    size_t length = strlen(name);
    const char *next;
    for (const char *open = strchr(*at, '<'); open; open = strchr(next, '<')) {
        const char *tag = open + 1;
        next = behind_other(open);
        if (next)
            continue;
        next = tag + strcspn(tag, " \t\r\n>/:<");
        tag = *next == ':' ? next + 1 : tag;
        if (strncmp(tag, name, length) != 0 || !strchr(" \t\r\n>/", tag[length]))
            continue;
        next = tag_end(tag);
        if (*next != '>')
            continue;
        *start = tag;
        *size = (size_t)(next - tag);
        *at = next + 1;
        return true;
    }
    return false;
}

/* An attribute's value; false when there is none, or a longer one than any name is. */
static bool attribute(const char *start, size_t size, const char *name, char value[NAME_ROOM])
{
    size_t length = strlen(name);
    for (size_t i = 1; i + length + 2 < size; i++) {
        if (!strchr(" \t\r\n", start[i - 1]) || strncmp(start + i, name, length) != 0)
            continue;
        const char *at = start + i + length;
        at += strspn(at, " \t\r\n");
        if (*at != '=')
            continue;
        at += 1 + strspn(at + 1, " \t\r\n");
        const char *end =
            *at == '"' || *at == '\'' ? memchr(at + 1, *at, (size_t)(start + size - at - 1)) : NULL;
        if (!end || (size_t)(end - at) > NAME_ROOM)
            return false;
        memcpy(value, at + 1, (size_t)(end - at - 1));
        value[end - at - 1] = 0;
        return true;
    }
    return false;
}

/* ---- manifests ----------------------------------------------------------------------------- */

/* The text of the manifest at a path; NULL: there is none. */
static const char *read_text(struct tn_target *target, const char *path)
{
    struct tn_view bytes;
    int error = tn_file_whole(target->world, path, LIMIT_MANIFEST, target->arena, &bytes);
    tn_windows_note(target, error == ENOMEM);
    if (error || memchr(bytes.at, 0, bytes.size))
        return NULL;
    return (const char *)bytes.at; /* with a NUL behind it */
}

/* The manifest inside an image, of this number (0: any); NULL: there is none. */
static const char *read_embedded(struct tn_target *target, const char *path, uint32_t number)
{
    struct tn_file file;
    struct tn_view at = tn_view("", 0);
    tenon_error err = TENON_ERROR_INIT;
    int error = tn_file_open(target->world, path, target->arena, &file);
    tn_windows_note(target, error == ENOMEM);
    if (error)
        return NULL;
    bool good = tn_pe_read_manifest(&file, number, &at, &err);
    tn_file_close(&file);
    tn_windows_note(target, err.code == TENON_E_MEMORY);
    if (!good || !at.size || memchr(at.at, 0, at.size))
        return NULL;
    const char *text = tn_arena_copy(target->arena, at.at, at.size);
    tn_windows_note(target, !text);
    return text;
}

static bool add_file(struct tn_target *target, struct tn_sxs *sxs, const char *name,
                     const char *directory)
{
    if (!tn_arena_grow(target->arena, &sxs->files, &sxs->room, sxs->count, sizeof *sxs->files))
        return false;
    name = tn_windows_lower(target->arena, name, strlen(name));
    if (!name)
        return false;
    sxs->files[sxs->count++] = (struct tn_sxs_file){ name, directory };
    return true;
}

/* The <file name="..."> elements of an assembly's manifest. */
static bool add_files(struct tn_target *target, struct tn_sxs *sxs, const char *text,
                      const char *directory)
{
    const char *start;
    size_t size;
    char name[NAME_ROOM];
    while (next_element(&text, "file", &start, &size))
        if (attribute(start, size, "name", name) && !add_file(target, sxs, name, directory))
            return false;
    return true;
}

/* ---- assemblies ---------------------------------------------------------------------------- */

#define VERSION_PARTS 4

struct assembly {
    char name[NAME_ROOM], arch[NAME_ROOM], key[NAME_ROOM], version[NAME_ROOM];
};

/* One private probe: DIR/NAME.manifest or the manifest in DIR/NAME.DLL. */
static const char *probe(struct tn_target *target, const char *dir, const char *name,
                         const char *suffix)
{
    bool found;
    const char *file = tn_arena_format(target->arena, "%s%s", name, suffix);
    const char *path = file ? tn_windows_find(target, target->arena, dir, file, &found) : NULL;
    tn_windows_note(target, !path);
    if (!path || !found)
        return NULL;
    return strcasecmp(suffix, ".dll") == 0 ? read_embedded(target, path, 0)
                                           : read_text(target, path);
}

/* rule  the program's directory, then one named as the assembly below it; .DLL before .manifest */
static const char *find_private(struct tn_target *target, const char *app, const char *name,
                                const char **directory)
{
    static const char *const suffixes[] = { ".DLL", ".manifest" };
    bool found;
    const char *below = tn_windows_find(target, target->arena, app, name, &found);
    const char *const dirs[] = { app, found ? below : NULL };
    for (size_t d = 0; d < TN_COUNT(dirs); d++)
        for (size_t s = 0; dirs[d] && s < TN_COUNT(suffixes); s++) {
            const char *text = probe(target, dirs[d], name, suffixes[s]);
            *directory = dirs[d];
            if (text)
                return text;
        }
    return NULL;
}

struct store {
    const struct assembly *assembly;
    struct tn_arena *arena;
    const char *best;
    unsigned long version[VERSION_PARTS]; /* of the best; at first what was asked for */
    bool any_version;                     /* nothing was asked for */
    bool no_memory;
};

/* "1.2.3.4" with that character behind it. */
static bool read_version(const char *text, char end, unsigned long version[VERSION_PARTS])
{
    for (size_t i = 0; i < VERSION_PARTS; i++) {
        char *behind;
        if (*text < '0' || *text > '9')
            return false;
        version[i] = strtoul(text, &behind, 10);
        if (*behind != (i + 1 < VERSION_PARTS ? '.' : end))
            return false;
        text = behind + 1;
    }
    return true;
}

/* Is it another interface, or older than what there is already? */
static bool is_worse(const struct store *store, const unsigned long version[VERSION_PARTS])
{
    if (store->any_version && !store->best)
        return false;
    for (size_t i = 0; i < VERSION_PARTS; i++)
        if (version[i] != store->version[i])
            return version[i] < store->version[i] || (i < 2 && !store->any_version);
    return false;
}

/*
 * rule  "amd64_NAME_KEY_VERSION_LANGUAGE_HASH"; "Assembly Versions": of those with the same two
 *       first numbers the newest is taken; wine dlls/ntdll/actctx.c, lookup_manifest_file(): none
 *       that is older than what was asked for
 */
static int each_assembly(void *arg, const char *name)
{
    struct store *store = arg;
    const struct assembly *a = store->assembly;
    char prefix[3 * NAME_ROOM];
    int size = snprintf(prefix, sizeof prefix, "%s_%s_%s_", a->arch, a->name, a->key);
    unsigned long version[VERSION_PARTS];
    if (strncasecmp(name, prefix, (size_t)size) != 0 || !read_version(name + size, '_', version) ||
        is_worse(store, version))
        return 0;
    memcpy(store->version, version, sizeof version);
    store->best = tn_arena_string(store->arena, name);
    store->no_memory |= !store->best;
    return 0;
}

static const char *find_shared(struct tn_target *target, const struct tn_windows_place *place,
                               const struct assembly *assembly, const char **directory)
{
    bool found;
    struct store store = { .assembly = assembly, .arena = target->arena };
    if (!place->windows || !*assembly->key)
        return NULL;
    const char *sxs = tn_windows_find(target, target->arena, place->windows, "WinSxS", &found);
    if (!sxs || !found)
        return NULL;
    store.any_version = !read_version(assembly->version, '\0', store.version);
    int error = tenon_world_list(target->world, sxs, each_assembly, &store);
    tn_windows_note(target, error == ENOMEM || store.no_memory);
    if (!store.best)
        return NULL;
    const char *manifests = tn_windows_find(target, target->arena, sxs, "Manifests", &found);
    *directory = tn_windows_find(target, target->arena, sxs, store.best, &found);
    return manifests && *directory ? probe(target, manifests, store.best, ".manifest") : NULL;
}

/* rule  "*" stands for the process's own architecture */
static void own_arch(const struct tn_target *target, struct assembly *assembly)
{
    if (strcmp(assembly->arch, "*") == 0)
        strcpy(assembly->arch, target->word == 4           ? "x86"
                               : target->machine == 0xaa64 ? "arm64"
                                                           : "amd64");
}

/* Those of Windows itself are wherever Windows is, and so are shared ones. */
static bool is_elsewhere(const struct tn_windows_place *place, const struct assembly *assembly)
{
    return strncasecmp(assembly->name, "Microsoft.Windows.", 18) == 0 ||
           (!place->windows && *assembly->key);
}

static bool add_assembly(struct tn_target *target, const struct tn_windows_place *place,
                         struct tn_sxs *sxs, const char *app, struct assembly *assembly)
{
    const char *directory = NULL;
    own_arch(target, assembly);
    const char *text = find_shared(target, place, assembly, &directory);
    if (!text)
        text = find_private(target, app, assembly->name, &directory);
    if (text)
        return add_files(target, sxs, text, directory);
    if (((struct tn_windows *)target->config)->no_memory)
        return false;
    if (!sxs->missing && !is_elsewhere(place, assembly))
        sxs->missing = tn_arena_string(target->arena, assembly->name);
    return true;
}

static bool add_assemblies(struct tn_target *target, const struct tn_windows_place *place,
                           struct tn_sxs *sxs, const char *app, const char *text)
{
    const char *start;
    size_t size;
    unsigned count = 0;
    while (count++ < LIMIT_ASSEMBLIES && next_element(&text, "dependentAssembly", &start, &size)) {
        struct assembly assembly = { .arch = "*" };
        if (!next_element(&text, "assemblyIdentity", &start, &size) ||
            !attribute(start, size, "name", assembly.name))
            continue;
        attribute(start, size, "processorArchitecture", assembly.arch);
        attribute(start, size, "publicKeyToken", assembly.key);
        attribute(start, size, "version", assembly.version);
        if (strpbrk(assembly.name, "/\\") || !add_assembly(target, place, sxs, app, &assembly))
            return strpbrk(assembly.name, "/\\") != NULL;
    }
    return true;
}

/* ---- contexts ------------------------------------------------------------------------------ */

/* rule  since Server 2003 the manifest in the program comes before the one beside it */
static const char *manifest_of(struct tn_target *target, const char *program)
{
    const char *text = read_embedded(target, program, 0);
    if (text)
        return text;
    const char *beside = tn_arena_format(target->arena, "%s.manifest", program);
    tn_windows_note(target, !beside);
    return beside ? read_text(target, beside) : NULL;
}

static bool fill_context(struct tn_target *target, const struct tn_windows_place *place,
                         struct tn_sxs *sxs, bool is_program)
{
    const char *text = is_program ? manifest_of(target, sxs->path)
                                  : read_embedded(target, sxs->path, TN_PE_OWN_MANIFEST);
    const char *slash = strrchr(sxs->path, '/');
    if (!text)
        return true;
    sxs->has_manifest = true;
    const char *app =
        slash ? tn_arena_copy(target->arena, sxs->path, (size_t)(slash - sxs->path)) : "";
    return app && add_files(target, sxs, text, app) &&
           add_assemblies(target, place, sxs, app, text);
}

const struct tn_sxs *tn_sxs_of(struct tn_target *target, const struct tn_windows_place *place,
                               const char *path, bool is_program)
{
    struct tn_windows *windows = target->config;
    struct tn_sxs **link = &windows->contexts;
    while (*link && ((*link)->is_program != is_program || strcmp((*link)->path, path) != 0))
        link = &(*link)->next;
    struct tn_sxs *sxs = *link;
    if (sxs) {
        *link = sxs->next;
    } else {
        sxs = tn_arena_take(target->arena, sizeof *sxs);
        if (!sxs || !(sxs->path = tn_arena_string(target->arena, path)) ||
            !fill_context(target, place, sxs, is_program) || windows->no_memory)
            return NULL;
        sxs->is_program = is_program;
    }
    sxs->next = windows->contexts; /* to the front: it is asked for many times in a row */
    windows->contexts = sxs;
    return sxs;
}

const char *tn_sxs_directory(const struct tn_sxs *sxs, const char *name)
{
    for (size_t i = 0; i < sxs->count; i++)
        if (strcmp(sxs->files[i].name, name) == 0)
            return sxs->files[i].directory;
    return NULL;
}
