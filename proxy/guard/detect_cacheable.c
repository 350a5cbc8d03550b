/* A marked answer that a shared cache may keep: it leaves with fields that say no, or,
 * where its head has left before the marker came, is only recorded. */
#include "guard/detect.h"

void detect_cacheable(const struct scene *scene, struct findings *findings)
{
    const struct answer *answer = scene->evidence->answer;

    if (scene->seen_mask == 0 || !answer->storable) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_CACHEABLE);
    if (finding != NULL) {
        finding->reason = "cacheable";
        finding->action = answer->head_left ? FINDING_RECORD : FINDING_CORRECT;
    }
}
