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

static void add(const struct scene *scene, const struct observation *seen,
                struct findings *findings)
{
    const struct asker *asker = scene->evidence->asker;
    const struct marker_class *class =
        &scene->evidence->rules->classes[seen->class_index];
    struct finding *finding = findings_add(findings, DETECTOR_CANARY);

    if (finding == NULL) {
        return;
    }
    finding->reason = "canary";
    finding->marker_class = seen->class_index;
    (void)user_set(&finding->subject, seen->value);
    if (asker->kind == ASKER_AMBIGUOUS || asker->mixed) {
        return;
    }
    /* Nobody may see it, so it does not matter how well the viewer is known. */
    bool typed = standing_may_be_typed(seen, class);
    bool text_only = scene->owner.seen != NULL || !scene->evidence->answer->html;
    finding->strength = typed ? STRENGTH_WEAK : STRENGTH_STRONG;
    finding->counts = !typed || !text_only;
}

void detect_canary(const struct scene *scene, struct findings *findings)
{
    const struct rules *rules = scene->evidence->rules;
    const struct answer *answer = scene->evidence->answer;

    for (size_t i = 0; !scene->staff && i < answer->observation_count; i++) {
        const struct observation *seen = answer->observations[i];
        const struct marker_class *class = &rules->classes[seen->class_index];
        if (class->must_be == MARKER_RULE_NOBODY &&
            !standing_names_nobody(class, seen->value) && !is_own(scene, seen->value)) {
            add(scene, seen, findings);
        }
    }
}
