/**
 * Who is at the other end, as a verified certificate says.
 *
 * Layer: net. Answers only for a certificate that one of our authorities signed and that
 * the handshake verified; a resumed session keeps the certificate that it began with.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "net/tls.h"

/** Which of a certificate's names. */
enum tls_peer_name {
    TLS_PEER_COMMON_NAME, /**< CN of the subject. */
    TLS_PEER_EMAIL,       /**< rfc822Name of subjectAltName. */
    TLS_PEER_URI,         /**< uniformResourceIdentifier of subjectAltName. */
    TLS_PEER_SUBJECT,     /**< The whole subject, as RFC 2253 writes it. */
    TLS_PEER_FINGERPRINT, /**< SHA-256 of the certificate, hex. */
};

enum {
    TLS_PEER_NAME_SIZE_MAX = 257, /**< With its NUL. */
};

/** True when the peer showed a certificate that was verified. */
bool tls_peer_verified(const struct tls *self);

/**
 * Writes the name with a NUL to `text_out` (TLS_PEER_NAME_SIZE_MAX). False: no verified
 * certificate, no such name, more than one, too long, or with bytes that are no printable
 * UTF-8. `self` may be NULL.
 */
bool tls_peer_name(const struct tls *self, enum tls_peer_name name, char *text_out);
