#include <stdio.h>

#include "base/check.h"
#include "relay/drill.h"
#include "relay/exchange_rooms.h"

enum {
    CHUNK_HEAD_MAX = 20,
};

void exchange_fail_upstream(struct exchange *self, enum ending failure)
{
    if (!self->upstream_failed) {
        self->upstream_failed = true;
        self->request.failure = failure;
    }
}

/* Hands spans to the upstream's socket. */
static void send(struct exchange *self, const struct span *spans, size_t count)
{
    switch (stream_write(self->upstream->stream, spans, count, false)) {
    case WRITTEN_FAILED:
        self->nothing_sent = !self->head_sent;
        exchange_fail_upstream(self, ENDING_UPSTREAM_CLOSED);
        return;
    case WRITTEN_ALL:
    case WRITTEN_PART:
        self->head_sent = true;
        return;
    }
    UNREACHABLE();
}

/* What is waited for is the answer: not its client, a grant source or the disk. */
bool exchange_awaits_answer(const struct exchange *self)
{
    switch (self->state) {
    case STATE_ACQUIRE:
    case STATE_ASK:
    case STATE_HOLD:
        return true;
    case STATE_STREAM:
    case STATE_EVENTS:
    case STATE_SOCKET:
        return !self->streaming || self->drained;
    case STATE_END:
    case STATE_SETTLE:
    case STATE_LOGIN:
    case STATE_GRANTS:
    case STATE_COMMIT:
    case STATE_REPLY:
        return false;
    case STATE_COUNT:
        break;
    }
    UNREACHABLE();
}

/* The request is out as far as we have it; who is waited for next? Any other deadline is
 * not the client's to move. */
void exchange_arm_ask(struct exchange *self)
{
    exchange_note_upload(self);
    self->request_sent = self->request_read && !stream_writing(self->upstream->stream);
    if (self->no_room || !exchange_awaits_answer(self)) {
        return;
    }
    exchange_set_deadline(self, self->request_sent
                                    ? pool_settings(self->pool)->response_timeout_ms
                                    : exchange_limits(self)->body_timeout_ms);
}

/* The pieces of a body in the framing that the request head announced. At most 4. */
static size_t frame_piece(const struct exchange *self, struct span content,
                          enum piece piece, char *chunk_head, struct span *spans)
{
    size_t count = 0;

    if (!self->body_chunked) {
        spans[count++] = content;
        return count;
    }
    if (content.len > 0) {
        int len = snprintf(chunk_head, CHUNK_HEAD_MAX, "%zx\r\n", content.len);
        spans[count++] =
            (struct span){.ptr = (const uint8_t *)chunk_head, .len = (size_t)len};
        spans[count++] = content;
        spans[count++] = SPAN("\r\n");
    }
    if (piece == PIECE_LAST) {
        spans[count++] = SPAN("0\r\n\r\n");
    }
    return count;
}

void exchange_send_piece(struct exchange *self, struct span content, enum piece piece)
{
    char chunk_head[CHUNK_HEAD_MAX];
    struct span spans[4];

    send(self, spans, frame_piece(self, content, piece, chunk_head, spans));
}

/* Writes the head, with the body where it was kept (a login's). */
void exchange_start_answer(struct exchange *self)
{
    struct upstream *upstream = self->upstream;
    char chunk_head[CHUNK_HEAD_MAX];
    struct span spans[5] = {{.ptr = self->request_text, .len = self->request_text_len}};
    struct span body = {.ptr = self->login_body, .len = self->login_body_len};
    size_t count = 1;

    stream_set_owner(upstream->stream, &EXCHANGE_UPSTREAM_EVENTS, self);
    h1_expect(upstream->codec, self->method);
    self->answer_part = ANSWER_NONE;
    self->head_start = 0;
    self->head_checked = 0;
    self->upstream_failed = false;
    self->kept_connection = upstream->exchange_count > 0;
    upstream->exchange_count++;
    self->asked_turn = loop_turn(self->relay->loop);
    self->upstream_number = upstream->number;
    if (self->request_body && self->request_read) {
        count += frame_piece(self, body, PIECE_LAST, chunk_head, spans + 1);
    }
    send(self, spans, count);
    exchange_arm_ask(self);
}

static void on_ready(struct pool_request *request, struct upstream *upstream)
{
    struct exchange *self = LIST_ENTRY(request, struct exchange, request);
    self->upstream = upstream;
    exchange_advance(self);
}

static void on_failed(struct pool_request *request)
{
    struct exchange *self = LIST_ENTRY(request, struct exchange, request);
    self->upstream_failed = true;
    exchange_advance(self);
}

static void set_pool_callbacks(struct exchange *self)
{
    self->request.on_ready = on_ready;
    self->request.on_failed = on_failed;
}

/* Asks the pool once; then the answer comes by a callback. False: `step_out` says how it
 * goes on. */
static bool acquire(struct exchange *self, enum step *step_out)
{
    *step_out = STEP_WAIT;
    if (drill_is(self)) {
        int fd = drill_take_site(self); /* Asked once, and instead of the real one. */
        self->upstream = fd >= 0 ? pool_adopt(self->pool, fd) : NULL;
        if (self->upstream == NULL) {
            *step_out = exchange_reply_error(self, 502, ENDING_CONNECT);
        }
        return self->upstream != NULL;
    }
    if (self->request.waiting || self->request.connecting != NULL) {
        return false;
    }
    set_pool_callbacks(self);
    self->upstream = pool_take(self->pool, &self->request);
    return self->upstream != NULL;
}

static enum step fail_to_acquire(struct exchange *self)
{
    enum ending failure = self->request.failure;
    bool late = failure == ENDING_CONNECT_TIMEOUT;
    bool full = failure == ENDING_QUEUE_TIMEOUT;

    return exchange_reply_error(self, late ? 504 : full ? 503 : 502, failure);
}

enum step exchange_step_acquire(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (self->client_gone) {
        self->ending = ENDING_CLIENT_GONE;
        return exchange_become(self, STATE_END);
    }
    if (self->upstream_failed) {
        return fail_to_acquire(self);
    }
    if (self->upstream == NULL && !acquire(self, &step)) {
        return step;
    }
    if (exchange_is_down(self)) {
        return exchange_settle(self);
    }
    if (!self->forwarded) {
        exchange_forward_identity(self);
    }
    exchange_start_answer(self);
    return exchange_become(self, STATE_ASK);
}

/* A feature of this exchange is down: nothing more is asked, and nothing leaves. */
enum step exchange_settle(struct exchange *self)
{
    exchange_drop_upstream(self);
    exchange_set_deadline(self, self->plan->site->ledger_deadline_ms);
    return exchange_become(self, STATE_SETTLE);
}

/* The 503 of a feature that went down waits until its state is on disk (I2). */
enum step exchange_step_settle(struct exchange *self)
{
    struct relay *relay = self->relay;

    if (atomic_load(&relay->shared->features->unsettled) == 0) {
        list_remove(&self->settle_link);
        return exchange_reply_maintenance(self);
    }
    if (self->client_gone || self->timed_out) {
        list_remove(&self->settle_link);
        return exchange_close_silently(self, self->client_gone ? ENDING_CLIENT_GONE
                                                               : ENDING_GATE_SILENT);
    }
    if (!list_linked(&self->settle_link)) {
        list_push_back(&relay->settling, &self->settle_link);
        relay_settle(relay);
    }
    return STEP_WAIT;
}

/* May the request be sent once more on another connection (RFC 9110 section 9.2.2)? */
static bool may_retry(const struct exchange *self)
{
    bool closed = self->request.failure == ENDING_UPSTREAM_CLOSED;
    bool harmless = self->nothing_sent ||
                    (self->kept_connection && method_is_idempotent(self->method));

    return closed && harmless && !self->retried && !self->body_started &&
           self->answer_part == ANSWER_NONE;
}

static enum step ask_failed(struct exchange *self)
{
    if (may_retry(self)) {
        meter_retry(self->relay);
        self->retried = true;
        exchange_drop_upstream(self);
        hold_clear(&self->hold, false);
        list_remove(&self->hold_link);
        self->upstream_failed = false;
        self->head_sent = false;
        self->nothing_sent = false;
        self->no_room = false;
        self->request.fresh = true;
        return exchange_become(self, STATE_ACQUIRE);
    }
    bool full = self->request.failure == ENDING_HOLD_FULL;
    return exchange_reply_error(self, full ? 503 : 502, self->request.failure);
}

static enum step ask_timed_out(struct exchange *self)
{
    if (self->no_room) {
        return exchange_reply_error(self, 503, ENDING_HOLD_FULL);
    }
    if (!self->request_read && !stream_writing(self->upstream->stream)) {
        return exchange_reply_error(self, 408, ENDING_BODY_TIMEOUT);
    }
    return exchange_reply_error(self, 504, ENDING_RESPONSE_TIMEOUT);
}

/* What goes wrong in the same way before and after the answer's head. */
bool exchange_is_over(struct exchange *self, enum step *step_out)
{
    if (self->client_gone) {
        self->ending = ENDING_CLIENT_GONE;
        self->disposition = DISPOSITION_RESET;
        *step_out = exchange_become(self, STATE_END);
        return true;
    }
    if (self->upload.broken) {
        *step_out = exchange_reply_error(self, 400, ENDING_MALFORMED);
        return true;
    }
    if (self->upload.too_large) {
        *step_out = exchange_reply_error(self, 413, ENDING_BODY_LARGE);
        return true;
    }
    if (self->upstream_failed && self->answer_part != ANSWER_COMPLETE) {
        *step_out = ask_failed(self);
        return true;
    }
    if (self->timed_out || self->upload.too_slow) {
        *step_out = ask_timed_out(self);
        return true;
    }
    return false;
}

/* The request is on its way and no answer has begun. */
enum step exchange_step_ask(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (exchange_is_over(self, &step)) {
        return step;
    }
    if (self->answer_part == ANSWER_BODY || self->answer_part == ANSWER_COMPLETE) {
        return exchange_become(self, STATE_HOLD);
    }
    if (!self->request_read && !self->body_asked) {
        self->body_asked = true;
        self->caller->kind->resume_body(self->caller);
        return STEP_AGAIN;
    }
    return STEP_WAIT;
}
