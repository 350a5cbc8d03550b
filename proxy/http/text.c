#include "http/text.h"

#include "base/parse.h"

bool text_is_token_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') ||
           (byte != 0 && memchr("!#$%&'*+-.^_`|~", byte, 15) != NULL);
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

/* No control byte but HTAB: eight bytes at a time, exact only where one is suspected. */
bool text_is_field_value(struct span text)
{
    const uint64_t ones = 0x0101010101010101U;
    uint64_t suspect = 0;
    size_t i = 0;

    for (; i + 8 <= text.len; i += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + i, 8);
        suspect |= (word - ones * ' ') & ~word;                           /* Below SP. */
        suspect |= ((word ^ ones * 0x7f) - ones) & ~(word ^ ones * 0x7f); /* DEL. */
    }
    if ((suspect & (ones * 0x80)) != 0) {
        i = 0;
    }
    for (; i < text.len; i++) {
        if ((text.ptr[i] < ' ' && text.ptr[i] != '\t') || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

bool text_decode_percent(struct span text, bool plus, uint8_t *buffer, size_t *len_out)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? parse_hex_digit(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? parse_hex_digit(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (uint8_t)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        buffer[len++] = byte;
    }
    *len_out = len;
    return true;
}

static int base64url_digit(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return byte - 'A';
    }
    if (byte >= 'a' && byte <= 'z') {
        return byte - 'a' + 26;
    }
    if (byte >= '0' && byte <= '9') {
        return byte - '0' + 52;
    }
    if (byte == '-') {
        return 62;
    }
    return byte == '_' ? 63 : -1;
}

bool text_decode_base64url(struct span text, uint8_t *buffer, size_t *len_out)
{
    unsigned bits = 0;
    unsigned bit_count = 0;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int digit = base64url_digit(text.ptr[i]);
        if (digit < 0) {
            return false;
        }
        bits = (bits << 6 | (unsigned)digit) & 0xffff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            buffer[len++] = (uint8_t)(bits >> bit_count);
        }
    }
    *len_out = len;
    return text.len % 4 != 1 && (bits & ((1U << bit_count) - 1)) == 0;
}
