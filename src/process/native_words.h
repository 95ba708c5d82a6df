/* src/process/native_words.h - what the system's loader would refuse, as findings */
#ifndef TN_NATIVE_WORDS_H
#define TN_NATIVE_WORDS_H

#include "job.h"

/* Each refuses the candidate `number`, where nothing else is said. Rows are those of the graph. */

/* A library that does not load; `by`: who needs it, TENON_THE_FILE for the plugin's own code. */
void tn_say_library(struct tn_job *job, uint32_t number, const tenon_graph *graph, size_t row,
                    int32_t by);

/* A library that lies in the cache, and is of no bundle: the plugin, its name, where it is. */
#define TN_PLANTED_WORDS                                                                           \
    "plugin \"%s\" would get %s from the cache, where no bundle has put it: %s; "                  \
    "`tenon cache prune --all` removes what was taken out"
void tn_say_planted(struct tn_job *job, uint32_t number, const tenon_graph *graph, int32_t row);

void tn_say_version(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                    const tenon_missing_version *missing);

/* `elsewhere`: an object that defines it, but that the plugin does not see; NULL. */
void tn_say_symbol(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                   const tenon_symbol_binding *binding, const char *elsewhere);

/* The host program defines it, and was not linked to export it. */
void tn_say_not_exported(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                         const tenon_symbol_binding *binding);

/*
 * A symbol comes from another version of the library of row `asked`; `own`: one that does come from
 * it, by which the two are mixed; NULL: none does, and nothing is refused.
 */
void tn_say_mixed(struct tn_job *job, uint32_t number, const tenon_graph *graph,
                  const tenon_symbol_binding *binding, int32_t asked, const char *own);

/* The process gets an executable stack by that object; once for each plugin. Refuses nothing. */
void tn_say_stack(struct tn_job *job, uint32_t number, const tenon_graph *graph, int32_t row);

/* What the library holds is not known. */
void tn_say_unread(struct tn_job *job, uint32_t number, const struct tn_holding *holding);

void tn_say_tls(struct tn_job *job, uint32_t number, const struct tn_holding *holding,
                uint64_t used, uint64_t room);

#endif
