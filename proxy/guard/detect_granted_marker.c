/* A marker of somebody for whom the requester has no grant. */
#include "guard/detect.h"
#include "guard/requester.h"
#include "guard/standing.h"

_Static_assert((int)FINDINGS_SHOWN_MAX >= (int)SCAN_DISTINCT_MAX, "room for one scan");

/* What is common to all subjects of one answer. */
struct sight {
    const struct scene *scene;
    struct requester requester;
    bool asked_for; /* The grants were asked for this requester. */
};

static const struct marker_class *class_of(const struct scene *scene, size_t index)
{
    const struct observation *seen = scene->evidence->answer->observations[index];

    return &scene->evidence->rules->classes[seen->class_index];
}

/* The requester himself needs no grant: a user is known by his value. */
static enum grant_answer answer_of(const struct sight *sight, size_t index)
{
    const struct answer *answer = sight->scene->evidence->answer;
    const struct observation *seen = answer->observations[index];

    if (marker_names_nobody(class_of(sight->scene, index), seen->value) ||
        seen->value.len == 0 ||
        (sight->requester.name.len > 0 &&
         span_equal(seen->value, sight->requester.name))) {
        return GRANT_YES;
    }
    return sight->asked_for && index < answer->grant_count ? answer->grants[index]
                                                           : GRANT_UNASKED;
}

static const char *reason_of(const struct sight *sight, enum grant_answer answer)
{
    switch (answer) {
    case GRANT_NO:
        return "ungranted";
    case GRANT_NO_YOUNG:
        return "ungranted-young";
    case GRANT_FAILED:
        return "grants-failed";
    case GRANT_UNASKED:
    case GRANT_YES:
        break;
    }
    if (sight->scene->anonymous) {
        return "anonymous";
    }
    return sight->requester.name.len > 0 ? "requester-changed" : "no-requester";
}

/* Nobody has a grant for nobody; all else that was not answered says nothing. */
static void grade(const struct sight *sight, size_t index, enum grant_answer answer,
                  struct finding *out)
{
    const struct scene *scene = sight->scene;
    const struct observation *seen = scene->evidence->answer->observations[index];

    out->reason = reason_of(sight, answer);
    out->marker_class = seen->class_index;
    (void)user_set(&out->subject, seen->value);
    if (answer == GRANT_NO || answer == GRANT_NO_YOUNG) {
        standing_grade(scene, sight->requester.name, out);
        out->one_of_two = false;
        out->counts = answer == GRANT_NO && out->strength != STRENGTH_NONE;
        if (out->counts && out->strength == STRENGTH_WEAK && sight->requester.confirmed &&
            scene->session->claim_count > 0) {
            out->strength = STRENGTH_STRONG; /* The marker has confirmed the claim. */
        }
        if (out->strength == STRENGTH_STRONG &&
            (!sight->requester.confirmed || answer == GRANT_NO_YOUNG)) {
            out->strength = STRENGTH_WEAK;
        }
    } else if (answer == GRANT_UNASKED && scene->anonymous) {
        standing_grade(scene, seen->value, out);
    }
}

/* One finding for each class; the strongest subject speaks for it. */
static struct finding *finding_of(struct finding **of_class, size_t class_index,
                                  const struct finding *graded, bool redacted,
                                  struct findings *findings)
{
    struct finding *finding = of_class[class_index];

    if (finding == NULL) {
        finding = findings_add(findings, DETECTOR_GRANTED_MARKER);
        if (finding == NULL) {
            return NULL;
        }
        *finding = *graded;
        finding->action = redacted ? FINDING_REDACT : FINDING_REFUSE;
        of_class[class_index] = finding;
        return finding;
    }
    enum finding_action action = redacted ? finding->action : FINDING_REFUSE;
    bool counts = finding->counts || graded->counts;
    if (graded->strength > finding->strength) {
        *finding = *graded;
    }
    finding->action = action;
    finding->counts = counts;
    return finding;
}

static bool has_granted_class(const struct scene *scene)
{
    const struct rules *rules = scene->evidence->rules;

    for (size_t i = 0; i < rules->class_count; i++) {
        if (rules->classes[i].must_be == MARKER_RULE_GRANTED &&
            (scene->seen_mask >> i & 1U) != 0) {
            return true;
        }
    }
    return false;
}

bool detect_granted_asked(const struct scene *scene)
{
    const struct answer *answer = scene->evidence->answer;

    return !has_granted_class(scene) || answer->grant_count >= answer->observation_count;
}

void detect_granted_marker(const struct scene *scene, struct findings *findings)
{
    const struct answer *answer = scene->evidence->answer;
    struct finding *of_class[MARKER_CLASSES_MAX] = {0};
    struct sight sight = {.scene = scene};
    bool refused_already = findings_refuse(findings);

    if (!has_granted_class(scene) || scene->staff) {
        return;
    }
    requester_read(scene, &sight.requester);
    sight.asked_for = sight.requester.name.len > 0 &&
                      span_equal(sight.requester.name, answer->granted_for);
    for (size_t i = 0; i < answer->observation_count; i++) {
        const struct marker_class *class = class_of(scene, i);
        if (class->must_be != MARKER_RULE_GRANTED) {
            continue;
        }
        enum grant_answer said = answer_of(&sight, i);
        bool pending = i >= answer->grant_count && !scene->anonymous;
        if (said == GRANT_YES || (said == GRANT_UNASKED && pending &&
                                  (!answer->complete || refused_already))) {
            continue;
        }
        struct finding graded = {.detector = DETECTOR_GRANTED_MARKER};
        bool redacted = answer->redacted && class->redact &&
                        (said == GRANT_NO || said == GRANT_NO_YOUNG);
        grade(&sight, i, said, &graded);
        (void)finding_of(of_class, answer->observations[i]->class_index, &graded,
                         redacted, findings);
        findings_show(findings, i, &graded);
    }
}
