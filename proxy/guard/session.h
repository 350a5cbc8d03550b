/**
 * What is known about one login session at one moment, as a value.
 *
 * Layer: guard. Pure data: the registry stores it, judge.c computes the next one from it.
 * Terms of product.md sections 2 and 5. Zero is the safe value: no entry, nobody known.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"
#include "guard/fingerprint.h"

enum {
    USER_SIZE_MAX = 256,    /**< Bytes of a marker value or login name. */
    SESSION_CLAIMS_MAX = 4, /**< Open claims of overlapping logins. */
};

/** A user, known by a marker value or login name. `len` 0: nobody. */
struct user {
    uint16_t len;
    uint8_t bytes[USER_SIZE_MAX];
};

enum binding {
    BINDING_NONE,        /**< The requester is not known. */
    BINDING_UNCONFIRMED, /**< By one first marker. */
    BINDING_CONFIRMED,   /**< By a login, or by a second marker that did not overlap. */
};

/** One entry of the registry, or a request's view of it. */
struct session {
    uint64_t id;              /**< Of the entry; 0: there is none. */
    uint32_t version;         /**< Changes with every stored update of the entry. */
    uint32_t generation;      /**< Starts at 1; one more with each login or logout. */
    struct fingerprint first; /**< The entry's first token: its name to the outside. */
    enum binding binding;
    bool is_public;        /**< Its token was issued while login was down, to a request
                                without any: session_is_public(). */
    bool quarantined;      /**< After a finding: its tokens go no further, so that the
                                user logs in again. Only registry_quarantine() sets it. */
    bool by_login;         /**< Confirmed by a login, not by first markers. With
                                BINDING_NONE: a login whose name is an alias. */
    bool stirred;          /**< A new token or an unsafe request since the last
                                verified page. */
    uint64_t family;       /**< Of the session that a login or logout made this one from;
                                0: its own (recall.h). */
    uint8_t pending;       /**< Logins and logouts in flight on this entry; where no
                                login.request is configured unsafe requests too. Not
                                kept over a restart. */
    uint64_t bound_at_ms;  /**< When the first binding response was released. */
    unsigned claim_count;  /**< Claims that wait for the next owner marker. A claim
                                of nobody stands for anybody (a login without name). */
    struct user requester; /**< With BINDING_NONE: who it was before a logout. */
    struct user claims[SESSION_CLAIMS_MAX];
};

static inline struct span user_span(const struct user *self)
{
    return (struct span){.ptr = self->bytes, .len = self->len};
}

static inline bool user_equal(const struct user *a, const struct user *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/** True while nobody can have logged in on a session that was made while login was down.
 */
static inline bool session_is_public(const struct session *self)
{
    return self->is_public && self->binding == BINDING_NONE && self->requester.len == 0 &&
           self->claim_count == 0;
}

/** False, and nobody, when `name` is empty or longer than USER_SIZE_MAX. */
static inline bool user_set(struct user *self, struct span name)
{
    self->len = 0;
    if (name.len == 0 || name.len > USER_SIZE_MAX) {
        return false;
    }
    memcpy(self->bytes, name.ptr, name.len);
    self->len = (uint16_t)name.len;
    return true;
}

/** Copies without the unused bytes. */
static inline void user_copy(struct user *self, const struct user *from)
{
    self->len = from->len;
    memcpy(self->bytes, from->bytes, from->len);
}

/** Copies without the unused bytes of names. */
static inline void session_copy(struct session *self, const struct session *from)
{
    self->id = from->id;
    self->version = from->version;
    self->generation = from->generation;
    self->first = from->first;
    self->binding = from->binding;
    self->is_public = from->is_public;
    self->quarantined = from->quarantined;
    self->by_login = from->by_login;
    self->family = from->family;
    self->stirred = from->stirred;
    self->pending = from->pending;
    self->bound_at_ms = from->bound_at_ms;
    self->claim_count = from->claim_count;
    user_copy(&self->requester, &from->requester);
    for (unsigned i = 0; i < from->claim_count; i++) {
        user_copy(&self->claims[i], &from->claims[i]);
    }
}
