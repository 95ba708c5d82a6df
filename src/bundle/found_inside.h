/* src/bundle/found_inside.h - whether the code of a bundle finds the libraries of the bundle */
#ifndef TN_FOUND_INSIDE_H
#define TN_FOUND_INSIDE_H

#include "builder.h"

/*
 * Asks the resolver what the plugin's code would load if the bundle were taken out into an empty
 * directory, without any environment variable. *stray is NULL when everything that is in the bundle
 * is found there; else a sentence about the first library that would come from elsewhere, in the
 * arena.
 *
 * errors   TENON_E_MEMORY, those of tenon_resolve_file
 */
bool tn_found_inside(const tenon_builder *builder, struct tn_arena *arena, const char **stray,
                     tenon_error *err);

#endif
