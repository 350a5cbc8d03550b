/**
 * Who has sent unsafe requests: access evidence of one worker on its way to the record.
 *
 * Layer: relay. Owned by the relay, one thread. Requests of one session, route and method
 * within a second are one row: so much is the edge of an incident's window. Rows go to
 * the journal in batches, every tick and when there is no room, so that a request costs
 * no allocation and no lock. Evidence is not waited for: what the record does not take is
 * lost and counted as such.
 */
#pragma once

#include "relay/journal.h"

enum {
    WRITE_LOG_ROWS = 32,
};

struct write_log;

/** NULL: memory. */
struct write_log *write_log_new(const struct journal *journal);

/** Without a last flush. Sets NULL. NULL is fine. */
void write_log_free(struct write_log **self_p);

/** One unsafe request; `at_ms` in Unix milliseconds. Texts are copied, long ones cut. */
struct write_log_entry {
    uint64_t at_ms;
    const struct fingerprint *session;
    const struct user *user; /**< NULL: not known. */
    const char *route;
    const char *screen;
    const char *method;
};

void write_log_add(struct write_log *self, const struct write_log_entry *entry);

/** Hands all rows over. */
void write_log_flush(struct write_log *self);
