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

/** A cookie of a request's `head`, as it goes out, brought it: the site gave it to this
 * client before. */
bool brought_by_cookie(struct span head, struct span value);

/** The target or another field did: anybody can make a client send that. What we add
 * ourselves brings nothing. */
bool brought_by_other(struct span head, struct span value);
