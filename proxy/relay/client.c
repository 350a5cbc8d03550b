#include "relay/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "relay/client_h2.h"
#include "relay/client_state.h"
#include "relay/pool.h"

enum {
    LINGER_MS = 2000, /* How long unread bytes may still come after our answer. */
};

static const struct stream_events CLIENT_EVENTS;
static void on_due(struct deadline *deadline);

void client_bind(struct client *self)
{
    if (fingerprint_none(&self->bound_key)) {
        memcpy(self->bound_key.bytes, relay_random(self->relay, FINGERPRINT_SIZE),
               FINGERPRINT_SIZE);
        /* By the last byte a session finds its server: that stays the same. */
        self->bound_key.bytes[FINGERPRINT_SIZE - 1] = 0;
    }
}

const struct fingerprint *client_bound_key(const struct client *self)
{
    return &self->bound_key;
}

void client_note_proof(struct client *self)
{
    self->proved = true;
}

bool client_has_proved(const struct client *self)
{
    return self->proved;
}

/* What servers bound to this client is of use to nobody else. */
static void forget_bound(struct client *self)
{
    struct plan *plan = self->relay->plan;

    if (fingerprint_none(&self->bound_key) || plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->site->upstream_count; i++) {
        pool_forget(plan->pools[i], &self->bound_key);
    }
}

void client_free(struct client *self)
{
    struct relay *relay = self->relay;

    CHECK(self->caller.exchange == NULL && self->h2 == NULL);
    forget_bound(self);
    deadline_remove(&self->deadline);
    list_remove(&self->link);
    stream_free(&self->stream);
    h1_free(&self->codec);
    tls_context_unref(&self->tls);
    admission_leave(relay->shared->admission, &self->peer);
    meter_connections(relay, METER_CLIENT_IDLE, -1);
    relay->client_count--;
    explicit_bzero(self->token, sizeof(self->token));
    free(self->certificate);
    if (self->backlog != NULL) {
        explicit_bzero(self->backlog, self->backlog_capacity);
        free(self->backlog);
    }
    free(self);
}

void client_set_deadline(struct client *self, uint64_t timeout_ms)
{
    struct loop *loop = self->relay->loop;
    deadline_set(&self->deadline, loop_wheel(loop), loop_now_ms(loop) + timeout_ms);
}

const struct limits *client_limits(const struct client *self)
{
    return &self->relay->plan->site->limits;
}

static void become_idle(struct client *self)
{
    self->state = CLIENT_IDLE;
    self->checked = 0;
    uint64_t idle_ms = client_limits(self)->idle_timeout_ms;
    uint64_t most_ms = self->relay->draining ? self->relay->drain_idle_ms : idle_ms;
    client_set_deadline(self, most_ms < idle_ms ? most_ms : idle_ms);
}

/* TLS or the first request. `taken` was read already, and lies in the backlog. */
void client_begin(struct client *self, struct span taken)
{
    if (self->tls == NULL) {
        become_idle(self);
        client_pump(self, taken);
        return;
    }
    self->state = CLIENT_SHAKE; /* Which has as long as a request's head. */
    self->backlog_len = 0;
    client_set_deadline(self, client_limits(self)->header_timeout_ms);
    bool begun = stream_secure(self->stream, self->tls, taken);
    tls_context_unref(&self->tls);
    if (!begun) {
        client_free(self);
    }
}

/* Counted in already; `stream` is this client's from now on. */
static void client_start(struct relay *relay, struct stream *stream,
                         const struct listen_settings *listen, struct tls_context *tls)
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
    self->tls = tls != NULL ? tls_context_ref(tls) : NULL;
    self->peer = peer;
    self->caller =
        (struct caller){.kind = &CLIENT_CALLER, .client = self, .share = CALLER_SHARE};
    self->deadline.on_due = on_due;
    self->may_be_h2 = listen->http2 != HTTP2_OFF || tls != NULL; /* As ALPN says. */
    relay->client_count++;
    meter_connections(relay, METER_CLIENT_IDLE, 1);
    list_push_back(&relay->clients, &self->link);
    stream_set_owner(stream, &CLIENT_EVENTS, self);
    stream_start(stream);
    if (client_preface_comes(listen, &peer)) {
        self->state = CLIENT_PREFACE;
        client_set_deadline(self, client_limits(self)->header_timeout_ms);
        return;
    }
    client_begin(self, (struct span){0});
}

/* Lets the connection in, or closes it. */
static void admit(struct relay *relay, struct stream *stream,
                  const struct listen_settings *listen, struct tls_context *tls)
{
    const struct limits *limits = &relay->plan->site->limits;
    struct address peer = stream_peer(stream);
    uint64_t address_max = client_preface_comes(listen, &peer)
                               ? limits->connections_max /* A proxy's, for a while. */
                               : limits->connections_per_address_max;

    if (client_enter(relay, &peer, address_max)) {
        client_start(relay, stream, listen, tls);
    } else {
        stream_reset(&stream);
    }
}

void client_accept(struct relay *relay, void *server_handle,
                   const struct listen_settings *listen, struct tls_context *tls)
{
    struct stream *stream =
        stream_accept(relay->loop, server_handle, &CLIENT_EVENTS, NULL);
    if (stream == NULL) {
        meter_refused_connection(relay, "descriptors");
        return;
    }
    admit(relay, stream, listen, tls);
}

void client_open(struct relay *relay, int fd, const struct listen_settings *listen,
                 struct tls_context *tls)
{
    struct stream *stream = stream_open(relay->loop, fd, &CLIENT_EVENTS, NULL);
    if (stream != NULL) {
        admit(relay, stream, listen, tls);
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

    if (self->h2 != NULL) {
        client_h2_on_read(self->h2, bytes);
        return;
    }
    if (self->backlog_len > 0 || self->state == CLIENT_PREFACE) {
        if (!client_keep(self, bytes)) {
            client_abort(self);
            return;
        }
        bytes = (struct span){.ptr = self->backlog, .len = self->backlog_len};
    }
    if (self->state == CLIENT_PREFACE) {
        client_preface_read(self, bytes);
        return;
    }
    client_pump(self, bytes);
}

static void on_end(void *owner, enum err err)
{
    struct client *self = owner;

    self->ended = true;
    if (self->h2 != NULL) {
        client_h2_on_end(self->h2);
        return;
    }
    if (self->caller.exchange == NULL) {
        client_free(self);
        return;
    }
    if (err != ERR_CLOSED || !self->caller.request_read) {
        exchange_on_client_gone(self->caller.exchange);
    } else {
        exchange_on_client_end(self->caller.exchange);
    }
}

static void on_drain(void *owner, enum err err)
{
    struct client *self = owner;
    if (self->h2 != NULL) {
        client_h2_on_drain(self->h2, err);
    } else if (self->caller.exchange != NULL) {
        exchange_on_client_drain(self->caller.exchange, err);
    }
}

/* The end of the handshake. */
static void on_connect(void *owner, enum err err)
{
    struct client *self = owner;

    meter_handshake(self->relay, METER_CLIENT,
                    err == ERR_NONE ? stream_tls(self->stream) : NULL);
    if (err != ERR_NONE) {
        client_free(self);
        return;
    }
    become_idle(self);
}

static const struct stream_events CLIENT_EVENTS = {
    .space = on_space,
    .on_read = on_read,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_connect = on_connect,
};

static void on_due(struct deadline *deadline)
{
    struct client *self = LIST_ENTRY(deadline, struct client, deadline);

    if (self->h2 != NULL) {
        client_h2_on_due(self->h2);
        return;
    }
    if (self->state == CLIENT_HEAD) {
        client_reject(self, ENDING_HEADER_TIMEOUT, 408);
        return;
    }
    client_free(self);
}

void client_drain(struct client *self)
{
    if (self->h2 != NULL) {
        client_h2_drain(self->h2);
    } else if (self->state == CLIENT_IDLE && self->relay->drain_idle_ms > 0) {
        become_idle(self);
    } else if (self->relay->drain_idle_ms == 0 &&
               (self->state == CLIENT_IDLE || self->state == CLIENT_SHAKE ||
                self->state == CLIENT_PREFACE)) {
        client_free(self);
    }
}

void client_abort(struct client *self)
{
    if (self->h2 != NULL) {
        client_h2_abort(self->h2);
        return;
    }
    if (self->caller.exchange != NULL) {
        exchange_on_client_gone(self->caller.exchange);
        return;
    }
    client_free(self);
}

/* Our answer is out; what the client still sends is dropped until it hears of the end. */
void client_linger(struct client *self)
{
    self->state = CLIENT_LINGER;
    self->lingered = 0;
    stream_finish(self->stream);
    client_set_deadline(self, LINGER_MS);
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
        client_linger(self);
        return;
    case DISPOSITION_KEEP:
        become_idle(self);
        return;
    }
    UNREACHABLE();
}

void client_end(struct client *self, enum disposition disposition)
{
    self->caller.exchange = NULL;
    meter_connections(self->relay, METER_CLIENT_ACTIVE, -1);
    meter_connections(self->relay, METER_CLIENT_IDLE, 1);
    close_as(self, disposition);
    if (self->pumping) {
        return;
    }
    if (self->state == CLIENT_CLOSED) {
        client_free(self);
        return;
    }
    client_pump_backlog(self);
}

struct fingerprint client_fingerprint(struct client *self, struct span token)
{
    if (self->token_len == token.len && token.len > 0 &&
        memcmp(self->token, token.ptr, token.len) == 0) {
        return self->fingerprint;
    }
    struct fingerprint fingerprint = fingerprint_of(self->relay->fingerprinter, token);
    if (token.len <= CLIENT_TOKEN_KEPT_MAX) {
        memcpy(self->token, token.ptr, token.len);
        self->token_len = (uint16_t)token.len;
        self->fingerprint = fingerprint;
    }
    return fingerprint;
}

struct relay *client_relay(struct client *self)
{
    return self->relay;
}

const char *client_scheme(const struct client *self)
{
    return stream_tls(self->stream) != NULL ? "https" : "http";
}

const struct listen_settings *client_listen(const struct client *self)
{
    return self->listen;
}

struct address client_peer(const struct client *self)
{
    return self->peer;
}

struct client *client_of_link(struct list_link *link)
{
    return LIST_ENTRY(link, struct client, link);
}
