#include "base/parse.h"

#include <string.h>

enum err parse_u64(struct span text, uint64_t *value_out)
{
    uint64_t value = 0;

    if (text.len == 0) {
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return ERR_SYNTAX;
        }
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return ERR_LIMIT;
        }
        value = value * 10 + digit;
    }
    *value_out = value;
    return ERR_NONE;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit DURATIONS[] = {
    {"ms", 1},      {"s", 1000},     {"m", 60000},
    {"h", 3600000}, {"d", 86400000}, {"y", UINT64_C(31536000000)},
};

static const struct unit SIZES[] = {
    {"", 1},
    {"KiB", 1024},
    {"MiB", 1048576},
    {"GiB", 1073741824},
};

/* One number with its unit from the front of `rest_p`. */
static enum err parse_part(struct span *rest_p, const struct unit *units, size_t count,
                           uint64_t *value_out)
{
    size_t digits = 0;
    while (digits < rest_p->len && rest_p->ptr[digits] >= '0' &&
           rest_p->ptr[digits] <= '9') {
        digits++;
    }
    size_t end = digits;
    while (end < rest_p->len && (rest_p->ptr[end] < '0' || rest_p->ptr[end] > '9')) {
        end++;
    }
    uint64_t number = 0;
    enum err err = parse_u64(span_first(*rest_p, digits), &number);
    if (err != ERR_NONE) {
        return err;
    }
    struct span name = span_from(span_first(*rest_p, end), digits);
    for (size_t i = 0; i < count; i++) {
        if (span_equal(name, span_of(units[i].name))) {
            if (number > UINT64_MAX / units[i].factor) {
                return ERR_LIMIT;
            }
            *value_out = number * units[i].factor;
            *rest_p = span_from(*rest_p, end);
            return ERR_NONE;
        }
    }
    return ERR_SYNTAX;
}

enum err parse_duration(struct span text, uint64_t *milliseconds_out)
{
    uint64_t total = 0;

    if (span_equal(text, SPAN("0"))) {
        *milliseconds_out = 0;
        return ERR_NONE;
    }
    do {
        uint64_t part = 0;
        enum err err =
            parse_part(&text, DURATIONS, sizeof(DURATIONS) / sizeof(*DURATIONS), &part);
        if (err != ERR_NONE) {
            return err;
        }
        if (part > UINT64_MAX - total) {
            return ERR_LIMIT;
        }
        total += part;
    } while (text.len > 0);
    *milliseconds_out = total;
    return ERR_NONE;
}

enum err parse_size(struct span text, uint64_t *bytes_out)
{
    uint64_t value = 0;
    enum err err = parse_part(&text, SIZES, sizeof(SIZES) / sizeof(*SIZES), &value);
    if (err != ERR_NONE) {
        return err;
    }
    if (text.len > 0) {
        return ERR_SYNTAX;
    }
    *bytes_out = value;
    return ERR_NONE;
}

int parse_hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

enum err parse_hex(struct span text, uint8_t *bytes_out, size_t count)
{
    if (text.len != 2 * count) {
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < count; i++) {
        int high = parse_hex_digit(text.ptr[2 * i]);
        int low = parse_hex_digit(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0) {
            return ERR_SYNTAX;
        }
        bytes_out[i] = (uint8_t)(high * 16 + low);
    }
    return ERR_NONE;
}

/* The digits of each byte, one pair after the other. */
#define HEX_ROW(high)                                                                    \
    high "0" high "1" high "2" high "3" high "4" high "5" high "6" high "7" high         \
         "8" high "9" high "a" high "b" high "c" high "d" high "e" high "f"

static const char HEX_PAIRS[] = HEX_ROW("0") HEX_ROW("1") HEX_ROW("2") HEX_ROW("3")
    HEX_ROW("4") HEX_ROW("5") HEX_ROW("6") HEX_ROW("7") HEX_ROW("8") HEX_ROW("9")
        HEX_ROW("a") HEX_ROW("b") HEX_ROW("c") HEX_ROW("d") HEX_ROW("e") HEX_ROW("f");

void format_hex(const uint8_t *bytes, size_t count, char *digits_out)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(digits_out + 2 * i, HEX_PAIRS + 2 * (size_t)bytes[i], 2);
    }
}

size_t format_u64(uint64_t value, char *digits_out)
{
    char reversed[20];
    size_t len = 0;

    do {
        reversed[len++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < len; i++) {
        digits_out[i] = reversed[len - 1 - i];
    }
    return len;
}
