/* src/loader/outcomes.c - the words for what became of a candidate */
#include <tenon/resolve.h>

const char *tenon_outcome_name(enum tenon_outcome outcome)
{
    static const char *const names[TENON_OUTCOME_COUNT] = {
        [TENON_OUTCOME_FOUND] = "found",
        [TENON_OUTCOME_ALREADY_LOADED] = "already-loaded",
        [TENON_OUTCOME_SYSTEM] = "system",
        [TENON_OUTCOME_ABSENT] = "absent",
        [TENON_OUTCOME_DIR_MISSING] = "dir-missing",
        [TENON_OUTCOME_PERMISSION] = "permission",
        [TENON_OUTCOME_SYMLINK_LOOP] = "symlink-loop",
        [TENON_OUTCOME_UNREADABLE] = "unreadable",
        [TENON_OUTCOME_IS_DIRECTORY] = "is-directory",
        [TENON_OUTCOME_TRUNCATED] = "truncated",
        [TENON_OUTCOME_NOT_ELF] = "not-elf",
        [TENON_OUTCOME_WRONG_FORMAT] = "wrong-format",
        [TENON_OUTCOME_WRONG_PLATFORM] = "wrong-platform",
        [TENON_OUTCOME_WRONG_VERSION] = "wrong-version",
        [TENON_OUTCOME_MEMBER_MISSING] = "member-missing",
        [TENON_OUTCOME_FORBIDDEN] = "forbidden",
        [TENON_OUTCOME_NO_MATCH] = "no-match",
        [TENON_OUTCOME_RENAMED] = "renamed",
        [TENON_OUTCOME_WRONG_CLASS] = "wrong-class",
        [TENON_OUTCOME_WRONG_ENDIAN] = "wrong-endian",
        [TENON_OUTCOME_WRONG_MACHINE] = "wrong-machine",
        [TENON_OUTCOME_WRONG_ABI] = "wrong-abi",
        [TENON_OUTCOME_WRONG_TYPE] = "wrong-type",
        [TENON_OUTCOME_MALFORMED] = "malformed",
        [TENON_OUTCOME_WRONG_CPU] = "wrong-cpu",
        [TENON_OUTCOME_STALE] = "cache-entry-stale",
        [TENON_OUTCOME_NOT_IN_CACHE] = "not-in-cache",
        [TENON_OUTCOME_NO_CACHE] = "no-cache",
        [TENON_OUTCOME_NODEFLIB] = "nodeflib",
        [TENON_OUTCOME_NOT_EXPANDABLE] = "element-not-expandable",
        [TENON_OUTCOME_DROPPED_SECURE] = "element-dropped-secure",
        [TENON_OUTCOME_NOT_CONSULTED] = "stage-not-consulted",
        [TENON_OUTCOME_TOO_LONG] = "too-long",
        [TENON_OUTCOME_NOT_SETUID] = "not-setuid",
        [TENON_OUTCOME_LATER] = "later",
    };
    return (size_t)outcome < TENON_OUTCOME_COUNT ? names[outcome] : "unknown";
}
