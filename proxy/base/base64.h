/**
 * Bytes as base64 text and back (RFC 4648 sections 4 and 5).
 *
 * Layer: base. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum base64_alphabet {
    BASE64_STANDARD, /**< `+` and `/`; written with `=` at the end. */
    BASE64_URL,      /**< `-` and `_`; written without `=`. */
};

/** Characters that `len` bytes need at most, in either alphabet. */
static inline size_t base64_encoded_size(size_t len)
{
    return (len + 2) / 3 * 4;
}

/** Bytes that `len` characters hold at most. */
static inline size_t base64_decoded_size(size_t len)
{
    return len / 4 * 3 + len % 4 * 3 / 4;
}

/**
 * Writes `data` as text without NUL and returns the characters written, at most
 * base64_encoded_size().
 */
size_t base64_encode(struct span data, enum base64_alphabet alphabet, char *text_out);

/**
 * Reads all of `text` into at most base64_decoded_size() bytes. `=` at the end may be
 * left out; where there is one there must be as many as belong there. Errors: ERR_SYNTAX
 * for any other character, a length that no bytes give, and bits that are set past the
 * last byte (one value, one spelling).
 */
MUST_USE enum err base64_decode(struct span text, enum base64_alphabet alphabet,
                                uint8_t *bytes_out, size_t *len_out);
