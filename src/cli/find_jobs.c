/* src/cli/find_jobs.c - many searches at once, told in order */
#include "find_jobs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "input.h"
#include "limits.h"
#include "manifest_options.h"
#include "query.h"
#include "quote.h"
#include "text.h"

void find_asked_free(struct find_asked *asked)
{
    char *const strings[] = { asked->function,         asked->program,
                              asked->cflags,           asked->libs,
                              asked->version_cmd,      asked->version_macro,
                              asked->version_function, asked->min_version };

    for (size_t i = 0; i < TN_COUNT(strings); i++)
        free(strings[i]);
    cli_free_list(asked->headers);
    cli_free_list(asked->dirs);
    *asked = (struct find_asked){ 0 };
}

void find_jobs_free(struct find_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        find_asked_free(&jobs->rows[i].own);
        tenon_found_free(jobs->rows[i].found);
    }
    free(jobs->rows);
}

#define CHOOSE(a, b, field) ((a)->field ? (a)->field : (b)->field)

static bool add(struct find_jobs *jobs, const char *name, const struct find_asked *own,
                const struct find_asked *all)
{
    struct find_job *job;

    if (!tn_grow(&jobs->rows, &jobs->room, jobs->count, sizeof *jobs->rows))
        return false;
    job = &jobs->rows[jobs->count++];
    *job = (struct find_job){ .own = *own, .err = TENON_ERROR_INIT };
    job->request = (tenon_find_request){
        .name = name,
        .headers = (const char *const *)CHOOSE(own, all, headers),
        .dirs = (const char *const *)CHOOSE(own, all, dirs),
        .function = CHOOSE(own, all, function),
        .program = CHOOSE(own, all, program),
        .cflags = CHOOSE(own, all, cflags),
        .libs = CHOOSE(own, all, libs),
        .version_macro = CHOOSE(own, all, version_macro),
        .version_function = CHOOSE(own, all, version_function),
        .version_cmd = CHOOSE(own, all, version_cmd),
        .min_version = CHOOSE(own, all, min_version),
        .static_link = own->static_link || all->static_link,
    };
    return true;
}

static int no_memory(struct cli *cli)
{
    tenon_error err = TENON_ERROR_INIT;

    tn_no_memory(&err);
    return cli_fail_one(cli, NULL, &err);
}

int find_jobs_add(struct cli *cli, struct find_jobs *jobs, const char *name,
                  const struct find_asked *asked)
{
    const struct find_asked none = { 0 };

    return add(jobs, name, &none, asked) ? CLI_YES : no_memory(cli);
}

/* One line of a batch file. */
static int read_line(struct cli *cli, struct find_jobs *jobs, const char *where, const char *line,
                     const struct find_asked *asked, struct tn_arena *arena)
{
    struct tn_words words = { 0 };
    struct find_asked own = { 0 };
    struct poptOption table[] = { FIND_ASKED_OPTIONS(own), POPT_TABLEEND };
    poptContext parser = NULL;
    const char *name = NULL;
    int status = CLI_YES, wrong = -1;
    char shown[CLI_SHOWN_ROOM];

    if (!tn_is_balanced(line))
        return cli_usage(cli, "%s: a quote is open in %s", where, cli_shown(shown, line));
    bool good =
        tn_words_add(&words, "find") && tn_split_shell(&words, arena, line) && tn_words_end(&words);

    if (good && words.count > 1) {
        parser = poptGetContext("find", (int)words.count, words.at, table, POPT_CONTEXT_NO_EXEC);
        wrong = poptGetNextOpt(parser);
        name = wrong == -1 ? poptGetArg(parser) : NULL;
        if (wrong < -1)
            status = cli_usage(cli, "%s: %s: %s", where, cli_shown(shown, poptBadOption(parser, 0)),
                               poptStrerror(wrong));
        else if (!name || poptPeekArg(parser))
            status =
                cli_usage(cli, "%s: one NAME in each line, not %s", where, cli_shown(shown, line));
        if (name)
            name = tn_arena_string(arena, name);
        poptFreeContext(parser);
        if (status == CLI_YES)
            good = name && add(jobs, name, &own, asked);
    }
    if (status != CLI_YES || !good || !name)
        find_asked_free(&own);
    tn_words_free(&words);
    return good ? status : no_memory(cli);
}

static int fail_batch(struct cli *cli, const char *file, int failed)
{
    char shown[CLI_SHOWN_ROOM];
    tenon_error err = TENON_ERROR_INIT;

    cli_shown(shown, file);
    if (failed)
        tn_fail_system(&err, failed, "%s", shown);
    else
        tn_fail(&err, TENON_E_MALFORMED, "%s: is no text file", shown);
    return cli_fail_one(cli, file, &err);
}

int find_jobs_read(struct cli *cli, struct find_jobs *jobs, const char *file,
                   const struct find_asked *asked, struct tn_arena *arena)
{
    tenon_world *world = tenon_world_host(NULL);
    char shown[CLI_SHOWN_ROOM];
    unsigned number = 0;
    struct tn_view view;
    int failed = world ? cli_input(world, file, TN_LIMIT_CONFIG, arena, &view) : ENOMEM;
    int status = CLI_YES;

    tenon_world_free(world);
    if (failed || memchr(view.at, 0, view.size))
        return fail_batch(cli, file, failed);
    for (const char *at = (const char *)view.at; *at && status == CLI_YES;) {
        size_t n = strcspn(at, "\n");
        const char *line = tn_arena_copy(arena, at, n);
        const char *where = tn_arena_format(arena, "%s:%u", cli_shown(shown, file), ++number);
        if (!line || !where)
            return no_memory(cli);
        if (line[strspn(line, " \t")] != '#')
            status = read_line(cli, jobs, where, line, asked, arena);
        at += n + (at[n] == '\n');
    }
    return status;
}

/* ---- running --------------------------------------------------------------------------------- */

struct pool {
    struct find_jobs *jobs;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t next, finished;
};

/* It ends nobody (nohup). */
static bool is_ignored(int signal)
{
    struct sigaction action;

    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* A signal that asks to end is held back: no new search is begun. */
static bool is_asked_to_end(void)
{
    static const int ending[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
    sigset_t pending;

    sigpending(&pending);
    for (size_t i = 0; i < TN_COUNT(ending); i++)
        if (sigismember(&pending, ending[i]) && !is_ignored(ending[i]))
            return true;
    return false;
}

static struct find_job *take(struct pool *pool)
{
    struct find_job *job = NULL;

    pthread_mutex_lock(&pool->mutex);
    if (pool->next < pool->jobs->count)
        job = &pool->jobs->rows[pool->next++];
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void *work(void *arg)
{
    struct pool *pool = arg;
    struct find_job *job;

    while ((job = take(pool))) {
        if (is_asked_to_end())
            tn_fail(&job->err, TENON_E_SYSTEM, "interrupted");
        else
            job->found = tenon_find(pool->jobs->finder, &job->request, &job->err);
        pthread_mutex_lock(&pool->mutex);
        job->done = true;
        pool->finished++;
        pthread_cond_signal(&pool->changed);
        pthread_mutex_unlock(&pool->mutex);
    }
    return NULL;
}

/* A line on a terminal, over itself, after the first second. */
static void show_progress(const struct pool *pool, time_t begun, bool *shown)
{
    if (time(NULL) <= begun || pool->finished == pool->jobs->count) {
        if (*shown)
            fputs("\r\033[K", stderr);
        *shown = false;
        return;
    }
    fprintf(stderr, "\r%zu of %zu libraries", pool->finished, pool->jobs->count);
    *shown = true;
}

static void tell_in_order(struct pool *pool, bool progress, time_t begun)
{
    bool shown = false;

    for (size_t i = 0; i < pool->jobs->count; i++) {
        struct find_job *job = &pool->jobs->rows[i];
        pthread_mutex_lock(&pool->mutex);
        while (!job->done) {
            struct timespec until;
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_sec++;
            pthread_cond_timedwait(&pool->changed, &pool->mutex, &until);
            if (progress)
                show_progress(pool, begun, &shown);
        }
        pthread_mutex_unlock(&pool->mutex);
        if (shown)
            fputs("\r\033[K", stderr);
        shown = false;
        pool->jobs->tell(pool->jobs->arg, job);
    }
}

int find_jobs_run(struct cli *cli, struct find_jobs *jobs, int threads)
{
    enum { MOST = 64 };
    struct pool pool = { .jobs = jobs,
                         .mutex = PTHREAD_MUTEX_INITIALIZER,
                         .changed = PTHREAD_COND_INITIALIZER };
    long processors = threads > 0 ? threads : sysconf(_SC_NPROCESSORS_ONLN);
    bool progress = jobs->count > 1 && isatty(STDERR_FILENO) && !cli->quiet;
    time_t begun = time(NULL);
    pthread_t ids[MOST];
    size_t started = 0;
    int status = CLI_YES;

    if (processors > MOST)
        processors = MOST;
    while (started < jobs->count && (long)started < processors &&
           pthread_create(&ids[started], NULL, work, &pool) == 0)
        started++;
    if (started == 0)
        work(&pool);
    tell_in_order(&pool, progress, begun);
    for (size_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (size_t i = 0; i < jobs->count; i++)
        status = cli_worse(status, jobs->rows[i].status);
    return status;
}
