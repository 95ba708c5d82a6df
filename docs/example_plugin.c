/* docs/example_plugin.c - a plugin for docs/example_host.c; needs no linking with libtenon */
#include <tenon/plugin.h>

/* As the host declares it; both would include one header. */
struct log_service {
    void (*say)(const char *text);
};

int tenon_plugin_start(tenon_plugin *self, int argc, char **argv)
{
    const struct log_service *log = self->service(self, "log", 1);

    (void)argc;
    (void)argv;
    if (!log)
        return 1;
    log->say(self->name);
    return 0;
}
