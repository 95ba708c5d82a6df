/* include/tenon/plugin.h - what a plugin sees of its loader; needs no linking with libtenon */
#ifndef TENON_PLUGIN_H
#define TENON_PLUGIN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The plugin, as its own code sees it: valid from tenon_plugin_start() until tenon_plugin_stop()
 * has returned, or the host frees its tenon_process. Members are only ever added at the end; `size`
 * says how much is there.
 */
typedef struct tenon_plugin tenon_plugin;
struct tenon_plugin {
    size_t size;           /* sizeof(struct tenon_plugin) of the loader */
    const char *name;      /* of the manifest */
    const char *version;   /* of the manifest */
    const char *bundle;    /* path of the bundle file */
    const char *directory; /* where its code was taken out to */
    void *host;            /* what the host gave to tenon_process_set_host_data(); NULL */

    /*
     * The content of a resource ("data/words.txt", or "words.txt" for short).
     *
     * owner    *bytes is the caller's to free(); a NUL follows the last byte
     * returns  0, or an errno value (ENOENT, EIO when it was altered, ENOMEM)
     */
    int (*resource)(const tenon_plugin *self, const char *name, void **bytes, size_t *bytes_size);

    /*
     * A service of the host by name, at least of this version; NULL when it offers none.
     *
     * threads  any, also one that start() or stop() waits for
     */
    const void *(*service)(const tenon_plugin *self, const char *name, unsigned version);

    void *loader; /* the loader's own */
};

/*
 * A plugin may define these two. start: 0 means it is up; anything else undoes the load, the
 * libraries are closed in reverse. stop: called before it is unloaded, never after a failed start.
 *
 * Neither may be left by an exception, by longjmp() or by the end of the thread, and no more may
 * constructors. A plugin that was left so all the same stays as it is: mapped, "busy" for whoever
 * asks for it, and nobody is let stand on it.
 *
 * Both run in the middle of a request, by the thread that made it, and may make requests
 * themselves: see tenon_load(). Threads that they wait for may call resource() and service();
 * whatever else takes the process waits until the request is done.
 */
int tenon_plugin_start(tenon_plugin *self, int argc, char **argv);
void tenon_plugin_stop(tenon_plugin *self);

#ifdef __cplusplus
}
#endif
#endif
