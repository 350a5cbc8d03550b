/**
 * Access evidence of one worker on its way to the record: who has sent unsafe requests,
 * and which responses left without being verified, for the writes and the upper bound of
 * an incident.
 *
 * Layer: relay. Owned by the relay, one thread. What is alike within a second is one row:
 * so much is the edge of an incident's window. Rows go to the journal in batches, every
 * tick and when there is no room, so that a request costs no allocation and no lock.
 * Evidence is not waited for: what the record does not take is lost and counted as such.
 */
#pragma once

#include "relay/journal.h"

enum {
    EVIDENCE_LOG_WRITES = 32, /**< Rows that wait. */
    EVIDENCE_LOG_DOUBTS = 16,
};

struct evidence_log;

/** NULL: memory. */
struct evidence_log *evidence_log_new(const struct journal *journal);

/** Without a last flush. Sets NULL. NULL is fine. */
void evidence_log_free(struct evidence_log **self_p);

/** One unsafe request; `at_ms` in Unix milliseconds. Texts are copied, long ones cut. */
struct evidence_log_write {
    uint64_t at_ms;
    const struct fingerprint *session;
    const struct user *user; /**< NULL: not known. */
    const char *route;
    const char *screen;
    const char *method;
};

/** Alike are those of one session, user, route and method. */
void evidence_log_add_write(struct evidence_log *self,
                            const struct evidence_log_write *write);

/** One response; `at_ms` in Unix milliseconds. The route is copied, a long one cut. */
struct evidence_log_doubt {
    uint64_t at_ms;
    enum journal_doubt_kind kind;
    uint64_t feature_mask;
    const char *route;
};

/**
 * Alike are those of one route, kind and set of features. Each response is one doubt:
 * what was not inspected is not unmarked too.
 */
void evidence_log_add_doubt(struct evidence_log *self,
                            const struct evidence_log_doubt *doubt);

/** Hands all rows over. */
void evidence_log_flush(struct evidence_log *self);
