#include "guard/brought.h"

#include "http/text.h"

/* Takes one byte off the front, decoded. */
static uint8_t next_decoded(struct span *rest_p, bool plus)
{
    int escaped = text_escaped_byte(*rest_p);
    uint8_t byte = rest_p->ptr[0];
    size_t used = 1;

    if (escaped >= 0) {
        byte = (uint8_t)escaped;
        used = 3;
    } else if (byte == '\\' && rest_p->len > 1) {
        byte = rest_p->ptr[1];
        used = 2;
    } else if (byte == '+' && plus) {
        byte = ' ';
    }
    *rest_p = span_from(*rest_p, used);
    return byte;
}

static bool begins(struct span text, struct span value, bool plus)
{
    while (text.len > 0 && value.len > 0) {
        if (next_decoded(&text, plus) != next_decoded(&value, false)) {
            return false;
        }
    }
    return value.len == 0;
}

/* Values begin behind such a byte. */
static bool ends_name(uint8_t byte)
{
    return span_find(SPAN("=?&;,:/\" \t"), byte) < sizeof("=?&;,:/\" \t") - 1;
}

bool brought(struct span head, struct span value)
{
    if (head.len == 0 || value.len == 0) {
        return false;
    }
    if (memmem(head.ptr, head.len, value.ptr, value.len) != NULL) {
        return true;
    }
    for (size_t i = 1; i < head.len; i++) {
        struct span rest = span_from(head, i);
        if (ends_name(head.ptr[i - 1]) &&
            (begins(rest, value, false) || begins(rest, value, true))) {
            return true;
        }
    }
    return false;
}
