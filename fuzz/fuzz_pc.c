/* fuzz/fuzz_pc.c - a .pc file that requires itself, another, and one that is not there */
#include <stdint.h>
#include <stdlib.h>

#include "hunt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char other[] = "Requires: a\nLibs: -lb -L /x\nCflags: -I /y\n";
    struct tn_arena arena = { 0 };
    struct tn_words dirs = { 0 };
    struct tn_pc pc;
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_empty(NULL);

    if (!world || !tn_words_add(&dirs, "/pc") ||
        !tenon_world_put_file(world, "/pc/a.pc", data, size, 0644, NULL) ||
        !tenon_world_put_file(world, "/pc/b.pc", other, sizeof other - 1, 0644, NULL))
        abort();
    if (!tn_pc_read(world, &arena, "/pc/a.pc", &dirs, "/sysroot", &pc, &err) &&
        err.code == TENON_OK)
        abort();
    tn_pc_free(&pc);
    (void)tn_pc_for(world, &arena, &dirs, "z");
    tn_words_free(&dirs);
    tn_arena_free(&arena);
    tenon_world_free(world);
    return 0;
}
