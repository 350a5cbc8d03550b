/* A marker of a signed class whose signature is not the site's for this exchange. */
#include "guard/detect.h"

void detect_marker_signature(const struct scene *scene, struct findings *findings)
{
    uint32_t forged = scene->evidence->answer->forged_mask;

    if (forged == 0) {
        return;
    }
    struct finding *finding = findings_add(findings, DETECTOR_MARKER_SIGNATURE);
    if (finding == NULL) {
        return;
    }
    finding->reason = "bad-signature";
    while ((forged >> finding->marker_class & 1U) == 0) {
        finding->marker_class++;
    }
}
