/* src/find/remember.c - answers of compilers and searches in the store */
#include "remember.h"

#include <stdlib.h>

#include "fail.h"

/* What is kept changes with this: a store of another tenon is none. */
static const char format[] = "tenon find 4, " TENON_VERSION;

static void pack_words(struct tn_packer *pack, const struct tn_words *words)
{
    tn_packer_texts(pack, words->at, words->count);
}

static void pack_list(struct tn_packer *pack, const char *const *list)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    tn_packer_texts(pack, list, count);
}

/*
 * Variables by which a compiler or a linker finds its parts, or does something else; a name that
 * ends in * stands for all that begin so. What changes the libraries that are found is taken away
 * (finder.c).
 *
 * rule  GCC manual, "Environment Variables"; clang's driver: CCC_OVERRIDE_OPTIONS; ld(1):
 * GNUTARGET, LDEMULATION; cc-wrapper of Nix: NIX_*; Apple's: SDKROOT, *_DEPLOYMENT_TARGET
 */
static const char *const counted[] = {
    "GCC_*",     "COMPILER_PATH", "CCC_*",    "COLLECT_*",
    "GNUTARGET", "LDEMULATION",   "NIX_*",    "MACOSX_DEPLOYMENT_TARGET",
    "SDKROOT",   "DEVELOPER_DIR", "CCACHE_*", "DISTCC_*",
};

/* In the order of the environment: another order is only another key. */
static void pack_environment(struct tn_packer *pack, const struct tenon_finder *finder)
{
    for (size_t i = 0; i < finder->env.count; i++)
        if (tn_finder_is_listed(finder->env.at[i], counted, TN_COUNT(counted)))
            tn_packer_text(pack, finder->env.at[i]);
}

/* The compiler, and what it is run with. */
static void pack_compiler(struct tn_packer *pack, const struct tenon_finder *finder)
{
    tn_packer_text(pack, format);
    pack_words(pack, &finder->compiler);
    tn_packer_maybe(pack, finder->compiler_path);
    tn_packer_maybe(pack, finder->sysroot);
    tn_packer_maybe(pack, tn_finder_env(finder, "PATH"));
    pack_environment(pack, finder);
}

static void compiler_key(const struct tenon_finder *finder, uint8_t key[TN_STORE_KEY])
{
    struct tn_packer pack = { 0 };

    tn_packer_text(&pack, "compiler");
    pack_compiler(&pack, finder);
    tn_store_key(&pack, key);
    free(pack.at);
}

bool tn_remember_compiler(struct tenon_finder *finder, const char **text)
{
    uint8_t key[TN_STORE_KEY];
    struct tn_unpacker unpack = { .arena = &finder->arena };
    struct tn_view bytes;

    if (!finder->cache || !finder->compiler_path)
        return false;
    compiler_key(finder, key);
    if (!tn_store_get(finder->cache, key, &finder->arena, &bytes))
        return false;
    unpack.c = tn_cursor(bytes, TN_LITTLE);
    *text = tn_unpack_text(&unpack);
    return tn_unpack_state(&unpack);
}

void tn_keep_compiler(const struct tenon_finder *finder, const char *text)
{
    uint8_t key[TN_STORE_KEY];
    struct tn_packer pack = { 0 };
    struct tn_words files = { 0 }, dirs = { 0 };
    struct tn_arena arena = { 0 };
    static const char ignored[] = "ignoring nonexistent directory \"";
    bool good = true;

    if (!finder->cache || !finder->compiler_path)
        return;
    compiler_key(finder, key);
    tn_packer_text(&pack, text);
    good = tn_words_add(&files, finder->compiler_path);
    /* a directory that was not there would be named once it is */
    for (const char *at = text; good && (at = strstr(at, ignored));) {
        at += sizeof ignored - 1;
        const char *dir = tn_arena_copy(&arena, at, strcspn(at, "\"\n"));
        good = dir && tn_words_add(&files, dir);
    }
    tn_pack_state(&pack, &files, &dirs, NULL);
    if (good)
        tn_store_put(finder->cache, key, &pack);
    tn_words_free(&files);
    tn_words_free(&dirs);
    tn_arena_free(&arena);
    free(pack.at);
}

/* Directories of the settings that are relative depend on where the caller is. */
static bool has_relative(const struct tenon_finder *finder)
{
    static const char *const names[] = { "LOCALBASE", "SEARCH_LIBS" };
    static const char *const lists[] = { "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR" };

    for (size_t i = 0; i < TN_COUNT(names); i++) {
        const char *list = tenon_settings_get(finder->settings, names[i]);
        while (list && *list) {
            list += strspn(list, " \t");
            if (*list && *list != '/')
                return true;
            list += strcspn(list, " \t");
        }
    }
    for (size_t i = 0; i < TN_COUNT(lists); i++) {
        const char *list = tn_finder_env(finder, lists[i]);
        while (list && *list) {
            if (*list != '/' && *list != ':')
                return true;
            list += strcspn(list, ":");
            list += *list == ':';
        }
    }
    return false;
}

void tn_request_key(const struct tenon_finder *finder, const tenon_find_request *request,
                    uint8_t key[TN_STORE_KEY])
{
    struct tn_packer pack = { 0 };
    const char *const strings[] = { request->name,
                                    request->function,
                                    request->program,
                                    request->cflags,
                                    request->libs,
                                    request->version_macro,
                                    request->version_cmd,
                                    request->version_function,
                                    request->min_version,
                                    finder->home,
                                    finder->config_home,
                                    finder->platform->name,
                                    tn_finder_env(finder, "WINEPATH"),
                                    tn_finder_env(finder, "PKG_CONFIG_PATH"),
                                    tn_finder_env(finder, "PKG_CONFIG_LIBDIR"),
                                    tn_finder_env(finder, "PKG_CONFIG_SYSROOT_DIR") };

    tn_packer_text(&pack, "find");
    pack_compiler(&pack, finder);
    for (size_t i = 0; tenon_setting_name(i); i++)
        tn_packer_maybe(&pack, tenon_settings_get(finder->settings, tenon_setting_name(i)));
    for (size_t i = 0; i < TN_COUNT(strings); i++)
        tn_packer_maybe(&pack, strings[i]);
    tn_packer_maybe(&pack, has_relative(finder) ? finder->cwd : NULL);
    pack_list(&pack, request->headers);
    pack_list(&pack, request->dirs);
    tn_packer_byte(&pack, request->static_link);
    tn_store_key(&pack, key);
    free(pack.at);
}

static void pack_places(struct tn_packer *pack, const tenon_found *found)
{
    tn_packer_number(pack, found->place_count, 4);
    for (size_t i = 0; i < found->place_count; i++) {
        const tenon_find_place *place = &found->places[i];
        tn_packer_maybe(pack, place->dir);
        tn_packer_text(pack, place->origin);
        tn_packer_text(pack, place->flags);
        tn_packer_byte(pack, place->accepted);
        tn_packer_number(pack, place->step_count, 4);
        for (size_t k = 0; k < place->step_count; k++) {
            tn_packer_text(pack, place->steps[k].step);
            tn_packer_byte(pack, place->steps[k].outcome);
            tn_packer_byte(pack, place->steps[k].run_path);
            tn_packer_maybe(pack, place->steps[k].why);
        }
    }
}

static void pack_found(struct tn_packer *pack, const tenon_found *found)
{
    tn_packer_text(pack, found->name);
    tn_packer_maybe(pack, found->reason);
    tn_packer_byte(pack, found->verdict);
    tn_packer_number(pack, found->value_count, 4);
    for (size_t i = 0; i < found->value_count; i++) {
        tn_packer_text(pack, found->values[i].name);
        tn_packer_text(pack, found->values[i].value);
    }
    pack_places(pack, found);
    pack_words(pack, &found->remarks);
    pack_words(pack, &found->compile);
    pack_words(pack, &found->link);
    pack_words(pack, &found->run_dirs);
    tn_packer_maybe(pack, found->rpath_flag);
    tn_packer_maybe(pack, found->version);
}

enum { LEAST_STEP = 4, LEAST_PLACE = 8 };

static bool is_good(const struct tn_unpacker *in)
{
    return !in->c.lost && !in->bad && !in->no_memory;
}

static void unpack_words(struct tn_unpacker *in, struct tn_words *words)
{
    size_t count;
    const char *const *texts = tn_unpack_texts(in, &count);

    for (size_t i = 0; i < count && is_good(in); i++)
        in->no_memory |= !tn_words_add(words, texts[i]);
}

static void unpack_steps(struct tn_unpacker *in, tenon_find_place *place)
{
    tenon_find_step *steps = tn_unpack_rows(in, LEAST_STEP, sizeof *steps, &place->step_count);

    for (size_t i = 0; i < place->step_count; i++) {
        steps[i].step = tn_unpack_text(in);
        steps[i].outcome = tn_unpack_kind(in, TENON_STEP_FAILED + 1);
        steps[i].run_path = tn_unpack_kind(in, 2);
        steps[i].why = tn_unpack_maybe(in);
    }
    place->steps = steps;
}

static void unpack_places(struct tn_unpacker *in, tenon_found *found)
{
    uint32_t count = tn_u32(&in->c, "how many places");

    in->bad |= count > (in->c.in.size - in->c.pos) / LEAST_PLACE;
    for (uint32_t i = 0; i < count && is_good(in); i++) {
        if (!tn_grow(&found->places, &found->place_room, found->place_count,
                     sizeof *found->places)) {
            in->no_memory = true;
            return;
        }
        tenon_find_place *place = &found->places[found->place_count++];
        *place = (tenon_find_place){ .dir = tn_unpack_maybe(in) };
        place->origin = tn_unpack_text(in);
        place->flags = tn_unpack_text(in);
        place->accepted = tn_unpack_kind(in, 2);
        unpack_steps(in, place);
    }
}

static void unpack_values(struct tn_unpacker *in, tenon_found *found)
{
    uint32_t count = tn_u32(&in->c, "how many values");

    in->bad |= count > TN_FOUND_VALUES;
    for (uint32_t i = 0; i < count && is_good(in); i++) {
        const char *name = tn_unpack_text(in);
        found->values[found->value_count++] = (struct tn_value){ name, tn_unpack_text(in) };
    }
}

bool tn_found_unpack(tenon_found *found, struct tn_view bytes)
{
    struct tn_unpacker in = { .c = tn_cursor(bytes, TN_LITTLE), .arena = &found->arena };

    found->name = tn_unpack_text(&in);
    found->reason = tn_unpack_maybe(&in);
    found->verdict = tn_unpack_kind(&in, TENON_FIND_NOT_STARTABLE + 1);
    unpack_values(&in, found);
    unpack_places(&in, found);
    unpack_words(&in, &found->remarks);
    unpack_words(&in, &found->compile);
    unpack_words(&in, &found->link);
    unpack_words(&in, &found->run_dirs);
    found->rpath_flag = tn_unpack_maybe(&in);
    found->version = tn_unpack_maybe(&in);
    return is_good(&in) && tn_unpack_state(&in);
}

tenon_found *tn_remember(const struct tenon_finder *finder, const uint8_t key[TN_STORE_KEY])
{
    tenon_found *found = finder->cache ? tn_found_new("", NULL) : NULL;
    struct tn_view bytes;

    if (found && tn_store_get(finder->cache, key, &found->arena, &bytes) &&
        tn_found_unpack(found, bytes))
        return found;
    tenon_found_free(found);
    return NULL;
}

void tn_keep(const struct tenon_finder *finder, const uint8_t key[TN_STORE_KEY],
             const tenon_found *found, const char *except)
{
    struct tn_packer pack = { 0 };

    /* what was not found may be there next time, anywhere */
    if (!finder->cache || found->verdict != TENON_FIND_FOUND || found->unsure)
        return;
    pack_found(&pack, found);
    tn_pack_state(&pack, &found->files, &found->dirs, except);
    tn_store_put(finder->cache, key, &pack);
    free(pack.at);
}
