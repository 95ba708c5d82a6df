/*
 * src/link/ocaml_link.c - "tenon link" for OCaml's compilers
 *
 * The link is run as it stands. What the program holds is then read from the program itself,
 * written down as an OCaml unit that hands the list to the library `tenon`, and linked once more
 * with that unit before the program's own: so that it is there when these are initialised. Adding
 * it changes no other unit, which is checked.
 */
#include "ocaml_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tenon/ocaml.h>
#include <unistd.h>

#include "arena.h"
#include "aside.h"
#include "fail.h"
#include "inputs.h"
#include "temp.h"
#include "text.h"
#include "words.h"

#define UNIT "tenon_host_record_"
#define TAKER "Tenon_record" /* the unit of the library that takes the record */

struct linking {
    const struct tn_launch *launch;
    struct tn_signals *signals;
    struct tn_exit *exit;
    tenon_error *err;
    struct tn_arena arena;
    bool native;
    const char *output;
    char *scratch;
    const char *unit; /* path of the record's module, without suffix */
    FILE *text;
};

/* ---- the command ------------------------------------------------------------------------------
 */

/* "ocamlopt.opt", "/usr/bin/ocamlopt"; ocamlcp and ocamloptp run the other two. */
static const char *tool(const char *word)
{
    static const char *const tools[] = { "ocamlopt",   "ocamlc",  "ocamloptp",
                                         "ocamlmktop", "ocamlcp", "ocamlfind" };
    const char *base = tn_base_name(word);

    for (size_t i = 0; i < TN_COUNT(tools); i++) {
        size_t size = strlen(tools[i]);
        if (strncmp(base, tools[i], size) == 0 &&
            (!base[size] || strcmp(base + size, ".opt") == 0 || strcmp(base + size, ".byte") == 0))
            return tools[i];
    }
    return NULL;
}

/* rule  findlib frontend.ml, select_mode(): "ocamlopt", "-ocamlopt", "opt" */
static const char *findlib_tool(const char *word)
{
    static const char *const compilers[] = { "ocamlopt", "ocamlc", "ocamloptp", "ocamlmktop",
                                             "ocamlcp" };

    for (size_t i = 0; i < TN_COUNT(compilers); i++)
        if (strcmp(word, compilers[i]) == 0 || strcmp(word, compilers[i] + strlen("ocaml")) == 0 ||
            (*word == '-' && strcmp(word + 1, compilers[i]) == 0))
            return compilers[i];
    return NULL;
}

/* Commands that run another one, whose words are that one's after options and settings. */
static bool runs_another(const char *word)
{
    static const char *const names[] = { "env",    "nice", "ionice", "nohup",  "time",
                                         "ccache", "opam", "setsid", "stdbuf", "timeout" };
    const char *base = tn_base_name(word);

    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (strcmp(base, names[i]) == 0)
            return true;
    return false;
}

/* "-n", "10", "NAME=value"; "exec" is opam's. */
static bool is_setting(const char *word)
{
    return *word == '-' || (*word >= '0' && *word <= '9') || strchr(word, '=') ||
           strcmp(word, "exec") == 0;
}

/* Which word is OCaml's tool, behind commands that run it; launch->argc: none. */
static size_t first_of(const struct tn_launch *launch)
{
    size_t i = 0;

    while (i < launch->argc && runs_another(launch->argv[i]))
        for (i++; i < launch->argc && is_setting(launch->argv[i]); i++)
            ;
    return i < launch->argc && tool(launch->argv[i]) ? i : launch->argc;
}

static bool is_findlib(const struct tn_launch *launch, size_t at)
{
    const char *name = at < launch->argc ? tool(launch->argv[at]) : NULL;

    return name && strcmp(name, "ocamlfind") == 0;
}

/* Where findlib's command is told which compiler: "-toolchain NAME" may come before. */
static size_t compiler_word(const struct tn_launch *launch)
{
    size_t at = first_of(launch) + 1;

    while (at + 1 < launch->argc && strcmp(launch->argv[at], "-toolchain") == 0)
        at += 2;
    return at;
}

/* The compiler of a command; NULL: none of OCaml's. */
static const char *compiler_of(const struct tn_launch *launch)
{
    size_t at = first_of(launch);

    if (!is_findlib(launch, at))
        return at < launch->argc ? tool(launch->argv[at]) : NULL;
    at = compiler_word(launch);
    return at < launch->argc ? findlib_tool(launch->argv[at]) : NULL;
}

bool tn_is_ocaml_command(const struct tn_launch *launch)
{
    return first_of(launch) < launch->argc;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text), end = strlen(suffix);

    return size > end && strcmp(text + (size - end), suffix) == 0;
}

static bool is_code(const char *word)
{
    static const char *const suffixes[] = { ".ml", ".cmo", ".cmx", ".cma", ".cmxa" };

    for (size_t i = 0; i < TN_COUNT(suffixes); i++)
        if (ends_with(word, suffixes[i]))
            return true;
    return false;
}

/* Words that make of the command something else than the link of a program. */
static bool links_program(const struct tn_launch *launch)
{
    static const char *const others[] = { "-c",
                                          "-a",
                                          "-shared",
                                          "-pack",
                                          "-i",
                                          "-config",
                                          "-depend",
                                          "-make-runtime",
                                          "-only-show",
                                          "-output-obj",
                                          "-output-complete-obj",
                                          "-stop-after" };
    bool code = false;

    for (size_t i = first_of(launch) + 1; i < launch->argc; i++) {
        for (size_t k = 0; k < TN_COUNT(others); k++)
            if (strcmp(launch->argv[i], others[k]) == 0)
                return false;
        code |= is_code(launch->argv[i]) || strcmp(launch->argv[i], "-impl") == 0;
    }
    return code || strcmp(compiler_of(launch), "ocamlmktop") == 0;
}

static const char *output_of(const struct tn_launch *launch)
{
    const char *output = "a.out";

    for (size_t i = first_of(launch) + 1; i < launch->argc; i++)
        if (strcmp(launch->argv[i], "-o") == 0 && i + 1 < launch->argc)
            output = launch->argv[i + 1];
        else if (tn_begins(launch->argv[i], "-o="))
            output = launch->argv[i] + strlen("-o=");
    return output;
}

/* rule  findlib frontend.ml: a unit that each link makes anew, under a name of its own */
static bool is_generated(const tenon_ocaml_unit *unit)
{
    return tn_begins(unit->name, "Findlib_initl");
}

/* ---- the record as OCaml text ------------------------------------------------------------------
 */

static void put_string(FILE *out, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    fputc('"', out);
    for (size_t i = 0; i < size; i++)
        if (at[i] >= ' ' && at[i] < 0x7f && at[i] != '"' && at[i] != '\\')
            fputc(at[i], out);
        else
            fprintf(out, "\\%03u", at[i]);
    fputc('"', out);
}

static void put_name(FILE *out, const char *name)
{
    put_string(out, name, strlen(name));
}

static void put_digest(FILE *out, const tenon_digest *digest)
{
    if (digest->kind == TENON_DIGEST_UNKNOWN) {
        fputs("None", out);
        return;
    }
    fputs("Some ", out);
    put_string(out, digest->bytes, digest->size);
}

static void put_names(FILE *out, tenon_ocaml_names names)
{
    fputc('[', out);
    for (size_t i = 0; i < names.count; i++) {
        fputs(i ? "; " : "", out);
        put_name(out, names.at[i]);
    }
    fputc(']', out);
}

static void put_units(FILE *out, const tenon_ocaml *program)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(program); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(program, i);
        if (is_generated(unit))
            continue;
        fputs("    { name = ", out);
        put_name(out, unit->name);
        fputs("; interface = ", out);
        put_digest(out, &unit->interface);
        fputs("; implementation = ", out);
        put_digest(out, &unit->implementation);
        fputs("; symbols = ", out);
        put_names(out, unit->defines);
        fputs(" };\n", out);
    }
}

static void put_interfaces(FILE *out, const tenon_ocaml *program)
{
    tenon_ocaml_imports seen = tenon_ocaml_interfaces(program);

    for (size_t i = 0; i < seen.count; i++) {
        if (seen.at[i].crc.kind == TENON_DIGEST_UNKNOWN)
            continue;
        fputs("    (", out);
        put_name(out, seen.at[i].name);
        fputs(", ", out);
        put_string(out, seen.at[i].crc.bytes, seen.at[i].crc.size);
        fputs(");\n", out);
    }
}

/* Packages that the command names; the library knows their closure from findlib. */
static void put_packages(FILE *out, const struct tn_launch *launch)
{
    for (size_t i = 1; i + 1 < launch->argc; i++) {
        if (strcmp(launch->argv[i], "-package") != 0)
            continue;
        for (const char *at = launch->argv[i + 1]; *at;) {
            size_t size = strcspn(at, ", ");
            if (size) {
                fputs("    ", out);
                put_string(out, at, size);
                fputs(";\n", out);
            }
            at += size + (at[size] != '\0');
        }
    }
}

static bool write_unit(struct linking *l, const tenon_ocaml *program)
{
    const char *path = tn_arena_format(&l->arena, "%s.ml", l->unit);
    FILE *out = path ? fopen(path, "w") : NULL;
    bool ok;

    if (!out)
        return tn_fail(l->err, TENON_E_SYSTEM, "writing the record");
    fprintf(out, "let () =\n  Tenon_record.add {\n  native = %s;\n  units = [\n",
            l->native ? "true" : "false");
    put_units(out, program);
    fputs("  ];\n  interfaces = [\n", out);
    put_interfaces(out, program);
    fputs("  ];\n  packages = [\n", out);
    put_packages(out, l->launch);
    fputs("  ];\n  primitives = ", out);
    put_names(out, tenon_ocaml_primitives(program));
    fputs(";\n  }\n", out);
    ok = !ferror(out);
    return (fclose(out) == 0 && ok) || tn_fail(l->err, TENON_E_SYSTEM, "writing the record");
}

/* ---- linking once more
 * --------------------------------------------------------------------------- */

static bool has_taker(const tenon_ocaml *program)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(program); i++)
        if (strcmp(tenon_ocaml_unit_at(program, i)->name, TAKER) == 0)
            return true;
    return false;
}

/* By findlib of the command, and what runs it, which may set where packages are. */
static bool compile_unit(struct linking *l)
{
    const struct tn_launch *launch = l->launch;
    const char *source = tn_arena_format(&l->arena, "%s.ml", l->unit);
    const char *const own[] = { l->native ? "ocamlopt" : "ocamlc", "-package", "tenon", "-c",
                                source };
    struct tn_words words = { 0 };
    struct tn_exit result;
    size_t first = first_of(launch);
    bool finds = is_findlib(launch, first);
    size_t before = finds ? compiler_word(launch) : first;
    bool ok = source;

    for (size_t i = 0; ok && i < before; i++)
        ok = tn_words_add(&words, launch->argv[i]);
    ok = ok && (finds || tn_words_add(&words, "ocamlfind"));
    for (size_t i = 0; ok && i < TN_COUNT(own); i++)
        ok = tn_words_add(&words, own[i]);
    ok = ok && tn_words_end(&words);
    bool ran = ok && tn_run(words.at, -1, -1, l->signals, &result, l->err);
    tn_words_free(&words);
    if (!ok)
        return tn_no_memory(l->err);
    return ran && (result.status == 0 ||
                   tn_fail(l->err, TENON_E_UNSUPPORTED, "compiling the record failed"));
}

/* Behind the library that takes it, else before the program's own code: findlib's packages come
 * before both. */
static size_t place(const struct tn_launch *launch)
{
    size_t first = launch->argc;

    for (size_t i = launch->argc; i-- > first_of(launch) + 1;)
        if (strcmp(launch->argv[i], "-impl") == 0 ||
            (is_code(launch->argv[i]) && strcmp(launch->argv[i - 1], "-o") != 0))
            first = i;
    for (size_t i = 1; i < launch->argc; i++)
        if (strcmp(tn_base_name(launch->argv[i]), "tenon.cmxa") == 0 ||
            strcmp(tn_base_name(launch->argv[i]), "tenon.cma") == 0)
            first = i + 1;
    return first;
}

static bool link_again(struct linking *l)
{
    const char *object = tn_arena_format(&l->arena, "%s%s", l->unit, l->native ? ".cmx" : ".cmo");
    size_t at = place(l->launch);
    struct tn_words words = { 0 };
    bool ok = object != NULL;

    for (size_t i = 0; ok && i <= l->launch->argc; i++) {
        if (i == at)
            ok = tn_words_add(&words, object);
        if (ok && i < l->launch->argc)
            ok = tn_words_add(&words, l->launch->argv[i]);
    }
    if (!ok || !tn_words_end(&words)) {
        tn_words_free(&words);
        return tn_no_memory(l->err);
    }
    ok = tn_run(words.at, -1, -1, l->signals, l->exit, l->err);
    tn_words_free(&words);
    if (ok && l->exit->status != 0)
        ok = tn_fail(l->err, TENON_E_UNSUPPORTED, "the link with the record failed");
    return ok;
}

/* The program must hold what the record says, and the record. */
static bool check_again(struct linking *l, const tenon_ocaml *before)
{
    tenon_ocaml *now = tenon_ocaml_open(l->launch->world, l->output, l->err);
    size_t count = now ? tenon_ocaml_unit_count(now) : 0, there = 0, wanted = 0, same = 0;

    for (size_t k = 0; k < count; k++)
        there += !is_generated(tenon_ocaml_unit_at(now, k));
    for (size_t i = 0; i < tenon_ocaml_unit_count(before); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(before, i);
        if (is_generated(unit))
            continue;
        wanted++;
        for (size_t k = 0; k < count; k++)
            same += strcmp(unit->name, tenon_ocaml_unit_at(now, k)->name) == 0;
    }
    bool ok = now && same == wanted && there == same + 1;
    tenon_ocaml_free(now);
    return ok || !now ||
           tn_fail(
               l->err, TENON_E_UNSUPPORTED,
               "with its record the program holds other units than without: %zu of %zu, now %zu",
               same, tenon_ocaml_unit_count(before), count);
}

static bool make_scratch(struct linking *l)
{
    const char *place_of = getenv("TMPDIR");

    if (asprintf(&l->scratch, "%s/tenon-XXXXXX", place_of && *place_of ? place_of : "/tmp") < 0) {
        l->scratch = NULL;
        return tn_no_memory(l->err);
    }
    if (!mkdtemp(l->scratch)) {
        free(l->scratch);
        l->scratch = NULL;
        return tn_fail(l->err, TENON_E_SYSTEM, "making a directory for the record");
    }
    l->unit = tn_arena_format(&l->arena, "%s/" UNIT "%s", l->scratch,
                              l->scratch + strlen(l->scratch) - 6);
    return l->unit || tn_no_memory(l->err);
}

static void remove_scratch(struct linking *l)
{
    static const char *const suffixes[] = { ".ml", ".cmi", ".cmo", ".cmx", ".o" };

    for (size_t i = 0; l->unit && i < TN_COUNT(suffixes); i++) {
        const char *path = tn_arena_format(&l->arena, "%s%s", l->unit, suffixes[i]);
        if (path)
            unlink(path);
    }
    if (l->scratch)
        rmdir(l->scratch);
    free(l->scratch);
}

/* The second link; what the first one made is taken back when that does not do. */
static bool link_with_unit(struct linking *l, const tenon_ocaml *program)
{
    struct tn_aside aside;

    if (!tn_aside_set(&aside, l->output, l->err))
        return false;
    bool ok = link_again(l) && check_again(l, program);
    if (ok)
        tn_aside_drop(&aside);
    else
        (void)tn_aside_keep(&aside, NULL);
    return ok;
}

static bool record(struct linking *l)
{
    tenon_ocaml *program = tenon_ocaml_open(l->launch->world, l->output, l->err);
    bool ok = program != NULL;

    if (ok && !has_taker(program)) {
        tn_remark(l->launch, TN_REMARK_WARNING,
                  "%s is not linked with the package tenon, which would take its record",
                  l->output);
    } else if (ok) {
        ok = make_scratch(l) && write_unit(l, program) && compile_unit(l) &&
             link_with_unit(l, program);
        if (ok)
            tn_remark(l->launch, TN_REMARK_DETAIL, "%s: %zu units recorded", l->output,
                      tenon_ocaml_unit_count(program));
    }
    tenon_ocaml_free(program);
    return ok;
}

/* The user's link succeeded: what it made stays, unless we failed ourselves. */
static bool record_or_say(struct linking *l)
{
    if (record(l))
        return true;
    *l->exit = (struct tn_exit){ 0 };
    if (!l->signals->asked && tn_is_own_failure(l->err) && tn_is_regular(l->output))
        return tn_remove_output(l->output, l->err);
    if (!l->signals->asked)
        tn_remark(l->launch, TN_REMARK_WARNING, "no record was made for %s: %s", l->output,
                  tenon_error_message(l->err));
    return true;
}

/* What the compiler reads must be there for a second link. */
static bool hold_inputs(const struct tn_launch *launch, const char **once, tenon_error *err)
{
    struct tn_inputs inputs = { 0 };

    for (size_t i = 1; i < launch->argc; i++) {
        if (!tn_inputs_hold(&inputs, launch->argv[i], err))
            return false;
        if (!*once && strcmp(launch->argv[i - 1], "-o") != 0 && tn_inputs_is_once(launch->argv[i]))
            *once = launch->argv[i];
    }
    return true;
}

bool tn_link_ocaml(const struct tn_launch *launch, struct tn_signals *signals, struct tn_exit *exit,
                   tenon_error *err)
{
    struct linking l = { .launch = launch, .signals = signals, .exit = exit, .err = err };
    const char *compiler = compiler_of(launch), *once = NULL;
    bool links = compiler && links_program(launch);
    bool ok = !links || hold_inputs(launch, &once, err);

    tn_signals_hold(signals);
    ok = ok && tn_run(launch->argv, -1, -1, signals, exit, err);
    if (ok && exit->status == 0 && links) {
        l.native = tn_begins(compiler, "ocamlopt");
        l.output = output_of(launch);
        if (once)
            tn_remark(launch, TN_REMARK_WARNING, "no record was made: %s can be read only once",
                      once);
        else
            ok = record_or_say(&l);
    }
    remove_scratch(&l);
    tn_arena_free(&l.arena);
    tn_signals_release(signals);
    return ok;
}
