#include "relay/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"

enum {
    TOKEN_KEPT_MAX = 256,
    LINGER_MS = 2000, /* How long unread bytes may still come after our answer. */
    LINGER_BYTES_MAX = 1048576,
    BACKLOG_SLACK = LOOP_READ_SIZE,
};

/*
 *   IDLE --> HEAD --> EXCHANGE --> IDLE
 *                        |
 *                        +--> LINGER --> closed
 */
enum client_state {
    CLIENT_CLOSED, /* Zero: nothing may be done with it. */
    CLIENT_IDLE,   /* Between requests. */
    CLIENT_HEAD,   /* Some bytes of a head. */
    CLIENT_EXCHANGE,
    CLIENT_LINGER, /* Answered; reads and drops until the client closes. */
};

struct client {
    struct list_link link;
    struct relay *relay;
    const struct listen_settings *listen;
    struct stream *stream;
    struct h1 *codec;
    struct exchange *exchange;
    struct deadline deadline;
    struct address peer;
    enum client_state state;
    bool request_read; /* The body of the request under way was parsed to its end. */
    bool ended;        /* The client sent FIN. */
    bool pumping;      /* pump() is running below us. */
    uint8_t *backlog;  /* Bytes that wait; NULL: none ever did. */
    size_t backlog_len;
    size_t backlog_capacity;
    size_t checked; /* Bytes of the head that were looked at. */
    uint64_t lingered;
    struct fingerprint fingerprint; /* Of `token`. */
    uint16_t token_len;
    uint8_t token[TOKEN_KEPT_MAX];
};

static const struct stream_events CLIENT_EVENTS;
static void pump(struct client *self, struct span bytes);

static void on_due(struct deadline *deadline);

static void client_free(struct client *self)
{
    struct relay *relay = self->relay;

    CHECK(self->exchange == NULL);
    deadline_remove(&self->deadline);
    list_remove(&self->link);
    stream_free(&self->stream);
    h1_free(&self->codec);
    admission_leave(relay->shared->admission, &self->peer);
    meter_connections(relay, METER_CLIENT_IDLE, -1);
    relay->client_count--;
    explicit_bzero(self->token, sizeof(self->token));
    if (self->backlog != NULL) {
        explicit_bzero(self->backlog, self->backlog_capacity);
        free(self->backlog);
    }
    free(self);
}

static void set_deadline(struct client *self, uint64_t timeout_ms)
{
    struct loop *loop = self->relay->loop;
    deadline_set(&self->deadline, loop_wheel(loop), loop_now_ms(loop) + timeout_ms);
}

static const struct limits *limits_of(const struct client *self)
{
    return &self->relay->plan->site->limits;
}

static void become_idle(struct client *self)
{
    self->state = CLIENT_IDLE;
    self->checked = 0;
    set_deadline(self, limits_of(self)->idle_timeout_ms);
}

/* Counted in already; `stream` is this client's from now on. */
static void client_start(struct relay *relay, struct stream *stream,
                         const struct listen_settings *listen)
{
    struct client *self = malloc(sizeof(*self));
    struct address peer = stream_peer(stream);

    if (self != NULL) {
        memset(self, 0, sizeof(*self));
        self->codec = h1_new(H1_REQUEST);
    }
    if (self == NULL || self->codec == NULL) {
        free(self);
        admission_leave(relay->shared->admission, &peer);
        stream_free(&stream);
        return;
    }
    self->relay = relay;
    self->listen = listen;
    self->stream = stream;
    self->peer = peer;
    self->deadline.on_due = on_due;
    relay->client_count++;
    meter_connections(relay, METER_CLIENT_IDLE, 1);
    list_push_back(&relay->clients, &self->link);
    become_idle(self);
    stream_set_owner(stream, &CLIENT_EVENTS, self);
    stream_start(stream);
}

/* Lets the connection in, or closes it. */
static void admit(struct relay *relay, struct stream *stream,
                  const struct listen_settings *listen)
{
    const struct limits *limits = &relay->plan->site->limits;
    struct address peer = stream_peer(stream);
    enum admitted admitted =
        admission_enter(relay->shared->admission, &peer, limits->connections_max,
                        limits->connections_per_address_max);

    if (admitted == ADMITTED) {
        client_start(relay, stream, listen);
        return;
    }
    meter_refused_connection(relay, admitted == ADMITTED_NOT_TOTAL
                                        ? "connections-max"
                                        : "connections-per-address-max");
    stream_reset(&stream);
}

void client_accept(struct relay *relay, void *server_handle,
                   const struct listen_settings *listen)
{
    struct stream *stream =
        stream_accept(relay->loop, server_handle, &CLIENT_EVENTS, NULL);
    if (stream == NULL) {
        meter_refused_connection(relay, "descriptors");
        return;
    }
    admit(relay, stream, listen);
}

void client_open(struct relay *relay, int fd, const struct listen_settings *listen)
{
    struct stream *stream = stream_open(relay->loop, fd, &CLIENT_EVENTS, NULL);
    if (stream != NULL) {
        admit(relay, stream, listen);
    }
}

/* Puts bytes at the end of the backlog. False: more than may wait. */
static bool keep(struct client *self, struct span bytes)
{
    size_t max = limits_of(self)->head_size_max + BACKLOG_SLACK;
    size_t needed = self->backlog_len + bytes.len;

    if (needed > max) {
        return false;
    }
    if (needed > self->backlog_capacity) {
        size_t capacity = needed < 4096 ? 4096 : needed;
        uint8_t *more = realloc(self->backlog, capacity);
        if (more == NULL) {
            return false;
        }
        self->backlog = more;
        self->backlog_capacity = capacity;
    }
    memcpy(self->backlog + self->backlog_len, bytes.ptr, bytes.len);
    self->backlog_len = needed;
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
    return keep(self, rest);
}

static void begin_exchange(struct client *self)
{
    self->state = CLIENT_EXCHANGE;
    self->checked = 0;
    deadline_clear(&self->deadline);
}

static enum ending ending_of(enum h1_error error)
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

static void reject(struct client *self, enum ending ending, unsigned status)
{
    begin_exchange(self);
    self->request_read = false;
    exchange_reject(self, ending, status);
}

/* Looks for a head at the front. Returns the bytes that it took, 0: it needs more. */
static size_t take_head(struct client *self, struct span bytes)
{
    const struct limits *settings = limits_of(self);
    struct h1_limits limits = {.head_size_max = settings->head_size_max,
                               .target_size_max = settings->target_size_max,
                               .field_count_max = settings->field_count_max};
    size_t len = 0;

    switch (h1_find_head(self->codec, bytes, &self->checked, &len)) {
    case H1_FOUND_NOT:
        if (bytes.len > settings->head_size_max + settings->target_size_max) {
            reject(self, ENDING_FIELDS_LARGE, 431);
            return bytes.len;
        }
        if (self->state == CLIENT_IDLE) {
            self->state = CLIENT_HEAD;
            set_deadline(self, settings->header_timeout_ms);
        }
        return 0;
    case H1_FOUND_BAD:
        reject(self, ENDING_MALFORMED, 400);
        return bytes.len;
    case H1_FOUND_HEAD:
        break;
    }
    struct head *head = &self->relay->request_head;
    enum h1_error error =
        h1_parse_head(self->codec, span_first(bytes, len), &limits, head);
    if (error != H1_ERROR_NONE) {
        reject(self, ending_of(error), h1_error_status(error));
        return bytes.len;
    }
    begin_exchange(self);
    self->request_read = head->framing == FRAMING_NONE;
    exchange_begin(self, head);
    return len;
}

/* Hands a piece of the body to the exchange. Returns the bytes taken. */
static size_t take_body(struct client *self, struct span bytes)
{
    struct span content;
    size_t consumed = 0;
    enum piece piece = h1_parse_body(self->codec, bytes, &content, &consumed);

    self->request_read = piece == PIECE_LAST;
    exchange_on_body(self->exchange, content, piece);
    return piece == PIECE_BROKEN ? bytes.len : consumed;
}

/* True when `bytes` can be worked on now. */
static bool can_take(const struct client *self)
{
    switch (self->state) {
    case CLIENT_CLOSED:
        return false;
    case CLIENT_IDLE:
    case CLIENT_HEAD:
        return true;
    case CLIENT_EXCHANGE:
        return self->exchange != NULL && exchange_takes_body(self->exchange);
    case CLIENT_LINGER:
        return true;
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
        break;
    }
    UNREACHABLE();
}

/* What cannot be worked on waits; while anything waits for an exchange reading rests. */
static void wait_with(struct client *self, struct span rest)
{
    if (!keep_only(self, rest)) {
        client_free(self);
        return;
    }
    if (self->state == CLIENT_EXCHANGE && self->backlog_len > 0) {
        stream_pause(self->stream, PAUSE_BACKLOG);
    } else {
        stream_resume(self->stream, PAUSE_BACKLOG);
    }
    if (self->state == CLIENT_LINGER &&
        (self->ended || self->lingered > LINGER_BYTES_MAX)) {
        client_free(self);
        return;
    }
    if (self->ended && self->state != CLIENT_EXCHANGE) {
        client_free(self);
    }
}

/* Works through bytes in order until they are used up or something must be waited for.
 * The last line may free `self`. */
static void pump(struct client *self, struct span bytes)
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

static void pump_backlog(struct client *self)
{
    if (!self->pumping) {
        pump(self, (struct span){.ptr = self->backlog, .len = self->backlog_len});
    }
}

static struct stream_space on_space(void *owner)
{
    (void)owner;
    return (struct stream_space){0};
}

static void on_read(void *owner, struct span bytes)
{
    struct client *self = owner;

    if (self->backlog_len > 0) {
        if (!keep(self, bytes)) {
            if (self->exchange != NULL) {
                exchange_on_client_gone(self->exchange);
                return;
            }
            client_free(self);
            return;
        }
        bytes = (struct span){.ptr = self->backlog, .len = self->backlog_len};
    }
    pump(self, bytes);
}

static void on_end(void *owner, enum err err)
{
    struct client *self = owner;

    self->ended = true;
    if (self->exchange == NULL) {
        client_free(self);
        return;
    }
    if (err != ERR_CLOSED || !self->request_read) {
        exchange_on_client_gone(self->exchange);
    }
}

static void on_drain(void *owner, enum err err)
{
    struct client *self = owner;
    if (self->exchange != NULL) {
        exchange_on_client_drain(self->exchange, err);
    }
}

static void ignore_connect(void *owner, enum err err)
{
    (void)owner;
    (void)err;
}

static const struct stream_events CLIENT_EVENTS = {
    .space = on_space,
    .on_read = on_read,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_connect = ignore_connect,
};

static void on_due(struct deadline *deadline)
{
    struct client *self = LIST_ENTRY(deadline, struct client, deadline);

    if (self->state == CLIENT_HEAD) {
        reject(self, ENDING_HEADER_TIMEOUT, 408);
        return;
    }
    client_free(self);
}

void client_drain(struct client *self)
{
    if (self->state == CLIENT_IDLE) {
        client_free(self);
    }
}

/* Our answer is out; what the client still sends is dropped until it hears of the end. */
static void linger(struct client *self)
{
    self->state = CLIENT_LINGER;
    self->lingered = 0;
    stream_finish(self->stream);
    set_deadline(self, LINGER_MS);
}

static void close_as(struct client *self, enum disposition disposition)
{
    switch (disposition) {
    case DISPOSITION_RESET:
        stream_reset(&self->stream);
        self->state = CLIENT_CLOSED;
        return;
    case DISPOSITION_CLOSE:
        self->state = CLIENT_CLOSED;
        return;
    case DISPOSITION_LINGER:
        linger(self);
        return;
    case DISPOSITION_KEEP:
        become_idle(self);
        return;
    }
    UNREACHABLE();
}

void client_on_done(struct client *self, struct exchange *exchange,
                    enum disposition disposition)
{
    CHECK(self->exchange == NULL || self->exchange == exchange);
    self->exchange = NULL;
    close_as(self, disposition);
    if (self->pumping) {
        return;
    }
    if (self->state == CLIENT_CLOSED) {
        client_free(self);
        return;
    }
    pump_backlog(self);
}

void client_set_exchange(struct client *self, struct exchange *exchange)
{
    self->exchange = exchange;
}

void client_resume_body(struct client *self)
{
    if (!self->pumping) {
        pump_backlog(self);
    }
}

struct fingerprint client_fingerprint(struct client *self, struct span token)
{
    if (self->token_len == token.len && token.len > 0 &&
        memcmp(self->token, token.ptr, token.len) == 0) {
        return self->fingerprint;
    }
    struct fingerprint fingerprint = fingerprint_of(self->relay->fingerprinter, token);
    if (token.len <= TOKEN_KEPT_MAX) {
        memcpy(self->token, token.ptr, token.len);
        self->token_len = (uint16_t)token.len;
        self->fingerprint = fingerprint;
    }
    return fingerprint;
}

struct stream *client_stream(struct client *self)
{
    return self->stream;
}

struct relay *client_relay(struct client *self)
{
    return self->relay;
}

const struct listen_settings *client_listen(const struct client *self)
{
    return self->listen;
}

struct address client_peer(const struct client *self)
{
    return self->peer;
}

bool client_request_read(const struct client *self)
{
    return self->request_read;
}

struct client *client_of_link(struct list_link *link)
{
    return LIST_ENTRY(link, struct client, link);
}
