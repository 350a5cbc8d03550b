#include "admin/feed.h"

#include <stdlib.h>

#include "base/page.h"
#include "base/writer.h"

enum {
    EVENT_SIZE_MAX = 64 * 1024,
};

struct feed {
    struct feeds *all;
    const struct admin_control *control;
    uint64_t after;
    unsigned epoch;
    unsigned quiet;   /* Seconds since something was written. */
    unsigned stalled; /* Seconds in which the client took nothing. */
};

struct feed *feed_new(struct feeds *feeds, const struct admin_control *control,
                      uint64_t after)
{
    struct feed *self = feeds->count < FEEDS_MAX ? calloc(1, sizeof(*self)) : NULL;

    if (self == NULL) {
        return NULL;
    }
    feeds->count++;
    self->all = feeds;
    self->control = control;
    self->after = after;
    self->epoch = feeds->epoch;
    self->quiet = FEED_QUIET_SECONDS; /* The first answer comes at once. */
    return self;
}

void feed_free(struct feed **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    (*self_p)->all->count--;
    free(*self_p);
    *self_p = NULL;
}

static void put_event(struct page *page, uint64_t number, struct span array)
{
    struct writer id;
    uint8_t digits[24];

    id = writer_of(digits, sizeof(digits));
    writer_u64(&id, number);
    page_put(page, SPAN("id: "));
    page_put(page, writer_span(&id));
    page_put(page, SPAN("\ndata: "));
    page_put(page, span_first(span_from(array, 1), array.len - 2));
    page_put(page, SPAN("\n\n"));
}

/* One event after the last one. False: there is none, or the ledger cannot be read now,
 * and is asked again. */
static bool read_event(struct feed *self, struct page *page)
{
    struct json_write json;
    uint64_t last = self->after;

    json_write_init(&json, EVENT_SIZE_MAX);
    enum err err =
        self->control->events(self->control->self, self->after, 1, &last, &json);
    bool found = err == ERR_NONE && last > self->after;
    if (found) {
        put_event(page, last, json_write_result(&json));
        self->after = last;
    }
    json_write_free(&json);
    return found;
}

static void read_events(struct feed *self, struct page *page)
{
    for (unsigned i = 0; i < FEED_EVENTS_MAX && read_event(self, page); i++) {
    }
    if (page_text(page).len == 0 && self->quiet >= FEED_QUIET_SECONDS) {
        page_put(page, SPAN(": nothing new\n\n"));
    }
}

bool feed_write(struct feed *self, struct stream *stream)
{
    struct page page = {0};

    if (self->epoch != self->all->epoch) {
        return false;
    }
    if (stream_writing(stream)) {
        self->stalled++;
        return self->stalled < FEED_STALLED_SECONDS;
    }
    self->stalled = 0;
    self->quiet++;
    read_events(self, &page);
    struct span text = page_text(&page);
    bool good = true;
    if (text.len > 0) {
        self->quiet = 0;
        good = stream_write(stream, &text, 1, false) != WRITTEN_FAILED;
    }
    page_free(&page);
    return good;
}
