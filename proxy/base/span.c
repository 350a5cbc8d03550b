#include "base/span.h"

#include "base/check.h"

enum { WORD_SIZE = sizeof(uint64_t) };

static const uint64_t ONES = 0x0101010101010101U; /* One in every byte. */

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

static bool bytes_alike(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

/* Eight bytes at once, capital letters made small. */
static uint64_t lower_word(const uint8_t *bytes)
{
    uint64_t word = 0;

    memcpy(&word, bytes, WORD_SIZE);
    uint64_t low = word & (ONES * 0x7f);
    uint64_t from_a = low + ONES * (0x80 - 'A');
    uint64_t past_z = low + ONES * (0x7f - 'Z');
    return word | (((from_a ^ past_z) & ~word & (ONES * 0x80)) >> 2);
}

bool span_alike(struct span a, struct span b)
{
    CHECK(a.len == b.len);
    if (a.len < WORD_SIZE) {
        return bytes_alike(a.ptr, b.ptr, a.len);
    }
    for (size_t i = 0; i + WORD_SIZE <= a.len; i += WORD_SIZE) {
        if (lower_word(a.ptr + i) != lower_word(b.ptr + i)) {
            return false;
        }
    }
    size_t last = a.len - WORD_SIZE; /* Of the rest, some bytes for the second time. */
    return lower_word(a.ptr + last) == lower_word(b.ptr + last);
}

struct span span_trim_slowly(struct span self)
{
    while (self.len > 0 && span_is_ows(self.ptr[0])) {
        self.ptr++;
        self.len--;
    }
    while (self.len > 0 && span_is_ows(self.ptr[self.len - 1])) {
        self.len--;
    }
    return self;
}

bool span_next(struct span *rest_p, uint8_t separator, struct span *item_out)
{
    if (rest_p->len == 0) {
        *item_out = (struct span){0};
        return false;
    }
    size_t end = span_find(*rest_p, separator);
    *item_out = span_first(*rest_p, end);
    *rest_p = span_from(*rest_p, end + 1);
    return true;
}

size_t span_copy(struct span self, char *buffer, size_t capacity)
{
    CHECK(capacity > 0);

    size_t len = self.len < capacity ? self.len : capacity - 1;
    if (len > 0) {
        memcpy(buffer, self.ptr, len);
    }
    buffer[len] = '\0';
    return len;
}
