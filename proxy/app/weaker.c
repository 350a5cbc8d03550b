#include "app/weaker.h"

#include <string.h>

static bool has_feature(const struct site *site, const char *name)
{
    for (size_t i = 0; i < site->feature_count; i++) {
        if (strcmp(site->features[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* False: one that is down would be gone, and with it what brings it up. */
static bool check_down(const struct config *in_force, const struct config *next,
                       const struct feature_table *features, struct report *report,
                       struct place place)
{
    const struct site *old = in_force->site;
    bool good = true;

    for (size_t i = 0; i < old->feature_count; i++) {
        const struct feature_settings *feature = &old->features[i];
        if (feature_table_state(features, feature->slot) != FEATURE_UP &&
            !has_feature(next->site, feature->name)) {
            report_error(report, place,
                         "feature `%s` is down and cannot be removed or renamed: bring "
                         "it up first",
                         feature->name);
            good = false;
        }
    }
    return good;
}

/* Past what a difference keeps a report keeps nothing either: it counts. */
_Static_assert((int)DIFFERENCE_LINES_MAX >= (int)REPORT_PROBLEMS_MAX, "only counted");

static const char *text_of(const struct difference *difference, enum effect effect,
                           size_t index)
{
    const char *text = difference_text(difference, effect, index);

    return text != NULL ? text : "one more";
}

static void tell(const struct difference *difference, enum effect effect,
                 struct report *report, struct place place)
{
    for (size_t i = 0; i < difference_count(difference, effect); i++) {
        report_note(report, place, "%s: %s", effect_name(effect),
                    text_of(difference, effect, i));
    }
}

static void tell_weaker(const struct difference *difference, bool accepted,
                        struct report *report, struct place place)
{
    for (size_t i = 0; i < difference_count(difference, EFFECT_WEAKER); i++) {
        const char *text = text_of(difference, EFFECT_WEAKER, i);
        if (accepted) {
            report_warning(report, place, "weaker: %s", text);
        } else {
            report_error(report, place,
                         "weaker than the configuration in force: %s; use `countermark "
                         "reload --accept-weaker REASON` if it is meant",
                         text);
        }
    }
}

bool weaker_check(const struct config *in_force, const struct config *next,
                  const struct feature_table *features, bool accepted,
                  struct report *report)
{
    struct place place = {.source = next->path != NULL ? next->path : "flags"};
    struct difference *difference = difference_new(in_force, next, TAKEN_BY_RELOAD);

    if (difference == NULL) {
        report_error(report, place, "out of memory");
        return false;
    }
    bool good = check_down(in_force, next, features, report, place);
    tell_weaker(difference, accepted, report, place);
    tell(difference, EFFECT_STRONGER, report, place);
    tell(difference, EFFECT_NEUTRAL, report, place);
    good = good && (accepted || difference_count(difference, EFFECT_WEAKER) == 0);
    difference_free(&difference);
    return good;
}
