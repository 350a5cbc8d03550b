/**
 * One HTTP/2 connection of a client, server side: bytes in, events out, frames out.
 *
 * Layer: http. Pure: no I/O; time is an argument. Owned by a client connection. The only
 * module that knows nghttp2, and makes it strict: no push, no window that opens by
 * itself, RFC 9218 priorities, own counts of floods (http/h2_flood.h), request heads that
 * pass the checks of HTTP/1 (http/h2_head.h), trailers dropped.
 *
 *   h2_receive() --- on_request, on_body, on_closed --> owner
 *   owner --- h2_attach, h2_send, h2_consume, h2_close --> h2     (also in an event)
 *   h2_produce() --> frames for the socket; then h2_next_taken() says whose part went out
 *
 * A stream of the owner embeds a struct h2_stream, attached from h2_attach() until
 * h2_close() or on_closed(). What a stream sends is lent until it was taken or closed.
 */
#pragma once

#include "base/list.h"
#include "http/h1.h"
#include "http/h2_flood.h"

enum {
    H2_SPANS_MAX = 48,        /**< Body spans of one part. */
    H2_STREAMS_MAX = 100,     /**< Requests under way on one connection. */
    H2_STREAM_WINDOW = 65535, /**< Bytes of a body that wait for the upstream. */
    H2_CONNECTION_WINDOW = 262144,
    H2_PREFACE_LEN = 24,
    H2_PRODUCE_MIN = 34816, /**< Room that h2_produce() needs. */
};

struct h2;

/** One request and its answer. The owner reads `id` and `left`, and writes nothing. */
struct h2_stream {
    struct list_link link; /* Taken, and nobody has asked yet. */
    int32_t id;            /**< 0: not attached. */
    bool waiting;          /* A part is not taken yet. */
    bool head_due;         /* Its head is not framed yet. */
    bool begun;            /* The head of the answer was given. */
    bool last;             /* The answer ends with this part. */
    bool ended;            /* END_STREAM is framed. */
    bool closed;           /* The client's side is at its end too. */
    size_t left;           /**< Bytes of the part's body that are not framed yet. */
    size_t span_at;
    struct span spans[H2_SPANS_MAX];
};

/** What an owner hears; all are set. In each it may attach, send and close, and nothing
 * else. */
struct h2_events {
    /** A request's head as HTTP/1 text for h2_parse_head(), lent for this call; or what
     * is wrong with it. Not attached: refused, and the client may try again. */
    void (*on_request)(void *owner, int32_t id, enum h1_error error, struct span text,
                       bool ended);
    /** A piece of the body, lent for this call; to be given back by h2_consume(). */
    void (*on_body)(struct h2_stream *stream, struct span content, bool last);
    /** Closed before its answer was complete; no longer attached. */
    void (*on_closed)(struct h2_stream *stream);
};

enum h2_reset {
    H2_RESET_NONE,     /**< The answer is complete; so is the request, or no matter. */
    H2_RESET_UNREAD,   /**< The answer is complete, the request is not read on. */
    H2_RESET_CUT,      /**< The answer is not complete: INTERNAL_ERROR. */
    H2_RESET_REFUSED,  /**< Nothing was done: the client may try again. */
    H2_RESET_PROTOCOL, /**< The request was malformed. */
};

/** `limits`: of a request's head, borrowed for its life. NULL: memory. */
struct h2 *h2_new(const struct h1_limits *limits, const struct h2_events *events,
                  void *owner, uint64_t now_ms);
void h2_free(struct h2 **self_p);

/** True when `bytes` begin as the client's preface does; all 24 are needed to be sure. */
bool h2_is_preface(struct span bytes);

/**
 * Takes what was received. False: the connection is over; what h2_produce() still gives
 * is worth sending.
 */
MUST_USE bool h2_receive(struct h2 *self, struct span bytes, uint64_t now_ms);

/** Parses what on_request() gave, now or from a copy. `head_out` points into `text`. */
MUST_USE enum h1_error h2_parse_head(struct h2 *self, struct span text, bool ended,
                                     struct head *head_out);

/** `stream` is the owner's for request `id`. */
void h2_attach(struct h2 *self, int32_t id, struct h2_stream *stream);

/** Some of an answer: its head (HTTP/1 text) first, and with the first part alone. */
struct h2_part {
    struct span head;
    const struct span *body; /**< At most H2_SPANS_MAX; lent until taken or closed. */
    size_t count;
    bool last;
};

/** Queues a part. False: memory, or the connection is over. */
MUST_USE bool h2_send(struct h2 *self, struct h2_stream *stream,
                      const struct h2_part *part);

/** Queues 100 (Continue). False: as h2_send(). */
MUST_USE bool h2_send_continue(struct h2 *self, struct h2_stream *stream);

/** `len` bytes of body are of no further interest: as many more may come. */
void h2_consume(struct h2 *self, struct h2_stream *stream, size_t len);

/** The same after the stream was closed. */
void h2_consume_closed(struct h2 *self, size_t len);

/** Detaches, and resets where the client would not see an end by itself. */
void h2_close(struct h2 *self, struct h2_stream *stream, enum h2_reset reset);

/**
 * Answered requests that are not read on and not reset yet: some clients lose an answer
 * when the reset comes with it (curl 7.88), so the owner waits a little.
 */
bool h2_has_unread(const struct h2 *self);
void h2_reset_unread(struct h2 *self);

/** Writes frames into `buffer` (at least H2_PRODUCE_MIN); 0: nothing can be sent now. */
size_t h2_produce(struct h2 *self, uint8_t *buffer, size_t capacity);

/** A stream whose part was framed whole since; NULL when there is none. */
struct h2_stream *h2_next_taken(struct h2 *self);

/** True when the client lets nothing more of this stream be sent. */
bool h2_is_blocked(const struct h2 *self, const struct h2_stream *stream);

/** Frames that wait to be sent besides bodies. */
size_t h2_queued(const struct h2 *self);

/** A request's head has begun and is not whole. */
bool h2_in_head(const struct h2 *self);

/** Asks the client not to begin requests that cannot be answered any more; a PING tells
 * when it has heard so: h2_was_warned(). */
void h2_warn(struct h2 *self);
bool h2_was_warned(const struct h2 *self);

/** Takes no more requests; those under way go on. */
void h2_end(struct h2 *self);

/** True when nothing more will be received or sent. */
bool h2_is_over(const struct h2 *self);

/** Why it was ended, if by a flood. */
enum h2_flood_kind h2_flooded(const struct h2 *self);
/** Streams that the client has closed of late before their answer was complete. */
uint32_t h2_resets(const struct h2 *self);
