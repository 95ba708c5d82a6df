/* src/cli/manifest_rows.c - rows of a manifest for people: a word, and what there is under it */
#include "manifest_rows.h"

#include <errno.h>
#include <string.h>

#include "chains.h"

void cli_row(struct cli_out *out, const char *word)
{
    cli_puts(out, "  ");
    cli_puts(out, word);
    for (size_t width = strlen(word); width < 12; width++)
        cli_puts(out, " ");
}

/* A unit of OCaml is claimed once for each loader, and shown once. */
static const char *shared_name(const void *claims, size_t i)
{
    const tenon_claim *claim = (const tenon_claim *)claims + i;

    return claim->kind == TENON_UNIT_OCAML && claim->code ? claim->name : NULL;
}

/* "  a.cma, a.cmxs" */
static void put_codes(struct cli_out *out, const struct tn_chains *units, const tenon_claim *claims,
                      uint32_t first)
{
    const char *between = "  ";

    for (uint32_t i = first; i != TN_NO_NAME; i = tn_chains_next(units, i)) {
        cli_puts(out, between);
        cli_text(out, claims[i].code);
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

static void put_claim(struct cli_out *out, const char *word, const tenon_claim *claim)
{
    cli_row(out, word);
    cli_text(out, claim->name);
    cli_puts(out, claim->kind == TENON_UNIT_LIBRARY ? "  (library)" : "");
    cli_puts(out, claim->stateful == TENON_YES ? "  (stateful)" : "");
}

void cli_claim_rows(struct cli_out *out, const char *word, const tenon_claim *claims, size_t count,
                    bool origins)
{
    struct tn_chains units;

    if (!tn_chains_make(&units, count, shared_name, claims))
        out->error = ENOMEM;
    for (size_t i = 0; !out->error && i < count; i++) {
        const char *shared = shared_name(claims, i);
        uint32_t first = shared ? tn_chains_first(&units, shared) : TN_NO_NAME;
        if (shared && first != i)
            continue;
        put_claim(out, word, &claims[i]);
        put_codes(out, &units, claims, first);
        if (origins)
            put_origin(out, &claims[i]);
        cli_puts(out, "\n");
    }
    tn_chains_free(&units);
}
