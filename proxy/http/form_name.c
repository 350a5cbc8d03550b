#include "http/form_name.h"

/* Takes one byte, folded, off the front. */
static uint8_t next_folded(struct span *rest_p)
{
    static const struct span LONG_S = {.ptr = (const uint8_t *)"\xc5\xbf", .len = 2};
    static const struct span KELVIN = {.ptr = (const uint8_t *)"\xe2\x84\xaa", .len = 3};
    uint8_t byte = rest_p->ptr[0];
    size_t used = 1;

    if (span_starts(*rest_p, LONG_S)) {
        byte = 's';
        used = LONG_S.len;
    } else if (span_starts(*rest_p, KELVIN)) {
        byte = 'k';
        used = KELVIN.len;
    } else if (byte >= 'A' && byte <= 'Z') {
        byte |= 0x20;
    } else if (byte == ' ' || byte == '.' || byte == '[') {
        byte = '_';
    }
    *rest_p = span_from(*rest_p, used);
    return byte;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool form_name_alike(struct span name, struct span wanted)
{
    bool nested = span_find(wanted, '[') < wanted.len;

    while (name.len > 0 && is_blank(name.ptr[0])) {
        name = span_from(name, 1);
    }
    while (name.len > 0 && name.ptr[0] != '\0') {
        if (wanted.len == 0) {
            return name.ptr[0] == '[' && !nested;
        }
        if (next_folded(&name) != next_folded(&wanted)) {
            return false;
        }
    }
    return wanted.len == 0;
}
