/* src/image/name_sum.c - names that records of a file may share */
#include "name_sum.h"

#include <inttypes.h>
#include <string.h>

#include "fail.h"

bool tn_count_bytes(uint64_t *used, size_t length, uint32_t most, const char *what,
                    tenon_error *err)
{
    *used += length + 1;
    return *used <= most ||
           tn_fail(err, TENON_E_LIMIT, "%s: more than %" PRIu32 " bytes", what, most);
}

bool tn_count_name(uint64_t *used, const char *name, uint32_t most, const char *what,
                   tenon_error *err)
{
    return tn_count_bytes(used, strlen(name), most, what, err);
}

bool tn_count_provider(uint64_t *used, const char *library, tenon_error *err)
{
    return !library || tn_count_name(used, library, TN_LIMIT_SYMBOL_NAMES,
                                     "names of libraries of symbols", err);
}
