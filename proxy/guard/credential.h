/**
 * Requesters that every request names anew: a JSON Web Token, basic authentication, or a
 * client certificate.
 *
 * Layer: guard. Pure but for memory. The site itself checks what a client sends; a token
 * whose key we have is checked here too, and then a fact. A name with a password is
 * taken as the site takes it; of a token that cannot be checked nothing ever counts.
 * RFC 7515, 7519, 7617, 8725.
 */
#pragma once

#include "base/verify.h"
#include "guard/session.h"
#include "http/head.h"
#include "http/pointer.h"

enum {
    CREDENTIAL_SIZE_MAX = 8192, /**< Bytes of a token; a longer one is not read. */
};

/** `session.jwt` */
struct jwt_policy {
    char *cookie; /**< NULL: none. */
    char *header; /**< NULL: none. */
    struct pointer *claim;
    struct verify_key *key; /**< NULL: signatures are not checked. */
};

/** How far what a request says of its user is to be believed. */
enum credential_trust {
    CREDENTIAL_NONE,      /**< Nothing is said, or nothing that can be read. */
    CREDENTIAL_BAD,       /**< Signed wrongly, expired, twice and different. */
    CREDENTIAL_SAID,      /**< By a token that we cannot check. */
    CREDENTIAL_NAMED,     /**< By name and password, which the site checks. */
    CREDENTIAL_CHECKED,   /**< Signed by the configured key, and in its time. */
    CREDENTIAL_CERTIFIED, /**< By a client certificate that was verified. */
};

struct credential {
    enum credential_trust trust;
    struct user user;
    struct span text; /**< What names the client's connection: in the head. */
};

/** Reads a token: `now_s` is Unix time. Fills trust and user. */
void credential_read_jwt(const struct jwt_policy *policy, struct span token,
                         int64_t now_s, struct credential *out);

/** Reads what `head`, a request, says by token or, where `basic`, by user name. */
void credential_read(const struct head *head, const struct jwt_policy *policy, bool basic,
                     int64_t now_s, struct credential *out);

/**
 * Reads the field `name`, in which a proxy in front that is trusted says whom the
 * client's certificate names. Empty, or `(null)`: there is none.
 */
void credential_read_certificate(const struct head *head, struct span name,
                                 struct credential *out);

/** Both were said by one request: they must agree. The text is that of `self`, if any. */
void credential_join(struct credential *self, const struct credential *other);

/** True when a request's field carries what credential_read() reads, but for cookies. */
bool credential_is_field(const struct jwt_policy *policy, bool basic,
                         const struct field *field);
