#include "base/base64.h"

#include <stdbool.h>

static const char STANDARD[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64_encode(struct span data, enum base64_alphabet alphabet, char *text_out)
{
    const char *digits = alphabet == BASE64_URL ? URL : STANDARD;
    size_t written = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    for (size_t i = 0; i < data.len; i++) {
        bits = (bits << 8) | data.ptr[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) {
            text_out[written++] = digits[(bits >> (bit_count - 6)) & 63];
        }
    }
    if (bit_count > 0) {
        text_out[written++] = digits[(bits << (6 - bit_count)) & 63];
    }
    while (alphabet == BASE64_STANDARD && written % 4 != 0) {
        text_out[written++] = '=';
    }
    return written;
}

/* 0 to 63, or -1. */
static int digit_of(uint8_t byte, enum base64_alphabet alphabet)
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
    if (byte == (alphabet == BASE64_URL ? '-' : '+')) {
        return 62;
    }
    return byte == (alphabet == BASE64_URL ? '_' : '/') ? 63 : -1;
}

/* Takes the `=` at the end off; false when there are too many or too few of them. */
static bool cut_padding(struct span *text_p)
{
    size_t padded_len = text_p->len;
    while (text_p->len > 0 && text_p->ptr[text_p->len - 1] == '=') {
        text_p->len--;
    }
    size_t padding = padded_len - text_p->len;
    return padding == 0 || (padding <= 2 && padded_len % 4 == 0);
}

enum err base64_decode(struct span text, enum base64_alphabet alphabet,
                       uint8_t *bytes_out, size_t *len_out)
{
    size_t written = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    *len_out = 0;
    if (!cut_padding(&text) || text.len % 4 == 1) {
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i], alphabet);
        if (digit < 0) {
            return ERR_SYNTAX;
        }
        bits = (bits << 6) | (uint32_t)digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes_out[written++] = (uint8_t)(bits >> bit_count);
        }
    }
    if ((bits & ((1U << bit_count) - 1)) != 0) {
        return ERR_SYNTAX;
    }
    *len_out = written;
    return ERR_NONE;
}
