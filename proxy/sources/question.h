/**
 * One question to a grant source: may this requester see these subjects.
 *
 * Layer: sources. A heap object of the asker, lent to the source until it comes back by
 * mail to the asker's thread; only then, or when grant_source_ask() said no, is it ended
 * with grant_question_free(). Requester and subjects are copied into it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "net/mailbox.h"

struct grant_subject {
    struct span value;
    unsigned tag; /**< The asker's own number for it. */
    bool granted;
};

struct grant_question {
    struct mail mail; /**< The asker sets `deliver`. */
    struct mailbox *reply_to;
    void *owner;             /**< The asker's; nobody else looks at it. */
    uint64_t deadline_us;    /**< Of loop_clock_us(); later nobody waits. */
    _Atomic(bool) abandoned; /**< Nobody waits any more: need not be answered well. */
    bool answered;           /**< False: the source failed; `granted` says nothing. */
    struct span requester;
    size_t count;
    struct grant_subject subjects[]; /**< By value, once it was sorted. */
};

/** `tags`: the numbers of the `count` subjects, > 0. NULL: memory. */
struct grant_question *grant_question_new(struct span requester,
                                          const struct span *subjects,
                                          const unsigned *tags, size_t count);

/** Wipes and frees; sets NULL. NULL is fine. */
void grant_question_free(struct grant_question **self_p);

/** The source says that the requester may see `value`; others are none of ours. */
void grant_question_grant(struct grant_question *self, struct span value);

/** True when nobody waits for the answer any more. Any thread. */
bool grant_question_late(const struct grant_question *self);

/** Milliseconds until nobody waits any more, 0: late. */
unsigned grant_question_left_ms(const struct grant_question *self);
