/*
 * bench/floor.c - the least that any tool must do: open each file once, read what must be read
 *
 * Usage: floor [-j THREADS] [-r LIST] [FILE...]
 *
 * Each FILE, then each name in LIST (one a line), is opened once, read with at most two preads and
 * closed: 4096 bytes at its start (ELF header and, in practice, all program headers), then the
 * range of PT_DYNAMIC. A file that is no ELF image costs the first read only. Nothing is printed,
 * computed or allocated per file. The names of needed libraries lie in a third place (DT_STRTAB),
 * so a real answer cannot be cheaper than this. README.md says which files each workload lists.
 *
 * rule: System V gABI, "ELF Header" and "Program Header"
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEAD_SIZE = 4096,
    MOST_THREADS = 64,
    DYNAMIC_SIZE = 65536, /* a larger dynamic section is cut: still no more than one read */
    PT_DYNAMIC = 2,
};

/* Where the fields we need lie, by ELF class. */
struct layout {
    size_t e_phoff, e_phentsize, e_phnum, p_offset, p_filesz, word;
};
static const struct layout layouts[] = {
    { .e_phoff = 28, .e_phentsize = 42, .e_phnum = 44, .p_offset = 4, .p_filesz = 16, .word = 4 },
    { .e_phoff = 32, .e_phentsize = 54, .e_phnum = 56, .p_offset = 8, .p_filesz = 32, .word = 8 },
};

/* `n` bytes at `at` as a number, in the byte order of the file. */
static uint64_t number(const unsigned char *at, size_t n, int big)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | at[big ? i : n - 1 - i];
    return value;
}

/* Finds the program header PT_DYNAMIC in the `got` bytes of `head`; returns 0 when there is none.
 */
static int find_dynamic(const unsigned char *head, size_t got, uint64_t *offset, uint64_t *size)
{
    if (got < 64 || memcmp(head, "\177ELF", 4) != 0 || head[4] < 1 || head[4] > 2)
        return 0;
    const struct layout *at = &layouts[head[4] - 1];
    int big = head[5] == 2;
    uint64_t phoff = number(head + at->e_phoff, at->word, big);
    uint64_t phentsize = number(head + at->e_phentsize, 2, big);
    uint64_t phnum = number(head + at->e_phnum, 2, big);
    if (phentsize < at->p_filesz + at->word || phoff > got)
        return 0;
    for (uint64_t i = 0; i < phnum && phoff + (i + 1) * phentsize <= got; i++) {
        const unsigned char *ph = head + phoff + i * phentsize;
        if (number(ph, 4, big) == PT_DYNAMIC) {
            *offset = number(ph + at->p_offset, at->word, big);
            *size = number(ph + at->p_filesz, at->word, big);
            return 1;
        }
    }
    return 0;
}

/* Returns 0 when the file could not be opened or read. */
static int touch(const char *path)
{
    static _Thread_local unsigned char head[HEAD_SIZE], dynamic[DYNAMIC_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    uint64_t offset, size;
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (got > 0 && find_dynamic(head, (size_t)got, &offset, &size) && offset <= INT64_MAX) {
        size_t n = size < sizeof dynamic ? (size_t)size : sizeof dynamic;
        got = pread(fd, dynamic, n, (off_t)offset);
    }
    close(fd);
    return got >= 0;
}

/* The whole of a small file with a NUL after it, for free(); NULL when it cannot be read. */
static char *read_list(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    size_t size = (size_t)st.st_size;
    char *text = malloc(size + 1);
    ssize_t got = text ? read(fd, text, size) : -1;
    close(fd);
    if (got < 0) {
        free(text);
        return NULL;
    }
    text[got] = '\0';
    return text;
}

/* Of all names each thread takes those that are its turn. */
struct turn {
    char **names;
    size_t count, first, step, failed;
    pthread_t thread;
};

static void *take_turn(void *arg)
{
    struct turn *turn = arg;
    for (size_t i = turn->first; i < turn->count; i += turn->step)
        turn->failed += !touch(turn->names[i]);
    return NULL;
}

/* How many of the files could not be read. */
static size_t touch_all(char **names, size_t count, size_t threads)
{
    struct turn turns[MOST_THREADS];
    size_t failed = 0;
    for (size_t i = 0; i < threads; i++)
        turns[i] = (struct turn){ names, count, i, threads, 0, pthread_self() };
    for (size_t i = 1; i < threads; i++)
        if (pthread_create(&turns[i].thread, NULL, take_turn, &turns[i]) != 0)
            return count;
    take_turn(&turns[0]);
    for (size_t i = 0; i < threads; i++) {
        if (i)
            pthread_join(turns[i].thread, NULL);
        failed += turns[i].failed;
    }
    return failed;
}

/* The lines of a text, behind `count` names that are there. NULL: no memory. */
static char **add_lines(char **names, size_t *count, char *text)
{
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    char **all = malloc((*count + lines + 1) * sizeof *all);
    if (!all)
        return NULL;
    for (size_t i = 0; i < *count; i++)
        all[i] = names[i];
    for (char *name = text, *end; (end = strchr(name, '\n')); name = end + 1) {
        *end = '\0';
        all[(*count)++] = name;
    }
    return all;
}

int main(int argc, char **argv)
{
    const char *list = NULL;
    int threads = 1;
    for (int option; (option = getopt(argc, argv, "j:r:")) != -1;) {
        if (option == 'r')
            list = optarg;
        else if (option != 'j' || (threads = atoi(optarg)) < 1 || threads > MOST_THREADS)
            return 2;
    }
    char *text = list ? read_list(list) : NULL;
    size_t count = (size_t)(argc - optind);
    char **names = argv + optind;
    if (list && (!text || !(names = add_lines(names, &count, text)))) {
        perror(list);
        return 3;
    }
    size_t failed = touch_all(names, count, (size_t)threads);
    if (list)
        free(names);
    free(text);
    if (failed)
        fprintf(stderr, "floor: %zu files could not be read\n", failed);
    return failed ? 1 : 0;
}
