#include "base/utf8.h"

#include "base/check.h"

/* The second byte's range depends on the first; the others are 80 to BF. */
static bool second_fits(uint8_t first, uint8_t second)
{
    uint8_t low = 0x80;
    uint8_t high = 0xBF;

    if (first == 0xE0) {
        low = 0xA0;
    } else if (first == 0xED) {
        high = 0x9F;
    } else if (first == 0xF0) {
        low = 0x90;
    } else if (first == 0xF4) {
        high = 0x8F;
    }
    return second >= low && second <= high;
}

static size_t announced_len(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    if (first >= 0xF0) {
        return 4;
    }
    return first >= 0xE0 ? 3 : 2;
}

size_t utf8_sequence_len(struct span text)
{
    CHECK(text.len > 0);

    size_t len = announced_len(text.ptr[0]);
    if (len <= 1) {
        return len;
    }
    if (text.len < len || !second_fits(text.ptr[0], text.ptr[1])) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((text.ptr[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool utf8_is_text(struct span text)
{
    while (text.len > 0) {
        size_t len = utf8_sequence_len(text);
        if (len == 0 || text.ptr[0] == 0) {
            return false;
        }
        text = span_from(text, len);
    }
    return true;
}
