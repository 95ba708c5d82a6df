/* src/resolve/stages.c - carries out the stages of a plan: each candidate, judged and recorded */
#include <errno.h>
#include <string.h>

#include "limits.h"
#include "search.h"

/* Counts a candidate, a long path as several; false when there were too many for one process. */
static bool may_try(tenon_resolver *r, const char *path)
{
    r->attempts += 1 + strlen(path) / 128;
    r->too_much |= r->attempts > TN_LIMIT_ATTEMPTS;
    r->no_memory |= r->too_much;
    return !r->no_memory;
}

void tn_going_record(struct tn_going *g, const char *path, struct tn_judgement judged)
{
    tenon_resolver *r = g->r;
    path = path ? path : "";
    if (!may_try(r, path) || !tn_grow(&r->tries, &r->try_room, r->try_count, sizeof *r->tries)) {
        r->no_memory = true;
        return;
    }
    bool later = g->found || g->stopped;
    if (later && judged.outcome == TENON_OUTCOME_FOUND)
        judged.outcome = TENON_OUTCOME_LATER;
    r->tries[r->try_count++] = (tenon_attempt){
        .path = path,
        .rule = g->stage ? g->stage->rule : NULL,
        .where = g->stage ? g->stage->where : NULL,
        .outcome = judged.outcome,
        .detail = judged.detail,
        .final = judged.action == TN_STOP && !later,
        .later = later,
        .believed = judged.believed,
    };
}

/* The facts of a candidate as this target reads it. false: no memory. */
static bool read_as_target(struct tn_going *g, const struct tn_node *node, struct tn_candidate *c,
                           struct tn_facts *facts)
{
    struct tn_file file;
    tenon_error err = TENON_ERROR_INIT;
    c->facts = NULL;
    if (tn_file_open(g->r->world, tn_text_of(g->r, node->path), &g->r->scratch, &file) != 0) {
        c->head.size = 0;
        return true;
    }
    if (g->target->loader->read_as_target(g->target, &file, facts, &err))
        c->facts = facts;
    tn_file_close(&file);
    return err.code != TENON_E_MEMORY;
}

/* Judges the node of this number, which becomes another's when the target reads it its own way. */
static struct tn_judgement judge_node(struct tn_going *g, uint32_t *number)
{
    const struct tn_node *node = g->r->nodes[*number];
    const tenon_loader *loader = g->target->loader;
    struct tn_judgement judged;
    struct tn_facts facts;
    struct tn_candidate candidate = {
        .info = &node->info,
        .source = tn_node_source(g->r, node),
        .head = tn_view(node->head, node->head_size),
        .facts = node->facts,
        .error = node->error,
        .system_errno = node->system_errno,
        .error_text = node->error_text,
        .request = g->asker ? g->asker->request : TN_REQUEST_NEED,
        .need_setuid = g->plan && g->plan->need_setuid,
    };
    bool again = loader->read_as_target && node->info.type == TENON_FILE_REGULAR &&
                 !loader->is_of_target(g->target, candidate.head);
    if (again && !read_as_target(g, node, &candidate, &facts))
        g->r->no_memory = true;
    loader->judge(g->target, &candidate, &judged);
    /* its own reading gave nothing to load: what it needs is known only now */
    if (again && judged.action == TN_ACCEPT && !(node->facts && node->facts->elf.has_dynamic))
        *number = tn_resolver_variant(g->r, *number, candidate.facts);
    if (again)
        tn_arena_reset(&g->r->scratch);
    return judged;
}

static void accept(struct tn_going *g, uint32_t path, uint32_t node)
{
    if (g->found || g->stopped)
        return;
    g->found = true;
    g->r->nodes[node]->accepted = true;
    g->search->path = path;
    g->search->node = node;
    g->search->rule = g->stage->rule;
    g->search->where = g->stage->where;
    g->search->status = TENON_STATUS_FOUND;
}

void tn_going_stop(struct tn_going *g, const char *path, struct tn_judgement judged)
{
    if (g->found || g->stopped)
        return;
    g->stopped = true;
    g->search->status = TENON_STATUS_REFUSED;
    g->search->fatal = judged.fatal;
    g->search->rule = g->stage ? g->stage->rule : NULL;
    g->search->where = g->stage ? g->stage->where : NULL;
    g->search->reason =
        path && *path
            ? tn_arena_format(&g->store->arena, "%s: %s", path,
                              judged.detail ? judged.detail : tenon_outcome_name(judged.outcome))
            : judged.detail;
}

/* The image at a path, or the slice of it that the process takes; NULL with *error. */
static struct tn_node *open_for(struct tn_going *g, uint32_t *path, int *error)
{
    const tenon_loader *loader = g->target->loader;
    struct tn_node *node = tn_resolver_open(g->r, *path, error);
    if (!node || !loader->slices || !node->facts || !node->facts->slices)
        return node;
    *error = ENOMEM;
    return tn_resolver_slice(g->r, path, node, loader->slices(g->target));
}

enum tn_action tn_going_try(struct tn_going *g, uint32_t path, const char *detail)
{
    struct tn_judgement judged;
    int error;
    const char *text = tn_text_of(g->r, path);
    uint32_t number = TN_NO_NODE;
    if (open_for(g, &path, &error)) {
        number = g->r->openings[g->r->uses[path].opened - 1].node;
        judged = judge_node(g, &number);
    } else
        g->target->loader->judge_errno(g->target, error, &judged);
    if (judged.action == TN_ACCEPT && !judged.detail)
        judged.detail = detail;
    tn_going_record(g, text, judged);
    if (judged.action == TN_ACCEPT)
        accept(g, path, number);
    else if (judged.action == TN_STOP)
        tn_going_stop(g, text, judged);
    return judged.action;
}

enum tn_action tn_going_path(struct tn_going *g, uint32_t path)
{
    return tn_going_try(g, path, NULL);
}

/* What stat() says of a directory. */
static uint8_t directory_state(int error, const tenon_file_info *info)
{
    switch (error) {
    case 0: return info->type == TENON_FILE_DIRECTORY ? TN_DIRECTORY_EXISTS : TN_DIRECTORY_BARRED;
    case ELOOP: return TN_DIRECTORY_LOOPS;
    case ENOTDIR:
    case ENAMETOOLONG: return TN_DIRECTORY_BARRED;
    default: return TN_DIRECTORY_ABSENT;
    }
}

/* Whether a directory exists, as far as this loader cares; asked once. */
static bool has_directory(struct tn_going *g, const char *dir)
{
    tenon_resolver *r = g->r;
    uint32_t name = tn_resolver_name(r, dir);
    tenon_file_info info;
    if (name == TN_NO_NAME)
        return false;
    if (!r->uses[name].directory) {
        int error = *dir ? tenon_world_stat(r->world, dir, &info) : 0;
        if (error == ENOMEM) {
            r->no_memory = true;
            return false;
        }
        r->uses[name].directory = *dir ? directory_state(error, &info) : TN_DIRECTORY_EXISTS;
    }
    return r->uses[name].directory == TN_DIRECTORY_EXISTS ||
           (r->uses[name].directory == TN_DIRECTORY_LOOPS && !g->target->loader->stats_directories);
}

/*
 * Is a directory that is not there looked into all the same, so that the error may end the list?
 *
 * rule  glibc elf/dl-load.c, fillin_rpath(): only of an absolute one open_path() finds out whether
 *       it exists, and passes over one that does not; the others are taken to exist
 */
static bool is_taken_for_there(const struct tn_going *g, const char *dir)
{
    uint32_t name = tn_resolver_name(g->r, dir);
    return g->target->loader->trusts_relative && *dir != '/' && name != TN_NO_NAME &&
           (g->r->uses[name].directory == TN_DIRECTORY_LOOPS ||
            g->r->uses[name].directory == TN_DIRECTORY_BARRED);
}

#define PATH_ROOM 8192

static size_t append(char *path, size_t at, const char *part, size_t size)
{
    memcpy(path + at, part, size);
    return at + size;
}

/* dir/sub/name; false when it is too long for any system. */
static bool join(const struct tn_going *g, char path[PATH_ROOM], const char *dir, const char *sub,
                 const char *name)
{
    bool verbatim = g->target->loader->joins_verbatim;
    size_t dir_size = strlen(dir), sub_size = strlen(sub), name_size = strlen(name), n;
    if (dir_size > PATH_ROOM / 4 || sub_size > PATH_ROOM / 4 || name_size > PATH_ROOM / 4)
        return false;
    n = append(path, 0, dir, dir_size);
    if (dir_size && (verbatim || path[n - 1] != '/'))
        path[n++] = '/';
    n = append(path, n, sub, sub_size);
    if (sub_size && name_size)
        path[n++] = '/';
    n = append(path, n, name, name_size);
    path[n] = '\0';
    return true;
}

/* A candidate in a directory that is not there: its path is for people only. */
static void record_missing(struct tn_going *g, const char *dir)
{
    char path[PATH_ROOM];
    size_t limit = g->target->loader->path_limit;
    bool fits = join(g, path, dir, "", g->name) && (!limit || strlen(path) < limit);
    const char *text = fits ? tn_arena_string(&g->store->arena, path) : dir;
    if (text)
        tn_going_record(g, text,
                        tn_said(fits ? TENON_OUTCOME_DIR_MISSING : TENON_OUTCOME_TOO_LONG, NULL));
    else
        g->r->no_memory = true;
}

bool tn_going_is_over(const struct tn_going *g)
{
    bool wants_later = g->r->flags & TENON_RESOLVE_LATER;
    return g->r->no_memory || ((g->found || g->stopped) && !wants_later);
}

/* One candidate in a directory that is there. */
static enum tn_action try_in(struct tn_going *g, const char *dir, const char *sub)
{
    char path[PATH_ROOM];
    size_t limit = g->target->loader->path_limit;
    if (!join(g, path, dir, sub, g->name) || (limit && strlen(path) >= limit)) {
        tn_going_record(g, dir, tn_said(TENON_OUTCOME_TOO_LONG, NULL));
        return TN_SKIP;
    }
    uint32_t name = tn_resolver_name(g->r, path);
    return name == TN_NO_NAME ? TN_STOP : tn_going_path(g, name);
}

/* Is dir/sub there? Below a first component that is not there nothing need be looked for. */
static bool has_below(struct tn_going *g, const char *dir, const char *sub)
{
    char below[PATH_ROOM];
    if (!join(g, below, dir, sub, ""))
        return false;
    char *slash = strchr(below + strlen(below) - strlen(sub), '/');
    if (slash) {
        *slash = '\0';
        if (!has_directory(g, below))
            return false;
        *slash = '/';
    }
    return has_directory(g, below);
}

/*
 * The hardware subdirectories of a directory that exist; it is noted when there are none. None
 * ends the stage, whatever the error.
 *
 * rule  glibc 2.36 elf/dl-load.c, open_path(): errno is looked at after the last candidate of a
 *       directory, and that is the one in the directory itself
 */
static void try_subdirectories(struct tn_going *g, const char *dir)
{
    tenon_resolver *r = g->r;
    bool bare = true;
    uint32_t name = tn_resolver_name(r, dir);
    if (name == TN_NO_NAME || r->uses[name].bare == g->target->id + 1)
        return;
    const char *const *subs = g->target->loader->subdirs(g->target);
    if (!subs)
        r->no_memory = true;
    for (; subs && *subs; subs++) {
        if (!has_below(g, dir, *subs))
            continue;
        bare = false;
        try_in(g, dir, *subs);
        if (tn_going_is_over(g))
            return;
    }
    if (bare && !r->no_memory)
        r->uses[name].bare = g->target->id + 1;
}

/* One directory: first its hardware subdirectories that exist, then itself. */
static enum tn_action try_directory(struct tn_going *g, const char *dir)
{
    if (!has_directory(g, dir) && !is_taken_for_there(g, dir)) {
        record_missing(g, dir);
        return TN_SKIP;
    }
    if (g->plan->hwcaps)
        try_subdirectories(g, dir);
    return tn_going_is_over(g) ? TN_STOP : try_in(g, dir, "");
}

static void try_list(struct tn_going *g)
{
    const struct tn_dirs *dirs = g->stage->dirs;
    for (size_t i = 0; i < dirs->count && !tn_going_is_over(g); i++) {
        const struct tn_element *e = &dirs->at[i];
        if (!e->dir)
            tn_going_record(g, e->text, tn_said(e->dropped, NULL));
        else if (try_directory(g, e->dir) == TN_END_STAGE)
            return;
    }
}

const struct tn_facts *tn_facts_at(void *arg, const char *path)
{
    tenon_resolver *r = arg;
    int error;
    if (!may_try(r, path))
        return NULL;
    uint32_t name = tn_resolver_name(r, path);
    struct tn_node *node = name == TN_NO_NAME ? NULL : tn_resolver_open(r, name, &error);
    const tenon_loader *loader = r->target->target.loader;
    if (node && loader->slices)
        node = tn_resolver_slice(r, &name, node, loader->slices(&r->target->target));
    return node && node->error == TENON_OK ? node->facts : NULL;
}

const struct tn_facts *tn_facts_inside(void *arg, const tenon_image_source *source)
{
    tenon_resolver *r = arg;
    int error;
    if (!may_try(r, source->path))
        return NULL;
    uint32_t name = tn_resolver_source(r, source);
    struct tn_node *node = name == TN_NO_NAME ? NULL : tn_resolver_open(r, name, &error);
    return node && node->error == TENON_OK ? node->facts : NULL;
}

static void try_cache(struct tn_going *g)
{
    struct tn_fact_source source = { tn_facts_at, g->r, tn_facts_inside, &g->r->no_memory };
    struct tn_stage stage = *g->stage;
    struct tn_cached cached;
    if (!g->target->loader->cached(g->target, &source, g->name, g->asker, &cached)) {
        g->r->no_memory = true;
        return;
    }
    if (cached.rule)
        stage.rule = cached.rule;
    g->stage = &stage;
    if (cached.outcome != TENON_OUTCOME_FOUND) {
        tn_going_record(g, cached.path, tn_said(cached.outcome, cached.detail));
        return;
    }
    uint32_t path = tn_resolver_name(g->r, cached.path);
    if (path == TN_NO_NAME)
        return;
    tn_going_path(g, path);
    tenon_attempt *last = g->r->try_count ? &g->r->tries[g->r->try_count - 1] : NULL;
    if (last && last->outcome == TENON_OUTCOME_ABSENT)
        last->outcome = TENON_OUTCOME_STALE;
}

/* A list is about to be recorded as passed over. */
static void note_passed(struct tn_going *g)
{
    if (g->stage->dirs && !g->found && g->passed_count < TN_PASSED_MOST)
        g->passed[g->passed_count++] = (struct tn_passed){ g->stage->dirs, g->r->try_count };
}

/* A stage that is no chain. */
enum tn_action tn_going_one(struct tn_going *g, const struct tn_stage *stage)
{
    struct tn_stage late;
    g->stage = stage;
    if (stage->kind == TN_STAGE_LATE) {
        if (!g->target->loader->late_stage(g->target, g->asker, &late)) {
            g->r->no_memory = true;
            return TN_STOP;
        }
        g->stage = &late;
    }
    switch (g->stage->kind) {
    case TN_STAGE_SKIPPED:
        note_passed(g);
        tn_going_record(g, g->stage->dirs ? g->stage->dirs->text : "",
                        tn_said(TENON_OUTCOME_NOT_CONSULTED, g->stage->detail));
        break;
    case TN_STAGE_CACHE: try_cache(g); break;
    case TN_STAGE_OWN: tn_going_own(g); break;
    default: try_list(g);
    }
    if (g->found)
        return TN_ACCEPT;
    return g->stopped ? TN_STOP : TN_SKIP;
}

/* Objects of a chain that are shown although none of their lists counts. */
#define FUTILE_LINKS 32

/* Each object of the chain in turn. Going on without a candidate counts as one: chains are long. */
static void try_chain(struct tn_going *g, const struct tn_stage *chain)
{
    struct tn_link link = { .next = g->asker->paths };
    for (size_t futile = 0; link.next && futile < FUTILE_LINKS && !tn_going_is_over(g);) {
        const struct tn_paths *paths = link.next;
        size_t before = g->r->try_count;
        link = (struct tn_link){ .count = 0 };
        chain->link(g->asker, paths, &link);
        for (size_t i = 0; i < link.count && !tn_going_is_over(g); i++)
            tn_going_one(g, &link.stages[i]);
        futile += link.futile;
        if (link.next && g->r->try_count == before)
            may_try(g->r, "");
    }
}

void tn_going_stage(struct tn_going *g, const struct tn_stage *stage)
{
    if (stage->kind == TN_STAGE_CHAIN)
        try_chain(g, stage);
    else
        tn_going_one(g, stage);
}
