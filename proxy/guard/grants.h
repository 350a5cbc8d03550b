/**
 * What is remembered of a grant's answers: who may see whom, and since when not.
 *
 * Layer: guard. Shared by all workers behind one lock; no I/O, no clock. One object for
 * each grant source. A *yes* is valid for `cache_ms`; a *no* is never taken from here:
 * the source is asked again before it is a finding. Of a *no* only its first time is
 * kept, for the copy that the source reads may lag behind the site by `lag_ms`. Bounded:
 * a fixed table in which the entry that was touched longest ago makes room. Users are
 * kept as hashes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum {
    GRANTS_MAX = 32, /**< Grants of a configuration. */
};

/** What is known about one subject. Zero is the safe value. */
enum grant_answer {
    GRANT_UNASKED, /**< Nobody asked, or it was asked for another requester. */
    GRANT_FAILED,  /**< The source is late, gone or broken. */
    GRANT_NO,
    GRANT_NO_YOUNG, /**< Not, but the copy may not know it yet: refuses, never counts. */
    GRANT_YES,
};

/** Who asks about whom. Borrowed. */
struct grant_pair {
    struct span requester;
    struct span subject;
};

struct grants;

/** The caller frees it with grants_free(), after all threads. NULL: memory. */
struct grants *grants_new(uint64_t cache_ms, uint64_t lag_ms);

void grants_free(struct grants **self_p);

/** True when a yes is known and still valid. Any thread. */
bool grants_knows(struct grants *self, const struct grant_pair *pair, uint64_t now_ms);

/** Takes the source's answer and says what it means. Any thread. */
enum grant_answer grants_note(struct grants *self, const struct grant_pair *pair,
                              bool granted, uint64_t now_ms);
