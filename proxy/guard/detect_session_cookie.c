/* The answer would hand out a token that belongs to somebody else. */
#include "guard/detect.h"
#include "guard/login.h"
#include "guard/recall.h"

bool detect_presented(const struct asker *asker, const struct fingerprint *token)
{
    for (unsigned i = 0; i < asker->token_count; i++) {
        if (fingerprint_equal(&asker->tokens[i], token)) {
            return true;
        }
    }
    return false;
}

bool detect_issued(const struct asker *asker, const struct issued_token *issued)
{
    return !issued->deletion && !detect_presented(asker, &issued->token);
}

static bool is_requester(const struct scene *scene, const struct user *owner)
{
    const struct session *session = scene->session;

    if (session->binding != BINDING_NONE && user_equal(&session->requester, owner)) {
        return true;
    }
    for (unsigned i = 0; i < session->claim_count; i++) {
        if (login_claim_match(scene->evidence->rules, &session->claims[i],
                              user_span(owner)) == CLAIM_NAMES) {
            return true;
        }
    }
    return false;
}

/* Two answers that overlap a login, or a first visit by a token that is older than we
 * are, may name one new session that is not bound yet: it was made from this one. */
static bool may_be_twin(const struct scene *scene, const struct issued_token *issued)
{
    const struct asker *asker = scene->evidence->asker;
    const struct session none = {0};

    if (scene->session->id != 0 &&
        recall_same_family(recall_family(scene->session, NULL), issued->owner_family)) {
        return true;
    }
    for (unsigned i = 0; i < asker->token_count; i++) {
        uint64_t family = recall_family(&none, &asker->tokens[i]);
        if (recall_same_family(family, issued->owner_family)) {
            return true;
        }
    }
    return false;
}

static void judge_token(const struct scene *scene, const struct issued_token *issued,
                        struct findings *findings)
{
    const struct asker *asker = scene->evidence->asker;
    bool bound = issued->owner_bound != BINDING_NONE && issued->owner != NULL;
    if (bound && is_requester(scene, issued->owner)) {
        return;
    }
    if (!bound && may_be_twin(scene, issued)) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_SESSION_COOKIE);
    if (finding == NULL) {
        return;
    }
    finding->reason = bound ? "bound-token" : "known-token";
    if (bound) {
        user_copy(&finding->subject, issued->owner);
    }
    if (asker->kind == ASKER_AMBIGUOUS || asker->mixed) {
        return;
    }
    finding->strength = bound ? STRENGTH_STRONG : STRENGTH_WEAK;
    finding->counts = true;
}

/* A credential that names somebody else than the one that came, where nobody logs in. */
static void judge_credential(const struct scene *scene, struct findings *findings)
{
    const struct asker *asker = scene->evidence->asker;
    const struct answer *answer = scene->evidence->answer;

    if (asker->kind != ASKER_STATELESS || asker->role != ROLE_NONE ||
        answer->issued_trust < CREDENTIAL_SAID ||
        user_equal(&answer->issued_named, &asker->named)) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_SESSION_COOKIE);
    if (finding != NULL) {
        bool certain = answer->issued_trust >= CREDENTIAL_CHECKED &&
                       asker->trust >= CREDENTIAL_CHECKED;
        finding->reason = "other-credential";
        finding->strength = certain ? STRENGTH_STRONG : STRENGTH_WEAK;
        finding->counts = certain;
        user_copy(&finding->subject, &answer->issued_named);
    }
}

/* The client would be sent on with the session of another user. A visitor may have asked
 * for that address, so that it never counts. */
static void judge_address(const struct scene *scene, struct findings *findings)
{
    const struct issued_token *token = &scene->evidence->answer->addressed;

    if (token->owner_id == 0 || token->owner_id == scene->session->id ||
        token->owner_bound == BINDING_NONE || is_requester(scene, token->owner) ||
        !detect_issued(scene->evidence->asker, token)) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_SESSION_COOKIE);
    if (finding != NULL) {
        finding->reason = "address-token";
        user_copy(&finding->subject, token->owner);
    }
}

void detect_session_cookie(const struct scene *scene, struct findings *findings)
{
    const struct answer *answer = scene->evidence->answer;
    judge_credential(scene, findings);
    judge_address(scene, findings);
    for (unsigned i = 0; i < answer->issued_count; i++) {
        const struct issued_token *issued = &answer->issued[i];
        if (issued->owner_id == 0 || issued->owner_id == scene->session->id ||
            issued->too_short || issued->brought ||
            !detect_issued(scene->evidence->asker, issued)) {
            continue;
        }
        judge_token(scene, issued, findings);
    }
}
