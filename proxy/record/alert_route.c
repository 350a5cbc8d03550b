#include "record/alert_route.h"

#include "base/check.h"
#include "base/writer.h"

#define ALERT_KIND(type_, severity_, name_, title_)                                      \
    {.type = {(const uint8_t *)(type_), sizeof(type_) - 1},                              \
     .severity = ALERT_##severity_,                                                      \
     .name = (name_),                                                                    \
     .title = (title_)},
static const struct alert_kind KINDS[] = {
#include "record/alert_kind.def"
};
#undef ALERT_KIND

enum { KIND_COUNT = sizeof(KINDS) / sizeof(*KINDS) };

const struct alert_kind *alert_kind_of(struct span type)
{
    static const struct alert_kind other = {
        .severity = ALERT_WARNING, .name = "Countermark", .title = "Countermark reports"};

    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (span_equal(type, KINDS[i].type)) {
            return &KINDS[i];
        }
    }
    return &other;
}

/* `incident.*` fits `incident.opened`. */
static bool fits(struct span pattern, struct span type)
{
    if (span_ends(pattern, SPAN(".*"))) {
        return span_starts(type, span_first(pattern, pattern.len - 1));
    }
    return span_equal(pattern, type);
}

bool alert_route_takes(const struct alert_route *self, struct span type)
{
    if (alert_kind_of(type)->severity < self->severity_min) {
        return false;
    }
    for (unsigned i = 0; i < self->type_count; i++) {
        if (fits(span_of(self->types[i]), type)) {
            return true;
        }
    }
    return self->type_count == 0;
}

bool alert_type_valid(struct span pattern)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (fits(pattern, KINDS[i].type)) {
            return true;
        }
    }
    return false;
}

void alert_link(const char *console, uint64_t incident, char *link_out)
{
    struct writer link = writer_of(link_out, ALERT_LINK_SIZE_MAX - 1);
    struct span base = span_of(console);

    if (base.len > 0) {
        writer_put(&link, base);
        writer_text(&link, span_ends(base, SPAN("/")) ? "#/" : "/#/");
        writer_text(&link, incident != 0 ? "incidents/" : "overview");
    }
    if (base.len > 0 && incident != 0) {
        writer_u64(&link, incident);
    }
    CHECK(!link.full);
    link_out[link.len] = '\0';
}

const char *alert_severity_name(enum alert_severity severity)
{
    switch (severity) {
    case ALERT_INFO:
        return "info";
    case ALERT_WARNING:
        return "warning";
    case ALERT_CRITICAL:
        return "critical";
    }
    UNREACHABLE();
}
