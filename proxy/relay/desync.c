#include "relay/desync.h"

#include <stdio.h>
#include <string.h>

#include "relay/meter.h"
#include "relay/pool.h"
#include "relay/relay.h"
#include "relay/stray.h"

enum {
    STATUS_TIMEOUT = 408,
};

static bool is_on(const struct relay *relay, enum detector detector)
{
    return (relay->plan->site->detectors_off >> detector & 1U) == 0;
}

static void note(struct relay *relay, const struct upstream *upstream,
                 enum detector detector, size_t count, const struct stray *stray)
{
    const struct upstream_settings *settings = pool_settings(upstream->pool);
    const struct finding finding = {.detector = detector, .action = FINDING_CLOSE};
    struct journal_entry entry = {
        .kind = JOURNAL_EVENT,
        .outcome = JOURNAL_WITHHELD,
        .at_ms = loop_unix_ms(relay->loop),
        .detector = detector,
        .detectors_mask = UINT32_C(1) << detector,
        .status = stray->status,
        .subject = stray->subject,
        .session = upstream->key,
        .upstream_connection = upstream->number,
        .upstream_exchange_count = upstream->exchange_count,
        .body_size = count,
    };

    (void)snprintf(entry.reason, sizeof(entry.reason), "%s", detector_name(detector));
    (void)snprintf(entry.upstream, sizeof(entry.upstream), "%s %s", settings->name,
                   upstream_server_text(upstream));
    memcpy(entry.previous_id, upstream->previous_id, sizeof(entry.previous_id));
    memcpy(entry.previous_session, upstream->previous_session,
           sizeof(entry.previous_session));
    memcpy(entry.echoed_id, stray->echoed_id, sizeof(entry.echoed_id));
    memcpy(entry.marker_class, stray->marker_class, sizeof(entry.marker_class));
    meter_finding(relay, &finding);
    meter_desync(relay, settings->name, detector_name(detector));
    (void)relay->shared->journal->post(relay->shared->journal->self, &entry, NULL);
}

void desync_note_idle(struct relay *relay, const struct upstream *upstream,
                      struct span bytes)
{
    struct stray stray;

    if (!is_on(relay, DETECTOR_IDLE_BYTES)) {
        return;
    }
    stray_read(relay, bytes, &stray);
    if (stray.status == STATUS_TIMEOUT && stray.alone && stray.subject.len == 0) {
        meter_desync(relay, pool_settings(upstream->pool)->name, METER_IDLE_408);
        return;
    }
    note(relay, upstream, DETECTOR_IDLE_BYTES, bytes.len, &stray);
}

void desync_note_excess(struct relay *relay, const struct upstream *upstream,
                        struct span bytes)
{
    struct stray stray;

    if (!is_on(relay, DETECTOR_EXCESS_BYTES)) {
        return;
    }
    stray_read(relay, bytes, &stray);
    note(relay, upstream, DETECTOR_EXCESS_BYTES, bytes.len, &stray);
}
