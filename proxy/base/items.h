/**
 * Several texts in one: the data that a page shows, on its way from the configuration
 * through the ledger to whoever reads it.
 *
 * Layer: base. Pure. U+001F stands between two items, for any comma may stand in one. A
 * ledger of before that has them joined for reading (`name, address`): one item, for
 * nobody knows any more where it was joined.
 */
#pragma once

#include "base/json_write.h"
#include "base/span.h"

enum {
    ITEMS_BETWEEN = 0x1f, /**< As span_next() takes it. */
};

/** What people read between these items: U+3001 in Japanese, else a comma. */
struct span items_comma(struct span items);

/**
 * For people: `between` instead of U+001F, with a NUL. Returns the text; cut at
 * `capacity - 1` bytes. `capacity` > 0.
 */
struct span items_join(struct span items, struct span between, char *buffer,
                       size_t capacity);

/** For programs: a member that is an array of texts. */
void items_write(struct json_write *out, const char *name, struct span items);
