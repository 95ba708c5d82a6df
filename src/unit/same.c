/*
 * src/unit/same.c - when two units are the same thing
 *
 * rule  unit.h: by name, by implementation digest, by the set of definitions
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

/* ---- names that tell nothing ------------------------------------------------------------------
 */

/* What many unrelated programs and plugins define, and what linkers and start files put into each;
 * bytewise. */
static const char *const generic[] = {
    "_DYNAMIC",
    "_GLOBAL_OFFSET_TABLE_",
    "_IO_stdin_used",
    "_TLS_MODULE_BASE_",
    "__FRAME_END__",
    "__GNU_EH_FRAME_HDR",
    "__TMC_END__",
    "__TMC_LIST__",
    "__abi_tag",
    "__bss_end__",
    "__bss_start",
    "__bss_start__",
    "__data_start",
    "__do_global_dtors_aux",
    "__do_global_dtors_aux_fini_array_entry",
    "__dso_handle",
    "__ehdr_start",
    "__end__",
    "__etext",
    "__executable_start",
    "__fini_array_end",
    "__fini_array_start",
    "__frame_dummy_init_array_entry",
    "__gmon_start__",
    "__init_array_end",
    "__init_array_start",
    "__libc_csu_fini",
    "__libc_csu_init",
    "__preinit_array_end",
    "__preinit_array_start",
    "__rela_iplt_end",
    "__rela_iplt_start",
    "__stop___libc_freeres_fn",
    "_bss_end__",
    "_dl_relocate_static_pie",
    "_edata",
    "_end",
    "_etext",
    "_fini",
    "_fp_hw",
    "_init",
    "_start",
    "cleanup",
    "completed",
    "data_start",
    "debug",
    "deregister_tm_clones",
    "die",
    "edata",
    "end",
    "error",
    "etext",
    "fatal",
    "fini",
    "finish",
    "frame_dummy",
    "help",
    "init",
    "initialize",
    "main",
    "plugin",
    "plugin_init",
    "plugin_start",
    "plugin_stop",
    "print_usage",
    "print_version",
    "progname",
    "program_name",
    "quit",
    "register_tm_clones",
    "run",
    "setup",
    "shutdown",
    "start",
    "stop",
    "tenon_plugin_start",
    "tenon_plugin_stop",
    "terminate",
    "test",
    "usage",
    "verbose",
    "version",
    "version_string",
    "warn",
    "warning",
    "xcalloc",
    "xmalloc",
    "xrealloc",
    "xstrdup",
};

static int compare_name(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

bool tn_is_generic(const char *definition)
{
    return bsearch(definition, generic, TN_COUNT(generic), sizeof *generic, compare_name);
}

/* ---- sets of definitions ----------------------------------------------------------------------
 */

/* COMDAT ones stand last; most units have none. */
size_t tn_unit_set_size(const tenon_unit *unit)
{
    size_t low = 0, high = unit->definition_count;
    if (!high || unit->definitions[high - 1].kind != TENON_DEFINES_COMDAT)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (unit->definitions[middle].kind == TENON_DEFINES_COMDAT)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

size_t tn_telling_count(const tenon_unit *unit)
{
    size_t count = tn_unit_set_size(unit), telling = 0;
    for (size_t i = 0; i < count; i++)
        telling += !tn_is_generic(unit->definitions[i].name);
    return telling;
}

/*
 * One definition, by name. A weak one is made to give way to a strong one of its name: these two
 * are not two copies of one thing.
 */
static bool same_definition(const tenon_definition *a, const tenon_definition *b)
{
    return (a->kind == TENON_DEFINES_WEAK) == (b->kind == TENON_DEFINES_WEAK) &&
           strcmp(a->name, b->name) == 0;
}

bool tn_same_definitions(const tenon_unit *a, const tenon_unit *b)
{
    size_t count = tn_unit_set_size(a);
    if (!count || count != tn_unit_set_size(b))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!same_definition(&a->definitions[i], &b->definitions[i]))
            return false;
    return tn_telling_count(a) > 0;
}

/*
 * What both define that is not in any program, up to `most`; *first (may be NULL) is the first.
 * `alike`: no weak ones beside strong ones. Both sets are sorted bytewise.
 */
static size_t share(const tenon_unit *a, const tenon_unit *b, bool alike, size_t most,
                    const char **first)
{
    size_t i = 0, j = 0, a_count = tn_unit_set_size(a), b_count = tn_unit_set_size(b), shared = 0;
    while (i < a_count && j < b_count && shared < most) {
        int order = strcmp(a->definitions[i].name, b->definitions[j].name);
        if (order == 0 && !tn_is_generic(a->definitions[i].name) &&
            (!alike || same_definition(&a->definitions[i], &b->definitions[j])) && !shared++ &&
            first)
            *first = a->definitions[i].name;
        i += order <= 0;
        j += order >= 0;
    }
    return shared;
}

size_t tn_shared_count(const tenon_unit *a, const tenon_unit *b)
{
    return share(a, b, true, SIZE_MAX, NULL);
}

const char *tn_shared_first(const tenon_unit *a, const tenon_unit *b)
{
    const char *first = NULL;
    share(a, b, true, 1, &first);
    return first;
}

const char *tn_met_first(const tenon_unit *a, const tenon_unit *b)
{
    const char *first = NULL;
    share(a, b, false, 1, &first);
    return first;
}

bool tn_unit_is_weak(const tenon_unit *unit)
{
    size_t count = tn_unit_set_size(unit);
    for (size_t i = 0; i < count; i++)
        if (unit->definitions[i].kind == TENON_DEFINES_WEAK)
            return true;
    return false;
}

/* ---- versions and parts -----------------------------------------------------------------------
 */

#define OVERLAP_LEAST 3u

bool tn_is_overlap(size_t shared, size_t smaller)
{
    return shared && (shared >= smaller || (shared >= OVERLAP_LEAST && 2 * shared >= smaller));
}

bool tn_units_overlap(const tenon_unit *a, const tenon_unit *b)
{
    if (a->kind != TENON_UNIT_C || b->kind != TENON_UNIT_C)
        return false;
    size_t x = tn_telling_count(a), y = tn_telling_count(b);
    return tn_is_overlap(tn_shared_count(a, b), x < y ? x : y);
}

bool tn_unit_is_name_only(const tenon_unit *unit)
{
    return !tn_unit_set_size(unit) && unit->implementation.kind == TENON_DIGEST_UNKNOWN;
}

/* ---- the answer -------------------------------------------------------------------------------
 */

/*
 * A name without a project or library before it ("plugin", "util") says little: any two plugins
 * have such a source. It counts when the code is equal, when both define a symbol of their own in
 * common, or when nothing else is known of one of them.
 */
static bool same_name(const tenon_unit *a, const tenon_unit *b)
{
    if (strcmp(a->name, b->name) != 0)
        return false;
    return a->kind != TENON_UNIT_C || strchr(a->name, '/') || tn_unit_is_name_only(a) ||
           tn_unit_is_name_only(b) ||
           tenon_digest_equal(&a->implementation, &b->implementation) == TENON_YES ||
           tn_shared_first(a, b);
}

const char *tenon_unit_same(const tenon_unit *a, const tenon_unit *b)
{
    if (a->kind != b->kind)
        return NULL;
    if (same_name(a, b))
        return "name";
    if (a->kind == TENON_UNIT_OCAML) /* a compilation unit is its name */
        return NULL;
    if (tenon_digest_equal(&a->implementation, &b->implementation) == TENON_YES)
        return "implementation";
    return a->kind == TENON_UNIT_C && tn_same_definitions(a, b) ? "definitions" : NULL;
}
