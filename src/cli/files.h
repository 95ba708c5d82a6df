/* src/cli/files.h - the FILEs of a command: directories walked, errors told, the worst counts */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "query.h"

/* How a command answers for each of its FILEs. */
struct cli_answer {
    struct cli *cli;
    const struct cli_side *side;
    struct cli_json json; /* inside "results", when there is JSON */
    int skip_other;       /* leave out files that are no images, those that were named too */
    size_t answered;      /* so far */
    bool is_member;       /* of a crew: directories and failures are left to the first member */
    bool left;            /* ... as the last file was */

    /*
     * Prints the answer for one file: `label` as the user named it, `path` in the world. False:
     * it could not be answered, *err says why, nothing was printed. Else *status is set.
     */
    bool (*give)(struct cli_answer *answer, const char *label, const char *path, int *status,
                 tenon_error *err);

    /*
     * Answers for all of the files in the place of one after the other; false: it cannot, and
     * nothing was done. NULL: there is no such way.
     */
    bool (*give_all)(struct cli_answer *answer, const char *const *files, int *status);

    /*
     * After all files, and in JSON beside "results": what was found out about them together. NULL:
     * nothing. Returns its status.
     */
    int (*finish)(struct cli_answer *answer);
    void *command;
};

/* Answers for all files of a NULL-ended list; returns the exit status. */
int cli_answer_all(struct cli_answer *answer, const char *const *files);

/* Answers for one; returns its status. */
int cli_answer_one(struct cli_answer *answer, const char *label);

#endif
