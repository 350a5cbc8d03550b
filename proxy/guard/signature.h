/**
 * Signed markers: `VALUE.BASE64URL(HMAC-SHA-256(key, VALUE))`, made by the site itself.
 *
 * Layer: guard. Pure: the key comes with the policy. What a visitor types cannot carry a
 * signature; what he copies from a page of his own carries one that was bound to that
 * page, where `bound` is set: the signed text is then `VALUE|COUNTERMARK-REQUEST`.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "base/writer.h"

struct secret_mac;

enum {
    SIGNATURE_DIGITS_MAX = 45, /**< Bytes behind the value: `.`, 43 digits and a `=`. */
};

/** `signed:` of a marker class. Zero: not signed. */
struct marker_signature {
    const struct secret_mac *mac; /**< NULL: not signed. Lives as long as the snapshot. */
    bool bound;
};

/**
 * True when `written` is a value with its signature; then `value_out` is the value, in
 * `written`. Compares in constant time.
 *
 * `request`: the Countermark-Request of the exchange; empty fits nothing that is bound.
 */
bool signature_verify(const struct marker_signature *self, struct span written,
                      struct span request, struct span *value_out);

/** Writes `value` as the site would: with its signature, or, not signed, as it is. */
void signature_write(const struct marker_signature *self, struct span value,
                     struct span request, struct writer *out);
