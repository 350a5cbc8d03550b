#include "guard/finding.h"

#include "base/check.h"
#include "guard/detect.h"

const char *detector_name(enum detector detector)
{
    switch (detector) {
    case DETECTOR_NONE:
        return "none";
#define DETECTOR(id, name, function, down, actions)                                      \
    case DETECTOR_##id:                                                                  \
        return name;
#define WIRE(id, name)                                                                   \
    case DETECTOR_##id:                                                                  \
        return name;
#include "guard/detector.def"
#undef DETECTOR
    case DETECTOR_COUNT:
        break;
    }
    UNREACHABLE();
}

const char *finding_action_name(enum finding_action action)
{
    switch (action) {
    case FINDING_REFUSE:
        return "refuse";
    case FINDING_RECORD:
        return "record";
    case FINDING_CORRECT:
        return "correct";
    case FINDING_CLOSE:
        return "close";
    case FINDING_REDACT:
        return "redact";
    case FINDING_ACTION_COUNT:
        break;
    }
    UNREACHABLE();
}

const struct finding *findings_with(const struct findings *self,
                                    enum finding_action action)
{
    for (unsigned i = 0; i < self->count && i < FINDINGS_MAX; i++) {
        if (self->items[i].action == action) {
            return &self->items[i];
        }
    }
    return NULL;
}

bool findings_refuse(const struct findings *self)
{
    return self->count > FINDINGS_MAX || findings_with(self, FINDING_REFUSE) != NULL;
}

enum detector_down detector_down(enum detector detector)
{
    static const enum detector_down DOWN[DETECTOR_COUNT] = {
        [DETECTOR_NONE] = DOWN_NEVER,
#define DETECTOR(id, name, function, down, actions) [DETECTOR_##id] = (down),
#include "guard/detector.def"
#undef DETECTOR
    };
    CHECK(detector < DETECTOR_COUNT);
    return DOWN[detector];
}

bool detector_acts(enum detector detector, enum finding_action action)
{
    enum {
        REFUSES = 1U << FINDING_REFUSE,
        RECORDS = 1U << FINDING_RECORD,
        CORRECTS = 1U << FINDING_CORRECT,
        CLOSES = 1U << FINDING_CLOSE,
        REDACTS = 1U << FINDING_REDACT,
    };
    static const unsigned ACTIONS[DETECTOR_COUNT] = {
        [DETECTOR_NONE] = 0,
#define DETECTOR(id, name, function, down, actions) [DETECTOR_##id] = (actions),
#define WIRE(id, name)                              [DETECTOR_##id] = CLOSES,
#include "guard/detector.def"
#undef DETECTOR
    };
    CHECK(detector < DETECTOR_COUNT && action < FINDING_ACTION_COUNT);
    return (ACTIONS[detector] >> action & 1U) != 0;
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

void findings_show(struct findings *self, size_t observation,
                   const struct finding *graded)
{
    if (graded->strength == STRENGTH_NONE || self->shown_count == FINDINGS_SHOWN_MAX) {
        return;
    }
    self->shown[self->shown_count++] = (struct shown){
        .observation = (uint16_t)observation,
        .counts = graded->counts,
        .detector = graded->detector,
        .strength = graded->strength,
    };
}
