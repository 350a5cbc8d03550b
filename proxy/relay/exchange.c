#include "relay/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "relay/drill.h"
#include "relay/exchange_rooms.h"

enum {
    /* Rounds that one event may take; an answer of many small pieces takes many. Only a
     * loop without progress comes this far. */
    ROUNDS_MAX = 1 << 22,
};

static const struct {
    enum step (*run)(struct exchange *self);
    const char *name;
} TABLE[STATE_COUNT] = {
#define EXCHANGE_STATE_ROW(id, function, name) [STATE_##id] = {(function), (name)},
    EXCHANGE_STATES(EXCHANGE_STATE_ROW)
#undef EXCHANGE_STATE_ROW
};

static void on_due(struct deadline *deadline)
{
    struct exchange *self = LIST_ENTRY(deadline, struct exchange, deadline);
    self->timed_out = true;
    exchange_advance(self);
}

static struct exchange *take_spare(struct relay *relay)
{
    struct list_link *link = list_first(&relay->spare_exchanges);
    if (link != NULL) {
        list_remove(link);
        return LIST_ENTRY(link, struct exchange, link);
    }
    return malloc(sizeof(struct exchange));
}

/* An exchange with all facts unset. The raw memory at its end is not touched. */
static struct exchange *exchange_new(struct caller *caller)
{
    struct relay *relay = client_relay(caller->client);
    struct exchange *self = take_spare(relay);

    if (self == NULL) {
        return NULL;
    }
    memset(self, 0, offsetof(struct exchange, asker));
    self->relay = relay;
    self->caller = caller;
    self->client = caller->client;
    self->plan = plan_ref(relay->plan);
    self->deadline.on_due = on_due;
    self->began_us = loop_round_us(relay->loop);
    self->detector = "";
    self->would_have = "";
    self->request_text = self->request_inline;
    self->request_text_capacity = EXCHANGE_TEXT_SIZE;
    self->reply_text = self->reply_inline;
    self->reply_text_capacity = EXCHANGE_TEXT_SIZE;
    self->path[0] = '\0';
    self->method_text[0] = '\0';
    hold_init(&self->hold, relay->blocks);
    return self;
}

static void exchange_free(struct exchange *self)
{
    struct relay *relay = self->relay;

    CHECK(self->upstream == NULL && self->scan == NULL && self->decoder == NULL);
    CHECK(!list_linked(&self->hold_link) && !list_linked(&self->settle_link));
    CHECK(!list_linked(&self->open_link));
    list_remove(&self->upload.link);
    deadline_remove(&self->deadline);
    exchange_ticket_forget(self);
    free(self->subjects);
    if (self->request_text != self->request_inline) {
        free(self->request_text);
    }
    if (self->reply_text != self->reply_inline) {
        free(self->reply_text);
    }
    free(self->socket);
    if (self->login_body != NULL) {
        explicit_bzero(self->login_body, self->login_body_len);
        free(self->login_body);
    }
    self->asker.claim.len = 0;
    plan_unref(&self->plan);
    list_push_front(&relay->spare_exchanges, &self->link);
}

void exchange_free_spares(struct relay *relay)
{
    for (struct list_link *link = list_take_first(&relay->spare_exchanges); link != NULL;
         link = list_take_first(&relay->spare_exchanges)) {
        free(LIST_ENTRY(link, struct exchange, link));
    }
}

static void write_access_log(const struct exchange *self, uint64_t duration_us)
{
    char session[FINGERPRINT_DIGITS + 1] = "";
    const struct asker *asker = &self->asker;

    if (self->relay->access_log == NULL) {
        return;
    }
    if (asker->token_count > 0 || asker->kind == ASKER_STATELESS) {
        const struct fingerprint *name = asker->session.id != 0   ? &asker->session.first
                                         : asker->token_count > 0 ? &asker->tokens[0]
                                                                  : &asker->credential;
        fingerprint_format(name, session);
        session[FINGERPRINT_DIGITS] = '\0';
    }
    struct access_log_line line = {
        .unix_ms = loop_unix_ms(self->relay->loop),
        .duration_us = duration_us,
        .drill = drill_is(self),
        .id = self->id,
        .client = &self->client_address,
        .method = span_of(self->method_text),
        .path = span_of(self->path),
        .route = span_of(self->routed.route->pattern),
        .status = self->status,
        .bytes = self->body_sent,
        .ending = self->ending,
        .session = session,
        .upstream = self->upstream_number > 0 ? pool_settings(self->pool)->name : "",
        .upstream_connection = self->upstream_number,
        .detector = self->detector,
        .would_have = self->would_have,
        .incident = self->incident,
        .coverage = self->coverage,
    };
    access_log_write(self->relay->access_log, &line);
}

/* Counts and logs the end; then the client has it back. */
static void end(struct exchange *self)
{
    uint64_t now_us = loop_clock_us();
    struct meter_exchange facts = {
        .route = self->routed.index,
        .status = self->status,
        .ending = self->ending,
        .duration_us = now_us - self->began_us,
        .hold_us = self->released_us > 0 ? self->released_us - self->hold_began_us : 0,
    };

    CHECK(self->ending != ENDING_NONE);
    if (!drill_is(self)) {
        meter_exchange(self->relay, self->plan->meter, &facts);
    }
    drill_note_end(self);
    write_access_log(self, facts.duration_us);
    exchange_note_write(self);
    struct caller *caller = self->caller;
    enum disposition disposition = self->disposition;
    exchange_free(self);
    caller->kind->on_done(caller, self, disposition);
}

/* The only loop that moves an exchange. The last line may free `self`. No state waits
 * once the client is gone: a connection that breaks frees what its exchanges refer to. */
void exchange_advance(struct exchange *self)
{
    if (self->advancing) {
        return;
    }
    self->advancing = true;
    enum step step = STEP_AGAIN;
    for (int round = 0; step == STEP_AGAIN; round++) {
        CHECK(round < ROUNDS_MAX);
        step = TABLE[self->state].run(self);
        if (step == STEP_WAIT && self->client_gone) {
            step = exchange_close_silently(self, ENDING_CLIENT_GONE);
        }
    }
    self->advancing = false;
    if (step == STEP_DONE) {
        end(self);
    }
}

enum step exchange_become(struct exchange *self, enum exchange_state state)
{
    self->state = state;
    return STEP_AGAIN;
}

void exchange_set_deadline(struct exchange *self, uint64_t timeout_ms)
{
    struct loop *loop = self->relay->loop;
    self->timed_out = false;
    deadline_set(&self->deadline, loop_wheel(loop), loop_now_ms(loop) + timeout_ms);
}

const struct limits *exchange_limits(const struct exchange *self)
{
    return &self->plan->site->limits;
}

void exchange_begin(struct caller *caller, const struct head *head)
{
    struct exchange *self = exchange_new(caller);
    if (self == NULL) {
        caller->kind->on_done(caller, NULL, DISPOSITION_CLOSE);
        return;
    }
    self->advancing = true;
    exchange_open(self, head);
    self->advancing = false;
    exchange_advance(self);
}

void exchange_reject(struct caller *caller, enum ending ending, unsigned status)
{
    struct exchange *self = exchange_new(caller);
    if (self == NULL) {
        caller->kind->on_done(caller, NULL, DISPOSITION_CLOSE);
        return;
    }
    caller->exchange = self;
    self->client_address = client_peer(self->client);
    self->routed.index = (unsigned)self->plan->site->route_count - 1;
    self->routed.other = self->routed.index;
    self->routed.route = &self->plan->site->routes[self->routed.index];
    self->asker = (struct asker){0};
    self->answer.complete = false;
    memset(self->id, '0', JOURNAL_ID_DIGITS);
    self->id[JOURNAL_ID_DIGITS] = '\0';
    meter_rejected(self->relay, ending);
    (void)exchange_reply_error(self, status, ending);
    exchange_advance(self);
}

void exchange_on_client_drain(struct exchange *self, enum err err)
{
    self->drained = true;
    self->client_gone = self->client_gone || err != ERR_NONE;
    exchange_advance(self);
}

void exchange_on_client_busy(struct exchange *self)
{
    if (!exchange_charge(self)) {
        exchange_on_client_full(self);
    }
}

void exchange_on_client_full(struct exchange *self)
{
    self->client_full = true;
    exchange_advance(self);
}

void exchange_on_client_gone(struct exchange *self)
{
    self->client_gone = true;
    exchange_advance(self);
}

void exchange_on_client_end(struct exchange *self)
{
    self->client_ended = true;
    exchange_advance(self);
}

/* The connection is of no further use: what it will still say is nobody's. */
void exchange_drop_upstream(struct exchange *self)
{
    if (self->request.waiting || self->request.connecting != NULL) {
        pool_cancel(self->pool, &self->request);
    }
    if (self->upstream != NULL) {
        pool_discard(&self->upstream);
    }
}

/* Says goodbye to the connection: kept under its session's name if provably clean. */
void exchange_part_with_upstream(struct exchange *self)
{
    const struct asker *asker = &self->asker;
    bool shared = pool_settings(self->pool)->connections == CONNECTIONS_SHARED;
    bool clean = self->upstream_clean && self->request_sent && !self->request.alone &&
                 !self->upstream_failed && self->answer_part == ANSWER_COMPLETE;

    if (self->upstream == NULL) {
        return;
    }
    clean = clean && !stream_pending(self->upstream->stream);
    struct fingerprint key = self->request.key;
    if (asker->token_count == 0 && asker->kind != ASKER_STATELESS && !shared) {
        bool touched = asker->unsafe || self->routed.role != ROLE_NONE ||
                       self->answer.issued_count > 0;
        if (touched && self->has_fresh_key) {
            key = self->fresh_key;
        } else if (touched) {
            clean = false;
        }
    }
    pool_stick(self->upstream, asker->token_count == 0 && self->has_fresh_key
                                   ? &self->fresh_key
                                   : &self->request.session);
    if (!clean) {
        pool_discard(&self->upstream);
        return;
    }
    if (!fingerprint_none(client_bound_key(self->client))) {
        key = exchange_private_key(self, key);
    }
    memcpy(self->upstream->previous_id, self->id, sizeof(self->id));
    self->upstream->previous_session[0] = '\0';
    if (asker->token_count > 0) {
        fingerprint_format(asker->session.id != 0 ? &asker->session.first
                                                  : &asker->tokens[0],
                           self->upstream->previous_session);
        self->upstream->previous_session[FINGERPRINT_DIGITS] = '\0';
    }
    pool_return(&self->upstream, &key);
}

/* Everything has been said: gives back what is still held, keeps the upstream if clean.
 */
enum step exchange_step_end(struct exchange *self)
{
    exchange_drop_upstream(self);
    exchange_settle_identity(self);
    exchange_stop_answer(self, self->ending != ENDING_RELEASED);
    list_remove(&self->settle_link);
    list_remove(&self->open_link);
    return STEP_DONE;
}

const char *exchange_state_name(const struct exchange *self)
{
    return TABLE[self->state].name;
}
