#include "guard/verdict.h"

#include "base/check.h"

enum verdict verdict_of(const struct findings *findings, struct verdict_facts facts)
{
    if (findings_refuse(findings) || (facts.doubtful && facts.required)) {
        return VERDICT_REFUSE;
    }
    return facts.complete ? VERDICT_RELEASE : VERDICT_HOLD;
}
