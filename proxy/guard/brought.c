#include "guard/brought.h"

#include <string.h>

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

static bool is_word(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

/* A value ends where no letter or digit goes on. */
static bool ends(struct span rest)
{
    return rest.len == 0 || !is_word(rest.ptr[0]);
}

static bool begins(struct span text, struct span value, bool plus)
{
    while (text.len > 0 && value.len > 0) {
        if (next_decoded(&text, plus) != next_decoded(&value, false)) {
            return false;
        }
    }
    return value.len == 0 && ends(text);
}

/* Values begin behind such a byte. */
static bool ends_name(uint8_t byte)
{
    return span_find(SPAN("=?&;,:/\" \t"), byte) < sizeof("=?&;,:/\" \t") - 1;
}

static bool stands_in(struct span text, struct span value)
{
    size_t from = 0;
    while (from + value.len <= text.len) {
        const uint8_t *at =
            memmem(text.ptr + from, text.len - from, value.ptr, value.len);
        if (at == NULL) {
            return false;
        }
        size_t start = (size_t)(at - text.ptr);
        if ((start == 0 || !is_word(at[-1])) &&
            ends(span_from(text, start + value.len))) {
            return true;
        }
        from = start + 1;
    }
    return false;
}

bool brought(struct span text, struct span value)
{
    if (text.len == 0 || value.len == 0) {
        return false;
    }
    if (stands_in(text, value)) {
        return true;
    }
    for (size_t i = 1; i < text.len; i++) {
        struct span rest = span_from(text, i);
        if (ends_name(text.ptr[i - 1]) &&
            (begins(rest, value, false) || begins(rest, value, true))) {
            return true;
        }
    }
    return false;
}

/* What we add to a request, whatever the client sent by that name. */
static bool is_ours(struct span line)
{
    static const char *const NAMES[] = {"countermark-",
                                        "traceparent:", "forwarded:", "x-forwarded-"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct span name = span_of(NAMES[i]);
        if (span_equal_nocase(span_first(line, name.len), name)) {
            return true;
        }
    }
    return false;
}

enum { COOKIE_LEN = sizeof("cookie:") - 1 };

static bool is_cookie(struct span line)
{
    return span_equal_nocase(span_first(line, COOKIE_LEN), SPAN("cookie:"));
}

bool brought_by_cookie(struct span head, struct span value)
{
    struct span line;

    while (span_next(&head, '\n', &line)) {
        if (is_cookie(line) && brought(span_from(line, COOKIE_LEN), value)) {
            return true;
        }
    }
    return false;
}

bool brought_by_other(struct span head, struct span value)
{
    struct span line;

    while (span_next(&head, '\n', &line)) {
        if (!is_cookie(line) && !is_ours(line) && brought(line, value)) {
            return true;
        }
    }
    return false;
}
