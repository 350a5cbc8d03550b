/* A value that belongs to one session, in another one. */
#include "guard/detect.h"
#include "guard/recall.h"
#include "guard/standing.h"

/* The page carries one of this class that is the session's own. */
static bool shows_own(const struct answer *answer, unsigned class_index)
{
    for (size_t i = 0; i < answer->recalled_count && i < RECALLED_MAX; i++) {
        const struct observation *seen =
            answer->observations[answer->recalled[i].observation];
        if (seen->class_index == class_index &&
            answer->recalled[i].state == RECALL_SAME) {
            return true;
        }
    }
    return false;
}

static void add(const struct scene *scene, const struct observation *seen, bool asked,
                struct findings *findings)
{
    const struct answer *answer = scene->evidence->answer;
    const struct marker_class *class =
        &scene->evidence->rules->classes[seen->class_index];
    bool typed = standing_may_be_typed(seen, class);

    if (typed && shows_own(answer, seen->class_index)) {
        return; /* Typed text beside the own value is only text. */
    }
    struct finding *finding = findings_add(findings, DETECTOR_OWN_MARKER);
    if (finding == NULL) {
        return;
    }
    finding->reason = "own-value";
    finding->marker_class = seen->class_index;
    if (answer->recalled_subject != NULL) {
        user_copy(&finding->subject, answer->recalled_subject);
    }
    standing_grade(scene, user_span(&finding->subject), finding);
    finding->one_of_two = false; /* Whose session it is, is not in question. */
    if (asked || scene->evidence->asker->unsafe ||
        (scene->evidence->asker->token_count > 0 &&
         (scene->session->id == 0 || (scene->session->family & RECALL_UNCERTAIN) != 0))) {
        /* Sites show again what was posted or asked for; and a session that we forgot is
         * not another. */
        finding->counts = false;
    }
    bool weak = typed || !finding->counts || scene->evidence->asker->token_count == 0;
    if (weak && finding->strength == STRENGTH_STRONG) {
        finding->strength = STRENGTH_WEAK;
    }
    if (typed) {
        finding->counts = finding->counts && answer->html && scene->owner.seen == NULL;
    }
}

/* The first of this state; false: there is none. */
static bool add_first(const struct scene *scene, enum recall_state state,
                      struct findings *findings)
{
    const struct answer *answer = scene->evidence->answer;

    for (size_t i = 0; i < answer->recalled_count && i < RECALLED_MAX; i++) {
        const struct observation *seen =
            answer->observations[answer->recalled[i].observation];
        if (answer->recalled[i].state == state &&
            scene->evidence->rules->classes[seen->class_index].must_be ==
                MARKER_RULE_OWN) {
            add(scene, seen, state == RECALL_ASKED, findings);
            return true;
        }
    }
    return false;
}

void detect_own_marker(const struct scene *scene, struct findings *findings)
{
    if (!add_first(scene, RECALL_OTHER, findings)) {
        (void)add_first(scene, RECALL_ASKED, findings);
    }
}
