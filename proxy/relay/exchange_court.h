/**
 * One try at judging an answer: what the judge reads is brought together, and what he
 * makes of the sessions is put in place, if nobody was faster.
 *
 * Layer: relay. Only for exchange*.c; as exchange_rooms.h.
 */
#pragma once

#include "guard/judge.h"
#include "relay/exchange_grants.h"

/** The scans of the answer and of its message, in the order in which what they saw is
 * judged. */
enum { EXCHANGE_SIGHTS = 1 + MESSAGE_SCANS };

/** On the stack; everything it borrows lives as long as the exchange stands still. */
struct court {
    struct session now_copy;
    const struct session *now;
    struct session owners[ANSWER_TOKENS_MAX + 1]; /**< The last one's is in Location. */
    const struct observation *observations[EXCHANGE_SIGHTS * SCAN_DISTINCT_MAX];
    size_t observation_count;
    uint32_t forged_mask;
    struct recalled recalled[RECALLED_MAX];
    struct user recalled_subject;
    struct judgement judgement;
};

/** NULL: there is none. */
const struct scan *exchange_sight(const struct exchange *self, size_t index);

/** Judges what is there as a whole, and puts what follows for the sessions in place.
 * False: others were always faster, or what stopped a stream is not found any more, since
 * another worker has changed the session. */
bool exchange_decide(struct exchange *self, struct court *court);

/** A stream that its verdict stops: more of it would have come. */
bool exchange_is_stopped(const struct exchange *self);

/** All that came so far may leave. `corrects_out`: with other fields for caches. */
bool exchange_verified_so_far(struct exchange *self, bool *corrects_out);

/** For whom grants are asked; false: that is not known. */
bool exchange_requester(struct exchange *self, struct user *user_out);
