/* src/cli/manifest_rows.c - rows of a manifest for people: a word, and what there is under it */
#include "manifest_rows.h"

#include <string.h>

void cli_row(struct cli_out *out, const char *word)
{
    cli_puts(out, "  ");
    cli_puts(out, word);
    for (size_t width = strlen(word); width < 12; width++)
        cli_puts(out, " ");
}

static bool is_same(const tenon_claim *a, const tenon_claim *b)
{
    return a->kind == TENON_UNIT_OCAML && b->kind == TENON_UNIT_OCAML && a->code && b->code &&
           strcmp(a->name, b->name) == 0;
}

static bool was_met(const tenon_claim *claims, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_same(&claims[k], &claims[i]))
            return true;
    return false;
}

/* "  a.cma, a.cmxs" */
static void put_codes(struct cli_out *out, const tenon_claim *claims, size_t count, size_t i)
{
    const char *between = "  ";

    for (size_t k = i; k < count; k++) {
        if (!is_same(&claims[k], &claims[i]))
            continue;
        cli_puts(out, between);
        cli_text(out, claims[k].code);
        between = ", ";
    }
}

static void put_origin(struct cli_out *out, const tenon_claim *claim)
{
    if (!claim->origin || strcmp(claim->origin, claim->name) == 0)
        return;
    cli_puts(out, "  ");
    cli_style(out, CLI_DIM);
    cli_text(out, claim->origin);
    cli_style(out, CLI_PLAIN);
}

void cli_claim_rows(struct cli_out *out, const char *word, const tenon_claim *claims, size_t count,
                    bool origins)
{
    for (size_t i = 0; i < count; i++) {
        if (was_met(claims, i))
            continue;
        cli_row(out, word);
        cli_text(out, claims[i].name);
        cli_puts(out, claims[i].kind == TENON_UNIT_LIBRARY ? "  (library)" : "");
        cli_puts(out, claims[i].stateful == TENON_YES ? "  (stateful)" : "");
        put_codes(out, claims, count, i);
        if (origins)
            put_origin(out, &claims[i]);
        cli_puts(out, "\n");
    }
}
