/* A marker of somebody else, two owners in one answer, any owner for nobody. */
#include "guard/detect.h"
#include "guard/standing.h"

static void grade(const struct scene *scene, const struct observation *seen,
                  const char *reason, struct finding *out)
{
    *out = (struct finding){
        .detector = DETECTOR_OWNER_MARKER,
        .reason = reason,
        .marker_class = seen->class_index,
    };
    (void)user_set(&out->subject, seen->value);
    standing_grade(scene, seen->value, out);
}

static void add(const struct scene *scene, const struct observation *seen,
                const char *reason, struct findings *findings)
{
    struct finding *finding = findings_add(findings, DETECTOR_OWNER_MARKER);
    if (finding != NULL) {
        grade(scene, seen, reason, finding);
    }
}

static const char *reason_of(const struct scene *scene)
{
    const struct session *session = scene->session;
    if (scene->evidence->asker->kind == ASKER_STATELESS) {
        return "other-owner";
    }
    if (scene->evidence->asker->kind == ASKER_AMBIGUOUS) {
        return "ambiguous";
    }
    if (scene->anonymous) {
        return "anonymous";
    }
    if (standing_passed_through(scene)) {
        return "changed-twice";
    }
    if (session->claim_count > 0) {
        return scene->evidence->rules->login->user_is_alias ? "alias-changed" : "claim";
    }
    switch (session->binding) {
    case BINDING_NONE:
        return "no-login";
    case BINDING_UNCONFIRMED:
        return "first-marker";
    case BINDING_CONFIRMED:
        break;
    }
    return scene->evidence->rules->login->request.count == 0 ? "rebinding"
                                                             : "other-owner";
}

/* What a visitor may have typed is at most weak, and counts in HTML alone. */
static void grade_typed(const struct scene *scene, const struct observation *seen,
                        struct finding *out)
{
    grade(scene, seen, "unsigned", out);
    if (out->strength == STRENGTH_STRONG) {
        out->strength = STRENGTH_WEAK;
    }
    out->counts = out->counts && scene->evidence->answer->html;
}

static void add_typed(const struct scene *scene, struct findings *findings)
{
    struct finding *finding = findings_add(findings, DETECTOR_OWNER_MARKER);
    if (finding != NULL) {
        grade_typed(scene, scene->owner.typed, finding);
    }
}

/* Beside the one that the finding is about, and of the same kind as it. */
static bool is_further(const struct scene *scene, const struct observation *seen,
                       const struct marker_class *class)
{
    const struct owner *owner = &scene->owner;
    enum standing standing = standing_of(scene, class, seen->value);
    bool typed = standing_may_be_typed(seen, class);

    if (owner->foreign != NULL) {
        return standing == STANDING_STRANGER && !typed &&
               !span_equal(seen->value, owner->foreign->value);
    }
    if (owner->second != NULL) {
        bool text = typed && standing < owner->standing;
        return !text && !span_equal(seen->value, owner->seen->value) &&
               !span_equal(seen->value, owner->second->value);
    }
    return standing == STANDING_STRANGER && typed &&
           !span_equal(seen->value, owner->typed->value);
}

/* One page may show many: each of them is somebody's data. */
static void show_further(const struct scene *scene, struct findings *findings)
{
    const struct rules *rules = scene->evidence->rules;
    const struct answer *answer = scene->evidence->answer;
    const struct owner *owner = &scene->owner;
    bool typed = owner->foreign == NULL && owner->second == NULL;
    size_t identity = standing_identity_class(rules);

    for (size_t i = 0; i < answer->observation_count; i++) {
        const struct observation *seen = answer->observations[i];
        const struct marker_class *class = &rules->classes[seen->class_index];
        if (seen->class_index != identity || standing_names_nobody(class, seen->value) ||
            !is_further(scene, seen, class)) {
            continue;
        }
        struct finding graded;
        if (typed) {
            grade_typed(scene, seen, &graded);
        } else {
            grade(scene, seen, "", &graded);
        }
        findings_show(findings, i, &graded);
    }
}

/* The user whom the markers name. */
static void detect_owner(const struct scene *scene, struct findings *findings)
{
    const struct owner *owner = &scene->owner;

    if (owner->foreign != NULL) {
        add(scene, owner->foreign, reason_of(scene), findings);
    } else if (owner->second != NULL) {
        add(scene, owner->second, "two-owners", findings);
    } else if (owner->typed != NULL && owner->seen == NULL &&
               scene->evidence->answer->complete) {
        add_typed(scene, findings);
    } else {
        return;
    }
    show_further(scene, findings);
}

/* A further requester class names one user in one answer, whoever that is. */
static void detect_further_classes(const struct scene *scene, struct findings *findings)
{
    const struct rules *rules = scene->evidence->rules;
    const struct answer *answer = scene->evidence->answer;
    const struct observation *first[MARKER_CLASSES_MAX] = {0};
    size_t identity = standing_identity_class(rules);
    for (size_t i = 0; i < answer->observation_count; i++) {
        const struct observation *seen = answer->observations[i];
        const struct marker_class *class = &rules->classes[seen->class_index];
        bool names_user = (scene->seen_mask & UINT32_C(1) << seen->class_index) != 0;
        if (seen->class_index == identity || class->must_be != MARKER_RULE_REQUESTER ||
            !names_user || seen->weak || seen->value.len == 0) {
            continue;
        }
        const struct observation *other = first[seen->class_index];
        first[seen->class_index] = seen;
        if (other != NULL && !span_equal(other->value, seen->value)) {
            add(scene, seen, "two-owners", findings);
            return;
        }
    }
}

/* A further requester class against its own earlier value in the session. */
static void detect_changed_value(const struct scene *scene, struct findings *findings)
{
    const struct answer *answer = scene->evidence->answer;

    for (size_t i = 0; i < answer->recalled_count && i < RECALLED_MAX; i++) {
        const struct recalled *recalled = &answer->recalled[i];
        const struct observation *seen = answer->observations[recalled->observation];
        bool differs =
            recalled->state == RECALL_OTHER || recalled->state == RECALL_OTHER_ONCE;
        if (!differs || scene->evidence->rules->classes[seen->class_index].must_be !=
                            MARKER_RULE_REQUESTER) {
            continue;
        }
        add(scene, seen, "changed-value", findings);
        if (findings->count <= FINDINGS_MAX) {
            struct finding *finding = &findings->items[findings->count - 1];
            finding->one_of_two = false;
            if (recalled->state == RECALL_OTHER_ONCE) {
                finding->strength = STRENGTH_WEAK; /* Which one is right? */
                finding->counts = false;
            }
        }
        return;
    }
}

/* The page carries a fingerprint, and it is not the one that went out with the request.
 * It tells pages of two sessions apart, whoever they belong to. */
static void detect_other_session(const struct scene *scene, struct findings *findings)
{
    const struct evidence *evidence = scene->evidence;
    const struct asker *asker = evidence->asker;
    const struct answer *answer = evidence->answer;

    for (size_t i = 0; i < answer->observation_count; i++) {
        const struct observation *seen = answer->observations[i];
        const struct marker_class *class = &evidence->rules->classes[seen->class_index];
        if (class->must_be != MARKER_RULE_SESSION || standing_may_be_typed(seen, class) ||
            standing_names_nobody(class, seen->value) ||
            standing_names_asker(asker, seen->value)) {
            continue;
        }
        struct finding *finding = findings_add(findings, DETECTOR_OWNER_MARKER);
        if (finding != NULL) {
            bool certain = asker->kind != ASKER_AMBIGUOUS && !asker->mixed;
            finding->reason = "other-session";
            finding->marker_class = seen->class_index;
            finding->strength = certain ? STRENGTH_STRONG : STRENGTH_NONE;
            finding->counts = certain;
        }
        return;
    }
}

void detect_owner_marker(const struct scene *scene, struct findings *findings)
{
    const struct owner *owner = &scene->owner;
    if (owner->foreign != NULL || owner->second != NULL || owner->typed != NULL) {
        detect_owner(scene, findings);
    } else if (owner->marked && owner->seen == NULL && owner->typed == NULL &&
               scene->anonymous) {
        /* Only a further requester class was seen: no user is known by it. */
        struct finding *finding = findings_add(findings, DETECTOR_OWNER_MARKER);
        if (finding != NULL) {
            finding->reason = "anonymous";
            standing_grade(scene, (struct span){0}, finding);
        }
    }
    if (scene->evidence->rules->class_count > 1 && !scene->staff) {
        detect_further_classes(scene, findings);
        detect_changed_value(scene, findings);
    }
    detect_other_session(scene, findings);
}
