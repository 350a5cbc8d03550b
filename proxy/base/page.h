/**
 * Text that grows up to a bound: the body of an answer that is not JSON.
 *
 * Layer: base. Plain value; begin zeroed, end with page_free(). An error latches: the
 * text is empty from then on, never half of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum {
    PAGE_SIZE_MAX = 16 * 1024 * 1024, /**< More than all series of metrics take. */
};

struct page {
    uint8_t *bytes;
    size_t len;
    size_t capacity;
    bool failed;
};

/** Appends; past PAGE_SIZE_MAX, or without memory, the page fails. */
void page_put(struct page *self, struct span text);

/** The text, lent until the next change; empty when it failed. */
struct span page_text(const struct page *self);

/** Frees the memory; the page is as new. */
void page_free(struct page *self);
