/* src/cli/crew.h - many FILEs answered for by several threads, told in their order */
#ifndef CLI_CREW_H
#define CLI_CREW_H

#include "files.h"

/* One thread's own means to answer; those of the first are the command's. */
struct cli_member {
    struct cli cli; /* whose output is kept until it is its turn */
    struct cli_side side;
    struct cli_answer answer;
    void *command; /* made by begin(), ended by end() */
    bool is_first; /* `side` is borrowed */
};

/* What a command does so that its FILEs can be answered for by a crew. */
struct cli_crew_kind {
    /*
     * Fills side and command of a member, whose `cli` and `answer` are set up already, but for
     * answer.side (the side's) and answer.command. False: it is not possible.
     */
    bool (*begin)(struct cli_member *member, const struct cli_answer *answer);
    void (*end)(struct cli_member *member);
};

/* How many members are worth their making for so many files; 1: no crew. */
size_t cli_crew_size(size_t files);

/*
 * Answers for the files as one after the other would, by so many members. Directories and failures
 * are left to `answer`. *status becomes the worst. False: no memory for it, nothing was answered.
 */
bool cli_crew_answer(struct cli_answer *answer, const struct cli_crew_kind *kind, size_t size,
                     const char *const *files, size_t count, int *status);

#endif
