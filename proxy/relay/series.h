/**
 * The relay's series that no route has: the labels of events, of which most sites see
 * few.
 *
 * Layer: relay. A room of meter.c. rate() and increase() of Prometheus do not see the
 * first event of a series that begins with it: where all labels are known, words of ours
 * or names of the configuration, the series is there before.
 */
#pragma once

#include "base/stats.h"
#include "guard/finding.h"
#include "relay/ending.h"
#include "relay/journal.h"
#include "relay/site.h"

/** Makes all that `site` may need. */
void series_init(struct stats *stats, const struct site *site);

unsigned series_finding(struct stats *stats, enum detector detector,
                        enum finding_action action);
unsigned series_display(struct stats *stats, enum journal_outcome outcome);
/** `kind`: as of meter_desync(). */
unsigned series_desync(struct stats *stats, const char *upstream, const char *kind);
/** ENDING_NONE: it worked. */
unsigned series_connect(struct stats *stats, const char *upstream, enum ending failure);
/** `result`: as of meter_grants(). */
unsigned series_grants(struct stats *stats, const char *grant, const char *result);
