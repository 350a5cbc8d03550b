/*
 * An event stream. What is held is looked through for the ends of events; each whole one
 * is judged as an answer of its own to the request that opened the stream, and leaves at
 * once. The first judgement is that of the fields; on a route that requires a marker
 * which they do not carry it waits for the first event with data, and is one with it.
 */
#include "base/check.h"
#include "relay/exchange_grants.h"

/* Held bytes up to the end of the next whole event are read. */
static bool find_end(struct exchange *self)
{
    struct exchange_messages *messages = &self->messages;

    for (;;) {
        struct span bytes = hold_from(&self->hold, messages->read);
        struct span data = {0};
        size_t len = bytes.len;
        enum event_token token = event_stream_next(&messages->events, &bytes, &data);
        messages->read += len - bytes.len;
        if (token == EVENT_END || token == EVENT_TAIL) {
            return true;
        }
        if (len == 0) {
            return false;
        }
    }
}

/* The stream may begin without its first event. */
static bool opens_alone(const struct exchange *self)
{
    uint32_t require_mask = self->routed.requirement.require_mask;

    return self->scan != NULL && (require_mask & ~scan_seen(self->scan)) == 0;
}

/* Judges what begins the stream. From here on no event has to carry a marker again, and
 * what the head did to the session is done. False: refused, or it waits for a grant
 * source, as `step_out` says. */
static bool open_stream(struct exchange *self, enum step *step_out)
{
    if (exchange_wants_grants(self)) {
        *step_out = exchange_ask_grants(self);
        return false;
    }
    bool may = exchange_judge_message(self, step_out);

    exchange_forget_grants(self);
    if (may) {
        self->routed.requirement.unmarked = UNMARKED_RELEASE;
        self->asker.unsafe = false;
        self->answer.issued_count = 0;
        self->answer.too_many_tokens = false;
        scan_end(&self->scan);
    }
    return may;
}

/* A grant source has to be asked, but what stands before the event leaves first; where
 * nothing is enforced the event does too, and only its record waits. */
static bool sends_first(struct exchange *self)
{
    struct exchange_messages *messages = &self->messages;

    if (!self->streaming || !exchange_wants_grants(self)) {
        return false;
    }
    if (exchange_observes(self)) {
        messages->ready = messages->read;
    }
    return messages->ready > 0;
}

/* Judges the event that was read, once the grant sources have answered. False:
 * `step_out`; an event that still waits is the next thing to judge. */
static bool judge_read(struct exchange *self, enum step *step_out)
{
    struct exchange_messages *messages = &self->messages;
    bool may = true;

    if (sends_first(self)) {
        return true;
    }
    if (exchange_wants_grants(self)) {
        *step_out = exchange_ask_grants(self);
        return false;
    }
    if (!self->judged) {
        may = open_stream(self, step_out);
    } else if (!exchange_message_is_plain(self)) {
        may = exchange_judge_message(self, step_out);
    }
    exchange_end_message(self);
    if (may) {
        messages->ready = messages->read;
        meter_message(self->relay, self->plan->meter, METER_EVENT);
    }
    return may;
}

/* Judges the held bytes that were read. False: `step_out`. */
static bool judge_event(struct exchange *self, enum step *step_out)
{
    struct exchange_messages *messages = &self->messages;
    bool last = self->answer_part == ANSWER_COMPLETE && messages->read == self->hold.len;
    bool data = exchange_scan_event(self, messages->ready, messages->read);

    if (!self->judged && !data && !last) {
        exchange_end_message(self); /* Goes with the next one. */
        return true;
    }
    return judge_read(self, step_out);
}

/* An event grows past what may be held. False: `step_out`. */
static bool bear_large(struct exchange *self, enum step *step_out)
{
    if (exchange_observes(self)) {
        return judge_event(self, step_out); /* Piece by piece. */
    }
    self->overflow = true;
    if (!self->judged) {
        *step_out = exchange_judge(self);
    } else if (exchange_judge_message(self, step_out)) {
        *step_out = exchange_cut(self, ENDING_HOLD_LIMIT);
    }
    return false;
}

/* Judges everything that is whole. False: `step_out`. */
static bool judge_events(struct exchange *self, enum step *step_out)
{
    struct exchange_messages *messages = &self->messages;

    if (exchange_message_waits(self) && !judge_read(self, step_out)) {
        return false;
    }
    if (!self->judged && opens_alone(self) && !open_stream(self, step_out)) {
        return false;
    }
    while (!exchange_message_waits(self) && find_end(self)) {
        if (!judge_event(self, step_out)) {
            return false;
        }
    }
    if (exchange_message_waits(self)) {
        return true;
    }
    if (self->answer_part == ANSWER_COMPLETE &&
        (messages->ready < self->hold.len || !self->judged)) {
        return judge_event(self, step_out);
    }
    if (messages->read - messages->ready > exchange_limits(self)->hold_max) {
        return bear_large(self, step_out);
    }
    return true;
}

/* Ends a stream between two events because we shut down. */
static enum step drain(struct exchange *self)
{
    if (!self->streaming) {
        return exchange_reply_error(self, 503, ENDING_DRAINING);
    }
    if (self->answer_framing == FRAMING_LENGTH) {
        return exchange_cut(self, ENDING_DRAINING);
    }
    exchange_drop_upstream(self);
    exchange_stop_answer(self, false);
    self->disposition = DISPOSITION_LINGER;
    return exchange_end_stream(self);
}

/* Nothing more will come. True: `step_out`. */
static bool is_over(struct exchange *self, enum step *step_out)
{
    enum ending ending = ENDING_NONE;

    if (self->client_ended) {
        self->client_gone = true;
        ending = ENDING_CLIENT_GONE;
    } else if (self->answer_part == ANSWER_COMPLETE) {
        *step_out = exchange_end_stream(self);
        return true;
    } else if (self->relay->draining) {
        *step_out = drain(self);
        return true;
    } else if (self->upstream_failed) {
        ending = self->request.failure;
    } else if (self->upload.broken || self->upload.too_large) {
        ending = self->upload.too_large ? ENDING_BODY_LARGE : ENDING_MALFORMED;
    } else if (self->timed_out) {
        ending = self->no_room ? ENDING_HOLD_FULL : ENDING_STREAM_IDLE;
    }
    if (ending == ENDING_NONE) {
        return false;
    }
    *step_out =
        self->streaming
            ? exchange_cut(self, ending)
            : exchange_reply_error(self, ending == ENDING_HOLD_FULL ? 503 : 502, ending);
    return true;
}

/* Waits for the next piece, without memory while none is there. */
static enum step rest(struct exchange *self)
{
    if (self->hold.len == 0) {
        hold_clear(&self->hold, false);
        list_remove(&self->hold_link);
    }
    stream_resume(self->upstream->stream, PAUSE_SINK_FULL);
    if (!self->no_room) {
        exchange_set_deadline(self, pool_settings(self->pool)->stream_timeout_ms);
    }
    return STEP_WAIT;
}

enum step exchange_step_events(struct exchange *self)
{
    enum step step = STEP_WAIT;
    size_t count = 0;

    if (!list_linked(&self->open_link)) {
        exchange_pin(self);
    }
    if (exchange_is_closed(self, &step)) {
        return step;
    }
    if (self->streaming && exchange_still_sending(self, &step)) {
        if (step == STEP_WAIT) {
            exchange_wait_for_client(self);
        }
        return step;
    }
    exchange_forget_messages(self);
    if (!judge_events(self, &step)) {
        return step;
    }
    if (self->judged && !self->streaming) {
        return exchange_start_stream(self);
    }
    if (self->messages.ready > 0 && self->streaming) {
        return hold_split(&self->hold, self->messages.ready, &count)
                   ? exchange_send_segments(self, count)
                   : exchange_cut(self, ENDING_INTERNAL);
    }
    return is_over(self, &step) ? step : rest(self);
}
