#include <stdlib.h>

#include "base/check.h"
#include "relay/desync.h"
#include "relay/exchange_grants.h"

enum {
    STATUS_CONTINUE = 100,
    STATUS_SWITCHING = 101,
};

static struct stream_space on_space(void *owner)
{
    struct exchange *self = owner;
    if (exchange_is_recoded(self)) {
        return (struct stream_space){0};
    }
    struct stream_space space = exchange_hold_space(self);

    if (!list_linked(&self->hold_link)) {
        list_push_back(&self->relay->holding, &self->hold_link);
        if (self->hold_began_us == 0) {
            self->hold_began_us = loop_round_us(self->relay->loop);
        }
    }
    if (space.ptr == NULL) {
        self->no_room = true;
        if (exchange_awaits_answer(self)) {
            exchange_set_deadline(self, exchange_limits(self)->hold_wait_ms);
        }
        return (struct stream_space){.ptr = loop_read_buffer(self->relay->loop)};
    }
    return space;
}

/* A head that is not the last: only 100 means something to a client of ours. */
static void take_interim(struct exchange *self, unsigned status)
{
    if (status == STATUS_CONTINUE && self->expects_continue && !self->continue_sent) {
        exchange_send_continue(self);
    } else if (status == STATUS_SWITCHING) {
        exchange_fail_upstream(self, ENDING_UPGRADE);
    }
}

/* Reads heads from the front of the hold until the final one. Returns the bytes of the
 * body that came with it. */
static struct span read_heads(struct exchange *self)
{
    struct head *head = &self->relay->response_head;
    struct h1 *codec = self->upstream->codec;
    struct h1_limits limits = {.head_size_max = BLOCK_SMALL,
                               .target_size_max = BLOCK_SMALL,
                               .field_count_max = HEAD_FIELDS_MAX};

    self->answer_part = ANSWER_HEAD;
    while (self->answer_part == ANSWER_HEAD && !self->upstream_failed) {
        struct span bytes = span_from(hold_front(&self->hold), self->head_start);
        size_t len = 0;
        enum h1_found found = h1_find_head(codec, bytes, &self->head_checked, &len);
        if (found == H1_FOUND_NOT) {
            if (self->head_start + bytes.len + EXCHANGE_TEXT_SIZE > BLOCK_SMALL) {
                exchange_fail_upstream(self, ENDING_UPSTREAM_LARGE);
            }
            return (struct span){0};
        }
        if (found == H1_FOUND_BAD) {
            exchange_note_no_head(self, bytes);
        }
        if (found == H1_FOUND_BAD || h1_parse_head(codec, span_first(bytes, len), &limits,
                                                   head) != H1_ERROR_NONE) {
            exchange_fail_upstream(self, ENDING_UPSTREAM_MALFORMED);
            return (struct span){0};
        }
        self->head_start += len;
        self->head_checked = 0;
        if (head->status < 200 && !exchange_is_upgrade(self, head)) {
            take_interim(self, head->status);
            continue;
        }
        exchange_take_head(self, head);
        return span_from(bytes, len);
    }
    return (struct span){0};
}

/*
 * Follows how far a coded body is settled. What was received may hold more than was
 * decoded: the beginning of a symbol, or nearly all of a block (zstd decodes whole ones),
 * for each coding in a row. It is covered once every coding gave more after it, and
 * settled once no match is pending across what had been decoded then.
 */
static void note_coded(struct exchange *self)
{
    struct coded_mark *mark = &self->coded_mark;
    uint64_t scanned = self->decoded_len - scan_pending(self->scan);
    size_t steps = coding_step_count(self->decoder->coding);

    if (mark->steps_left > 0 && self->decoded_len > mark->decoded) {
        mark->decoded = self->decoded_len;
        mark->steps_left--;
    } else if (mark->steps_left == steps) {
        mark->received = self->body_received; /* No more was decoded than there. */
    }
    if (mark->steps_left == 0 && scanned >= mark->decoded) {
        mark->settled = mark->received;
        mark->received = self->body_received;
        mark->decoded = self->decoded_len;
        mark->steps_left = steps;
    }
}

static void feed(struct exchange *self, struct span content)
{
    if (!self->inspected || self->undecodable || content.len == 0) {
        return;
    }
    if (self->decoder == NULL) {
        self->decoded_len += content.len;
        self->undecodable = scan_feed(self->scan, content, SCAN_LEASE_KEPT) != SCAN_OK;
        return;
    }
    switch (exchange_decode(self, content)) {
    case CODING_MORE:
    case CODING_DONE:
        note_coded(self);
        return;
    case CODING_UNKNOWN:
    case CODING_DAMAGED:
    case CODING_LIMIT:
        self->undecodable = true;
    }
}

/* The body is whole: nothing more will be seen. */
static void finish_scan(struct exchange *self)
{
    struct span none = {0};

    if (self->scan == NULL || !self->inspected || self->delivery != DELIVERY_WHOLE) {
        return;
    }
    if (self->decoder != NULL && !self->undecodable &&
        self->decoded_len + self->hold.len > 0 &&
        coding_feed(self->decoder->coding, none, PIECE_LAST) != CODING_DONE) {
        self->undecodable = true;
    }
    exchange_give_decoder(self);
    if (scan_finish(self->scan) == SCAN_UNDECODABLE) {
        self->undecodable = true;
    }
    if (self->undecodable) {
        self->uninspected = UNINSPECTED_BROKEN;
    }
}

static void complete(struct exchange *self)
{
    self->answer_part = ANSWER_COMPLETE;
    finish_scan(self);
    deadline_clear(&self->deadline);
}

/* A piece of the body goes to where it is held, and to the scanner. False: failed. */
static bool keep_body(struct exchange *self, struct span content)
{
    self->body_received += content.len;
    if (exchange_is_recoded(self)) {
        if (content.len > 0 && exchange_decode(self, content) < CODING_MORE) {
            exchange_fail_upstream(self, ENDING_UPSTREAM_MALFORMED);
        }
        return !self->upstream_failed;
    }
    if (!hold_keep(&self->hold, &content)) {
        exchange_fail_upstream(self, ENDING_INTERNAL);
        return false;
    }
    if (self->delivery == DELIVERY_WHOLE) {
        feed(self, content);
    }
    return !self->upstream_failed;
}

/* Body bytes as received; chunk framing is taken off. */
static void take_body(struct exchange *self, struct span bytes)
{
    if (self->delivery == DELIVERY_SOCKET) {
        CHECK(self->socket->rest.len == 0);
        self->socket->rest = bytes;
        return;
    }
    while (bytes.len > 0 && self->answer_part == ANSWER_BODY) {
        struct span content;
        size_t consumed = 0;
        enum piece piece =
            h1_parse_body(self->upstream->codec, bytes, &content, &consumed);
        if (piece == PIECE_BROKEN) {
            exchange_fail_upstream(self, ENDING_UPSTREAM_MALFORMED);
            return;
        }
        if (!keep_body(self, content)) {
            return;
        }
        bytes = span_from(bytes, consumed);
        if (piece == PIECE_LAST) {
            complete(self);
        }
    }
    if (bytes.len > 0 && self->answer_part == ANSWER_COMPLETE) {
        self->bad_tail = true;
        self->upstream_clean = false;
        desync_note_excess(self->relay, self->upstream, bytes);
    }
}

static void on_read(void *owner, struct span bytes)
{
    struct exchange *self = owner;

    if (exchange_take_unasked(self, bytes)) {
        return;
    }
    if (!exchange_is_recoded(self)) {
        hold_note_read(&self->hold, bytes);
    }
    if (self->answer_part == ANSWER_COMPLETE) {
        if (!self->bad_tail) {
            desync_note_excess(self->relay, self->upstream, bytes);
        }
        self->bad_tail = true;
        self->upstream_clean = false;
        return;
    }
    if (self->answer_part == ANSWER_NONE || self->answer_part == ANSWER_HEAD) {
        bytes = read_heads(self);
        if (self->answer_part == ANSWER_COMPLETE) {
            complete(self);
        }
    }
    if (!self->upstream_failed) {
        take_body(self, bytes);
    }
    exchange_advance(self);
}

static void on_end(void *owner, enum err err)
{
    struct exchange *self = owner;
    bool body = self->answer_part == ANSWER_BODY;

    self->upstream_clean = false;
    if (self->answer_part == ANSWER_COMPLETE) {
        return;
    }
    if (body && err == ERR_CLOSED && h1_finish(self->upstream->codec) == PIECE_LAST) {
        complete(self);
    } else {
        exchange_fail_upstream(self, ENDING_UPSTREAM_CLOSED);
    }
    exchange_advance(self);
}

/* The upstream's socket took what waited: the client may send more of its body. */
static void on_drain(void *owner, enum err err)
{
    struct exchange *self = owner;

    if (err != ERR_NONE) {
        exchange_fail_upstream(self, ENDING_UPSTREAM_CLOSED);
        exchange_advance(self);
        return;
    }
    if (self->state == STATE_ASK || self->state == STATE_HOLD) {
        exchange_arm_ask(self);
    }
    if (!self->request_read || self->delivery == DELIVERY_SOCKET) {
        self->caller->kind->resume_body(self->caller);
    }
}

static void ignore_connect(void *owner, enum err err)
{
    (void)owner;
    (void)err;
}

const struct stream_events EXCHANGE_UPSTREAM_EVENTS = {
    .space = on_space,
    .on_read = on_read,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_connect = ignore_connect,
};

void exchange_stop_answer(struct exchange *self, bool refused)
{
    exchange_end_grants(self);
    scan_end(&self->scan);
    exchange_end_message(self);
    exchange_give_decoder(self);
    hold_clear(&self->hold, refused);
    list_remove(&self->hold_link);
    self->segments_sent = 0;
}
