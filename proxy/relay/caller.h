/**
 * Who asked, as an exchange sees it: an HTTP/1 connection, or one stream of HTTP/2.
 *
 * Layer: relay. Embedded in a client or in a stream of client_h2.c, which owns it and
 * fills `kind`; the exchange answers through it and gives itself back by on_done().
 *
 * An exchange says what its answer is, not how it looks on the wire:
 *
 *   exchange --- head, body, last ---> caller.kind->send() --+--> client.c: chunks,
 * writev
 *                                                            +--> client_h2.c: frames
 *   exchange <-- exchange_on_client_drain() -----------------+    when all was taken
 *
 * The head is text with the fields of HTTP/1 framing in it, because that is what most
 * clients get without another copy; HTTP/2 takes it apart and leaves those fields out. An
 * answer ends by a part with `last`, or is cut: on_done() with DISPOSITION_RESET, which
 * the client must be able to see (a reset of the connection, or of the one stream).
 * Bytes of a part stay valid until it was taken or on_done() has returned.
 */
#pragma once

#include "net/stream.h"
#include "relay/exchange.h"

struct client;

enum {
    CALLER_SPANS_MAX = 48, /**< Body spans of one part. */
    CALLER_SHARE = 16,     /**< One 16th: more is cut. */
};

/** Some of an answer, in order. What is empty is not there. */
struct caller_part {
    struct span head;        /**< Status line, fields, empty line. */
    const struct span *body; /**< At most CALLER_SPANS_MAX. */
    size_t count;
    bool chunked; /**< The head said so: HTTP/1 sends the body in chunks. */
    bool last;    /**< The answer ends with this part. */
};

/** What the two sorts of caller do differently. All members are set. */
struct caller_kind {
    /** Sends a part; no other may be waiting. As stream_write() with `lent`. */
    enum written (*send)(struct caller *self, const struct caller_part *part);
    /** 100 (Continue). False: there is no room for it, so nothing else can be said. */
    bool (*send_continue)(struct caller *self);
    /** Bytes of the waiting part that the client has not taken yet. */
    size_t (*unwritten)(struct caller *self);
    /** The client itself, and not what else it asked for, keeps the part from leaving. */
    bool (*is_stalled)(struct caller *self);
    /** The exchange takes the request's body from now on (again). */
    void (*resume_body)(struct caller *self);
    /** The exchange is over (NULL: there was no memory for one). May free `self`. */
    void (*on_done)(struct caller *self, struct exchange *exchange,
                    enum disposition disposition);
};

struct caller {
    const struct caller_kind *kind;
    struct client *client; /**< The connection. */
    struct exchange *exchange;
    bool request_read; /**< The whole request, body and all, has been read. */
    bool shares;       /**< Others ask over the same connection meanwhile. */
    unsigned share;    /**< Part of all held bytes that its address may leave untaken. */
};
