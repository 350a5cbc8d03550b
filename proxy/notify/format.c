#include "notify/format.h"

#include <time.h>

#include "base/parse.h"

/* Of the ledger or the site: no control bytes. */
static void put(struct writer *out, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.ptr[i];
        bool control = byte < ' ' || byte == 0x7f;
        writer_put(out, control ? SPAN(" ") : span_first(span_from(value, i), 1));
    }
}

/* `before` and `after` only around something. */
static void put_in(struct writer *out, const char *before, struct span value,
                   const char *after)
{
    if (value.len > 0) {
        writer_text(out, before);
        put(out, value);
        writer_text(out, after);
    }
}

static uint64_t number_of(struct span text)
{
    uint64_t value = 0;
    return parse_u64(text, &value) == ERR_NONE ? value : 0;
}

static void put_pages(struct writer *out, uint64_t count)
{
    writer_u64(out, count);
    writer_text(out, count == 1 ? " page with another person's data"
                                : " pages with other people's data");
}

/* What an operator must know first: whether anything left. */
static void put_outcomes(const struct told *told, struct writer *out)
{
    uint64_t withheld = number_of(told->withheld);
    uint64_t cut = number_of(told->cut);
    uint64_t delivered = number_of(told->delivered);

    if (withheld + cut + delivered == 0) {
        uint64_t displays = number_of(told->displays);
        writer_text(out, "another person's data was found in ");
        writer_u64(out, displays > 0 ? displays : 1);
        writer_text(out, displays > 1 ? " pages" : " page");
        return;
    }
    put_pages(out, cut + delivered > 0 ? cut + delivered : withheld);
    if (cut + delivered == 0) {
        writer_text(out, " withheld, nothing left the proxy");
        return;
    }
    writer_text(out,
                delivered > 0 ? " left the proxy (observe)" : " left the proxy in part");
    if (cut > 0) {
        writer_text(out, ", ");
        writer_u64(out, cut);
        writer_text(out, " cut");
    }
    if (withheld > 0) {
        writer_text(out, ", ");
        writer_u64(out, withheld);
        writer_text(out, " withheld");
    }
}

static void put_feature(const struct told *told, struct writer *out)
{
    if (told->feature.len > 0) {
        put(out, told->feature);
        put_in(out, " is ", told->feature_state, "");
        writer_text(out, ": ");
    }
}

static void put_incident(const struct told *told, struct writer *out)
{
    if (span_equal(told->type, SPAN("incident.updated"))) {
        put_in(out, "Incident ", told->incident, " goes on. ");
    }
    put_feature(told, out);
    put_outcomes(told, out);
    put_in(out, ": ", told->screen, "");
    put_in(out, " (", told->shows, ")");
}

static void put_order(const struct told *told, struct writer *out)
{
    put_in(out, ", by ", told->who, "");
    put_in(out, ": ", told->reason, "");
}

static void put_closed(const struct told *told, struct writer *out)
{
    put_in(out, "Incident ", told->incident, "");
    put_in(out, " (", told->feature, ")");
    put_in(out, " was closed by ", told->closed_by, "");
    put_in(out, ": ", told->closed_reason, "");
}

static void put_down(const struct told *told, struct writer *out)
{
    put(out, told->feature);
    if (span_equal(told->cause, SPAN("finding"))) {
        writer_text(out, " is down: another person's data was found in a page");
        put_in(out, " (", told->reason, ")");
        return;
    }
    bool trial = span_equal(told->state, SPAN("trial"));
    writer_text(out, trial ? " is down but for a trial" : " is down");
    put_order(told, out);
}

static void put_trial(const struct told *told, struct writer *out)
{
    put(out, told->feature);
    writer_text(out, " is still down, open for a trial");
    put_order(told, out);
}

static void put_up(const struct told *told, struct writer *out)
{
    put(out, told->feature);
    writer_text(out, " is up again");
    put_order(told, out);
}

static void put_observe(const struct told *told, struct writer *out)
{
    put_in(out, "Break-glass until ", told->until, ": ");
    writer_text(out, "nothing is withheld");
    put_order(told, out);
}

static void put_other(const struct told *told, struct writer *out)
{
    writer_text(out, alert_kind_of(told->type)->title);
    put_in(out, ": ", told->route, "");
    put_in(out, ", share with marker ", told->ratio, "");
    put_in(out, ": ", told->upstream, "");
    put_order(told, out);
}

static const struct {
    const char *type;
    void (*put)(const struct told *told, struct writer *out);
} HEADLINES[] = {
    {"incident.opened", put_incident}, {"incident.updated", put_incident},
    {"incident.closed", put_closed},   {"feature.down", put_down},
    {"feature.trial", put_trial},      {"feature.up", put_up},
    {"mode.observe", put_observe},
};

void format_headline(const struct told *told, struct writer *out)
{
    writer_text(out, told_is_drill(told) ? "DRILL: " : "");
    for (size_t i = 0; i < sizeof(HEADLINES) / sizeof(*HEADLINES); i++) {
        if (span_equal(told->type, span_of(HEADLINES[i].type))) {
            HEADLINES[i].put(told, out);
            return;
        }
    }
    put_other(told, out);
}

void format_details(const struct told *told, struct writer *out)
{
    uint64_t cases = number_of(told->cases);

    if (told->incident.len == 0) {
        return;
    }
    put_in(out, "Incident ", told->incident, "");
    if (cases > 0) {
        writer_text(out, ", ");
        writer_u64(out, cases);
        writer_text(out, cases == 1 ? " case" : " cases");
    }
    put_in(out, ", viewer ", told->viewer, "");
    put_in(out, ", data of ", told->subject, "");
    put_in(out, ", found by ", told->detector, "");
    if (told->detector.len > 0) {
        put_in(out, " (", told->reason, ")");
    }
    put_in(out, ", upstream ", told->upstream, "");
    writer_text(out, ".");
}

void format_sentence(const struct told *told, struct writer *out)
{
    format_headline(told, out);
    if (told->incident.len > 0) {
        writer_text(out, ". ");
        format_details(told, out);
    }
}

bool format_ends(struct span type)
{
    return span_ends(type, SPAN(".closed")) || span_equal(type, SPAN("feature.up")) ||
           span_equal(type, SPAN("mode.enforce"));
}

void format_time(uint64_t at_ms, struct writer *out)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    char text[40];

    if (gmtime_r(&seconds, &utc) == NULL) {
        return;
    }
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    unsigned ms = (unsigned)(at_ms % 1000);
    const char tail[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
                         (char)('0' + ms % 10), 'Z'};
    writer_put(out, (struct span){.ptr = (const uint8_t *)text, .len = len});
    writer_put(out, (struct span){.ptr = (const uint8_t *)tail, .len = sizeof(tail)});
}
