/*
 * bench/ocaml_floor.c - the least that whoever reads OCaml's files must do: open them, and copy the
 * bytes that must be looked at
 *
 * Usage: ocaml_floor LIST
 *
 * Each line of LIST is "OFFSET SIZE PATH"; lines of one file follow each other. Each file is opened
 * once, each range read by one pread, always into the same memory. Nothing is looked at. bench/
 * ocaml-units makes the list before anything is timed: the descriptors of .cma and .cmxs, which are
 * marshalled values that have to be walked to their end, with 16 bytes before them that say where
 * they are; of .cmxs two pages for headers and symbols instead.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char room[16 << 20];

int main(int argc, char **argv)
{
    char line[8192], before[8192] = "";
    FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
    int fd = -1, offset, size, start;

    if (!list) {
        fputs("usage: ocaml_floor LIST\n", stderr);
        return 2;
    }
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%d %d %n", &offset, &size, &start) != 2 || (size_t)size > sizeof room)
            return 2;
        if (strcmp(line + start, before) != 0) {
            if (fd >= 0)
                close(fd);
            fd = open(line + start, O_RDONLY | O_CLOEXEC);
            strcpy(before, line + start);
        }
        if (fd < 0 || pread(fd, room, (size_t)size, offset) != size)
            return 1;
    }
    return 0;
}
