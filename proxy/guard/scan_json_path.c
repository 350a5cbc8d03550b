#include "guard/scan_json_path.h"

/* The segment number `number` of a pointer; false when it has no more. */
static bool segment_of(struct span pointer, size_t number, struct span *out)
{
    struct span rest = span_from(pointer, 1);
    for (size_t i = 0; i < number; i++) {
        size_t slash = span_find(rest, '/');
        if (slash == rest.len) {
            return false;
        }
        rest = span_from(rest, slash + 1);
    }
    *out = span_first(rest, span_find(rest, '/'));
    return true;
}

/* `~1` is `/`, `~0` is `~`; selector_parse() saw that nothing else follows. */
static bool segment_equal(struct span segment, struct span key)
{
    size_t at = 0;
    for (size_t i = 0; i < segment.len; i++, at++) {
        uint8_t byte = segment.ptr[i];
        if (byte == '~' && i + 1 < segment.len) {
            i++;
            byte = segment.ptr[i] == '1' ? '/' : '~';
        }
        if (at >= key.len || key.ptr[at] != byte) {
            return false;
        }
    }
    return at == key.len;
}

uint64_t json_path_below(const struct markers *markers, uint64_t rows, size_t depth,
                         struct span key)
{
    uint64_t below = 0;
    for (size_t i = 0; rows != 0; i++, rows >>= 1) {
        struct span segment;
        if ((rows & 1) != 0 &&
            segment_of(selector_argument(&markers->rows[i].selector), depth, &segment) &&
            (span_equal(segment, SPAN("*")) || segment_equal(segment, key))) {
            below |= UINT64_C(1) << i;
        }
    }
    return below;
}

uint64_t json_path_ends(const struct markers *markers, uint64_t rows, size_t depth)
{
    uint64_t ends = 0;
    for (size_t i = 0; rows != 0; i++, rows >>= 1) {
        struct span unused;
        if ((rows & 1) != 0 &&
            !segment_of(selector_argument(&markers->rows[i].selector), depth, &unused)) {
            ends |= UINT64_C(1) << i;
        }
    }
    return ends;
}

static size_t digits_at(struct span text, size_t i)
{
    size_t end = i;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
        end++;
    }
    return end - i;
}

/* The bytes of `e+10` at `i`; 0 when there are none or they are malformed. */
static size_t exponent_at(struct span text, size_t i)
{
    if (i >= text.len || (text.ptr[i] | 0x20) != 'e') {
        return 0;
    }
    bool sign = i + 1 < text.len && (text.ptr[i + 1] == '+' || text.ptr[i + 1] == '-');
    size_t before = sign ? 2 : 1;
    size_t digits = digits_at(text, i + before);
    return digits > 0 ? before + digits : 0;
}

bool json_path_is_number(struct span text)
{
    size_t i = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    size_t whole = digits_at(text, i);
    if (whole == 0 || (whole > 1 && text.ptr[i] == '0')) {
        return false;
    }
    i += whole;
    if (i < text.len && text.ptr[i] == '.') {
        size_t fraction = digits_at(text, i + 1);
        if (fraction == 0) {
            return false;
        }
        i += 1 + fraction;
    }
    return i + exponent_at(text, i) == text.len;
}
