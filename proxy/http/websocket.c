#include "http/websocket.h"

#include <string.h>

enum {
    BIT_FINAL = 0x80,
    BITS_RESERVED = 0x70,
    BITS_OPCODE = 0x0f,
    BIT_MASK = 0x80,
    LENGTH_16 = 126, /* Two bytes with the length follow. */
    LENGTH_64 = 127, /* Eight do. */
    MASK_SIZE = 4,
};

bool websocket_is_control(enum websocket_opcode opcode)
{
    return opcode >= WEBSOCKET_CLOSE;
}

/* May a frame with this first byte stand here? */
static bool check_first(const struct websocket *self, uint8_t byte)
{
    bool final = (byte & BIT_FINAL) != 0;

    if ((byte & BITS_RESERVED) != 0) {
        return false;
    }
    switch (byte & BITS_OPCODE) {
    case WEBSOCKET_CONTINUATION:
        return self->message != WEBSOCKET_CONTINUATION;
    case WEBSOCKET_TEXT:
    case WEBSOCKET_BINARY:
        return self->message == WEBSOCKET_CONTINUATION;
    case WEBSOCKET_CLOSE:
    case WEBSOCKET_PING:
    case WEBSOCKET_PONG:
        return final;
    default:
        return false;
    }
}

static bool check_second(const struct websocket *self, uint8_t byte)
{
    uint8_t len = byte & (uint8_t)~BIT_MASK;
    uint8_t opcode = self->header[0] & BITS_OPCODE;

    if (((byte & BIT_MASK) != 0) != self->masks) {
        return false;
    }
    /* A Close says nothing, or a code of two bytes and a reason. */
    return opcode < WEBSOCKET_CLOSE ||
           (len <= WEBSOCKET_CONTROL_MAX && !(opcode == WEBSOCKET_CLOSE && len == 1));
}

static size_t length_size(const struct websocket *self)
{
    uint8_t len = self->header[1] & (uint8_t)~BIT_MASK;

    return len == LENGTH_16 ? 2 : len == LENGTH_64 ? 8 : 0;
}

/* Bytes of the header as far as that is known. */
static size_t header_size(const struct websocket *self)
{
    if (self->header_len < 2) {
        return 2;
    }
    return 2 + length_size(self) + (self->masks ? MASK_SIZE : 0);
}

/* The header is whole. False: its length could be spelled shorter, or has no meaning. */
static bool take_header(struct websocket *self)
{
    size_t size = length_size(self);
    uint64_t len = self->header[1] & (uint8_t)~BIT_MASK;

    if (size > 0) {
        len = 0;
        for (size_t i = 0; i < size; i++) {
            len = len << 8 | self->header[2 + i];
        }
        if (len < (size == 2 ? LENGTH_16 : UINT64_C(65536)) || len > INT64_MAX) {
            return false;
        }
    }
    self->left = len;
    self->final = (self->header[0] & BIT_FINAL) != 0;
    self->opcode = (enum websocket_opcode)(self->header[0] & BITS_OPCODE);
    if (self->opcode == WEBSOCKET_TEXT || self->opcode == WEBSOCKET_BINARY) {
        self->message = self->opcode;
    }
    return true;
}

/* One byte of a header. False: bad. */
static bool take_byte(struct websocket *self, uint8_t byte)
{
    if (self->closed || (self->header_len == 0 && !check_first(self, byte)) ||
        (self->header_len == 1 && !check_second(self, byte))) {
        return false;
    }
    self->header[self->header_len++] = byte;
    if (self->header_len < header_size(self)) {
        return true;
    }
    self->part = WEBSOCKET_PART_PAYLOAD;
    self->header_len = 0;
    return take_header(self);
}

static enum websocket_token end_frame(struct websocket *self)
{
    self->part = WEBSOCKET_PART_HEADER;
    self->closed = self->opcode == WEBSOCKET_CLOSE;
    if (self->final && !websocket_is_control(self->opcode)) {
        self->message = WEBSOCKET_CONTINUATION;
    }
    return WEBSOCKET_FRAME_END;
}

static enum websocket_token next_header(struct websocket *self, struct span *bytes_p)
{
    while (bytes_p->len > 0 && self->part == WEBSOCKET_PART_HEADER) {
        uint8_t byte = bytes_p->ptr[0];
        *bytes_p = span_from(*bytes_p, 1);
        if (!take_byte(self, byte)) {
            self->part = WEBSOCKET_PART_ERROR;
            return WEBSOCKET_BAD;
        }
    }
    return self->part == WEBSOCKET_PART_PAYLOAD ? WEBSOCKET_HEADER : WEBSOCKET_MORE;
}

enum websocket_token websocket_next(struct websocket *self, struct span *bytes_p,
                                    struct span *payload_out)
{
    switch (self->part) {
    case WEBSOCKET_PART_HEADER:
        return next_header(self, bytes_p);
    case WEBSOCKET_PART_PAYLOAD:
        break;
    case WEBSOCKET_PART_ERROR:
        return WEBSOCKET_BAD;
    }
    if (self->left == 0) {
        return end_frame(self);
    }
    if (bytes_p->len == 0) {
        return WEBSOCKET_MORE;
    }
    size_t len = bytes_p->len < self->left ? bytes_p->len : (size_t)self->left;
    *payload_out = span_first(*bytes_p, len);
    *bytes_p = span_from(*bytes_p, len);
    self->left -= len;
    return WEBSOCKET_PAYLOAD;
}

size_t websocket_write_header(enum websocket_opcode opcode, bool final, uint64_t len,
                              uint8_t *header_out)
{
    size_t size = len < LENGTH_16 ? 0 : len < 65536 ? 2 : 8;

    header_out[0] = (uint8_t)((final ? BIT_FINAL : 0) | (unsigned)opcode);
    header_out[1] = size == 0 ? (uint8_t)len : size == 2 ? LENGTH_16 : LENGTH_64;
    for (size_t i = 0; i < size; i++) {
        header_out[2 + i] = (uint8_t)(len >> (8 * (size - 1 - i)));
    }
    return 2 + size;
}
