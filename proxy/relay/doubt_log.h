/**
 * Which responses left without being verified: evidence of one worker on its way to the
 * record, for the upper bound of an incident.
 *
 * Layer: relay. Owned by the relay, one thread. Responses of one route, kind and features
 * within a second are one row; rows go to the journal as those of write_log.h do. Each
 * response is one doubt: what was not inspected is not unmarked too.
 */
#pragma once

#include "relay/journal.h"

enum {
    DOUBT_LOG_ROWS = 16,
};

struct doubt_log;

/** NULL: memory. */
struct doubt_log *doubt_log_new(const struct journal *journal);

/** Without a last flush. Sets NULL. NULL is fine. */
void doubt_log_free(struct doubt_log **self_p);

/** One response; `at_ms` in Unix milliseconds. The route is copied, a long one cut. */
struct doubt_log_entry {
    uint64_t at_ms;
    enum journal_doubt_kind kind;
    uint64_t feature_mask;
    const char *route;
};

void doubt_log_add(struct doubt_log *self, const struct doubt_log_entry *entry);

/** Hands all rows over. */
void doubt_log_flush(struct doubt_log *self);
