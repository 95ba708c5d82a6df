/* src/find/remember.c - answers of compilers and searches in the store */
#include "remember.h"

#include <stdlib.h>

#include "fail.h"

/* What is kept changes with this: a store of another tenon is none. */
static const char format[] = "tenon find 1, " TENON_VERSION;

static void pack_list(struct tn_pack *pack, const char *const *list)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    tn_store_number(pack, count);
    for (size_t i = 0; i < count; i++)
        tn_pack_string(pack, list[i]);
}

/* The compiler: its words, and its file with what is in it. */
static void pack_compiler(struct tn_pack *pack, const struct tenon_finder *finder)
{
    tn_pack_string(pack, format);
    tn_pack_words(pack, &finder->compiler);
    tn_pack_string(pack, finder->compiler_path);
    tn_pack_string(pack, finder->sysroot);
}

static void compiler_key(const struct tenon_finder *finder, uint8_t key[TN_STORE_KEY])
{
    struct tn_pack pack = { 0 };

    tn_pack_string(&pack, "compiler");
    pack_compiler(&pack, finder);
    tn_store_key(&pack, key);
    free(pack.bytes);
}

bool tn_remember_compiler(struct tenon_finder *finder, const char **text)
{
    uint8_t key[TN_STORE_KEY];
    struct tn_unpack unpack = { .arena = &finder->arena };

    if (!finder->cache || !finder->compiler_path)
        return false;
    compiler_key(finder, key);
    if (!tn_store_get(finder->cache, key, &finder->arena, &unpack.in))
        return false;
    *text = tn_unpack_string(&unpack);
    return *text && tn_unpack_state(&unpack);
}

void tn_keep_compiler(const struct tenon_finder *finder, const char *text)
{
    uint8_t key[TN_STORE_KEY];
    struct tn_pack pack = { 0 };
    struct tn_words files = { 0 }, dirs = { 0 };
    struct tn_arena arena = { 0 };
    static const char ignored[] = "ignoring nonexistent directory \"";
    bool good = true;

    if (!finder->cache || !finder->compiler_path)
        return;
    compiler_key(finder, key);
    tn_pack_string(&pack, text);
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
    free(pack.bytes);
}

void tn_request_key(const struct tenon_finder *finder, const tenon_find_request *request,
                    uint8_t key[TN_STORE_KEY])
{
    struct tn_pack pack = { 0 };
    const char *const strings[] = { request->name,        request->function,
                                    request->program,     request->cflags,
                                    request->libs,        request->version_macro,
                                    request->version_cmd, request->version_function,
                                    request->min_version, finder->home,
                                    finder->config_home,  finder->platform->name };

    tn_pack_string(&pack, "find");
    pack_compiler(&pack, finder);
    for (size_t i = 0; tenon_setting_name(i); i++)
        tn_pack_string(&pack, tenon_settings_get(finder->settings, tenon_setting_name(i)));
    for (size_t i = 0; i < TN_COUNT(strings); i++)
        tn_pack_string(&pack, strings[i]);
    pack_list(&pack, request->headers);
    pack_list(&pack, request->dirs);
    tn_store_number(&pack, request->static_link);
    tn_store_key(&pack, key);
    free(pack.bytes);
}

static void pack_places(struct tn_pack *pack, const tenon_found *found)
{
    tn_store_number(pack, found->place_count);
    for (size_t i = 0; i < found->place_count; i++) {
        const tenon_find_place *place = &found->places[i];
        tn_pack_string(pack, place->dir);
        tn_pack_string(pack, place->origin);
        tn_pack_string(pack, place->flags);
        tn_store_number(pack, place->accepted);
        tn_store_number(pack, place->step_count);
        for (size_t k = 0; k < place->step_count; k++) {
            tn_pack_string(pack, place->steps[k].step);
            tn_store_number(pack, place->steps[k].outcome);
            tn_store_number(pack, place->steps[k].run_path);
            tn_pack_string(pack, place->steps[k].why);
        }
    }
}

static void pack_found(struct tn_pack *pack, const tenon_found *found)
{
    tn_pack_string(pack, found->name);
    tn_pack_string(pack, found->reason);
    tn_store_number(pack, found->verdict);
    tn_store_number(pack, found->value_count);
    for (size_t i = 0; i < found->value_count; i++) {
        tn_pack_string(pack, found->values[i].name);
        tn_pack_string(pack, found->values[i].value);
    }
    pack_places(pack, found);
    tn_pack_words(pack, &found->remarks);
    tn_pack_words(pack, &found->compile);
    tn_pack_words(pack, &found->link);
    tn_pack_words(pack, &found->run_dirs);
    tn_pack_string(pack, found->rpath_flag);
    tn_pack_string(pack, found->version);
}

static void unpack_steps(struct tn_unpack *in, tenon_find_place *place)
{
    uint64_t count = tn_store_take_number(in);
    tenon_find_step *steps;

    if (in->bad || count > 64 ||
        !(steps = tn_arena_rows(in->arena, (size_t)count + 1, sizeof *steps))) {
        in->bad = true;
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        steps[i].step = tn_unpack_string(in);
        steps[i].outcome = (enum tenon_step_outcome)(tn_store_take_number(in) % 3);
        steps[i].run_path = tn_store_take_number(in) != 0;
        steps[i].why = tn_unpack_string(in);
        in->bad |= !steps[i].step;
    }
    place->steps = steps;
    place->step_count = (size_t)count;
}

static void unpack_places(struct tn_unpack *in, tenon_found *found)
{
    uint64_t count = tn_store_take_number(in);

    for (uint64_t i = 0; i < count && !in->bad; i++) {
        if (!tn_grow(&found->places, &found->place_room, found->place_count,
                     sizeof *found->places)) {
            in->bad = true;
            return;
        }
        tenon_find_place *place = &found->places[found->place_count++];
        *place = (tenon_find_place){ .dir = tn_unpack_string(in) };
        place->origin = tn_unpack_string(in);
        place->flags = tn_unpack_string(in);
        place->accepted = tn_store_take_number(in) != 0;
        in->bad |= !place->origin || !place->flags;
        unpack_steps(in, place);
    }
}

static void unpack_values(struct tn_unpack *in, tenon_found *found)
{
    uint64_t count = tn_store_take_number(in);

    in->bad |= count > TN_FOUND_VALUES;
    for (uint64_t i = 0; i < count && !in->bad; i++) {
        struct tn_value value = { tn_unpack_string(in), NULL };
        value.value = tn_unpack_string(in);
        in->bad |= !value.name || !value.value;
        found->values[found->value_count] = value;
        found->value_count += !in->bad;
    }
}

static void unpack_found(struct tn_unpack *in, tenon_found *found)
{
    uint64_t verdict;

    found->name = tn_unpack_string(in);
    found->reason = tn_unpack_string(in);
    verdict = tn_store_take_number(in);
    in->bad |= !found->name || verdict > TENON_FIND_NOT_STARTABLE;
    found->verdict = in->bad ? TENON_FIND_NOT_FOUND : (enum tenon_find_verdict)verdict;
    unpack_values(in, found);
    unpack_places(in, found);
    tn_unpack_words(in, &found->remarks);
    tn_unpack_words(in, &found->compile);
    tn_unpack_words(in, &found->link);
    tn_unpack_words(in, &found->run_dirs);
    found->rpath_flag = tn_unpack_string(in);
    found->version = tn_unpack_string(in);
}

tenon_found *tn_found_unpack(struct tn_view bytes)
{
    tenon_found *found = tn_found_new("", NULL);
    struct tn_unpack in = { .in = bytes };

    if (!found)
        return NULL;
    in.arena = &found->arena;
    unpack_found(&in, found);
    if (!in.bad && tn_unpack_state(&in))
        return found;
    tenon_found_free(found);
    return NULL;
}

tenon_found *tn_remember(const struct tenon_finder *finder, const uint8_t key[TN_STORE_KEY])
{
    struct tn_arena arena = { 0 };
    struct tn_view bytes;
    tenon_found *found = NULL;

    if (finder->cache && tn_store_get(finder->cache, key, &arena, &bytes))
        found = tn_found_unpack(bytes);
    tn_arena_free(&arena);
    return found;
}

void tn_keep(const struct tenon_finder *finder, const uint8_t key[TN_STORE_KEY],
             const tenon_found *found, const char *except)
{
    struct tn_pack pack = { 0 };

    /* what was not found may be there next time, anywhere */
    if (!finder->cache || found->verdict != TENON_FIND_FOUND)
        return;
    pack_found(&pack, found);
    tn_pack_state(&pack, &found->files, &found->dirs, except);
    tn_store_put(finder->cache, key, &pack);
    free(pack.bytes);
}
