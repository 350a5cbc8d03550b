/* The web server returned the tag of another request than the one we sent. */
#include "guard/detect.h"

static bool issues_token(const struct answer *answer)
{
    for (unsigned i = 0; i < answer->issued_count; i++) {
        if (!answer->issued[i].deletion) {
            return true;
        }
    }
    return false;
}

void detect_session_echo(const struct scene *scene, struct findings *findings)
{
    const struct requirement *requirement = scene->evidence->rules->requirement;
    const struct answer *answer = scene->evidence->answer;
    if (!requirement->echo_expected || answer->echo != ECHO_OTHER) {
        return;
    }
    bool marked = scene->owner.marked || scene->seen_mask != 0;
    bool personal = marked || requirement->require_mask != 0 || issues_token(answer);
    /* Not yet personal is not impersonal: what is recorded only is known at the end. */
    if (!personal && !answer->complete) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_SESSION_ECHO);
    if (finding == NULL) {
        return;
    }
    finding->reason = personal ? "other-echo" : "stale-echo";
    finding->action = personal ? FINDING_REFUSE : FINDING_RECORD;
    finding->strength = personal ? STRENGTH_STRONG : STRENGTH_NONE;
    finding->counts = personal;
    if (scene->owner.foreign != NULL) {
        (void)user_set(&finding->subject, scene->owner.foreign->value);
    }
}
