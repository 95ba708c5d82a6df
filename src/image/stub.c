/* src/image/stub.c - texts that stand for libraries: what their readers share */
#include "stub.h"

#include "fail.h"
#include "limits.h"

#define MARK "\xef\xbb\xbf"

bool tn_stub_text(struct tn_file *file, const char **text, size_t *size, tenon_error *err)
{
    struct tn_view view;
    if (file->info.size > TN_LIMIT_STUB)
        return tn_fail(err, TENON_E_LIMIT, "has more than %u bytes for a text", TN_LIMIT_STUB);
    if (!tn_file_view(file, 0, file->info.size, "text", &view, err))
        return false;
    size_t skip = view.size >= 3 && memcmp(view.at, MARK, 3) == 0 ? 3 : 0;
    const uint8_t *nul = memchr(view.at, 0, view.size);
    if (nul)
        return tn_fail(err, TENON_E_MALFORMED, "text: a NUL byte at 0x%zx",
                       (size_t)(nul - view.at));
    *size = view.size - skip;
    *text = tn_arena_copy(file->arena, view.at + skip, *size);
    return *text || tn_no_memory(err);
}

struct tn_view tn_stub_head(struct tn_view head)
{
    size_t at = head.size >= 3 && memcmp(head.at, MARK, 3) == 0 ? 3 : 0;
    while (at < head.size && memchr(" \t\r\n", head.at[at], 4))
        at++;
    return (struct tn_view){ head.at + at, head.size - at, head.start + at };
}

bool tn_stub_need(struct tn_facts *facts, struct tn_arena *arena, size_t *room,
                  const tenon_need *need, tenon_error *err)
{
    if (facts->need_count == TN_LIMIT_NEEDS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u libraries", TN_LIMIT_NEEDS);
    if (!tn_arena_grow(arena, &facts->needs, room, facts->need_count, sizeof *facts->needs))
        return tn_no_memory(err);
    facts->needs[facts->need_count++] = *need;
    return true;
}

bool tn_stub_path(struct tn_facts *facts, struct tn_arena *arena, size_t *room, const char *kind,
                  const char *path, tenon_error *err)
{
    if (facts->run_path_count == TN_LIMIT_NEEDS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u directories", TN_LIMIT_NEEDS);
    if (!tn_arena_grow(arena, &facts->run_paths, room, facts->run_path_count,
                       sizeof *facts->run_paths))
        return tn_no_memory(err);
    facts->run_paths[facts->run_path_count++] =
        (tenon_search_path){ .kind = kind, .path = path, .single = true };
    return true;
}
