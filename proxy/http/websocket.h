/**
 * The frames of a WebSocket connection in one direction: bytes in, any split, frames out.
 *
 * Layer: http. Pure. RFC 6455 section 5, strictly and without extensions: reserved bits
 * are 0, clients mask and servers do not, control frames are whole and at most 125 bytes,
 * fragments come in order, a length has one spelling, nothing follows a Close. The first
 * error latches. Payloads are handed out as received: those of clients stay masked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum {
    WEBSOCKET_CONTROL_MAX = 125, /**< Payload bytes of a control frame. */
    WEBSOCKET_HEADER_MAX = 10,   /**< Bytes that websocket_write_header() needs. */
};

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

/** What was found at the front of the bytes. */
enum websocket_token {
    WEBSOCKET_BAD,       /**< Zero. Latched: not a frame that may stand there. */
    WEBSOCKET_MORE,      /**< All bytes were taken and nothing is complete. */
    WEBSOCKET_HEADER,    /**< A frame begins: see `opcode`, `final`, `left`. */
    WEBSOCKET_PAYLOAD,   /**< A part of its payload; `left` bytes of it follow. */
    WEBSOCKET_FRAME_END, /**< It is over. */
};

enum websocket_part {
    WEBSOCKET_PART_HEADER, /**< Zero: in, or before, a frame's header. */
    WEBSOCKET_PART_PAYLOAD,
    WEBSOCKET_PART_ERROR,
};

/** Private but for the frame's members. Zeroed is the start of what a server sends. */
struct websocket {
    bool masks; /**< Set for what a client sends. */
    enum websocket_part part;
    enum websocket_opcode opcode;  /**< Of the frame. */
    enum websocket_opcode message; /**< Of the open message; CONTINUATION: none. */
    bool final;                    /**< The frame ends its message. */
    bool closed;                   /**< A Close was complete. */
    uint64_t left;
    uint8_t header_len;
    uint8_t header[14];
};

/**
 * Takes bytes from the front of `bytes_p` up to the next token. Call again, also with no
 * bytes left, until WEBSOCKET_MORE or WEBSOCKET_BAD. `payload_out` is set with
 * WEBSOCKET_PAYLOAD and lies in the bytes taken.
 */
enum websocket_token websocket_next(struct websocket *self, struct span *bytes_p,
                                    struct span *payload_out);

/** True for Close, Ping and Pong. */
bool websocket_is_control(enum websocket_opcode opcode);

/** Writes the header of an unmasked frame of `len` bytes; returns its length. */
size_t websocket_write_header(enum websocket_opcode opcode, bool final, uint64_t len,
                              uint8_t *header_out);
