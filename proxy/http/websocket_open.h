/**
 * The two heads that open a WebSocket connection (RFC 6455 section 4).
 *
 * Layer: http. Pure.
 */
#pragma once

#include "base/check.h"
#include "http/head.h"

enum {
    WEBSOCKET_ACCEPT_SIZE = 28, /**< Characters of Sec-WebSocket-Accept. */
};

/** What a request that asks for a WebSocket is worth. */
enum websocket_request {
    WEBSOCKET_REQUEST_BAD,     /**< Zero: 400. */
    WEBSOCKET_REQUEST_VERSION, /**< 426: another version than 13. */
    WEBSOCKET_REQUEST_SOUND,
};

/** True when the request asks for a WebSocket at all. */
bool websocket_asks(const struct head *head);

/**
 * Checks such a request. `accept_out`: WEBSOCKET_ACCEPT_SIZE characters that the answer
 * has to have, with WEBSOCKET_REQUEST_SOUND.
 */
MUST_USE enum websocket_request websocket_check_request(const struct head *head,
                                                        char *accept_out);

/**
 * True when a 101 answers that request: the right accept, no extension, a protocol only
 * when one was `protocol_offered`.
 */
MUST_USE bool websocket_check_answer(const struct head *head, const char *accept,
                                     bool protocol_offered);
