/**
 * Text put together in memory that someone else owns: a bounded append.
 *
 * Layer: base. Pure. The first append that does not fit latches `full`; nothing is
 * written from then on, and the one check at the end is enough.
 */
#pragma once

#include "base/parse.h"
#include "base/span.h"

struct writer {
    uint8_t *ptr;
    size_t len;
    size_t capacity;
    bool full;
};

static inline struct writer writer_of(void *memory, size_t capacity)
{
    return (struct writer){.ptr = memory, .capacity = capacity};
}

static inline void writer_put(struct writer *self, struct span bytes)
{
    if (bytes.len > self->capacity - self->len || self->full) {
        self->full = true;
        return;
    }
    if (bytes.len > 0) {
        memcpy(self->ptr + self->len, bytes.ptr, bytes.len);
        self->len += bytes.len;
    }
}

static inline void writer_byte(struct writer *self, char byte)
{
    writer_put(self, (struct span){.ptr = (const uint8_t *)&byte, .len = 1});
}

static inline void writer_text(struct writer *self, const char *text)
{
    writer_put(self, span_of(text));
}

static inline void writer_u64(struct writer *self, uint64_t value)
{
    char digits[20];
    size_t len = format_u64(value, digits);
    writer_put(self, (struct span){.ptr = (const uint8_t *)digits, .len = len});
}

/** `Name: value` and CRLF, all of it or nothing. */
static inline void writer_field(struct writer *self, struct span name, struct span value)
{
    size_t room = self->capacity - self->len;
    uint8_t *at = self->ptr + self->len;

    if (self->full || name.len > room || value.len > room - name.len ||
        room - name.len - value.len < sizeof(": \r\n") - 1) {
        self->full = true;
        return;
    }
    if (name.len > 0) {
        memcpy(at, name.ptr, name.len);
        at += name.len;
    }
    *at++ = ':';
    *at++ = ' ';
    if (value.len > 0) {
        memcpy(at, value.ptr, value.len);
        at += value.len;
    }
    *at++ = '\r';
    *at++ = '\n';
    self->len = (size_t)(at - self->ptr);
}

static inline struct span writer_span(const struct writer *self)
{
    return (struct span){.ptr = self->ptr, .len = self->len};
}
