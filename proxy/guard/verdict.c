#include "guard/verdict.h"

#include "base/check.h"

static bool refused(const struct findings *findings)
{
    if (findings->count > FINDINGS_MAX) {
        return true;
    }
    for (unsigned i = 0; i < findings->count; i++) {
        if (findings->items[i].action == FINDING_REFUSE) {
            return true;
        }
    }
    return false;
}

enum verdict verdict_of(const struct findings *findings, struct verdict_facts facts)
{
    if (refused(findings) || (facts.doubtful && facts.required)) {
        return VERDICT_REFUSE;
    }
    return facts.complete ? VERDICT_RELEASE : VERDICT_HOLD;
}

const char *verdict_name(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_HOLD:
        return "hold";
    case VERDICT_RELEASE:
        return "release";
    case VERDICT_REFUSE:
        return "refuse";
    }
    UNREACHABLE();
}
