#include "notify/format.h"

#include <time.h>

static void put_part(struct writer *out, const char *name, struct span value)
{
    if (value.len == 0) {
        return;
    }
    writer_put(out, SPAN(", "));
    writer_text(out, name);
    writer_put(out, SPAN(" "));
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.ptr[i];
        bool control = byte < ' ' || byte == 0x7f;
        writer_put(out, control ? SPAN(" ") : span_first(span_from(value, i), 1));
    }
}

void format_sentence(const struct told *told, struct writer *out)
{
    writer_text(out, told_is_drill(told) ? "DRILL: " : "");
    writer_text(out, alert_kind_of(told->type)->title);
    writer_put(out, SPAN(" ("));
    writer_put(out, told->type);
    put_part(out, "incident", told->incident);
    put_part(out, "feature", told->feature);
    put_part(out, "screen", told->screen);
    put_part(out, "route", told->route);
    put_part(out, "viewer", told->viewer);
    put_part(out, "data of", told->subject);
    put_part(out, "detector", told->detector);
    put_part(out, "outcome", told->outcome);
    put_part(out, "displays", told->displays);
    put_part(out, "cases", told->cases);
    put_part(out, "upstream", told->upstream);
    put_part(out, "share with marker", told->ratio);
    put_part(out, "by", told->who.len > 0 ? told->who : told->closed_by);
    put_part(out, "reason",
             told->closed_reason.len > 0 ? told->closed_reason : told->reason);
    writer_put(out, SPAN(")"));
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
