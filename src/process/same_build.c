/* src/process/same_build.c - is a shared library of a bundle the one that is there? */
#include <sodium.h>
#include <string.h>

#include "file.h"
#include "holding.h"

/* The SHA-256 of its file; false: it cannot be read, or is not what is in memory. */
static bool hash_file(struct tn_holding *holding, tenon_world *world)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_view all;

    if (holding->hash_tried)
        return holding->hash_known;
    holding->hash_tried = true;
    if ((holding->base && !tn_holding_check_file(holding, world)) ||
        tn_file_open(world, holding->path, &arena, &file) != 0)
        return false;
    if (tn_file_view(&file, 0, file.info.size, "file", &all, NULL)) {
        crypto_hash_sha256(holding->hash, all.at, all.size);
        holding->hash_known = true;
    }
    tn_file_close(&file);
    tn_arena_free(&arena);
    return holding->hash_known;
}

/* Build ids tell; where linkers put none in, the bytes do. */
enum tenon_answer tn_holding_same_build(struct tn_holding *a, struct tn_holding *b,
                                        tenon_world *world)
{
    enum tenon_answer answer =
        tenon_digest_equal(&a->library.implementation, &b->library.implementation);
    if (answer != TENON_UNKNOWN || !hash_file(a, world) || !hash_file(b, world))
        return answer;
    return memcmp(a->hash, b->hash, sizeof a->hash) == 0 ? TENON_YES : TENON_NO;
}
