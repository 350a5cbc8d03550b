#include "base/check.h"
#include "relay/exchange_grants.h"

enum {
    PART_LEN =
        524288, /* Bytes that one part of a stream has at least, if more are ready. */
};

/* HTTP/1.0 knows no chunks: there the end of the connection is the body's. */
static bool ends_by_close(const struct exchange *self)
{
    return self->answer_framing != FRAMING_LENGTH && self->taste.old;
}

static bool is_chunked(const struct exchange *self)
{
    return self->answer_framing != FRAMING_LENGTH && !ends_by_close(self);
}

/* Sends the head of an answer whose body goes on while it still comes. */
enum step exchange_start_stream(struct exchange *self)
{
    struct caller_part part = {.chunked = is_chunked(self)};

    self->keep_alive = self->keep_alive && !ends_by_close(self);
    part.head = exchange_complete_head(self, part.chunked, self->answer_length);
    self->streaming = true;
    self->status = self->upstream_status;
    self->released_us = loop_clock_us();
    return exchange_send(self, &part);
}

/* The answer is coming in; nothing of it leaves. */
enum step exchange_step_hold(struct exchange *self)
{
    enum step step = STEP_WAIT;
    bool whole = self->delivery == DELIVERY_WHOLE;
    bool large = whole && self->hold.len > exchange_limits(self)->hold_max;

    if (self->answer_part == ANSWER_COMPLETE && whole && !large) {
        return exchange_judge(self);
    }
    if (exchange_is_over(self, &step)) {
        return step;
    }
    if (!whole) {
        return exchange_become(self, self->delivery == DELIVERY_EVENTS ? STATE_EVENTS
                                                                       : STATE_SOCKET);
    }
    if (large && exchange_wants_grants(self)) {
        return exchange_ask_grants(self);
    }
    if (exchange_flows(self) || (large && exchange_may_stream(self))) {
        exchange_pin(self);
        self->state = STATE_STREAM;
        return exchange_start_stream(self);
    }
    if (large) {
        self->overflow = true;
        return exchange_judge(self);
    }
    if (!self->no_room) {
        exchange_set_deadline(self, self->request_read
                                        ? pool_settings(self->pool)->response_timeout_ms
                                        : exchange_limits(self)->body_timeout_ms);
    }
    return STEP_WAIT;
}

/* Reading rests until the client has taken what was sent. Whoever came next may go on at
 * the bound of all held bytes: one that waits for its client would keep it from all. */
void exchange_wait_for_client(struct exchange *self)
{
    if (self->upstream != NULL) {
        stream_pause(self->upstream->stream, PAUSE_SINK_FULL);
    }
    if (!self->no_room) {
        list_remove(&self->hold_link);
    }
}

/* Breaks off what has begun to leave, so that the client can tell. */
enum step exchange_cut(struct exchange *self, enum ending ending)
{
    return self->delivery == DELIVERY_SOCKET && self->streaming
               ? exchange_close_socket(self, ending)
               : exchange_close_silently(self, ending);
}

/* Bytes at the end of what is held that may still become part of a marker. */
static uint64_t pending_bytes(const struct exchange *self)
{
    if (self->answer_part == ANSWER_COMPLETE || self->scan == NULL) {
        return 0;
    }
    if (self->decoder == NULL) {
        return scan_pending(self->scan);
    }
    /* What is not decoded any more cannot become a marker, and settles nothing. */
    if (self->undecodable) {
        return 0;
    }
    return self->body_received - self->coded_mark.settled;
}

/* Kept bytes that nothing pending can reach, in whole segments. */
static size_t ready_segments(const struct exchange *self)
{
    uint64_t pending = pending_bytes(self);
    size_t count = self->hold.segment_count;

    for (uint64_t tail = 0; count > 0 && tail < pending; count--) {
        tail += self->hold.segments[count - 1].len;
    }
    return count;
}

enum step exchange_end_stream(struct exchange *self)
{
    struct caller_part part = {.chunked = is_chunked(self), .last = true};

    self->ending = ENDING_RELEASED;
    self->state = STATE_REPLY;
    return exchange_send(self, &part);
}

/* Sends the segments that are ready, as one chunk. */
enum step exchange_send_segments(struct exchange *self, size_t count)
{
    struct caller_part part = {.body = self->hold.segments,
                               .count =
                                   count < CALLER_SPANS_MAX ? count : CALLER_SPANS_MAX,
                               .chunked = is_chunked(self)};

    /* Memory comes back when all of a part was taken. */
    for (size_t i = 0, len = 0; i < part.count; i++) {
        len += part.body[i].len;
        self->body_sent += part.body[i].len;
        if (len >= PART_LEN) {
            part.count = i + 1;
        }
    }
    self->segments_sent = part.count;
    hold_lend(&self->hold, part.count);
    return exchange_send(self, &part);
}

/* The client has what was written: its memory goes. */
static void forget_sent(struct exchange *self)
{
    if (self->scan != NULL) {
        scan_settle(self->scan);
    }
    if (self->segments_sent > 0) {
        hold_forget(&self->hold, self->segments_sent);
        self->segments_sent = 0;
    }
}

/* What stops a stream: the verdict, the upstream. True: `step_out` says how it goes on.
 */
static bool is_stopped(struct exchange *self, enum step *step_out)
{
    if (self->answer_part == ANSWER_COMPLETE) {
        bool sends_first = exchange_observes(self) && self->hold.segment_count > 0 &&
                           exchange_wants_grants(self);
        if (self->judged || sends_first) {
            return false;
        }
        *step_out = exchange_judge(self);
        return true;
    }
    if (self->upstream_failed || self->timed_out) {
        bool full = self->upstream_failed ? self->request.failure == ENDING_HOLD_FULL
                                          : self->no_room;
        enum ending other =
            self->timed_out ? ENDING_RESPONSE_TIMEOUT : ENDING_UPSTREAM_CLOSED;
        *step_out = exchange_cut(self, full ? ENDING_HOLD_FULL : other);
        return true;
    }
    if (!exchange_observes(self) && exchange_wants_grants(self)) {
        *step_out = exchange_ask_grants(self);
        return true;
    }
    if (!exchange_observes(self) && exchange_judge_part(self) == VERDICT_REFUSE) {
        *step_out = exchange_judge(self);
        return true;
    }
    return false;
}

/* Sends on what was scanned, piece by piece; the first finding or take-down cuts it. */
enum step exchange_step_stream(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (exchange_is_closed(self, &step)) {
        return step;
    }
    if (exchange_still_sending(self, &step)) {
        if (step == STEP_WAIT) {
            exchange_wait_for_client(self);
        }
        return step;
    }
    forget_sent(self);
    if (is_stopped(self, &step)) {
        return step;
    }
    size_t count = ready_segments(self);
    if (count > 0) {
        step = exchange_send_segments(self, count);
        if (step == STEP_WAIT) {
            exchange_wait_for_client(self);
        }
        return step;
    }
    if (self->answer_part == ANSWER_COMPLETE) {
        return exchange_end_stream(self);
    }
    stream_resume(self->upstream->stream, PAUSE_SINK_FULL);
    if (!self->no_room) {
        exchange_set_deadline(self, pool_settings(self->pool)->response_timeout_ms);
    }
    return STEP_WAIT;
}
