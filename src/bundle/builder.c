/* src/bundle/builder.c - what will be in a bundle: values, entries, claims */
#include "builder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bap_manifest.h"
#include "entry_name.h"
#include "fail.h"
#include "limits.h"
#include "manifest.h"
#include "signature.h"
#include "text.h"
#include "zip_file.h"

tenon_builder *tenon_builder_new(tenon_error *err)
{
    tenon_builder *builder = calloc(1, sizeof *builder);

    if (!builder)
        tn_no_memory(err);
    return builder;
}

static void free_item(struct tn_item *item)
{
    free(item->bytes);
    free(item->claims.rows);
}

void tenon_builder_free(tenon_builder *builder)
{
    if (!builder)
        return;
    for (size_t i = 0; i < builder->item_count; i++)
        free_item(&builder->items[i]);
    free(builder->items);
    tn_entry_order_free(&builder->order);
    free(builder->provides.rows);
    free(builder->required.rows);
    free(builder->tags.rows);
    free(builder->cons.rows);
    free(builder->argv.rows);
    free(builder->packages.rows);
    free(builder->private_units.rows);
    tn_builder_unsign(builder);
    tn_arena_free(&builder->arena);
    free(builder);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char **value_named(tenon_builder *builder, const char *key)
{
    const struct {
        const char *key;
        const char **value;
    } values[] = {
        { "name", &builder->name }, { "version", &builder->version },
        { "desc", &builder->desc }, { "author", &builder->author },
        { "url", &builder->url },   { "license", &builder->license },
        { "main", &builder->main }, { "copyrights", &builder->copyrights },
    };

    for (size_t i = 0; i < TN_COUNT(values); i++)
        if (strcmp(values[i].key, key) == 0)
            return values[i].value;
    return NULL;
}

static struct tn_strings *list_named(tenon_builder *builder, const char *key)
{
    const struct {
        const char *key;
        struct tn_strings *list;
    } lists[] = { { "tags", &builder->tags },
                  { "cons", &builder->cons },
                  { "argv", &builder->argv },
                  { "packages", &builder->packages },
                  { "private", &builder->private_units } };

    for (size_t i = 0; i < TN_COUNT(lists); i++)
        if (strcmp(lists[i].key, key) == 0)
            return lists[i].list;
    return NULL;
}

static const char *value_fault(const char *key, const char *value)
{
    if (strcmp(key, "name") == 0)
        return tn_plugin_name_fault(value);
    if (strcmp(key, "main") == 0 && (strchr(value, '/') || !*value))
        return "a base name expected, without folders";
    if (strcmp(key, "cons") == 0)
        return tn_constraint_fault(value);
    return NULL;
}

bool tn_builder_append(tenon_builder *builder, struct tn_strings *list, const char *value,
                       tenon_error *err)
{
    const char *copy = tn_arena_string(&builder->arena, value);

    if (!copy || !tn_grow(&list->rows, &list->room, list->count, sizeof *list->rows))
        return tn_no_memory(err);
    list->rows[list->count++] = copy;
    return true;
}

static bool set_date(tenon_builder *builder, const char *value, tenon_error *err)
{
    char *end;
    long long date;

    if (!value) {
        builder->date = 0;
        return true;
    }
    errno = 0;
    date = strtoll(value, &end, 10);
    if (end == value || *end || errno)
        return tn_fail(err, TENON_E_ARGUMENT, "date: seconds since 1970 expected");
    builder->date = date;
    return true;
}

bool tenon_builder_set(tenon_builder *builder, const char *key, const char *value, tenon_error *err)
{
    const char **place = value_named(builder, key);
    struct tn_strings *list = list_named(builder, key);
    const char *fault = value ? value_fault(key, value) : NULL;
    char shown[TN_QUOTE_ROOM], shown_value[TN_QUOTE_ROOM];

    if (fault)
        return tn_fail(err, TENON_E_ARGUMENT, "%s: %s: %s", key, tn_quote(shown_value, value),
                       fault);
    if (strcmp(key, "date") == 0)
        return set_date(builder, value, err);
    if (list) {
        if (value)
            return tn_builder_append(builder, list, value, err);
        list->count = 0;
        return true;
    }
    if (!place)
        return tn_fail(err, TENON_E_ARGUMENT, "the manifest has no %s", tn_quote(shown, key));
    *place = value ? tn_arena_string(&builder->arena, value) : NULL;
    return *place || !value || tn_no_memory(err);
}

/* ---- claims ------------------------------------------------------------------------------------
 */

bool tn_builder_keep(tenon_builder *builder, const char **string)
{
    if (*string)
        *string = tn_arena_string(&builder->arena, *string);
    return *string;
}

bool tn_builder_claim(tenon_builder *builder, struct tn_claims *list, const tenon_claim *claim,
                      tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    tenon_claim copy = *claim;

    if (!claim->name || !claim->name[0])
        return tn_fail(err, TENON_E_ARGUMENT, "a unit without a name");
    if (claim->interface.size > TENON_DIGEST_ROOM || claim->implementation.size > TENON_DIGEST_ROOM)
        return tn_fail(err, TENON_E_ARGUMENT, "unit %s: a digest has at most %d bytes",
                       tn_quote(shown, claim->name), TENON_DIGEST_ROOM);
    if (!tn_builder_keep(builder, &copy.name) ||
        (copy.origin && !tn_builder_keep(builder, &copy.origin)) ||
        (copy.code && !tn_builder_keep(builder, &copy.code)) ||
        !tn_grow(&list->rows, &list->room, list->count, sizeof *list->rows))
        return tn_no_memory(err);
    list->rows[list->count++] = copy;
    return true;
}

static tenon_claim *claim_named(const struct tn_claims *list, const tenon_claim *like)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].kind == like->kind && strcmp(list->rows[i].name, like->name) == 0)
            return &list->rows[i];
    return NULL;
}

/* A later claim about the same unit replaces the earlier one. */
static bool claim_once(tenon_builder *builder, struct tn_claims *list, const tenon_claim *claim,
                       tenon_error *err)
{
    tenon_claim *old = claim->name ? claim_named(list, claim) : NULL;

    if (!tn_builder_claim(builder, list, claim, err))
        return false;
    if (old) {
        /* the list may have moved; the old row comes before the new one */
        old = claim_named(list, claim);
        *old = list->rows[--list->count];
    }
    return true;
}

bool tenon_builder_require(tenon_builder *builder, const tenon_claim *claim, tenon_error *err)
{
    return claim_once(builder, &builder->required, claim, err);
}

bool tenon_builder_provide(tenon_builder *builder, const tenon_claim *claim, tenon_error *err)
{
    return claim_once(builder, &builder->provides, claim, err);
}

/* ---- entries ------------------------------------------------------------------------------------
 */

struct tn_item *tn_builder_item(const tenon_builder *builder, const char *path)
{
    size_t number = tn_entry_order_find(&builder->order, path);

    return number == TN_NO_ENTRY ? NULL : &builder->items[number];
}

static const char *new_entry_fault(const tenon_builder *builder, const char *path, size_t size,
                                   bool replace)
{
    const char *fault = tn_entry_name_fault(path, strlen(path));

    if (fault)
        return fault;
    if (strcmp(path, TN_MANIFEST_ENTRY) == 0 || strcmp(path, TN_SIGNATURE_ENTRY) == 0)
        return "the manifest and its signature are made, not added";
    if (size > TN_LIMIT_ENTRY)
        return "too large for a bundle";
    if (!replace && tn_builder_item(builder, path))
        return "it is there already";
    if (!tn_builder_item(builder, path) && builder->item_count >= TN_LIMIT_BUNDLE_ENTRIES - 2)
        return "too many entries";
    return tn_entry_order_fault(&builder->order, path);
}

/* A new item, empty; NULL: no memory. */
static struct tn_item *new_item(tenon_builder *builder, const char *path)
{
    size_t number = builder->item_count;

    if (!tn_grow(&builder->items, &builder->item_room, number, sizeof *builder->items) ||
        !tn_entry_order_add(&builder->order, path, number))
        return NULL;
    builder->item_count++;
    builder->items[number] = (struct tn_item){ .path = path };
    return &builder->items[number];
}

struct tn_item *tn_builder_put(tenon_builder *builder, const char *path, void *bytes, size_t size,
                               bool replace, tenon_error *err)
{
    const char *fault = new_entry_fault(builder, path, size, replace);
    struct tn_item *item = tn_builder_item(builder, path);
    const char *copy = fault ? NULL : tn_arena_string(&builder->arena, path);
    char shown[TN_QUOTE_ROOM];

    if (fault) {
        tn_fail(err, TENON_E_ARGUMENT, "entry %s: %s", tn_quote(shown, path), fault);
    } else if (!copy || !(item || (item = new_item(builder, copy)))) {
        tn_no_memory(err);
    } else {
        free_item(item);
        *item = (struct tn_item){ .path = copy, .bytes = bytes, .size = size };
        tn_entry_order_set(&builder->order, copy, (size_t)(item - builder->items));
        return item;
    }
    free(bytes);
    return NULL;
}

/* A bundle of OCaml code gets this one; in others it would only look like a bundle's. */
static bool check_added(const char *entry, tenon_error *err)
{
    return strcmp(entry, TN_BAP_MANIFEST_ENTRY) != 0 ||
           tn_fail(err, TENON_E_ARGUMENT, "entry '%s': it is made of the manifest, not added",
                   entry);
}

bool tenon_builder_add_bytes(tenon_builder *builder, const char *entry, const void *bytes,
                             size_t size, tenon_error *err)
{
    void *copy;

    if (!check_added(entry, err))
        return false;
    copy = malloc(size + 1);
    if (!copy)
        return tn_no_memory(err);
    if (size)
        memcpy(copy, bytes, size);
    return tn_builder_put(builder, entry, copy, size, false, err);
}

bool tenon_builder_add_file(tenon_builder *builder, const char *entry, const char *file,
                            tenon_error *err)
{
    void *bytes;
    size_t size;

    return check_added(entry, err) && tn_read_file(file, &bytes, &size, err) &&
           tn_builder_put(builder, entry, bytes, size, false, err);
}

bool tenon_builder_drop(tenon_builder *builder, const char *entry, tenon_error *err)
{
    struct tn_item *item = tn_builder_item(builder, entry);
    char shown[TN_QUOTE_ROOM];

    if (!item)
        return tn_fail(err, TENON_E_NOT_FOUND, "no entry %s", tn_quote(shown, entry));
    tn_entry_order_remove(&builder->order, item->path);
    free_item(item);
    const struct tn_item *last = &builder->items[--builder->item_count];
    if (item != last) {
        *item = *last;
        tn_entry_order_set(&builder->order, item->path, (size_t)(item - builder->items));
    }
    return true;
}

static bool open_file(const char *path, int *fd, struct stat *info, tenon_error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0)
        return tn_fail_system(err, errno, "opening it");
    if (fstat(*fd, info) < 0)
        return tn_fail_system(err, errno, "looking at it");
    if (!S_ISREG(info->st_mode))
        return tn_fail(err, TENON_E_ARGUMENT, "no regular file");
    if ((uint64_t)info->st_size > TN_LIMIT_ENTRY)
        return tn_fail(err, TENON_E_LIMIT, "%jd bytes, at most %" PRIu64, (intmax_t)info->st_size,
                       TN_LIMIT_ENTRY);
    return true;
}

bool tn_read_file(const char *path, void **bytes, size_t *size, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct stat info;
    int fd = -1;
    bool ok = open_file(path, &fd, &info, err);

    *bytes = NULL;
    if (ok) {
        *size = (size_t)info.st_size;
        *bytes = malloc(*size + 1);
        ok = *bytes ? tn_read_range(fd, 0, *bytes, *size, err) : tn_no_memory(err);
    }
    if (fd >= 0)
        close(fd);
    if (ok)
        return true;
    free(*bytes);
    return tn_context(err, "%s", tn_quote(shown, path));
}
