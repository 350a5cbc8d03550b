/* A 2xx answer with content lacks a marker that its route requires. */
#include "guard/detect.h"

void detect_unmarked(const struct scene *scene, struct findings *findings)
{
    const struct answer *answer = scene->evidence->answer;
    const struct requirement *requirement = scene->evidence->rules->requirement;
    bool missing = (requirement->require_mask & ~scene->seen_mask) != 0;
    if (!missing || !answer->complete || !answer->has_content || answer->status < 200 ||
        answer->status > 299 || requirement->unmarked == UNMARKED_RELEASE) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_UNMARKED);
    if (finding != NULL) {
        finding->reason = "unmarked";
    }
}
