/* src/link/predict.h - the record of a link's output, before and after */
#ifndef TN_PREDICT_H
#define TN_PREDICT_H

#include <tenon/world.h>

#include "model.h"

/*
 * The notes that an earlier link added to this output: units that it completed, and its summary,
 * as they would be written again. False when there is no such file or record.
 */
bool tn_predict_notes(tenon_world *world, struct tn_arena *arena, const char *output,
                      struct tn_elf_header *like, struct tn_view *notes);

/*
 * Sees that the notes arrived in the linked file.
 *
 * errors   TENON_E_UNSUPPORTED when they did not (a linker script that drops notes); those of the
 *          readers
 */
bool tn_predict_check(tenon_world *world, const char *output, struct tn_view notes,
                      tenon_error *err);

#endif
