/**
 * Heads as they go on: what a proxy must remove, keep and add.
 *
 * Layer: relay. Pure: head in, text out. Nothing is copied raw: the request line, framing
 * and every field line are written anew (RFC 9110 section 7.6, RFC 9112 section 11.2).
 * Names that only differ from ours by `_` for `-` are removed with ours, because many
 * servers cannot tell them apart. Several `Cookie` fields go on as one. Fields that
 * name another path (`X-Original-URL`) go no further, whoever wrote them.
 */
#pragma once

#include "base/writer.h"
#include "http/cookie.h"
#include "http/head.h"
#include "http/reference.h"
#include "net/address.h"
#include "relay/journal.h"

/** What decides how a request goes on. Borrowed. */
struct rewrite_request {
    const struct head *head;
    struct span target; /**< To forward: origin form, as received. */
    struct span host;   /**< With port, as received; empty: none (HTTP/1.0). */
    bool peer_trusted;  /**< Inbound forwarding fields are kept and added to. */
    const struct address *peer;
    const char *scheme;
    const char *session;     /**< Fingerprint digits or `none`. */
    const char *id;          /**< JOURNAL_ID_DIGITS digits. */
    const char *span_id;     /**< 16 digits, for traceparent. */
    bool upgrades;           /**< To a WebSocket without extensions. */
    bool conditions_removed; /**< The route requires a marker. */
    bool observes; /**< Accept-Encoding and a broken traceparent go on as they are. */
    cookie_keep *cookie_stays; /**< Identity goes: which cookies stay; NULL: all. */
    /** And which fields carry a token that goes; NULL: none. */
    bool (*token_goes)(void *context, const struct field *field);
    void *identity_context;        /**< Of both. */
    struct span token_field;       /**< Identity rests on it: session.header, */
    struct span jwt_field;         /**< session.jwt.header; empty: none. */
    struct span certificate_field; /**< Whom a certificate names; empty: none. */
    struct span certificate_name;  /**< Its value; empty: it is left out. */
    /** Which other fields nobody may invent; NULL: none. */
    bool (*forged)(const struct field *field);
};

/** Writes the head with the empty line. `out->full` when it does not fit. */
void rewrite_request(const struct rewrite_request *self, struct writer *out);

/** What a head that rewrite_request() wrote asks for: spans into it. */
struct reference_base rewrite_asked(struct span head_text);

/** What decides how a response goes on. Borrowed. */
struct rewrite_response {
    const struct head *head;
    bool coding_removed;     /**< The body goes on decoded: no Content-Encoding. */
    bool validators_removed; /**< The route requires a marker: no ETag, Last-Modified. */
    /** Whether a Set-Cookie stays; NULL: all do. */
    bool (*set_cookie_stays)(void *context, const struct field *field);
    void *set_cookie_context;
};

/**
 * Writes status line and field lines without framing fields and without the empty line:
 * those are added when the body's fate is known.
 */
void rewrite_response(const struct rewrite_response *self, struct writer *out);
