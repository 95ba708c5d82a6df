/* fuzz/fuzz_cachenotes.c - any text is the notes of a cache directory or none; names in them stay
 * in the directory */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cache_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_notes notes;
    char *text = malloc(size + 1);

    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (tn_notes_parse(text, &arena, &notes))
        for (size_t i = 0; i < notes.count; i++) {
            const char *name = notes.rows[i].name;
            if (!*name || strchr(name, '/') || strcmp(name, "..") == 0 ||
                !tn_notes_find(&notes, name))
                abort();
        }
    tn_arena_free(&arena);
    free(text);
    return 0;
}
