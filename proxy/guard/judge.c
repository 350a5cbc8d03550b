#include "guard/judge.h"

#include "base/check.h"
#include "guard/become.h"
#include "guard/detect.h"
#include "guard/login.h"
#include "guard/recall.h"
#include "guard/requester.h"
#include "guard/standing.h"

static const struct {
    enum detector detector;
    detect_fn *detect;
} DETECTORS[] = {
#define DETECTOR(id, name, function, down, actions) {DETECTOR_##id, function},
#include "guard/detector.def"
#undef DETECTOR
};

/* Everybody whom `session` may show is `*user_p`, which is set by the first. */
static bool shows_only(const struct session *session, const struct user **user_p)
{
    if (session->requester.len > 0) {
        *user_p = *user_p != NULL ? *user_p : &session->requester;
        if (!user_equal(*user_p, &session->requester)) {
            return false;
        }
    }
    for (unsigned i = 0; i < session->claim_count; i++) {
        const struct user *claim = &session->claims[i];
        *user_p = *user_p != NULL ? *user_p : claim;
        if (claim->len == 0 || !user_equal(*user_p, claim)) {
            return false;
        }
    }
    return true;
}

bool judge_mixed(enum asker_role role, const struct session *first,
                 const struct session *other)
{
    const struct user *user = NULL;
    if (first->id == 0 || other->id == 0) {
        return true;
    }
    if (first->id == other->id) {
        return false;
    }
    if (role != ROLE_NONE) {
        return true;
    }
    bool known = shows_only(first, &user);
    bool nobody = user == NULL;
    return !known || !shows_only(other, &user) || (nobody && user != NULL);
}

bool judge_forward(const struct rules *rules, const struct asker *asker, unsigned index,
                   const struct session *now, struct change *out)
{
    CHECK(index < asker->token_count);
    bool claims = login_opens_claim(asker->role);
    out->store = false;
    out->token_count = 0;
    if (!login_may_change(rules, asker)) {
        return false;
    }
    if (now->id == 0) {
        if (!claims) {
            return false;
        }
        out->next = (struct session){.generation = 1, .first = asker->tokens[index]};
        out->next.family = recall_family(now, &asker->tokens[index]) | RECALL_UNCERTAIN;
        out->tokens[out->token_count++] = asker->tokens[index];
        /* Whoever it was before, we do not know: that user may be seen again. */
        login_claim(&out->next, &(struct user){.len = 0});
    } else {
        out->next = *now;
    }
    if (out->next.pending < UINT8_MAX) {
        out->next.pending++;
    }
    if (claims) {
        login_claim(&out->next, &asker->claim);
    }
    out->store = true;
    return true;
}

bool judge_settle(const struct rules *rules, const struct asker *asker,
                  const struct session *now, struct change *out)
{
    out->store = false;
    out->token_count = 0;
    if (now->id == 0 || !login_may_change(rules, asker)) {
        return false;
    }
    out->next = *now;
    become_settled(rules, asker, &out->next);
    out->store = true;
    return true;
}

static bool issues_new(const struct evidence *evidence)
{
    const struct answer *answer = evidence->answer;
    for (unsigned i = 0; i < answer->issued_count; i++) {
        if (answer->issued[i].owner_id == 0 &&
            detect_issued(evidence->asker, &answer->issued[i])) {
            return true;
        }
    }
    return false;
}

/* product.md section 5: which answers to nobody may be marked. */
static bool anonymous(const struct scene *scene)
{
    const struct asker *asker = scene->evidence->asker;
    const struct login_policy *login = scene->evidence->rules->login;
    if (asker->kind == ASKER_AMBIGUOUS || asker->barred) {
        return true;
    }
    if (asker->kind != ASKER_ANONYMOUS) {
        return false;
    }
    bool configured = login->request.count > 0 || login->callback.count > 0;
    bool logs_in = configured ? login_opens_claim(asker->role) : asker->unsafe;
    bool issues = scene->issues_new || scene->evidence->answer->issues_named;
    return !logs_in || !issues || scene->evidence->answer->cache_sign;
}

static void scene_read(const struct evidence *evidence, struct session *storage,
                       struct scene *out)
{
    const struct asker *asker = evidence->asker;
    out->evidence = evidence;
    out->success = LOGIN_UNTOLD;
    out->issues_new = issues_new(evidence);
    if (login_opens_claim(asker->role)) {
        out->success = login_success_by_markers(evidence->rules, evidence->answer);
    }
    out->session = become_judged_by(out, storage);
    out->first_marker = evidence->rules->login->request.count == 0 || asker->remembered ||
                        (asker->kind == ASKER_UNKNOWN && out->session->id == 0);
    out->anonymous = anonymous(out);
    standing_read(out);
}

static void detect(const struct scene *scene, struct findings *findings)
{
    uint32_t off = scene->evidence->rules->detectors_off;

    findings->count = 0;
    findings->shown_count = 0;
    for (size_t i = 0; i < sizeof(DETECTORS) / sizeof(DETECTORS[0]); i++) {
        if ((off >> DETECTORS[i].detector & 1U) == 0) {
            DETECTORS[i].detect(scene, findings);
        }
    }
}

static void name_viewer(const struct evidence *evidence, struct judgement *out)
{
    const struct session *known = evidence->now;
    if (known->binding == BINDING_NONE) {
        known = &evidence->asker->session;
    }
    out->viewer = NULL;
    out->viewer_confirmed = false;
    if (evidence->asker->kind == ASKER_STATELESS) {
        out->viewer = &evidence->asker->named;
        out->viewer_confirmed = evidence->asker->trust > CREDENTIAL_SAID;
        return;
    }
    if (known->binding != BINDING_NONE && evidence->asker->kind != ASKER_AMBIGUOUS) {
        out->viewer = &known->requester;
        out->viewer_confirmed = known->binding == BINDING_CONFIRMED;
    }
}

static bool misses_marker(const struct scene *scene)
{
    const struct answer *answer = scene->evidence->answer;
    return answer->has_content && answer->status >= 200 && answer->status <= 299 &&
           (scene->evidence->rules->requirement->require_mask & ~scene->seen_mask) != 0;
}

void judge_response(const struct evidence *evidence, struct judgement *out)
{
    CHECK(evidence->now != NULL && evidence->rules->class_count <= MARKER_CLASSES_MAX);
    struct session storage;
    struct scene scene = {0};
    const struct answer *answer = evidence->answer;
    const struct requirement *requirement = evidence->rules->requirement;
    scene_read(evidence, &storage, &scene);
    detect(&scene, &out->findings);
    out->verdict = verdict_of(
        &out->findings, (struct verdict_facts){
                            .complete = answer->complete,
                            .doubtful = answer->doubtful || answer->too_many_tokens ||
                                        answer->recalled_count > RECALLED_MAX,
                            .required = requirement->require_mask != 0,
                        });
    out->marked = scene.owner.marked;
    out->unmarked = answer->complete && misses_marker(&scene);
    out->unechoed = requirement->echo_expected && answer->echo == ECHO_MISSING;
    out->in_doubt = out->verdict == VERDICT_REFUSE && !findings_refuse(&out->findings);
    out->corrects = findings_with(&out->findings, FINDING_CORRECT) != NULL;
    out->login_open =
        login_opens_claim(evidence->asker->role) && scene.success != LOGIN_FAILED;
    out->learns = false;
    out->source = SOURCE_NONE;
    out->kept.store = false;
    out->fresh.store = false;
    name_viewer(evidence, out);
    if (!answer->complete) {
        return;
    }
    if (out->verdict == VERDICT_RELEASE) {
        become_released(&scene, out);
    } else {
        become_refused(&scene, out);
    }
}

bool judge_requester(const struct evidence *evidence, struct user *user_out)
{
    struct session storage;
    struct scene scene = {0};
    struct requester requester;

    scene_read(evidence, &storage, &scene);
    requester_read(&scene, &requester);
    user_out->len = 0;
    return requester.name.len > 0 && user_set(user_out, requester.name);
}

bool judge_verified_so_far(const struct evidence *evidence, bool *corrects_out)
{
    struct session storage;
    struct scene scene = {0};
    struct findings findings;
    uint32_t require_mask = evidence->rules->requirement->require_mask;
    scene_read(evidence, &storage, &scene);
    detect(&scene, &findings);
    *corrects_out = findings_with(&findings, FINDING_CORRECT) != NULL;
    if (findings_refuse(&findings) || scene.owner.typed != NULL ||
        !detect_granted_asked(&scene)) {
        return false;
    }
    if (require_mask == 0) {
        return true; /* Nothing to prove, and so no doubt that matters (I5). */
    }
    if (evidence->answer->doubtful) {
        return false;
    }
    return (require_mask & ~scene.seen_mask) == 0 &&
           (scene.owner.seen == NULL || scene.owner.standing >= STANDING_REQUESTER);
}

const char *binding_source_name(enum binding_source source)
{
    switch (source) {
    case SOURCE_NONE:
        return "none";
    case SOURCE_LOGIN:
        return "login";
    case SOURCE_MARKER:
        return "marker";
    case SOURCE_CONFIRM:
        return "confirm";
    }
    UNREACHABLE();
}
