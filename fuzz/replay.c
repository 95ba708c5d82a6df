/* fuzz/replay.c - runs a fuzz target over every file of the given directories, as a test */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file in a block of exactly its size, so that a sanitizer guards the byte behind. */
static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    uint8_t *bytes = NULL;
    long end = -1;
    if (fseek(file, 0, SEEK_END) == 0)
        end = ftell(file);
    if (end >= 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)end);
    if (bytes && fread(bytes, 1, (size_t)end, file) != (size_t)end) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *size = (size_t)end;
    return bytes;
}

static int replay(const char *directory, const char *name)
{
    char path[4096];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    uint8_t *bytes = read_whole(path, &size);
    if (!bytes) {
        perror(path);
        return -1;
    }
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 0;
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The number of seeds replayed, -1 when one could not be read; no seeds test nothing: -1 too. */
static int replay_all(const char *directory)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_seed, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no seeds\n", directory);
        return -1;
    }
    int result = count;
    for (int i = 0; i < count; i++) {
        if (replay(directory, entries[i]->d_name) < 0)
            result = -1;
        free(entries[i]);
    }
    free(entries);
    return result;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;
    for (int i = 1; i < argc; i++) {
        int count = replay_all(argv[i]);
        if (count < 0)
            status = EXIT_FAILURE;
        else
            printf("%s: %d seeds\n", argv[i], count);
    }
    return status;
}
