/* src/loader/netbsd_conf.h - /etc/ld.so.conf of NetBSD, which the loader itself reads */
#ifndef TN_NETBSD_CONF_H
#define TN_NETBSD_CONF_H

#include "arena.h"
#include "view.h"

/* When `library` is needed and the system's variable has this value, `libraries` are instead. */
struct tn_netbsd_row {
    const char *library, *variable, *value;
    const char *const *libraries; /* NULL-ended */
    size_t line;                  /* rows of one line have one number, later lines a higher one */
};

struct tn_netbsd_conf {
    const char *const *dirs; /* as written, in order */
    size_t dir_count;
    const struct tn_netbsd_row *rows;
    size_t row_count;
};

/* Reads the bytes of the file. Lines that make no sense are left out. false: no memory. */
bool tn_netbsd_conf_read(struct tn_arena *arena, struct tn_view file, struct tn_netbsd_conf *out);

#endif
