/* src/link/saved.h - objects that -save-temps leaves behind */
#ifndef TN_SAVED_H
#define TN_SAVED_H

#include "command.h"
#include "report.h"

/*
 * Rows of objects that the driver made for this link, and left there because of -save-temps, become
 * TN_REPORT_GONE: they count as if they were gone. False: no memory.
 */
bool tn_saved_set_gone(const struct tn_command *command, struct tn_arena *arena,
                       struct tn_report *report);

#endif
