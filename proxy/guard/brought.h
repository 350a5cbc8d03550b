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
 * True when `head`, a request's as it goes out, holds `value` as it is, or a value in
 * `head` begins with it once `%XX` and `\X`, and perhaps `+`, are undone in both.
 * An empty value is never brought.
 */
bool brought(struct span head, struct span value);
