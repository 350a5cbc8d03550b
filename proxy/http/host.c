#include "http/host.h"

#include "base/parse.h"

enum { HOST_LEN_MAX = 255, PORT_MAX = 65535 };

/* One bit per byte: letters, digits, `-`, `.` and `_`. */
static const uint32_t NAME_BYTES[8] = {0x00000000, 0x03ff6000, 0x87fffffe, 0x07fffffe};

static bool is_name_byte(uint8_t byte)
{
    return (NAME_BYTES[byte >> 5] >> (byte & 31) & 1) != 0;
}

static bool is_address_byte(uint8_t byte)
{
    return parse_hex_digit(byte) >= 0 || byte == ':' || byte == '.';
}

/* Labels of letters, digits, `-` and `_`, none of them empty. */
static bool name_valid(struct span name)
{
    if (name.len == 0 || name.len > HOST_LEN_MAX || name.ptr[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_byte(name.ptr[i]) ||
            (name.ptr[i] == '.' && (i + 1 == name.len || name.ptr[i + 1] == '.'))) {
            return false;
        }
    }
    return true;
}

static struct span without_dot(struct span name)
{
    return span_ends(name, SPAN(".")) ? span_first(name, name.len - 1) : name;
}

/* The bytes of `[...]`, brackets included, or 0 when `text` does not start with one. */
static size_t address_len(struct span text)
{
    size_t close = span_find(text, ']');

    if (close == text.len || close < 3) {
        return 0;
    }
    for (size_t i = 1; i < close; i++) {
        if (!is_address_byte(text.ptr[i])) {
            return 0;
        }
    }
    return close + 1;
}

static bool port_parse(struct span text, uint16_t *port_out)
{
    uint64_t port = 0;

    *port_out = 0;
    if (text.len == 0) {
        return true;
    }
    if (text.ptr[0] != ':') {
        return false;
    }
    if (text.len == 1) {
        return true;
    }
    if (parse_u64(span_from(text, 1), &port) != ERR_NONE || port > PORT_MAX) {
        return false;
    }
    *port_out = (uint16_t)port;
    return true;
}

bool host_parse(struct span text, struct host *host_out)
{
    *host_out = (struct host){0};
    if (text.len == 0) {
        return false;
    }
    if (text.ptr[0] == '[') {
        size_t len = address_len(text);
        host_out->name = span_first(text, len);
        return len > 0 && port_parse(span_from(text, len), &host_out->port);
    }
    size_t colon = span_find(text, ':');
    host_out->name = without_dot(span_first(text, colon));
    return name_valid(host_out->name) &&
           port_parse(span_from(text, colon), &host_out->port);
}

static bool starts_nocase(struct span text, struct span prefix)
{
    return text.len >= prefix.len &&
           span_equal_nocase(span_first(text, prefix.len), prefix);
}

struct span host_of_target(struct span target)
{
    struct span rest;

    if (starts_nocase(target, SPAN("http://"))) {
        rest = span_from(target, 7);
    } else if (starts_nocase(target, SPAN("https://"))) {
        rest = span_from(target, 8);
    } else {
        return (struct span){0};
    }
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] == '/' || rest.ptr[i] == '?' || rest.ptr[i] == '#') {
            return span_first(rest, i);
        }
    }
    return rest;
}

bool host_pattern_valid(struct span pattern)
{
    struct host host;

    if (span_starts(pattern, SPAN("*."))) {
        return name_valid(span_from(pattern, 2));
    }
    return host_parse(pattern, &host) && span_equal(host.name, pattern);
}

bool host_matches(struct span pattern, struct span name)
{
    name = without_dot(name);
    if (!span_starts(pattern, SPAN("*."))) {
        return span_equal_nocase(pattern, name);
    }
    struct span suffix = span_from(pattern, 1);
    return name.len > suffix.len &&
           span_equal_nocase(span_from(name, name.len - suffix.len), suffix);
}
