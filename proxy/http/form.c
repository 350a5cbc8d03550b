#include "http/form.h"

#include "http/media.h"
#include "http/text.h"

enum { BOUNDARY_LEN_MAX = 70 };

/* Compares without a buffer, so that the length of a name needs no bound. */
static bool name_equal(struct span encoded, struct span name, bool *bad_out)
{
    size_t at = 0;
    bool equal = true;

    for (size_t i = 0; i < encoded.len; at++) {
        uint8_t byte = 0;
        size_t len = 0;
        size_t used = encoded.ptr[i] == '%' ? 3 : 1;
        if (!text_decode_percent(span_first(span_from(encoded, i), used), true, &byte,
                                 &len)) {
            *bad_out = true;
            return false;
        }
        equal = equal && at < name.len && name.ptr[at] == byte;
        i += used;
    }
    return equal && at == name.len;
}

/* Decoded bytes are never more than encoded ones, but the buffer may be smaller. */
static bool decode_value(struct span encoded, struct form_buffer buffer,
                         struct span *value_out)
{
    size_t len = 0;

    for (size_t i = 0; i < encoded.len;) {
        size_t used = encoded.ptr[i] == '%' ? 3 : 1;
        size_t one = 0;
        if (len == buffer.capacity ||
            !text_decode_percent(span_first(span_from(encoded, i), used), true,
                                 buffer.bytes + len, &one)) {
            return false;
        }
        len++;
        i += used;
    }
    *value_out = (struct span){.ptr = buffer.bytes, .len = len};
    return true;
}

enum form_result form_find(struct span body, struct span name, struct form_buffer buffer,
                           struct span *value_out)
{
    enum form_result result = FORM_ABSENT;
    struct span pair;

    while (span_next(&body, '&', &pair)) {
        size_t equals = span_find(pair, '=');
        bool bad = false;
        bool equal = pair.len > 0 && name_equal(span_first(pair, equals), name, &bad);
        if (bad) {
            return FORM_BAD;
        }
        if (!equal) {
            continue;
        }
        if (result == FORM_FOUND) {
            return FORM_TWICE;
        }
        if (!decode_value(span_from(pair, equals + 1), buffer, value_out)) {
            return FORM_BAD;
        }
        result = FORM_FOUND;
    }
    return result;
}

/* ---- multipart ---- */

static size_t find_bytes(struct span text, struct span wanted)
{
    const uint8_t *found =
        text.len > 0 ? memmem(text.ptr, text.len, wanted.ptr, wanted.len) : NULL;

    return found != NULL ? (size_t)(found - text.ptr) : text.len;
}

struct part {
    struct span name;
    struct span content;
    bool is_file;
    bool is_encoded;
};

static bool starts_nocase(struct span text, struct span prefix)
{
    return span_equal_nocase(span_first(text, prefix.len), prefix);
}

static void read_part_field(struct part *part, struct span line)
{
    size_t colon = span_find(line, ':');
    struct span name = span_first(line, colon);
    struct span value = span_trim(span_from(line, colon + 1));

    if (span_equal_nocase(name, SPAN("content-disposition")) &&
        starts_nocase(value, SPAN("form-data"))) {
        part->name = media_parameter(value, SPAN("name"));
        part->is_file = find_bytes(value, SPAN("filename")) < value.len;
    } else if (span_equal_nocase(name, SPAN("content-transfer-encoding"))) {
        part->is_encoded = true;
    }
}

/* `bytes` is a part without its delimiters: fields, an empty line, content. */
static bool read_part(struct span bytes, struct part *part)
{
    *part = (struct part){0};
    for (;;) {
        size_t end = find_bytes(bytes, SPAN("\r\n"));
        if (end == bytes.len) {
            return false;
        }
        struct span line = span_first(bytes, end);
        bytes = span_from(bytes, end + 2);
        if (line.len == 0) {
            part->content = bytes;
            return true;
        }
        read_part_field(part, line);
    }
}

static enum form_result take_part(const struct part *part, struct form_buffer buffer,
                                  struct span *value_out)
{
    if (part->is_encoded || part->content.len > buffer.capacity) {
        return FORM_BAD;
    }
    if (part->content.len > 0) {
        memcpy(buffer.bytes, part->content.ptr, part->content.len);
    }
    *value_out = (struct span){.ptr = buffer.bytes, .len = part->content.len};
    return FORM_FOUND;
}

/* Walks the parts; `delimiter` is CRLF, two dashes and the boundary. */
static enum form_result find_part(struct span body, struct span delimiter,
                                  struct span name, struct form_buffer buffer,
                                  struct span *value_out)
{
    enum form_result result = FORM_ABSENT;
    struct part part;

    while (!span_starts(body, SPAN("--"))) {
        size_t end = find_bytes(body, delimiter);
        if (!span_starts(body, SPAN("\r\n")) || end < 2 || end == body.len ||
            !read_part(span_first(span_from(body, 2), end - 2), &part)) {
            return FORM_BAD;
        }
        body = span_from(body, end + delimiter.len);
        if (part.is_file || !span_equal(part.name, name)) {
            continue;
        }
        if (result == FORM_FOUND) {
            return FORM_TWICE;
        }
        result = take_part(&part, buffer, value_out);
        if (result != FORM_FOUND) {
            return result;
        }
    }
    return result;
}

enum form_result form_find_multipart(struct span body, struct span content_type,
                                     struct span name, struct form_buffer buffer,
                                     struct span *value_out)
{
    struct span boundary = media_parameter(content_type, SPAN("boundary"));
    uint8_t delimiter[BOUNDARY_LEN_MAX + 4] = {'\r', '\n', '-', '-'};

    if (boundary.len == 0 || boundary.len > BOUNDARY_LEN_MAX) {
        return FORM_BAD;
    }
    memcpy(delimiter + 4, boundary.ptr, boundary.len);
    struct span whole = {.ptr = delimiter, .len = boundary.len + 4};
    struct span first = span_from(whole, 2);
    if (!span_starts(body, first)) {
        return FORM_BAD;
    }
    return find_part(span_from(body, first.len), whole, name, buffer, value_out);
}
