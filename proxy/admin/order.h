/**
 * What an operator writes into the body of a change: `{"reason": "…", "anyway": true}`.
 *
 * Layer: admin. Pure but for memory.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/span.h"
#include "record/recorder.h"

struct order {
    char reason[RECORDER_REASON_SIZE_MAX]; /**< "": none was given. */
    bool anyway;
};

/**
 * Reads `body`; an empty one is an order without anything.
 *
 * Errors: a sentence for the answer; NULL when fine. Malformed JSON, a member given
 *         twice, of the wrong type, or too long, and a reason that is not UTF-8 text.
 */
MUST_USE const char *order_read(struct span body, struct order *order_out);
