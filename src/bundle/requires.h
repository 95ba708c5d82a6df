/* src/bundle/requires.h - what code expects of the program that loads it */
#ifndef TN_REQUIRES_H
#define TN_REQUIRES_H

#include "builder.h"

/*
 * Requires the units of a host program that define what the code in the builder leaves undefined,
 * with their interface digests. *record is what the host says of itself.
 *
 * errors   those of tenon_units_read
 */
bool tn_require_from_host(tenon_builder *builder, tenon_world *world, const char *host,
                          enum tenon_record *record, tenon_error *err);

/*
 * One unit by name; with a file, of that file, with its digest there. Without one, a name with
 * ".so" in it is a library's.
 *
 * errors   TENON_E_NOT_FOUND: the file has no such unit; those of tenon_units_read
 */
bool tn_require_named(tenon_builder *builder, tenon_world *world, const char *name,
                      const char *file, tenon_error *err);

/* Requires the libraries that code needs and the bundle does not have. */
bool tn_require_libraries(tenon_builder *builder, tenon_error *err);

/* The kind of a unit of which only the name is known. */
enum tenon_unit_kind tn_kind_by_name(const char *name);

#endif
