/**
 * What a response head says about caches that are shared by several users.
 *
 * Layer: http. Pure. Asks two questions: did a shared cache answer instead of the site,
 * and may one keep this answer? (RFC 9111 section 5, RFC 9211, RFC 9213.)
 */
#pragma once

#include "http/head.h"

/**
 * True when the answer shows signs of having been stored: `Age` above 0, `X-Cache: HIT`
 * (and its relatives), `Cache-Status` with `hit`.
 */
bool cache_was_hit(const struct head *head);

/**
 * True when a shared cache may keep the answer: nothing says `private` or `no-store`, or
 * a field for one kind of cache takes it back.
 */
bool cache_may_store(const struct head *head);

/** True for a field that tells caches what to keep and for how long. */
bool cache_is_directive(struct span name);
