/* src/find/commands.c - the commands that compile and link a test */
#include "fail.h"
#include "flags.h"
#include "private_libs.h"
#include "steps.h"

/* rule  GNU ld for PE: a program without suffix gets .exe */
const char *tn_program_path(const struct tn_hunt *hunt, const char *name)
{
    return tn_arena_format(hunt->arena, "%s/%s%s", hunt->dir, name, tn_is_pe(hunt) ? ".exe" : "");
}

static bool add_each(struct tn_words *words, const char *const *more)
{
    for (; *more; more++)
        if (!tn_words_add(words, *more))
            return false;
    return true;
}

/* The compiler with --sysroot, as all commands begin. */
static bool begin_command(const struct tn_hunt *hunt, struct tn_words *argv)
{
    const char *sysroot = hunt->finder->sysroot;

    if (!tn_words_add_all(argv, &hunt->finder->compiler))
        return false;
    return !sysroot || tn_add_joined(argv, hunt->arena, "--sysroot=", sysroot);
}

bool tn_probe_compile(struct tn_hunt *hunt, const struct tn_words *cflags, const char *source,
                      const char *object, const char *rule, struct tn_said *said, tenon_error *err)
{
    struct tn_words argv = { 0 };
    const char *const end[] = { "-MD", "-MF", rule, "-c", source, "-o", object, NULL };
    bool good =
        begin_command(hunt, &argv) && tn_words_add_all(&argv, cflags) && add_each(&argv, end);

    good = good ? tn_tool_run(hunt->finder, hunt->arena, &argv, TN_TOOL_SECONDS, said, err)
                : tn_no_memory(err);
    tn_words_free(&argv);
    return good;
}

/* A test that uses nothing of the library must need it all the same. */
static bool needs_recording(const struct tenon_finder *finder)
{
    return finder->elf && finder->platform->recording == TENON_RECORDS_RUN_PATH &&
           strcmp(finder->platform->name, "solaris") != 0;
}

bool tn_probe_link(struct tn_hunt *hunt, const char *object, const char *program,
                   const struct tn_words *libs, const struct tn_words *run_dirs, bool is_static,
                   struct tn_said *said, tenon_error *err)
{
    struct tn_words argv = { 0 };
    bool record = needs_recording(hunt->finder) && !is_static;
    /* rule  ld64 knows the short name alone, mold the long one */
    bool is_macho = hunt->finder->platform->recording == TENON_RECORDS_INSTALL_NAME;
    const char *const begin[] = { "-o", program, object, NULL };
    bool good = begin_command(hunt, &argv) && add_each(&argv, begin) &&
                (!is_static || tn_words_add(&argv, "-static")) &&
                (!record || tn_words_add(&argv, "-Wl,--push-state,--no-as-needed")) &&
                tn_words_add_all(&argv, libs);

    for (size_t i = 0; good && run_dirs && i < run_dirs->count; i++)
        good = tn_add_run_path(&argv, hunt->arena, hunt->finder->rpath_flag, run_dirs->at[i]);
    good = good && (!record || tn_words_add(&argv, "-Wl,--pop-state")) &&
           tn_words_add(&argv, is_macho ? "-Wl,-t" : "-Wl,--trace");
    good = good ? tn_tool_run(hunt->finder, hunt->arena, &argv, TN_TOOL_SECONDS, said, err)
                : tn_no_memory(err);
    tn_words_free(&argv);
    return good;
}
