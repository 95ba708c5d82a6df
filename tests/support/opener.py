"""A program that opens the library it is told with dlopen(), and lists what the process has then."""

HOST = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

static int show(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    printf("%s\n", info->dlpi_name);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !dlopen(argv[1], RTLD_NOW)) {
        printf("%s\n", dlerror());
        return 1;
    }
    return dl_iterate_phdr(show, 0);
}
"""
