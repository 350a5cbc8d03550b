#include "http/json_number.h"

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

enum json_number json_number_start(uint8_t byte)
{
    if (byte == '-') {
        return JSON_NUMBER_MINUS;
    }
    if (byte == '0') {
        return JSON_NUMBER_ZERO;
    }
    return is_digit(byte) ? JSON_NUMBER_INTEGER : JSON_NUMBER_BAD;
}

/* What may stand behind a whole number in place of a further digit. */
static enum json_number leave(bool may_point, bool may_power, uint8_t byte)
{
    if (may_point && byte == '.') {
        return JSON_NUMBER_POINT;
    }
    return may_power && (byte | 0x20) == 'e' ? JSON_NUMBER_SIGN : JSON_NUMBER_END;
}

static enum json_number digit_or_bad(uint8_t byte, enum json_number next)
{
    return is_digit(byte) ? next : JSON_NUMBER_BAD;
}

enum json_number json_number_step(enum json_number self, uint8_t byte)
{
    switch (self) {
    case JSON_NUMBER_MINUS:
        return byte == '-' ? JSON_NUMBER_BAD : json_number_start(byte);
    case JSON_NUMBER_ZERO:
        return is_digit(byte) ? JSON_NUMBER_BAD : leave(true, true, byte);
    case JSON_NUMBER_INTEGER:
        return is_digit(byte) ? self : leave(true, true, byte);
    case JSON_NUMBER_POINT:
        return digit_or_bad(byte, JSON_NUMBER_FRACTION);
    case JSON_NUMBER_FRACTION:
        return is_digit(byte) ? self : leave(false, true, byte);
    case JSON_NUMBER_SIGN:
        return byte == '+' || byte == '-' ? JSON_NUMBER_POWER
                                          : digit_or_bad(byte, JSON_NUMBER_EXPONENT);
    case JSON_NUMBER_POWER:
        return digit_or_bad(byte, JSON_NUMBER_EXPONENT);
    case JSON_NUMBER_EXPONENT:
        return is_digit(byte) ? self : JSON_NUMBER_END;
    case JSON_NUMBER_BAD:
    case JSON_NUMBER_END:
        break;
    }
    return JSON_NUMBER_BAD;
}
