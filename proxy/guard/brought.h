/**
 * Whether a request brought a value, in whatever spelling it did.
 *
 * Layer: guard. Pure, no allocation. Sites decode what they read and encode what they
 * write, so that a value may come back in another spelling than it went out in.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

/**
 * True when `text` holds `value` as it is, or a value in `text` is it once `%XX` and
 * `\X`, and perhaps `+`, are undone in both; never inside of a longer word.
 * An empty value is never brought.
 */
bool brought(struct span text, struct span value);

enum brought_by {
    BROUGHT_NOT,
    BROUGHT_BY_OTHER, /**< By the target or a field: anybody can make a client send it. */
    BROUGHT_BY_COOKIE, /**< The site gave it to this client before. */
};

/** Of a request's `head` as it goes out: which part of it brought `value`. What we add
 * ourselves brings nothing. */
enum brought_by brought_by(struct span head, struct span value);
