/**
 * The host a request is for: `Host` field or authority of an absolute target.
 *
 * Layer: http. Pure. Names compare without case and without a trailing dot; spans point
 * into the received bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

struct host {
    struct span name; /**< Without port and trailing dot; `[...]` for an IPv6 address. */
    uint16_t port;    /**< 0 when none was given. */
};

/**
 * Splits and checks `name[:port]`; false when it is not one. User information, blanks,
 * empty names and ports past 65535 are refused.
 *
 * Source: RFC 9110 section 7.2, RFC 3986 section 3.2.2.
 */
MUST_USE bool host_parse(struct span text, struct host *host_out);

/**
 * The authority of a request's target when it is in absolute form; empty otherwise. It
 * wins over Host (RFC 9112 section 3.2.2); a caller who wants no doubt compares them.
 */
struct span host_of_target(struct span target);

/** True when `pattern` can be matched: a name without port, or `*.` and a name. */
bool host_pattern_valid(struct span pattern);

/** `*.example.jp` matches every name below example.jp, at any depth, but not itself. */
bool host_matches(struct span pattern, struct span name);
