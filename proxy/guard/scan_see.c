#include "guard/scan_room.h"

static void field(struct scan *self, enum selector_kind kind, struct span name,
                  struct span value)
{
    const struct markers *markers = self->values.markers;
    for (size_t i = 0; i < markers->row_count; i++) {
        const struct selector *selector = &markers->rows[i].selector;
        if (selector->kind != kind) {
            continue;
        }
        struct span wanted = selector_argument(selector);
        bool same = kind == SELECTOR_HEADER ? span_equal_nocase(name, wanted)
                                            : span_equal(name, wanted);
        if (same) {
            values_add(&self->values, i, value, 0);
        }
    }
}

void scan_bind(struct scan *self, struct span request)
{
    CHECK(request.len <= SCAN_REQUEST_MAX);
    memcpy(self->values.request, request.ptr, request.len);
    self->values.request_len = (uint8_t)request.len;
}

void scan_field(struct scan *self, struct span name, struct span value)
{
    if (markers_have(self->values.markers, SELECTOR_HEADER)) {
        field(self, SELECTOR_HEADER, name, value);
    }
}

void scan_set_cookie(struct scan *self, struct span name, struct span value)
{
    if (markers_have(self->values.markers, SELECTOR_COOKIE)) {
        field(self, SELECTOR_COOKIE, name, value);
    }
}

size_t scan_count(const struct scan *self)
{
    return self->values.count;
}

const struct observation *scan_at(const struct scan *self, size_t index)
{
    CHECK(index < self->values.count);

    return &self->values.items[index];
}

uint32_t scan_seen(const struct scan *self)
{
    return self->values.seen;
}

uint32_t scan_forged(const struct scan *self)
{
    return self->values.forged;
}

void scan_forget(struct scan *self)
{
    values_forget(&self->values);
}

const char *scan_reason_name(enum scan_reason reason)
{
    switch (reason) {
    case SCAN_REASON_NONE:
        return "none";
    case SCAN_REASON_MATCHES:
        return "too-many-markers";
    case SCAN_REASON_LENGTH:
        return "marker-too-long";
    case SCAN_REASON_CHARSET:
        return "charset";
    case SCAN_REASON_SYNTAX:
        return "syntax";
    case SCAN_REASON_DEPTH:
        return "depth";
    case SCAN_REASON_MEMORY:
        return "memory";
    case SCAN_REASON_MATCHER:
        return "matcher";
    }
    return "unknown";
}
