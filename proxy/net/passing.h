/**
 * Messages with open descriptors, to another process on this machine (SCM_RIGHTS).
 *
 * Layer: net. For sockets of kind SOCK_SEQPACKET, on which a message arrives whole or not
 * at all. Descriptors arrive closed on exec and are the receiver's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"

enum {
    PASSING_FDS_MAX = 64, /**< Of one message. */
};

/** Makes the two ends, both closed on exec. ERR_SYSTEM: errno says why. */
MUST_USE enum err passing_pair(int fds_out[2]);

/** `len` bytes, > 0, and `count` descriptors, which stay the caller's. Never waits.
 * ERR_FULL: too much waits to be read; ERR_CLOSED: nobody will read it; ERR_SYSTEM. */
MUST_USE enum err passing_send(int fd, const void *bytes, size_t len, const int *fds,
                               size_t count);

/**
 * The next message, within `timeout_ms`. `size`: bytes that there is room for; a longer
 * message, or one with more than `fds_max` descriptors, is none. On any error no
 * descriptor is left open.
 *
 * Errors: ERR_TIMEOUT; ERR_CLOSED: the other end is closed; ERR_LIMIT; ERR_SYSTEM.
 */
struct passing_room {
    void *bytes;
    size_t size;
    int *fds;
    size_t fds_max;
    size_t len;   /**< Set: what has come. */
    size_t count; /**< Set: descriptors that have come. */
};

MUST_USE enum err passing_receive(int fd, struct passing_room *room_p, int timeout_ms);
