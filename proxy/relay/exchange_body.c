/* The body of a request: to the upstream piece by piece, or kept where a login's name is
 * needed first. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guard/alias.h"
#include "guard/claim.h"
#include "relay/exchange_rooms.h"

bool exchange_takes_body(const struct exchange *self)
{
    if (exchange_is_socket(self)) {
        return exchange_takes_frames(self);
    }
    /* The disk's deadline is not the client's to move. */
    if (self->request_read || self->state == STATE_COMMIT) {
        return false;
    }
    if (self->state == STATE_LOGIN) {
        return true;
    }
    return self->upstream != NULL && self->head_sent && !self->upstream_failed &&
           !stream_writing(self->upstream->stream);
}

static void keep_login_body(struct exchange *self, struct span content)
{
    size_t max = exchange_limits(self)->login_body_max;

    if (content.len > max - self->login_body_len) {
        self->too_large = true;
        return;
    }
    if (self->login_body == NULL) {
        self->login_body = malloc(max);
    }
    if (self->login_body == NULL) {
        self->too_large = true;
        return;
    }
    if (content.len > 0) {
        memcpy(self->login_body + self->login_body_len, content.ptr, content.len);
        self->login_body_len += content.len;
    }
}

void exchange_on_body(struct exchange *self, struct span content, enum piece piece)
{
    CHECK(exchange_takes_body(self));

    self->request_read = piece == PIECE_LAST;
    self->body_broken = piece == PIECE_BROKEN;
    self->body_started = true;
    self->body_len += content.len;
    if (self->body_len > exchange_limits(self)->body_size_max) {
        self->too_large = true;
    } else if (self->state == STATE_LOGIN) {
        keep_login_body(self, content);
    } else if (!self->body_broken) {
        exchange_send_piece(self, content, piece);
        exchange_arm_ask(self);
    }
    exchange_advance(self);
}

void exchange_send_continue(struct exchange *self)
{
    self->continue_sent = true;
    if (!self->caller->kind->send_continue(self->caller)) {
        self->client_gone = true;
    }
}

/* Waits for the body of a login, whose name is needed before it is forwarded. */
enum step exchange_step_login(struct exchange *self)
{
    if (self->client_gone) {
        self->ending = ENDING_CLIENT_GONE;
        return exchange_become(self, STATE_END);
    }
    if (self->timed_out) {
        return exchange_refuse_request(self, 408, ENDING_BODY_TIMEOUT);
    }
    if (self->too_large) {
        return exchange_refuse_request(self, 413, ENDING_BODY_LARGE);
    }
    if (self->body_broken) {
        return exchange_refuse_request(self, 400, ENDING_MALFORMED);
    }
    if (self->expects_continue && !self->continue_sent) {
        exchange_send_continue(self);
    }
    if (!self->request_read) {
        return STEP_WAIT;
    }
    struct span type = {.ptr = (const uint8_t *)self->login_type,
                        .len = self->login_type_len};
    struct span body = {.ptr = self->login_body, .len = self->login_body_len};
    claim_read(self->plan->site->login.user_field, type, body, &self->asker.claim);
    if (self->query_names) {
        self->asker.claim.len = 0;
    }
    if (self->plan->site->login.user_is_alias) {
        alias_claim(self->relay->fingerprinter, &self->plan->site->login,
                    self->relay->shared->aliases, loop_now_ms(self->relay->loop),
                    &self->asker.claim);
    }
    deadline_clear(&self->deadline);
    return exchange_become(self, STATE_ACQUIRE);
}
