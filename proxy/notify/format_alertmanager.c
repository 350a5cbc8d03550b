/* Alertmanager's API v2. An alert is known by its labels, so those of `incident.opened`
 * and `incident.closed` are the same; what is open is posted again until it is resolved.
 */
#include "notify/format.h"

#define MINUTE_MS UINT64_C(60000)

static const uint64_t OPEN_MS = 5 * MINUTE_MS; /* Posted again long before. */

/* Alerts of things that nobody closes end by themselves. */
static uint64_t ends_at(const struct told *told, const struct format_times *times)
{
    if (format_ends(told->type)) {
        return times->now_ms;
    }
    if (span_starts(told->type, SPAN("incident.")) ||
        span_starts(told->type, SPAN("feature."))) {
        return times->now_ms + OPEN_MS;
    }
    return times->created_at_ms +
           (span_equal(told->type, SPAN("ping")) ? MINUTE_MS : 60 * MINUTE_MS);
}

static void put_label(struct json_write *out, const char *name, struct span value)
{
    if (value.len > 0) {
        json_write_member(out, name, value);
    }
}

/* Of the first type with that name: how grave it is while it lasts. */
static const char *lasting_severity(struct span type)
{
    if (span_starts(type, SPAN("incident."))) {
        type = SPAN("incident.opened");
    } else if (span_starts(type, SPAN("feature."))) {
        type = SPAN("feature.down");
    } else if (span_starts(type, SPAN("mode."))) {
        type = SPAN("mode.observe");
    }
    return alert_severity_name(alert_kind_of(type)->severity);
}

static void put_labels(const struct told *told, struct json_write *out)
{
    bool incident = span_starts(told->type, SPAN("incident."));

    json_write_key(out, "labels");
    json_write_begin_object(out);
    json_write_member(out, "alertname", span_of(alert_kind_of(told->type)->name));
    json_write_member(out, "severity", span_of(lasting_severity(told->type)));
    put_label(out, "feature", told->feature);
    put_label(out, "incident", incident ? told->incident : (struct span){0});
    if (!incident) {
        put_label(out, "route", told->route);
        put_label(out, "upstream", told->upstream);
    }
    put_label(out, "drill", told_is_drill(told) ? SPAN("true") : (struct span){0});
    json_write_end_object(out);
}

static void put_time(struct json_write *out, const char *name, uint64_t at_ms)
{
    json_write_member_time(out, name, at_ms);
}

void format_alertmanager(const struct told *told, const struct format_times *times,
                         struct json_write *out)
{
    char text[FORMAT_SENTENCE_MAX];
    char line[FORMAT_SENTENCE_MAX];
    struct writer sentence = writer_of(text, sizeof(text));
    struct writer headline = writer_of(line, sizeof(line));

    format_sentence(told, &sentence);
    format_headline(told, &headline);
    json_write_begin_object(out);
    put_labels(told, out);
    json_write_key(out, "annotations");
    json_write_begin_object(out);
    json_write_member(out, "summary", writer_span(&headline));
    json_write_member(out, "description", writer_span(&sentence));
    json_write_end_object(out);
    put_label(out, "generatorURL", told->link);
    if (told->opened_at.len > 0) {
        json_write_member(out, "startsAt", told->opened_at);
    } else {
        put_time(out, "startsAt", times->created_at_ms);
    }
    put_time(out, "endsAt", ends_at(told, times));
    json_write_end_object(out);
}
