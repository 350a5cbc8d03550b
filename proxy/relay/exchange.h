/**
 * One request and its one response: the life of a single question put to an upstream.
 *
 * Layer: relay. Owned by the caller that read the request (relay/caller.h); it gives
 * itself back by on_done(). Everything that happens to an exchange is recorded by an
 * exchange_on_*() call and acted on by one loop in exchange.c. No byte of a response goes
 * to the client before judge_response() released it and the features' flags were read.
 */
#pragma once

#include "http/h1.h"
#include "relay/relay.h"

struct caller;
struct exchange;

/** How the caller's connection, or its stream, goes on after an exchange. */
enum disposition {
    DISPOSITION_RESET,  /**< Zero: break it, so that the client sees a cut. */
    DISPOSITION_CLOSE,  /**< Nothing to say: close. */
    DISPOSITION_LINGER, /**< Our answer is out, unread bytes may still come. */
    DISPOSITION_KEEP,   /**< Ready for the next request. */
};

/**
 * Begins an exchange for a request head. It may be over before this returns:
 * on_done() says so in any case, once.
 *
 * `head`: borrowed for this call. Memory: the client gets 503 without an exchange.
 */
void exchange_begin(struct caller *caller, const struct head *head);

/** Answers a head that could not be parsed, or came too late. As exchange_begin(). */
void exchange_reject(struct caller *caller, enum ending ending, unsigned status);

/** True while it takes bytes of the request body. */
bool exchange_takes_body(const struct exchange *self);

/** A piece of the request body; only while exchange_takes_body(). */
void exchange_on_body(struct exchange *self, struct span content, enum piece piece);

/** It became a WebSocket: what the client sends are frames. */
bool exchange_is_socket(const struct exchange *self);

/** Frames of a WebSocket; only while exchange_takes_body(). */
void exchange_on_frames(struct exchange *self, struct span bytes);

/** The client took the part that was sent, or its stream failed. */
void exchange_on_client_drain(struct exchange *self, enum err err);

/** The part that was sent is still there though the client could have taken it: counts
 * what kind->unwritten() says now. */
void exchange_on_client_busy(struct exchange *self);

/** That is too much for its address, and has been for too long: it ends. */
void exchange_on_client_full(struct exchange *self);

/** The client's connection, or its stream, broke. The exchange has ended on return. */
void exchange_on_client_gone(struct exchange *self);

/** The client sent FIN and asks no more. What stays open without end is over. */
void exchange_on_client_end(struct exchange *self);

/** Now and then: closes open answers whose feature went down or whose session changed. */
void exchange_watch(struct relay *relay);

/** Now and then: where requests wait for a connection, those end whose body holds one and
 * comes slower than `send_rate_min`. */
void exchange_end_slow_uploads(struct relay *relay);

/** Takes a spare exchange from the relay's list or makes one; for relay.c. */
void exchange_free_spares(struct relay *relay);
void exchange_free_decoders(struct relay *relay);

/** Posts again what the record did not take when it was full. */
void exchange_post_lost(struct relay *relay);

/** Lets exchanges that wait for room to hold bytes try again, oldest first. */
void exchange_retry_holds(struct relay *relay);

/** The state's name, for logs. Static storage. */
const char *exchange_state_name(const struct exchange *self);
