/**
 * Client certificates: whom one names, what the site hears of it, whose connections those
 * are.
 *
 * Layer: relay. Parts of an exchange, as in exchange_rooms.h. A connection of one of
 * `trusted_proxies` is the proxy's and so is its certificate: there only the configured
 * field says whose the request is.
 */
#pragma once

#include "relay/exchange_rooms.h"
#include "relay/rewrite.h"

/**
 * Adds what the certificate says to `credential_p`, what else the request says. Where it
 * is all that is said the asker's credential becomes ours for it, which no token has.
 */
void exchange_join_certificate(struct exchange *self, const struct head *head,
                               struct credential *credential_p);

/** Which field the site hears the name by, and which may not be a client's invention. */
void exchange_tell_certificate(const struct exchange *self, const struct removal *removal,
                               struct rewrite_request *out);

/**
 * Whose requests the connection to the site carries: a session's, a credential's, or one
 * session's with one certificate. None: nobody's in particular.
 */
struct fingerprint exchange_connection_key(struct exchange *self);
