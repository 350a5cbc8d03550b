#include "base/span.h"

#include "base/check.h"

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

bool span_alike(struct span a, struct span b)
{
    CHECK(a.len == b.len);
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_ows(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

struct span span_trim(struct span self)
{
    while (self.len > 0 && is_ows(self.ptr[0])) {
        self.ptr++;
        self.len--;
    }
    while (self.len > 0 && is_ows(self.ptr[self.len - 1])) {
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
