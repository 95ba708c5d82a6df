/*
 * bench/spawn.c - runs commands without a shell, so that no shell's start counts as theirs
 *
 * Usage: spawn -l LIST [-m FILE] COMMAND [ARG...]   once for each name in LIST (one a line), last
 *        spawn -x LIST COMMAND [ARG...]             becomes COMMAND with all names as arguments
 *        spawn -m FILE COMMAND [ARG...]             once; writes its peak memory in KiB to FILE
 *
 * The peak is the largest resident set of any one process below us. A child begins as a copy of
 * its parent, whose own peak Linux counts in, hence a parent this small and not the script.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The names in the file, each borrowed from one block that lives until exit; NULL on failure. */
static char **read_names(const char *path, size_t *count)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    ssize_t size = file ? getdelim(&text, &room, '\0', file) : -1;
    if (file)
        fclose(file);
    if (size < 0)
        return NULL;
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    char **names = calloc(lines + 1, sizeof *names);
    if (!names)
        return NULL;
    *count = 0;
    for (char *name = text, *end; (end = strchr(name, '\n')); name = end + 1) {
        *end = '\0';
        names[(*count)++] = name;
    }
    return names;
}

/* Returns what a shell would: the exit status, or 128 and the signal; -1 when it cannot start. */
static int run(char **argv)
{
    pid_t pid;
    int status;
    errno = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
    if (errno != 0 || waitpid(pid, &status, 0) != pid) {
        perror(argv[0]);
        return -1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int write_peak(const char *path)
{
    struct rusage usage;
    FILE *file = fopen(path, "w");
    if (!file)
        return -1;
    getrusage(RUSAGE_CHILDREN, &usage);
    fprintf(file, "%ld\n", usage.ru_maxrss);
    return fclose(file);
}

int main(int argc, char **argv)
{
    const char *each = NULL, *all = NULL, *peak = NULL;
    for (int option; (option = getopt(argc, argv, "+l:x:m:")) != -1;) {
        switch (option) {
        case 'l': each = optarg; break;
        case 'x': all = optarg; break;
        case 'm': peak = optarg; break;
        default: return 2;
        }
    }
    size_t given = (size_t)(argc - optind), count = 0;
    char **names = each || all ? read_names(each ? each : all, &count) : NULL;
    char **command = calloc(given + count + 2, sizeof *command);
    if (given == 0 || ((each || all) && !names) || !command) {
        fprintf(stderr, "spawn: no command, or the list cannot be read\n");
        return 2;
    }
    memcpy(command, argv + optind, given * sizeof *command);
    int worst = 0;
    if (all) {
        memcpy(command + given, names, count * sizeof *command);
        execvp(command[0], command);
        perror(command[0]);
        return 127;
    }
    for (size_t i = 0; i < (each ? count : 1); i++) {
        command[given] = each ? names[i] : NULL;
        int status = run(command);
        if (status < 0)
            return 127;
        if (status > worst)
            worst = status;
    }
    if (peak && write_peak(peak) != 0) {
        perror(peak);
        return 3;
    }
    return worst;
}
