#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "relay/client_h2_state.h"

enum {
    BODY_MIN = 4096,

    /* Who has reset more streams of late is served from the end of each read on: what is
     * opened and reset in one read (rapid reset) then costs neither exchange nor server.
     */
    RESETS_TRUSTED = 8,
};

static struct h2_caller *caller_of_stream(struct h2_stream *stream)
{
    return LIST_ENTRY(stream, struct h2_caller, stream);
}

/* ---- bounds ---- */

/* Counts bytes that wait here against the client's address. False: too much. */
static bool charge(struct h2_caller *self, size_t len)
{
    struct relay_shared *shared = self->connection->relay->shared;

    self->charged += len;
    return admission_charge(shared->admission, &self->caller.client->peer, len,
                            shared->budget.total_max / CLIENT_H2_SHARE);
}

static void discharge(struct h2_caller *self, size_t len)
{
    CHECK(len <= self->charged);
    if (len > 0) {
        self->charged -= len;
        admission_discharge(self->connection->relay->shared->admission,
                            &self->caller.client->peer, len);
    }
}

/* The first stream is what the connection was let in for; each other one counts. */
static bool admit(struct h2_caller *self)
{
    struct client_h2 *connection = self->connection;
    const struct limits *limits = client_limits(self->caller.client);

    if (connection->running == 0) {
        return true;
    }
    if (connection->running >= connection->running_most) {
        return false;
    }
    self->admitted = admission_enter(connection->relay->shared->admission,
                                     &self->caller.client->peer, limits->connections_max,
                                     limits->connections_per_address_max) == ADMITTED;
    return self->admitted;
}

/* ---- life ---- */

static struct h2_caller *h2_caller_new(struct client_h2 *connection)
{
    struct h2_caller *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->caller = (struct caller){
        .kind = &CLIENT_H2_CALLER,
        .client = connection->client,
        .shares = true,
        .share = CLIENT_H2_SHARE,
    };
    self->connection = connection;
    list_push_back(&connection->streams, &self->link);
    client_h2_note_count(connection, 1);
    return self;
}

static void drop_body(struct h2_caller *self)
{
    if (self->body != NULL) {
        explicit_bzero(self->body, self->body_len);
        free(self->body);
    }
    self->body = NULL;
    self->body_len = 0;
    self->body_capacity = 0;
}

static void drop_text(struct h2_caller *self)
{
    if (self->text != NULL) {
        explicit_bzero(self->text, self->text_len);
        free(self->text);
        self->text = NULL;
    }
}

void h2_caller_free(struct h2_caller *self)
{
    struct client_h2 *connection = self->connection;

    CHECK(self->caller.exchange == NULL && self->stream.id == 0);
    h2_caller_lend(self, 0);
    discharge(self, self->charged);
    h2_consume_closed(connection->h2, self->body_len);
    drop_body(self);
    drop_text(self);
    if (self->admitted) {
        admission_leave(connection->relay->shared->admission, &self->caller.client->peer);
    }
    connection->running -= self->running ? 1 : 0;
    list_remove(&self->link);
    client_h2_note_count(connection, -1);
    client_h2_schedule(connection);
    free(self);
}

/* The client does not hear of it any more. */
void h2_caller_break(struct h2_caller *self)
{
    if (self->stream.id != 0) {
        h2_close(self->connection->h2, &self->stream, H2_RESET_CUT);
    }
    if (self->running) {
        exchange_on_client_gone(self->caller.exchange);
        return;
    }
    h2_caller_free(self);
}

/* ---- requests ---- */

static void reject(struct h2_caller *self, enum h1_error error)
{
    self->rejected = error == H1_ERROR_MALFORMED || error == H1_ERROR_AMBIGUOUS;
    self->caller.request_read = self->bodyless;
    exchange_reject(&self->caller, client_ending_of(error), h1_error_status(error));
}

/* May end it: `self` is gone afterwards, or is not. */
static void begin(struct h2_caller *self, struct span text, enum h1_error error)
{
    struct client_h2 *connection = self->connection;
    struct head *head = &connection->relay->request_head;

    self->running = true;
    connection->running++;
    if (error == H1_ERROR_NONE) {
        error = h2_parse_head(connection->h2, text, self->bodyless, head);
    }
    if (error != H1_ERROR_NONE) {
        reject(self, error);
        return;
    }
    self->caller.request_read = head->framing == FRAMING_NONE;
    exchange_begin(&self->caller, head);
}

/* Keeps the head until an exchange may begin. False: memory, or too much waits. */
static bool wait_with(struct h2_caller *self, struct span text)
{
    self->text = malloc(text.len + 1);
    if (self->text == NULL) {
        return false;
    }
    self->text_len = text.len;
    memcpy(self->text, text.ptr, text.len);
    return charge(self, text.len);
}

static void on_request(void *owner, int32_t id, enum h1_error error, struct span text,
                       bool ended)
{
    struct client_h2 *connection = owner;
    struct h2_caller *self =
        connection->phase == H2_PHASE_OVER ? NULL : h2_caller_new(connection);

    if (self == NULL) {
        return;
    }
    self->bodyless = ended;
    self->body_ended = ended;
    bool trusted = h2_resets(connection->h2) <= RESETS_TRUSTED;
    if (error != H1_ERROR_NONE || (trusted && admit(self))) {
        h2_attach(connection->h2, id, &self->stream);
        begin(self, text, error);
    } else if (wait_with(self, text)) {
        h2_attach(connection->h2, id, &self->stream);
    } else {
        h2_caller_free(self);
    }
}

/* Begins those that waited, oldest first, as far as they may. */
void h2_caller_begin_waiting(struct client_h2 *connection)
{
    struct list_link *link = list_first(&connection->streams);

    while (link != NULL && link != &connection->streams.head) {
        struct h2_caller *self = LIST_ENTRY(link, struct h2_caller, link);
        link = link->next;
        if (self->text == NULL) {
            continue;
        }
        if (!admit(self)) {
            return;
        }
        uint8_t *text = self->text;
        struct span span = {.ptr = text, .len = self->text_len};
        self->text = NULL;
        discharge(self, span.len);
        begin(self, span, H1_ERROR_NONE);
        explicit_bzero(text, span.len);
        free(text);
    }
}

/* ---- bodies ---- */

static bool keep(struct h2_caller *self, struct span content)
{
    size_t needed = self->body_len + content.len;

    if (needed > self->body_capacity) {
        size_t capacity = needed < BODY_MIN ? BODY_MIN : 2 * needed;
        uint8_t *more = malloc(capacity);
        if (more == NULL) {
            return false;
        }
        size_t len = self->body_len;
        if (len > 0) {
            memcpy(more, self->body, len);
        }
        drop_body(self);
        self->body = more;
        self->body_len = len;
        self->body_capacity = capacity;
    }
    if (content.len > 0) {
        memcpy(self->body + self->body_len, content.ptr, content.len);
        self->body_len = needed;
    }
    return charge(self, content.len);
}

static bool takes_body(const struct h2_caller *self)
{
    return self->caller.exchange != NULL && exchange_takes_body(self->caller.exchange);
}

/* Hands a piece on. The window opens by as much. May free `self`. */
static void give(struct h2_caller *self, struct span content)
{
    enum piece piece = self->body_ended ? PIECE_LAST : PIECE_MORE;

    h2_consume(self->connection->h2, &self->stream, content.len);
    client_h2_schedule(self->connection);
    self->caller.request_read = self->body_ended;
    exchange_on_body(self->caller.exchange, content, piece);
}

static void on_body(struct h2_stream *stream, struct span content, bool last)
{
    struct h2_caller *self = caller_of_stream(stream);

    self->body_ended = last;
    if (self->body_len == 0 && takes_body(self)) {
        give(self, content);
    } else if (!keep(self, content)) {
        h2_close(self->connection->h2, stream, H2_RESET_REFUSED);
        h2_caller_break(self);
    }
}

/* What waited for the exchange, which may take it now. May free `self`. */
void h2_caller_resume_body(struct h2_caller *self)
{
    bool waits = self->body_len > 0 || (self->body_ended && !self->caller.request_read);

    if (self->stream.id == 0 || !waits || !takes_body(self)) {
        return;
    }
    uint8_t *body = self->body;
    struct span content = {.ptr = body, .len = self->body_len};
    discharge(self, content.len);
    self->body = NULL;
    self->body_len = 0;
    self->body_capacity = 0;
    give(self, content);
    if (body != NULL) {
        explicit_bzero(body, content.len);
        free(body);
    }
}

static void on_closed(struct h2_stream *stream)
{
    h2_caller_break(caller_of_stream(stream));
}

const struct h2_events CLIENT_H2_EVENTS = {
    .on_request = on_request,
    .on_body = on_body,
    .on_closed = on_closed,
};
