/* A cache that users share has answered with somebody's page. */
#include "guard/detect.h"

void detect_shared_cache(const struct scene *scene, struct findings *findings)
{
    if (!scene->owner.marked || !scene->evidence->answer->cache_sign) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_SHARED_CACHE);
    if (finding != NULL) {
        finding->reason = "shared-cache";
        finding->action = FINDING_RECORD;
    }
}
