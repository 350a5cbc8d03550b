#include "base/page.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_SIZE_FIRST = 4096,
};

/* Room for `wanted` bytes in all. False: past the bound, or no memory. */
static bool grow(struct page *self, size_t wanted)
{
    size_t capacity = self->capacity > 0 ? self->capacity : PAGE_SIZE_FIRST;

    while (capacity < wanted) {
        capacity *= 2;
    }
    if (capacity > PAGE_SIZE_MAX) {
        return false;
    }
    uint8_t *bytes = realloc(self->bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    self->bytes = bytes;
    self->capacity = capacity;
    return true;
}

void page_put(struct page *self, struct span text)
{
    if (self->failed || text.len == 0) {
        return;
    }
    if (text.len > PAGE_SIZE_MAX - self->len) {
        self->failed = true;
        return;
    }
    if (self->len + text.len > self->capacity && !grow(self, self->len + text.len)) {
        self->failed = true;
        return;
    }
    memcpy(self->bytes + self->len, text.ptr, text.len);
    self->len += text.len;
}

struct span page_text(const struct page *self)
{
    return self->failed ? (struct span){0}
                        : (struct span){.ptr = self->bytes, .len = self->len};
}

void page_free(struct page *self)
{
    free(self->bytes);
    *self = (struct page){0};
}
