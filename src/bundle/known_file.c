/* src/bundle/known_file.c - the file of the index of bundles: rows found in place, blocks read when
 * they are wanted */
#include "known_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache_private.h"
#include "known.h"
#include "limits.h"
#include "pages.h"
#include "zip_file.h"

static const char header[] = "tenon-bundles 4\n";
enum { HEAD = sizeof header - 1 + 4, ROW = 4 * 8 + 32 + 8 + 2 * 4 + 8 };

/* ---- rows ------------------------------------------------------------------------------------ */

size_t tn_known_file_count(const struct tn_known_file *file)
{
    return file->rows.size / ROW;
}

static uint64_t number(const uint8_t *row, size_t at)
{
    return tn_load64(row + at, TN_LITTLE);
}

struct tn_known_entry tn_known_file_entry(const struct tn_known_file *file, size_t i)
{
    const uint8_t *row = file->rows.at + i * ROW;

    return (struct tn_known_entry){
        .identity = { .device = number(row, 0),
                      .inode = number(row, 8),
                      .size = number(row, 16),
                      .changed = (int64_t)number(row, 24) },
        .digest = row + 32,
        .offset = number(row, 64),
        .packed = tn_load32(row + 72, TN_LITTLE),
        .proofs = tn_load32(row + 76, TN_LITTLE),
        .sum = number(row, 80),
    };
}

/* Device and inode of a row beside others: which is first? */
static int compare_file(const uint8_t *row, uint64_t device, uint64_t inode)
{
    uint64_t a = number(row, 0), b = number(row, 8);

    return a != device ? (a < device ? -1 : 1) : b != inode ? (b < inode ? -1 : 1) : 0;
}

bool tn_known_file_find(const struct tn_known_file *file, const struct tn_identity *identity,
                        struct tn_known_entry *out)
{
    size_t low = 0, high = tn_known_file_count(file);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_file(file->rows.at + middle * ROW, identity->device, identity->inode);
        if (order == 0) {
            *out = tn_known_file_entry(file, middle);
            return tn_identity_same(&out->identity, identity);
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* How many bytes of rows follow the head; false: it is none. */
static bool read_head(struct tn_view head, uint64_t size, size_t *rows)
{
    struct tn_cursor c = tn_cursor(head, TN_LITTLE);
    const uint8_t *text = tn_take(&c, sizeof header - 1, "header");
    uint32_t count = tn_u32(&c, "rows");

    if (c.lost || memcmp(text, header, sizeof header - 1) != 0 || count > TN_LIMIT_KNOWN_ROWS ||
        (uint64_t)count * ROW > size - HEAD)
        return false;
    *rows = (size_t)count * ROW;
    return true;
}

/* Ascending, each file once; every block is in the file. */
static bool check_rows(const struct tn_known_file *file)
{
    size_t count = tn_known_file_count(file);

    for (size_t i = 0; i < count; i++) {
        const uint8_t *row = file->rows.at + i * ROW;
        struct tn_known_entry e = tn_known_file_entry(file, i);
        if (e.offset > file->size || (uint64_t)e.packed + e.proofs > file->size - e.offset ||
            (i && compare_file(row - ROW, e.identity.device, e.identity.inode) >= 0))
            return false;
    }
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static uint64_t add_word(uint64_t sum, const uint8_t *at)
{
    sum = (sum ^ tn_load64(at, TN_LITTLE)) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ sum >> 29;
}

/* Four sums side by side, of every fourth word: each alone would wait for itself. */
static uint64_t add_bytes(uint64_t sum, struct tn_view v)
{
    uint64_t first = sum, second = sum + 1, third = sum + 2, fourth = sum + 3;
    const uint64_t fold = UINT64_C(0x100000001B3);
    size_t at = 0;

    for (; v.size - at >= 32; at += 32) {
        first = add_word(first, v.at + at);
        second = add_word(second, v.at + at + 8);
        third = add_word(third, v.at + at + 16);
        fourth = add_word(fourth, v.at + at + 24);
    }
    sum = ((((sum ^ first) * fold ^ second) * fold ^ third) * fold ^ fourth) * fold;
    for (; v.size - at >= 8; at += 8)
        sum = add_word(sum, v.at + at);
    for (; at < v.size; at++)
        sum = (sum ^ v.at[at]) * fold;
    return sum;
}

/* Tells a block from one that was only written in part. */
static uint64_t sum_of(struct tn_view a, struct tn_view b)
{
    return add_bytes(add_bytes(a.size ^ (uint64_t)b.size << 32, a), b);
}

/* A range of the file that is read by itself, or with its page. NULL: it cannot be. */
static const uint8_t *read_range(struct tn_known_file *file, uint64_t offset, uint64_t size)
{
    uint64_t page = offset / TN_KNOWN_PAGE, start = page * TN_KNOWN_PAGE;
    bool alone = offset + size > start + TN_KNOWN_PAGE;
    uint64_t from = alone ? offset : start, left = file->size - from;
    uint64_t wanted = alone ? size : left < TN_KNOWN_PAGE ? left : TN_KNOWN_PAGE;

    if (!alone && file->pages[page])
        return file->pages[page] + (offset - start);
    uint8_t *bytes = file->fd < 0 ? NULL : tn_arena_bytes(&file->arena, wanted + 1);
    if (!bytes || !tn_read_range(file->fd, from, bytes, wanted, NULL))
        return NULL;
    if (!alone)
        file->pages[page] = bytes;
    return bytes + (offset - from);
}

bool tn_known_file_block(struct tn_known_file *file, const struct tn_known_entry *entry,
                         struct tn_view *packed, struct tn_view *proofs)
{
    uint64_t size = (uint64_t)entry->packed + entry->proofs;
    struct tn_view block;

    if (!size)
        block = tn_view("", 0);
    else if (file->memory.at) {
        if (!tn_view_sub(file->memory, entry->offset, size, &block))
            return false;
    } else {
        block = tn_view(read_range(file, entry->offset, size), size);
        if (!block.at)
            return false;
    }
    return tn_view_sub(block, 0, entry->packed, packed) &&
           tn_view_sub(block, entry->packed, entry->proofs, proofs) &&
           sum_of(*packed, *proofs) == entry->sum;
}

/* ---- opening --------------------------------------------------------------------------------- */

bool tn_known_file_take(struct tn_known_file *file, struct tn_view bytes)
{
    struct tn_view head;
    size_t rows;

    file->rows = file->memory = tn_view(NULL, 0);
    file->size = bytes.size;
    if (!tn_view_sub(bytes, 0, HEAD, &head) || !read_head(head, bytes.size, &rows) ||
        !tn_view_sub(bytes, HEAD, rows, &file->rows))
        return false;
    file->memory = bytes;
    if (check_rows(file))
        return true;
    file->rows = tn_view(NULL, 0);
    return false;
}

/* Blocks that were read stay for those who borrow from them. */
static void forget_rows(struct tn_known_file *file)
{
    free(file->row_bytes);
    free(file->pages);
    file->row_bytes = NULL;
    file->pages = NULL;
    file->rows = tn_view(NULL, 0);
}

static bool read_rows(struct tn_known_file *file)
{
    uint8_t head[HEAD];
    size_t size;

    if (file->size < HEAD || file->size > TN_LIMIT_KNOWN ||
        !tn_read_range(file->fd, 0, head, HEAD, NULL) ||
        !read_head(tn_view(head, HEAD), file->size, &size))
        return false;
    file->pages = calloc((size_t)(file->size / TN_KNOWN_PAGE) + 1, sizeof *file->pages);
    file->row_bytes = malloc(size + 1);
    if (file->row_bytes)
        tn_pages_ahead(file->row_bytes, size);
    if (!file->pages || !file->row_bytes ||
        !tn_read_range(file->fd, HEAD, file->row_bytes, size, NULL))
        return false;
    file->rows = tn_view(file->row_bytes, size);
    return check_rows(file);
}

bool tn_known_file_open(struct tn_known_file *file, int dir)
{
    struct tn_identity now;
    struct stat info;

    tn_known_file_close(file);
    file->fd = openat(dir, TN_CACHE_KNOWN, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file->fd < 0)
        return false;
    if (fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode)) {
        now = tn_identity(&info);
        if (file->pages && tn_identity_same(&now, &file->of))
            return true;
        forget_rows(file);
        file->of = now;
        file->size = now.size;
        if (read_rows(file))
            return true;
        forget_rows(file);
    }
    tn_known_file_close(file);
    return false;
}

void tn_known_file_close(struct tn_known_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void tn_known_file_free(struct tn_known_file *file)
{
    tn_known_file_close(file);
    forget_rows(file);
    tn_arena_free(&file->arena);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int by_file(const void *a, const void *b)
{
    const struct tn_known_new *x = a, *y = b;
    int order =
        (x->identity.device > y->identity.device) - (x->identity.device < y->identity.device);

    return order
               ? order
               : (x->identity.inode > y->identity.inode) - (x->identity.inode < y->identity.inode);
}

/* Gives each block its place; how many rows there is room for. `end`: of the file. */
static size_t place(struct tn_known_new *rows, size_t count, uint64_t *end)
{
    size_t most = count < TN_LIMIT_KNOWN_ROWS ? count : TN_LIMIT_KNOWN_ROWS;
    uint64_t at = HEAD + (uint64_t)most * ROW;

    for (size_t i = 0; i < most; i++) {
        uint64_t size = rows[i].packed.size + rows[i].proofs.size;
        if (size <= TN_KNOWN_PAGE && at % TN_KNOWN_PAGE + size > TN_KNOWN_PAGE)
            at += TN_KNOWN_PAGE - at % TN_KNOWN_PAGE;
        if (size > TN_LIMIT_KNOWN || at > TN_LIMIT_KNOWN - size) {
            *end = at < TN_LIMIT_KNOWN ? at : TN_LIMIT_KNOWN;
            return i;
        }
        rows[i].offset = at;
        at += size;
    }
    *end = at;
    return most;
}

static void put_u64(struct tn_bytes *out, uint64_t value)
{
    uint8_t bytes[8];
    tn_store64(bytes, value, TN_LITTLE);
    tn_put(out, bytes, sizeof bytes);
}

static void put_row(struct tn_bytes *out, const struct tn_known_new *row)
{
    put_u64(out, row->identity.device);
    put_u64(out, row->identity.inode);
    put_u64(out, row->identity.size);
    put_u64(out, (uint64_t)row->identity.changed);
    tn_put(out, row->digest, 32);
    put_u64(out, row->offset);
    tn_put_u32(out, (uint32_t)row->packed.size, TN_LITTLE);
    tn_put_u32(out, (uint32_t)row->proofs.size, TN_LITTLE);
    put_u64(out, sum_of(row->packed, row->proofs));
}

/* Blocks lie where they were placed; between them are zeros. */
static void put_block(struct tn_bytes *out, const struct tn_known_new *row)
{
    struct tn_bytes at = { .at = out->at + row->offset,
                           .room = out->room - row->offset,
                           .endian = TN_LITTLE };

    tn_put_view(&at, row->packed);
    tn_put_view(&at, row->proofs);
    out->lost |= at.lost;
}

bool tn_known_file_lay(struct tn_known_new *rows, size_t count, struct tn_arena *arena,
                       struct tn_view *out)
{
    struct tn_bytes bytes;
    uint64_t end;

    count = place(rows, count, &end);
    if (!tn_bytes(arena, end, TN_LITTLE, &bytes))
        return false;
    for (size_t i = 0; i < count; i++)
        put_block(&bytes, &rows[i]);
    tn_put(&bytes, header, sizeof header - 1);
    tn_put_u32(&bytes, (uint32_t)count, TN_LITTLE);
    if (count > 1)
        qsort(rows, count, sizeof *rows, by_file);
    for (size_t i = 0; i < count; i++)
        put_row(&bytes, &rows[i]);
    *out = tn_view(bytes.at, end);
    return !bytes.lost;
}
