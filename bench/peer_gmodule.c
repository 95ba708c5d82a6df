/* bench/peer_gmodule.c - GModule loads the files named in LIST; without LIST it starts and ends */
#include <gmodule.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char line[4096];
    FILE *in = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!g_module_supported() || (argc > 1 && !in))
        _exit(2);
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        if (!g_module_open(line, G_MODULE_BIND_LOCAL))
            _exit(2);
    }
    _exit(0);
}
