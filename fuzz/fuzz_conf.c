/* fuzz/fuzz_conf.c - a tenon.conf or conf-NAME.mk, and what is joined from it */
#include <stdint.h>
#include <stdlib.h>
#include <tenon/find.h>

#include "conf.h"
#include "join.h"
#include "quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_joined elf = { .platform = tenon_platform_named("linux"), .rpath_flag = "-rpath" };
    struct tn_joined xcoff = { .platform = tenon_platform_named("aix") };
    tenon_error err = TENON_ERROR_INIT;
    tenon_settings *settings = tenon_settings_new(NULL);

    if (!settings)
        abort();
    if (!tenon_settings_read(settings, data, size, "conf", &err) && err.code == TENON_OK)
        abort();
    (void)tenon_settings_settle(settings, tenon_platform_named("linux"), NULL);
    const char *ldflags = tenon_settings_get(settings, "LDFLAGS");
    if (ldflags && !tn_split_shell(&xcoff.ldflags, &arena, ldflags))
        abort();
    tenon_world *world = tenon_world_empty(NULL);
    if (!world)
        abort();
    if (tn_join_add(&elf, &arena, "z", tn_view(data, size), NULL))
        (void)tn_join_end(&elf, &arena, world, NULL);
    if (tn_join_add(&xcoff, &arena, "b", tn_view(data, size), NULL))
        (void)tn_join_end(&xcoff, &arena, world, NULL);
    tenon_world_free(world);
    tn_joined_free(&elf);
    tn_joined_free(&xcoff);
    tenon_settings_free(settings);
    tn_arena_free(&arena);
    return 0;
}
