/* fuzz/fuzz_conf.c - a tenon.conf or conf-NAME.mk, and what is joined from it */
#include <stdint.h>
#include <stdlib.h>
#include <tenon/find.h>

#include "conf.h"
#include "join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_joined joined = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    tenon_settings *settings = tenon_settings_new(NULL);

    if (!settings)
        abort();
    if (!tenon_settings_read(settings, data, size, "conf", &err) && err.code == TENON_OK)
        abort();
    (void)tenon_settings_settle(settings, tenon_platform_named("linux"), NULL);
    (void)tn_join_add(&joined, &arena, "z", tn_view(data, size), "-rpath", NULL);
    (void)tn_join_add(&joined, &arena, "b", tn_view(data, size), NULL, NULL);
    tn_joined_free(&joined);
    tenon_settings_free(settings);
    tn_arena_free(&arena);
    return 0;
}
