/**
 * Everything that needs a cryptographic library and is not TLS: SHA-256, HMAC, random
 * bytes, comparing and wiping secrets.
 *
 * Layer: base. The only module besides net/tls.c that knows OpenSSL. All structs are
 * plain values without heap memory: copying one copies the state. Whoever holds a
 * secret_mac wipes it with secret_wipe() before its memory goes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum {
    SECRET_DIGEST_SIZE = 32, /**< Bytes of SHA-256 and of HMAC-SHA-256. */
    SECRET_BLOCK_SIZE = 64,
    SECRET_SHA1_SIZE = 20,   /**< Bytes of SHA-1. */
    SECRET_STATE_SIZE = 112, /**< Bytes of the library's state. */
};

/** SHA-256 over bytes that come in pieces. Private. */
struct secret_hash {
    uint8_t state[SECRET_STATE_SIZE];
};

void secret_hash_start(struct secret_hash *self);

void secret_hash_add(struct secret_hash *self, struct span data);

/** Writes SECRET_DIGEST_SIZE bytes and wipes `self`, which may be started again. */
void secret_hash_end(struct secret_hash *self, uint8_t *digest_out);

/** SHA-256 of `data` in one call. */
void secret_hash_of(struct span data, uint8_t *digest_out);

/** SHA-1 over the pieces as if they were one text, for protocols that prescribe it; it
 * protects nothing. */
void secret_sha1_of_parts(const struct span *parts, size_t count, uint8_t *digest_out);

/**
 * A key made ready for HMAC-SHA-256 (RFC 2104): both padded blocks are hashed once, when
 * it is made, and not for every message. Private; immutable once made.
 */
struct secret_mac {
    struct secret_hash inner;
    struct secret_hash outer;
};

/** `key`: of any length. */
void secret_mac_start(struct secret_mac *self, struct span key);

/** HMAC over `data`: SECRET_DIGEST_SIZE bytes. Any thread. */
void secret_mac_of(const struct secret_mac *self, struct span data, uint8_t *digest_out);

/** HMAC over the pieces as if they were one text. Any thread. */
void secret_mac_of_parts(const struct secret_mac *self, const struct span *parts,
                         size_t count, uint8_t *digest_out);

/** HMAC with a key that is used once. */
void secret_mac_once(struct span key, struct span data, uint8_t *digest_out);

/** `count` bytes from the kernel's generator. ERR_SYSTEM when it gives none. */
MUST_USE enum err secret_random(uint8_t *bytes_out, size_t count);

/** True when both hold the same `count` bytes; takes the same time either way. */
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t count);

/** Overwrites in a way that the compiler keeps. NULL with `count` 0 is fine. */
void secret_wipe(void *bytes, size_t count);
