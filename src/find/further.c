/* src/find/further.c - step (f): versions, and the user's own program */
#include <stdlib.h>

#include "fail.h"
#include "hunt.h"
#include "private_libs.h"
#include "text.h"

/* The version in a text like "OpenSSL 3.0.11 19 Sep 2023"; NULL: none, or no memory. */
static const char *version_in(struct tn_arena *arena, const char *text)
{
    size_t n = 0;

    while (*text && (*text < '0' || *text > '9'))
        text++;
    while ((text[n] >= '0' && text[n] <= '9') || (text[n] >= 'a' && text[n] <= 'z') ||
           (text[n] >= 'A' && text[n] <= 'Z') || (n && text[n] && strchr(".-_", text[n])))
        n++;
    return n ? tn_arena_copy(arena, text, n) : NULL;
}

/* What the sample printed about one thing. */
static const char *printed(struct tn_arena *arena, const char *out, const char *what)
{
    const char *mark = tn_arena_format(arena, "tenon %s ", what);
    const char *at = mark ? strstr(out, mark) : NULL;
    const char *line =
        at ? tn_arena_copy(arena, at + strlen(mark), strcspn(at + strlen(mark), "\n")) : NULL;

    return line ? version_in(arena, line) : NULL;
}

/* --version-cmd; *why when it fails. */
static bool ask_command(struct tn_hunt *hunt, const char **version, const char **why,
                        tenon_error *err)
{
    const char *const words[] = { "sh", "-c", hunt->request->version_cmd };
    struct tn_words argv = { 0 };
    struct tn_said said;
    bool good = true;

    for (size_t i = 0; good && i < TN_COUNT(words); i++)
        good = tn_words_add(&argv, words[i]);
    good = good ? tn_tool_run(hunt->finder, hunt->arena, &argv, TN_START_SECONDS, &said, err)
                : tn_no_memory(err);
    tn_words_free(&argv);
    if (!good)
        return false;
    *version = said.exit.status == 0 ? version_in(hunt->arena, said.out) : NULL;
    if (!*version)
        *why = tn_arena_format(hunt->arena, "the version command says no version (status %d): %s",
                               said.exit.status,
                               tn_first_lines(hunt, *said.err_out ? said.err_out : said.out));
    return *version || *why || tn_no_memory(err);
}

/* One version against the least that is wanted. */
static const char *too_low(struct tn_hunt *hunt, const char *whose, const char *version)
{
    const char *least = hunt->request->min_version;

    if (!version || !least || tn_version_compare(version, least) >= 0)
        return NULL;
    return tn_arena_format(hunt->arena, "version too low: %s is %s, at least %s is wanted", whose,
                           version, least);
}

/* Nothing said a version: that is a reason where one is wanted, else it is remarked. */
static bool say_not_asked(struct tn_hunt *hunt, const char *out, const char **why, tenon_error *err)
{
    const bool is_asked = hunt->version_macro || hunt->version_function;
    const bool was_run = strstr(out, "tenon header ") || strstr(out, "tenon library ");
    const char *text = !is_asked ? "the version could not be asked: give --version-macro, "
                                   "--version-function or --version-cmd"
                       : was_run ? "the version could not be asked: what was printed has no number"
                                 : "the version could not be asked: the test program was not run; "
                                   "give --exe-wrapper or --version-cmd";

    if (hunt->request->min_version)
        *why = text;
    else if (hunt->request->version_macro || hunt->request->version_function)
        return tn_found_remark(hunt->found, "%s", text) || tn_no_memory(err);
    return true;
}

static bool check_versions(struct tn_hunt *hunt, const char *out, struct tn_outcome *outcome,
                           const char **why, tenon_error *err)
{
    const char *command = NULL;

    outcome->header_version = printed(hunt->arena, out, "header");
    outcome->library_version = printed(hunt->arena, out, "library");
    if (hunt->request->version_cmd && !ask_command(hunt, &command, why, err))
        return false;
    if (*why)
        return true;
    if (!(*why = too_low(hunt, "the header", outcome->header_version)) &&
        !(*why = too_low(hunt, "the library", outcome->library_version)))
        *why = too_low(hunt, "what the version command says", command);
    if (!*why && outcome->header_version && outcome->library_version &&
        tn_version_compare(outcome->library_version, outcome->header_version) < 0)
        *why = tn_arena_format(hunt->arena,
                               "the library is older than its header: the header is %s, the "
                               "library that started is %s",
                               outcome->header_version, outcome->library_version);
    if (!*why && !outcome->header_version && !outcome->library_version && !command &&
        !say_not_asked(hunt, out, why, err))
        return false;
    if (!outcome->header_version)
        outcome->header_version = command;
    return true;
}

/* The user's program: compiled, linked and started like the sample. */
static bool check_program(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                          const struct tn_words *run_dirs, const char **why, tenon_error *err)
{
    const char *object = tn_arena_format(hunt->arena, "%s/user.o", hunt->dir);
    const char *rule = tn_arena_format(hunt->arena, "%s/user.d", hunt->dir);
    const char *program = tn_program_path(hunt, "user"), *out;
    struct tn_outcome outcome = { 0 };
    struct tn_said said;
    bool passed;

    if (!object || !rule || !program)
        return tn_no_memory(err);
    if (!tn_probe_compile(hunt, &attempt->cflags, hunt->request->program, object, rule, &said, err))
        return false;
    if (said.exit.status != 0) {
        *why = tn_arena_format(hunt->arena, "%s: compile error: %s", hunt->request->program,
                               tn_first_lines(hunt, said.err_out));
        return *why || tn_no_memory(err);
    }
    if (!tn_probe_link(hunt, object, program, &attempt->libs, run_dirs, false, &said, err))
        return false;
    if (said.exit.status != 0)
        *why = tn_arena_format(hunt->arena, "%s: link error: %s", hunt->request->program,
                               tn_first_lines(hunt, said.err_out));
    else if (!tn_start(hunt, program, &outcome, &passed, why, &out, err))
        return false;
    else if (!passed)
        *why = tn_arena_format(hunt->arena, "%s: %s", hunt->request->program, *why);
    tn_outcome_free(&outcome);
    return true;
}

static bool is_asked(const struct tn_hunt *hunt)
{
    const tenon_find_request *request = hunt->request;

    return request->program || request->version_cmd || request->min_version ||
           hunt->version_macro || hunt->version_function;
}

bool tn_further(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                const struct tn_words *run_dirs, const char *out, struct tn_outcome *outcome,
                bool *passed, tenon_error *err)
{
    const char *why = NULL;

    if (!is_asked(hunt))
        return true;
    if (!check_versions(hunt, out, outcome, &why, err))
        return false;
    if (!why && hunt->request->program && !check_program(hunt, attempt, run_dirs, &why, err))
        return false;
    *passed = !why;
    return tn_hunt_step(hunt, "further", *passed ? TENON_STEP_PASSED : TENON_STEP_FAILED,
                        run_dirs != NULL, why ? "%s" : NULL, why) ||
           tn_no_memory(err);
}
