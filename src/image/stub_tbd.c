/*
 * src/image/stub_tbd.c - text stubs of Apple's libraries: .tbd, versions 1 to 5
 *
 * rule  llvm lib/TextAPI/TextStub.cpp (YAML, versions 1 to 4) and TextStubV5.cpp (JSON). Documents
 *       behind the first are libraries that it re-exports, kept in the same file
 */
#include <stdlib.h>

#include "fail.h"
#include "json_load.h"
#include "limits.h"
#include "stub.h"
#include "table.h"

/* Bytes at the end of a JSON stub where its version may stand: keys are sorted. */
#define TAIL 4096u

static bool has(struct tn_view view, const char *word)
{
    return view.size && memmem(view.at, view.size, word, strlen(word));
}

static bool tbd_matches(struct tn_view head)
{
    struct tn_view text = tn_stub_head(head);
    if (text.size > 3 && memcmp(text.at, "---", 3) == 0)
        return has(text, "!tapi-tbd") || (has(text, "archs:") && has(text, "install-name:"));
    return text.size && text.at[0] == '{' &&
           (has(text, "\"tapi_tbd_version\"") || has(text, "\"main_library\"") ||
            has(text, "\"libraries\""));
}

static bool tbd_confirms(struct tn_file *file, struct tn_view head)
{
    struct tn_view text = tn_stub_head(head), tail;
    uint64_t size = file->info.size, from = size > TAIL ? size - TAIL : 0;
    return text.at[0] == '-' || has(text, "\"tapi_tbd_version\"") ||
           (tn_file_upto(file, from, TAIL, "last bytes", &tail, NULL) &&
            has(tail, "\"tapi_tbd_version\""));
}

struct tbd {
    struct tn_file *file;
    struct tn_facts *facts;
    tenon_image *image; /* NULL: facts only */
    unsigned version;
    struct tn_names reexports; /* those that are needs already */
    size_t needs, exports, imports;
    size_t import_count, export_count;
    tenon_symbol *export_rows, *import_rows;
    tenon_error *err;
};

/* ---- values ---------------------------------------------------------------------------------- */

static const char *keep(struct tbd *t, const char *text)
{
    const char *kept = tn_arena_string(t->file->arena, text);
    if (!kept)
        tn_no_memory(t->err);
    return kept;
}

/* The text of a scalar; numbers of JSON are as they would be written. "" when there is none. */
static const char *text_of(struct tbd *t, const json_t *value)
{
    if (json_is_string(value))
        return keep(t, json_string_value(value));
    if (json_is_integer(value))
        return tn_arena_format(t->file->arena, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return tn_arena_format(t->file->arena, "%g", json_real_value(value));
    return "";
}

static bool add_fact(struct tbd *t, const char *name, const char *value)
{
    return value && (!*value || !t->image || tn_image_join_fact(t->image, name, value, t->err));
}

/* A scalar, or all of a list of them. */
static bool add_facts(struct tbd *t, const char *name, const json_t *value)
{
    size_t i;
    json_t *each;
    if (!json_is_array(value))
        return add_fact(t, name, text_of(t, value));
    json_array_foreach(value, i, each) if (!add_fact(t, name, text_of(t, each))) return false;
    return true;
}

static bool add_reexports(struct tbd *t, const json_t *names)
{
    size_t i;
    json_t *each;
    json_array_foreach(names, i, each)
    {
        const char *name = text_of(t, each);
        const tenon_need need = { .name = name, .flavour = TENON_NEED_REEXPORT };
        size_t before = t->reexports.count;
        if (!name)
            return false;
        if (*name && tn_names_add(&t->reexports, name, strlen(name)) == TN_NO_NAME)
            return tn_no_memory(t->err);
        if (t->reexports.count > before &&
            !tn_stub_need(t->facts, t->file->arena, &t->needs, &need, t->err))
            return false;
    }
    return true;
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* How the lists of a stub are named, and what their entries stand for. */
static const struct group {
    const char *yaml, *json;
    bool weak;
    uint8_t type;
    const char *prefixes[3]; /* each gives a symbol; NULL-ended */
} groups[] = {
    { "symbols", "global", false, TENON_TYPE_NONE, { "", NULL } },
    { "weak-symbols", "weak", true, TENON_TYPE_NONE, { "", NULL } },
    { "weak-def-symbols", NULL, true, TENON_TYPE_NONE, { "", NULL } },
    { "weak-ref-symbols", NULL, true, TENON_TYPE_NONE, { "", NULL } },
    { "thread-local-symbols", "thread_local", false, 6, { "", NULL } },
    { "objc-classes",
      "objc_class",
      false,
      TENON_TYPE_NONE,
      { "_OBJC_CLASS_$_", "_OBJC_METACLASS_$_", NULL } },
    { "objc-eh-types", "objc_eh_type", false, TENON_TYPE_NONE, { "_OBJC_EHTYPE_$_", NULL } },
    { "objc-ivars", "objc_ivar", false, TENON_TYPE_NONE, { "_OBJC_IVAR_$_", NULL } },
};

static bool add_symbol(struct tbd *t, const struct group *g, const char *prefix, const char *name,
                       bool defined)
{
    tenon_symbol **rows = defined ? &t->export_rows : &t->import_rows;
    size_t *count = defined ? &t->export_count : &t->import_count;
    size_t *room = defined ? &t->exports : &t->imports;
    if (*count == TN_LIMIT_SYMBOLS)
        return tn_fail(t->err, TENON_E_LIMIT, "more than %u symbols", TN_LIMIT_SYMBOLS);
    const char *whole = tn_arena_format(t->file->arena, "%s%s", prefix, name);
    if (!whole || !tn_arena_grow(t->file->arena, rows, room, *count, sizeof **rows))
        return tn_no_memory(t->err);
    (*rows)[(*count)++] = (tenon_symbol){
        .name = whole,
        .defined = defined,
        .type = g->type,
        .binding = g->weak ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
    };
    return true;
}

/* "$ld$hide$..." tells the linker something and is no symbol. */
static bool add_names(struct tbd *t, const struct group *g, const json_t *names, bool defined)
{
    size_t i;
    json_t *each;
    json_array_foreach(names, i, each)
    {
        const char *name = json_string_value(each);
        bool old_name = name && *name == '_' && t->version < 3 && **g->prefixes;
        if (!name || strncmp(name, "$ld$", 4) == 0)
            continue;
        for (const char *const *prefix = g->prefixes; *prefix; prefix++)
            if (!add_symbol(t, g, *prefix, name + old_name, defined))
                return false;
    }
    return true;
}

static bool add_section(struct tbd *t, const json_t *section, bool json, bool defined)
{
    for (size_t i = 0; t->image && i < TN_COUNT(groups); i++) {
        const char *key = json ? groups[i].json : groups[i].yaml;
        if (key && !add_names(t, &groups[i], json_object_get(section, key), defined))
            return false;
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    const tenon_symbol *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* A symbol of several targets is one. */
static size_t sort_once(tenon_symbol *rows, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(rows, count, sizeof *rows, by_name);
    for (size_t i = 0; i < count; i++)
        if (!kept || strcmp(rows[kept - 1].name, rows[i].name) != 0)
            rows[kept++] = rows[i];
    return kept;
}

/* ---- one library ------------------------------------------------------------------------------
 */

static bool set_own_name(struct tbd *t, const char *name)
{
    if (!name)
        return false;
    t->facts->own_name = *name ? name : NULL;
    return *name || tn_fail(t->err, TENON_E_MALFORMED, "text stub: it has no install name");
}

static bool add_yaml_sections(struct tbd *t, const json_t *list, bool defined)
{
    size_t i;
    json_t *each;
    json_array_foreach(
        list, i, each) if (!add_section(t, each, false, defined) ||
                           !add_reexports(t, json_object_get(each, "re-exports"))) return false;
    return true;
}

static bool read_yaml_library(struct tbd *t, const json_t *map)
{
    static const struct {
        const char *key, *fact;
    } told[] = { { "targets", "targets" },
                 { "archs", "archs" },
                 { "platform", "platform" },
                 { "current-version", "current_version" },
                 { "compatibility-version", "compat_version" },
                 { "swift-abi-version", "swift_abi" },
                 { "flags", "flags" } };
    size_t i;
    json_t *each;
    if (!set_own_name(t, text_of(t, json_object_get(map, "install-name"))))
        return false;
    for (i = 0; i < TN_COUNT(told); i++)
        if (!add_facts(t, told[i].fact, json_object_get(map, told[i].key)))
            return false;
    json_array_foreach(
        json_object_get(map, "reexported-libraries"), i,
        each) if (!add_reexports(t, json_object_get(each, "libraries"))) return false;
    return add_yaml_sections(t, json_object_get(map, "exports"), true) &&
           add_yaml_sections(t, json_object_get(map, "reexports"), true) &&
           add_yaml_sections(t, json_object_get(map, "undefineds"), false);
}

/* Each of an array of objects by one key. */
static bool add_json_facts(struct tbd *t, const json_t *library, const char *key, const char *value,
                           const char *fact)
{
    size_t i;
    json_t *each;
    json_array_foreach(json_object_get(library, key), i,
                       each) if (!add_facts(t, fact, json_object_get(each, value))) return false;
    return true;
}

static bool add_json_sections(struct tbd *t, const json_t *library, const char *key, bool defined)
{
    size_t i;
    json_t *each;
    json_array_foreach(
        json_object_get(library, key), i,
        each) if (!add_section(t, json_object_get(each, "text"), true, defined) ||
                  !add_section(t, json_object_get(each, "data"), true, defined)) return false;
    return true;
}

static bool read_json_library(struct tbd *t, const json_t *library)
{
    size_t i;
    json_t *each;
    const json_t *names = json_object_get(library, "install_names");
    if (!set_own_name(t, text_of(t, json_object_get(json_array_get(names, 0), "name"))))
        return false;
    json_array_foreach(json_object_get(library, "reexported_libraries"), i,
                       each) if (!add_reexports(t, json_object_get(each, "names"))) return false;
    return add_json_facts(t, library, "target_info", "target", "targets") &&
           add_json_facts(t, library, "current_versions", "version", "current_version") &&
           add_json_facts(t, library, "compatibility_versions", "version", "compat_version") &&
           add_json_facts(t, library, "swift_abi", "abi", "swift_abi") &&
           add_json_facts(t, library, "flags", "attributes", "flags") &&
           add_json_facts(t, library, "rpaths", "paths", "rpaths") &&
           add_json_sections(t, library, "exported_symbols", true) &&
           add_json_sections(t, library, "reexported_symbols", true) &&
           add_json_sections(t, library, "undefined_symbols", false);
}

/* ---- one file -------------------------------------------------------------------------------- */

static bool add_version(struct tbd *t)
{
    return add_fact(t, "tbd_version", tn_arena_format(t->file->arena, "%u", t->version)) ||
           tn_no_memory(t->err);
}

/* No file of version 5 was at hand. */
static bool add_doubt(struct tbd *t)
{
    return !t->image ||
           tn_image_doubt(t->image, "text stubs of version 5 are known from LLVM's source only",
                          t->err);
}

static unsigned version_of(const char *tag, const json_t *map)
{
    const json_t *said = json_object_get(map, "tbd-version");
    if (json_is_string(said))
        return (unsigned)strtoul(json_string_value(said), NULL, 10);
    const char *number = strstr(tag, "-v");
    return number ? (unsigned)strtoul(number + 2, NULL, 10) : 1;
}

static bool read_yaml(struct tbd *t, const char *text)
{
    const char *tag;
    unsigned line = 1;
    json_t *map = tn_yaml_document(t->file->arena, &text, &line, &tag, t->err);
    if (!map)
        return t->err->code ? false : tn_fail(t->err, TENON_E_MALFORMED, "text stub: it is empty");
    t->version = version_of(tag, map);
    bool good = t->version && t->version <= 4
                    ? read_yaml_library(t, map) && add_version(t)
                    : tn_fail(t->err, TENON_E_UNSUPPORTED, "text stub: version %u", t->version);
    json_decref(map);
    while (good && (map = tn_yaml_document(t->file->arena, &text, &line, &tag, t->err))) {
        good = add_facts(t, "inlined", json_object_get(map, "install-name"));
        json_decref(map);
    }
    return good && !t->err->code;
}

static bool read_json(struct tbd *t, const char *text, size_t size)
{
    json_error_t why;
    size_t i;
    bool starved;
    json_t *each, *root = tn_json_load(text, size, 0, &why, &starved);
    if (starved)
        return tn_no_memory(t->err);
    if (!root)
        return tn_fail(t->err, TENON_E_MALFORMED, "text stub: line %d: %s", why.line, why.text);
    json_int_t version = json_integer_value(json_object_get(root, "tapi_tbd_version"));
    t->version = version > 0 && version < 100 ? (unsigned)version : 0;
    bool good = t->version == 5
                    ? read_json_library(t, json_object_get(root, "main_library")) &&
                          add_version(t) && add_doubt(t)
                    : tn_fail(t->err, TENON_E_UNSUPPORTED, "text stub: version %u", t->version);
    if (good)
        json_array_foreach(json_object_get(root, "libraries"), i, each) good =
            good && add_json_facts(t, each, "install_names", "name", "inlined");
    json_decref(root);
    return good;
}

static bool read_tbd(struct tn_file *file, struct tn_facts *facts, tenon_image *image,
                     struct tbd *t)
{
    const char *text;
    size_t size;
    t->file = file;
    t->facts = facts;
    t->image = image;
    *facts = (struct tn_facts){ .format = TENON_FORMAT_TBD, .kind = TENON_KIND_STUB };
    if (!tn_stub_text(file, &text, &size, t->err))
        return false;
    const char *first = text + strspn(text, " \t\r\n");
    bool good = tn_names_init(&t->reexports) || tn_no_memory(t->err);
    good = good && (*first == '{' ? read_json(t, text, size) : read_yaml(t, text));
    tn_names_free(&t->reexports);
    return good;
}

static bool tbd_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct tbd t = { .err = &local };
    struct tn_facts facts;
    bool good = read_tbd(file, &facts, NULL, &t);
    if (good)
        *out = facts;
    else if (err)
        *err = local;
    return good;
}

static bool tbd_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                           tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct tbd t = { .err = &local };
    if (!read_tbd(file, &image->facts, image, &t)) {
        if (err)
            *err = local;
        return false;
    }
    if (!(parts & TENON_PART_SYMBOLS))
        return true;
    image->export_count = sort_once(t.export_rows, t.export_count);
    image->exports = t.export_rows;
    image->import_count = sort_once(t.import_rows, t.import_count);
    image->imports = t.import_rows;
    return true;
}

const struct tn_format tn_format_tbd = {
    .format = TENON_FORMAT_TBD,
    .name = "text stub",
    .matches = tbd_matches,
    .confirms = tbd_confirms,
    .read_facts = tbd_read_facts,
    .read_image = tbd_read_image,
};
