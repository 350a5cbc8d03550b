/**
 * The access log: one JSON line per exchange, without tokens, markers or queries.
 *
 * Layer: relay. Formats into a buffer of one worker; full or old buffers go to a sink
 * that app/ gives, which writes them on a thread of its own, so that a slow disk never
 * holds up an exchange. What the sink does not take is counted and dropped.
 */
#pragma once

#include "base/stats.h"
#include "net/address.h"
#include "relay/ending.h"
#include "relay/journal.h"

enum {
    ACCESS_LOG_BUFFER = 65536,
};

/** Where buffers go. `take` copies or writes `text`; false: it could not. Thread-safe. */
struct access_log_sink {
    void *self;
    bool (*take)(void *self, struct span text);
};

/** Whether it carried every marker that its route requires. */
enum access_log_coverage {
    ACCESS_LOG_NOT_ASKED, /**< Nothing is required of it: the line has no word on it. */
    ACCESS_LOG_UNMARKED,
    ACCESS_LOG_MARKED,
};

/** One line. Spans are borrowed. */
struct access_log_line {
    uint64_t unix_ms;
    uint64_t duration_us;
    bool drill;
    const char *id; /**< JOURNAL_ID_DIGITS digits. */
    const struct address *client;
    struct span method;
    struct span path; /**< Normalised, without query and parameters. */
    struct span route;
    unsigned status;
    uint64_t bytes; /**< Of the answer's body. */
    enum ending ending;
    const char *session;  /**< Fingerprint digits, or "". */
    const char *upstream; /**< "" when none was asked. */
    uint64_t upstream_connection;
    const char *detector;   /**< "" when there is no finding. */
    const char *would_have; /**< "" or NULL unless something was only observed. */
    uint64_t incident;
    enum access_log_coverage coverage;
};

struct access_log;

/** NULL: memory. */
struct access_log *access_log_new(const struct access_log_sink *sink,
                                  struct stats *stats);

/** Flushes first. */
void access_log_free(struct access_log **self_p);

void access_log_write(struct access_log *self, const struct access_log_line *line);

/** Hands over what is there. */
void access_log_flush(struct access_log *self);
