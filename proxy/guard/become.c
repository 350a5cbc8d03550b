#include "guard/become.h"

#include "base/check.h"
#include "guard/alias.h"
#include "guard/login.h"
#include "guard/recall.h"
#include "guard/standing.h"

/* Does the marker that was seen change the session? Not asked where tokens are mixed. */
static bool marker_decides(const struct scene *scene)
{
    const struct session *session = scene->session;
    switch (scene->owner.standing) {
    case STANDING_STRANGER:
    case STANDING_BEFORE:
        return false;
    case STANDING_ANYBODY:
        return session->claim_count == 0 || standing_settled(scene);
    case STANDING_FORMER:
    case STANDING_CLAIMED:
        return standing_settled(scene);
    case STANDING_REQUESTER:
        break;
    }
    bool closes = session->claim_count > 0 || session->stirred;
    return standing_confirms(scene) || (closes && standing_settled(scene));
}

static void bind(const struct scene *scene, struct session *next, enum binding binding)
{
    (void)user_set(&next->requester, scene->owner.seen->value);
    next->binding = binding;
    next->by_login = binding == BINDING_CONFIRMED;
    next->bound_at_ms = scene->evidence->at_ms;
    next->claim_count = 0;
    next->stirred = false;
}

/* The marker that decides is also the one that the login's name stands for. */
static void learn(const struct scene *scene, struct judgement *out)
{
    const struct rules *rules = scene->evidence->rules;

    if (rules->login->user_is_alias && standing_settled(scene) &&
        alias_to_learn(scene->session, &out->learned_login)) {
        out->learns = true;
        out->learned_marker = alias_marker(rules->hasher, scene->owner.seen->value);
    }
}

/* Had the login's own answer told that it succeeded, and counted? */
static bool told(const struct scene *scene)
{
    return scene->session->binding == BINDING_CONFIRMED &&
           span_equal(user_span(&scene->session->requester), scene->owner.seen->value);
}

/* Lets the marker decide. Precondition: marker_decides(). */
static enum binding_source apply_marker(const struct scene *scene, struct session *next,
                                        struct judgement *out)
{
    switch (scene->owner.standing) {
    case STANDING_STRANGER:
    case STANDING_BEFORE:
        return SOURCE_NONE;
    case STANDING_ANYBODY:
        learn(scene, out);
        bind(scene, next, BINDING_UNCONFIRMED);
        return SOURCE_MARKER;
    case STANDING_FORMER:
        bind(scene, next, BINDING_UNCONFIRMED);
        return SOURCE_MARKER;
    case STANDING_CLAIMED:
        bind(scene, next, BINDING_CONFIRMED);
        return told(scene) ? SOURCE_NONE : SOURCE_LOGIN;
    case STANDING_REQUESTER:
        break;
    }
    if (standing_settled(scene)) {
        next->claim_count = 0;
        next->stirred = false;
    }
    if (standing_confirms(scene)) {
        next->binding = BINDING_CONFIRMED;
        return SOURCE_CONFIRM;
    }
    return SOURCE_NONE;
}

static void join(struct change *change, const struct fingerprint *token)
{
    for (unsigned i = 0; i < change->token_count; i++) {
        if (fingerprint_equal(&change->tokens[i], token)) {
            return;
        }
    }
    if (change->token_count < ANSWER_TOKENS_MAX) {
        change->tokens[change->token_count++] = *token;
    }
}

static void join_issued(const struct scene *scene, struct change *change)
{
    const struct answer *answer = scene->evidence->answer;
    for (unsigned i = 0; i < answer->issued_count; i++) {
        const struct issued_token *issued = &answer->issued[i];
        if (issued->owner_id == 0 && detect_issued(scene->evidence->asker, issued)) {
            join(change, &issued->token);
        }
    }
    if (scene->evidence->asker->several && change->token_count > 0) {
        /* It may be the other one's session that goes on by these tokens. */
        change->next.family =
            recall_family(&change->next, &change->tokens[0]) | RECALL_UNCERTAIN;
    }
}

/* A session that is made from another one is of its family. */
static uint64_t family_of(const struct scene *scene)
{
    const struct asker *asker = scene->evidence->asker;
    const struct session *entry = become_entry_of(scene);
    const struct session none = {0};
    const struct fingerprint *token = asker->token_count > 0 ? &asker->tokens[0] : NULL;

    uint64_t family = recall_family(entry != NULL ? entry : &none, token);
    bool certain = (entry != NULL || token == NULL) && !asker->several;
    return certain ? family : family | RECALL_UNCERTAIN;
}

/* A new entry for the issued tokens, starting as `scene->session` with its marker. */
static void make_fresh(const struct scene *scene, struct judgement *out)
{
    const struct asker *asker = scene->evidence->asker;
    struct change *fresh = &out->fresh;
    bool decides = marker_decides(scene);
    fresh->token_count = 0;
    if (become_entry_of(scene) == NULL && asker->token_count > 0 &&
        scene->owner.seen != NULL) {
        join(fresh, &asker->tokens[0]); /* Older than we are, and now seen to live. */
    }
    join_issued(scene, fresh);
    if (fresh->token_count == 0) {
        return;
    }
    fresh->store = true;
    session_copy(&fresh->next, scene->session);
    if (decides) {
        out->source = apply_marker(scene, &fresh->next, out);
    } else if (fresh->next.binding == BINDING_CONFIRMED && fresh->next.claim_count > 0) {
        out->source = SOURCE_LOGIN;
    }
    fresh->next.id = 0;
    fresh->next.version = 0;
    fresh->next.generation = 1;
    fresh->next.pending = 0;
    fresh->next.family = family_of(scene);
    fresh->next.quarantined = false; /* A new login, or nobody's. */
    fresh->next.first = fresh->tokens[0];
}

static void keep(const struct scene *scene, struct judgement *out)
{
    out->kept.store = true;
    out->kept.token_count = 0;
    session_copy(&out->kept.next, scene->evidence->now);
}

void become_settled(const struct rules *rules, const struct asker *asker,
                    struct session *next)
{
    next->pending = next->pending > 0 ? (uint8_t)(next->pending - 1) : 0;
    next->generation++;
    if (next->pending == 0) {
        login_unite_claims(next);
    }
    if (asker->role == ROLE_NONE && rules->login->request.count == 0) {
        next->stirred = true;
    }
}

/* An entry younger than the exchange never counted it. */
static void settle(const struct scene *scene, struct session *next)
{
    const struct evidence *evidence = scene->evidence;
    uint8_t pending = next->pending;
    become_settled(evidence->rules, evidence->asker, next);
    if (evidence->asker->session.id != evidence->now->id) {
        next->pending = pending;
    }
}

/* Claims stay: a login that was overlapped may have come after it, and a site that keeps
 * its sessions in the token goes on honouring the one of an undecided login. */
static void log_out(struct session *next)
{
    next->by_login = next->by_login && next->binding == BINDING_NONE;
    next->binding = BINDING_NONE;
    next->stirred = false;
}

/* The answer shows who it was before: the login failed, whatever was issued. */
static bool login_failed(const struct scene *scene)
{
    const struct observation *seen = scene->owner.seen;
    const struct evidence *evidence = scene->evidence;
    /* Who comes back without a name may have become the one who was there before. */
    if (scene->success == LOGIN_FAILED || seen == NULL ||
        evidence->asker->claim.len == 0) {
        return scene->success == LOGIN_FAILED;
    }
    if (evidence->rules->login->user_is_alias &&
        (scene->success == LOGIN_SUCCEEDED || evidence->now->binding == BINDING_NONE)) {
        return false; /* Who it is the marker says, not the name. */
    }
    bool shows_former =
        span_equal(seen->value, user_span(&evidence->now->requester)) ||
        span_equal(seen->value, user_span(&evidence->asker->session.requester));
    return shows_former && login_claim_match(evidence->rules, &evidence->asker->claim,
                                             seen->value) != CLAIM_NAMES;
}

/* A login on an entry. With a new token the old ones keep their own entry, because a
 * site may go on honouring them for the user before. */
static void released_login(const struct scene *scene, struct judgement *out)
{
    const struct asker *asker = scene->evidence->asker;
    struct session *next = &out->kept.next;
    if (login_failed(scene)) {
        uint32_t generation = next->generation;
        login_failed_claim(next, &asker->claim);
        settle(scene, next);
        next->generation = generation;
        join_issued(scene, &out->kept);
        return;
    }
    if (scene->issues_new) {
        make_fresh(scene, out);
        settle(scene, next);
        return;
    }
    bool was_told = scene->session->generation != next->generation;
    session_copy(next, scene->session);
    next->generation = scene->evidence->now->generation;
    if (marker_decides(scene)) {
        out->source = apply_marker(scene, next, out);
    } else if (was_told && scene->session->binding == BINDING_CONFIRMED) {
        out->source = SOURCE_LOGIN;
    }
    settle(scene, next);
}

static void released_other(const struct scene *scene, struct judgement *out)
{
    const struct rules *rules = scene->evidence->rules;
    const struct asker *asker = scene->evidence->asker;
    struct session *next = &out->kept.next;
    bool verified = scene->owner.standing >= STANDING_REQUESTER &&
                    scene->owner.seen != NULL && standing_settled(scene);
    bool tracked = rules->login->request.count == 0 || next->binding == BINDING_NONE;
    if (asker->role != ROLE_LOGOUT) {
        join_issued(scene, &out->kept);
    }
    if (login_may_change(rules, asker)) {
        settle(scene, next);
    }
    if (tracked && (scene->issues_new || asker->unsafe)) {
        next->stirred = true;
    }
    if (marker_decides(scene)) {
        out->source = apply_marker(scene, next, out);
    }
    if (verified) {
        next->stirred = false;
    }
    if (asker->role == ROLE_LOGOUT) {
        log_out(next);
        make_fresh(scene, out);
        if (out->fresh.store) {
            log_out(&out->fresh.next);
        }
        out->source = SOURCE_NONE;
    }
}

/* On the hot path nothing below is true: the session stays as it is. */
static bool changes(const struct scene *scene)
{
    const struct asker *asker = scene->evidence->asker;
    if (scene->issues_new || login_may_change(scene->evidence->rules, asker)) {
        return true;
    }
    return scene->owner.seen != NULL && marker_decides(scene);
}

/* The request says who asks; its session stays whose it was. */
static void released_stateless(const struct scene *scene, struct judgement *out)
{
    bool may_change = login_may_change(scene->evidence->rules, scene->evidence->asker);

    if (scene->issues_new || may_change) {
        keep(scene, out);
        join_issued(scene, &out->kept);
    }
    if (may_change) {
        settle(scene, &out->kept.next);
    }
}

/* Whose session went on by this answer is not ours to know. */
static void released_mixed(const struct scene *scene, struct judgement *out)
{
    if (scene->evidence->now->id != 0 &&
        login_may_change(scene->evidence->rules, scene->evidence->asker)) {
        keep(scene, out);
        settle(scene, &out->kept.next);
    }
}

void become_released(const struct scene *scene, struct judgement *out)
{
    const struct asker *asker = scene->evidence->asker;
    if (asker->kind == ASKER_AMBIGUOUS) {
        return;
    }
    if (asker->kind == ASKER_STATELESS && scene->evidence->now->id != 0) {
        released_stateless(scene, out);
        return;
    }
    if (asker->mixed) {
        released_mixed(scene, out);
        return;
    }
    if (scene->evidence->now->id == 0) {
        if (scene->issues_new || scene->owner.seen != NULL) {
            make_fresh(scene, out);
        }
        return;
    }
    if (!changes(scene)) {
        return;
    }
    keep(scene, out);
    if (login_opens_claim(asker->role)) {
        released_login(scene, out);
    } else {
        released_other(scene, out);
    }
}

void become_refused(const struct scene *scene, struct judgement *out)
{
    const struct rules *rules = scene->evidence->rules;
    const struct asker *asker = scene->evidence->asker;
    bool one_of_two = false;
    for (unsigned i = 0; i < out->findings.count && i < FINDINGS_MAX; i++) {
        one_of_two = one_of_two || out->findings.items[i].one_of_two;
    }
    bool settles = login_may_change(rules, asker);
    if (scene->evidence->now->id == 0 || asker->kind == ASKER_AMBIGUOUS ||
        !(one_of_two || settles)) {
        return;
    }
    keep(scene, out);
    struct session *next = &out->kept.next;
    if (settles) {
        settle(scene, next);
    }
    if (asker->role == ROLE_LOGOUT) {
        log_out(next);
    }
    if (one_of_two) {
        /* Neither value stays bound. The next marker is a first one again, unless logins
         * are configured and we saw one here: then a login has to say who it is. */
        bool known = rules->login->request.count > 0 && next->generation > 1;
        next->binding = BINDING_NONE;
        next->by_login = false;
        next->requester.len = 0;
        next->claim_count = 0;
        if (!known) {
            login_claim(next, &next->requester);
        }
    }
}
