/**
 * Signatures of Standard Webhooks.
 *
 * Layer: notify. Pure. `webhook-signature` is `v1,BASE64(HMAC-SHA-256(secret,
 * id.timestamp.body))`, one for each secret, separated by a space.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "notify/alert.h"

enum {
    SIGN_SIZE_MAX = 128, /**< Bytes of two signatures, with the NUL. */
};

/**
 * Reads `whsec_BASE64`, as in a secret file: white space around it is dropped.
 * Errors: ERR_SYNTAX: no prefix or not base64; ERR_LIMIT: not 24 to 64 bytes.
 */
MUST_USE enum err sign_secret_parse(struct span text, struct alert_secret *secret_out);

/** Writes the field's value with a NUL to `value_out` of SIGN_SIZE_MAX bytes. */
MUST_USE enum err sign_message(const struct alert_settings *alert, struct span id,
                               uint64_t timestamp_s, struct span body, char *value_out);
