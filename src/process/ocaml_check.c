/*
 * src/process/ocaml_check.c - one plugin's OCaml code beside what is there: everything that the
 * loaders check one file after the other, and what they do not check
 *
 * rule  otherlibs/dynlink/dynlink_common.ml (doubles, interfaces, implementations, symbols,
 * states); toplevel/topdirs.ml, toplevel/byte/topeval.ml check less
 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "ocaml.h"
#include "ocaml_private.h"
#include "view.h"

/* One plugin being looked at. */
struct looking {
    tenon_ocaml_plan *plan;
    struct tn_oc_prospect *p;
    tenon_error *err;
};

static const char *show(const struct looking *l, const char *name)
{
    return tn_report_show(l->plan->report, name);
}

static size_t unit_count(const struct tn_oc_file *file)
{
    return file->code ? tenon_ocaml_unit_count(file->code) : 0;
}

static const tenon_ocaml_unit *unit_at(const struct tn_oc_file *file, size_t i)
{
    return tenon_ocaml_unit_at(file->code, i);
}

/* The plan's row of a unit. */
static struct tn_oc_coming *row_of(const struct looking *l, const struct tn_oc_file *file, size_t i)
{
    return tn_oc_coming(l->plan, file->numbers[i].own);
}

/* ---- a unit that is there, or comes before -----------------------------------------------------
 */

struct place {
    const char *holder; /* NULL: it is nowhere */
    tenon_digest interface, implementation;
    bool comes;
    enum tenon_unit_state state;
};

static struct place find(const struct looking *l, uint32_t number)
{
    const struct tn_oc_known *known = tn_oc_find(l->plan->process, number);
    const struct tn_oc_coming *row = tn_oc_coming(l->plan, number);
    struct place place = { .holder = NULL };

    if (known->holder) {
        place.holder = known->holder;
        place.interface = known->interface;
        place.implementation = known->implementation;
        place.state = known->state;
        return place;
    }
    if (row->file) {
        place.holder = row->file->label;
        place.interface = row->interface;
        place.implementation = row->implementation;
        place.comes = true;
        place.state = TENON_INITIALISED;
    }
    return place;
}

/* Is the file of native code that others loaded, by all of its bytes, this one? */
static bool is_mapped_file(const struct looking *l, const char *path, const struct tn_oc_file *file)
{
    struct tn_oc_mapped *mapped = &l->plan->mapped;

    if (!mapped->path || strcmp(mapped->path, path) != 0) {
        mapped->path = path;
        mapped->is_known = tn_oc_mapped_digest(path, mapped->digest);
    }
    return mapped->is_known && memcmp(mapped->digest, file->digest, sizeof file->digest) == 0;
}

/*
 * Native code has its C code in the same file, and OCaml's digests say nothing of it. Which C code
 * the host was linked with is not known.
 */
static bool has_other_c_code(const struct looking *l, const struct place *there,
                             const struct tn_oc_file *file, size_t index)
{
    const struct tn_oc_file *coming = there->comes ? row_of(l, file, index)->file : NULL;
    const uint8_t *digest = NULL;

    if (!file->c.defines.count)
        return false;
    if (coming && coming->c.defines.count)
        digest = coming->digest;
    if (!there->comes) {
        const struct tn_oc_known *known = tn_oc_find(l->plan->process, file->numbers[index].own);
        const struct tn_oc_stubs *kept =
            tn_oc_kept_code(l->plan->process, unit_at(file, index)->name);
        if (!kept && known->reason == TENON_BY_OTHERS)
            return !is_mapped_file(l, there->holder, file);
        digest = kept ? kept->digest : NULL;
    }
    return digest && memcmp(digest, file->digest, sizeof file->digest) != 0;
}

/* Are the two the same unit? Unknown digests say nothing against it. */
static const char *difference(const struct looking *l, const struct place *there,
                              const struct tn_oc_file *file, size_t index)
{
    const tenon_ocaml_unit *unit = unit_at(file, index);
    const struct tn_oc_numbers *numbers = &file->numbers[index];
    enum tenon_answer same =
        there->comes ? tenon_digest_equal(&there->interface, &unit->interface)
                     : tn_oc_same_interface(l->plan->process, numbers->own, &unit->interface);

    if (same == TENON_NO)
        return "interface";
    if (tenon_digest_equal(&there->implementation, &numbers->implementation) == TENON_NO)
        return "implementation";
    return has_other_c_code(l, there, file, index) ? "C code" : NULL;
}

/* ---- libraries that are there already ----------------------------------------------------------
 */

static void refuse_part(const struct looking *l, const struct tn_oc_file *file, const char *there,
                        const char *holder, const char *absent)
{
    tn_oc_find_in(l->plan, l->p, TENON_FINDING_PART, true, there, holder,
                  "of %s, unit %s is in %s, and unit %s is not: a library must be there as a whole "
                  "(-linkall) or not at all",
                  file->label, show(l, there), holder, show(l, absent));
}

/* A library of which everything is there is not loaded; one that is there in part is refused. */
static void meet_library(const struct looking *l, struct tn_oc_file *file)
{
    const char *there = NULL, *absent = NULL, *holder = NULL;
    bool same = true;

    if (file->is_main || !unit_count(file))
        return;
    for (size_t i = 0; i < unit_count(file); i++) {
        struct place place = find(l, file->numbers[i].own);
        if (!place.holder) {
            absent = unit_at(file, i)->name;
            continue;
        }
        if (!there) {
            there = unit_at(file, i)->name;
            holder = place.holder;
        }
        same = same && !difference(l, &place, file, i);
    }
    if (!there)
        return;
    if (absent) {
        refuse_part(l, file, there, holder, absent);
        file->skip = true; /* its units are told once */
    } else if (same) {
        file->skip = true;
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_SHARED, false, there, holder,
                      "%s is in %s already, and is not loaded again", file->label, holder);
    }
}

/* The C code of a library that is not loaded again must be that which is there. */
static bool meet_stubs(const struct looking *l, struct tn_oc_file *file)
{
    return l->plan->process->loader == TENON_OCAML_LOADER_NATIVE ||
           tn_oc_find_stubs(l->plan, l->p, file, l->err);
}

/* ---- the order of a plugin's own files ---------------------------------------------------------
 */

static void mark_own(const struct looking *l)
{
    for (size_t k = 0; k < l->p->count; k++) {
        struct tn_oc_file *file = l->p->files[k];
        for (size_t i = 0; !file->skip && i < unit_count(file); i++)
            if (!row_of(l, file, i)->own)
                row_of(l, file, i)->own = file;
    }
}

static void unmark_own(const struct looking *l)
{
    for (size_t k = 0; k < l->p->count; k++)
        for (size_t i = 0; i < unit_count(l->p->files[k]); i++)
            row_of(l, l->p->files[k], i)->own = NULL;
}

/* Which of a plugin's libraries has which C symbol. */
struct own_code {
    struct tn_oc_owners owners; /* numbers of `files` */
    struct tn_oc_file **files;
};

static bool read_own_code(const struct looking *l, struct own_code *own)
{
    bool good = tn_oc_owners_init(&own->owners);

    own->files = tn_arena_rows(&l->plan->arena, l->p->count + 1, sizeof *own->files);
    for (size_t k = 0; good && own->files && k < l->p->count; k++) {
        struct tn_oc_file *file = own->files[k] = l->p->files[k];
        if (!file->code || file->is_main || file->skip)
            continue;
        good = tn_oc_owners_add(&own->owners, file, (uint32_t)k);
        for (size_t s = 0; good && s < file->stub_count; s++)
            good = tn_oc_owners_add(&own->owners, file->stubs[s], (uint32_t)k);
    }
    return good && own->files;
}

static bool is_to_come(const struct looking *l, const struct tn_oc_file *file, size_t placed)
{
    for (size_t rest = placed; rest < l->p->count; rest++)
        if (l->p->files[rest] == file)
            return true;
    return false;
}

/* Does code of `user`, or of its stubs, call C code of a file that is not in order yet? */
static bool waits_for_code(const struct looking *l, const struct own_code *own,
                           const struct tn_oc_file *user, const struct tn_oc_file *code,
                           size_t placed)
{
    const char *symbol;

    for (size_t i = 0; own->owners.names.count && (symbol = tn_oc_wanted(code, i)); i++) {
        uint32_t owner = tn_oc_owner_of(&own->owners, symbol);
        if (owner != TN_NO_NAME && own->files[owner] != user &&
            is_to_come(l, own->files[owner], placed))
            return true;
    }
    return false;
}

/* Does the file need a unit, or C code, of a file that is not in order yet? */
static bool waits(const struct looking *l, const struct own_code *own,
                  const struct tn_oc_file *file, size_t placed)
{
    for (size_t i = 0; i < unit_count(file); i++) {
        const tenon_ocaml_unit *unit = unit_at(file, i);
        for (size_t k = 0; k < unit->required.count; k++) {
            const struct tn_oc_coming *row = tn_oc_coming(l->plan, file->numbers[i].required[k]);
            if (row->own && row->own != file && is_to_come(l, row->own, placed))
                return true;
        }
    }
    for (size_t s = 0; s < file->stub_count; s++)
        if (waits_for_code(l, own, file, file->stubs[s], placed))
            return true;
    return waits_for_code(l, own, file, file, placed);
}

/* Libraries first, each after those it needs; a cycle keeps its order, and is told unit by unit. */
static bool order_files(const struct looking *l)
{
    struct tn_oc_prospect *p = l->p;
    struct own_code own;

    if (p->count < 2)
        return true;
    bool good = read_own_code(l, &own);
    mark_own(l);
    for (size_t placed = 0; good && placed < p->count; placed++) {
        size_t next = placed;
        while (next < p->count &&
               (p->files[next]->is_main || waits(l, &own, p->files[next], placed)))
            next++;
        if (next == p->count) /* only the main file is left, or a cycle */
            for (next = placed; next + 1 < p->count && p->files[next]->is_main; next++)
                ;
        struct tn_oc_file *file = p->files[next];
        memmove(p->files + placed + 1, p->files + placed, (next - placed) * sizeof file);
        p->files[placed] = file;
    }
    unmark_own(l);
    tn_oc_owners_free(&own.owners);
    return good || tn_no_memory(l->err);
}

/* ---- what is not in the bundle -----------------------------------------------------------------
 */

/* Is it in a file of the plugin, other than this one? */
static bool is_own(const struct looking *l, uint32_t number, const struct tn_oc_file *but)
{
    for (size_t k = 0; k < l->p->count; k++)
        for (size_t i = 0; l->p->files[k] != but && i < unit_count(l->p->files[k]); i++)
            if (l->p->files[k]->numbers[i].own == number)
                return true;
    return false;
}

static bool lacks(const struct looking *l, const struct tn_oc_file *file, size_t index)
{
    for (size_t k = 0; k < unit_at(file, index)->required.count; k++) {
        uint32_t number = file->numbers[index].required[k];
        if (!find(l, number).holder && !is_own(l, number, NULL))
            return true;
    }
    return false;
}

static bool lacks_any(const struct looking *l)
{
    for (size_t k = 0; k < l->p->count; k++)
        for (size_t i = 0; !l->p->files[k]->skip && i < unit_count(l->p->files[k]); i++)
            if (lacks(l, l->p->files[k], i))
                return true;
    return false;
}

static bool has_unit(const struct tn_oc_file *file, const char *name)
{
    for (size_t u = 0; u < unit_count(file); u++)
        if (strcmp(unit_at(file, u)->name, name) == 0)
            return true;
    return false;
}

/* The names of an offer are not noted yet. */
static bool requires_unit_of(const struct looking *l, const struct tn_oc_file *offer)
{
    for (size_t k = 0; k < l->p->count; k++) {
        const struct tn_oc_file *file = l->p->files[k];
        for (size_t i = 0; file != offer && i < unit_count(file); i++)
            for (size_t r = 0; r < unit_at(file, i)->required.count; r++) {
                uint32_t number = file->numbers[i].required[r];
                if (has_unit(offer, unit_at(file, i)->required.at[r].name) &&
                    !find(l, number).holder && !is_own(l, number, offer))
                    return true;
            }
    }
    return false;
}

/* Offers from the last to the first: those that need come behind those that are needed. */
static bool take_offers(const struct looking *l)
{
    const tenon_ocaml_request *request = l->p->request;

    for (size_t i = request->offer_count; i-- > 0 && lacks_any(l);) {
        struct tn_oc_file *file;
        if (!tn_oc_add_offer(l->plan, l->p, request->offers[i], &file, l->err))
            return false;
        if (!file)
            continue;
        if (!requires_unit_of(l, file)) {
            tn_oc_free_file(file);
            l->p->count--;
        } else if (!tn_oc_note_names(l->plan, l->p, file)) {
            return tn_no_memory(l->err);
        }
    }
    return true;
}

/* ---- doubles ------------------------------------------------------------------------------------
 */

static void find_double(const struct looking *l, const struct tn_oc_file *file, size_t index,
                        const struct place *there)
{
    const tenon_ocaml_unit *unit = unit_at(file, index);
    const char *what = difference(l, there, file, index);

    if (there->state == TENON_FAILED)
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_FAILED_UNIT, true, unit->name, there->holder,
                      "unit %s came with %s, whose initialisers failed: it cannot be loaded again",
                      show(l, unit->name), there->holder);
    else
        tn_oc_find_in(l->plan, l->p, what ? TENON_FINDING_CONFLICT : TENON_FINDING_DOUBLE, true,
                      unit->name, there->holder,
                      what ? "unit %s is already in %s; %s contains another one, with another %s"
                           : "unit %s is already in %s; %s contains its own copy%s",
                      show(l, unit->name), there->holder, file->label, what ? what : "");
}

/* Dynlink would not run such a unit, and say nothing. */
static void find_escaped(const struct looking *l, const struct tn_oc_file *file,
                         const tenon_ocaml_unit *unit)
{
    const char *symbol = tn_ocaml_escaped_symbol(unit);

    if (symbol)
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_MISSING_SYMBOL, true, unit->name, file->label,
                      "unit %s of %s would never be initialised: native Dynlink looks for "
                      "caml%s__entry, and the compiler writes such a name otherwise; the module "
                      "must be renamed",
                      show(l, unit->name), file->label, show(l, symbol));
}

/* rule  dynlink: "symbols multiply-defined"; P__A is a member of a pack P and of a library P */
static void find_symbols(const struct looking *l, const struct tn_oc_file *file, size_t index)
{
    const tenon_ocaml_unit *unit = unit_at(file, index);

    if (l->plan->process->loader != TENON_OCAML_LOADER_NATIVE)
        return;
    find_escaped(l, file, unit);
    for (size_t i = 0; i < unit->defines.count; i++) {
        const char *symbol = unit->defines.at[i];
        uint32_t number = file->numbers[index].defines[i];
        const struct tn_oc_known *known = tn_oc_find(l->plan->process, number);
        const struct tn_oc_coming *row = tn_oc_coming(l->plan, number);
        const char *holder = known->symbol_holder ? known->symbol_holder
                             : row->symbol_file   ? row->symbol_file->label
                                                  : NULL;
        if (holder && row->symbol_file != file)
            tn_oc_find_in(l->plan, l->p, TENON_FINDING_DOUBLE, true, unit->name, holder,
                          "unit %s of %s defines the symbols of %s, which are in %s already",
                          show(l, unit->name), file->label, show(l, symbol), holder);
    }
}

/* ---- what is required ---------------------------------------------------------------------------
 */

static bool is_prohibited(const struct looking *l, uint32_t number)
{
    const struct tn_oc_known *known = tn_oc_find(l->plan->process, number);

    if (!known->holder || known->reason == TENON_BY_PLUGIN || known->reason == TENON_FOR_PLUGIN)
        return false;
    return known->prohibited || (l->plan->process->only && !known->allowed);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The file of the plugin's own that has the unit; NULL. */
static const struct tn_oc_file *own_file(const struct looking *l, uint32_t number)
{
    for (size_t k = 0; k < l->p->count; k++)
        for (size_t i = 0; !l->p->files[k]->skip && i < unit_count(l->p->files[k]); i++)
            if (l->p->files[k]->numbers[i].own == number)
                return l->p->files[k];
    return NULL;
}

static const char *packages_of(const struct looking *l)
{
    const tenon_manifest *m = l->p->manifest;
    const char *list = m && m->package_count ? "" : NULL;

    for (size_t i = 0; list && i < m->package_count; i++)
        if (*m->packages[i] != '-')
            list = tn_arena_format(&l->plan->arena, "%s%s%s", list, *list ? ", " : "",
                                   show(l, m->packages[i]));
    return list && *list ? list : NULL;
}

/* The package of OCaml's own library that has the unit; NULL. */
static const char *compilers_package(const char *unit)
{
    static const struct {
        const char *unit, *package;
    } rows[] = { { "Str", "str" },
                 { "Unix", "unix" },
                 { "UnixLabels", "unix" },
                 { "Dynlink", "dynlink" },
                 { "Thread", "threads.posix" },
                 { "Mutex", "threads.posix" },
                 { "Condition", "threads.posix" },
                 { "Event", "threads.posix" } };

    for (size_t i = 0; i < TN_COUNT(rows); i++)
        if (strcmp(rows[i].unit, unit) == 0)
            return rows[i].package;
    return NULL;
}

/* What to do about a unit that is nowhere, as far as that is known; "" (NULL: no memory). */
static const char *way_out(const struct looking *l, const char *name, uint32_t number)
{
    const struct tn_oc_file *own = own_file(l, number);
    const char *linked = own ? NULL : tn_oc_static_offer(l->plan, l->p, name);
    const char *packages = own || linked ? NULL : packages_of(l);

    if (own)
        return tn_arena_format(&l->plan->arena,
                               "; it is in %s of the same bundle, which comes later, since the two "
                               "need each other: they must be one library",
                               own->label);
    if (linked)
        return tn_arena_format(&l->plan->arena,
                               "; it is in %s, beside which no .cmxs is: the host must be linked "
                               "with that package",
                               show(l, linked));
    if (tn_oc_find(l->plan->process, number)->interface.kind != TENON_DIGEST_UNKNOWN)
        return "; its interface is known here: the program was linked without it, which -linkall "
               "changes";
    if (begins(name, "Stdlib") || begins(name, "Camlinternal"))
        return "; it is of the standard library, all of which a host has that is linked with "
               "-linkall";
    const char *package = compilers_package(name);
    if (package)
        return tn_arena_format(&l->plan->arena,
                               "; it is of OCaml's package %s: the plugin must name it when it is "
                               "built (--package), or the host be linked with it",
                               package);
    return packages ? tn_arena_format(&l->plan->arena,
                                      "; of the packages that the plugin names (%s), findlib knows "
                                      "none here that has it",
                                      packages)
                    : "";
}

/* Is it in a library of which the process has another part? That is told of the library. */
static bool is_of_part(const struct looking *l, uint32_t number)
{
    for (size_t k = 0; k < l->p->count; k++)
        for (size_t i = 0; l->p->files[k]->skip && i < unit_count(l->p->files[k]); i++)
            if (l->p->files[k]->numbers[i].own == number)
                return true;
    return false;
}

static void find_missing(const struct looking *l, const struct tn_oc_file *file,
                         const tenon_ocaml_unit *unit, const char *name, uint32_t number)
{
    if (is_of_part(l, number))
        return;
    const char *why = way_out(l, name, number);

    tn_oc_find_in(l->plan, l->p, TENON_FINDING_MISSING_UNIT, true, name, file->label,
                  "unit %s of %s requires unit %s, which is neither in the process nor in the "
                  "plan%s",
                  show(l, unit->name), file->label, show(l, name), why ? why : "");
}

/* A unit of the host, which is linked, but comes later. What has run once is not asked about again.
 */
static bool is_to_start(const struct looking *l, const char *name, uint32_t number)
{
    const tenon_ocaml_process *process = l->plan->process;
    const struct tn_oc_known *known = tn_oc_find(l->plan->process, number);

    if (!process->start_probe || !known->holder || known->reason != TENON_IN_HOST ||
        known->has_started)
        return false;
    bool started = process->start_probe(process->start_arg, name);
    process->known[number].has_started = started; /* rows may have moved */
    return !started;
}

/* A unit whose initialiser runs, or came to no end where Tenon does not see it. */
static bool is_unfinished(const struct looking *l, const char *name, uint32_t number)
{
    const tenon_ocaml_process *process = l->plan->process;
    const struct tn_oc_known *known = tn_oc_find(l->plan->process, number);

    if (!known->holder || (known->state != TENON_MAPPED && known->reason != TENON_BY_OTHERS))
        return false;
    return process->run_probe ? !process->run_probe(process->run_arg, name)
                              : known->state == TENON_MAPPED;
}

static void check_required(const struct looking *l, const struct tn_oc_file *file, size_t index,
                           size_t k)
{
    const tenon_ocaml_unit *unit = unit_at(file, index);
    const tenon_ocaml_import *wanted = &unit->required.at[k];
    uint32_t number = file->numbers[index].required[k];
    const struct tn_oc_coming *row = tn_oc_coming(l->plan, number);
    struct place there;

    if (number == file->numbers[index].own)
        return;
    if (row->file == file && row->index > index) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_ORDER, true, unit->name, file->label,
                      "in %s unit %s comes before unit %s, which it requires", file->label,
                      show(l, unit->name), show(l, wanted->name));
        return;
    }
    there = find(l, number);
    if (!there.holder) {
        find_missing(l, file, unit, wanted->name, number);
    } else if (there.state == TENON_FAILED) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_FAILED_UNIT, true, wanted->name, there.holder,
                      "unit %s of %s requires unit %s of %s, whose initialisers failed",
                      show(l, unit->name), file->label, show(l, wanted->name), there.holder);
    } else if (is_to_start(l, wanted->name, number)) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_ORDER, true, wanted->name, there.holder,
                      "unit %s of %s requires unit %s of %s, whose initialiser has not run yet",
                      show(l, unit->name), file->label, show(l, wanted->name), there.holder);
    } else if (is_unfinished(l, wanted->name, number)) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_ORDER, true, wanted->name, there.holder,
                      "unit %s of %s requires unit %s of %s, whose initialiser has not run to its "
                      "end",
                      show(l, unit->name), file->label, show(l, wanted->name), there.holder);
    } else if (is_prohibited(l, number)) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_PROHIBITED, true, wanted->name, there.holder,
                      "unit %s of %s uses unit %s of %s, which plugins may not use",
                      show(l, unit->name), file->label, show(l, wanted->name), there.holder);
    } else if (tenon_digest_equal(&there.implementation, &wanted->crc) == TENON_NO) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_WRONG_CODE, true, wanted->name, there.holder,
                      "unit %s of %s was compiled against another implementation of unit %s than "
                      "that of %s",
                      show(l, unit->name), file->label, show(l, wanted->name), there.holder);
    }
}

/* What is seen first holds for those that come. */
static void see_interface(const struct looking *l, struct tn_oc_coming *row,
                          const tenon_digest *crc)
{
    if (row->interface.kind != TENON_DIGEST_UNKNOWN || crc->kind == TENON_DIGEST_UNKNOWN)
        return;
    row->interface = *crc;
    row->seen_by = l->p;
}

static void check_interface(const struct looking *l, const struct tn_oc_file *file, size_t index,
                            size_t k)
{
    const tenon_ocaml_unit *unit = unit_at(file, index);
    const tenon_ocaml_import *wanted = &unit->interfaces.at[k];
    uint32_t number = file->numbers[index].interfaces[k];
    bool *fits = file->listed ? &l->p->fits[file->listed[index].interfaces[k]] : NULL;

    if ((fits && *fits) || wanted->crc.kind == TENON_DIGEST_UNKNOWN ||
        number == file->numbers[index].own)
        return;
    struct tn_oc_coming *row = tn_oc_coming(l->plan, number);
    const struct tn_oc_known *known = tn_oc_find(l->plan->process, number);
    const char *holder = known->holder ? known->holder
                         : row->file   ? row->file->label
                                       : "what is there";
    if (tn_oc_same_interface(l->plan->process, number, &wanted->crc) == TENON_NO ||
        tenon_digest_equal(&row->interface, &wanted->crc) == TENON_NO) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_WRONG_INTERFACE, true, wanted->name, holder,
                      "unit %s of %s was compiled against another interface of unit %s than that "
                      "of %s",
                      show(l, unit->name), file->label, show(l, wanted->name), holder);
        return;
    }
    see_interface(l, row, &wanted->crc);
    if (fits)
        *fits = true; /* other units of the plugin need not be asked about the same */
}

/* ---- one file
 * ------------------------------------------------------------------------------------ */

static void announce(const struct looking *l, const struct tn_oc_file *file)
{
    for (size_t i = 0; i < unit_count(file); i++) {
        const tenon_ocaml_unit *unit = unit_at(file, i);
        struct place there = find(l, file->numbers[i].own);
        struct tn_oc_coming *row = row_of(l, file, i);
        if (there.holder) {
            find_double(l, file, i, &there);
            continue;
        }
        if (tn_oc_same_interface(l->plan->process, file->numbers[i].own, &unit->interface) ==
            TENON_NO)
            tn_oc_find_in(l->plan, l->p, TENON_FINDING_WRONG_INTERFACE, true, unit->name, NULL,
                          "unit %s of %s has another interface than the one that the process was "
                          "compiled against",
                          show(l, unit->name), file->label);
        else if (tenon_digest_equal(&row->interface, &unit->interface) == TENON_NO)
            tn_oc_find_in(l->plan, l->p, TENON_FINDING_WRONG_INTERFACE, true, unit->name, NULL,
                          "unit %s of %s has another interface than the one that those before it "
                          "were compiled against",
                          show(l, unit->name), file->label);
        row->file = file;
        row->index = i;
        see_interface(l, row, &unit->interface);
        row->implementation = file->numbers[i].implementation;
    }
}

static void check_units(const struct looking *l, struct tn_oc_file *file)
{
    announce(l, file);
    for (size_t i = 0; i < unit_count(file); i++) {
        const tenon_ocaml_unit *unit = unit_at(file, i);
        const struct tn_oc_numbers *numbers = &file->numbers[i];
        if (!tn_oc_find(l->plan->process, numbers->own)->holder && row_of(l, file, i)->file == file)
            find_symbols(l, file, i);
        for (size_t k = 0; k < unit->defines.count; k++) {
            struct tn_oc_coming *symbol = tn_oc_coming(l->plan, numbers->defines[k]);
            if (!symbol->symbol_file)
                symbol->symbol_file = file;
        }
        for (size_t k = 0; k < unit->required.count; k++)
            check_required(l, file, i, k);
        for (size_t k = 0; k < unit->interfaces.count; k++)
            check_interface(l, file, i, k);
    }
}

static bool check_file(const struct looking *l, struct tn_oc_file *file)
{
    bool native = l->plan->process->loader == TENON_OCAML_LOADER_NATIVE;

    if (file->is_main && !unit_count(file)) {
        tn_oc_find_in(l->plan, l->p, TENON_FINDING_BAD_BUNDLE, true, NULL, file->label,
                      "%s has no unit: it was linked without -linkall", file->label);
        return true;
    }
    check_units(l, file);
    if (!native && !tn_oc_find_stubs(l->plan, l->p, file, l->err))
        return false;
    for (size_t s = 0; s < file->stub_count; s++) {
        struct tn_oc_file *stub = file->stubs[s];
        if (stub->skip || !stub->has_c)
            continue;
        if (!tn_oc_check_code(l->plan, l->p, stub, l->err))
            return false;
        stub->placed = true;
        if (!tn_oc_place_code(l->plan, stub))
            return tn_no_memory(l->err);
    }
    if (!tn_oc_check_code(l->plan, l->p, file, l->err))
        return false;
    file->placed = true;
    return tn_oc_place_code(l->plan, file) || tn_no_memory(l->err);
}

/* ---- one plugin
 * ----------------------------------------------------------------------------------- */

static bool is_refused(const struct looking *l)
{
    return l->plan->report->plugins[l->p->row].status == TENON_PLUGIN_REFUSED;
}

/* It does not come after all: what was put in place goes. False: no memory. */
static bool take_back(const struct looking *l)
{
    for (size_t k = 0; k < l->p->count; k++)
        l->p->files[k]->placed = false;
    for (size_t i = 0; i < l->plan->coming_room; i++) {
        struct tn_oc_coming *row = &l->plan->coming[i];
        if (row->seen_by == l->p) {
            row->interface = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
            row->seen_by = NULL;
        }
        for (size_t k = 0; k < l->p->count; k++) {
            if (row->file == l->p->files[k]) {
                row->file = NULL;
                row->implementation = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
            }
            if (row->symbol_file == l->p->files[k])
                row->symbol_file = NULL;
        }
    }
    for (size_t i = 0; i < l->plan->c_coming.count; i++)
        for (size_t k = 0; k < l->p->count; k++)
            if (l->plan->c_files[i] == l->p->files[k])
                l->plan->c_files[i] = NULL;
    return tn_oc_forget_libraries(l->plan, l->p);
}

bool tn_oc_check_plugin(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    const struct looking l = { plan, p, err };

    for (size_t k = 0; k < p->count; k++)
        meet_library(&l, p->files[k]);
    size_t bundled = p->count;
    if (p->bundle && !take_offers(&l))
        return false;
    for (size_t k = bundled; k < p->count; k++)
        meet_library(&l, p->files[k]);
    if (!order_files(&l))
        return false;
    /* stubs are added behind while this goes on */
    for (size_t k = 0, count = p->count; k < count; k++) {
        struct tn_oc_file *file = p->files[k];
        if (file->code && !(file->skip ? meet_stubs(&l, file) : check_file(&l, file)))
            return false;
    }
    return !plan->order.each || !is_refused(&l) || take_back(&l) || tn_no_memory(err);
}
