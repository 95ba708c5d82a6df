/* src/find/request.h - a request without relative paths */
#ifndef TN_REQUEST_H
#define TN_REQUEST_H

#include "finder.h"

/*
 * Makes the paths of a request absolute: directories, the program, those in switches. False: no
 * memory.
 */
bool tn_request_absolute(struct tn_arena *arena, const struct tenon_finder *finder,
                         tenon_find_request *request);

#endif
