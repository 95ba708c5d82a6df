/* src/link/inputs.c - what a command reads, and could not read a second time */
#include "inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fail.h"
#include "temp.h"
#include "text.h"
#include "view.h"

/* ---- descriptors ------------------------------------------------------------------------------
 */

static bool wait_for_more(int descriptor)
{
    struct pollfd one = { .fd = descriptor, .events = POLLIN };

    return errno == EINTR || (errno == EAGAIN && (poll(&one, 1, -1) > 0 || errno == EINTR));
}

/* Returns 0 or an errno value. */
static int copy_all(int from, int to)
{
    uint8_t bytes[1u << 16];

    for (;;) {
        ssize_t count = read(from, bytes, sizeof bytes);
        if (count == 0)
            return 0;
        if (count < 0 && !wait_for_more(from))
            return errno;
        int failed = count > 0 ? tn_temp_append(to, tn_view(bytes, (size_t)count)) : 0;
        if (failed)
            return failed;
    }
}

/* Puts what `number` has to give into a file that takes its place. */
static bool replace(int number, tenon_error *err)
{
    int copy = tn_temp_nameless(err), failed;

    if (copy < 0)
        return false;
    failed = copy_all(number, copy);
    if (!failed && (lseek(copy, 0, SEEK_SET) != 0 || dup2(copy, number) < 0))
        failed = errno;
    close(copy);
    return !failed || tn_fail_system(err, failed, "what the command reads from /dev/fd/%d", number);
}

/* rule: Linux major number 1, /dev/null, /dev/zero and kin: they are the same each time */
static bool reads_once(const struct stat *info)
{
    return S_ISFIFO(info->st_mode) || S_ISSOCK(info->st_mode) ||
           (S_ISCHR(info->st_mode) && major(info->st_rdev) != 1);
}

static bool hold_descriptor(struct tn_inputs *inputs, int number, tenon_error *err)
{
    int mode = fcntl(number, F_GETFL);
    struct stat info;

    if (mode < 0 || (mode & O_ACCMODE) == O_WRONLY || fstat(number, &info) != 0)
        return true; /* the command will see */
    if (reads_once(&info) && !replace(number, err))
        return false;
    if (number == STDIN_FILENO && !inputs->has_start) {
        inputs->start = lseek(number, 0, SEEK_CUR);
        inputs->has_start = inputs->start >= 0;
    }
    return true;
}

/* The number behind a directory of descriptors; -1: none. */
static int number_behind(const char *text)
{
    char *end;

    if (*text < '0' || *text > '9')
        return -1;
    unsigned long number = strtoul(text, &end, 10);
    return number <= INT32_MAX && (!*end || strchr(",:", *end)) ? (int)number : -1;
}

bool tn_inputs_hold(struct tn_inputs *inputs, const char *word, tenon_error *err)
{
    static const char *const directories[] = { "/dev/fd/", "/proc/self/fd/" };

    if (strstr(word, "/dev/stdin") && !hold_descriptor(inputs, STDIN_FILENO, err))
        return false;
    for (size_t i = 0; i < TN_COUNT(directories); i++) {
        size_t size = strlen(directories[i]);
        for (const char *at = word; (at = strstr(at, directories[i])) != NULL; at += size) {
            int number = number_behind(at + size);
            if (number >= 0 && !hold_descriptor(inputs, number, err))
                return false;
        }
    }
    return true;
}

bool tn_inputs_hold_all(struct tn_inputs *inputs, const struct tn_command *command,
                        tenon_error *err)
{
    for (size_t i = 0; i < command->count; i++) {
        const struct tn_word *word = &command->words[i];
        bool is_stdin = word->role == TN_WORD_SOURCE && strcmp(word->text, "-") == 0;
        if (word->role != TN_WORD_OUTPUT &&
            !tn_inputs_hold(inputs, is_stdin ? "/dev/stdin" : word->text, err))
            return false;
    }
    return true;
}

void tn_inputs_rewind(const struct tn_inputs *inputs)
{
    if (inputs->has_start)
        (void)lseek(STDIN_FILENO, inputs->start, SEEK_SET);
}

bool tn_inputs_is_nameless(const char *source)
{
    static const char *const places[] = { "/dev/stdin", "/dev/fd/", "/proc/self/fd/" };

    for (size_t i = 0; i < TN_COUNT(places); i++)
        if (tn_begins(source, places[i]))
            return true;
    return strcmp(source, "-") == 0;
}

/* ---- paths ------------------------------------------------------------------------------------
 */

bool tn_inputs_is_once(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && reads_once(&info);
}

/* Thousands of objects are not looked at for this: of a pipe no linker could read one. */
static bool is_object_name(const char *word)
{
    size_t size = strlen(word);

    return size > 2 && word[size - 2] == '.' && (word[size - 1] == 'o' || word[size - 1] == 'a');
}

/* "FILE", "@FILE", "--version-script=FILE" */
static bool is_once(const struct tn_command *command, const char *part, size_t size,
                    char path[TN_LIMIT_PATH])
{
    const char *equals = part[0] == '-' ? memchr(part, '=', size) : NULL;
    const char *from = equals ? equals + 1 : part + (part[0] == '@');

    size -= (size_t)(from - part);
    if (*from == '-' || size >= TN_LIMIT_PATH)
        return false;
    memcpy(path, from, size);
    path[size] = '\0';
    return !(command->map && strcmp(command->map, path) == 0) && tn_inputs_is_once(path);
}

static bool has_once(const struct tn_command *command, const char *word, char path[TN_LIMIT_PATH])
{
    if (!tn_begins(word, "-Wl,"))
        return is_once(command, word, strlen(word), path);
    while (*(word += strspn(word, ","))) {
        size_t size = strcspn(word, ",");
        if (is_once(command, word, size, path))
            return true;
        word += size;
    }
    return false;
}

bool tn_inputs_once(const struct tn_command *command, char path[TN_LIMIT_PATH])
{
    static const unsigned reading = 1u << TN_WORD_SOURCE | 1u << TN_WORD_OBJECT |
                                    1u << TN_WORD_LINKER | 1u << TN_WORD_PREPROCESS;

    for (size_t i = command->program + 1; i < command->count; i++) {
        const struct tn_word *word = &command->words[i];
        if (reading & 1u << word->role && !is_object_name(word->text) &&
            has_once(command, word->text, path))
            return true;
    }
    return false;
}
