#include "app/graph_operate.h"

#include <stdio.h>
#include <string.h>

#include "app/graph_drill.h"
#include "base/json_write.h"
#include "base/log.h"

enum {
    PING_SIZE_MAX = 1024,
};

static const uint64_t AHEAD_MAX_MS =
    UINT64_C(31) * 24 * 3600 * 1000; /* Else a mistake. */

enum err graph_alerts(void *context, struct json_write *out)
{
    struct graph *self = context;
    return query_alerts(self->query, out);
}

enum err graph_deliveries(void *context, const struct query_delivery_filter *filter,
                          struct json_write *out)
{
    struct graph *self = context;
    return query_deliveries(self->query, filter, out);
}

uint64_t graph_retry_alerts(void *context, uint64_t id, const char *who)
{
    struct graph *self = context;
    char what[64];
    uint64_t count = 0;

    if (query_undelivered(self->query, id, &count) != ERR_NONE || count == 0) {
        return 0;
    }
    (void)snprintf(what, sizeof(what), "sends %llu undelivered alerts again",
                   (unsigned long long)count);
    if (!recorder_note_access(self->recorder, who, what) ||
        !recorder_retry_deliveries(self->recorder, id)) {
        return 0;
    }
    return count;
}

static bool has_alert(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->alert_count; i++) {
        if (name[0] == '\0' || strcmp(config->alerts[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool graph_test_alert(void *context, const char *alert, const char *who,
                      uint64_t *after_out)
{
    struct graph *self = context;
    struct json_write data;

    if (!has_alert(self->config, alert) ||
        query_last_delivery(self->query, after_out) != ERR_NONE) {
        return false;
    }
    json_write_init(&data, PING_SIZE_MAX);
    json_write_begin_object(&data);
    json_write_member(&data, "who", span_of(who));
    json_write_member(&data, "reason", SPAN("alert-test"));
    json_write_end_object(&data);
    bool taken = recorder_alert(self->recorder, alert[0] != '\0' ? alert : NULL, "ping",
                                json_write_result(&data));
    json_write_free(&data);
    return taken;
}

/* As the recorder would judge it now; it judges again when the time has come. NULL: it
 * may come up. */
static const char *why_not_up(struct graph *self, const struct feature_change *change,
                              uint64_t *incident_out)
{
    if (change->anyway) {
        return NULL;
    }
    if (query_incident_of(self->query, change->name, incident_out) != ERR_NONE) {
        return "The ledger cannot be read: whether an incident is open is not known.";
    }
    return *incident_out != 0 ? "Its incident is open." : NULL;
}

const char *graph_schedule_up(void *context, const struct feature_change *change,
                              uint64_t at_ms, uint64_t *incident_out)
{
    struct graph *self = context;
    uint64_t now_ms = loop_unix_ms(self->loop);
    unsigned slot = 0;

    *incident_out = 0;
    if (!feature_table_find(self->features, span_of(change->name), &slot)) {
        return "There is no such feature.";
    }
    if (feature_table_state(self->features, slot) == FEATURE_UP) {
        return "It is up.";
    }
    if (at_ms <= now_ms || at_ms - now_ms > AHEAD_MAX_MS) {
        return "The time must be later than now, and within 31 days.";
    }
    const char *why_not = why_not_up(self, change, incident_out);
    if (why_not != NULL) {
        return why_not;
    }
    graph_drill_leave(self, change->name);
    struct graph_reopening *reopening = &self->reopenings[slot];
    reopening->change = *change;
    reopening->at_ms = at_ms;
    reopening->asked = feature_table_asked(self->features, slot);
    return NULL;
}

void graph_schedule_drop(struct graph *self, const struct feature_change *change)
{
    unsigned slot = 0;

    if (!feature_table_find(self->features, span_of(change->name), &slot)) {
        return;
    }
    struct graph_reopening *reopening = &self->reopenings[slot];
    if (reopening->at_ms != 0) {
        reopening->at_ms = 0;
        log_write(LOG_LEVEL_NOTICE,
                  "the time that %s set for feature `%s` to come up is given up: %s has "
                  "decided anew",
                  reopening->change.who, change->name, change->who);
    }
}

uint64_t graph_reopens_at(const struct graph *self, unsigned slot)
{
    return feature_table_state(self->features, slot) == FEATURE_UP
               ? 0
               : self->reopenings[slot].at_ms;
}

/* Nobody waits for the answer: the log and the ledger tell it. */
static void reopen(struct graph *self, unsigned slot)
{
    struct graph_reopening *reopening = &self->reopenings[slot];
    const char *name = reopening->change.name;

    reopening->at_ms = 0;
    if (feature_table_asked(self->features, slot) != reopening->asked) {
        log_write(
            LOG_LEVEL_WARNING,
            "feature `%s` stays down: it was taken down again since %s set the time",
            name, reopening->change.who);
        return;
    }
    if (!recorder_change_feature(self->recorder, &reopening->change, NULL)) {
        log_write(LOG_LEVEL_ERROR, "feature `%s` stays down: the ledger's queue is full",
                  name);
    }
}

/* It came up before its time. */
static void drop_needless(struct graph *self, unsigned slot)
{
    struct graph_reopening *reopening = &self->reopenings[slot];

    reopening->at_ms = 0;
    log_write(LOG_LEVEL_NOTICE,
              "the time that %s set for feature `%s` to come up is given up: it is up",
              reopening->change.who, reopening->change.name);
}

void graph_reopen_due(struct graph *self)
{
    uint64_t now_ms = loop_unix_ms(self->loop);

    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        uint64_t at_ms = self->reopenings[slot].at_ms;
        if (at_ms == 0) {
            continue;
        }
        if (feature_table_state(self->features, slot) == FEATURE_UP) {
            drop_needless(self, slot);
        } else if (now_ms >= at_ms) {
            reopen(self, slot);
        }
    }
}
