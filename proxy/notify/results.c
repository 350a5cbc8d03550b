#include "notify/results.h"

#include "base/check.h"

static const char *const WORDS[] = {
    [DELIVERY_WAITING] = "retry",
    [DELIVERY_DONE] = "done",
    [DELIVERY_STOPPED] = "stopped",
    [DELIVERY_GIVEN_UP] = "given_up",
};

enum {
    WORD_COUNT = sizeof(WORDS) / sizeof(WORDS[0]),
};

static unsigned slot_of(struct stats *stats, const char *alert, unsigned state)
{
    CHECK(state < WORD_COUNT);
    return stats_series_of(stats, STAT_ALERT_DELIVERIES,
                           (struct stat_label){"alert", alert},
                           (struct stat_label){"result", WORDS[state]});
}

void results_show(struct stats *stats, const struct alert_settings *alerts,
                  unsigned count)
{
    for (unsigned i = 0; stats != NULL && i < count; i++) {
        for (unsigned k = 0; k < WORD_COUNT; k++) {
            (void)slot_of(stats, alerts[i].name, k);
        }
    }
}

void results_count(struct stats *stats, struct stats_block *block, const char *alert,
                   enum delivery_state state)
{
    if (block != NULL) {
        stats_add(block, slot_of(stats, alert, state), 1);
    }
}
