#include "base/check.h"
#include "relay/client_h2_state.h"

enum {
    RUNNING_LEAST = 2,
    LENT_LITTLE = 262144, /* Answers are taken as fast as they come. */
    LENT_MUCH = 1048576,
};

static struct h2_caller *self_of(struct caller *caller)
{
    return LIST_ENTRY(caller, struct h2_caller, caller);
}

void h2_caller_lend(struct h2_caller *self, uint64_t lent)
{
    self->connection->lent += lent;
    self->connection->lent -= self->lent;
    self->lent = lent;
}

/* How many may run follows how fast the client takes what it gets: otherwise it could
 * have answers held for it that it has no room for. */
static void learn(struct client_h2 *connection)
{
    if (connection->lent < LENT_LITTLE && connection->running_most < H2_STREAMS_MAX) {
        connection->running_most++;
    } else if (connection->lent > LENT_MUCH && connection->running_most > RUNNING_LEAST) {
        connection->running_most--;
    }
}

static enum written send(struct caller *caller, const struct caller_part *part)
{
    struct h2_caller *self = self_of(caller);
    uint64_t len = 0;

    if (self->stream.id == 0 || self->connection->phase == H2_PHASE_OVER) {
        return WRITTEN_FAILED;
    }
    for (size_t i = 0; i < part->count; i++) {
        len += part->body[i].len;
    }
    h2_caller_lend(self, len);
    client_h2_schedule(self->connection);
    self->look_sent = self->connection->sent;
    struct h2_part frames = {
        .head = part->head, .body = part->body, .count = part->count, .last = part->last};
    return h2_send(self->connection->h2, &self->stream, &frames) ? WRITTEN_PART
                                                                 : WRITTEN_FAILED;
}

static bool send_continue(struct caller *caller)
{
    struct h2_caller *self = self_of(caller);

    client_h2_schedule(self->connection);
    return self->stream.id != 0 && h2_send_continue(self->connection->h2, &self->stream);
}

/* Nothing before the socket was asked: until then the client is not to blame. */
static size_t unwritten(struct caller *caller)
{
    struct h2_caller *self = self_of(caller);
    return list_linked(&self->connection->task.link) ? 0 : self->stream.left;
}

/* Its window is shut, or the whole connection stands still. */
static bool is_stalled(struct caller *caller)
{
    struct h2_caller *self = self_of(caller);
    struct client_h2 *connection = self->connection;
    bool still = connection->sent == self->look_sent;

    self->look_sent = connection->sent;
    return still || self->stream.id == 0 || h2_is_blocked(connection->h2, &self->stream);
}

static void resume_body(struct caller *caller)
{
    h2_caller_resume_body(self_of(caller));
}

static enum h2_reset reset_of(const struct h2_caller *self,
                              const struct exchange *exchange,
                              enum disposition disposition)
{
    if (exchange == NULL) {
        return H2_RESET_REFUSED;
    }
    if (disposition == DISPOSITION_RESET || !self->stream.ended) {
        return H2_RESET_CUT;
    }
    if (self->body_ended) {
        return H2_RESET_NONE;
    }
    return self->rejected ? H2_RESET_PROTOCOL : H2_RESET_UNREAD;
}

static void on_done(struct caller *caller, struct exchange *exchange,
                    enum disposition disposition)
{
    struct h2_caller *self = self_of(caller);

    CHECK(caller->exchange == NULL || caller->exchange == exchange);
    caller->exchange = NULL;
    learn(self->connection);
    h2_close(self->connection->h2, &self->stream, reset_of(self, exchange, disposition));
    h2_caller_free(self);
}

const struct caller_kind CLIENT_H2_CALLER = {
    .send = send,
    .send_continue = send_continue,
    .unwritten = unwritten,
    .is_stalled = is_stalled,
    .resume_body = resume_body,
    .on_done = on_done,
};

/* ---- what the client does not take ---- */

/* Its address has left more untaken than is its share. */
static bool is_full(const struct client_h2 *connection)
{
    struct relay_shared *shared = connection->relay->shared;

    return !admission_charge(shared->admission, &connection->client->peer, 0,
                             shared->budget.total_max / CALLER_SHARE);
}

void h2_caller_note_full(struct client_h2 *connection)
{
    uint64_t now_ms = loop_now_ms(connection->relay->loop);

    if (connection->lent == 0 || !is_full(connection)) {
        connection->full_by_ms = 0;
    } else if (connection->full_by_ms == 0) {
        connection->full_by_ms = now_ms + client_limits(connection->client)->hold_wait_ms;
    }
}

static struct h2_caller *youngest_waiting(const struct client_h2 *connection)
{
    struct list_link *link = list_last(&connection->streams);

    while (link != NULL && link != &connection->streams.head) {
        struct h2_caller *caller = LIST_ENTRY(link, struct h2_caller, link);
        if (caller->stream.left > 0 && caller->caller.exchange != NULL) {
            return caller;
        }
        link = link->prev;
    }
    return NULL;
}

/* What it did not take in time: the youngest go until what is left is its share. */
void h2_caller_cut_youngest(struct client_h2 *connection)
{
    struct h2_caller *caller = youngest_waiting(connection);

    connection->full_by_ms = 0;
    for (unsigned left = connection->stream_count;
         left > 0 && caller != NULL && is_full(connection); left--) {
        exchange_on_client_full(caller->caller.exchange);
        caller = youngest_waiting(connection);
    }
}
