/**
 * The judgement of one exchange: whose response is it, may it leave, and what does the
 * session become.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation. Why it is as it is: README.md
 * beside this file. The relay calls, for one exchange:
 *
 *   1. judge_forward() for the entry of each token of the request, before forwarding;
 *      commits `change` when it says so and keeps the result in asker.session.
 *   2. judge_response() when the response is complete, or earlier to stop early or to
 *      stream; on VERDICT_RELEASE and VERDICT_REFUSE it commits, in this order,
 *      a. `fresh`, when it stores: REGISTRY_CHANGED: find all again, judge again;
 *      b. `kept`, when it stores: REGISTRY_CHANGED: when no `fresh` was stored find and
 *         judge again, else find again and judge_settle().
 *   3. judge_settle() for the entry of every further token of the request whenever
 *      judge_forward() changed it, and for the first one too when the exchange ended
 *      without judgement (abort, time-out, upstream lost).
 *
 * Commits come before the first byte leaves. Both are void while nothing is stored: on
 * the hot path (own marker, nothing issued, nothing open) nothing is copied.
 */
#pragma once

#include "guard/evidence.h"
#include "guard/finding.h"
#include "guard/verdict.h"

/** What registry_commit() is to do. Only read when `store` is set. */
struct change {
    bool store;
    unsigned token_count; /**< Tokens to join to the entry. */
    struct fingerprint tokens[ANSWER_TOKENS_MAX];
    struct session next; /**< id 0: a new entry, named after tokens[0]. */
};

/** Where a binding came from, for countermark_bindings_total{source}. */
enum binding_source {
    SOURCE_NONE,
    SOURCE_LOGIN,   /**< A login told by rule, or a claim that its marker confirmed. */
    SOURCE_MARKER,  /**< A first marker. */
    SOURCE_CONFIRM, /**< The second marker. */
};

struct judgement {
    enum verdict verdict;
    struct findings findings;
    bool unmarked; /**< A required marker is missing: counts against coverage. */
    bool marked;   /**< A requester class was seen. */
    bool unechoed; /**< Echo expected and missing: counts against coverage. */
    bool in_doubt; /**< Refused by I5: a marker is required and cannot be judged. */
    bool corrects; /**< No shared cache may keep the answer: fields have to change. */
    bool learns;   /**< A login showed the marker of its name: alias_learn(). */
    struct fingerprint learned_login;
    struct fingerprint learned_marker;
    bool login_open; /**< The answer of a login or callback that did not fail. */
    enum binding_source source;
    bool viewer_confirmed;
    const struct user *viewer; /**< In asker or now, or NULL: unidentified. */
    struct change kept;        /**< Of the entry of the request's token. */
    struct change fresh;       /**< The new entry of the issued tokens. */
};

/**
 * True when a request with tokens of both entries (id 0: none) may be answered for
 * another user than one with the first alone: the entries may show more than one user
 * between them, or a login changes one of them. For asker.mixed; ASKER_AMBIGUOUS is the
 * case of two bound requesters.
 */
bool judge_mixed(enum asker_role role, const struct session *first,
                 const struct session *other);

/**
 * What the entry `now` (id 0: none) of `asker.tokens[index]` becomes when this request is
 * forwarded: a login opens its claim, what may change the user is counted as pending.
 * False when nothing changes: nearly always. Once for each entry.
 */
bool judge_forward(const struct rules *rules, const struct asker *asker, unsigned index,
                   const struct session *now, struct change *out);

/** What entry `now` becomes when an exchange ended that judge_forward() had counted. */
bool judge_settle(const struct rules *rules, const struct asker *asker,
                  const struct session *now, struct change *out);

/**
 * Judges. With `answer.complete` false: VERDICT_REFUSE when that is already certain, else
 * VERDICT_HOLD, and neither change stores.
 */
void judge_response(const struct evidence *evidence, struct judgement *out);

/**
 * For whom grants are asked: the confirmed user, else the owner marker of this answer if
 * it alone fits. False, and nobody: that is not known.
 */
bool judge_requester(const struct evidence *evidence, struct user *user_out);

/**
 * May a response that is not complete be streamed: nothing is found that refuses, and the
 * route requires nothing or what it requires was seen and is a known requester's.
 * `corrects_out`: as in struct judgement.
 */
bool judge_verified_so_far(const struct evidence *evidence, bool *corrects_out);

/** `login`, `marker`, `confirm`; `none`. Static storage. */
const char *binding_source_name(enum binding_source source);
