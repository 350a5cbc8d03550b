/**
 * One client's stream of what the ledger gets: server-sent events (WHATWG HTML, 9.2).
 *
 * Layer: admin. Owned by its connection. The ledger is asked once a second, on the
 * reader's connection of the control thread, so a commit waits for no listener; a client
 * that does not take what it was sent is left out until it does, and closed when it stays
 * that way. Bounded: FEEDS_MAX at once, FEED_EVENTS_MAX a second.
 */
#pragma once

#include "admin/control.h"
#include "net/stream.h"

enum {
    FEEDS_MAX = 8,
    FEED_EVENTS_MAX = 256,    /**< In one second, to one client. */
    FEED_RECENT_MAX = 500,    /**< Events of the past that a client may ask for. */
    FEED_QUIET_SECONDS = 15,  /**< Then a comment shows that the stream lives. */
    FEED_STALLED_SECONDS = 30 /**< Nothing was taken for so long: closed. */
};

/** All of one server. */
struct feeds {
    unsigned count;
    unsigned epoch; /**< Streams of an earlier one end: who may listen has changed. */
};

struct feed;

/** Begins behind number `after`. NULL: too many, or no memory. */
struct feed *feed_new(struct feeds *feeds, const struct admin_control *control,
                      uint64_t after);

/** Sets NULL. NULL is fine. */
void feed_free(struct feed **self_p);

/** Once a second: writes what came since. False: the connection is of no use any more. */
MUST_USE bool feed_write(struct feed *self, struct stream *stream);
