#include "net/proxy_protocol.h"

#include <string.h>

#include "base/parse.h"

enum {
    LINE_SIZE_MAX = 107, /* With its CRLF. */
    BINARY_HEAD = 16,
    V4_LEN = 12,
    V6_LEN = 36,
    FAMILY_UNSPEC = 0x00,
    FAMILY_TCP4 = 0x11,
    FAMILY_TCP6 = 0x21,
    FAMILY_UNIX = 0x31,
};

static const char SIGNATURE[] = "\r\n\r\n\0\r\nQUIT\n";

static bool take_port(struct span *rest_p, uint16_t *port_out)
{
    struct span word;
    uint64_t port = 0;

    if (!span_next(rest_p, ' ', &word) || word.len > 5 ||
        parse_u64(word, &port) != ERR_NONE || port > UINT16_MAX) {
        return false;
    }
    *port_out = (uint16_t)port;
    return true;
}

/* An address in the form that `v4` says, not one in brackets. */
static bool take_address(struct span *rest_p, bool v4, struct address *address_out)
{
    struct span word;

    return span_next(rest_p, ' ', &word) && word.len > 0 && word.ptr[0] != '[' &&
           address_parse(word, address_out) == ERR_NONE &&
           (span_find(word, ':') == word.len) == v4;
}

/* `TCP4 SOURCE DESTINATION PORT PORT`, or `UNKNOWN` and whatever. */
static bool read_words(struct span rest, struct proxy_protocol *result)
{
    struct span family;
    struct address destination;
    struct address source;
    uint16_t port = 0;

    if (!span_next(&rest, ' ', &family)) {
        return false;
    }
    if (span_equal(family, SPAN("UNKNOWN"))) {
        return true;
    }
    bool v4 = span_equal(family, SPAN("TCP4"));
    if (!v4 && !span_equal(family, SPAN("TCP6"))) {
        return false;
    }
    if (!take_address(&rest, v4, &source) || !take_address(&rest, v4, &destination) ||
        !take_port(&rest, &source.port) || !take_port(&rest, &port) || rest.len > 0) {
        return false;
    }
    result->source = source;
    result->known = true;
    return true;
}

static enum proxy_protocol_step read_line(struct span bytes,
                                          struct proxy_protocol *result)
{
    const struct span start = SPAN("PROXY ");
    struct span line = span_first(bytes, LINE_SIZE_MAX);
    size_t end = span_find(line, '\n');

    if (!span_equal(span_first(bytes, start.len), span_first(start, bytes.len))) {
        return PROXY_PROTOCOL_BAD;
    }
    if (end == line.len) {
        return line.len < LINE_SIZE_MAX ? PROXY_PROTOCOL_MORE : PROXY_PROTOCOL_BAD;
    }
    line = span_first(line, end);
    if (!span_ends(line, SPAN("\r")) || span_ends(line, SPAN(" \r"))) {
        return PROXY_PROTOCOL_BAD;
    }
    line.len--;
    result->len = end + 1;
    return read_words(span_from(line, start.len), result) ? PROXY_PROTOCOL_DONE
                                                          : PROXY_PROTOCOL_BAD;
}

static uint16_t number_at(struct span bytes, size_t at)
{
    return (uint16_t)(bytes.ptr[at] << 8 | bytes.ptr[at + 1]);
}

/* The addresses of a connection that is proxied. */
static bool read_addresses(uint8_t family, struct span bytes,
                           struct proxy_protocol *result)
{
    static const uint8_t MAPPED[12] = {[10] = 0xff, [11] = 0xff};

    switch (family) {
    case FAMILY_UNSPEC:
    case FAMILY_UNIX:
        return true;
    case FAMILY_TCP4:
        if (bytes.len < V4_LEN) {
            return false;
        }
        memcpy(result->source.bytes, MAPPED, sizeof(MAPPED));
        memcpy(result->source.bytes + sizeof(MAPPED), bytes.ptr, 4);
        result->source.port = number_at(bytes, 8);
        break;
    case FAMILY_TCP6:
        if (bytes.len < V6_LEN) {
            return false;
        }
        memcpy(result->source.bytes, bytes.ptr, 16);
        result->source.port = number_at(bytes, 32);
        break;
    default:
        return false;
    }
    result->known = true;
    return true;
}

static enum proxy_protocol_step read_binary(struct span bytes,
                                            struct proxy_protocol *result)
{
    if (bytes.len < BINARY_HEAD) {
        return PROXY_PROTOCOL_MORE;
    }
    uint8_t version = bytes.ptr[12] >> 4;
    uint8_t command = bytes.ptr[12] & 0x0f;
    size_t len = BINARY_HEAD + (size_t)number_at(bytes, 14);

    if (version != 2 || command > 1 || len > PROXY_PROTOCOL_SIZE_MAX) {
        return PROXY_PROTOCOL_BAD;
    }
    if (bytes.len < len) {
        return PROXY_PROTOCOL_MORE;
    }
    result->len = len;
    struct span addresses = span_from(span_first(bytes, len), BINARY_HEAD);
    bool local = command == 0; /* The proxy itself, looking whether we are well. */
    return local || read_addresses(bytes.ptr[13], addresses, result) ? PROXY_PROTOCOL_DONE
                                                                     : PROXY_PROTOCOL_BAD;
}

enum proxy_protocol_step proxy_protocol_read(struct span bytes,
                                             struct proxy_protocol *result_out)
{
    *result_out = (struct proxy_protocol){0};
    if (bytes.len == 0) {
        return PROXY_PROTOCOL_MORE;
    }
    if (bytes.ptr[0] == 'P') {
        return read_line(bytes, result_out);
    }
    const struct span signature = {.ptr = (const uint8_t *)SIGNATURE,
                                   .len = sizeof(SIGNATURE) - 1};
    struct span front = span_first(bytes, signature.len);
    if (!span_equal(front, span_first(signature, bytes.len))) {
        return PROXY_PROTOCOL_BAD;
    }
    return read_binary(bytes, result_out);
}
