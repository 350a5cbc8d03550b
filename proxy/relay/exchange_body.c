/* The body of a request: to the upstream piece by piece, or kept where a login's name is
 * needed first. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guard/alias.h"
#include "guard/claim.h"
#include "relay/exchange_rooms.h"

enum {
    UPLOAD_GRACE_MS = 2000, /* A body that has taken no longer is not slow. */
    UPLOADS_ENDED_MAX = 64, /* At one look. */
};

void exchange_note_upload(struct exchange *self)
{
    if (self->request_read) {
        list_remove(&self->upload.link);
    } else if (!list_linked(&self->upload.link)) {
        self->upload.began_ms = loop_now_ms(self->relay->loop);
        list_push_back(&self->relay->uploads, &self->upload.link);
    }
}

/* By its client's doing, not because the upstream does not take it. */
static bool is_slow(const struct exchange *self, uint64_t elapsed_ms)
{
    uint64_t least = exchange_limits(self)->send_rate_min * elapsed_ms / 1000;

    return self->upload.len < least && self->state == STATE_ASK &&
           self->upstream != NULL && !stream_writing(self->upstream->stream);
}

/* The oldest that keeps others waiting; NULL: none. */
static struct exchange *find_slow_upload(struct relay *relay)
{
    uint64_t now_ms = loop_now_ms(relay->loop);
    struct list_link *link = list_first(&relay->uploads);

    while (link != NULL && link != &relay->uploads.head) {
        struct exchange *self = LIST_ENTRY(link, struct exchange, upload.link);
        uint64_t elapsed_ms = now_ms - self->upload.began_ms;
        if (elapsed_ms < UPLOAD_GRACE_MS) {
            return NULL;
        }
        if (pool_is_short(self->pool) && is_slow(self, elapsed_ms)) {
            return self;
        }
        link = link->next;
    }
    return NULL;
}

/* A few clients that send a byte now and then could else have all connections to a server
 * for as long as they like. */
void exchange_end_slow_uploads(struct relay *relay)
{
    for (unsigned i = 0; i < UPLOADS_ENDED_MAX; i++) {
        struct exchange *self = find_slow_upload(relay);
        if (self == NULL) {
            return;
        }
        list_remove(&self->upload.link);
        self->upload.too_slow = true;
        exchange_advance(self);
    }
}

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
        self->upload.too_large = true;
        return;
    }
    if (self->login_body == NULL) {
        self->login_body = malloc(max);
    }
    if (self->login_body == NULL) {
        self->upload.too_large = true;
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
    self->upload.broken = piece == PIECE_BROKEN;
    self->body_started = true;
    self->upload.len += content.len;
    if (self->upload.len > exchange_limits(self)->body_size_max) {
        self->upload.too_large = true;
    } else if (self->state == STATE_LOGIN) {
        keep_login_body(self, content);
    } else if (!self->upload.broken) {
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
    if (self->upload.too_large) {
        return exchange_refuse_request(self, 413, ENDING_BODY_LARGE);
    }
    if (self->upload.broken) {
        return exchange_refuse_request(self, 400, ENDING_MALFORMED);
    }
    if (!self->body_asked) {
        self->body_asked = true;
        self->caller->kind->resume_body(self->caller); /* What came before its turn. */
        return STEP_AGAIN;
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
