#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "relay/exchange_rooms.h"
#include "relay/rewrite_private.h"

enum {
    SLOW_LOOK_MS = 30000, /* How often a slow client's progress is looked at. */
};

/* Room for `size` bytes of reply text, what is there is lost. False: memory. */
bool exchange_make_reply_room(struct exchange *self, size_t size)
{
    if (self->reply_text_capacity >= size) {
        return true;
    }
    uint8_t *more = malloc(size);
    if (more == NULL) {
        return false;
    }
    if (self->reply_text != self->reply_inline) {
        free(self->reply_text);
    }
    self->reply_text = more;
    self->reply_text_capacity = size;
    return true;
}

static void discharge(struct exchange *self)
{
    if (self->charged > 0) {
        struct address peer = client_peer(self->client);
        admission_discharge(self->relay->shared->admission, &peer, self->charged);
        self->charged = 0;
    }
}

/* Bytes that wait for the client. Of a stream that is all that is held; but one stream
 * alone is never too much. */
static uint64_t waiting_bytes(const struct exchange *self, uint64_t unwritten,
                              uint64_t address_max)
{
    uint64_t held = self->streaming ? self->hold.len : 0;

    held = held < address_max / 2 ? held : address_max / 2;
    return unwritten > held ? unwritten : held;
}

/* Counts what the client has not taken yet against its address. False: too much. */
bool exchange_charge(struct exchange *self)
{
    struct relay_shared *shared = self->relay->shared;
    uint64_t address_max = shared->budget.total_max / self->caller->share;
    uint64_t unwritten = self->caller->kind->unwritten(self->caller);
    struct address peer = client_peer(self->client);

    discharge(self);
    self->charged = waiting_bytes(self, unwritten, address_max);
    self->slow_unwritten = (size_t)unwritten;
    return self->charged == 0 ||
           admission_charge(shared->admission, &peer, self->charged, address_max);
}

enum step exchange_finish(struct exchange *self)
{
    discharge(self);
    deadline_clear(&self->deadline);
    return exchange_become(self, STATE_END);
}

/* The client is gone or broken: nothing can be said any more. */
static enum step give_up(struct exchange *self, enum ending ending)
{
    exchange_judge_left(self);
    if (self->ending == ENDING_NONE || self->ending == ENDING_RELEASED) {
        self->ending = ending;
    }
    self->disposition = DISPOSITION_RESET;
    return exchange_finish(self);
}

/* Sends a part of the answer and waits if the client does not take all of it. */
enum step exchange_send(struct exchange *self, const struct caller_part *part)
{
    struct caller *caller = self->caller;

    self->drained = false;
    switch (caller->kind->send(caller, part)) {
    case WRITTEN_FAILED:
        return give_up(self, ENDING_CLIENT_GONE);
    case WRITTEN_ALL:
        self->drained = true;
        return STEP_AGAIN;
    case WRITTEN_PART:
        if (!exchange_charge(self)) {
            return give_up(self, ENDING_CLIENT_SLOW);
        }
        exchange_set_deadline(self, SLOW_LOOK_MS);
        return STEP_WAIT;
    }
    UNREACHABLE();
}

/* Is the client taking bytes fast enough to be waited for? */
static bool is_too_slow(struct exchange *self)
{
    size_t unwritten = self->caller->kind->unwritten(self->caller);
    uint64_t taken = self->slow_unwritten - unwritten;
    uint64_t least = exchange_limits(self)->send_rate_min * (SLOW_LOOK_MS / 1000);

    self->slow_unwritten = unwritten;
    exchange_set_deadline(self, SLOW_LOOK_MS);
    return taken < least && self->caller->kind->is_stalled(self->caller);
}

/* A part of the answer is still on its way. True: `step_out` says how to go on. */
bool exchange_still_sending(struct exchange *self, enum step *step_out)
{
    if (self->client_gone) {
        *step_out = give_up(self, ENDING_CLIENT_GONE);
        return true;
    }
    if (self->drained) {
        discharge(self);
        return false;
    }
    if (self->client_full || (self->timed_out && is_too_slow(self))) {
        *step_out = give_up(self, ENDING_CLIENT_SLOW);
        return true;
    }
    *step_out = STEP_WAIT;
    return true;
}

/* The next segments of a released body, or the end. */
enum step exchange_step_reply(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (exchange_still_sending(self, &step)) {
        return step;
    }
    size_t left = self->hold.segment_count - self->segments_sent;
    if (left == 0) {
        return exchange_finish(self);
    }
    size_t count = left < CALLER_SPANS_MAX ? left : CALLER_SPANS_MAX;
    struct caller_part part = {.body = self->hold.segments + self->segments_sent,
                               .count = count,
                               .last = left == count};
    self->segments_sent += count;
    return exchange_send(self, &part);
}

/* Whether the client's connection can go on after a whole answer of ours. */
static void settle_connection(struct exchange *self)
{
    bool whole = self->caller->request_read;
    bool keep = self->keep_alive && whole && !self->relay->draining;

    self->disposition = keep ? DISPOSITION_KEEP : DISPOSITION_LINGER;
}

/* A page of ours. What the upstream may have said is gone before it is written. */
static enum step reply(struct exchange *self, struct reply *page, enum ending ending)
{
    self->ending = ending;
    self->status = page->status;
    exchange_drop_upstream(self);
    exchange_stop_answer(self, true);
    settle_connection(self);
    page->close = self->disposition != DISPOSITION_KEEP;
    if (self->client_gone) {
        return give_up(self, ENDING_CLIENT_GONE);
    }
    if (!exchange_make_reply_room(self, REPLY_SIZE_MAX + page->page.len +
                                            page->extra_fields.len)) {
        return give_up(self, ENDING_INTERNAL);
    }
    struct writer out = writer_of(self->reply_text, self->reply_text_capacity);
    size_t head_len = reply_write(page, self->taste, &out);
    struct span body = span_from(writer_span(&out), head_len);
    struct caller_part part = {.head = span_first(writer_span(&out), head_len),
                               .body = &body,
                               .count = body.len > 0 ? 1 : 0,
                               .last = true};
    self->body_sent = 0;
    self->state = STATE_REPLY;
    return exchange_send(self, &part);
}

enum step exchange_reply_error(struct exchange *self, unsigned status, enum ending ending)
{
    struct reply page = {.kind = REPLY_ERROR,
                         .status = status,
                         .sentence = ending_sentence(ending),
                         .retry_after_s = status == 503 ? 5 : 0};

    if (status < 500) {
        self->keep_alive = false;
    }
    if (status == 426) {
        page.extra_fields = SPAN("Sec-WebSocket-Version: 13\r\n");
    }
    if (self->streaming) {
        return give_up(self, ending);
    }
    return reply(self, &page, ending);
}

enum step exchange_reply_elsewhere(struct exchange *self, unsigned status,
                                   struct span location)
{
    struct reply page = {.kind = REPLY_ERROR,
                         .status = status,
                         .sentence = ending_sentence(ENDING_REDIRECTED),
                         .extra_fields = location};

    return reply(self, &page, ENDING_REDIRECTED);
}

enum step exchange_reply_refused(struct exchange *self, enum ending ending)
{
    char reference[32] = "";
    size_t len = 0;

    if (self->incident > 0) {
        reference[len++] = 'I';
        len += format_u64(self->incident, reference + len);
        reference[len++] = '-';
        memcpy(reference + len, self->id, 8);
        len += 8;
    } else {
        memcpy(reference, self->id, 12);
        len = 12;
    }
    struct reply page = {
        .kind = REPLY_REFUSED,
        .status = self->plan->site->refusal_status,
        .reference = {.ptr = (const uint8_t *)reference, .len = len},
        .unsafe = !method_is_safe(self->method),
    };
    return reply(self, &page, ending);
}

enum step exchange_reply_maintenance(struct exchange *self)
{
    uint64_t down = exchange_down(self, self->gate_mask);
    const struct feature_settings *feature = route_feature(self->plan->site, down);
    struct reply page = {
        .kind = REPLY_MAINTENANCE,
        .status = 503,
        .unsafe = self->asker.unsafe && self->head_sent,
        .retry_after_s = feature != NULL ? feature->retry_after_ms / 1000 : 0,
    };

    if (feature != NULL && feature->page != NULL) {
        page.page = (struct span){.ptr = (const uint8_t *)feature->page,
                                  .len = feature->page_len};
    }
    return reply(self, &page, ENDING_GATE);
}

enum step exchange_reply_logged_out(struct exchange *self)
{
    uint8_t fields[4096];
    struct writer out = writer_of(fields, sizeof(fields));

    exchange_write_deletions(self, NULL, &out);
    struct reply page = {
        .kind = REPLY_LOGGED_OUT,
        .status = 200,
        .extra_fields = out.full ? (struct span){0} : writer_span(&out),
    };
    return reply(self, &page, ENDING_LOGOUT_WHILE_DOWN);
}

/* A client that could not tell a page of ours from a cut gets nothing at all. */
enum step exchange_close_silently(struct exchange *self, enum ending ending)
{
    exchange_judge_left(self);
    self->ending = ending;
    self->disposition = DISPOSITION_RESET;
    exchange_drop_upstream(self);
    exchange_stop_answer(self, true);
    return exchange_finish(self);
}

static bool has_no_body(const struct exchange *self)
{
    return self->method == METHOD_HEAD || self->upstream_status == 204 ||
           self->upstream_status == 304;
}

/* Framing and connection fields, and the empty line. */
static void write_framing(struct exchange *self, bool chunked, uint64_t length,
                          struct writer *out)
{
    uint64_t said = has_no_body(self) ? self->answer_length : length;

    if (self->delivery == DELIVERY_SOCKET) {
        writer_put(out, SPAN("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
        return;
    }
    if (chunked) {
        writer_put(out, SPAN("Transfer-Encoding: chunked\r\n"));
    } else if (self->upstream_status != 204 && said != UINT64_MAX) {
        writer_put(out, SPAN("Content-Length: "));
        writer_u64(out, said);
        writer_put(out, SPAN("\r\n"));
    }
    if (self->disposition != DISPOSITION_KEEP) {
        writer_put(out, SPAN("Connection: close\r\n"));
    } else if (self->taste.old) {
        writer_put(out, SPAN("Connection: keep-alive\r\n"));
    }
    writer_put(out, SPAN("\r\n"));
}

/* The head that is still ours to write tells shared caches to keep nothing of it. */
void exchange_keep_private(struct exchange *self)
{
    struct writer out = writer_of(self->reply_text, self->reply_text_capacity);

    if (self->streaming) {
        return;
    }
    out.len = self->reply_text_len;
    rewrite_private(&out);
    CHECK(!out.full);
    self->reply_text_len = out.len;
}

/* Completes the head that exchange_fill_answer() has begun. */
struct span exchange_complete_head(struct exchange *self, bool chunked, uint64_t length)
{
    struct writer out = writer_of(self->reply_text, self->reply_text_capacity);

    out.len = self->reply_text_len;
    settle_connection(self);
    write_framing(self, chunked, length, &out);
    CHECK(!out.full);
    return writer_span(&out);
}

/* The whole answer was judged: head and body leave in one go where the socket lets them.
 */
enum step exchange_release(struct exchange *self)
{
    bool head_only = has_no_body(self);
    size_t all = head_only ? 0 : self->hold.segment_count;
    size_t count = all < CALLER_SPANS_MAX ? all : CALLER_SPANS_MAX;

    if (self->client_gone) {
        return give_up(self, ENDING_CLIENT_GONE);
    }
    self->status = self->upstream_status;
    self->ending = ENDING_RELEASED;
    self->released_us = loop_clock_us();
    self->body_sent = head_only ? 0 : self->hold.len;
    struct caller_part part = {
        .head = exchange_complete_head(self, false, self->hold.len),
        .body = self->hold.segments,
        .count = count,
        .last = count == all,
    };
    self->segments_sent = head_only ? self->hold.segment_count : count;
    self->state = STATE_REPLY;
    return exchange_send(self, &part);
}
