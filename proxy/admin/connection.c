#include "admin/connection.h"

#include <stdlib.h>
#include <string.h>

#include "admin/request.h"
#include "net/local.h"

enum state {
#define STATE(id, name, deadline_ms) STATE_##id,
#include "admin/connection_state.def"
#undef STATE
};

struct connection {
    struct list_link link;
    const struct connection_setup *setup;
    struct stream *stream;
    struct deadline deadline;
    enum state state;

    /* Facts, recorded by callbacks. */
    bool input_ended;
    bool broken;
    bool late;    /* The state's deadline has passed. */
    bool sending; /* The answer was handed to the stream. */
    bool advancing;

    struct api_origin origin;
    char user[LOCAL_NAME_SIZE_MAX];
    struct request *request;
    struct api_call call;
    struct answer answer;
    uint8_t answer_head[ANSWER_HEAD_SIZE_MAX];
};

static const uint64_t DEADLINES_MS[] = {
#define STATE(id, name, deadline_ms) [STATE_##id] = (deadline_ms),
#include "admin/connection_state.def"
#undef STATE
};

/* A state's function: true when it moved on, false when it waits. */
typedef bool state_fn(struct connection *self);

static bool enter(struct connection *self, enum state state)
{
    self->state = state;
    self->late = false;
    deadline_set(&self->deadline, loop_wheel(self->setup->loop),
                 loop_now_ms(self->setup->loop) + DEADLINES_MS[state]);
    return true;
}

static bool refuse(struct connection *self, unsigned status, const char *detail)
{
    answer_problem(&self->answer, status, detail);
    self->answer.close = true;
    return enter(self, STATE_SEND);
}

static bool on_closed_state(struct connection *self)
{
    (void)self;
    return false;
}

static bool on_idle(struct connection *self)
{
    if (self->late || (self->input_ended && request_waiting(self->request) == 0)) {
        return enter(self, STATE_CLOSED);
    }
    return request_waiting(self->request) > 0 && enter(self, STATE_HEAD);
}

static void advance(struct connection *self);

static void on_operation(void *owner)
{
    advance(owner);
}

/* False: the connection is broken. */
static bool ask_for_body(struct connection *self)
{
    const struct span proceed = SPAN("HTTP/1.1 100 Continue\r\n\r\n");

    return !request_expects_word(self->request) ||
           stream_write(self->stream, &proceed, 1, false) == WRITTEN_ALL;
}

/* A refused request is answered at once; one with a body then ends the connection. */
static bool admit(struct connection *self)
{
    const struct head *head = request_head(self->request);

    self->call = (struct api_call){
        .context = &self->setup->api,
        .origin = &self->origin,
        .head = head,
        .answer = &self->answer,
        .on_done = on_operation,
        .owner = self,
    };
    self->answer.close = !head->keep_alive || head->version_minor == 0;
    if (!api_admit(&self->call)) {
        self->answer.close = self->answer.close || head->framing != FRAMING_NONE;
        return enter(self, STATE_SEND);
    }
    return enter(self, ask_for_body(self) ? STATE_BODY : STATE_CLOSED);
}

/* More bytes are needed, and may not come. */
static bool wait_for(struct connection *self, const char *too_slow)
{
    if (self->input_ended) {
        return enter(self, STATE_CLOSED);
    }
    return self->late && refuse(self, 408, too_slow);
}

static bool on_head(struct connection *self)
{
    struct request_fault fault;

    switch (request_read_head(self->request, &fault)) {
    case REQUEST_WHOLE:
        return admit(self);
    case REQUEST_MORE:
        return wait_for(self, "The request head came too slowly.");
    case REQUEST_BAD:
        break;
    }
    return refuse(self, fault.status, fault.detail);
}

static bool run(struct connection *self)
{
    self->call.body = request_body(self->request);
    (void)enter(self, STATE_RUN);
    api_run(&self->call);
    if (self->call.operation != NULL && self->call.operation->kind == OPERATION_REPORT) {
        return enter(self, STATE_READ);
    }
    return true;
}

static bool on_body(struct connection *self)
{
    struct request_fault fault;

    switch (request_read_body(self->request, &fault)) {
    case REQUEST_WHOLE:
        return run(self);
    case REQUEST_MORE:
        return wait_for(self, "The body came too slowly.");
    case REQUEST_BAD:
        break;
    }
    return refuse(self, fault.status, fault.detail);
}

static bool on_run(struct connection *self)
{
    struct api_call *call = &self->call;

    if (call->operation != NULL && call->operation->done) {
        api_finish(call->operation, &self->answer);
        operation_free(&call->operation);
    }
    if (call->operation == NULL) {
        return enter(self, STATE_SEND);
    }
    if (!self->late) {
        return false;
    }
    operation_release(&call->operation);
    return refuse(self, 504,
                  self->state == STATE_READ
                      ? "The report takes too long; ask for a shorter range."
                      : "The change is under way and not confirmed yet.");
}

static bool write_answer(struct connection *self)
{
    struct span spans[ANSWER_SPANS];
    struct writer head = writer_of(self->answer_head, sizeof(self->answer_head));
    bool head_only = request_head(self->request)->method == METHOD_HEAD;
    int64_t unix_s = (int64_t)(loop_unix_ms(self->setup->loop) / 1000);
    size_t count = answer_spans(&self->answer, head_only, unix_s, &head, spans);

    self->sending = true;
    if (stream_write(self->stream, spans, count, true) == WRITTEN_FAILED) {
        return enter(self, STATE_CLOSED);
    }
    return true;
}

static bool finish_request(struct connection *self)
{
    bool close = self->answer.close;

    if (self->call.feed != NULL) {
        (void)enter(self, STATE_FEED);
        self->late = true; /* The first events need not wait. */
        return true;
    }

    answer_reset(&self->answer);
    self->sending = false;
    if (close) {
        stream_finish(self->stream);
        return enter(self, STATE_LINGER);
    }
    request_next(self->request);
    return enter(self, STATE_IDLE);
}

static bool on_send(struct connection *self)
{
    if (!self->sending) {
        return write_answer(self);
    }
    if (!stream_writing(self->stream)) {
        return finish_request(self);
    }
    return self->late && enter(self, STATE_CLOSED);
}

/* The state's deadline is the beat of the stream, not its end. */
static bool on_feed(struct connection *self)
{
    request_discard(self->request);
    bool dead = self->late && !feed_write(self->call.feed, self->stream);
    return (dead || self->input_ended) ? enter(self, STATE_CLOSED)
                                       : self->late && enter(self, STATE_FEED);
}

/* A close while bytes of the peer wait unread would reset the connection and take the
 * answer with it; so they are read for a while. */
static bool on_linger(struct connection *self)
{
    request_discard(self->request);
    return (self->input_ended || self->late) && enter(self, STATE_CLOSED);
}

static state_fn *const STATES[] = {
    [STATE_CLOSED] = on_closed_state, [STATE_IDLE] = on_idle,     [STATE_HEAD] = on_head,
    [STATE_BODY] = on_body,           [STATE_RUN] = on_run,       [STATE_READ] = on_run,
    [STATE_SEND] = on_send,           [STATE_LINGER] = on_linger, [STATE_FEED] = on_feed,
};

/* The last line of every callback: the connection may be gone behind it. */
static void advance(struct connection *self)
{
    if (self->advancing) {
        return;
    }
    self->advancing = true;
    if (self->broken) {
        (void)enter(self, STATE_CLOSED);
    }
    while (STATES[self->state](self)) {
    }
    self->advancing = false;
    if (self->state == STATE_CLOSED) {
        self->setup->on_end(self->setup->owner, self);
    } else if (self->state == STATE_RUN || self->state == STATE_READ ||
               self->state == STATE_SEND) {
        stream_pause(self->stream, PAUSE_BACKLOG);
    } else {
        stream_resume(self->stream, PAUSE_BACKLOG);
    }
}

static struct stream_space on_space(void *owner)
{
    struct connection *self = owner;
    struct stream_space space;

    space.ptr = request_space(self->request, &space.len);
    return space;
}

static void on_read(void *owner, struct span bytes)
{
    struct connection *self = owner;

    request_take(self->request, bytes.len);
    advance(self);
}

static void on_end(void *owner, enum err err)
{
    struct connection *self = owner;

    self->input_ended = true;
    self->broken = err != ERR_CLOSED;
    advance(self);
}

/* Of writing, and of a handshake. */
static void on_done(void *owner, enum err err)
{
    struct connection *self = owner;

    self->broken = self->broken || err != ERR_NONE;
    advance(self);
}

static void on_due(struct deadline *deadline)
{
    struct connection *self = LIST_ENTRY(deadline, struct connection, deadline);

    self->late = true;
    advance(self);
}

const struct stream_events *connection_events(void)
{
    static const struct stream_events events = {
        .space = on_space,
        .on_read = on_read,
        .on_end = on_end,
        .on_drain = on_done,
        .on_connect = on_done,
    };
    return &events;
}

struct connection *connection_new(const struct connection_setup *setup,
                                  const struct api_origin *origin)
{
    struct connection *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    self->request = request_new();
    if (self->request == NULL) {
        free(self);
        return NULL;
    }
    self->setup = setup;
    self->origin = *origin;
    if (origin->user != NULL) {
        (void)span_copy(span_of(origin->user), self->user, sizeof(self->user));
        self->origin.user = self->user;
    }
    self->deadline.on_due = on_due;
    answer_init(&self->answer);
    return self;
}

void connection_start(struct connection *self, struct stream *stream,
                      struct tls_context *tls)
{
    CHECK(self->stream == NULL);
    self->stream = stream;
    (void)enter(self, STATE_IDLE);
    stream_start(stream);
    if (tls != NULL && !stream_secure(stream, tls, (struct span){0})) {
        self->broken = true;
        advance(self);
    }
}

void connection_free(struct connection **self_p)
{
    struct connection *self = *self_p;
    if (self == NULL) {
        return;
    }
    operation_release(&self->call.operation);
    feed_free(&self->call.feed);
    deadline_remove(&self->deadline);
    stream_free(&self->stream);
    request_free(&self->request);
    answer_reset(&self->answer);
    free(self);
    *self_p = NULL;
}

bool connection_waits(const struct connection *self)
{
    return self->state == STATE_IDLE || self->state == STATE_HEAD;
}

struct list_link *connection_link(struct connection *self)
{
    return &self->link;
}

struct connection *connection_of(struct list_link *link)
{
    return LIST_ENTRY(link, struct connection, link);
}
