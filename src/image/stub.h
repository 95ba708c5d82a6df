/* src/image/stub.h - texts that stand for libraries: what their readers share */
#ifndef TN_STUB_H
#define TN_STUB_H

#include <jansson.h>

#include "model.h"

/* Bytes of such a text; the largest of an SDK have some MiB. */
#define TN_LIMIT_STUB (16u << 20)

/* The whole text, without a byte order mark, NUL-ended and in the arena. */
bool tn_stub_text(struct tn_file *file, const char **text, size_t *size, tenon_error *err);

/* The first bytes without byte order mark and white space. */
struct tn_view tn_stub_head(struct tn_view head);

/* Adds a need; `how` may be NULL. The strings live in the arena or longer. */
bool tn_stub_need(struct tn_facts *facts, struct tn_arena *arena, size_t *room,
                  const tenon_need *need, tenon_error *err);

/* Adds a directory that is looked through. */
bool tn_stub_path(struct tn_facts *facts, struct tn_arena *arena, size_t *room, const char *kind,
                  const char *path, tenon_error *err);

/*
 * One document of the YAML that text stubs are written in: block maps and lists, lists in brackets,
 * plain and quoted scalars, no anchors, no nesting in brackets. A map becomes an object, a list an
 * array, a scalar a string.
 *
 * *at is where to go on; "" then or before: there is no more (NULL without *err filled)
 * tag     of the document, "!tapi-tbd", or ""; in the arena
 * owner   the caller, json_decref()
 */
json_t *tn_yaml_document(struct tn_arena *arena, const char **at, unsigned *line, const char **tag,
                         tenon_error *err);

#endif
