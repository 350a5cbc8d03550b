/** All that the judgement of one exchange depends on, and nothing else. Layer: guard.
 * Plain and borrowed. Zero is safe: nobody asked, an answer says nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/credential.h"
#include "guard/grants.h"
#include "guard/marker.h"
#include "guard/policy.h"
#include "guard/scan.h"
#include "guard/session.h"

enum {
    ASKER_TOKENS_MAX = 8,  /**< Distinct tokens of one request that are looked at. */
    ANSWER_TOKENS_MAX = 8, /**< Tokens of one response; more: `too_many_tokens`. */
};

enum asker_kind {
    ASKER_ANONYMOUS, /**< Zero: no token, no remember cookie. Any marker is a finding. */
    ASKER_SESSION,   /**< A token of a known entry. */
    ASKER_UNKNOWN,   /**< A token without entry, or only a remember cookie. */
    ASKER_STATELESS, /**< The request names its user: `credential`. */
    ASKER_AMBIGUOUS, /**< Two values of one name, or tokens of two requesters. */
};

enum asker_role {
    ROLE_NONE,
    ROLE_LOGIN,    /**< login.request */
    ROLE_LOGOUT,   /**< login.logout */
    ROLE_CALLBACK, /**< login.callback */
};

/** Who asked: fixed when the request is forwarded. */
struct asker {
    enum asker_kind kind;
    enum asker_role role;
    bool unsafe;     /**< The method is not a safe one. */
    bool remembered; /**< Carries a cookie of session.remember, or a proof (NTLM). */
    bool barred;     /**< Login is down for it: what it came with was taken away. */
    bool mixed; /**< judge_mixed(), or changed since: nothing is bound, nothing counts. */
    bool several; /**< Its tokens lead to more than one entry. */
    unsigned token_count;
    struct fingerprint tokens[ASKER_TOKENS_MAX]; /**< [0] is the session's. */
    enum credential_trust trust;                 /**< With ASKER_STATELESS. */
    struct user named;                           /**< Whom the credential names. */
    struct fingerprint credential;               /**< Of its text; none: there is none. */
    struct fingerprint sent; /**< What Countermark-Session said; none: `none`. */
    uint64_t forwarded_at_ms;
    struct user claim;      /**< The name of a login's body; nobody: none readable. */
    struct session session; /**< As it was after judge_forward(); id 0: none. */
};

/** Whether the login succeeded, as far as the response head tells. */
enum login_success {
    LOGIN_UNTOLD, /**< Zero: no rule can tell. */
    LOGIN_FAILED, /**< Rules exist, and none holds. */
    LOGIN_SUCCEEDED,
    LOGIN_BY_MARKER, /**< Of a head alone: failed, unless a marker of a rule is seen. */
};

enum echo_state {
    ECHO_MISSING, /**< No Countermark-Echo. */
    ECHO_MATCH,
    ECHO_OTHER,
};

/** One session token that the response sets. */
struct issued_token {
    struct fingerprint token;
    bool deletion;
    bool too_short;           /**< Under 16 bytes: cannot be told from a constant. */
    bool brought;             /**< The request brought it, perhaps spelled otherwise. */
    uint64_t owner_id;        /**< Entry it belongs to now (registry_find); 0: none. */
    enum binding owner_bound; /**< Of that entry. */
    const struct user *owner; /**< That entry's requester; NULL: none. Borrowed. */
    uint64_t owner_family;    /**< recall_family() of that entry. */
};

/** How a value stands to what was shown before. */
enum recall_state {
    RECALL_OTHER,      /**< Zero: another session's, or not this session's value. */
    RECALL_OTHER_ONCE, /**< So, but the one before was seen only once. */
    RECALL_ASKED,      /**< Another session's, which the target or a field names. */
    RECALL_PRESENTED,  /**< Another session's, and a cookie of the request brought it. */
    RECALL_NEW,
    RECALL_SAME,
};

enum { RECALLED_MAX = 64 };
struct recalled {
    uint16_t observation; /**< Index in `observations`. */
    enum recall_state state;
};

/** What came back, as far as it came. */
struct answer {
    unsigned status;
    bool complete;    /**< The whole response was scanned. */
    bool has_content; /**< Not HEAD, 204, 304, and not empty. */
    bool html;        /**< HTML or XHTML. */
    bool doubtful;    /**< Undecodable, unknown coding, over the limit, cut off. */
    bool cache_sign;  /**< Age above 0, X-Cache: HIT, Cache-Status with hit. */
    bool storable;    /**< Nothing keeps a shared cache from storing it. */
    bool head_left;   /**< The client has its head already. */
    bool early;       /**< Began before the request was sent whole. */
    struct user issued_named; /**< Whom a credential names that a cookie hands out. */
    enum credential_trust issued_trust; /**< Of it. */
    bool issues_named;          /**< It may hand out a credential (session.jwt). */
    bool too_many_tokens;       /**< More than ANSWER_TOKENS_MAX were set. */
    enum login_success success; /**< Of login_success_by_head(), for logins. */
    enum echo_state echo;
    uint32_t forged_mask; /**< Classes with a marker whose signature is wrong. */
    const struct observation *const *observations; /**< scan_at() of each; borrowed. */
    size_t observation_count;
    const enum grant_answer *grants; /**< Of each observation; borrowed. */
    size_t grant_count;              /**< Of these, asked about so far. */
    struct span granted_for;         /**< For whom was asked; empty: for nobody. */
    bool redacted; /**< Everything was taken out that a class may take out. */
    const struct recalled *recalled;     /**< Of recall_read(), in the same order. */
    size_t recalled_count;               /**< Past RECALLED_MAX: there were more. */
    const struct user *recalled_subject; /**< Whose the first other one is, or NULL. */
    unsigned issued_count;
    struct issued_token issued[ANSWER_TOKENS_MAX];
    struct issued_token addressed; /**< In Location. */
};

/** The operator's rules for this exchange. Borrowed from the snapshot. */
struct rules {
    const struct login_policy *login;
    const struct marker_class *classes;
    size_t class_count;
    const struct requirement *requirement; /**< Of the route. */
    const struct staff_rule *staff;
    size_t staff_count;
    const struct fingerprinter *hasher; /**< For `user_is: alias`. */
    uint32_t detectors_off; /**< Bit of each enum detector that is switched off. */
};

/** What the detectors read. */
struct evidence {
    const struct rules *rules;
    const struct asker *asker;
    const struct session *now; /**< The entry at the time of judging; id 0: none. */
    const struct answer *answer;
    uint64_t at_ms;
};
