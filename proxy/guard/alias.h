/**
 * Login names that are not the ones that pages carry: by mail address at the login, by
 * number in the marker.
 *
 * Layer: guard. Pure but for the memo, which it asks. A login name opens a claim that
 * holds its keyed hash, and beside it the hash of the marker that two logins of this name
 * agreed on, once there is one. So neither the session nor the file of aliases holds a
 * login name. What is typed at a login is the client's: it never becomes an alias but by
 * the marker of a login that decided.
 */
#pragma once

#include "guard/memo.h"
#include "guard/policy.h"
#include "guard/session.h"

enum {
    ALIAS_AGREED = 2, /**< Logins that have to agree. */
};

/** How the claim of a login stands to a marker. */
enum alias_match {
    ALIAS_OTHER,   /**< Two logins agreed on another one. */
    ALIAS_UNKNOWN, /**< Nothing is known yet: it may be anybody's. */
    ALIAS_SAME,
};

/** The hash that stands for a login name. */
struct fingerprint alias_of(const struct fingerprinter *hasher,
                            const struct login_policy *policy, struct span login_name);

/** The hash that stands for a marker. */
struct fingerprint alias_marker(const struct fingerprinter *hasher, struct span marker);

/**
 * Turns the name that a login carries into what its claim holds. Nobody stays nobody.
 * `aliases`: NULL: none is known.
 */
void alias_claim(const struct fingerprinter *hasher, const struct login_policy *policy,
                 struct memo *aliases, uint64_t now_ms, struct user *name);

/** How a claim made by alias_claim() stands to `marker`; any other text is unknown. */
enum alias_match alias_match(const struct fingerprinter *hasher, const struct user *claim,
                             struct span marker);

/**
 * The login name that all open claims of `session` are for, when nothing is known of its
 * marker yet: what a deciding marker teaches. False: there is none.
 */
bool alias_to_learn(const struct session *session, struct fingerprint *login_out);

/**
 * One more login of `login` showed `marker`. Of two that disagree before they were agreed
 * on the newer stays. Returns the logins that agree by now.
 */
unsigned alias_learn(struct memo *aliases, const struct fingerprint *login,
                     const struct fingerprint *marker, uint64_t now_ms);
