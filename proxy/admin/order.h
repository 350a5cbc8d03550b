/**
 * What an operator writes into the body of a change: `{"reason": "…", "anyway": true}`,
 * or `{"login": "…"}`, or of a drill: `{"feature": "…", "take_down": 30}`, or of a mark:
 * `{"text": "…"}`. `at`: `2026-03-22T17:00:00Z`.
 *
 * Layer: admin. Pure but for memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"
#include "guard/session.h"
#include "record/recorder.h"

enum {
    ORDER_PATH_SIZE_MAX = 256,
    ORDER_TAKE_DOWN_S_MAX = 3600, /**< Longer is no drill. */
};

enum order_mode {
    ORDER_NO_MODE, /**< None was given. */
    ORDER_ENFORCE,
    ORDER_OBSERVE,
};

struct order {
    char reason[RECORDER_REASON_SIZE_MAX];        /**< "": none was given. */
    char text[RECORDER_REASON_SIZE_MAX];          /**< Likewise. */
    char accept_weaker[RECORDER_REASON_SIZE_MAX]; /**< Why; "": it is not accepted. */
    bool anyway;
    enum order_mode mode;
    uint64_t for_ms;               /**< 0: not given. */
    char login[USER_SIZE_MAX + 1]; /**< "": none was given. */
    char alert[RECORDER_NAME_SIZE_MAX];
    char feature[FEATURE_NAME_SIZE_MAX]; /**< Of a drill; "": none was given. */
    char path[ORDER_PATH_SIZE_MAX];      /**< Likewise. */
    uint64_t take_down_s;                /**< Likewise; 0: not given. */
    uint64_t at_ms;                      /**< Unix time of `at`; 0: none was given. */
};

/**
 * Reads `body`; an empty one is an order without anything.
 *
 * Errors: a sentence for the answer; NULL when fine. Malformed JSON, a member given
 *         twice, of the wrong type, or too long, and a reason that is not UTF-8 text.
 */
MUST_USE const char *order_read(struct span body, struct order *order_out);
