/* src/loader/windows.h - what the loaders of PE images share: Windows, Wine, Cygwin and MSYS2 */
#ifndef TN_WINDOWS_H
#define TN_WINDOWS_H

#include "rules.h"

/* Rows of every rule table of this family, in the order applied. */
enum tn_windows_rule {
    TN_WIN_API_SET,
    TN_WIN_API_SET_ASSUMED, /* where no schema is at hand */
    TN_WIN_DOT_LOCAL,
    TN_WIN_SXS,
    TN_WIN_LOADED,
    TN_WIN_KNOWN,
    TN_WIN_KNOWN_USUAL, /* where nothing lists them */
    TN_WIN_PATH,        /* a name with a directory */
    TN_WIN_LOADDIR,     /* directory of the file that was named by an absolute path */
    TN_WIN_APP,
    TN_WIN_DLLDIR,
    TN_WIN_SYSTEM,
    TN_WIN_SYSTEM_ASSUMED, /* where there is no Windows */
    TN_WIN_SYSTEM16,
    TN_WIN_WINDOWS,
    TN_WIN_CWD,
    TN_WIN_ENV_PATH,
    TN_WIN_USER,
    TN_WIN_DLOPEN, /* of Cygwin */
    TN_WIN_RULES
};

/* What the registry of a Wine prefix says; as settings have it, NULL: nothing. */
struct tn_windows_registry {
    const char *known, *excluded; /* names with semicolons between them */
    const char *safe_mode, *cwd_illegal;
    struct tn_override *overrides;
};

/* Names in lower case: a list of KnownDLLs and what it leads to. */
struct tn_known_dlls {
    const char **names;
    size_t count, room;
    bool is_read;
};

/* The places of one Windows in a world: several where Wine prefixes are programs' homes. */
struct tn_windows_place {
    const char *root;    /* path of drive C:, "" for the world's own root; NULL: there is none */
    const char *windows; /* path of the Windows directory, as spelled there; NULL: not there */
    const char *system;  /* of System32 as the process sees it; NULL */
    struct tn_apiset *apiset; /* NULL: no schema there */
    struct tn_windows_registry registry;
    struct tn_known_dlls known;
    struct tn_windows_place *next;
};

/* The activation context of a program or library: names that its manifest gives to assemblies. */
struct tn_sxs {
    const char *path;
    bool is_program, has_manifest;
    const char *missing; /* an assembly that is nowhere; NULL */
    struct tn_sxs_file {
        const char *name, *directory;
    } * files;
    size_t count, room;
    struct tn_sxs *next;
};

/* Forwarders of the libraries that were asked about, and what they brought in, by file. */
struct tn_forwards;
struct tn_arisen;
#define TN_FORWARD_BUCKETS 1024u

struct tn_windows {
    struct tn_windows_place *places;
    struct tn_sxs *contexts;
    struct tn_forwards *forwards[TN_FORWARD_BUCKETS];
    struct tn_arisen *arisen[TN_FORWARD_BUCKETS];
    const char **opened; /* files that were loaded by an absolute path, */
    size_t opened_count, opened_room;
    uint32_t opened_in;                   /* ... in this process */
    unsigned load_flags;                  /* of LoadLibraryEx(), setting LoadLibraryFlags */
    const struct tn_windows_place *place; /* of the search at hand; NULL: none so far */
    const char *program;                  /* ... file name of its program; NULL */
    bool is_wine;
    bool no_memory; /* somewhere below a search: its answer is none */
};

/* LOAD_LIBRARY_SEARCH_ and LOAD_WITH_ALTERED_SEARCH_PATH */
#define TN_LOAD_ALTERED 0x8u
#define TN_LOAD_DLL_LOAD_DIR 0x100u
#define TN_LOAD_APPLICATION_DIR 0x200u
#define TN_LOAD_USER_DIRS 0x400u
#define TN_LOAD_SYSTEM32 0x800u
#define TN_LOAD_DEFAULT_DIRS 0x1000u
#define TN_LOAD_SEARCH_FLAGS 0x1f00u

/* ---- windows.c ----------------------------------------------------------------------------- */

bool tn_windows_configure(struct tn_target *target, tenon_error *err);
bool tn_windows_claims(struct tn_target *target, const struct tn_loaded_object *object,
                       const struct tn_name_sink *out);
unsigned tn_windows_fits(struct tn_target *target, const char *name,
                         const struct tn_loaded_object *object, bool late);
const char *tn_windows_key(struct tn_target *target, const tenon_need *need);
uint32_t tn_windows_asker_flags(const struct tn_facts *facts);
void tn_windows_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                      struct tn_judgement *out);
void tn_windows_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out);
const char *tn_windows_why_missing(struct tn_arena *arena, const char *name,
                                   const tenon_attempt *attempts, size_t count);
bool tn_windows_wants_origin(const struct tn_target *target);

static inline const tenon_rule *tn_windows_rule_of(const struct tn_trial *trial,
                                                   enum tn_windows_rule rule)
{
    return &trial->target->loader->rules[rule];
}

/* A setting that is a number, as C writes one. */
unsigned tn_windows_number(const tenon_world *world, const char *name, unsigned otherwise);

/* What follows the last '/', '\\' or ':'. */
const char *tn_windows_last_part(const char *name);

/*
 * rule  blanks at the end do not count; ".dll" is appended to a last part without a dot; a dot at
 *       its end prevents that, and is no part of the name. NULL: no memory
 */
const char *tn_windows_normalise(struct tn_arena *arena, const char *name);

/* ---- windows_own.c ------------------------------------------------------------------------- */

/*
 * What WINEDLLOVERRIDES says of a library, or the registry: "n..." native, "b..." builtin first, ""
 * neither; NULL: nothing.
 */
const char *tn_windows_override(const struct tn_target *target, const char *base, size_t *size);

/* The path of Wine's own library that is mapped in place of a native one; NULL: none is. */
const char *tn_windows_own_instead(struct tn_trial *trial, const char *path);

/* Wine's placeholder of a library that is its own: tenon_loader.is_stand_in */
bool tn_windows_is_stand_in(const struct tn_facts *facts);

void tn_wine_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                   struct tn_judgement *out);

/* ---- windows_registry.c -------------------------------------------------------------------- */

/* Reads the registry of the prefix that drive C: is in, if it is in one. false: no memory. */
bool tn_windows_read_registry(struct tn_target *target, const char *root,
                              struct tn_windows_registry *out);

/* What to load for a library of a program: "native,builtin", "" for none; NULL: not said. */
const char *tn_windows_registered(const struct tn_windows_registry *registry, const char *program,
                                  const char *base);

/* ---- windows_search.c ---------------------------------------------------------------------- */

/* The whole search for one name; what stands in the plan of Windows and Wine. */
void tn_windows_search(struct tn_trial *trial);

/* tenon_loader.redirects */
bool tn_windows_redirects(struct tn_target *target, const struct tn_asker *asker, const char *name,
                          bool *yes);

/* The PATH of a process of Windows; NULL: none is known. */
const char *tn_windows_path_list(const struct tn_target *target);

/* Tries a file by its path in the world, whatever the case of its letters there. */
enum tn_action tn_windows_try(struct tn_trial *trial, enum tn_windows_rule rule, const char *dir,
                              const char *name);

/* Notes that memory ran out: a missing file is another thing. */
static inline void tn_windows_note(struct tn_target *target, bool no_memory)
{
    ((struct tn_windows *)target->config)->no_memory |= no_memory;
}

/* ---- windows_paths.c ----------------------------------------------------------------------- */

/* Equal but for the case of letters. rule: names are compared upper case, character by character */
bool tn_windows_same(const char *a, const char *b);

/* In lower case; NULL: no memory. */
const char *tn_windows_lower(struct tn_arena *arena, const char *text, size_t size);

/* Has it a '\\', a '/' or a drive? */
bool tn_windows_has_dir(const char *name);
bool tn_windows_is_absolute(const char *name);

/*
 * The path of dir/name in the world, spelled as it is there, where one of its names may differ in
 * case: the exact one first. Where it is not, the path that was asked for. NULL: no memory.
 */
const char *tn_windows_find(struct tn_target *target, struct tn_arena *arena, const char *dir,
                            const char *name, bool *found);

/* A path of Windows ("C:\\x", "\\x", "x\\y") or of the world ("/x") as one of the world, "/" for
 * its top; "" when its drive is not here; NULL: no memory. */
const char *tn_windows_to_world(struct tn_target *target, struct tn_arena *arena,
                                const struct tn_windows_place *place, const char *path);

/*
 * Where a process comes to by a path of the world: one of 32 bits in a 64-bit Windows by System32
 * to its own system directory, and by Sysnative to System32. NULL: no memory.
 */
const char *tn_windows_redirected(struct tn_target *target, struct tn_arena *arena,
                                  const struct tn_windows_place *place, const char *path);

/*
 * An absolute path as people on Windows write it ("C:\\x", "c:/x", "\\x") as one of the world, the
 * caller's to free. NULL: it is none, there is no Windows here or no such drive, or no memory.
 */
char *tn_windows_given(tenon_world *world, const char *path);

/* Where the Windows of a program is. NULL: no memory. */
struct tn_windows_place *tn_windows_place_of(struct tn_target *target, const char *program);

/* ---- windows_names.c ----------------------------------------------------------------------- */

/* In lower case: is it in the usual list of KnownDLLs, and what these import? */
bool tn_windows_is_usual(const char *name);

/* In lower case: is it a library that every Windows brings with it? */
bool tn_windows_is_part(const char *name);

/* ---- windows_known.c ----------------------------------------------------------------------- */

/*
 * In lower case: is it a KnownDLL? By the list that the setting of that name is, or the registry's,
 * and what its libraries import; else by Windows 10's usual ones; *rule says by which. Sets
 * trial->no_memory.
 */
bool tn_windows_is_known(struct tn_trial *trial, struct tn_windows_place *place, const char *name,
                         enum tn_windows_rule *rule);

/* ---- windows_apiset.c ---------------------------------------------------------------------- */

/* Reads the schema of apisetschema.dll in a system directory; NULL: none, or not readable. */
struct tn_apiset *tn_apiset_read(struct tn_target *target, const char *system);

enum tn_apiset_answer { TN_APISET_UNKNOWN, TN_APISET_UNIMPLEMENTED, TN_APISET_HOST };

/* What a contract's name (in lower case) stands for, asked by a module of this file name. */
enum tn_apiset_answer tn_apiset_find(const struct tn_apiset *apiset, const char *name,
                                     const char *importer, struct tn_arena *arena,
                                     const char **host);

/* "api-..." or "ext-..." */
bool tn_apiset_is_contract(const char *name);

/* ---- windows_sxs.c ------------------------------------------------------------------------- */

/* The activation context of a program, or of a library for its own imports. NULL: no memory. */
const struct tn_sxs *tn_sxs_of(struct tn_target *target, const struct tn_windows_place *place,
                               const char *path, bool is_program);

/* The directory to which it redirects a library; NULL: nowhere. */
const char *tn_sxs_directory(const struct tn_sxs *sxs, const char *name);

/* ---- windows_forward.c --------------------------------------------------------------------- */

/* tenon_loader.arising, .forwarded */
bool tn_windows_arising(struct tn_target *target, const struct tn_bound *bound,
                        const struct tn_need_sink *out);
bool tn_windows_forwarded(struct tn_target *target, const tenon_symbol *symbol,
                          struct tn_forwarded *out);

#endif
