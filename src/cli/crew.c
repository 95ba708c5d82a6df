/*
 * src/cli/crew.c - many FILEs answered for by several threads, told in their order
 *
 * Members take the next few files of the list at a time. What they have to say is kept until all
 * before it was told, by the first member, which is the thread that there was before. It also does
 * itself, in order, what is more than an answer: directories, and failures, which go to another
 * stream.
 */
#include "crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "thread.h"

#define MEMBERS 4 /* at most: each reads the cache, and remembers common libraries */
#define WORTH_IT 24
#define BATCH 8              /* files taken at a time */
#define SLOTS 16             /* batches that were not told yet */
#define KEPT_MOST (4u << 20) /* bytes that do not fit their buffers: then nobody goes on */

/* Files [first, first + count) and what was said about them. */
struct batch {
    size_t first, count;
    bool done;
    int status;
    char *buffer;         /* what was said, of `used` bytes */
    struct cli_kept said; /* ... when that was more than fits there; then all of it */
    size_t used;
    size_t ends[BATCH]; /* of each file's part of it */
    bool left[BATCH];   /* to the first member */
    bool answered[BATCH];
};

struct crew {
    struct cli_answer *answer; /* the command's own */
    const struct cli_crew_kind *kind;
    const char *const *files;
    size_t count, at_once; /* files; how many are taken now, by how much was said about others */
    size_t kept;           /* bytes of all that did not fit a buffer */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* a slot became free, a batch was done, or all is over */
    size_t next;            /* file to be taken */
    size_t taken, told;     /* batches */
    bool stop;
    struct batch batches[SLOTS]; /* number k in k % SLOTS */
    char *unused[SLOTS];         /* buffers that no batch has, the one used last at the end */
    size_t unused_count;
};

struct helper {
    struct crew *crew;
    struct cli_member *member;
    pthread_t thread;
};

size_t cli_crew_size(size_t files)
{
    struct tn_processors own;

    tn_processors_get(&own);
    size_t size = own.count < 1 ? 1 : own.count < MEMBERS ? own.count : MEMBERS;
    return size < files / WORTH_IT ? size : files / WORTH_IT ? files / WORTH_IT : 1;
}

/* ---- taking and doing ---------------------------------------------------------------------- */

/* The next batch, with the lock held; NULL: none is left, or there is no room for now. */
static struct batch *next_batch(struct crew *crew)
{
    struct batch *batch = &crew->batches[crew->taken % SLOTS];

    if (crew->stop || crew->next == crew->count || crew->taken - crew->told == SLOTS ||
        crew->kept > KEPT_MOST)
        return NULL;
    batch->first = crew->next;
    batch->count =
        crew->count - crew->next < crew->at_once ? crew->count - crew->next : crew->at_once;
    batch->done = false;
    batch->status = CLI_YES;
    batch->buffer = crew->unused[--crew->unused_count];
    crew->next += batch->count;
    crew->taken++;
    return batch;
}

static void answer_batch(struct crew *crew, struct cli_member *member, struct batch *batch)
{
    struct cli_out *out = &member->cli.out;
    struct cli_answer *answer = &member->answer;

    out->kept = &batch->said;
    out->buffer = batch->buffer;
    out->used = 0;
    for (size_t i = 0; i < batch->count; i++) {
        size_t before = answer->answered;
        answer->left = false;
        answer->json.comma = true; /* something stands before, or it is taken off */
        int status = cli_answer_one(answer, crew->files[batch->first + i]);
        batch->left[i] = answer->left || out->error;
        batch->answered[i] = answer->answered != before;
        batch->ends[i] = batch->said.size + out->used;
        batch->status = batch->left[i] ? batch->status : cli_worse(batch->status, status);
    }
    if (batch->said.size)
        cli_flush(out);
    batch->used = out->used;
    if (out->error) /* no memory to keep it */
        for (size_t i = 0; i < batch->count; i++)
            batch->left[i] = true;
    out->error = 0;
}

static void do_batch(struct crew *crew, struct cli_member *member, struct batch *batch)
{
    pthread_mutex_unlock(&crew->lock);
    answer_batch(crew, member, batch);
    pthread_mutex_lock(&crew->lock);
    batch->done = true;
    crew->kept += batch->said.size;
    if ((batch->said.size || batch->used > CLI_OUT_ROOM / 2) && crew->at_once > 1)
        crew->at_once /= 2;
    else if (!batch->said.size && batch->used < CLI_OUT_ROOM / 8 && crew->at_once < BATCH)
        crew->at_once++;
}

static void *help(void *arg)
{
    struct helper *helper = arg;
    struct crew *crew = helper->crew;
    struct cli_member *member = helper->member;

    if (!crew->kind->begin(member, crew->answer)) {
        crew->kind->end(member);
        return NULL;
    }
    pthread_mutex_lock(&crew->lock);
    while (!crew->stop && crew->next < crew->count) {
        struct batch *batch = next_batch(crew);
        if (batch) {
            do_batch(crew, member, batch);
            pthread_cond_broadcast(&crew->changed);
        } else {
            pthread_cond_wait(&crew->changed, &crew->lock);
        }
    }
    pthread_mutex_unlock(&crew->lock);
    crew->kind->end(member);
    return NULL;
}

/* ---- telling ------------------------------------------------------------------------------- */

/* What was said about one file, without what sets it off when nothing was said before it. */
static void tell_part(struct cli_answer *answer, const char *bytes, size_t size)
{
    bool first = answer->cli->json ? !answer->json.comma : !answer->answered;

    if (!size)
        return;
    cli_put_whole(&answer->cli->out, bytes + first, size - first);
    answer->json.comma = true;
}

/* All parts that belong together: from one file left to the next. */
static int tell_batch(struct crew *crew, struct batch *batch)
{
    struct cli_answer *answer = crew->answer;
    const char *bytes = batch->said.size ? batch->said.bytes : batch->buffer;
    size_t start = 0, end = 0, answered = 0;

    for (size_t i = 0; i < batch->count && !answer->cli->out.error; i++) {
        if (batch->left[i]) {
            tell_part(answer, bytes + start, end - start);
            answer->answered += answered;
            batch->status =
                cli_worse(batch->status, cli_answer_one(answer, crew->files[batch->first + i]));
            start = batch->ends[i];
            answered = 0;
        }
        answered += batch->answered[i];
        end = batch->ends[i];
    }
    tell_part(answer, bytes + start, end - start);
    answer->answered += answered;
    return batch->status;
}

/* Tells the batches that are done and next. With the lock held, but for the telling. */
static int tell_done(struct crew *crew)
{
    int status = CLI_YES;

    while (crew->told < crew->taken && crew->batches[crew->told % SLOTS].done) {
        struct batch *batch = &crew->batches[crew->told % SLOTS];
        pthread_mutex_unlock(&crew->lock);
        status = cli_worse(status, tell_batch(crew, batch));
        pthread_mutex_lock(&crew->lock);
        bool was_full = crew->kept > KEPT_MOST;
        crew->kept -= batch->said.size;
        free(batch->said.bytes);
        batch->said = (struct cli_kept){ 0 };
        crew->unused[crew->unused_count++] = batch->buffer;
        /* waking for each slot alone would cost more than waiting */
        if (crew->taken - ++crew->told == SLOTS / 2 || was_full)
            pthread_cond_broadcast(&crew->changed);
        crew->stop |= crew->answer->cli->out.error != 0;
    }
    return status;
}

/* The first member's work: as a helper's, and telling. */
static int lead(struct crew *crew, struct cli_member *member)
{
    int status = CLI_YES;

    pthread_mutex_lock(&crew->lock);
    while (!crew->stop && (crew->next < crew->count || crew->told < crew->taken)) {
        struct batch *batch = next_batch(crew);
        if (batch)
            do_batch(crew, member, batch);
        else if (!crew->batches[crew->told % SLOTS].done)
            pthread_cond_wait(&crew->changed, &crew->lock);
        status = cli_worse(status, tell_done(crew));
    }
    crew->stop = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    return status;
}

/* ---- the crew ------------------------------------------------------------------------------ */

static struct cli_member *new_member(const struct cli_answer *answer, bool is_first)
{
    struct cli_member *member = malloc(sizeof *member); /* buffers are not cleared */

    if (!member)
        return NULL;
    cli_begin(&member->cli, answer->cli->command);
    member->cli.json = answer->cli->json;
    member->cli.quiet = answer->cli->quiet;
    member->cli.verbose = answer->cli->verbose;
    member->cli.out.color = answer->cli->out.color;
    member->side = (struct cli_side){ 0 };
    member->answer = *answer;
    member->answer.cli = &member->cli;
    member->answer.side = &member->side;
    member->answer.json.out = &member->cli.out;
    member->answer.answered = 1;
    member->answer.is_member = true;
    member->command = NULL;
    member->is_first = is_first;
    return member;
}

/* Starts those that can be started. */
static size_t start(struct crew *crew, struct helper *helpers, size_t wanted)
{
    size_t made = 0;

    for (; made < wanted; made++) {
        struct helper *helper = &helpers[made];
        *helper = (struct helper){ .crew = crew, .member = new_member(crew->answer, false) };
        if (helper->member && tn_thread_start(&helper->thread, help, helper))
            continue;
        free(helper->member);
        break;
    }
    return made;
}

/* All members at work, each on its own part of the processors, until all is told. */
static int work(struct crew *crew, struct cli_member *first, size_t size)
{
    struct helper helpers[MEMBERS];
    pthread_t threads[MEMBERS];
    struct tn_processors own;
    size_t made = start(crew, helpers, size - 1);

    for (size_t i = 0; i < made; i++)
        threads[i] = helpers[i].thread;
    tn_processors_get(&own);
    tn_processors_divide(&own, threads, made);
    int status = lead(crew, first);
    for (size_t i = 0; i < made; i++) {
        pthread_join(threads[i], NULL);
        free(helpers[i].member);
    }
    tn_processors_set(&own);
    return status;
}

bool cli_crew_answer(struct cli_answer *answer, const struct cli_crew_kind *kind, size_t size,
                     const char *const *files, size_t count, int *status)
{
    cli_use_large_pages(answer->cli->large_pages);
    struct crew *crew = calloc(1, sizeof *crew);
    char *buffers = malloc((size_t)SLOTS * CLI_OUT_ROOM);
    struct cli_member *first = crew && buffers ? new_member(answer, true) : NULL;
    bool good = first && kind->begin(first, answer);

    if (good) {
        *crew = (struct crew){ .answer = answer, .kind = kind, .files = files, .count = count };
        crew->at_once = answer->cli->json ? BATCH / 4 : BATCH; /* so that buffers are enough */
        for (; crew->unused_count < SLOTS; crew->unused_count++)
            crew->unused[crew->unused_count] = buffers + crew->unused_count * CLI_OUT_ROOM;
        pthread_mutex_init(&crew->lock, NULL);
        pthread_cond_init(&crew->changed, NULL);
        *status = work(crew, first, size);
        for (size_t i = 0; i < SLOTS; i++)
            free(crew->batches[i].said.bytes);
        pthread_mutex_destroy(&crew->lock);
        pthread_cond_destroy(&crew->changed);
    }
    if (first)
        kind->end(first);
    free(first);
    free(buffers);
    free(crew);
    return good;
}
