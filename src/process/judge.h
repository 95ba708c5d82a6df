/* src/process/judge.h - what it means that one thing would be in a process twice */
#ifndef TN_JUDGE_H
#define TN_JUDGE_H

#include <tenon/process.h>
#include <tenon/unit.h>

/*
 * Pure functions over units and what the dynamic linker sees of them: no file is opened, nothing
 * is allocated. docs/design/plugins.md has the table of findings.
 */

/* How one image's external definitions are looked up. */
struct tn_sight {
    const tenon_visible *(*find)(const void *of, const char *name); /* NULL: nobody knows */
    const void *of;
};

/* One copy of a unit, where it stands or would stand. */
struct tn_copy {
    const tenon_unit *unit;
    struct tn_sight sight;
    bool serves_all; /* its exported definitions are in the global scope of the process */
    bool is_apart;   /* a plugin's code, opened with RTLD_LOCAL: first in its own scope */
    bool is_private; /* declared by the plugin's author as deliberately its own */
};

/* A judgement. `because` is a clause for people: "and both copies are visible to ...". */
struct tn_judgement {
    enum tenon_finding_kind kind; /* CONFLICT, CLASH, DOUBLE or HARMLESS */
    bool refuses;
    const char *because;
    const char *symbol; /* that decided; NULL */
};

/*
 * Are the two the same thing, and if so, what does that mean? `there` is in the process or comes
 * before, `comes` would be loaded.
 *
 * returns  false: they are different things, *out is untouched
 */
bool tn_judge_units(const struct tn_copy *there, const struct tn_copy *comes,
                    struct tn_judgement *out);

/*
 * Are they the own code of two plugins that are loaded apart, and all that they share is one name
 * of a symbol? That is what the host's own way of starting a plugin looks like.
 */
bool tn_judge_is_entry(const struct tn_copy *a, const struct tn_copy *b);

/* A symbol of both that binds to the one that is there also where the other's code means its own;
 * NULL: there is none. */
const char *tn_judge_interposed(const struct tn_copy *there, const struct tn_copy *comes);

/* Two units that are not the same by any key, but share definitions (tn_units_overlap). */
void tn_judge_overlap(const struct tn_copy *there, const struct tn_copy *comes,
                      struct tn_judgement *out);

/*
 * An image without a record defines what the unit defines (tenon_units_cover said so):
 * it contains a copy that nobody knows the digest of. Nobody asks for image->unit.
 */
bool tn_judge_covered(const struct tn_copy *unit, const struct tn_copy *image,
                      struct tn_judgement *out);

/*
 * A writable object of inline code that both images define: `there` stands, `comes` would be
 * loaded. False: it is harmless, the two are one.
 *
 * rule  ELF gABI, "Symbol Binding" and scope order; glibc elf/dl-lookup.c, do_lookup_unique()
 */
bool tn_judge_comdat(const tenon_visible *there, bool there_serves, const tenon_visible *comes,
                     bool loader_joins_unique);

#endif
