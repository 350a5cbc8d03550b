#include "http/trace.h"

enum {
    VERSION_AT = 0,
    TRACE_AT = 3,
    PARENT_AT = 36,
    FLAGS_AT = 53,
    PARENT_SIZE = 55, /* Of all of them, in version 00. */
};

static struct span part_of(struct span text, size_t at, size_t len)
{
    return span_first(span_from(text, at), len);
}

static bool is_hex(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'f')) {
            return false;
        }
    }
    return true;
}

static bool is_id(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '0') {
            return is_hex(text);
        }
    }
    return false;
}

bool trace_parent_valid(struct span text)
{
    struct span version = part_of(text, VERSION_AT, 2);

    if (text.len < PARENT_SIZE || text.ptr[TRACE_AT - 1] != '-' ||
        text.ptr[PARENT_AT - 1] != '-' || text.ptr[FLAGS_AT - 1] != '-') {
        return false;
    }
    if (text.len > PARENT_SIZE &&
        (span_equal(version, SPAN("00")) || text.ptr[PARENT_SIZE] != '-')) {
        return false;
    }
    return is_hex(version) && !span_equal(version, SPAN("ff")) &&
           is_id(part_of(text, TRACE_AT, 32)) && is_id(part_of(text, PARENT_AT, 16)) &&
           is_hex(part_of(text, FLAGS_AT, 2));
}
