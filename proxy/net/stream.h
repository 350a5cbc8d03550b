/**
 * One TCP connection: bytes in, bytes out, on its loop's thread.
 *
 * Layer: net. Owned by a client or upstream connection, which frees it with
 * stream_free(); no event comes after that. A read stays armed and is paused only for a
 * set of reasons. A write first tries at once; what the socket does not take waits in one
 * request, and the writer hears of its end by on_drain(). An owner may free its stream in
 * any event; the event is then the last. With TLS all of this is the same: a FIN without
 * its close_notify is a break, and what waits unread inside stays there while paused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"

struct stream;

/** Why reading rests; it goes on when no reason is left. */
enum pause_reason {
    PAUSE_HOLD = 1,      /**< No room to hold more. */
    PAUSE_SINK_FULL = 2, /**< The other side has not taken what was read. */
    PAUSE_BACKLOG = 4,   /**< Bytes of the next request wait. */
    PAUSE_SECURE = 8,    /**< Bytes that were read wait; for net/secure.c alone. */
};

/** Where the next bytes go. */
struct stream_space {
    uint8_t *ptr;
    size_t len;
};

/** What an owner hears. All members are set. */
struct stream_events {
    /** Memory for the next read; answer {0} to read into the loop's shared buffer, or a
     * `ptr` with `len` 0 for no room: reading rests until PAUSE_HOLD is resumed. */
    struct stream_space (*space)(void *owner);
    /** `bytes` lie in the space given, valid until the owner reuses it. */
    void (*on_read)(void *owner, struct span bytes);
    /** Nothing more will be read: ERR_CLOSED after FIN, else what broke. */
    void (*on_end)(void *owner, enum err err);
    /** Everything written has been taken by the socket; or the write failed. */
    void (*on_drain)(void *owner, enum err err);
    /** Only after stream_connect(), and for the end of a TLS handshake: with an error
     * the stream is of no use any more. */
    void (*on_connect)(void *owner, enum err err);
};

enum written {
    WRITTEN_FAILED, /**< The connection is broken. */
    WRITTEN_ALL,    /**< The socket took everything; on_drain() will not come. */
    WRITTEN_PART,   /**< The rest waits; on_drain() will come. */
};

/** Starts connecting; on_connect() follows, unless freed before. NULL: memory or limit.
 */
struct stream *stream_connect(struct loop *loop, const struct address *address,
                              const struct stream_events *events, void *owner);

/** As stream_connect() to the Unix socket at `path`. */
struct stream *stream_connect_local(struct loop *loop, const char *path,
                                    const struct stream_events *events, void *owner);

/** Takes an accepted uv stream; used by listener.c. NULL: memory or limit. */
struct stream *stream_accept(struct loop *loop, void *server_handle,
                             const struct stream_events *events, void *owner);

/** Takes over a connected socket, of TCP or Unix. NULL: memory or limit; the fd is
 * closed. */
struct stream *stream_open(struct loop *loop, int fd, const struct stream_events *events,
                           void *owner);

/**
 * Everything from now on is TLS, as a server; `taken` was read already. on_connect() says
 * how the handshake went. False: memory; the stream is of no use any more.
 */
MUST_USE bool stream_secure(struct stream *self, struct tls_context *context,
                            struct span taken);

/**
 * As stream_connect() with TLS, to a server called `name`: on_connect() follows after the
 * handshake. `memory`: NULL, or what is kept for resumption; must outlive the stream.
 */
struct stream *stream_connect_secure(struct loop *loop, const struct address *address,
                                     struct tls_context *context, const char *name,
                                     struct tls_memory *memory,
                                     const struct stream_events *events, void *owner);

/** The TLS of this stream, for its facts (net/tls.h, net/tls_peer.h); NULL: it has none.
 */
const struct tls *stream_tls(const struct stream *self);

/** Bytes of the peer were taken from the socket that the owner has not been given. */
bool stream_pending(const struct stream *self);

/** Starts reading. Once. */
void stream_start(struct stream *self);

/** Tells who hears events from now on. */
void stream_set_owner(struct stream *self, const struct stream_events *events,
                      void *owner);

/**
 * Writes all spans in order, at once where the socket takes them. No other write may be
 * waiting.
 *
 * `lent`: with WRITTEN_PART the bytes stay valid until on_drain(); else they are copied.
 */
MUST_USE enum written stream_write(struct stream *self, const struct span *spans,
                                   size_t count, bool lent);

/** True while a write waits for on_drain(). */
bool stream_writing(const struct stream *self);

/** Bytes that the waiting write has not handed to the socket yet. */
size_t stream_unwritten(const struct stream *self);

void stream_pause(struct stream *self, enum pause_reason reason);
void stream_resume(struct stream *self, enum pause_reason reason);

/** Sends FIN after what was written; reading goes on. */
void stream_finish(struct stream *self);

/** Closes (what waits is dropped) and sets NULL. NULL is fine. */
void stream_free(struct stream **self_p);

/** As stream_free() with RST, so that the peer sees a break. */
void stream_reset(struct stream **self_p);

/** The peer's address; none (address_is_none()) on a Unix socket. */
struct address stream_peer(const struct stream *self);

/** Bytes received and sent so far. */
uint64_t stream_bytes_in(const struct stream *self);
uint64_t stream_bytes_out(const struct stream *self);
