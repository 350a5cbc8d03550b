/**
 * Who may do what on the admin interface: bearer tokens, their roles, the Host rule.
 *
 * Layer: admin. Pure. Tokens are kept as SHA-256 digests; a presented token is hashed and
 * compared with every one of them in constant time, so neither its value nor its place
 * shows in how long that takes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/span.h"
#include "net/address.h"

enum {
    ACCESS_NAME_SIZE_MAX = 64, /**< Of a name, with its NUL. */
    ACCESS_TOKENS_MAX = 64,
    ACCESS_HOST_SIZE_MAX = 256, /**< With the NUL. */
};

/** Each role may do what the one before it may. */
enum access_role {
    ACCESS_NONE, /**< Zero: health and metrics alone. */
    ACCESS_VIEWER,
    ACCESS_OPERATOR,
};

/** A token as configured; the token itself is not kept. */
struct access_token {
    char name[ACCESS_NAME_SIZE_MAX]; /**< What is recorded as "who". */
    enum access_role role;
    uint8_t digest[SECRET_DIGEST_SIZE]; /**< SHA-256 of the token. */
};

/** Plain value; zeroed it knows no token. */
struct access {
    char host[ACCESS_HOST_SIZE_MAX]; /**< Under which people come; "": none. */
    size_t count;
    struct access_token tokens[ACCESS_TOKENS_MAX];
};

/** What the field `Authorization` proves. */
enum access_proof {
    ACCESS_PROOF_NONE,  /**< No bearer token. */
    ACCESS_PROOF_WRONG, /**< A token that nobody has. */
    ACCESS_PROOF_GOOD,
};

/** Copies `tokens`; those past ACCESS_TOKENS_MAX are left out, and false is returned. */
bool access_set(struct access *self, const struct access_token *tokens, size_t count);

/** Takes the host of `url`, `scheme://host[:port]/...`; "" for none. */
void access_set_host(struct access *self, struct span url);

/**
 * Judges the value of `Authorization` (RFC 6750 section 2.1).
 *
 * `token_out`: the token's row with ACCESS_PROOF_GOOD; lent until access_set().
 */
enum access_proof access_check(const struct access *self, struct span authorization,
                               const struct access_token **token_out);

/**
 * True when a browser on another site cannot have made this `Host` value: it is
 * `localhost` or a loopback address or `own`, each with or without the port of `own`, or
 * the host under which people come, with whatever port is in front of us.
 */
bool access_host_is_own(const struct access *self, struct span host,
                        const struct address *own);
