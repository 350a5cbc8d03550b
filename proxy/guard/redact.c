#include "guard/redact.h"

#include <stdlib.h>

#include "base/check.h"

enum {
    ESCAPE = 0x1b,
};

static int compare(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct redact_wanted *first = a;
    const struct redact_wanted *second = b;

    return compare(first->value, second->value);
}

void redact_sort(struct redact_wanted *wanted, size_t count)
{
    qsort(wanted, count, sizeof(*wanted), compare_wanted);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

static struct span trim(struct span value)
{
    while (value.len > 0 && is_blank(value.ptr[0])) {
        value = span_from(value, 1);
    }
    while (value.len > 0 && is_blank(value.ptr[value.len - 1])) {
        value.len--;
    }
    return value;
}

struct span redact_unsigned(struct span value)
{
    size_t len = value.len;

    while (len > 0 && value.ptr[len - 1] != '.') {
        len--;
    }
    return len > 0 ? span_first(value, len - 1) : value;
}

const struct redact_wanted *redact_next(const struct redact_order *self,
                                        struct span value,
                                        const struct redact_wanted *from)
{
    size_t low = 0;
    size_t high = self->count;

    value = trim(value);
    if (from != NULL) {
        low = (size_t)(from - self->wanted) + 1;
        return low < self->count && span_equal(self->wanted[low].value, value)
                   ? &self->wanted[low]
                   : NULL;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(self->wanted[middle].value, value) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < self->count && span_equal(self->wanted[low].value, value)
               ? &self->wanted[low]
               : NULL;
}

bool redact_add(struct redact_order *self, size_t start, size_t end)
{
    CHECK(start <= end && end <= self->body.len);
    if (self->cut_count == REDACT_CUTS_MAX) {
        return false;
    }
    self->cuts[self->cut_count++] = (struct redact_cut){.start = start, .end = end};
    return true;
}

static int compare_cuts(const void *a, const void *b)
{
    const struct redact_cut *first = a;
    const struct redact_cut *second = b;

    return (first->start > second->start) - (first->start < second->start);
}

/* An element inside of another one that goes is gone with it. */
static void merge(struct redact_order *self)
{
    size_t count = 0;

    qsort(self->cuts, self->cut_count, sizeof(*self->cuts), compare_cuts);
    for (size_t i = 0; i < self->cut_count; i++) {
        struct redact_cut *last = count > 0 ? &self->cuts[count - 1] : NULL;
        if (last != NULL && self->cuts[i].start <= last->end) {
            last->end = self->cuts[i].end > last->end ? self->cuts[i].end : last->end;
        } else {
            self->cuts[count++] = self->cuts[i];
        }
    }
    self->cut_count = count;
}

/* In UTF-16 or ISO-2022-JP a byte that looks like markup need not be any. */
static bool is_ascii_compatible(struct span body)
{
    return body.len > 0 && memchr(body.ptr, 0, body.len) == NULL &&
           memchr(body.ptr, ESCAPE, body.len) == NULL;
}

bool redact_find(struct redact_order *self)
{
    CHECK(self->count > 0);
    self->cut_count = 0;
    if (!is_ascii_compatible(self->body)) {
        return false;
    }
    bool found = (self->kind == SCAN_KIND_HTML && redact_html(self)) ||
                 (self->kind == SCAN_KIND_JSON && redact_json(self));
    merge(self);
    return found && self->cut_count > 0;
}
