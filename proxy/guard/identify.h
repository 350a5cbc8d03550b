/**
 * Which session token a request carries, which tokens a response issues, and how a
 * request is made anonymous.
 *
 * Layer: guard. Pure, no allocation: heads and the session policy in, spans into the
 * heads out. Rules: product.md section 5, "The token", and section 9, "While login is
 * down". Quotes and the policy's suffix are cut from every token, so that one token is
 * one value wherever it stands.
 */
#pragma once

#include "base/check.h"
#include "guard/policy.h"
#include "guard/spelling.h"
#include "http/head.h"

enum {
    IDENTITY_TOKENS_MAX = 8, /**< Tokens of one request; more make it ambiguous. */
    ISSUED_TOKENS_MAX = 8,   /**< Tokens of one response. */
    ISSUED_SIZE_MIN = 16,    /**< Shorter values are no tokens of a session. */
};

enum identity_kind {
    IDENTITY_AMBIGUOUS, /**< Zero: two values of one name, too many tokens, or one that
                             only a lenient server sees (lax.h). */
    IDENTITY_ANONYMOUS,
    IDENTITY_UNKNOWN, /**< No token, but a cookie that may also say who the user is. */
    IDENTITY_TOKEN,
};

enum identity_source {
    IDENTITY_COOKIE,
    IDENTITY_PARAMETER, /**< session.path_parameter */
    IDENTITY_HEADER,    /**< session.header */
};

struct identity_token {
    struct span value; /**< Without quotes and suffix; not empty. */
    struct span name;  /**< Of cookie, parameter or field. */
    enum identity_source source;
    unsigned rank; /**< Of a cookie: index of its pattern in session.cookies. */
};

/**
 * Who a request says it is. tokens[0] is the token; the others count only when they
 * belong to another requester, which makes the exchange ambiguous: the registry knows.
 * Two of them may have the same value.
 */
struct identity {
    enum identity_kind kind;
    bool remembered;          /**< Carries a cookie of session.remember. */
    struct spelling spelling; /**< Of its cookies and parameters; odd: ambiguous. */
    unsigned token_count;
    struct identity_token tokens[IDENTITY_TOKENS_MAX];
};

/** Reads `head`, a request, whose target is as received. */
void identify_request(const struct head *head, const struct session_policy *policy,
                      struct identity *identity_out);

/** A session cookie that a response sets. */
struct issued_cookie {
    struct span value; /**< Without quotes and suffix; empty only for a deletion. */
    struct span name;
    bool deletion;  /**< Takes the cookie away. */
    bool too_short; /**< Under ISSUED_SIZE_MIN bytes: not a token to judge by. */
    struct spelling spelling; /**< Of a token to judge by. */
};

struct issued_cookies {
    unsigned count;
    bool more; /**< There were more than ISSUED_TOKENS_MAX: the rest is not known. */
    struct issued_cookie items[ISSUED_TOKENS_MAX];
};

/** Reads `head`, a response. `now_s`: Unix time, for `Expires`. */
void identify_issued(const struct head *head, const struct session_policy *policy,
                     int64_t now_s, struct issued_cookies *issued_out);

/**
 * The token in a response's Location (`;NAME=` of session.path_parameter), without quotes
 * and suffix; empty when there is none of ISSUED_SIZE_MIN bytes. It is not issued: a site
 * may write there what a visitor gave it as the address to go on to.
 */
struct span identify_addressed(const struct head *head,
                               const struct session_policy *policy);

/** True when a server may read another token or remember cookie out of a pair (lax.h). */
bool identify_is_doubtful_cookie(const struct session_policy *policy,
                                 const struct cookie *cookie);

/** True for the name of a session cookie. */
bool identify_is_session_cookie(const struct session_policy *policy, struct span name);

/** True for the name of a cookie of session.remember. */
bool identify_is_remember_cookie(const struct session_policy *policy, struct span name);

/** True when the value of a `Set-Cookie` field is of a session cookie. */
bool identify_sets_session(const struct session_policy *policy, struct span field_value);

/**
 * True when a request's field carries a token: session.header and what a server may take
 * for it or for session.jwt.header, and `Authorization` with the scheme Bearer.
 */
bool identify_is_token_field(const struct session_policy *policy,
                             const struct field *field);

/** True for a field in which a TLS terminator hands on the client's certificate (RFC
 * 9440, and the names in use with Apache, nginx, HAProxy, Envoy, IIS and AWS). */
bool identify_is_certificate_field(const struct field *field);

/** True when the request has a cookie that identify_write_cookies() leaves out. */
bool identify_has_cookies(const struct head *head, const struct session_policy *policy);

/**
 * Writes the value of one `Cookie` field without session and remember cookies, also such
 * as only a lenient server sees.
 * `buffer`: cookie_size_max() bytes. Returns the bytes written; 0: no pair is left.
 */
size_t identify_write_cookies(const struct head *head,
                              const struct session_policy *policy, uint8_t *buffer);

/**
 * Writes a target without `;NAME=...` and `?NAME=...` of session.url_names and without
 * session.path_parameter and `;jsessionid`: what lax_item() says.
 * `buffer`: target.len bytes. Returns the bytes written, which are all when nothing had
 * to go.
 */
size_t identify_write_target(struct span target, const struct session_policy *policy,
                             uint8_t *buffer);
