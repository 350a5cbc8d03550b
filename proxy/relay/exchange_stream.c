#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "relay/exchange_rooms.h"

enum {
    SPANS_AT_ONCE = 48,
    CHUNK_HEAD_MAX = 20,
};

/* Sends the head of an answer whose body goes on while it still comes. */
enum step exchange_start_stream(struct exchange *self)
{
    bool chunked = self->answer_framing != FRAMING_LENGTH;
    struct span head = exchange_complete_head(self, chunked, self->answer_length);

    self->streaming = true;
    self->status = self->upstream_status;
    self->released_us = loop_clock_us();
    self->last_chunk_due = chunked;
    self->state = STATE_STREAM;
    return exchange_write_out(self, &head, 1);
}

/* Kept bytes that nothing pending can reach: whole segments, all of them at the end. */
static size_t ready_segments(struct exchange *self)
{
    size_t count = self->hold.segment_count;

    if (self->answer_part == ANSWER_COMPLETE || count == 0) {
        return count;
    }
    bool pending = self->scan != NULL && scan_pending(self->scan) > 0;
    return pending ? count - 1 : count;
}

static enum step end_stream(struct exchange *self)
{
    struct span last = SPAN("0\r\n\r\n");

    if (!self->last_chunk_due) {
        self->ending = ENDING_RELEASED;
        return exchange_finish(self);
    }
    self->last_chunk_due = false;
    return exchange_write_out(self, &last, 1);
}

/* Writes the segments that are ready, as one chunk. */
static enum step send_segments(struct exchange *self, size_t count)
{
    struct span spans[SPANS_AT_ONCE + 2];
    char chunk_head[CHUNK_HEAD_MAX];
    uint64_t len = 0;
    size_t used = 0;

    count = count < SPANS_AT_ONCE ? count : SPANS_AT_ONCE;
    for (size_t i = 0; i < count; i++) {
        len += self->hold.segments[i].len;
    }
    bool chunked = self->answer_framing != FRAMING_LENGTH;
    if (chunked) {
        int head_len =
            snprintf(chunk_head, sizeof(chunk_head), "%llx\r\n", (unsigned long long)len);
        memcpy(self->reply_text, chunk_head, (size_t)head_len);
        spans[used++] = (struct span){.ptr = self->reply_text, .len = (size_t)head_len};
    }
    memcpy(spans + used, self->hold.segments, count * sizeof(*spans));
    used += count;
    if (chunked) {
        spans[used++] = SPAN("\r\n");
    }
    self->body_sent += len;
    self->segments_sent = count;
    return exchange_write_out(self, spans, used);
}

/* The client has what was written: its memory goes. */
static void forget_sent(struct exchange *self)
{
    if (self->segments_sent > 0) {
        if (self->scan != NULL) {
            scan_settle(self->scan);
        }
        hold_forget(&self->hold, self->segments_sent);
        self->segments_sent = 0;
    }
}

/* Sends on what was scanned, piece by piece; the first finding or take-down cuts it. */
enum step exchange_step_stream(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (exchange_still_writing(self, &step)) {
        if (step == STEP_WAIT && self->upstream != NULL) {
            stream_pause(self->upstream->stream, PAUSE_SINK_FULL);
        }
        return step;
    }
    forget_sent(self);
    if (exchange_is_down(self)) {
        return exchange_close_silently(self, ENDING_CUT);
    }
    if (self->answer_part == ANSWER_COMPLETE) {
        if (!self->judged) {
            return exchange_judge(self);
        }
    } else if (self->upstream_failed || self->timed_out) {
        return exchange_close_silently(self, self->timed_out ? ENDING_RESPONSE_TIMEOUT
                                                             : ENDING_UPSTREAM_CLOSED);
    } else if (exchange_judge_part(self) == VERDICT_REFUSE) {
        return exchange_judge(self);
    }
    size_t count = ready_segments(self);
    if (count > 0) {
        return send_segments(self, count);
    }
    if (self->answer_part == ANSWER_COMPLETE) {
        return end_stream(self);
    }
    stream_resume(self->upstream->stream, PAUSE_SINK_FULL);
    exchange_set_deadline(self, pool_settings(self->pool)->response_timeout_ms);
    return STEP_WAIT;
}
