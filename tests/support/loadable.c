/* tests/support/loadable.c - a plugin that counts its starts and stops; test_load.c loads it */
#include <stdlib.h>
#include <tenon/plugin.h>

int loadable_starts, loadable_stops;

int tenon_plugin_start(tenon_plugin *self, int argc, char **argv);
void tenon_plugin_stop(tenon_plugin *self);

int tenon_plugin_start(tenon_plugin *self, int argc, char **argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    loadable_starts += getenv("TENON_NO_SUCH_VARIABLE") == NULL;
    return 0;
}

void tenon_plugin_stop(tenon_plugin *self)
{
    (void)self;
    loadable_stops++;
}
