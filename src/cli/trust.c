/* src/cli/trust.c - --trust and --require-signature */
#include "trust.h"

#include "query.h"

/* A PUBKEY is the key itself or a file that holds it. */
static bool add(tenon_keys *keys, const char *key, tenon_error *err)
{
    return tenon_keys_add(keys, key, NULL) || tenon_keys_add_file(keys, key, err);
}

tenon_keys *cli_trust_keys(const struct cli_trust *trust, tenon_error *err)
{
    tenon_keys *keys = tenon_keys_new(err);
    for (char **key = trust->keys; keys && key && *key; key++)
        if (!add(keys, *key, err)) {
            tenon_keys_free(keys);
            return NULL;
        }
    return keys;
}

bool cli_trust_apply(const struct cli_trust *trust, tenon_process *process, tenon_error *err)
{
    if (!trust->keys && !trust->require)
        return true;
    tenon_keys *keys = cli_trust_keys(trust, err);
    bool ok = keys && tenon_process_set_trust(process, keys, trust->require, err);
    tenon_keys_free(keys);
    return ok;
}

void cli_trust_free(struct cli_trust *trust)
{
    cli_free_list(trust->keys);
}
