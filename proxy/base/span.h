/**
 * A borrowed run of bytes: a value, never an owner.
 *
 * Layer: base. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Bytes lent by someone else. Valid only as long as the lender says so. */
struct span {
    const uint8_t *ptr; /**< First byte, or NULL when `len` is 0. */
    size_t len;         /**< Bytes. */
};

/** A string literal as a span, without its NUL. */
#define SPAN(literal)                                                                    \
    ((struct span){.ptr = (const uint8_t *)(literal), .len = sizeof(literal) - 1})

/** printf("%.*s", SPAN_ARGS(span)). */
#define SPAN_ARGS(span) (int)(span).len, (const char *)(span).ptr

/** A NUL-terminated string as a span, without its NUL. NULL gives an empty span. */
static inline struct span span_of(const char *text)
{
    return (struct span){.ptr = (const uint8_t *)text, .len = text ? strlen(text) : 0};
}

/** True when both hold the same bytes. */
static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool span_starts(struct span self, struct span prefix)
{
    return self.len >= prefix.len &&
           (prefix.len == 0 || memcmp(self.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool span_ends(struct span self, struct span suffix)
{
    return self.len >= suffix.len &&
           (suffix.len == 0 ||
            memcmp(self.ptr + (self.len - suffix.len), suffix.ptr, suffix.len) == 0);
}

/** The bytes from `start` on; empty when `start` is past the end. */
static inline struct span span_from(struct span self, size_t start)
{
    return start >= self.len
               ? (struct span){0}
               : (struct span){.ptr = self.ptr + start, .len = self.len - start};
}

/** The first `len` bytes, or all when there are fewer. */
static inline struct span span_first(struct span self, size_t len)
{
    return (struct span){.ptr = self.ptr, .len = len < self.len ? len : self.len};
}

/** Index of the first `byte`, or `self.len`. */
static inline size_t span_find(struct span self, uint8_t byte)
{
    const uint8_t *found = self.len > 0 ? memchr(self.ptr, byte, self.len) : NULL;
    return found != NULL ? (size_t)(found - self.ptr) : self.len;
}

/** The same for two spans of one length; see span_equal_nocase(). */
bool span_alike(struct span a, struct span b);

/** True when both hold the same bytes, ASCII letters compared without case. */
static inline bool span_equal_nocase(struct span a, struct span b)
{
    return a.len == b.len &&
           (a.len == 0 || (((a.ptr[0] ^ b.ptr[0]) & ~0x20) == 0 && span_alike(a, b)));
}

static inline bool span_is_ows(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/** The same when there is something to cut; see span_trim(). */
struct span span_trim_slowly(struct span self);

/** Without leading and trailing SP and HTAB (OWS of RFC 9110 section 5.6.3). */
static inline struct span span_trim(struct span self)
{
    bool clean =
        self.len > 0 && !span_is_ows(self.ptr[0]) && !span_is_ows(self.ptr[self.len - 1]);
    return clean || self.len == 0 ? self : span_trim_slowly(self);
}

/**
 * Takes the next item of a list: the bytes before the next `separator`, which is dropped
 * from `rest_p` with them. False, and an empty item, once nothing is left.
 */
bool span_next(struct span *rest_p, uint8_t separator, struct span *item_out);

/**
 * Copies into `buffer` with a NUL, cutting at `capacity - 1`. Returns the bytes copied
 * without the NUL. `capacity` > 0.
 */
size_t span_copy(struct span self, char *buffer, size_t capacity);
