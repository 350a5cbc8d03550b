#include "http/text.h"

#include "base/parse.h"

/* One bit per byte. */
static const uint32_t TOKEN_BYTES[8] = {0x00000000, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff,
                                        0x00000000, 0x00000000, 0x00000000, 0x00000000};

bool text_is_token_byte(uint8_t byte)
{
    return (TOKEN_BYTES[byte >> 5] >> (byte & 31) & 1) != 0;
}

bool text_is_token(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!text_is_token_byte(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

enum { WORD_SIZE = sizeof(uint64_t) };

static const uint64_t ONES = 0x0101010101010101U; /* One in every byte. */

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word = 0;

    memcpy(&word, bytes, WORD_SIZE);
    return word;
}

/* A high bit where a byte of `word` may be below SP or DEL; never none where one is. */
static uint64_t suspects(uint64_t word)
{
    uint64_t del = word ^ (ONES * 0x7f);

    return (((word - ONES * ' ') & ~word) | ((del - ONES) & ~del)) & (ONES * 0x80);
}

static bool is_field_value_bytewise(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] < ' ' && text.ptr[i] != '\t') || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Eight bytes at a time, the last eight perhaps twice; exact only where it must be. */
bool text_is_field_value(struct span text)
{
    if (text.len < WORD_SIZE) {
        return is_field_value_bytewise(text);
    }
    uint64_t suspect = suspects(word_at(text.ptr + (text.len - WORD_SIZE)));
    for (size_t i = 0; i + WORD_SIZE <= text.len; i += WORD_SIZE) {
        suspect |= suspects(word_at(text.ptr + i));
    }
    return suspect == 0 || is_field_value_bytewise(text);
}

/*
 * Setting 0x20 makes letters small; `lower` has only such, digits and `-`, which nothing
 * but a control byte becomes, and that lacks both 0x20 and 0x40.
 */
static bool word_equal_lower(uint64_t word, uint64_t lower)
{
    return (word | (ONES * 0x20)) == lower &&
           ((word | (word << 1)) & (ONES * 0x40)) == ONES * 0x40;
}

static bool byte_equal_lower(uint8_t byte, uint8_t lower)
{
    return byte == lower || (byte >= 'A' && byte <= 'Z' && (byte | 0x20) == lower);
}

bool text_equal_lower(struct span text, struct span lower)
{
    size_t i = 0;

    if (text.len != lower.len) {
        return false;
    }
    for (; i + WORD_SIZE <= text.len; i += WORD_SIZE) {
        if (!word_equal_lower(word_at(text.ptr + i), word_at(lower.ptr + i))) {
            return false;
        }
    }
    if (i > 0 && i < text.len) {
        i = text.len - WORD_SIZE;
        return word_equal_lower(word_at(text.ptr + i), word_at(lower.ptr + i));
    }
    for (; i < text.len; i++) {
        if (!byte_equal_lower(text.ptr[i], lower.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

struct span text_trim(struct span text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text = span_from(text, 1);
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

int text_escaped_byte(struct span text)
{
    if (text.len < 3 || text.ptr[0] != '%') {
        return -1;
    }
    int high = parse_hex_digit(text.ptr[1]);
    int low = parse_hex_digit(text.ptr[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool text_decode_percent(struct span text, bool plus, uint8_t *buffer, size_t *len_out)
{
    size_t len = 0;

    while (text.len > 0) {
        bool escaped = text.ptr[0] == '%';
        int byte = escaped ? text_escaped_byte(text) : text.ptr[0];
        if (byte < 0) {
            return false;
        }
        if (plus && !escaped && byte == '+') {
            byte = ' ';
        }
        buffer[len++] = (uint8_t)byte;
        text = span_from(text, escaped ? 3 : 1);
    }
    *len_out = len;
    return true;
}
