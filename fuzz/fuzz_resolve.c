/* fuzz/fuzz_resolve.c - builds a small world from the input and walks every answer about it */
/*
 * The input is text, a command a line: a letter, a blank, and the rest.
 *
 *     E PATH  begins an ELF file; the next lines are about it:
 *       n NEEDED   s SONAME   r RPATH   p RUNPATH   i INTERPRETER   a AUXILIARY   f FILTER
 *       v FILE VERSION (needed)   d VERSION (defined)   m MACHINE   F FLAGS_1 (hexadecimal)
 *       3 32 bits   b big-endian   u SYMBOL (undefined)   y SYMBOL (defined)
 *       o JSON (.note.dlopen)   x OFFSET VALUE (a byte overwritten)   t SIZE (cut off)
 *     P PATH  begins a PE file; likewise
 *       n NEEDED   l NEEDED (late)   u SYMBOL (of the last needed; "#7": an ordinal)
 *       y SYMBOL FORWARD (exported; no FORWARD: its own)   x OFFSET VALUE   t SIZE
 *     R PATH TEXT   a file        L PATH TARGET   a link        D PATH   a directory
 *     e NAME VALUE  environment   c CWD   S secure   C processor   h PATH  hidden
 *     G NAME VALUE  a setting of the system
 *     A asks for all files as programs (also done without); q NAME  dlopen() by the first one
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/resolve.h>

#include "../tests/unit/elf_builder.h"
#include "../tests/unit/pe_builder.h"
#include "alike.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 8 /* of each thing in a list */

struct file {
    const char *path;
    struct elf_spec spec;
    const char *needed[MOST + 1], *versions[MOST + 1], *verdef[MOST + 1];
    const char *version_names[MOST][2];
    struct elf_spec_verneed verneed[MOST + 1];
    struct elf_spec_symbol symbols[MOST + 1];
    size_t needed_count, verneed_count, verdef_count, symbol_count;
    unsigned long patches[MOST][2];
    size_t patch_count;
    unsigned long cut; /* 0: not at all */
    bool is_pe;
    struct pe_list {
        struct pe_import rows[MOST + 1];
        const char *names[MOST][MOST + 1];
        size_t count;
    } imports, delays, *last;
    struct pe_export exports[MOST + 1];
    size_t export_count;
};

struct fuzz_world {
    tenon_world *world;
    struct file files[MOST];
    size_t file_count;
    const char *requests[MOST];
    size_t request_count;
};

static void keep(const char **list, size_t *count, const char *text)
{
    if (*count < MOST)
        list[(*count)++] = text;
}

/* Cuts the line at its first blank; what follows. */
static char *second_word(char *line)
{
    char *blank = strchr(line, ' ');
    if (!blank)
        return line + strlen(line);
    *blank = '\0';
    return blank + 1;
}

static void add_symbol(struct file *f, const char *name, bool defined)
{
    if (f->symbol_count < MOST)
        f->symbols[f->symbol_count++] = (struct elf_spec_symbol){
            .name = name,
            .defined = defined,
            .bind = 1,
            .type = 2,
            .value = defined ? 64 : 0,
            .use = defined               ? ELF_RELOC_NONE
                   : f->symbol_count % 2 ? ELF_RELOC_PLT
                                         : ELF_RELOC_DATA,
        };
}

static void add_verneed(struct file *f, char *rest)
{
    const char *version = second_word(rest);
    if (f->verneed_count == MOST)
        return;
    f->version_names[f->verneed_count][0] = version;
    f->verneed[f->verneed_count].file = rest;
    f->verneed[f->verneed_count].names = f->version_names[f->verneed_count];
    f->verneed_count++;
}

/* A command about the current ELF file. */
static void describe(struct file *f, char letter, char *rest)
{
    switch (letter) {
    case 'n': keep(f->needed, &f->needed_count, rest); break;
    case 's': f->spec.soname = rest; break;
    case 'r': f->spec.rpath = rest; break;
    case 'p': f->spec.runpath = rest; break;
    case 'i': f->spec.interp = rest; break;
    case 'a': f->spec.auxiliary = rest; break;
    case 'f': f->spec.filter = rest; break;
    case 'v': add_verneed(f, rest); break;
    case 'd': keep(f->verdef, &f->verdef_count, rest); break;
    case 'm': f->spec.machine = (uint16_t)strtoul(rest, NULL, 10); break;
    case 'F': f->spec.dt_flags_1 = strtoul(rest, NULL, 16); break;
    case '3': f->spec.bits = 32; break;
    case 'b': f->spec.big = true; break;
    case 'u': add_symbol(f, rest, false); break;
    case 'y': add_symbol(f, rest, true); break;
    case 'o': f->spec.dlopen_note = rest; break;
    case 't': f->cut = strtoul(rest, NULL, 10); break;
    case 'x':
        if (f->patch_count < MOST) {
            char *value = second_word(rest);
            f->patches[f->patch_count][0] = strtoul(rest, NULL, 10);
            f->patches[f->patch_count++][1] = strtoul(value, NULL, 10);
        }
        break;
    default: break;
    }
}

static void add_import(struct file *f, struct pe_list *list, const char *library)
{
    f->last = list;
    if (list->count < MOST) {
        list->rows[list->count].library = library;
        list->rows[list->count].names = list->names[list->count];
        list->count++;
    }
}

static void add_imported(struct file *f, const char *name)
{
    size_t count = 0;
    if (!f->last)
        return;
    while (f->last->names[f->last->count - 1][count])
        count++;
    if (count < MOST)
        f->last->names[f->last->count - 1][count] = name;
}

/* A command about the current PE file. */
static void describe_pe(struct file *f, char letter, char *rest)
{
    const char *forward;
    switch (letter) {
    case 'n': add_import(f, &f->imports, rest); break;
    case 'l': add_import(f, &f->delays, rest); break;
    case 'u': add_imported(f, rest); break;
    case 'y':
        forward = second_word(rest);
        if (f->export_count < MOST && (*rest || *forward))
            f->exports[f->export_count++] = (struct pe_export){
                .name = *rest ? rest : NULL,
                .forward = *forward ? forward : NULL,
            };
        break;
    case 't':
    case 'x': describe(f, letter, rest); break;
    default: break;
    }
}

static void begin(struct fuzz_world *w, const char *path, bool is_pe)
{
    if (w->file_count == MOST)
        return;
    w->files[w->file_count].path = path;
    w->files[w->file_count++].is_pe = is_pe;
}

/* A command about the world; paths that no world takes are left out. */
static void change(struct fuzz_world *w, char letter, char *rest)
{
    char *more;
    switch (letter) {
    case 'E': begin(w, rest, false); break;
    case 'P': begin(w, rest, true); break;
    case 'R':
        more = second_word(rest);
        (void)tenon_world_put_file(w->world, rest, more, strlen(more), 0644, NULL);
        break;
    case 'L':
        more = second_word(rest);
        (void)tenon_world_put_link(w->world, rest, more, NULL);
        break;
    case 'D': (void)tenon_world_put_dir(w->world, rest, NULL); break;
    case 'h': (void)tenon_world_hide(w->world, rest, NULL); break;
    case 'e':
        more = second_word(rest);
        (void)tenon_world_set_env(w->world, rest, more, NULL);
        break;
    case 'G':
        more = second_word(rest);
        (void)tenon_world_set_setting(w->world, rest, more, NULL);
        break;
    case 'c': (void)tenon_world_set_cwd(w->world, rest, NULL); break;
    case 'S': tenon_world_set_secure(w->world, true); break;
    case 'C': (void)tenon_world_set_cpu(w->world, rest, NULL); break;
    case 'q': keep(w->requests, &w->request_count, rest); break;
    default:
        if (w->file_count && w->files[w->file_count - 1].is_pe)
            describe_pe(&w->files[w->file_count - 1], letter, rest);
        else if (w->file_count)
            describe(&w->files[w->file_count - 1], letter, rest);
    }
}

static uint8_t *build_elf(struct file *f, size_t *size)
{
    f->spec.needed = f->needed;
    f->spec.verneed = f->verneed_count ? f->verneed : NULL;
    f->spec.verdef = f->verdef_count ? f->verdef : NULL;
    f->spec.symbols = f->symbols;
    return elf_build(&f->spec, size);
}

static uint8_t *build_pe(const struct file *f, size_t *size)
{
    size_t length = strlen(f->path);
    return pe_build(
        &(struct pe_spec){ .dll = length > 4 && strcmp(f->path + length - 4, ".dll") == 0,
                           .imports = f->imports.count ? f->imports.rows : NULL,
                           .delays = f->delays.count ? f->delays.rows : NULL,
                           .exports = f->export_count ? f->exports : NULL },
        size);
}

static void put(struct fuzz_world *w, struct file *f)
{
    size_t size;
    uint8_t *bytes = f->is_pe ? build_pe(f, &size) : build_elf(f, &size);
    for (size_t i = 0; i < f->patch_count; i++)
        bytes[f->patches[i][0] % size] = (uint8_t)f->patches[i][1];
    if (f->cut && f->cut < size)
        size = f->cut;
    (void)tenon_world_put_file(w->world, f->path, bytes, size, 0755, NULL);
    free(bytes);
}

/* ---- looking at answers -------------------------------------------------------------------- */

static void check(bool good)
{
    if (!good)
        abort();
}

static size_t touch(const char *text)
{
    return text ? strlen(text) : 0;
}

static bool is_row(const tenon_graph *graph, int32_t row)
{
    return row == TENON_THE_FILE || (row >= 0 && (size_t)row < tenon_graph_count(graph));
}

static size_t look_at_library(const tenon_graph *graph, size_t i)
{
    const tenon_library *l = tenon_graph_library(graph, i);
    size_t n = touch(l->name) + touch(l->path) + touch(l->where) + touch(l->reason);
    bool found = l->status == TENON_STATUS_FOUND, with_system = l->status == TENON_STATUS_SYSTEM;
    check(l->name && is_row(graph, l->parent));
    check(with_system || found == (l->path != NULL));
    check(found == (l->reason == NULL));
    for (size_t k = 0; k < l->need_count; k++)
        check(is_row(graph, l->needs[k]));
    for (size_t k = 0; k < l->needed_by_count; k++)
        check(is_row(graph, l->needed_by[k]));
    size_t answers = 0;
    for (size_t k = 0; k < tenon_graph_tried_count(graph, i); k++) {
        const tenon_attempt *a = tenon_graph_tried(graph, i, k);
        check(a->path && a->outcome < TENON_OUTCOME_COUNT);
        n += touch(a->path) + touch(a->where) + touch(a->detail) +
             touch(a->rule ? a->rule->name : "");
        answers += a->outcome == TENON_OUTCOME_FOUND;
    }
    check(answers <= 1);
    return n;
}

static size_t look_at(const tenon_graph *graph)
{
    size_t n = touch(tenon_graph_file(graph)) + touch(tenon_graph_interpreter(graph)) +
               touch(tenon_graph_machine(graph));
    for (size_t i = 0; i < tenon_graph_count(graph); i++)
        n += look_at_library(graph, i);
    for (size_t i = 0; i < tenon_graph_missing_version_count(graph); i++) {
        const tenon_missing_version *m = tenon_graph_missing_version(graph, i);
        check((m->library == TENON_NOBODY || is_row(graph, m->library)) &&
              is_row(graph, m->needed_by));
        n += touch(m->version) + touch(m->reason);
    }
    for (size_t i = 0; i < tenon_graph_binding_count(graph); i++) {
        const tenon_symbol_binding *b = tenon_graph_binding(graph, i);
        check(is_row(graph, b->needed_by));
        check(b->found ? is_row(graph, b->provider) : b->provider == TENON_NOBODY);
        n += touch(b->symbol) + touch(b->version) + touch(b->reason);
    }
    for (size_t i = 0; i < tenon_graph_dlopen_count(graph); i++) {
        const tenon_dlopen_finding *d = tenon_graph_dlopen(graph, i);
        check(is_row(graph, d->named_by));
        n += touch(d->name) + touch(d->path) + touch(d->priority) + touch(d->feature) +
             touch(d->description) + touch(d->alternative);
    }
    for (size_t i = 0; tenon_graph_remark(graph, i); i++)
        n += touch(tenon_graph_remark(graph, i));
    return n + touch(tenon_graph_reason(graph)) + (size_t)tenon_graph_status(graph);
}

/* One answer as a number, 0 for an error, which must say why. */
static size_t answer(tenon_resolver *r, const char *path, const tenon_state *state)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_graph *graph =
        state ? tenon_resolve_state(r, state, &err) : tenon_resolve_file(r, path, &err);
    check(graph ? true : err.code != TENON_OK && err.text[0]);
    size_t n = graph ? 1 + look_at(graph) : 0;
    tenon_graph_free(graph);
    return n;
}

static tenon_resolver *new_resolver(struct fuzz_world *w, const char *loader)
{
    tenon_resolver *r = tenon_resolver_new(w->world, NULL);
    check(r && tenon_resolver_set_loader(r, loader, NULL));
    tenon_resolver_set_flags(r, TENON_RESOLVE_LATER | TENON_RESOLVE_SYMBOLS | TENON_RESOLVE_DLOPEN);
    return r;
}

/* The first file as a program that asks for all requests. */
static tenon_state *requests_of_first(struct fuzz_world *w)
{
    tenon_state *state = tenon_state_new(NULL);
    const tenon_loaded object = { .source.path = w->files[0].path, .loaded_by = -1 };
    check(state && tenon_state_add(state, &object, NULL));
    for (size_t i = 0; i < w->request_count; i++)
        check(tenon_state_request(state, w->requests[i], 0, 0, NULL));
    return state;
}

/*
 * Each file as a program, and what the first one asks for at run time; a resolver that was asked
 * before gives the same answer as a new one, which costs more than all else: it is tried with one
 * of the files.
 */
static void ask_for_programs(struct fuzz_world *w, const char *loader, size_t number)
{
    if (!w->file_count)
        return;
    tenon_resolver *old = new_resolver(w, loader);
    tenon_state *state = w->request_count ? requests_of_first(w) : NULL;
    size_t first[MOST], requests = state ? answer(old, NULL, state) : 0;
    for (size_t i = 0; i < w->file_count; i++)
        first[i] = answer(old, w->files[i].path, NULL);
    if (state)
        check(answer(old, NULL, state) == requests);
    for (size_t i = w->file_count; i-- > 0;)
        check(answer(old, w->files[i].path, NULL) == first[i]);
    tenon_resolver_free(old);
    tenon_state_free(state);
    tenon_resolver *fresh = new_resolver(w, loader);
    check(answer(fresh, w->files[number % w->file_count].path, NULL) ==
          first[number % w->file_count]);
    tenon_resolver_free(fresh);
}

/* ---- programs that are alike --------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = mix(hash, (unsigned char)*text);
    return mix(hash, text != NULL);
}

/* All of a graph but what it is about. */
static uint64_t digest(const tenon_graph *graph)
{
    uint64_t hash =
        mix_text(mix_text(1, tenon_graph_machine(graph)), tenon_graph_interpreter(graph));
    for (size_t i = 0; i < tenon_graph_count(graph); i++) {
        const tenon_library *l = tenon_graph_library(graph, i);
        hash = mix_text(mix_text(mix_text(hash, l->name), l->path), l->where);
        hash = mix(mix(mix(hash, l->status), l->flavour), (uint64_t)l->parent);
        for (size_t k = 0; k < l->need_count; k++)
            hash = mix(hash, (uint64_t)l->needs[k]);
        for (size_t k = 0; k < tenon_graph_tried_count(graph, i); k++)
            hash = mix_text(hash, tenon_graph_tried(graph, i, k)->path);
    }
    return mix(mix(hash, tenon_graph_status(graph)), tenon_graph_missing_version_count(graph));
}

/* Files of one kind have one graph. */
static void ask_for_kinds(struct fuzz_world *w)
{
    tenon_resolver *r = new_resolver(w, "glibc");
    uint64_t known[MOST] = { 0 };
    tenon_resolver_set_flags(r, 0);
    for (size_t n = 0; n < 2 * w->file_count; n++) {
        const char *path = w->files[n % w->file_count].path;
        uint32_t kind = tn_alike_kind(r, path);
        tenon_graph *graph = tenon_resolve_file(r, path, NULL);
        check(kind <= w->file_count && (!kind || graph));
        if (kind && known[kind - 1])
            check(known[kind - 1] == digest(graph));
        else if (kind && tn_alike_learn(r, kind, graph))
            known[kind - 1] = digest(graph);
        tenon_graph_free(graph);
    }
    tenon_resolver_free(r);
}

/* All files as one process, the first one the program. */
static void ask_for_requests(struct fuzz_world *w)
{
    tenon_state *state = tenon_state_new(NULL);
    tenon_resolver *r = new_resolver(w, NULL);
    check(state != NULL);
    for (size_t i = 0; i < w->file_count; i++) {
        const tenon_loaded object = {
            { .path = w->files[i].path }, w->files[i].spec.soname, "fuzz", NULL, (int32_t)i - 1
        };
        check(tenon_state_add(state, &object, NULL));
    }
    for (size_t i = 0; i < w->request_count && w->file_count; i++)
        check(tenon_state_request(state, w->requests[i], (int32_t)(i % w->file_count), 0, NULL));
    (void)answer(r, NULL, state);
    tenon_resolver_free(r);
    tenon_state_free(state);
}

/* One of the others, by a number. */
static const char *any_loader(size_t number)
{
    size_t count = 0;
    while (tenon_loader_at(count))
        count++;
    return tenon_loader_name(tenon_loader_at(number % count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_world *w = calloc(1, sizeof *w);
    char *text = malloc(size + 1);
    check(w && text && (w->world = tenon_world_empty(NULL)));
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        change(w, line[0], line[1] ? line + 2 - (line[1] != ' ') : line + 1);
    for (size_t i = 0; i < w->file_count; i++)
        put(w, &w->files[i]);
    /* one of the loaders each time: inputs are many, and of many sizes */
    const char *const loaders[] = { NULL, "glibc", "musl", any_loader(size / 4) };
    ask_for_programs(w, loaders[size % 4], size);
    ask_for_kinds(w);
    ask_for_requests(w);
    tenon_world_free(w->world);
    free(text);
    free(w);
    return 0;
}
