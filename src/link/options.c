/*
 * src/link/options.c - what each word of a compiler's command line is for
 *
 * rule: GCC manual, "Overall Options" to "Link Options"; clang's Driver/Options.td. An option that
 * neither table names stands alone, as nearly all do.
 */
#include "options.h"

#include "view.h"

/* Options whose value is the next word when nothing is joined to them. */
static const struct {
    const char *name;
    enum tn_word_role role;
} separate[] = {
    { "-o", TN_WORD_OUTPUT },
    { "--output", TN_WORD_OUTPUT },
    { "-x", TN_WORD_LANGUAGE },
    { "--language", TN_WORD_LANGUAGE },
    { "-I", TN_WORD_PREPROCESS },
    { "-D", TN_WORD_PREPROCESS },
    { "-U", TN_WORD_PREPROCESS },
    { "-A", TN_WORD_PREPROCESS },
    { "-F", TN_WORD_PREPROCESS },
    { "-include", TN_WORD_PREPROCESS },
    { "--include", TN_WORD_PREPROCESS },
    { "-imacros", TN_WORD_PREPROCESS },
    { "-isystem", TN_WORD_PREPROCESS },
    { "-iquote", TN_WORD_PREPROCESS },
    { "-idirafter", TN_WORD_PREPROCESS },
    { "-iprefix", TN_WORD_PREPROCESS },
    { "-iwithprefix", TN_WORD_PREPROCESS },
    { "-iwithprefixbefore", TN_WORD_PREPROCESS },
    { "-isysroot", TN_WORD_PREPROCESS },
    { "-imultilib", TN_WORD_PREPROCESS },
    { "-iframework", TN_WORD_PREPROCESS },
    { "-cxx-isystem", TN_WORD_PREPROCESS },
    { "-c-isystem", TN_WORD_PREPROCESS },
    { "-include-pch", TN_WORD_PREPROCESS },
    { "-ivfsoverlay", TN_WORD_PREPROCESS },
    { "--sysroot", TN_WORD_PREPROCESS },
    { "-Xpreprocessor", TN_WORD_PREPROCESS },
    { "-MF", TN_WORD_DEPENDENCY },
    { "-MT", TN_WORD_DEPENDENCY },
    { "-MQ", TN_WORD_DEPENDENCY },
    { "-MJ", TN_WORD_DATABASE },
    { "-gen-cdb-fragment-path", TN_WORD_DATABASE },
    { "-dumpbase", TN_WORD_REPORT },
    { "-dumpbase-ext", TN_WORD_REPORT },
    { "-dumpdir", TN_WORD_REPORT },
    { "-aux-info", TN_WORD_REPORT },
    { "-serialize-diagnostics", TN_WORD_REPORT },
    { "--serialize-diagnostics", TN_WORD_REPORT },
    { "-working-directory", TN_WORD_OPTION },
    { "-l", TN_WORD_LINKER },
    { "-L", TN_WORD_LINKER },
    { "-T", TN_WORD_LINKER },
    { "-Ttext", TN_WORD_LINKER },
    { "-Tdata", TN_WORD_LINKER },
    { "-Tbss", TN_WORD_LINKER },
    { "-u", TN_WORD_LINKER },
    { "-z", TN_WORD_LINKER },
    { "-e", TN_WORD_LINKER },
    { "-R", TN_WORD_LINKER },
    { "-h", TN_WORD_LINKER },
    { "-rpath", TN_WORD_LINKER },
    { "-soname", TN_WORD_LINKER },
    { "-framework", TN_WORD_LINKER },
    { "-Xlinker", TN_WORD_LINKER },
    { "-B", TN_WORD_OPTION },
    { "-G", TN_WORD_OPTION },
    { "-wrapper", TN_WORD_OPTION },
    { "-specs", TN_WORD_OPTION },
    { "--param", TN_WORD_OPTION },
    { "-Xassembler", TN_WORD_OPTION },
    { "-Xclang", TN_WORD_OPTION },
    { "-Xanalyzer", TN_WORD_OPTION },
    { "-mllvm", TN_WORD_OPTION },
    { "-target", TN_WORD_OPTION },
    { "--target", TN_WORD_OPTION },
    { "-arch", TN_WORD_OPTION },
    { "-gcc-toolchain", TN_WORD_OPTION },
    { "-resource-dir", TN_WORD_OPTION },
    { "-mthread-model", TN_WORD_OPTION },
    { "-ccc-gcc-name", TN_WORD_OPTION },
};

/* Roles of words that stand alone, by how they begin; the first that fits counts. */
static const struct {
    const char *prefix;
    enum tn_word_role role;
} joined[] = {
    { "-o", TN_WORD_OUTPUT },
    { "--output=", TN_WORD_OUTPUT },
    { "-x", TN_WORD_LANGUAGE },
    { "--language=", TN_WORD_LANGUAGE },
    { "-flto", TN_WORD_LTO },
    { "-fno-lto", TN_WORD_LTO },
    { "-ffat-lto-objects", TN_WORD_LTO },
    { "-fno-fat-lto-objects", TN_WORD_LTO },
    { "-fthinlto", TN_WORD_LTO },
    { "-fsplit-lto-unit", TN_WORD_LTO },
    { "-fwhole-program-vtables", TN_WORD_LTO },
    { "-fuse-linker-plugin", TN_WORD_LTO },
    { "-fuse-ld=", TN_WORD_LINKER },
    { "--ld-path=", TN_WORD_LINKER },
    { "-MJ", TN_WORD_DATABASE },
    { "-fdiagnostics", TN_WORD_REPORT },
    { "-fmessage-length", TN_WORD_REPORT },
    { "-fcolor-diagnostics", TN_WORD_REPORT },
    { "-fno-color-diagnostics", TN_WORD_REPORT },
    { "-fansi-escape-codes", TN_WORD_REPORT },
    { "-fstack-usage", TN_WORD_REPORT },
    { "-fcallgraph-info", TN_WORD_REPORT },
    { "-fdump-", TN_WORD_REPORT },
    { "-fopt-info", TN_WORD_REPORT },
    { "-fsave-optimization-record", TN_WORD_REPORT },
    { "-foptimization-record", TN_WORD_REPORT },
    { "-ftime-trace", TN_WORD_REPORT },
    { "-ftime-report", TN_WORD_REPORT },
    { "-fmem-report", TN_WORD_REPORT },
    { "-fproc-stat-report", TN_WORD_REPORT },
    { "-fverbose-asm", TN_WORD_REPORT },
    { "-ftest-coverage", TN_WORD_REPORT },
    { "-fprofile-note=", TN_WORD_REPORT },
    { "--coverage", TN_WORD_COUNT },
    { "-coverage", TN_WORD_COUNT },
    { "-fprofile-arcs", TN_WORD_COUNT },
    { "-fprofile-generate", TN_WORD_COUNT },
    { "-fdebug-prefix-map=", TN_WORD_REPORT },
    { "-ffile-prefix-map=", TN_WORD_REPORT },
    { "-fmacro-prefix-map=", TN_WORD_PREPROCESS },
    { "-fdebug-compilation-dir", TN_WORD_REPORT },
    { "-grecord-gcc-switches", TN_WORD_REPORT },
    { "-gno", TN_WORD_REPORT },
    { "-g", TN_WORD_REPORT },
    { "-Wl,", TN_WORD_LINKER },
    { "-Wa,", TN_WORD_OPTION },
    { "-Wp,-M", TN_WORD_DEPENDENCY },
    { "-Wp,", TN_WORD_PREPROCESS },
    { "-W", TN_WORD_REPORT },
    { "-w", TN_WORD_REPORT },
    { "-pedantic", TN_WORD_REPORT },
    { "-pipe", TN_WORD_REPORT },
    { "-save-temps", TN_WORD_REPORT },
    { "--save-temps", TN_WORD_REPORT },
    { "-time", TN_WORD_REPORT },
    { "-v", TN_WORD_REPORT },
    { "-Q", TN_WORD_REPORT },
    { "-MD", TN_WORD_DEPENDENCY },
    { "-MMD", TN_WORD_DEPENDENCY },
    { "--write-dependencies", TN_WORD_DEPENDENCY },
    { "--write-user-dependencies", TN_WORD_DEPENDENCY },
    { "-MP", TN_WORD_DEPENDENCY },
    { "-MG", TN_WORD_DEPENDENCY },
    { "-MV", TN_WORD_DEPENDENCY },
    { "-MF", TN_WORD_DEPENDENCY },
    { "-MT", TN_WORD_DEPENDENCY },
    { "-MQ", TN_WORD_DEPENDENCY },
    { "-I", TN_WORD_PREPROCESS },
    { "-D", TN_WORD_PREPROCESS },
    { "-U", TN_WORD_PREPROCESS },
    { "-i", TN_WORD_PREPROCESS },
    { "--sysroot=", TN_WORD_PREPROCESS },
    { "-static", TN_WORD_LINKER },
    { "-shared", TN_WORD_LINKER },
    { "-rdynamic", TN_WORD_LINKER },
    { "-nostdlib", TN_WORD_LINKER },
    { "-nodefaultlibs", TN_WORD_LINKER },
    { "-nostartfiles", TN_WORD_LINKER },
    { "-nolibc", TN_WORD_LINKER },
    { "-no-pie", TN_WORD_LINKER },
    { "-pie", TN_WORD_LINKER },
    { "-l", TN_WORD_LINKER },
    { "-L", TN_WORD_LINKER },
};

/* A word that makes the whole command something else than a compile or a link. */
static const char *const others[] = {
    "-S",
    "-E",
    "-M",
    "-MM",
    "-fsyntax-only",
    "-###",
    "--version",
    "--help",
    "-help",
    "-dumpversion",
    "-dumpfullversion",
    "-dumpmachine",
    "-dumpspecs",
    "--analyze",
    "-cc1",
    "-cc1as",
    "--target-help",
    "-r",
    "--precompile",
    "-emit-ast",
    "--preprocess",
    "--assemble",
    "--dependencies",
    "--user-dependencies",
};
static const char *const other_prefixes[] = { "-print-", "--print-", "--help=" };

bool tn_option_is_other(const char *word)
{
    for (size_t i = 0; i < TN_COUNT(other_prefixes); i++)
        if (tn_begins(word, other_prefixes[i]))
            return true;
    return tn_is_among(word, others, TN_COUNT(others));
}

/* rule: GCC manual, "Options Controlling the Kind of Output", file name suffixes */
bool tn_option_is_source(const char *path)
{
    static const char *const suffixes[] = {
        ".c",   ".i",   ".ii",  ".m",   ".mi",  ".mm",  ".M",   ".mii",  ".cc",  ".cp",  ".cxx",
        ".cpp", ".CPP", ".c++", ".C",   ".s",   ".S",   ".sx",  ".f",    ".for", ".ftn", ".F",
        ".FOR", ".fpp", ".FPP", ".FTN", ".f90", ".f95", ".f03", ".f08",  ".F90", ".F95", ".F03",
        ".F08", ".d",   ".go",  ".adb", ".ads", ".h",   ".hh",  ".H",    ".hp",  ".hxx", ".hpp",
        ".HPP", ".h++", ".ll",  ".bc",  ".cu",  ".hip", ".cl",  ".cppm",
    };
    const char *dot = strrchr(tn_base_name(path), '.');

    if (!dot || strcmp(dot, ".o") == 0) /* it may be asked of thousands of objects */
        return false;
    return tn_is_among(dot, suffixes, TN_COUNT(suffixes));
}

bool tn_command_is_assembly(const struct tn_word *source)
{
    static const char *const suffixes[] = { ".s", ".S", ".sx" };
    const char *dot = strrchr(tn_base_name(source->text), '.');

    if (source->language)
        return tn_begins(source->language, "assembler");
    return dot && tn_is_among(dot, suffixes, TN_COUNT(suffixes));
}

bool tn_command_takes_header(const struct tn_word *source)
{
    static const char *const suffixes[] = { ".c",  ".m",   ".mm",  ".M",   ".cc",
                                            ".cp", ".cxx", ".cpp", ".CPP", ".c++",
                                            ".C",  ".cu",  ".hip", ".cl",  ".cppm" };
    const char *dot = strrchr(tn_base_name(source->text), '.');

    if (source->language) /* c, c++, cuda, cl; objective-c++ */
        return tn_begins(source->language, "c") || tn_begins(source->language, "objective-c") ||
               tn_begins(source->language, "hip");
    return dot && tn_is_among(dot, suffixes, TN_COUNT(suffixes));
}

bool tn_command_is_header(const struct tn_word *source)
{
    static const char *const suffixes[] = {
        ".h", ".hh", ".H", ".hp", ".hxx", ".hpp", ".HPP", ".h++"
    };
    const char *dot = strrchr(tn_base_name(source->text), '.');

    if (source->language)
        return strstr(source->language, "-header") != NULL;
    return dot && tn_is_among(dot, suffixes, TN_COUNT(suffixes));
}

const char *tn_command_object(struct tn_arena *arena, const char *source)
{
    const char *name = tn_base_name(source), *dot = strrchr(name, '.');
    size_t size = dot && dot != name ? (size_t)(dot - name) : strlen(name);

    return tn_arena_format(arena, "%.*s.o", (int)size, name);
}

/* Whether the next word is this one's value, and what both are for. */
bool tn_option_takes_next(const char *word, enum tn_word_role *role)
{
    for (size_t i = 0; i < TN_COUNT(separate); i++) {
        if (strcmp(word, separate[i].name) == 0) {
            *role = separate[i].role;
            return true;
        }
    }
    return false;
}

/* "-Wp,-MD,FILE,-DX": what is read depends on it. */
static bool passes_text(const char *word)
{
    static const char *const parts[] = { ",-D", ",-U", ",-I", ",-i" };

    for (size_t i = 0; i < TN_COUNT(parts); i++)
        if (strstr(word, parts[i]))
            return true;
    return false;
}

enum tn_word_role tn_option_role(const char *word)
{
    static const char *const modes[] = {
        "-c", "--compile", "-S", "-E", "--preprocess", "--assemble"
    };

    if (tn_is_among(word, modes, TN_COUNT(modes)))
        return TN_WORD_MODE;
    if (tn_begins(word, "-Wp,") && passes_text(word))
        return TN_WORD_PREPROCESS;
    for (size_t i = 0; i < TN_COUNT(joined); i++)
        if (tn_begins(word, joined[i].prefix))
            return joined[i].role;
    return TN_WORD_OPTION;
}
