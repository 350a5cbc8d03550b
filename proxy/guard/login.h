/**
 * Logins: did one succeed, which claims are open, and how a session changes by it.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation. A claim is the name typed at a
 * login. It is never a fact: what was typed can widen what a session may show until the
 * next owner marker decides, and alone it is never a finding.
 */
#pragma once

#include "guard/evidence.h"
#include "http/head.h"
#include "http/reference.h"

/**
 * What `login.success` says of a response head. LOGIN_UNTOLD when no rules are configured
 * (then a new token tells), or when Location has the path of a rule on another host, or
 * none that can be read; LOGIN_BY_MARKER when only `marker:` rules are left to hold.
 *
 * `asked`: what a Location is resolved against.
 */
enum login_success login_success_by_head(const struct login_policy *policy,
                                         const struct head *head,
                                         const struct reference_base *asked);

/** The same with what the body showed; never LOGIN_BY_MARKER. */
enum login_success login_success_by_markers(const struct rules *rules,
                                            const struct answer *answer);

/** Login or callback. */
bool login_opens_claim(enum asker_role role);

/** The request may change the user, so what overlaps it may show either. */
bool login_may_change(const struct rules *rules, const struct asker *asker);

/** Opens a claim; past SESSION_CLAIMS_MAX all become one for anybody. */
void login_claim(struct session *self, const struct user *name);

/** Takes one instance of `name` back, if it is open. */
void login_unclaim(struct session *self, const struct user *name);

/** As login_unclaim() for a login that failed: claims that stand for one whose name is an
 * alias stay until a marker decides, for they are all that is known. */
void login_failed_claim(struct session *self, const struct user *name);

/** True when `value` may be what a user who typed `name` is marked as. */
bool login_names_equal(const struct login_policy *policy, struct span name,
                       struct span value);

/** How an open claim stands to a marker. */
enum claim_match {
    CLAIM_OTHER,
    CLAIM_ANYBODY, /**< A login without a name, or one whose marker is not known yet. */
    CLAIM_NAMES,
};

enum claim_match login_claim_match(const struct rules *rules, const struct user *claim,
                                   struct span value);

/** Leaves one claim of each name: what is to be done once no login is in flight. */
void login_unite_claims(struct session *self);
