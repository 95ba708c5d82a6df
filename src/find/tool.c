/* src/find/tool.c - compilers, scripts and test programs as children */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "fail.h"
#include "finder.h"
#include "temp.h"
#include "text.h"

static bool read_back(int descriptor, struct tn_arena *arena, const char **text, size_t *size,
                      tenon_error *err)
{
    struct tn_view view;

    if (!tn_temp_read(descriptor, arena, &view, err))
        return false;
    *text = (const char *)view.at;
    *size = view.size;
    return true;
}

/*
 * The signals that ask this process to end and are held back until its temporary files are gone:
 * then nothing is waited for. One that is ignored asks for nothing (nohup). False: none is held.
 */
static bool held_signals(const struct tenon_finder *finder, sigset_t *held)
{
    static const int ending[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
    sigset_t blocked;
    bool some = false;

    sigemptyset(held);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (size_t i = 0; i < TN_COUNT(ending); i++) {
        struct sigaction action;
        if (sigismember(&blocked, ending[i]) != 1 || sigismember(&finder->mask, ending[i]) == 1 ||
            sigaction(ending[i], NULL, &action) < 0 || action.sa_handler == SIG_IGN)
            continue;
        sigaddset(held, ending[i]);
        some = true;
    }
    return some;
}

static bool run(const struct tenon_finder *finder, struct tn_arena *arena,
                const struct tn_words *argv, unsigned seconds, struct tn_said *said,
                const int outputs[2], tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_started started;
    sigset_t held;
    /* what a terminal sends to the whole group is ours to pass on, then */
    bool own_group = held_signals(finder, &held);
    const struct tn_patience patience = { .seconds = seconds, .ending = &held, .group = own_group };
    const struct tn_child child = { .argv = argv->at,
                                    .env = finder->env.at,
                                    .in = finder->nothing,
                                    .out = outputs[0],
                                    .err_out = outputs[1],
                                    .mask = &finder->mask,
                                    .own_group = own_group };
    int failed = tn_child_start(&child, &started);

    /* that no process is to be had says nothing of the program: no answer, and none is kept */
    if (failed == EAGAIN || failed == ENOMEM || failed == EMFILE || failed == ENFILE)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, argv->at[0]));
    if (failed) {
        said->exit = (struct tn_exit){ failed == ENOENT ? 127 : 126, 0 };
        said->err_out =
            tn_arena_format(arena, "%s: %s", tn_quote(shown, argv->at[0]), tn_errno_text(failed));
        said->out = "";
        said->err_size = said->err_out ? strlen(said->err_out) : 0;
        return said->err_out || tn_no_memory(err);
    }
    failed = tn_child_wait(&started, &patience, &said->exit);
    said->late = failed == ETIMEDOUT;
    if (failed == EINTR)
        return tn_fail(err, TENON_E_SYSTEM, "interrupted");
    if (failed && !said->late)
        return tn_fail_system(err, failed, "waiting for %s", tn_quote(shown, argv->at[0]));
    return read_back(outputs[0], arena, &said->out, &said->out_size, err) &&
           read_back(outputs[1], arena, &said->err_out, &said->err_size, err);
}

bool tn_tool_run(const struct tenon_finder *finder, struct tn_arena *arena,
                 const struct tn_words *argv, unsigned seconds, struct tn_said *said,
                 tenon_error *err)
{
    struct tn_words ended = { 0 };
    int outputs[2] = { tn_temp_nameless(err), -1 };
    bool good = outputs[0] >= 0 && (outputs[1] = tn_temp_nameless(err)) >= 0;

    *said = (struct tn_said){ .out = "", .err_out = "" };
    good = good && ((tn_words_add_all(&ended, argv) && tn_words_end(&ended)) || tn_no_memory(err));
    good = good && run(finder, arena, &ended, seconds, said, outputs, err);
    for (size_t i = 0; i < 2; i++)
        if (outputs[i] >= 0)
            close(outputs[i]);
    tn_words_free(&ended);
    return good;
}
