/* src/link/run.c - one child process, with the signals of a launcher */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "text.h"

extern char **environ;

static const int ending[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };

static void fill_mask(sigset_t *mask)
{
    sigemptyset(mask);
    sigaddset(mask, SIGCHLD);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        sigaddset(mask, ending[i]);
}

void tn_signals_hold(struct tn_signals *signals)
{
    sigset_t mask;

    signals->asked = 0;
    fill_mask(&mask);
    pthread_sigmask(SIG_BLOCK, &mask, &signals->before);
}

void tn_signals_release(struct tn_signals *signals)
{
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}

/* A signal from the terminal reaches the whole group: only one that was sent is passed on. */
static void pass_on(pid_t child, const siginfo_t *info, int *asked)
{
    if (!*asked)
        *asked = info->si_signo;
    if (info->si_code == SI_USER || info->si_code == SI_QUEUE || info->si_code == SI_TKILL)
        kill(child, info->si_signo);
}

/* Both kinds of signals are blocked here, so none of them can be missed between two calls. */
static int wait_for(pid_t child, int *status, int *asked)
{
    sigset_t mask;

    fill_mask(&mask);
    for (;;) {
        siginfo_t info;
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended == child)
            return 0;
        if (ended < 0 && errno != EINTR)
            return errno;
        if (sigwaitinfo(&mask, &info) > 0 && info.si_signo != SIGCHLD)
            pass_on(child, &info, asked);
    }
}

bool tn_run(const char *const *argv, int out, int err_out, struct tn_signals *signals,
            struct tn_exit *exit, tenon_error *err)
{
    const struct tn_meanwhile nothing = { NULL, NULL };

    return tn_run_while(argv, out, err_out, signals, &nothing, exit, err);
}

bool tn_run_while(const char *const *argv, int out, int err_out, struct tn_signals *signals,
                  const struct tn_meanwhile *meanwhile, struct tn_exit *exit, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_started child;
    int status = 0;
    if (signals->asked) /* who wants this process to end does not wait for more */
        return tn_fail_system(err, EINTR, "%s", tn_quote(shown, argv[0]));
    const struct tn_child how = { .argv = argv,
                                  .env = (const char *const *)environ,
                                  .in = -1,
                                  .out = out,
                                  .err_out = err_out,
                                  .mask = &signals->before };
    int failed = tn_child_start(&how, &child);

    if (!failed && meanwhile->work)
        meanwhile->work(meanwhile->arg);
    if (failed)
        *exit = (struct tn_exit){ failed == ENOENT ? 127 : 126, 0 };
    else
        failed = wait_for(child.pid, &status, &signals->asked);
    if (failed)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, argv[0]));
    *exit = tn_exit_of(status);
    return true;
}
