/* src/base/view.h - borrowed bytes that know their place in the file */
#ifndef TN_VIEW_H
#define TN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tn_view {
    const uint8_t *at;
    size_t size;
    uint64_t start; /* offset of at[0] in the file, for messages */
};

static inline struct tn_view tn_view(const void *bytes, size_t size)
{
    return (struct tn_view){ .at = bytes, .size = size, .start = 0 };
}

/* a + b, or false when it does not fit */
static inline bool tn_add(uint64_t a, uint64_t b, uint64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

/* a * b, or false when it does not fit */
static inline bool tn_mul(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Part of a view; false when it is not wholly inside. */
static inline bool tn_view_sub(struct tn_view in, uint64_t offset, uint64_t size,
                               struct tn_view *out)
{
    if (offset > in.size || size > in.size - offset)
        return false;
    *out = (struct tn_view){ in.at + (size_t)offset, (size_t)size, in.start + offset };
    return true;
}

/* The string at `offset`, or NULL when it does not begin or end inside the view. */
static inline const char *tn_view_string(struct tn_view in, uint64_t offset)
{
    if (offset >= in.size || !memchr(in.at + (size_t)offset, 0, in.size - (size_t)offset))
        return NULL;
    return (const char *)in.at + (size_t)offset;
}

#define TN_COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
