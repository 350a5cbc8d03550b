#include "relay/drill.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/client.h"
#include "relay/drill_page.h"
#include "relay/exchange_state.h"
#include "relay/relay.h"

enum {
    TOKEN_BYTES = 16, /* As hex digits a token is twice as long. */
    NAME_BYTES = 4,
    NAME_SIZE = 40,
    ASKED_MAX = 16384, /* Of the request that its site hears. */
    HEARD_MAX = 32768, /* Of the answer that its client hears. */
    LONG_AGO_MS = 60000,
};

struct drill {
    struct relay *relay;
    struct drill_order *order;
    struct stream *client; /* Our end of both pairs. */
    struct stream *site;
    int site_fd; /* The relay's end, until it is asked for; or -1. */
    struct deadline deadline;
    struct fingerprint token;
    uint64_t began_us;
    char subject[NAME_SIZE];
    size_t asked_len;
    size_t heard_len;
    uint8_t asked[ASKED_MAX];
    uint8_t heard[HEARD_MAX];
};

static struct drill *drill_of(const struct exchange *exchange)
{
    struct drill *self = exchange->relay->drill;
    const struct asker *asker = &exchange->asker;
    bool own = self != NULL && drill_is(exchange) && asker->token_count > 0 &&
               fingerprint_equal(&asker->tokens[0], &self->token);

    return own ? self : NULL;
}

static uint64_t elapsed_us(const struct drill *self)
{
    uint64_t now_us = loop_clock_us();
    return now_us > self->began_us ? now_us - self->began_us : 1;
}

bool drill_is(const struct exchange *exchange)
{
    return client_listen(exchange->client)->drill;
}

void drill_note_refused(const struct exchange *exchange)
{
    struct drill *self = drill_of(exchange);
    if (self != NULL) {
        self->order->result.refused_us = elapsed_us(self);
    }
}

void drill_note_recorded(const struct exchange *exchange)
{
    struct drill *self = drill_of(exchange);
    if (self != NULL && !exchange->commit_failed) {
        self->order->result.recorded_us = elapsed_us(self);
    }
}

void drill_note_end(const struct exchange *exchange)
{
    struct drill *self = drill_of(exchange);
    if (self == NULL) {
        return;
    }
    struct drill_result *result = &self->order->result;
    result->ending = exchange->ending;
    result->incident = exchange->incident;
    memcpy(result->exchange_id, exchange->id, sizeof(result->exchange_id));
}

uint64_t drill_feature(const struct exchange *exchange)
{
    const struct drill *self = drill_of(exchange);
    return self != NULL ? UINT64_C(1) << self->order->aim.slot : FEATURE_LOGIN_BIT;
}

int drill_take_site(const struct exchange *exchange)
{
    struct drill *self = drill_of(exchange);
    if (self == NULL) {
        return -1;
    }
    int fd = self->site_fd;
    self->site_fd = -1;
    return fd;
}

/* ---- The end ---- */

static void forget_session(struct drill *self)
{
    struct registry *registry = self->relay->shared->registry;
    struct session session;

    registry_find(registry, &self->token, loop_now_ms(self->relay->loop), false,
                  &session);
    if (session.id != 0) {
        registry_remove(registry, session.id);
    }
}

void drill_stop(struct relay *relay)
{
    struct drill *self = relay->drill;
    if (self == NULL) {
        return;
    }
    relay->drill = NULL;
    forget_session(self);
    deadline_remove(&self->deadline);
    stream_free(&self->client);
    stream_free(&self->site);
    if (self->site_fd >= 0) {
        (void)close(self->site_fd);
    }
    free(self);
}

static void answer(struct drill_order *order)
{
    order->mail.deliver = order->on_done;
    mailbox_post(order->reply_to, &order->mail);
}

/* `self` is gone after this. */
static void finish(struct drill *self)
{
    struct drill_order *order = self->order;

    drill_stop(self->relay);
    answer(order);
}

static void on_due(struct deadline *deadline)
{
    finish(LIST_ENTRY(deadline, struct drill, deadline));
}

/* ---- Its client ---- */

static void on_heard(void *owner, struct span bytes)
{
    struct drill *self = owner;

    bytes = span_first(bytes, sizeof(self->heard) - self->heard_len);
    memcpy(self->heard + self->heard_len, bytes.ptr, bytes.len);
    self->heard_len += bytes.len;
}

static bool contains(struct span text, struct span wanted)
{
    return memmem(text.ptr, text.len, wanted.ptr, wanted.len) != NULL;
}

static unsigned status_of(struct span answer)
{
    uint64_t status = 0;
    struct span digits = span_first(span_from(answer, sizeof("HTTP/1.1 ") - 1), 3);

    return digits.len == 3 && parse_u64(digits, &status) == ERR_NONE ? (unsigned)status
                                                                     : 0;
}

/* All of the answer is there, or there is none. */
static void on_client_end(void *owner, enum err err)
{
    struct drill *self = owner;
    struct drill_result *result = &self->order->result;
    struct span heard = {.ptr = self->heard, .len = self->heard_len};

    result->status = status_of(heard);
    result->leaked = contains(heard, span_of(self->subject));
    if (err == ERR_CLOSED && result->status != 0) {
        result->answered_us = elapsed_us(self);
    }
    finish(self);
}

static struct stream_space no_space(void *owner)
{
    (void)owner;
    return (struct stream_space){0};
}

static void ignore(void *owner, enum err err)
{
    (void)owner;
    (void)err;
}

static const struct stream_events CLIENT_EVENTS = {
    .space = no_space,
    .on_read = on_heard,
    .on_end = on_client_end,
    .on_drain = ignore,
    .on_connect = ignore,
};

/* ---- Its site ---- */

static void answer_request(struct drill *self)
{
    struct site *site = self->relay->plan->site;
    struct writer page = writer_of(malloc(DRILL_PAGE_SIZE_MAX), DRILL_PAGE_SIZE_MAX);
    struct span asked = {.ptr = self->asked, .len = self->asked_len};

    if (page.ptr == NULL || self->order->aim.class_index >= site->class_count) {
        free(page.ptr);
        stream_free(&self->site);
        return;
    }
    drill_page_write(&site->classes[self->order->aim.class_index], span_of(self->subject),
                     asked, &page);
    const struct span bytes = writer_span(&page);
    if (page.full || stream_write(self->site, &bytes, 1, false) == WRITTEN_FAILED) {
        stream_free(&self->site);
    }
    free(page.ptr);
}

static void on_asked(void *owner, struct span bytes)
{
    struct drill *self = owner;
    struct span room = span_first(bytes, sizeof(self->asked) - self->asked_len);

    memcpy(self->asked + self->asked_len, room.ptr, room.len);
    self->asked_len += room.len;
    struct span asked = {.ptr = self->asked, .len = self->asked_len};
    if (contains(asked, SPAN("\r\n\r\n"))) {
        answer_request(self);
    }
}

static void on_site_end(void *owner, enum err err)
{
    struct drill *self = owner;

    (void)err;
    stream_free(&self->site);
}

static const struct stream_events SITE_EVENTS = {
    .space = no_space,
    .on_read = on_asked,
    .on_end = on_site_end,
    .on_drain = ignore,
    .on_connect = ignore,
};

/* ---- The beginning ---- */

/* A name that no user has. */
static void make_name(struct relay *relay, const char *prefix, char *name_out)
{
    struct writer out = writer_of(name_out, NAME_SIZE);
    char digits[2 * NAME_BYTES];

    format_hex(relay_random(relay, NAME_BYTES), NAME_BYTES, digits);
    writer_text(&out, prefix);
    writer_put(&out,
               (struct span){.ptr = (const uint8_t *)digits, .len = sizeof(digits)});
    writer_byte(&out, '\0');
    CHECK(!out.full);
}

/* A session as after a login, some time ago. */
static bool make_session(struct drill *self)
{
    struct relay *relay = self->relay;
    uint64_t now_ms = loop_now_ms(relay->loop);
    char viewer[NAME_SIZE];
    struct session session = {
        .generation = 1,
        .binding = BINDING_CONFIRMED,
        .by_login = true,
        .bound_at_ms = now_ms > LONG_AGO_MS ? now_ms - LONG_AGO_MS : 1,
    };

    make_name(relay, "countermark-drill-viewer-", viewer);
    return user_set(&session.requester, span_of(viewer)) &&
           registry_commit(relay->shared->registry, &session, &self->token, 1, now_ms) ==
               REGISTRY_STORED;
}

/* Both pairs, with a client of the relay at the far end of the first. */
static bool open_ends(struct drill *self)
{
    static const struct listen_settings LISTEN = {.http2 = HTTP2_OFF, .drill = true};
    struct loop *loop = self->relay->loop;
    int client[2];
    int site[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, site) != 0) {
        return false;
    }
    self->site_fd = site[1];
    self->site = stream_open(loop, site[0], &SITE_EVENTS, self);
    if (self->site == NULL ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client) != 0) {
        return false;
    }
    self->client = stream_open(loop, client[0], &CLIENT_EVENTS, self);
    if (self->client == NULL) {
        (void)close(client[1]);
        return false;
    }
    client_open(self->relay, client[1], &LISTEN, NULL);
    stream_start(self->site);
    stream_start(self->client);
    return true;
}

static const char *begin(struct drill *self)
{
    uint8_t memory[4 * DRILL_TEXT_MAX + 256];
    struct writer out = writer_of(memory, sizeof(memory));
    char digits[2 * TOKEN_BYTES];
    const struct span token = {.ptr = (const uint8_t *)digits, .len = sizeof(digits)};

    format_hex(relay_random(self->relay, TOKEN_BYTES), TOKEN_BYTES, digits);
    self->token = fingerprint_of(self->relay->fingerprinter, token);
    make_name(self->relay, "countermark-drill-subject-", self->subject);
    drill_aim_write(&self->order->aim, &self->relay->plan->site->session, token, &out);
    if (out.full) {
        return "The request of the drill would be too long.";
    }
    if (!make_session(self)) {
        return "No session could be made: `session.max` is reached.";
    }
    if (!open_ends(self)) {
        return "There are no descriptors or no memory for a drill.";
    }
    self->began_us = loop_clock_us();
    self->order->result.began_ms = loop_unix_ms(self->relay->loop);
    const struct span bytes = writer_span(&out);
    return stream_write(self->client, &bytes, 1, false) != WRITTEN_FAILED
               ? NULL
               : "The drill's client could not ask.";
}

void drill_start(struct relay *relay, struct drill_order *order)
{
    order->result = (struct drill_result){0};
    struct drill *self = relay->drill == NULL ? calloc(1, sizeof(*self)) : NULL;
    if (self == NULL) {
        order->result.error = "A drill is under way, or there is no memory for one.";
        answer(order);
        return;
    }
    self->relay = relay;
    self->order = order;
    self->site_fd = -1;
    self->deadline.on_due = on_due;
    relay->drill = self;
    order->result.error = begin(self);
    if (order->result.error != NULL) {
        finish(self);
        return;
    }
    deadline_set(&self->deadline, loop_wheel(relay->loop),
                 loop_now_ms(relay->loop) + order->patience_ms);
}
