/*
 * src/find/write.c - a result as its consumers read it
 *
 * rules: POSIX make and sh assignments; pc(5); CMake imported targets; Meson declare_dependency
 */
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "flags.h"
#include "found.h"
#include "pc_switches.h"
#include "quote.h"
#include "text.h"
#include "view.h"

struct writer {
    const tenon_found *found;
    struct tn_arena arena;
    FILE *out;
    struct tn_words link; /* with run paths */
    const char *variable; /* NAME as part of a variable */
    const char *unfit;    /* a switch that the format cannot say; NULL */
};

/* No word has one of these characters; the first that has is remembered. */
static bool fits(struct writer *w, const struct tn_words *words, const char *characters)
{
    for (size_t i = 0; !w->unfit && i < words->count; i++)
        if (strpbrk(words->at[i], characters))
            w->unfit = words->at[i];
    return !w->unfit;
}

/* The values that are variables; the others are said in comments. */
static bool is_variable(const char *name)
{
    static const char *const names[] = { "INCDIR",      "LIBDIR",     "DEFS",   "LIBS",
                                         "STATIC_LIBS", "NEED_RPATH", "CONFIG", "SYSTEM" };

    return tn_is_among(name, names, TN_COUNT(names));
}

static bool put_comment(struct writer *w)
{
    const char *file = tn_found_get(w->found, "FILE");
    const char *version = w->found->version;
    char shown[TN_QUOTE_ROOM];

    fprintf(w->out, "# tenon find %s", w->found->name);
    if (file)
        fprintf(w->out, ": %s", tn_quote(shown, file));
    if (version)
        fprintf(w->out, ", version %s", tn_quote(shown, version));
    fputc('\n', w->out);
    return true;
}

static bool write_assignments(struct writer *w, bool sh)
{
    bool good = put_comment(w);

    for (size_t i = 0; good && i < w->found->value_count; i++) {
        const struct tn_value *row = &w->found->values[i];
        if (!is_variable(row->name))
            continue;
        const char *value =
            sh ? tn_quote_shell(&w->arena, row->value) : tn_quote_make(&w->arena, row->value);
        good = value;
        if (good)
            fprintf(w->out, "CONF_%s_%s%s%s\n", w->variable, row->name, sh ? "=" : " = ", value);
    }
    return good;
}

static bool write_make(struct writer *w)
{
    return write_assignments(w, false);
}

static bool write_sh(struct writer *w)
{
    return write_assignments(w, true);
}

static bool put_pc_words(struct writer *w, const char *key, const struct tn_words *words)
{
    if (!fits(w, words, "$()"))
        return false;
    fprintf(w->out, "%s:", key);
    for (size_t i = 0; i < words->count; i++) {
        const char *word = tn_quote_pc(&w->arena, words->at[i]);
        if (!word)
            return false;
        fprintf(w->out, " %s", word);
    }
    fputc('\n', w->out);
    return true;
}

static bool write_pc(struct writer *w)
{
    const char *extra = tn_found_get(w->found, "STATIC_LIBS");
    struct tn_words all = { 0 }, more = { 0 };
    bool good;

    fprintf(w->out, "Name: %s\nDescription: %s, as tenon found it\nVersion: %s\n", w->found->name,
            w->found->name, w->found->version ? w->found->version : "0");
    good = put_pc_words(w, "Cflags", &w->found->compile) && put_pc_words(w, "Libs", &w->link);
    good = good && (!extra || tn_split_shell(&all, &w->arena, extra));
    good = good && tn_switches_without(&all, &w->link, &more) &&
           (!more.count || put_pc_words(w, "Libs.private", &more));
    tn_words_free(&all);
    tn_words_free(&more);
    return good;
}

/*
 * A switch of CMake's lists. One of two words must stay together, and may repeat.
 *
 * rule  cmake(7), target_compile_options(): options are there once each, but for those after
 *       "SHELL:", which are split as a shell does; target_link_libraries(): what begins with "-" is
 *       a switch, as it is, any other word a library
 */
static const char *cmake_item(struct writer *w, const struct tn_words *words, size_t i,
                              bool options)
{
    const char *argument;

    if (tn_switch_size(words, i) == 1)
        return words->at[i];
    argument = tn_quote_shell(&w->arena, words->at[i + 1]);
    return argument ? tn_arena_format(&w->arena, "%s%s %s", options ? "SHELL:" : "", words->at[i],
                                      argument)
                    : NULL;
}

static bool put_cmake_list(struct writer *w, const char *property, const struct tn_words *words,
                           bool options)
{
    fprintf(w->out, "    %s \"", property);
    for (size_t i = 0; i < words->count; i += tn_switch_size(words, i)) {
        const char *item = cmake_item(w, words, i, options);
        const char *quoted = item ? tn_quote_cmake(&w->arena, item) : NULL;
        if (!quoted)
            return false;
        fprintf(w->out, "%s%s", i ? ";" : "", quoted);
    }
    fputs("\"\n", w->out);
    return true;
}

static bool is_framework(const char *word)
{
    return strcmp(word, "-framework") == 0 || strcmp(word, "-weak_framework") == 0;
}

/* The switches that name libraries, and those that say where they are. */
static bool split_link(struct writer *w, struct tn_words *options, struct tn_words *libraries)
{
    for (size_t i = 0, n; i < w->link.count; i += n) {
        const char *word = w->link.at[i];
        n = tn_switch_size(&w->link, i);
        bool option = tn_begins(word, "-L") || tn_begins(word, "-Wl,-rpath") ||
                      tn_begins(word, "-Wl,-R") || tn_begins(word, "-Wl,+b") ||
                      (n == 2 && !is_framework(word));
        for (size_t k = 0; k < n; k++)
            if (!tn_words_add(option ? options : libraries, w->link.at[i + k]))
                return false;
    }
    return true;
}

static bool write_cmake(struct writer *w)
{
    struct tn_words options = { 0 }, libraries = { 0 };
    bool good = put_comment(w) && fits(w, &w->link, "$") && split_link(w, &options, &libraries);

    fprintf(w->out,
            "if(NOT TARGET tenon::%s)\n"
            "  add_library(tenon::%s INTERFACE IMPORTED)\n"
            "  set_target_properties(tenon::%s PROPERTIES\n",
            w->found->name, w->found->name, w->found->name);
    good = good && put_cmake_list(w, "INTERFACE_COMPILE_OPTIONS", &w->found->compile, true) &&
           put_cmake_list(w, "INTERFACE_LINK_OPTIONS", &options, true) &&
           put_cmake_list(w, "INTERFACE_LINK_LIBRARIES", &libraries, false);
    fputs("  )\nendif()\n", w->out);
    for (size_t i = 0; good && i < w->found->value_count; i++) {
        const struct tn_value *row = &w->found->values[i];
        const char *value = tn_quote_cmake(&w->arena, row->value);
        good = value;
        if (good && is_variable(row->name))
            fprintf(w->out, "set(CONF_%s_%s \"%s\")\n", w->variable, row->name, value);
    }
    tn_words_free(&options);
    tn_words_free(&libraries);
    return good;
}

static bool put_meson_list(struct writer *w, const char *name, const struct tn_words *words)
{
    fprintf(w->out, "  %s: [", name);
    for (size_t i = 0; i < words->count; i++) {
        const char *word = tn_quote_meson(&w->arena, words->at[i]);
        if (!word)
            return false;
        fprintf(w->out, "%s'%s'", i ? ", " : "", word);
    }
    fputs("],\n", w->out);
    return true;
}

static bool write_meson(struct writer *w)
{
    bool good = put_comment(w) && fits(w, &w->link, "\\|");

    fprintf(w->out, "conf_%s_dep = declare_dependency(\n", w->variable);
    good = good && put_meson_list(w, "compile_args", &w->found->compile) &&
           put_meson_list(w, "link_args", &w->link);
    if (w->found->version) {
        const char *version = tn_quote_meson(&w->arena, w->found->version);
        good = good && version;
        if (good)
            fprintf(w->out, "  version: '%s',\n", version);
    }
    fputs(")\n", w->out);
    return good;
}

/*
 * What a consumer hands on as something else, however it is written, is refused: `unfit` is why. A
 * shell alone reads a newline in quotes as what it is; the others, or the lines for make and Ninja
 * that they make, end there.
 */
static const struct {
    const char *name;
    bool (*write)(struct writer *w);
    bool is_of_lines;
    const char *unfit;
} formats[] = {
    { "make", write_make, true, NULL },
    { "sh", write_sh, false, NULL },
    { "pc", write_pc, true, "pkg-config prints $, ( and ) without the quotes that a shell needs" },
    { "cmake", write_cmake, true, "CMake puts a backslash before the $ of a linker's switch" },
    { "meson", write_meson, true,
      "Meson takes the \\ of a library's path for /, Ninja the | for its own" },
};

static bool ends_line(const char *text)
{
    return text && strpbrk(text, "\n\r");
}

/* A text of the result that would end a line; NULL: none. */
static const char *find_newline(const struct writer *w)
{
    const struct tn_words *lists[] = { &w->found->compile, &w->link };

    for (size_t k = 0; k < TN_COUNT(lists); k++)
        for (size_t i = 0; i < lists[k]->count; i++)
            if (ends_line(lists[k]->at[i]))
                return lists[k]->at[i];
    for (size_t i = 0; i < w->found->value_count; i++)
        if (is_variable(w->found->values[i].name) && ends_line(w->found->values[i].value))
            return w->found->values[i].value;
    return ends_line(w->found->version) ? w->found->version : NULL;
}

/* Switches with the run paths before the first library. */
static bool gather_link(struct writer *w)
{
    const tenon_found *found = w->found;
    size_t i = 0;
    bool good = true;

    for (; good && i < found->link.count && tn_begins(found->link.at[i], "-L"); i++)
        good = tn_words_add(&w->link, found->link.at[i]);
    for (size_t k = 0; good && found->rpath_flag && k < found->run_dirs.count; k++)
        good = tn_add_run_path(&w->link, &w->arena, found->rpath_flag, found->run_dirs.at[k]);
    for (; good && i < found->link.count; i++)
        good = tn_words_add(&w->link, found->link.at[i]);
    return good;
}

char *tenon_found_write(const tenon_found *found, const char *format, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM], *text = NULL;
    const char *newline;
    struct writer w = { .found = found };
    size_t size, i = 0;
    bool good;

    while (i < TN_COUNT(formats) && strcmp(formats[i].name, format) != 0)
        i++;
    if (i == TN_COUNT(formats) || found->verdict == TENON_FIND_NOT_FOUND) {
        if (i == TN_COUNT(formats))
            tn_fail(err, TENON_E_ARGUMENT, "%s is no format", tn_quote(shown, format));
        else
            tn_fail(err, TENON_E_ARGUMENT, "%s was not found", tn_quote(shown, found->name));
        return NULL;
    }
    w.out = open_memstream(&text, &size);
    w.variable = tn_variable_name(&w.arena, found->name);
    good = w.out && w.variable && gather_link(&w);
    newline = good && formats[i].is_of_lines ? find_newline(&w) : NULL;
    good = good && !newline && formats[i].write(&w) && !ferror(w.out);
    if (w.out)
        good &= fclose(w.out) == 0 && text; /* glibc makes the text smaller, which may fail */
    if (newline)
        tn_fail(err, TENON_E_UNSUPPORTED,
                "%s cannot be said in the format %s: a newline ends a line",
                tn_quote(shown, newline), format);
    else if (w.unfit)
        tn_fail(err, TENON_E_UNSUPPORTED, "%s cannot be said in the format %s: %s",
                tn_quote(shown, w.unfit), format, formats[i].unfit);
    else if (!good)
        tn_no_memory(err);
    tn_words_free(&w.link);
    tn_arena_free(&w.arena);
    if (good)
        return text;
    free(text);
    return NULL;
}
