/**
 * A session token as the rest of the program sees it: a keyed hash, never the token.
 *
 * Layer: guard. First 16 bytes of HMAC-SHA-256 over the token; written as 32 hex digits.
 * A fingerprinter keeps the key ready, so that it is set up once and not per token (0.2
 * µs per token); it never changes, so threads may share one.
 */
#pragma once

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum {
    FINGERPRINT_SIZE = 16,
    FINGERPRINT_DIGITS = 32,
    FINGERPRINT_KEY_SIZE = 32,
};

/** All zero means: no token. */
struct fingerprint {
    uint8_t bytes[FINGERPRINT_SIZE];
};

struct fingerprinter;

/** `key`: FINGERPRINT_KEY_SIZE bytes, copied. NULL: memory. */
struct fingerprinter *fingerprinter_new(const uint8_t *key);

/** Wipes the key. */
void fingerprinter_free(struct fingerprinter **self_p);

/** An empty token gives the all-zero value. */
struct fingerprint fingerprint_of(const struct fingerprinter *self, struct span token);

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b);

/** True for the all-zero value. */
bool fingerprint_none(const struct fingerprint *self);

/** Writes FINGERPRINT_DIGITS digits and no NUL; `none` and blanks for no token. */
void fingerprint_format(const struct fingerprint *self, char *digits_out);

/** Exactly FINGERPRINT_DIGITS hex digits. ERR_SYNTAX for anything else. */
MUST_USE enum err fingerprint_parse(struct span text,
                                    struct fingerprint *fingerprint_out);
