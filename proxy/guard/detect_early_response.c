/* The final answer began before the request was sent whole: what is left of the request
 * may be read as the next one, so the connection ends with this answer. */
#include "guard/detect.h"

void detect_early_response(const struct scene *scene, struct findings *findings)
{
    if (!scene->evidence->answer->early) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_EARLY_RESPONSE);
    if (finding != NULL) {
        finding->reason = "early-response";
        finding->action = FINDING_CLOSE;
    }
}
