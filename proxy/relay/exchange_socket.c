/*
 * A WebSocket: what the server sends. Text is put together over its frames, judged when
 * it is whole, and goes on as one frame; binary goes on as it comes, in frames of our
 * own; control frames overtake what is held. Nothing more is read while a write waits.
 */
#include <string.h>

#include "base/check.h"
#include "relay/exchange_grants.h"

enum {
    STATUS_OK = 200,
    CLOSE_AWAY = 1001,
    CLOSE_MALFORMED = 1002,
    CLOSE_POLICY = 1008,
    CLOSE_LARGE = 1009,
    CLOSE_GATEWAY = 1014,
};

/* No marker is owed any more. */
static void settle_requirement(struct exchange *self)
{
    self->routed.requirement.unmarked = UNMARKED_RELEASE;
    scan_end(&self->scan);
}

static uint32_t missing(const struct exchange *self)
{
    uint32_t seen = scan_seen(self->scan);

    for (size_t i = 0; i < MESSAGE_SCANS; i++) {
        const struct scan *scan = self->messages.scans[i];
        seen |= scan != NULL ? scan_seen(scan) : 0;
    }
    return self->routed.requirement.require_mask & ~seen;
}

/* The handshake's fields are judged; a marker that they lack is owed by the first text.
 * The server may have to hear from the client before it says anything. */
static enum step open_socket(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (self->scan == NULL) {
        return exchange_reply_error(self, 503, ENDING_INTERNAL);
    }
    if (exchange_wants_grants(self)) {
        return exchange_ask_grants(self);
    }
    if (!exchange_judge_message(self, &step)) {
        return step;
    }
    exchange_forget_grants(self);
    self->answer.issued_count = 0;
    self->answer.too_many_tokens = false;
    if (missing(self) == 0) {
        settle_requirement(self);
    }
    return exchange_start_stream(self);
}

/* Sends what is ready, behind the header of its frame. */
static enum step send_ready(struct exchange *self)
{
    struct exchange_socket *socket = self->socket;
    struct span spans[CALLER_SPANS_MAX];
    struct caller_part part = {.body = spans};
    size_t count = self->hold.segment_count;

    if (socket->header_len > 0) {
        spans[part.count++] =
            (struct span){.ptr = socket->header, .len = socket->header_len};
    }
    count = count < CALLER_SPANS_MAX - part.count ? count : CALLER_SPANS_MAX - part.count;
    if (count > 0) {
        memcpy(spans + part.count, self->hold.segments, count * sizeof(*spans));
    }
    part.count += count;
    for (size_t i = 0; i < part.count; i++) {
        self->body_sent += spans[i].len;
    }
    socket->header_len = 0;
    self->segments_sent = count;
    hold_lend(&self->hold, count);
    return exchange_send(self, &part);
}

/* Everything held may leave in one frame. */
static enum step send_frame(struct exchange *self, enum websocket_opcode opcode,
                            bool final)
{
    struct exchange_socket *socket = self->socket;

    self->messages.read = self->hold.len;
    self->messages.ready = self->hold.len;
    socket->header_len =
        websocket_write_header(opcode, final, self->hold.len, socket->header);
    return send_ready(self);
}

static enum step send_control(struct exchange *self)
{
    struct span bytes = {.ptr = self->socket->control, .len = self->socket->control_len};
    struct caller_part part = {.body = &bytes, .count = 1};

    self->body_sent += bytes.len;
    return exchange_send(self, &part);
}

static uint16_t code_of(enum ending ending)
{
    if (ending == ENDING_SOCKET_MALFORMED) {
        return CLOSE_MALFORMED;
    }
    if (ending == ENDING_HOLD_LIMIT) {
        return CLOSE_LARGE;
    }
    if (ending == ENDING_UPSTREAM_CLOSED) {
        return CLOSE_GATEWAY;
    }
    return ending == ENDING_DRAINING || ending == ENDING_STREAM_IDLE ? CLOSE_AWAY
                                                                     : CLOSE_POLICY;
}

/* Says why it is over; the connection to the server is broken. */
enum step exchange_close_socket(struct exchange *self, enum ending ending)
{
    struct exchange_socket *socket = self->socket;
    uint16_t code = code_of(ending);

    if (!self->drained || self->client_gone || socket->server.closed) {
        return exchange_close_silently(self, ending);
    }
    exchange_judge_left(self);
    exchange_drop_upstream(self);
    exchange_stop_answer(self, true);
    socket->rest = (struct span){0};
    socket->control_len =
        websocket_write_header(WEBSOCKET_CLOSE, true, 2, socket->control);
    socket->control[socket->control_len++] = (uint8_t)(code >> 8);
    socket->control[socket->control_len++] = (uint8_t)code;
    self->ending = ending;
    self->disposition = DISPOSITION_LINGER;
    self->state = STATE_REPLY;
    return send_control(self);
}

/* The text that is held was read: it leaves once it is judged. Where nothing is enforced
 * it leaves before a grant source is asked, and only its record waits. */
static enum step judge_text(struct exchange *self)
{
    bool owed = self->scan != NULL;
    bool lacks = owed && missing(self) != 0;
    bool may = true;
    enum step step = STEP_WAIT;

    if (exchange_wants_grants(self)) {
        return exchange_observes(self) && self->hold.len > 0
                   ? send_frame(self, WEBSOCKET_TEXT, true)
                   : exchange_ask_grants(self);
    }
    bool sent = self->grants != NULL && self->hold.len == 0;
    if (owed) {
        self->answer.status = STATUS_OK;
        meter_marked(self->relay, self->plan->meter, self->routed.index, !lacks);
        self->coverage = lacks ? ACCESS_LOG_UNMARKED : ACCESS_LOG_MARKED;
    }
    if (owed || !exchange_message_is_plain(self)) {
        may = exchange_judge_message(self, &step);
    }
    exchange_end_message(self);
    if (!may) {
        return step;
    }
    if (lacks) {
        exchange_note_doubt(self, JOURNAL_UNMARKED);
    }
    if (owed) {
        settle_requirement(self);
    }
    meter_message(self->relay, self->plan->meter, METER_TEXT);
    return sent ? STEP_AGAIN : send_frame(self, WEBSOCKET_TEXT, true);
}

/* A message begins that is not read. True: it may not pass, as `step_out` says. */
static bool refuse_unread(struct exchange *self, enum step *step_out)
{
    struct exchange_socket *socket = self->socket;
    bool text = socket->message == WEBSOCKET_TEXT;
    enum uninspected reason = text ? UNINSPECTED_LIMIT : UNINSPECTED_BINARY;
    bool required = self->routed.requirement.require_mask != 0;

    socket->passes = true;
    meter_uninspected(self->relay, self->plan->meter, self->routed.index, reason);
    if (exchange_observes(self) || !(required || text)) {
        exchange_note_doubt(self, JOURNAL_UNINSPECTED);
        return false;
    }
    self->undecodable = true;
    if (exchange_judge_message(self, step_out)) {
        *step_out = exchange_cut(self, ENDING_HOLD_LIMIT);
    }
    return true;
}

/* The functions below answer true when something was sent or it is over, as `step_out`
 * says; else the next bytes may be looked at. */

static bool take_header(struct exchange *self, enum step *step_out)
{
    struct exchange_socket *socket = self->socket;
    const struct websocket *frame = &socket->server;

    if (websocket_is_control(frame->opcode)) {
        socket->control_len =
            websocket_write_header(frame->opcode, true, frame->left, socket->control);
        return false;
    }
    if (frame->opcode != WEBSOCKET_CONTINUATION) {
        socket->message = frame->opcode;
        socket->passes = false;
        socket->begun = false;
    }
    size_t max = exchange_limits(self)->hold_max;
    bool large = self->hold.len > max || frame->left > max - self->hold.len;
    bool unread = socket->message == WEBSOCKET_BINARY || large;
    return unread && !socket->passes && refuse_unread(self, step_out);
}

/* Sends what is held of a message that is not read. */
static bool pass_piece(struct exchange *self, bool final, enum step *step_out)
{
    struct exchange_socket *socket = self->socket;
    enum websocket_opcode opcode =
        socket->begun ? WEBSOCKET_CONTINUATION : socket->message;

    socket->begun = true;
    socket->ended = final;
    *step_out = send_frame(self, opcode, final);
    return true;
}

static bool take_payload(struct exchange *self, struct span payload, enum step *step_out)
{
    struct exchange_socket *socket = self->socket;
    const struct websocket *frame = &socket->server;

    if (websocket_is_control(frame->opcode)) {
        CHECK(socket->control_len + payload.len <= sizeof(socket->control));
        memcpy(socket->control + socket->control_len, payload.ptr, payload.len);
        socket->control_len += payload.len;
        return false;
    }
    self->body_received += payload.len;
    if (!hold_keep(&self->hold, &payload)) {
        *step_out = exchange_cut(self, ENDING_INTERNAL);
        return true;
    }
    return socket->passes && pass_piece(self, frame->final && frame->left == 0, step_out);
}

static bool end_frame(struct exchange *self, enum step *step_out)
{
    struct exchange_socket *socket = self->socket;
    const struct websocket *frame = &socket->server;

    if (websocket_is_control(frame->opcode)) {
        *step_out = send_control(self);
        return true;
    }
    if (!frame->final) {
        return false;
    }
    if (!socket->passes) {
        exchange_scan_text(self);
        *step_out = judge_text(self);
        return true;
    }
    meter_message(self->relay, self->plan->meter,
                  socket->message == WEBSOCKET_TEXT ? METER_TEXT : METER_BINARY);
    bool ended = socket->ended;
    socket->ended = false;
    return !ended && pass_piece(self, true, step_out); /* Its last frame is empty. */
}

/* Looks through what was read until something is sent. */
static bool take_frames(struct exchange *self, enum step *step_out)
{
    struct exchange_socket *socket = self->socket;
    bool acted = false;

    while (!acted) {
        struct span payload = {0};
        switch (websocket_next(&socket->server, &socket->rest, &payload)) {
        case WEBSOCKET_BAD:
            *step_out = exchange_cut(self, ENDING_SOCKET_MALFORMED);
            return true;
        case WEBSOCKET_MORE:
            return false;
        case WEBSOCKET_HEADER:
            acted = take_header(self, step_out);
            break;
        case WEBSOCKET_PAYLOAD:
            acted = take_payload(self, payload, step_out);
            break;
        case WEBSOCKET_FRAME_END:
            acted = end_frame(self, step_out);
            break;
        }
    }
    return true;
}

/* Both said goodbye, or one is gone. */
static bool is_over(struct exchange *self, enum step *step_out)
{
    const struct exchange_socket *socket = self->socket;
    bool goodbye = socket->server.closed &&
                   (socket->client.closed || self->answer_part == ANSWER_COMPLETE);
    enum ending ending = ENDING_NONE;

    if (goodbye) {
        self->ending = ENDING_RELEASED;
        self->disposition = DISPOSITION_LINGER;
        *step_out = exchange_finish(self);
        return true;
    }
    if (self->client_ended) {
        self->client_gone = true;
        ending = ENDING_CLIENT_GONE;
    } else if (socket->client_bad) {
        ending = ENDING_SOCKET_MALFORMED;
    } else if (self->relay->draining) {
        ending = ENDING_DRAINING;
    } else if (self->answer_part == ANSWER_COMPLETE || self->upstream_failed) {
        ending = ENDING_UPSTREAM_CLOSED;
    } else if (self->timed_out) {
        ending = self->no_room ? ENDING_HOLD_FULL : ENDING_STREAM_IDLE;
    }
    if (ending != ENDING_NONE) {
        *step_out = exchange_cut(self, ending);
    }
    return ending != ENDING_NONE;
}

/* Waits for either side, without memory while nothing is held. */
static enum step rest(struct exchange *self)
{
    if (!self->socket->client_heard) {
        self->socket->client_heard = true;
        self->caller->kind->resume_body(self->caller);
        return STEP_AGAIN;
    }
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

static enum step go_on(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (exchange_still_sending(self, &step)) {
        return step;
    }
    exchange_forget_messages(self);
    if (self->messages.ready > 0) {
        return send_ready(self);
    }
    if (exchange_message_waits(self)) {
        return judge_text(self);
    }
    return take_frames(self, &step) || is_over(self, &step) ? step : rest(self);
}

enum step exchange_step_socket(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (!list_linked(&self->open_link)) {
        exchange_pin(self);
    }
    if (exchange_is_closed(self, &step)) {
        return step;
    }
    step = self->streaming ? go_on(self) : open_socket(self);
    /* What is left of the last read lies where the next one would go. */
    if (step == STEP_WAIT && !self->drained) {
        exchange_wait_for_client(self);
    }
    return step;
}
