/**
 * How tokens are spelled: one session may answer to several spellings of its token, which
 * are several tokens to us.
 *
 * Layer: guard. Pure but for `struct spelling_memory`, which all workers share. PHP and
 * Rack decode values, Python and Tomcat cut quotes, Perl ends a value at a comma. An
 * encoder writes each byte in one way, and a site issues its tokens by one encoder: a
 * byte in a form that was never issued, while another form of it was, is no browser's
 * doing.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/** Bits of the bytes from blank to `~` that are no letters or digits. */
struct spelling {
    uint64_t plain; /**< As they are; and whether quoted, and whether anything. */
    uint64_t upper; /**< As `%2F`. */
    uint64_t lower; /**< As `%2f`. */
    bool odd;       /**< An escaped letter or digit, or a quotation mark within. */
};

/** Zero: nothing was issued yet. */
struct spelling_memory {
    _Atomic(uint64_t) plain;
    _Atomic(uint64_t) upper;
    _Atomic(uint64_t) lower;
};

/** Adds `value`, as received, to `self`, which begins as zero. */
void spelling_add(struct spelling *self, struct span value);

/** Keeps the forms in which a token was issued. Any thread. */
void spelling_learn(struct spelling_memory *self, const struct spelling *issued);

/**
 * True when no browser sends tokens so that were issued as far as we know. Any thread.
 *
 * `known`: we have the session of these tokens, so that they were sent in these very
 * forms before, perhaps in a run before this one: only what is cut off them is looked at.
 */
bool spelling_is_odd(struct spelling_memory *self, const struct spelling *presented,
                     bool known);
