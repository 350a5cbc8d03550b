/**
 * Signatures of others: is this text signed by the holder of that key?
 *
 * Layer: base. The key decides what it may verify: a secret verifies HMAC alone, an RSA
 * key RS256 alone, a P-256 key ES256 alone. So nobody can pass a public key off as a
 * secret (RFC 8725 section 3.1). Immutable once made; any thread.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum {
    VERIFY_SECRET_SIZE_GOOD = 32, /**< Bytes (RFC 7518 section 3.2). */
    VERIFY_KEY_SIZE_MAX = 16384,  /**< Bytes of a file. */
};

/** Names of RFC 7518. */
enum verify_algorithm {
    VERIFY_UNKNOWN, /**< Zero: never valid; `none` too. */
    VERIFY_HS256,
    VERIFY_HS384,
    VERIFY_HS512,
    VERIFY_RS256,
    VERIFY_ES256,
};

struct verify_key;

/** `HS256` and so on; anything else is VERIFY_UNKNOWN. */
enum verify_algorithm verify_algorithm_of(struct span name);

/**
 * A PEM public key or certificate, else a secret: what stands in `text` without a line
 * end at its end. NULL: a sentence for the operator is in `error`.
 */
struct verify_key *verify_key_new(struct span text, char *error, size_t error_size);

/**
 * Bytes of a secret; 0: it is a public key. One under VERIFY_SECRET_SIZE_GOOD is used,
 * but whoever has one signed text can try all of them.
 */
size_t verify_key_secret_size(const struct verify_key *self);

/** Wipes it. Sets NULL; NULL is fine. */
void verify_key_free(struct verify_key **self_p);

/** True when `signature` (raw bytes; ES256: both numbers) is that of `data`. */
bool verify_signature(const struct verify_key *self, enum verify_algorithm algorithm,
                      struct span data, struct span signature);
