/*
 * bench/bundle_floor.c - reads the manifests of bundles with libzip and jansson, and nothing else
 *
 *     bundle_floor THREADS LIST        prints microseconds of reading all that LIST names
 */
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zip.h>

static char **names;
static size_t count;
static atomic_size_t next;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void read_one(const char *path)
{
    zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
    zip_stat_t info;
    zip_file_t *file = NULL;
    if (!zip || zip_stat(zip, "tenon.json", 0, &info) != 0 ||
        !(file = zip_fopen(zip, "tenon.json", 0)))
        exit(2);
    char *text = malloc(info.size + 1);
    if (!text || zip_fread(file, text, info.size) != (zip_int64_t)info.size)
        exit(2);
    json_t *root = json_loadb(text, info.size, JSON_REJECT_DUPLICATES, NULL);
    if (!root)
        exit(2);
    json_decref(root);
    free(text);
    zip_fclose(file);
    zip_discard(zip);
}

static void *work(void *arg)
{
    (void)arg;
    for (size_t i; (i = atomic_fetch_add(&next, 1)) < count;)
        read_one(names[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    FILE *in = argc == 3 ? fopen(argv[2], "r") : NULL;
    static char line[4096];
    size_t threads = argc == 3 ? (size_t)atoi(argv[1]) : 0;
    pthread_t at[64];
    if (!in || threads < 1 || threads > 64)
        return 2;
    names = malloc(100000 * sizeof *names);
    while (names && count < 100000 && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        names[count++] = strdup(line);
    }
    double start = now();
    for (size_t i = 1; i < threads; i++)
        if (pthread_create(&at[i], NULL, work, NULL) != 0)
            return 2;
    work(NULL);
    for (size_t i = 1; i < threads; i++)
        pthread_join(at[i], NULL);
    printf("first %zu list %.0f plan 0\n", count, now() - start);
    return 0;
}
