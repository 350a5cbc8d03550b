/**
 * TLS of one connection without a network: ciphertext in, plaintext out, and back.
 *
 * Layer: net. Owned by a secure (net/secure.h), which moves the bytes. Input is lent and
 * used up by tls_handshake() and tls_read(); what has to be sent is appended to the
 * output that was set. The first failure latches. Records, alerts and tickets are
 * OpenSSL's business; limits on what an unknown client may cost are this module's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"
#include "net/tls_context.h"

enum {
    TLS_RECORD_MAX = 16384, /**< Plaintext bytes of one record (RFC 8446 section 5.1). */
    TLS_PLAIN_MAX = 65536,  /**< Plaintext that tls_write() takes at once. */
    TLS_OUTPUT_SIZE = 98304 /**< Room for that, and for a flight of a handshake. */
};

struct tls;

/** Where ciphertext goes; emptied by its owner. */
struct tls_output {
    uint8_t *bytes;
    size_t capacity;
    size_t len;
};

enum tls_step {
    TLS_FAILED, /**< Zero. The connection is broken; tls_reason() says why. */
    TLS_WAITS,  /**< More input is needed. */
    TLS_DONE,   /**< The handshake is over; or plaintext was read. */
    TLS_CLOSED, /**< The peer said that nothing more will come. */
};

/** Sessions that a server gave us, so that the next connection to it is cheaper. */
struct tls_memory {
    void *session;
};

/** A server's end. `context` and `output` must outlive the result. NULL: memory. */
struct tls *tls_new_server(struct tls_context *context, struct tls_output *output);

/**
 * A client's end to a server called `name` (a host name or an address, NUL-terminated),
 * whose certificate has to say so unless the context is unverified.
 *
 * `memory`: NULL, or what is offered for resumption; must outlive the result.
 */
struct tls *tls_new_client(struct tls_context *context, struct tls_output *output,
                           const char *name, struct tls_memory *memory);

/** Sets NULL. NULL is fine. */
void tls_free(struct tls **self_p);

/** Forgets what is kept for resumption. */
void tls_memory_clear(struct tls_memory *self);

/** Lends ciphertext, in place of what is left of the last. */
void tls_input(struct tls *self, struct span bytes);

/** What is left of the input. */
struct span tls_input_left(const struct tls *self);

/** Goes on with the handshake: TLS_DONE, TLS_WAITS or TLS_FAILED. */
enum tls_step tls_handshake(struct tls *self);

/** Reads at most `len` > 0 bytes of plaintext: TLS_DONE with `len_out` > 0, or why not.
 */
enum tls_step tls_read(struct tls *self, uint8_t *ptr, size_t len, size_t *len_out);

/** Plaintext is ready without any further input. */
bool tls_readable(const struct tls *self);

/** Bytes of the peer were taken that nobody has read, be it half a record. */
bool tls_pending(const struct tls *self);

/** Encrypts at most TLS_PLAIN_MAX bytes into the output. False: failed. */
MUST_USE bool tls_write(struct tls *self, struct span bytes);

/** Says that we send nothing more (close_notify). */
void tls_close(struct tls *self);

/** Why it failed, for people: lives on for ever. Never NULL. */
const char *tls_reason(const struct tls *self);

/** The protocol that both sides chose (ALPN); empty: none. Lent. */
struct span tls_alpn(const struct tls *self);

/** True when an earlier session was resumed. */
bool tls_resumed(const struct tls *self);
