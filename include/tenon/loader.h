/* include/tenon/loader.h - the runtime loaders that tenon knows */
#ifndef TENON_LOADER_H
#define TENON_LOADER_H

#include <stdbool.h>

#include <tenon/error.h>
#include <tenon/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What stands behind a rule as tenon applies it: the strongest thing that does. */
enum tenon_evidence {
    TENON_EVIDENCE_REAL_LOADER,   /* "real-loader": compared with the real loader by our tests */
    TENON_EVIDENCE_SOURCE,        /* "source": read in the loader's source */
    TENON_EVIDENCE_REAL_FILE,     /* "real-file": agrees with files of the real system */
    TENON_EVIDENCE_TOOL_MADE,     /* "tool-made": agrees with files that its own tools made */
    TENON_EVIDENCE_DOCUMENTATION, /* "documentation": from its manual */
    TENON_EVIDENCE_SELF_MADE,     /* "self-made": tried on files of our own making only */
    TENON_EVIDENCE_BELIEVED,      /* "believed": not established */
};

typedef struct tenon_loader tenon_loader; /* a constant: lives as long as the program */

/* One step of a loader's search. */
typedef struct tenon_rule {
    const char *name;   /* short, as printed: "RUNPATH", "ld.so.cache" */
    const char *what;   /* one sentence for people */
    const char *source; /* where the rule comes from: "glibc elf/dl-load.c, _dl_map_object" */
    enum tenon_evidence evidence;
    bool system; /* finds libraries where the system keeps its own */
} tenon_rule;

/* The i-th loader, NULL when i is past the last; and the one of a name. */
TENON_API const tenon_loader *tenon_loader_at(size_t i);
TENON_API const tenon_loader *tenon_loader_named(const char *name);

TENON_API const char *tenon_loader_name(const tenon_loader *loader);
TENON_API const char *tenon_loader_describe(const tenon_loader *loader);
TENON_API enum tenon_format tenon_loader_format(const tenon_loader *loader);

/* The i-th rule of its search in the order applied; NULL when i is past the last. */
TENON_API const tenon_rule *tenon_loader_rule(const tenon_loader *loader, size_t i);

/* The word in the comments above, as JSON has it. A constant. */
TENON_API const char *tenon_evidence_name(enum tenon_evidence evidence);

/* Nothing of the real system stands behind it: an answer by such a rule may be wrong. */
TENON_API bool tenon_evidence_is_uncertain(enum tenon_evidence evidence);

#ifdef __cplusplus
}
#endif
#endif
