/* bench/peer_ltdl.c - libltdl loads the files named in LIST; without LIST it starts and ends */
#include <ltdl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char line[4096];
    FILE *in = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (lt_dlinit() != 0 || (argc > 1 && !in))
        _exit(2);
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        if (!lt_dlopen(line))
            _exit(2);
    }
    _exit(0);
}
