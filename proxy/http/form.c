#include "http/form.h"

#include "http/form_name.h"
#include "http/parameters.h"
#include "http/text.h"

enum {
    BOUNDARY_LEN_MAX = 70,
    NAME_SIZE_MAX = 1024, /* Of a name that may be a wanted one. */
};

/* How a name stands to the wanted one. */
enum match { MATCH_BAD, MATCH_OTHER, MATCH_ALIKE, MATCH_EQUAL };

/* Decodes all of it, but keeps no more than a name needs that is to be compared. */
static enum match match_name(struct span encoded, struct span wanted)
{
    uint8_t bytes[NAME_SIZE_MAX];
    size_t kept = 0;
    bool whole = true;

    for (size_t i = 0; i < encoded.len;) {
        uint8_t byte = 0;
        size_t len = 0;
        size_t used = encoded.ptr[i] == '%' ? 3 : 1;
        if (!text_decode_percent(span_first(span_from(encoded, i), used), true, &byte,
                                 &len)) {
            return MATCH_BAD;
        }
        bool leads = kept == 0 && byte == ' ';
        whole = whole && !leads && kept < sizeof(bytes);
        if (!leads && kept < sizeof(bytes)) {
            bytes[kept++] = byte;
        }
        i += used;
    }
    struct span name = {.ptr = bytes, .len = kept};
    if (whole && span_equal(name, wanted)) {
        return MATCH_EQUAL;
    }
    return form_name_alike(name, wanted) ? MATCH_ALIKE : MATCH_OTHER;
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

/* Some servers take a `;` for a separator; no browser sends one that is not encoded. */
static enum match match_pair(struct span pair, struct span wanted)
{
    size_t end = span_find(pair, ';');
    struct span rest = span_from(pair, end + 1);
    struct span first = span_first(pair, end);
    enum match match = match_name(span_first(first, span_find(first, '=')), wanted);
    struct span piece;

    while (match != MATCH_BAD && span_next(&rest, ';', &piece)) {
        enum match other = match_name(span_first(piece, span_find(piece, '=')), wanted);
        match = other == MATCH_BAD     ? MATCH_BAD
                : other != MATCH_OTHER ? MATCH_ALIKE
                                       : match;
    }
    return match == MATCH_EQUAL && end < pair.len ? MATCH_ALIKE : match;
}

enum form_result form_find(struct span body, struct span name, struct form_buffer buffer,
                           struct span *value_out)
{
    enum form_result result = FORM_ABSENT;
    struct span pair;

    while (span_next(&body, '&', &pair)) {
        enum match match = match_pair(pair, name);
        if (match == MATCH_BAD) {
            return FORM_BAD;
        }
        if (match == MATCH_OTHER) {
            continue;
        }
        if (match == MATCH_ALIKE || result == FORM_FOUND) {
            return FORM_TWICE;
        }
        if (!decode_value(span_from(pair, span_find(pair, '=') + 1), buffer, value_out)) {
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
    bool has_disposition;
    bool is_file;
    bool is_encoded;
    bool is_recoded;
};

/* `; name="..."`, perhaps with a file name: what all readers read alike. */
static bool read_disposition(struct part *part, struct span value)
{
    static const struct span KIND = {.ptr = (const uint8_t *)"form-data", .len = 9};
    struct span rest = span_from(value, KIND.len);
    struct parameter parameter;
    bool has_name = false;
    bool has_file[2] = {false, false};
    enum parameters_result result = PARAMETERS_BAD;

    if (part->has_disposition || !span_equal_nocase(span_first(value, KIND.len), KIND)) {
        return false;
    }
    part->has_disposition = true;
    while ((result = parameters_next(&rest, &parameter)) == PARAMETERS_NEXT) {
        bool is_name = span_equal_nocase(parameter.name, SPAN("name"));
        bool is_coded = span_equal_nocase(parameter.name, SPAN("filename*"));
        if (!is_name && !is_coded &&
            !span_equal_nocase(parameter.name, SPAN("filename"))) {
            return false;
        }
        bool *had = is_name ? &has_name : &has_file[is_coded ? 1 : 0];
        if (*had || (is_name && span_find(parameter.value, '\\') < parameter.value.len)) {
            return false;
        }
        *had = true;
        part->name = is_name ? parameter.value : part->name;
    }
    part->is_file = has_file[0] || has_file[1];
    return result == PARAMETERS_END && has_name;
}

/* Text that is read in another encoding may be another name. */
static bool is_plain_type(struct span type)
{
    static const struct span KIND = {.ptr = (const uint8_t *)"text/plain", .len = 10};
    struct span rest = span_from(type, KIND.len);
    struct parameter parameter;

    if (!span_equal_nocase(span_first(type, KIND.len), KIND)) {
        return false;
    }
    enum parameters_result result = parameters_next(&rest, &parameter);
    return result == PARAMETERS_END ||
           (result == PARAMETERS_NEXT && rest.len == 0 &&
            span_equal_nocase(parameter.name, SPAN("charset")) &&
            span_equal_nocase(parameter.value, SPAN("utf-8")));
}

/* False: some reader may take the part for another one than we do. */
static bool read_part_field(struct part *part, struct span line)
{
    size_t colon = span_find(line, ':');
    struct span name = span_first(line, colon);
    struct span value = span_trim(span_from(line, colon + 1));

    if (colon == line.len || !text_is_token(name) || !text_is_field_value(value)) {
        return false;
    }
    if (span_equal_nocase(name, SPAN("content-disposition"))) {
        return read_disposition(part, value);
    }
    if (span_equal_nocase(name, SPAN("content-transfer-encoding"))) {
        part->is_encoded = true;
    } else if (span_equal_nocase(name, SPAN("content-type"))) {
        part->is_recoded = part->is_recoded || !is_plain_type(value);
    }
    return true;
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
            return part->has_disposition;
        }
        if (!read_part_field(part, line)) {
            return false;
        }
    }
}

static enum match match_part(const struct part *part, struct span wanted)
{
    if (span_equal(part->name, wanted)) {
        return part->is_file ? MATCH_ALIKE : MATCH_EQUAL;
    }
    /* Browsers write a quote as %22; some readers undo that, and more. */
    enum match match = match_name(part->name, wanted);
    bool alike = match == MATCH_EQUAL || match == MATCH_ALIKE ||
                 form_name_alike(part->name, wanted);
    return alike ? MATCH_ALIKE : MATCH_OTHER;
}

static enum form_result take_part(const struct part *part, struct form_buffer buffer,
                                  struct span *value_out)
{
    if (part->is_encoded || part->is_recoded || part->content.len > buffer.capacity) {
        return FORM_BAD;
    }
    if (part->content.len > 0) {
        memcpy(buffer.bytes, part->content.ptr, part->content.len);
    }
    *value_out = (struct span){.ptr = buffer.bytes, .len = part->content.len};
    return FORM_FOUND;
}

/* Nothing but a line feed behind the last delimiter: there are readers that look for more
 * parts there. */
static bool is_end(struct span rest)
{
    return span_equal(rest, SPAN("--")) || span_equal(rest, SPAN("--\r\n"));
}

/* Takes a part off `body_p`, which begins behind a delimiter: CRLF, two dashes and the
 * boundary. What looks like one within a part is one to some. */
static bool next_part(struct span *body_p, struct span delimiter, struct part *part)
{
    struct span body = *body_p;
    size_t end = find_bytes(body, delimiter);

    if (!span_starts(body, SPAN("\r\n")) || end < 2 || end == body.len) {
        return false;
    }
    struct span bytes = span_first(span_from(body, 2), end - 2);
    *body_p = span_from(body, end + delimiter.len);
    return find_bytes(bytes, span_from(delimiter, 2)) == bytes.len &&
           read_part(bytes, part);
}

static enum form_result find_part(struct span body, struct span delimiter,
                                  struct span name, struct form_buffer buffer,
                                  struct span *value_out)
{
    enum form_result result = FORM_ABSENT;
    bool twice = false;
    struct part part;

    while (!span_starts(body, SPAN("--"))) {
        if (!next_part(&body, delimiter, &part)) {
            return FORM_BAD;
        }
        enum match match = match_part(&part, name);
        twice = twice || match == MATCH_ALIKE ||
                (match == MATCH_EQUAL && result == FORM_FOUND);
        if (match == MATCH_EQUAL && !twice) {
            result = take_part(&part, buffer, value_out);
        }
        if (result == FORM_BAD) {
            return FORM_BAD;
        }
    }
    if (!is_end(body)) {
        return FORM_BAD;
    }
    return twice ? FORM_TWICE : result;
}

/* The one `boundary` of a Content-Type in which no reader finds another. */
static struct span boundary_of(struct span content_type)
{
    size_t end = span_find(content_type, ';');
    struct span rest = span_from(content_type, end);
    struct span boundary = {0};
    struct parameter parameter;
    enum parameters_result result = PARAMETERS_BAD;

    while ((result = parameters_next(&rest, &parameter)) == PARAMETERS_NEXT) {
        bool is_boundary = span_equal_nocase(parameter.name, SPAN("boundary"));
        bool is_utf8 = span_equal_nocase(parameter.name, SPAN("charset")) &&
                       span_equal_nocase(parameter.value, SPAN("utf-8"));
        if (is_boundary ? boundary.len > 0 : !is_utf8) {
            return (struct span){0};
        }
        boundary = is_boundary ? parameter.value : boundary;
    }
    bool sound = result == PARAMETERS_END && span_find(boundary, '\\') == boundary.len;
    return sound ? boundary : (struct span){0};
}

enum form_result form_find_multipart(struct span body, struct span content_type,
                                     struct span name, struct form_buffer buffer,
                                     struct span *value_out)
{
    struct span boundary = boundary_of(content_type);
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
