/*
 * One message is judged by itself: an event of an event stream, a text of a WebSocket.
 * `regex:` reads all text of an event. The data (the text, or the `data` lines of an
 * event joined by LF) is read as JSON when it begins like it, else as markup; and what
 * only began like JSON is read as markup too, with what the JSON walker had seen so far.
 */
#include <string.h>

#include "base/check.h"
#include "relay/exchange_grants.h"

static struct scan *begin(struct exchange *self, enum message_scan which,
                          enum scan_kind kind)
{
    struct span charset = {0};

    CHECK(self->messages.scans[which] == NULL);
    self->messages.scans[which] = scan_begin(self->plan->scanner, kind, charset);
    if (self->messages.scans[which] == NULL) {
        self->undecodable = true;
    } else {
        scan_bind(self->messages.scans[which], span_of(self->id));
    }
    return self->messages.scans[which];
}

/* Held bytes from `from` to `to` that lie in one piece. */
static struct span piece_at(const struct exchange *self, size_t from, size_t to)
{
    return span_first(hold_from(&self->hold, from), to - from);
}

/* Feeds a text as it is. */
static size_t feed_all(struct exchange *self, size_t from, size_t to, struct scan *scan)
{
    while (from < to) {
        struct span piece = piece_at(self, from, to);
        (void)scan_feed(scan, piece, SCAN_LEASE_BORROWED);
        from += piece.len;
    }
    return 1;
}

/* Feeds the data of an event, joined. Returns its lines. */
static size_t feed_lines(struct exchange *self, size_t from, size_t to, struct scan *scan)
{
    struct event_stream events = {0};
    size_t lines = 0;

    while (from < to) {
        struct span piece = piece_at(self, from, to);
        struct span data = {0};
        size_t len = piece.len;
        enum event_token token = event_stream_next(&events, &piece, &data);
        from += len - piece.len;
        if (token == EVENT_LINE && lines++ > 0) {
            (void)scan_feed(scan, SPAN("\n"), SCAN_LEASE_BORROWED);
        } else if (token == EVENT_DATA) {
            (void)scan_feed(scan, data, SCAN_LEASE_BORROWED);
        }
    }
    return lines;
}

static size_t feed_data(struct exchange *self, size_t from, size_t to, struct scan *scan)
{
    return self->delivery == DELIVERY_EVENTS ? feed_lines(self, from, to, scan)
                                             : feed_all(self, from, to, scan);
}

static size_t scan_data(struct exchange *self, size_t from, size_t to)
{
    struct scan *scan = begin(self, MESSAGE_DATA, SCAN_KIND_UNKNOWN);
    size_t lines = scan != NULL ? feed_data(self, from, to, scan) : 1;

    if (scan == NULL || scan_finish(scan) != SCAN_UNDECODABLE) {
        return lines;
    }
    if (scan_reason(scan) != SCAN_REASON_SYNTAX) {
        self->undecodable = true;
        return lines;
    }
    scan = begin(self, MESSAGE_MARKUP, SCAN_KIND_HTML);
    if (scan != NULL) {
        (void)feed_data(self, from, to, scan);
        self->undecodable = scan_finish(scan) == SCAN_UNDECODABLE || self->undecodable;
    }
    return lines;
}

static void scan_text(struct exchange *self, size_t from, size_t to)
{
    struct scan *scan = begin(self, MESSAGE_TEXT, SCAN_KIND_TEXT);

    if (scan != NULL) {
        (void)feed_all(self, from, to, scan);
        self->undecodable = scan_finish(scan) == SCAN_UNDECODABLE || self->undecodable;
    }
}

/* Reads the event in the held bytes from `from` to `to`. True: it has data. */
bool exchange_scan_event(struct exchange *self, size_t from, size_t to)
{
    scan_text(self, from, to);
    return scan_data(self, from, to) > 0;
}

/* Reads the text message that is held. */
void exchange_scan_text(struct exchange *self)
{
    (void)scan_data(self, 0, self->hold.len);
}

/* It was read and is not judged yet. */
bool exchange_message_waits(const struct exchange *self)
{
    bool waits = false;

    for (size_t i = 0; i < MESSAGE_SCANS; i++) {
        waits = waits || self->messages.scans[i] != NULL;
    }
    return waits;
}

/* Nothing was seen in it and nothing was unreadable. */
bool exchange_message_is_plain(const struct exchange *self)
{
    size_t count = 0;

    for (size_t i = 0; i < MESSAGE_SCANS; i++) {
        const struct scan *scan = self->messages.scans[i];
        count += scan != NULL ? scan_count(scan) + (scan_forged(scan) != 0) : 0;
    }
    return count == 0 && !self->undecodable;
}

void exchange_end_message(struct exchange *self)
{
    exchange_forget_grants(self);
    for (size_t i = 0; i < MESSAGE_SCANS; i++) {
        scan_end(&self->messages.scans[i]);
    }
    self->undecodable = false;
}

/* The client has what was written. */
void exchange_forget_messages(struct exchange *self)
{
    size_t len = 0;

    for (size_t i = 0; i < self->segments_sent; i++) {
        len += self->hold.segments[i].len;
    }
    self->messages.read -= len;
    self->messages.ready -= len;
    hold_forget(&self->hold, self->segments_sent);
    self->segments_sent = 0;
}

/* An event stream that came in a coding goes on without: where one of its events ends
 * need not be where a byte of the coding does. */
bool exchange_is_recoded(const struct exchange *self)
{
    return self->delivery == DELIVERY_EVENTS && self->decoder != NULL;
}

/* Keeps a copy of decoded bytes as what goes to the client. */
void exchange_keep_decoded(struct exchange *self, struct span bytes)
{
    size_t max = exchange_limits(self)->hold_max + BLOCK_LARGE;

    while (bytes.len > 0 && !self->upstream_failed) {
        struct stream_space space = hold_space(&self->hold, 0);
        if (space.ptr == NULL || self->hold.len > max) {
            exchange_fail_upstream(self, space.ptr == NULL ? ENDING_HOLD_FULL
                                                           : ENDING_HOLD_LIMIT);
            return;
        }
        struct span kept = {.ptr = space.ptr,
                            .len = bytes.len < space.len ? bytes.len : space.len};
        memcpy(space.ptr, bytes.ptr, kept.len);
        hold_note_read(&self->hold, kept);
        bytes = span_from(bytes, kept.len);
        if (!hold_keep(&self->hold, &kept)) {
            exchange_fail_upstream(self, ENDING_INTERNAL);
        }
    }
}
