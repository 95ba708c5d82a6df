/*
 * src/process/ocaml_static.c - installed archives that programs are linked with and nothing loads
 *
 * rule  Dynlink takes .cmxs alone, and packages need not ship them: findlib's threads ships none
 */
#include <string.h>

#include "fail.h"
#include "ocaml_private.h"

static bool is_static(const char *path)
{
    size_t size = strlen(path);

    return size > 5 && strcmp(path + size - 5, ".cmxa") == 0;
}

/* The first unit that the process has not; NULL: all are there. */
static const char *absent_unit(tenon_ocaml_process *process, const tenon_ocaml *archive,
                               tenon_error *err)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(archive); i++) {
        const char *name = tenon_ocaml_unit_at(archive, i)->name;
        const struct tn_oc_known *known = tn_oc_known(process, name);
        if (!known)
            tn_no_memory(err);
        if (!known || !tn_oc_find(process, (uint32_t)(known - process->known))->holder)
            return name;
    }
    return NULL;
}

bool tn_oc_meet_static(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const char *path,
                       bool *known, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT, lost = TENON_ERROR_INIT;
    tenon_ocaml *archive = is_static(path) ? tenon_ocaml_open(plan->world, path, &why) : NULL;
    const char *absent = archive ? absent_unit(plan->process, archive, &lost) : NULL;

    *known = archive;
    if (absent)
        tn_oc_find_in(
            plan, p, TENON_FINDING_NO_CODE, true, absent, path,
            "package %s has no code for OCaml's native loader: no .cmxs is beside %s; the "
            "host must be linked with the package",
            p->name, tn_report_show(plan->report, path));
    tenon_ocaml_free(archive);
    return (why.code != TENON_E_MEMORY && lost.code == TENON_OK) || tn_no_memory(err);
}

const char *tn_oc_static_offer(const tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                               const char *unit)
{
    const char *found = NULL;

    for (size_t i = 0; p->bundle && !found && i < p->request->offer_count; i++) {
        const char *path = p->request->offers[i];
        tenon_ocaml *archive = is_static(path) ? tenon_ocaml_open(plan->world, path, NULL) : NULL;
        for (size_t u = 0; !found && archive && u < tenon_ocaml_unit_count(archive); u++)
            if (strcmp(tenon_ocaml_unit_at(archive, u)->name, unit) == 0)
                found = path;
        tenon_ocaml_free(archive);
    }
    return found;
}
