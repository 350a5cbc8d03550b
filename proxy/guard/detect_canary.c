/* A planted account's marker, in an answer that is not its own. */
#include "guard/detect.h"
#include "guard/login.h"
#include "guard/standing.h"

/* The session of the account itself: by a login, not by a first marker, which may have
 * been the accident. */
static bool is_own(const struct scene *scene, struct span value)
{
    const struct session *session = scene->session;

    if (session->binding == BINDING_CONFIRMED &&
        span_equal(user_span(&session->requester), value)) {
        return true;
    }
    for (unsigned i = 0; i < session->claim_count; i++) {
        if (login_claim_match(scene->evidence->rules, &session->claims[i], value) ==
            CLAIM_NAMES) {
            return true;
        }
    }
    return false;
}

static void grade(const struct scene *scene, const struct observation *seen,
                  struct finding *out)
{
    const struct asker *asker = scene->evidence->asker;
    const struct marker_class *class =
        &scene->evidence->rules->classes[seen->class_index];

    out->reason = "canary";
    out->marker_class = seen->class_index;
    (void)user_set(&out->subject, seen->value);
    if (asker->kind == ASKER_AMBIGUOUS || asker->mixed) {
        return;
    }
    /* Nobody may see it, so it does not matter how well the viewer is known. */
    bool typed = standing_may_be_typed(seen, class);
    bool text_only = scene->owner.seen != NULL || !scene->evidence->answer->html;
    out->strength = typed ? STRENGTH_WEAK : STRENGTH_STRONG;
    out->counts = !typed || !text_only;
}

/* The first is the finding, the others are further subjects of it. */
static void add(const struct scene *scene, size_t index, struct finding **finding_p,
                struct findings *findings)
{
    struct finding graded = {.detector = DETECTOR_CANARY};

    grade(scene, scene->evidence->answer->observations[index], &graded);
    if (*finding_p != NULL) {
        findings_show(findings, index, &graded);
        return;
    }
    *finding_p = findings_add(findings, DETECTOR_CANARY);
    if (*finding_p != NULL) {
        **finding_p = graded;
    }
}

void detect_canary(const struct scene *scene, struct findings *findings)
{
    const struct rules *rules = scene->evidence->rules;
    const struct answer *answer = scene->evidence->answer;
    struct finding *finding = NULL;

    for (size_t i = 0; !scene->staff && i < answer->observation_count; i++) {
        const struct observation *seen = answer->observations[i];
        const struct marker_class *class = &rules->classes[seen->class_index];
        if (class->must_be == MARKER_RULE_NOBODY &&
            !standing_names_nobody(class, seen->value) && !is_own(scene, seen->value)) {
            add(scene, i, &finding, findings);
        }
    }
}
