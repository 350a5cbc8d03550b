/**
 * What operators do beside taking down and bringing up: alerts, and a time to come up.
 *
 * Layer: app. Part of the graph, on the control thread.
 */
#pragma once

#include "app/graph.h"

/** As struct admin_control has them; `context` is the graph. */
enum err graph_alerts(void *context, struct json_write *out);
enum err graph_deliveries(void *context, const struct query_delivery_filter *filter,
                          struct json_write *out);
uint64_t graph_retry_alerts(void *context, uint64_t id, const char *who);
bool graph_test_alert(void *context, const char *alert, const char *who,
                      uint64_t *after_out);
const char *graph_schedule_up(void *context, const struct feature_change *change,
                              uint64_t at_ms, uint64_t *incident_out);

/** An operator has closed the feature, or put it on trial: a time that was set before is
 * given up. That it came up is seen by graph_reopen_due(): `up` may be refused. */
void graph_schedule_drop(struct graph *self, const struct feature_change *change);

/** When a feature is to come up by itself, 0: never; and brings up what is due. */
uint64_t graph_reopens_at(const struct graph *self, unsigned slot);
void graph_reopen_due(struct graph *self);
