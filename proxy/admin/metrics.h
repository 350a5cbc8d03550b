/**
 * Which text format of metrics a scraper would rather have (RFC 9110 section 12.5.1).
 *
 * Layer: admin. Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"

#define METRICS_TYPE_PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPENMETRICS                                                         \
    "application/openmetrics-text; version=1.0.0; charset=utf-8"

/**
 * True when `accept` names OpenMetrics at least as gladly as plain text; a wildcard alone
 * does not ask for it.
 */
bool metrics_wants_openmetrics(struct span accept);
