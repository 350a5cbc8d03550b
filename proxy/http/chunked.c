#include "http/chunked.h"

#include "base/parse.h"
#include "http/text.h"

enum { SIZE_DIGITS_MAX = 15 };

static enum chunked_state take_digit(struct chunked *self, uint8_t byte)
{
    int digit = parse_hex_digit(byte);

    if (digit < 0 || self->digit_count == SIZE_DIGITS_MAX) {
        return CHUNKED_BAD;
    }
    self->digit_count++;
    self->left = self->left * 16 + (uint64_t)digit;
    return CHUNKED_SIZE;
}

static enum chunked_state after_size(struct chunked *self)
{
    self->digit_count = 0;
    return self->left > 0 ? CHUNKED_DATA : CHUNKED_TRAILER_FIRST;
}

static enum chunked_state take_trailer(struct chunked *self, uint8_t byte)
{
    if (++self->trailer_size > CHUNKED_TRAILERS_SIZE_MAX) {
        return CHUNKED_BAD;
    }
    if (self->state == CHUNKED_TRAILER_VALUE) {
        if (byte == '\r') {
            return CHUNKED_TRAILER_LF;
        }
        return (byte < ' ' && byte != '\t') || byte == 0x7f ? CHUNKED_BAD
                                                            : CHUNKED_TRAILER_VALUE;
    }
    if (self->state == CHUNKED_TRAILER_FIRST && byte == '\r') {
        return CHUNKED_END_LF;
    }
    if (self->state == CHUNKED_TRAILER_NAME && byte == ':') {
        return CHUNKED_TRAILER_VALUE;
    }
    return text_is_token_byte(byte) ? CHUNKED_TRAILER_NAME : CHUNKED_BAD;
}

static enum chunked_state expect(uint8_t byte, uint8_t wanted, enum chunked_state next)
{
    return byte == wanted ? next : CHUNKED_BAD;
}

/* One byte of framing. */
static enum chunked_state step(struct chunked *self, uint8_t byte)
{
    switch (self->state) {
    case CHUNKED_SIZE_FIRST:
        return take_digit(self, byte);
    case CHUNKED_SIZE:
        return byte == '\r' ? CHUNKED_SIZE_LF : take_digit(self, byte);
    case CHUNKED_SIZE_LF:
        return byte == '\n' ? after_size(self) : CHUNKED_BAD;
    case CHUNKED_DATA_CR:
        return expect(byte, '\r', CHUNKED_DATA_LF);
    case CHUNKED_DATA_LF:
        return expect(byte, '\n', CHUNKED_SIZE_FIRST);
    case CHUNKED_TRAILER_FIRST:
    case CHUNKED_TRAILER_NAME:
    case CHUNKED_TRAILER_VALUE:
        return take_trailer(self, byte);
    case CHUNKED_TRAILER_LF:
        return expect(byte, '\n', CHUNKED_TRAILER_FIRST);
    case CHUNKED_END_LF:
        return expect(byte, '\n', CHUNKED_DONE);
    case CHUNKED_DATA:
    case CHUNKED_DONE:
    case CHUNKED_BAD:
        break;
    }
    UNREACHABLE();
}

/* Content is handed on as a run; the state says what follows it. */
static size_t take_content(struct chunked *self, struct span bytes,
                           struct span *content_out)
{
    size_t len = bytes.len < self->left ? bytes.len : (size_t)self->left;

    *content_out = span_first(bytes, len);
    self->left -= len;
    if (self->left == 0) {
        self->state = CHUNKED_DATA_CR;
    }
    return len;
}

/* Framing up to the next content, the end, or the last byte. */
static size_t take_framing(struct chunked *self, struct span bytes)
{
    size_t taken = 0;

    while (taken < bytes.len && self->state != CHUNKED_DATA &&
           self->state != CHUNKED_DONE && self->state != CHUNKED_BAD) {
        self->state = step(self, bytes.ptr[taken]);
        taken++;
    }
    return taken;
}

size_t chunked_take(struct chunked *self, struct span bytes, struct span *content_out)
{
    *content_out = (struct span){0};

    size_t taken = take_framing(self, bytes);
    if (self->state == CHUNKED_DATA && taken < bytes.len) {
        taken += take_content(self, span_from(bytes, taken), content_out);
        taken += take_framing(self, span_from(bytes, taken));
    }
    return taken;
}
