#include "relay/desync.h"

#include <stdio.h>
#include <string.h>

#include "relay/meter.h"
#include "relay/pool.h"
#include "relay/relay.h"

static void post(struct relay *relay, const struct upstream *upstream, const char *reason,
                 size_t count)
{
    const struct upstream_settings *settings = pool_settings(upstream->pool);
    struct journal_entry entry = {
        .kind = JOURNAL_EVENT,
        .at_ms = loop_unix_ms(relay->loop),
        .upstream_connection = upstream->number,
        .upstream_exchange_count = upstream->exchange_count,
        .body_size = count,
    };

    (void)snprintf(entry.reason, sizeof(entry.reason), "%s", reason);
    (void)snprintf(entry.upstream, sizeof(entry.upstream), "%s %s", settings->name,
                   upstream_server_text(upstream));
    memcpy(entry.previous_id, upstream->previous_id, sizeof(entry.previous_id));
    memcpy(entry.previous_session, upstream->previous_session,
           sizeof(entry.previous_session));
    meter_desync(relay, settings->name, reason);
    (void)relay->shared->journal->post(relay->shared->journal->self, &entry, NULL);
}

void desync_note_idle(struct relay *relay, const struct upstream *upstream,
                      struct span bytes)
{
    if (span_starts(bytes, SPAN("HTTP/1.1 408 ")) ||
        span_starts(bytes, SPAN("HTTP/1.0 408 "))) {
        meter_desync(relay, pool_settings(upstream->pool)->name, "idle-408");
        return;
    }
    post(relay, upstream, "idle-bytes", bytes.len);
}

void desync_note_excess(struct relay *relay, const struct upstream *upstream,
                        size_t count)
{
    post(relay, upstream, "excess-bytes", count);
}
