#include "guard/finding.h"

#include "base/check.h"
#include "guard/detect.h"

const char *detector_name(enum detector detector)
{
    switch (detector) {
    case DETECTOR_NONE:
        return "none";
#define DETECTOR(id, name, function, down)                                               \
    case DETECTOR_##id:                                                                  \
        return name;
#include "guard/detector.def"
#undef DETECTOR
    case DETECTOR_COUNT:
        break;
    }
    UNREACHABLE();
}

struct finding *findings_add(struct findings *self, enum detector detector)
{
    CHECK(detector > DETECTOR_NONE && detector < DETECTOR_COUNT);
    unsigned index = self->count++;
    if (index >= FINDINGS_MAX) {
        return NULL;
    }
    self->items[index] = (struct finding){.detector = detector};
    return &self->items[index];
}
