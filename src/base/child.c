/* src/base/child.c - a child process: started, and what its end means */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct tn_exit tn_exit_of(int wait_status)
{
    if (WIFSIGNALED(wait_status))
        return (struct tn_exit){ 128 + WTERMSIG(wait_status), WTERMSIG(wait_status) };
    return (struct tn_exit){ WEXITSTATUS(wait_status), 0 };
}

static int redirect(posix_spawn_file_actions_t *files, int from, int to)
{
    return from < 0 ? 0 : posix_spawn_file_actions_adddup2(files, from, to);
}

static int prepare(const struct tn_child *child, const sigset_t *mask,
                   posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes)
{
    const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t defaults;
    int failed = redirect(files, child->in, STDIN_FILENO);

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGCHLD);
    if (!failed)
        failed = redirect(files, child->out, STDOUT_FILENO);
    if (!failed)
        failed = redirect(files, child->err_out, STDERR_FILENO);
    if (!failed)
        failed = posix_spawnattr_setsigmask(attributes, mask);
    if (!failed)
        failed = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (!failed && child->own_group)
        failed = posix_spawnattr_setpgroup(attributes, 0);
    if (!failed)
        failed = posix_spawnattr_setflags(
            attributes, (short)(flags | (child->own_group ? POSIX_SPAWN_SETPGROUP : 0)));
    return failed;
}

static int spawn(const struct tn_child *child, const sigset_t *mask, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&files);

    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = prepare(child, mask, &files, &attributes);
        /* neither list is written to; their type is older than const */
        if (!failed)
            failed = posix_spawnp(pid, child->argv[0], &files, &attributes,
                                  (char *const *)child->argv, (char *const *)child->env);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* ---- a process that ignores SIGCHLD ---------------------------------------------------------- */

/* rule  POSIX sigaction(): SA_NOCLDWAIT, and SIG_IGN for SIGCHLD: children leave no status */
static bool is_told_nothing(void)
{
    struct sigaction now;

    return sigaction(SIGCHLD, NULL, &now) == 0 &&
           ((now.sa_flags & SA_NOCLDWAIT) ||
            (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN));
}

/* In the copy. All signals are blocked here, so that who ends the group leaves us to tell of it. */
static _Noreturn void stand_between(const struct tn_child *child, const sigset_t *mask, int report)
{
    const struct sigaction own = { .sa_handler = SIG_DFL };
    struct tn_child inside = *child;
    int status;
    pid_t pid;

    inside.own_group = false;
    setpgid(0, 0);
    sigaction(SIGCHLD, &own, NULL);
    int failed = spawn(&inside, mask, &pid);
    bool told = write(report, &failed, sizeof failed) == sizeof failed;
    while (!failed && waitpid(pid, &status, 0) < 0)
        failed = errno == EINTR ? 0 : errno;
    if (!failed && told)
        told = write(report, &status, sizeof status) == sizeof status;
    _exit(told ? 0 : 1);
}

static int read_report(int fd, int *number)
{
    ssize_t got;

    while ((got = read(fd, number, sizeof *number)) < 0 && errno == EINTR)
        ;
    return got == sizeof *number ? 0 : ECHILD;
}

static int start_between(const struct tn_child *child, const sigset_t *mask,
                         struct tn_started *started)
{
    int report[2], failed, said;

    if (pipe2(report, O_CLOEXEC) < 0)
        return errno;
    started->pid = fork();
    if (started->pid == 0)
        stand_between(child, mask, report[1]);
    failed = started->pid < 0 ? errno : 0;
    close(report[1]);
    if (!failed && !(failed = read_report(report[0], &said)))
        failed = said;
    if (failed)
        close(report[0]);
    else
        started->told = report[0];
    return failed;
}

int tn_child_start(const struct tn_child *child, struct tn_started *started)
{
    sigset_t all, before;
    int failed;

    *started = (struct tn_started){ .told = -1 };
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const sigset_t *mask = child->mask ? child->mask : &before;
    failed =
        is_told_nothing() ? start_between(child, mask, started) : spawn(child, mask, &started->pid);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* A descriptor that can be read when the child ended; -1: Linux before 5.3, other systems. */
static int open_child(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = { .si_pid = 0 };

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

static bool is_asked_to_end(const sigset_t *ending)
{
    sigset_t pending;

    sigpending(&pending);
    for (int signal = 1; ending && signal < NSIG; signal++)
        if (sigismember(ending, signal) == 1 && sigismember(&pending, signal) == 1)
            return true;
    return false;
}

static long long milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0 when the child ended; else why it is waited for no longer. */
static int watch(pid_t pid, int fd, const struct tn_patience *patience)
{
    enum { TICK = 100, SHORT = 10 }; /* without a descriptor nothing wakes us when it ends */
    struct pollfd event = { .fd = fd, .events = POLLIN };
    long long end = milliseconds() + (long long)patience->seconds * 1000;

    while (!has_ended(pid)) {
        if (is_asked_to_end(patience->ending))
            return EINTR;
        if (patience->seconds && milliseconds() >= end)
            return ETIMEDOUT;
        poll(&event, 1, fd < 0 ? SHORT : TICK);
    }
    return 0;
}

/* Asks first, then insists. */
static void stop(pid_t pid, int fd, bool group)
{
    const struct tn_patience last = { .seconds = 1 };
    pid_t whom = group ? -pid : pid;

    kill(whom, SIGTERM);
    watch(pid, fd, &last);
    kill(whom, SIGKILL);
}

int tn_child_wait(const struct tn_started *started, const struct tn_patience *patience,
                  struct tn_exit *exit)
{
    bool between = started->told >= 0;
    int status = 0, fd = open_child(started->pid), failed = watch(started->pid, fd, patience);
    int lost = 0;

    if (failed)
        stop(started->pid, fd, patience->group || between);
    if (fd >= 0)
        close(fd);
    while (waitpid(started->pid, &status, 0) < 0 && (lost = errno) == EINTR)
        lost = 0;
    if (between) {
        lost = read_report(started->told, &status);
        close(started->told);
    }
    if (lost && !failed)
        return lost;
    *exit = tn_exit_of(status);
    return failed;
}
