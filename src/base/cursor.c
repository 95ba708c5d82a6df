/* src/base/cursor.c - says what did not fit */
#include "cursor.h"

#include <inttypes.h>

#include "fail.h"

bool tn_end(const struct tn_cursor *c, tenon_error *err)
{
    if (!c->lost)
        return true;
    uint64_t end = c->in.start + c->in.size;
    if (c->wanted == 0)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "%s: offset 0x%" PRIx64 " is past the end, 0x%" PRIx64, c->lost, c->where,
                       end);
    return tn_fail(err, TENON_E_TRUNCATED,
                   "%s: %" PRIu64 " byte%s needed at 0x%" PRIx64 ", %" PRIu64 " left", c->lost,
                   c->wanted, c->wanted == 1 ? "" : "s", c->where,
                   c->where < end ? end - c->where : 0);
}
