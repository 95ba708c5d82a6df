/* src/loader/crle.h - the configuration file of Solaris' and illumos' ld.so.1, as crle(1) makes it
 */
#ifndef TN_CRLE_H
#define TN_CRLE_H

#include "cursor.h"

/* What it says of the search; strings are borrowed from the bytes, NULL: nothing. */
struct tn_crle {
    const char *default_dirs; /* instead of the default directories */
    const char *secure_dirs;
    const char *library_path;           /* for LD_LIBRARY_PATH, when the environment has none */
    const char *permanent_library_path; /* behind LD_LIBRARY_PATH */
    bool unified; /* the directories are all; else /lib stands beside /usr/lib by itself */
};

/* Of which process it must be. */
struct tn_crle_kind {
    unsigned word;
    enum tn_endian endian;
    uint32_t machine;
};

/*
 * rule     illumos usr/src/cmd/sgs/include/rtc.h; rtld/common/config_elf.c
 * errors   TENON_E_TRUNCATED, TENON_E_MALFORMED, TENON_E_UNSUPPORTED (made for another kind of
 *          process, or to be ignored): the loader goes on as if there were none
 */
bool tn_crle_read(struct tn_view file, const struct tn_crle_kind *kind, struct tn_crle *out,
                  tenon_error *err);

#endif
