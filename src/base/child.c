/* src/base/child.c - a child process: started, and what its end means */
#include "child.h"

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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
    if (!failed && child->mask)
        failed = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
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

/* True when the time is over. Without pidfd_open (Linux 5.3) nobody watches the clock. */
static int watch(pid_t pid, unsigned seconds)
{
    int late = 0;
#ifdef SYS_pidfd_open
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        return 0;
    struct pollfd event = { .fd = fd, .events = POLLIN };
    int ready;
    do
        ready = poll(&event, 1, (int)seconds * 1000);
    while (ready < 0 && errno == EINTR);
    late = ready == 0;
    close(fd);
#else
    (void)pid;
    (void)seconds;
#endif
    return late;
}

int tn_child_wait(pid_t pid, unsigned seconds, struct tn_exit *exit)
{
    int status, late = seconds && watch(pid, seconds);

    if (late)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    *exit = tn_exit_of(status);
    return late ? ETIMEDOUT : 0;
}
