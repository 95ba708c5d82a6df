/* src/find/conf.h - make-style assignments: tenon.conf and conf-NAME.mk */
#ifndef TN_CONF_H
#define TN_CONF_H

#include <tenon/error.h>

#include "arena.h"
#include "view.h"

/* Variables in the order they were first assigned. */
struct tn_conf {
    struct tn_conf_row {
        const char *name, *value; /* in the arena */
        bool weak;                /* by ?= alone */
    } * rows;
    size_t count, room;
};

/*
 * Reads NAME = VALUE, := (the same: values are expanded where they stand), ?= and +=, with #
 * comments (\# is a plain #), lines continued by a backslash, $(NAME), ${NAME} and $$.
 *
 * errors   TENON_E_MALFORMED "line N: ...", TENON_E_LIMIT, TENON_E_MEMORY
 */
bool tn_conf_read(struct tn_conf *conf, struct tn_arena *arena, struct tn_view text,
                  tenon_error *err);
const char *tn_conf_get(const struct tn_conf *conf, const char *name, size_t size);
void tn_conf_free(struct tn_conf *conf);

/* What stands for a variable's name; NULL: it has no value. */
typedef const char *tn_lookup(void *arg, const char *name, size_t size);

/*
 * A copy of `text` in which ${NAME} is replaced by what `lookup` says; when `round`, as in make,
 * $(NAME) too, and $$ by $. Another $ stays. NULL with *err filled: an unclosed or unknown name
 * (TENON_E_MALFORMED), a value too long (TENON_E_LIMIT), no memory.
 */
const char *tn_expand(struct tn_arena *arena, const char *text, size_t size, bool round,
                      tn_lookup *lookup, void *arg, tenon_error *err);

#endif
