#include "http/line.h"

#include "base/parse.h"
#include "http/host.h"
#include "http/text.h"

enum { VERSION_LEN = 8 }; /* HTTP/1.1 */

static bool first_bytes_fit(enum h1_kind kind, struct span bytes)
{
    if (kind == H1_RESPONSE) {
        size_t len = bytes.len < 5 ? bytes.len : 5;
        return span_equal(span_first(bytes, len), span_first(SPAN("HTTP/"), len));
    }
    if (bytes.len > 0 && bytes.ptr[0] == '\r') {
        return bytes.len == 1 || (bytes.ptr[1] == '\n' &&
                                  (bytes.len == 2 || text_is_token_byte(bytes.ptr[2])));
    }
    return bytes.len == 0 || text_is_token_byte(bytes.ptr[0]);
}

/* What a line feed at `at` means, from the one or two bytes behind it. */
static enum h1_found judge_line_feed(struct span bytes, size_t at, bool *ended_out)
{
    *ended_out = false;
    if (at == 0 || bytes.ptr[at - 1] != '\r') {
        return H1_FOUND_BAD; /* Bare LF. */
    }
    if (at + 1 == bytes.len) {
        return H1_FOUND_NOT;
    }
    uint8_t next = bytes.ptr[at + 1];
    if (next == ' ' || next == '\t') {
        return H1_FOUND_BAD; /* obs-fold. */
    }
    if (next != '\r') {
        return H1_FOUND_HEAD;
    }
    if (at + 2 == bytes.len) {
        return H1_FOUND_NOT;
    }
    *ended_out = true;
    return bytes.ptr[at + 2] == '\n' ? H1_FOUND_HEAD : H1_FOUND_BAD;
}

size_t line_empty_len(struct span bytes)
{
    return span_starts(bytes, SPAN("\r\n")) ? 2 : 0;
}

enum h1_found line_find_last(enum h1_kind kind, struct span bytes, size_t *checked_p,
                             size_t *head_len_out)
{
    CHECK(*checked_p <= bytes.len);

    if (!first_bytes_fit(kind, bytes)) {
        return H1_FOUND_BAD;
    }
    size_t skip = line_empty_len(bytes);
    size_t at = *checked_p > skip ? *checked_p : skip;
    for (;;) {
        at += span_find(span_from(bytes, at), '\n');
        if (at >= bytes.len) {
            *checked_p = bytes.len;
            return H1_FOUND_NOT;
        }
        bool ended = false;
        enum h1_found found = judge_line_feed(bytes, at, &ended);
        *checked_p = at;
        if (found != H1_FOUND_HEAD) {
            return found;
        }
        if (ended) {
            *head_len_out = at + 3;
            return H1_FOUND_HEAD;
        }
        at++;
    }
}

static enum h1_error parse_version(struct span text, struct head *head)
{
    if (text.len != VERSION_LEN || !span_starts(text, SPAN("HTTP/")) ||
        text.ptr[5] < '0' || text.ptr[5] > '9' || text.ptr[6] != '.' ||
        text.ptr[7] < '0' || text.ptr[7] > '9') {
        return H1_ERROR_MALFORMED;
    }
    if (text.ptr[5] != '1' || text.ptr[7] > '1') {
        return H1_ERROR_VERSION;
    }
    head->version_minor = (unsigned)(text.ptr[7] - '0');
    return H1_ERROR_NONE;
}

/* Origin form, absolute form, or `*` for OPTIONS; visible ASCII without `#`. */
static bool target_valid(struct span target, enum method method)
{
    for (size_t i = 0; i < target.len; i++) {
        if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7f || target.ptr[i] == '#') {
            return false;
        }
    }
    if (span_starts(target, SPAN("/"))) {
        return true;
    }
    struct host host;
    struct span authority = host_of_target(target);
    return authority.len > 0 ? host_parse(authority, &host)
                             : method == METHOD_OPTIONS && span_equal(target, SPAN("*"));
}

enum h1_error line_parse_request(struct span line, size_t target_size_max,
                                 struct head *head)
{
    size_t method_len = span_find(line, ' ');
    struct span rest = span_from(line, method_len + 1);
    size_t target_len = span_find(rest, ' ');

    head->method_text = span_first(line, method_len);
    head->method = method_of(head->method_text);
    head->target = span_first(rest, target_len);
    if (!text_is_token(head->method_text) || target_len == 0) {
        return H1_ERROR_MALFORMED;
    }
    if (target_len > target_size_max) {
        return H1_ERROR_TARGET_LONG;
    }
    if (target_len == rest.len) {
        return target_valid(head->target, head->method) ? H1_ERROR_VERSION /* HTTP/0.9 */
                                                        : H1_ERROR_MALFORMED;
    }
    enum h1_error error = parse_version(span_from(rest, target_len + 1), head);
    if (error != H1_ERROR_NONE) {
        return error;
    }
    if (head->method == METHOD_CONNECT || head->method == METHOD_TRACE) {
        return H1_ERROR_METHOD;
    }
    return target_valid(head->target, head->method) ? H1_ERROR_NONE : H1_ERROR_MALFORMED;
}

enum h1_error line_parse_status(struct span line, struct head *head)
{
    enum h1_error error = parse_version(span_first(line, VERSION_LEN), head);
    struct span code = span_first(span_from(line, VERSION_LEN), 4);
    uint64_t status = 0;

    if (error != H1_ERROR_NONE) {
        return error;
    }
    if (code.len != 4 || code.ptr[0] != ' ' ||
        parse_u64(span_from(code, 1), &status) != ERR_NONE || status < 100 ||
        status > 599) {
        return H1_ERROR_MALFORMED;
    }
    struct span reason = span_from(line, VERSION_LEN + 4);
    head->status = (unsigned)status;
    head->reason = span_from(reason, 1);
    if ((reason.len > 0 && reason.ptr[0] != ' ') || !text_is_field_value(reason)) {
        return H1_ERROR_MALFORMED;
    }
    return H1_ERROR_NONE;
}

bool line_has_tab(const struct field *field)
{
    const uint8_t *byte = field->name.ptr + field->name.len;

    while (*byte != '\r') {
        if (*byte == '\t') {
            return true;
        }
        byte++;
    }
    return false;
}
