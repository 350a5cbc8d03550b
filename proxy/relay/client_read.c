#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "http/h2.h"
#include "net/tls.h"
#include "relay/client_h2.h"
#include "relay/client_state.h"

enum {
    BACKLOG_SLACK = LOOP_READ_SIZE,
    BACKLOG_MIN = 4096,
};

/* Room for `needed` bytes in the backlog. What is put there next may lie in the old one:
 * that is the caller's to free. False: memory. */
static bool grow_backlog(struct client *self, size_t needed)
{
    size_t capacity = needed < BACKLOG_MIN ? BACKLOG_MIN : needed;
    uint8_t *more = malloc(capacity);

    if (more == NULL) {
        return false;
    }
    if (self->backlog_len > 0) {
        memcpy(more, self->backlog, self->backlog_len);
    }
    self->backlog = more;
    self->backlog_capacity = capacity;
    return true;
}

/* Puts bytes at the end of the backlog. False: more than may wait. */
bool client_keep(struct client *self, struct span bytes)
{
    size_t max = client_limits(self)->head_size_max + BACKLOG_SLACK;
    size_t needed = self->backlog_len + bytes.len;
    uint8_t *old = NULL;

    if (bytes.len == 0) {
        return true;
    }
    if (needed > max) {
        return false;
    }
    if (needed > self->backlog_capacity) {
        old = self->backlog;
        if (!grow_backlog(self, needed)) {
            return false;
        }
    }
    CHECK(self->backlog != NULL && bytes.ptr != NULL);
    memcpy(self->backlog + self->backlog_len, bytes.ptr, bytes.len);
    self->backlog_len = needed;
    free(old);
    return true;
}

/* The backlog becomes exactly `rest`, which may lie inside it. */
static bool keep_only(struct client *self, struct span rest)
{
    if (rest.len == 0) {
        self->backlog_len = 0;
        return true;
    }
    bool inside = self->backlog != NULL && rest.ptr >= self->backlog &&
                  rest.ptr <= self->backlog + self->backlog_len;
    if (inside) {
        memmove(self->backlog, rest.ptr, rest.len);
        self->backlog_len = rest.len;
        return true;
    }
    self->backlog_len = 0;
    return client_keep(self, rest);
}

static void begin_exchange(struct client *self)
{
    self->state = CLIENT_EXCHANGE;
    self->checked = 0;
    deadline_clear(&self->deadline);
    meter_connections(self->relay, METER_CLIENT_IDLE, -1);
    meter_connections(self->relay, METER_CLIENT_ACTIVE, 1);
}

enum ending client_ending_of(enum h1_error error)
{
    switch (error) {
    case H1_ERROR_NONE:
    case H1_ERROR_MALFORMED:
        return ENDING_MALFORMED;
    case H1_ERROR_AMBIGUOUS:
        return ENDING_AMBIGUOUS;
    case H1_ERROR_TARGET_LONG:
        return ENDING_TARGET_LONG;
    case H1_ERROR_FIELDS_LARGE:
        return ENDING_FIELDS_LARGE;
    case H1_ERROR_VERSION:
        return ENDING_VERSION;
    case H1_ERROR_CODING:
        return ENDING_CODING;
    case H1_ERROR_METHOD:
        return ENDING_METHOD;
    }
    UNREACHABLE();
}

void client_reject(struct client *self, enum ending ending, unsigned status)
{
    begin_exchange(self);
    self->caller.request_read = false;
    exchange_reject(&self->caller, ending, status);
}

/* Hands the connection, with its first bytes, to client_h2.c. */
static void become_h2(struct client *self, struct span bytes)
{
    self->h2 = client_h2_new(self);
    self->state = self->h2 != NULL ? CLIENT_H2 : CLIENT_CLOSED;
    if (self->h2 != NULL) {
        client_h2_on_read(self->h2, bytes);
    }
}

static void await_rest_of_head(struct client *self)
{
    if (self->state == CLIENT_IDLE) {
        self->state = CLIENT_HEAD;
        client_set_deadline(self, client_limits(self)->header_timeout_ms);
    }
}

static bool has_negotiated_h2(const struct client *self)
{
    const struct tls *tls = stream_tls(self->stream);
    return tls != NULL && span_equal(tls_alpn(tls), SPAN("h2"));
}

/* The first bytes decide. True: they are, or may still become, the preface of HTTP/2. */
static bool take_preface(struct client *self, struct span bytes)
{
    bool negotiated = has_negotiated_h2(self);

    if (!negotiated && self->listen->http2 != HTTP2_PRIOR_KNOWLEDGE) {
        self->may_be_h2 = false;
    }
    if (!negotiated && !(self->may_be_h2 && h2_is_preface(bytes))) {
        return false;
    }
    if (negotiated || bytes.len >= H2_PREFACE_LEN) {
        become_h2(self, bytes);
    }
    return true;
}

/* A first line that names no version of HTTP: a peer who expects HTTP/2 is told in it. */
static bool is_bad_preface(const struct client *self, struct span bytes)
{
    struct span line = span_first(bytes, span_find(bytes, '\n'));
    struct span version = SPAN(" HTTP/");

    return self->may_be_h2 &&
           memmem(line.ptr, line.len, version.ptr, version.len) == NULL;
}

/* Returns the bytes that it took: all. */
static size_t refuse_head(struct client *self, struct span bytes, enum h1_error error)
{
    if (is_bad_preface(self, bytes)) {
        become_h2(self, bytes);
    } else {
        client_reject(self, client_ending_of(error), h1_error_status(error));
    }
    return bytes.len;
}

/* Looks for a head at the front. Returns the bytes that it took, 0: it needs more. */
static size_t take_head(struct client *self, struct span bytes)
{
    const struct limits *settings = client_limits(self);
    struct h1_limits limits = {.head_size_max = settings->head_size_max,
                               .target_size_max = settings->target_size_max,
                               .field_count_max = settings->field_count_max};
    size_t len = 0;

    if (self->may_be_h2 && take_preface(self, bytes)) {
        await_rest_of_head(self);
        return self->state == CLIENT_HEAD ? 0 : bytes.len;
    }
    switch (h1_find_head(self->codec, bytes, &self->checked, &len)) {
    case H1_FOUND_NOT: {
        enum h1_error large = h1_check_size(self->codec, bytes, &limits);
        if (large != H1_ERROR_NONE) {
            return refuse_head(self, bytes, large);
        }
        await_rest_of_head(self);
        return 0;
    }
    case H1_FOUND_BAD:
        return refuse_head(self, bytes, H1_ERROR_MALFORMED);
    case H1_FOUND_HEAD:
        break;
    }
    struct head *head = &self->relay->request_head;
    enum h1_error error =
        h1_parse_head(self->codec, span_first(bytes, len), &limits, head);
    if (error != H1_ERROR_NONE) {
        return refuse_head(self, bytes, error);
    }
    self->may_be_h2 = false;
    begin_exchange(self);
    self->caller.request_read = head->framing == FRAMING_NONE;
    exchange_begin(&self->caller, head);
    return len;
}

/* Hands a piece of the body to the exchange. Returns the bytes taken. */
static size_t take_body(struct client *self, struct span bytes)
{
    if (exchange_is_socket(self->caller.exchange)) {
        exchange_on_frames(self->caller.exchange, bytes);
        return bytes.len;
    }
    struct span content;
    size_t consumed = 0;
    enum piece piece = h1_parse_body(self->codec, bytes, &content, &consumed);

    self->caller.request_read = piece == PIECE_LAST;
    exchange_on_body(self->caller.exchange, content, piece);
    return piece == PIECE_BROKEN ? bytes.len : consumed;
}

/* True when `bytes` can be worked on now. */
static bool can_take(const struct client *self)
{
    switch (self->state) {
    case CLIENT_CLOSED:
    case CLIENT_PREFACE:
    case CLIENT_SHAKE:
        return false;
    case CLIENT_IDLE:
    case CLIENT_HEAD:
        return true;
    case CLIENT_EXCHANGE:
        return self->caller.exchange != NULL &&
               exchange_takes_body(self->caller.exchange);
    case CLIENT_LINGER:
        return true;
    case CLIENT_H2:
        return false;
    }
    UNREACHABLE();
}

static size_t take(struct client *self, struct span bytes)
{
    switch (self->state) {
    case CLIENT_IDLE:
    case CLIENT_HEAD:
        return take_head(self, bytes);
    case CLIENT_EXCHANGE:
        return take_body(self, bytes);
    case CLIENT_LINGER:
        self->lingered += bytes.len;
        return bytes.len;
    case CLIENT_CLOSED:
    case CLIENT_H2:
    case CLIENT_PREFACE:
    case CLIENT_SHAKE:
        break;
    }
    UNREACHABLE();
}

/* What cannot be worked on waits; while anything waits for an exchange reading rests. */
static void wait_with(struct client *self, struct span rest)
{
    if (!keep_only(self, rest)) {
        client_abort(self);
        return;
    }
    if (self->state == CLIENT_EXCHANGE && self->backlog_len > 0) {
        stream_pause(self->stream, PAUSE_BACKLOG);
    } else {
        stream_resume(self->stream, PAUSE_BACKLOG);
    }
    if (self->state == CLIENT_LINGER &&
        (self->ended || self->lingered > CLIENT_LINGER_BYTES_MAX)) {
        client_free(self);
        return;
    }
    if (self->ended && self->state != CLIENT_EXCHANGE) {
        client_free(self);
    }
}

/* Works through bytes in order until they are used up or something must be waited for.
 * The last line may free `self`. */
void client_pump(struct client *self, struct span bytes)
{
    CHECK(!self->pumping);
    self->pumping = true;
    while (bytes.len > 0 && can_take(self)) {
        size_t taken = take(self, bytes);
        if (taken == 0) {
            break;
        }
        bytes = span_from(bytes, taken);
    }
    self->pumping = false;
    if (self->state == CLIENT_CLOSED) {
        client_free(self);
        return;
    }
    wait_with(self, bytes);
}

void client_pump_backlog(struct client *self)
{
    if (!self->pumping) {
        client_pump(self, (struct span){.ptr = self->backlog, .len = self->backlog_len});
    }
}
