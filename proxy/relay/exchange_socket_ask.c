/* A WebSocket: the request for it, and what the client sends once it is open. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "relay/exchange_rooms.h"

enum {
    STATUS_SWITCHING = 101,
};

/* Notes that a WebSocket is asked for, where the route has them. False: answered. */
bool exchange_ask_socket(struct exchange *self, const struct head *head)
{
    char accept[WEBSOCKET_ACCEPT_SIZE];

    if (!route_has_sockets(self->plan->site, &self->routed) ||
        self->routed.role != ROLE_NONE || !websocket_asks(head)) {
        return true;
    }
    switch (websocket_check_request(head, accept)) {
    case WEBSOCKET_REQUEST_BAD:
        (void)exchange_refuse_request(self, 400, ENDING_SOCKET_REQUEST);
        return false;
    case WEBSOCKET_REQUEST_VERSION:
        (void)exchange_refuse_request(self, 426, ENDING_SOCKET_REQUEST);
        return false;
    case WEBSOCKET_REQUEST_SOUND:
        break;
    }
    self->socket = calloc(1, sizeof(*self->socket));
    if (self->socket == NULL) {
        (void)exchange_reply_error(self, 503, ENDING_INTERNAL);
        return false;
    }
    memcpy(self->socket->accept, accept, sizeof(accept));
    self->socket->client.masks = true;
    self->socket->protocol_offered =
        head_field_named(head, SPAN("sec-websocket-protocol")) != NULL;
    return true;
}

/* True when a 101 is the answer to what was asked, and not something to pass over. */
bool exchange_is_upgrade(const struct exchange *self, const struct head *head)
{
    return self->socket != NULL && head->status == STATUS_SWITCHING;
}

/* The head of a 101. False: it is not sound. */
bool exchange_take_upgrade(struct exchange *self, const struct head *head)
{
    if (!websocket_check_answer(head, self->socket->accept,
                                self->socket->protocol_offered)) {
        exchange_fail_upstream(self, ENDING_SOCKET_HANDSHAKE);
        return false;
    }
    self->delivery = DELIVERY_SOCKET;
    self->answer_framing = FRAMING_LENGTH;
    self->answer_part = ANSWER_BODY;
    self->upstream_clean = false;
    return true;
}

bool exchange_is_socket(const struct exchange *self)
{
    return self->delivery == DELIVERY_SOCKET;
}

/* May the client's next frames be passed on? */
bool exchange_takes_frames(const struct exchange *self)
{
    bool open = self->state == STATE_SOCKET || self->state == STATE_GRANTS;

    return open && self->streaming && self->upstream != NULL && !self->upstream_failed &&
           !stream_writing(self->upstream->stream);
}

/* What the client sent goes on as it is once it was checked. */
void exchange_on_frames(struct exchange *self, struct span bytes)
{
    struct exchange_socket *socket = self->socket;
    struct span left = bytes;
    struct span payload = {0};
    enum websocket_token token = WEBSOCKET_MORE;

    CHECK(exchange_takes_frames(self));
    do {
        token = websocket_next(&socket->client, &left, &payload);
    } while (token != WEBSOCKET_MORE && token != WEBSOCKET_BAD);
    if (token == WEBSOCKET_BAD) {
        socket->client_bad = true;
    } else if (!exchange_is_down(self) &&
               stream_write(self->upstream->stream, &bytes, 1, false) == WRITTEN_FAILED) {
        exchange_fail_upstream(self, ENDING_UPSTREAM_CLOSED);
    }
    exchange_advance(self);
}
