/**
 * TLS between a stream and its owner: what the socket gives is decrypted straight into
 * the owner's space, what the owner writes is encrypted in pieces as the socket takes it.
 *
 * Layer: net. Owned by its stream (stream.c), the only caller; it uses the stream's raw
 * half below. Ciphertext passes through buffers that all connections of a loop share; a
 * connection has memory of its own only while it cannot go on.
 *
 *     uv --> in (shared) --> tls_read() --> owner's space --> on_read()
 *     owner's spans --> record (shared) --> tls_write() --> out (shared) --> uv
 */
#pragma once

#include "net/stream.h"

struct secure;

/** Takes `tls`, which was made with secure_output(). `started`: the owner reads already.
 * NULL: memory; `tls` is freed. */
struct secure *secure_new(struct stream *stream, struct tls *tls, bool started);

/** Where the TLS of this loop's connections puts ciphertext. NULL: memory. */
struct tls_output *secure_output(struct loop *loop);

/** Sets NULL. NULL is fine. */
void secure_free(struct secure **self_p);

const struct tls *secure_tls(const struct secure *self);

/** Begins the handshake, as a client. */
void secure_begin(struct secure *self);

/** `taken` was read already; no event comes before this returns. False: memory. */
MUST_USE bool secure_take(struct secure *self, struct span taken);

bool secure_pending(const struct secure *self);

/** The owner wants to hear what is read. */
void secure_start(struct secure *self);

/** No reason to pause is left but that bytes wait. */
void secure_wake(struct secure *self);

/** The owner lets go: a goodbye, if it can be said at once. */
void secure_part(struct secure *self);

/** As stream_write(), stream_writing(), stream_unwritten(), stream_finish(). */
MUST_USE enum written secure_write(struct secure *self, const struct span *spans,
                                   size_t count, bool lent);
bool secure_writing(const struct secure *self);
size_t secure_unwritten(const struct secure *self);
void secure_finish(struct secure *self);

/* Events of the raw half. */
struct stream_space secure_space(struct secure *self);
void secure_on_read(struct secure *self, struct span bytes);
void secure_on_end(struct secure *self, enum err err);
void secure_on_drain(struct secure *self, enum err err);

/* The raw half of a stream, in stream.c: what the socket sees. */
enum written stream_raw_write(struct stream *self, const struct span *spans, size_t count,
                              bool lent);
bool stream_raw_writing(const struct stream *self);
size_t stream_raw_unwritten(const struct stream *self);
void stream_raw_finish(struct stream *self);
void stream_raw_stop(struct stream *self);
bool stream_raw_paused(const struct stream *self);
struct loop *stream_raw_loop(const struct stream *self);
/** NULL once the owner let go. */
const struct stream_events *stream_raw_events(const struct stream *self,
                                              void **owner_out);
