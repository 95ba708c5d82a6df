/* src/base/child.c - a child process: started, and what its end means */
#include "child.h"

#include <errno.h>
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

static int prepare(const struct tn_child *child, posix_spawn_file_actions_t *files,
                   posix_spawnattr_t *attributes)
{
    int failed = redirect(files, child->in, STDIN_FILENO);

    if (!failed)
        failed = redirect(files, child->out, STDOUT_FILENO);
    if (!failed)
        failed = redirect(files, child->err_out, STDERR_FILENO);
    if (!failed && child->mask)
        failed = posix_spawnattr_setsigmask(attributes, child->mask);
    if (!failed && child->own_group)
        failed = posix_spawnattr_setpgroup(attributes, 0);
    if (!failed)
        failed = posix_spawnattr_setflags(attributes,
                                          (short)((child->mask ? POSIX_SPAWN_SETSIGMASK : 0) |
                                                  (child->own_group ? POSIX_SPAWN_SETPGROUP : 0)));
    return failed;
}

int tn_child_start(const struct tn_child *child, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&files);

    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = prepare(child, &files, &attributes);
        /* neither list is written to; their type is older than const */
        if (!failed)
            failed = posix_spawnp(pid, child->argv[0], &files, &attributes,
                                  (char *const *)child->argv, (char *const *)child->env);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

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

int tn_child_wait(pid_t pid, const struct tn_patience *patience, struct tn_exit *exit)
{
    int status, fd = open_child(pid), failed = watch(pid, fd, patience);

    if (failed)
        stop(pid, fd, patience->group);
    if (fd >= 0)
        close(fd);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    *exit = tn_exit_of(status);
    return failed;
}
