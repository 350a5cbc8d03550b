/**
 * What the console looks at, as struct admin_control has it: changes, the stream of
 * events, one session.
 *
 * Layer: app. Part of the graph; `context` is the graph. On the control thread.
 */
#pragma once

#include "base/err.h"
#include "base/json_write.h"
#include "base/span.h"

enum err graph_changes(void *context, unsigned count_max, struct json_write *out);

enum err graph_events(void *context, uint64_t after, unsigned count_max,
                      uint64_t *last_out, struct json_write *out);

enum err graph_last_event(void *context, uint64_t *last_out);

/** False: no session has this fingerprint, or it is none. */
bool graph_session(void *context, struct span fingerprint, struct json_write *out);
