/* src/process/words.c - stable words for the enumerations of process.h, as JSON has them */
#include <tenon/process.h>

#include "view.h"

static const char *word(const char *const *words, size_t count, unsigned i)
{
    return i < count ? words[i] : "unknown";
}

const char *tenon_finding_name(enum tenon_finding_kind kind)
{
    static const char *const words[] = {
        [TENON_FINDING_CONFLICT] = "conflict",
        [TENON_FINDING_CLASH] = "clash",
        [TENON_FINDING_DOUBLE] = "double",
        [TENON_FINDING_HARMLESS] = "harmless",
        [TENON_FINDING_OTHER_BUILD] = "other-build",
        [TENON_FINDING_OTHER_COPY] = "other-copy",
        [TENON_FINDING_MISSING_UNIT] = "missing-unit",
        [TENON_FINDING_WRONG_INTERFACE] = "wrong-interface",
        [TENON_FINDING_MISSING_LIBRARY] = "missing-library",
        [TENON_FINDING_REFUSED_LIBRARY] = "refused-library",
        [TENON_FINDING_MISSING_SYMBOL] = "missing-symbol",
        [TENON_FINDING_MISSING_VERSION] = "missing-version",
        [TENON_FINDING_STATIC_TLS] = "static-tls",
        [TENON_FINDING_NO_CODE] = "no-code",
        [TENON_FINDING_CYCLE] = "cycle",
        [TENON_FINDING_CONSTRAINT] = "constraint",
        [TENON_FINDING_NOT_FOUND] = "not-found",
        [TENON_FINDING_AMBIGUOUS] = "ambiguous",
        [TENON_FINDING_SHADOWED] = "shadowed",
        [TENON_FINDING_BAD_BUNDLE] = "bad-bundle",
        [TENON_FINDING_NEEDS_REFUSED] = "needs-refused",
        [TENON_FINDING_NO_RECORD] = "no-record",
        [TENON_FINDING_BAD_RECORD] = "bad-record",
        [TENON_FINDING_STATIC_HOST] = "static-host",
        [TENON_FINDING_CACHE] = "cache",
        [TENON_FINDING_CHANGED] = "changed",
        [TENON_FINDING_LOADER] = "loader",
        [TENON_FINDING_START] = "start",
        [TENON_FINDING_IN_USE] = "in-use",
        [TENON_FINDING_SIGNATURE] = "signature",
        [TENON_FINDING_STAYS] = "stays-mapped",
        [TENON_FINDING_WRONG_CODE] = "wrong-implementation",
        [TENON_FINDING_PART] = "part",
        [TENON_FINDING_OTHER_OCAML] = "other-ocaml",
        [TENON_FINDING_ORDER] = "order",
        [TENON_FINDING_FAILED_UNIT] = "failed-unit",
        [TENON_FINDING_PROHIBITED] = "prohibited",
        [TENON_FINDING_MISSING_PRIMITIVE] = "missing-primitive",
        [TENON_FINDING_SHARED] = "shared",
        [TENON_FINDING_BUSY] = "busy",
        [TENON_FINDING_EXEC_STACK] = "exec-stack",
    };
    return word(words, TN_COUNT(words), kind);
}

const char *tenon_reason_name(enum tenon_reason_kind kind)
{
    static const char *const words[] = { "host", "provided", "requested", "dlopen" };
    return word(words, TN_COUNT(words), kind);
}

const char *tenon_unit_state_name(enum tenon_unit_state state)
{
    static const char *const words[] = { "planned", "mapped", "initialised", "failed" };
    return word(words, TN_COUNT(words), state);
}

const char *tenon_plugin_status_name(enum tenon_plugin_status status)
{
    static const char *const words[] = { "planned", "loaded", "already-loaded",
                                         "refused", "failed", "unloaded" };
    return word(words, TN_COUNT(words), status);
}

const char *tenon_event_name(enum tenon_event_kind kind)
{
    static const char *const words[] = { "opening", "loading", "linking", "loaded", "errored" };
    return word(words, TN_COUNT(words), kind);
}
