#include "http/h1.h"

#include <stdlib.h>

#include <llhttp.h>

#include "http/chunked.h"
#include "http/framing.h"
#include "http/line.h"
#include "http/text.h"

/*
 * Every head is read twice: lines, request or status line and framing by this file,
 * fields by llhttp with all lenient flags off. Where the two disagree about the framing
 * the head is ambiguous. Bodies are taken apart here alone.
 */
struct h1 {
    llhttp_t parser;
    enum h1_kind kind;
    enum method expected;
    enum h1_error error; /* Latched. */

    /* While a head is parsed. */
    struct head *head;
    size_t field_count_max;
    bool fields_complete;
    unsigned flags; /* llhttp's, when it had seen all fields. */

    /* While a body is taken. */
    enum framing framing;
    uint64_t left;
    struct chunked chunked;
    enum piece piece; /* LAST or BROKEN once the body has ended. */
};

enum {
    LINE_OVERHEAD = 64, /* Method, version and blanks of a request line. */
    STATUS_LINE_SIZE_MAX = 4096,
};

/* ---- Finding the end of a head ---- */

enum h1_found h1_find_head(const struct h1 *self, struct span bytes, size_t *checked_p,
                           size_t *head_len_out)
{
    if (self->error != H1_ERROR_NONE) {
        return H1_FOUND_BAD;
    }
    return line_find_last(self->kind, bytes, checked_p, head_len_out);
}

enum h1_error h1_check_size(const struct h1 *self, struct span bytes,
                            const struct h1_limits *limits)
{
    size_t skip = line_empty_len(bytes);
    struct span rest = span_from(bytes, skip);
    size_t line_len = span_find(rest, '\n');

    if (self->kind == H1_REQUEST && line_len > limits->target_size_max + LINE_OVERHEAD) {
        return H1_ERROR_TARGET_LONG;
    }
    if (self->kind == H1_RESPONSE && line_len > STATUS_LINE_SIZE_MAX) {
        return H1_ERROR_FIELDS_LARGE;
    }
    /* A complete head has three bytes besides: LF of the first line and the empty line.
     */
    return rest.len > line_len && rest.len - line_len > limits->head_size_max + 3
               ? H1_ERROR_FIELDS_LARGE
               : H1_ERROR_NONE;
}

/* ---- Fields: what llhttp calls ---- */

static int refuse(struct h1 *self, enum h1_error error)
{
    self->error = error;
    return HPE_USER;
}

static int on_name(llhttp_t *parser, const char *at, size_t len)
{
    struct h1 *self = parser->data;
    struct head *head = self->head;

    if (head->field_count == self->field_count_max) {
        return refuse(self, H1_ERROR_FIELDS_LARGE);
    }
    struct span name = {.ptr = (const uint8_t *)at, .len = len};
    head->fields[head->field_count++] =
        (struct field){.name = name,
                       .value = {.ptr = name.ptr + name.len, .len = 0},
                       .id = field_id_of(name)};
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct h1 *self = parser->data;
    struct span value = {.ptr = (const uint8_t *)at, .len = len};

    if (self->head->field_count == 0) {
        return refuse(self, H1_ERROR_MALFORMED);
    }
    struct field *field = &self->head->fields[self->head->field_count - 1];
    if (field->value.len > 0 || !text_is_field_value(value)) {
        return refuse(self, H1_ERROR_MALFORMED);
    }
    field->value = span_trim(value);
    if (field->id == FIELD_CONNECTION && line_has_tab(field)) {
        return refuse(self, H1_ERROR_AMBIGUOUS);
    }
    return 0;
}

static int on_fields_complete(llhttp_t *parser)
{
    struct h1 *self = parser->data;

    self->fields_complete = true;
    self->flags = parser->flags;
    return self->kind == H1_RESPONSE && self->expected == METHOD_HEAD ? 1 : 0;
}

/* Without this pause llhttp runs on into the bytes of a next message. */
static int on_message_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t SETTINGS = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_fields_complete,
    .on_message_complete = on_message_complete,
};

static enum h1_error error_of(llhttp_errno_t code)
{
    /* The version is right: line.c saw it. What is left to expect is a method of HTTP. */
    if (code == HPE_INVALID_METHOD || code == HPE_INVALID_CONSTANT) {
        return H1_ERROR_METHOD;
    }
    if (code == HPE_INVALID_VERSION) {
        return H1_ERROR_VERSION;
    }
    if (code == HPE_UNEXPECTED_CONTENT_LENGTH || code == HPE_INVALID_CONTENT_LENGTH ||
        code == HPE_INVALID_TRANSFER_ENCODING) {
        return H1_ERROR_AMBIGUOUS;
    }
    return H1_ERROR_MALFORMED;
}

static enum h1_error parse_fields(struct h1 *self, struct span bytes)
{
    self->fields_complete = false;
    self->flags = 0;
    llhttp_reset(&self->parser);
    llhttp_errno_t code =
        llhttp_execute(&self->parser, (const char *)bytes.ptr, bytes.len);
    if (self->error != H1_ERROR_NONE) {
        return self->error;
    }
    if (code != HPE_OK && code != HPE_PAUSED && code != HPE_PAUSED_UPGRADE) {
        return error_of(code);
    }
    return self->fields_complete ? H1_ERROR_NONE : H1_ERROR_MALFORMED;
}

/* ---- One message ---- */

static enum h1_error parse_first_line(struct h1 *self, struct span line,
                                      const struct h1_limits *limits)
{
    return self->kind == H1_REQUEST
               ? line_parse_request(line, limits->target_size_max, self->head)
               : line_parse_status(line, self->head);
}

/* True when llhttp saw the same framing. */
static bool framing_agreed(const struct h1 *self)
{
    bool chunked = (self->flags & F_CHUNKED) != 0;
    bool length = (self->flags & F_CONTENT_LENGTH) != 0;

    if (chunked != (head_field(self->head, FIELD_TRANSFER_ENCODING) != NULL)) {
        return false;
    }
    return length == self->head->has_content_length;
}

static enum h1_error parse_head(struct h1 *self, struct span bytes,
                                const struct h1_limits *limits)
{
    bytes = span_from(bytes, line_empty_len(bytes));
    size_t line_len = span_find(bytes, '\n');
    if (line_len == 0 || line_len == bytes.len) {
        return H1_ERROR_MALFORMED;
    }
    enum h1_error error = parse_first_line(self, span_first(bytes, line_len - 1), limits);
    if (error != H1_ERROR_NONE) {
        return error;
    }
    if (bytes.len - line_len - 3 > limits->head_size_max) {
        return H1_ERROR_FIELDS_LARGE;
    }
    error = parse_fields(self, bytes);
    if (error == H1_ERROR_NONE) {
        error = self->kind == H1_REQUEST
                    ? framing_of_request(self->head)
                    : framing_of_response(self->head, self->expected);
    }
    if (error == H1_ERROR_NONE && !framing_agreed(self)) {
        return H1_ERROR_AMBIGUOUS;
    }
    return error;
}

/* By hand, because zeroing the whole array of fields would cost more than parsing. */
static void head_clear(struct head *head)
{
    head->method = METHOD_OTHER;
    head->method_text = (struct span){0};
    head->target = (struct span){0};
    head->status = 0;
    head->reason = (struct span){0};
    head->version_major = 1;
    head->version_minor = 0;
    head->framing = FRAMING_NONE;
    head->content_length = 0;
    head->has_content_length = false;
    head->keep_alive = false;
    head->field_count = 0;
}

enum h1_error h1_parse_head(struct h1 *self, struct span bytes,
                            const struct h1_limits *limits, struct head *head_out)
{
    CHECK(limits->field_count_max <= HEAD_FIELDS_MAX);

    head_clear(head_out);
    if (self->error != H1_ERROR_NONE) {
        return self->error;
    }
    self->head = head_out;
    self->field_count_max = limits->field_count_max;
    self->error = parse_head(self, bytes, limits);
    self->head = NULL;

    self->framing = head_out->framing;
    self->left = head_out->content_length;
    self->chunked = (struct chunked){0};
    self->piece = self->framing == FRAMING_NONE ? PIECE_LAST : PIECE_MORE;
    if (self->error != H1_ERROR_NONE) {
        self->piece = PIECE_BROKEN;
    }
    return self->error;
}

void h1_expect(struct h1 *self, enum method request_method)
{
    CHECK(self->kind == H1_RESPONSE);

    self->expected = request_method;
}

static size_t take_length(struct h1 *self, struct span bytes, struct span *content_out)
{
    size_t len = bytes.len < self->left ? bytes.len : (size_t)self->left;

    *content_out = span_first(bytes, len);
    self->left -= len;
    if (self->left == 0) {
        self->piece = PIECE_LAST;
    }
    return len;
}

static size_t take_chunked(struct h1 *self, struct span bytes, struct span *content_out)
{
    size_t taken = chunked_take(&self->chunked, bytes, content_out);

    if (self->chunked.state == CHUNKED_DONE) {
        self->piece = PIECE_LAST;
    } else if (self->chunked.state == CHUNKED_BAD) {
        self->piece = PIECE_BROKEN;
        self->error = H1_ERROR_MALFORMED;
        *content_out = (struct span){0};
    }
    return taken;
}

enum piece h1_parse_body(struct h1 *self, struct span bytes, struct span *content_out,
                         size_t *consumed_out)
{
    *content_out = (struct span){0};
    *consumed_out = 0;
    if (self->piece != PIECE_MORE) {
        return self->piece;
    }
    switch (self->framing) {
    case FRAMING_LENGTH:
        *consumed_out = take_length(self, bytes, content_out);
        break;
    case FRAMING_CHUNKED:
        *consumed_out = take_chunked(self, bytes, content_out);
        break;
    case FRAMING_CLOSE:
        *content_out = bytes;
        *consumed_out = bytes.len;
        break;
    case FRAMING_NONE:
        UNREACHABLE();
    }
    return self->piece;
}

enum piece h1_finish(struct h1 *self)
{
    if (self->piece == PIECE_MORE) {
        self->piece = self->framing == FRAMING_CLOSE ? PIECE_LAST : PIECE_BROKEN;
    }
    return self->piece;
}

struct h1 *h1_new(enum h1_kind kind)
{
    struct h1 *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->kind = kind;
    self->piece = PIECE_BROKEN;
    llhttp_init(&self->parser, kind == H1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE,
                &SETTINGS);
    self->parser.data = self;
    return self;
}

void h1_free(struct h1 **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

const char *h1_error_name(enum h1_error error)
{
    static const char *const names[] = {
        [H1_ERROR_NONE] = "none",
        [H1_ERROR_MALFORMED] = "malformed",
        [H1_ERROR_AMBIGUOUS] = "ambiguous",
        [H1_ERROR_TARGET_LONG] = "target-too-long",
        [H1_ERROR_FIELDS_LARGE] = "fields-too-large",
        [H1_ERROR_VERSION] = "version",
        [H1_ERROR_CODING] = "transfer-coding",
        [H1_ERROR_METHOD] = "method",
    };
    CHECK((size_t)error < sizeof(names) / sizeof(names[0]));

    return names[error];
}

unsigned h1_error_status(enum h1_error error)
{
    switch (error) {
    case H1_ERROR_TARGET_LONG:
        return 414;
    case H1_ERROR_FIELDS_LARGE:
        return 431;
    case H1_ERROR_VERSION:
        return 505;
    case H1_ERROR_CODING:
    case H1_ERROR_METHOD:
        return 501;
    case H1_ERROR_NONE:
    case H1_ERROR_MALFORMED:
    case H1_ERROR_AMBIGUOUS:
        break;
    }
    return 400;
}
