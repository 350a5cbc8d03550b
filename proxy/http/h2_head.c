#include "http/h2_head.h"

#include <stdlib.h>

#include "base/writer.h"
#include "http/text.h"

enum {
    ITEMS_MIN = 1024,
    TEXT_SLACK = 128, /* Version, framing, the words around Host. */
    LINE_SLACK = 4,   /* Colon, blank, CRLF. */
    STATUS_AT = 9,    /* In `HTTP/1.1 200 OK`. */
    STATUS_LEN = 3,
};

struct item {
    size_t name_len;
    size_t value_len;
};

/* What a request needs besides its fields. */
struct pseudo {
    struct span method;
    struct span scheme;
    struct span authority;
    struct span path;
    struct span host;
    bool has_length;
};

void h2_head_free(struct h2_head *self)
{
    free(self->items);
    free(self->text);
    *self = (struct h2_head){0};
}

void h2_head_begin(struct h2_head *self)
{
    self->len = 0;
    self->size = 0;
    self->field_count = 0;
    self->error = H1_ERROR_NONE;
}

static void refuse(struct h2_head *self, enum h1_error error)
{
    if (self->error == H1_ERROR_NONE) {
        self->error = error;
    }
}

/* Room for `needed` bytes in memory that may move. False: memory. */
static bool grow(uint8_t **memory_p, size_t *capacity_p, size_t needed)
{
    size_t capacity = *capacity_p < ITEMS_MIN ? ITEMS_MIN : *capacity_p;

    if (needed <= *capacity_p) {
        return true;
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *more = realloc(*memory_p, capacity);
    if (more == NULL) {
        return false;
    }
    *memory_p = more;
    *capacity_p = capacity;
    return true;
}

static bool is_pseudo(struct span name)
{
    return name.len > 0 && name.ptr[0] == ':';
}

static bool name_valid(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') {
            return false;
        }
    }
    return text_is_token(is_pseudo(name) ? span_from(name, 1) : name);
}

static void keep(struct h2_head *self, struct span name, struct span value)
{
    struct item item = {.name_len = name.len, .value_len = value.len};
    size_t needed = self->len + sizeof(item) + name.len + value.len;

    if (!grow(&self->items, &self->capacity, needed)) {
        refuse(self, H1_ERROR_FIELDS_LARGE);
        return;
    }
    struct writer out = writer_of(self->items, self->capacity);
    out.len = self->len;
    writer_put(&out, (struct span){.ptr = (const uint8_t *)&item, .len = sizeof(item)});
    writer_put(&out, name);
    writer_put(&out, value);
    self->len = out.len;
}

void h2_head_add(struct h2_head *self, const struct h1_limits *limits, struct span name,
                 struct span value)
{
    bool pseudo = is_pseudo(name);

    self->size += name.len + value.len + LINE_SLACK;
    if (!name_valid(name) || !text_is_field_value(value)) {
        refuse(self, H1_ERROR_MALFORMED);
        return;
    }
    self->field_count += pseudo ? 0 : 1;
    if (pseudo && value.len > limits->target_size_max) {
        refuse(self, H1_ERROR_TARGET_LONG);
    } else if (self->size > limits->head_size_max + limits->target_size_max ||
               self->field_count > limits->field_count_max) {
        refuse(self, H1_ERROR_FIELDS_LARGE);
    }
    if (self->error == H1_ERROR_NONE) {
        keep(self, name, value);
    }
}

/* Takes the item at the front of `rest_p`. */
static bool next_item(struct span *rest_p, struct span *name_out, struct span *value_out)
{
    struct item item;

    if (rest_p->len == 0) {
        return false;
    }
    memcpy(&item, rest_p->ptr, sizeof(item));
    struct span rest = span_from(*rest_p, sizeof(item));
    *name_out = span_first(rest, item.name_len);
    rest = span_from(rest, item.name_len);
    *value_out = span_first(rest, item.value_len);
    *rest_p = span_from(rest, item.value_len);
    return true;
}

/* Once, not empty, and one that a request has. */
static bool note_pseudo(struct pseudo *pseudo, struct span name, struct span value)
{
    struct span *slot = NULL;

    if (span_equal(name, SPAN(":method"))) {
        slot = &pseudo->method;
    } else if (span_equal(name, SPAN(":scheme"))) {
        slot = &pseudo->scheme;
    } else if (span_equal(name, SPAN(":authority"))) {
        slot = &pseudo->authority;
    } else if (span_equal(name, SPAN(":path"))) {
        slot = &pseudo->path;
    }
    if (slot == NULL || slot->ptr != NULL || value.len == 0) {
        return false;
    }
    *slot = value;
    return true;
}

/* Fields that belong to a connection, which HTTP/2 does not have (RFC 9113 section
 * 8.2.2). */
static bool is_connection_field(enum field_id id, struct span value)
{
    switch ((unsigned)id) {
    case FIELD_CONNECTION:
    case FIELD_KEEP_ALIVE:
    case FIELD_PROXY_CONNECTION:
    case FIELD_TRANSFER_ENCODING:
    case FIELD_UPGRADE:
        return true;
    case FIELD_TE:
        return !span_equal_nocase(value, SPAN("trailers"));
    default:
        return false;
    }
}

static enum h1_error note_field(struct pseudo *pseudo, struct span name,
                                struct span value)
{
    enum field_id id = field_id_of(name);

    if (is_connection_field(id, value)) {
        return H1_ERROR_MALFORMED;
    }
    if (id == FIELD_HOST) {
        if (pseudo->host.ptr != NULL || value.len == 0) {
            return H1_ERROR_AMBIGUOUS;
        }
        pseudo->host = value;
    }
    pseudo->has_length = pseudo->has_length || id == FIELD_CONTENT_LENGTH;
    return H1_ERROR_NONE;
}

/* Everything about the block that is not said by a line of its own. */
static enum h1_error look(const struct h2_head *self, struct pseudo *pseudo)
{
    struct span rest = {.ptr = self->items, .len = self->len};
    struct span name;
    struct span value;
    bool regular = false;

    while (next_item(&rest, &name, &value)) {
        enum h1_error error = H1_ERROR_NONE;
        if (!is_pseudo(name)) {
            regular = true;
            error = note_field(pseudo, name, value);
        } else if (regular || !note_pseudo(pseudo, name, value)) {
            error = H1_ERROR_MALFORMED;
        }
        if (error != H1_ERROR_NONE) {
            return error;
        }
    }
    return H1_ERROR_NONE;
}

/* No blank may end a word of the request line, and the authority has to be the Host. */
static enum h1_error check(struct pseudo *pseudo)
{
    if (span_equal(pseudo->method, SPAN("CONNECT"))) {
        return H1_ERROR_METHOD;
    }
    if (pseudo->method.len == 0 || pseudo->path.len == 0 ||
        !text_is_token(pseudo->method) ||
        span_find(pseudo->path, ' ') != pseudo->path.len ||
        span_find(pseudo->path, '\t') != pseudo->path.len) {
        return H1_ERROR_MALFORMED;
    }
    if (pseudo->path.ptr[0] != '/' && !span_equal(pseudo->path, SPAN("*"))) {
        return H1_ERROR_MALFORMED;
    }
    if (!span_equal_nocase(pseudo->scheme, SPAN("http")) &&
        !span_equal_nocase(pseudo->scheme, SPAN("https"))) {
        return H1_ERROR_MALFORMED;
    }
    if (pseudo->authority.len == 0) {
        pseudo->authority = pseudo->host;
    } else if (pseudo->host.len > 0 &&
               !span_equal_nocase(pseudo->host, pseudo->authority)) {
        return H1_ERROR_AMBIGUOUS;
    }
    return pseudo->authority.len > 0 ? H1_ERROR_NONE : H1_ERROR_MALFORMED;
}

/* All cookies in one field, as servers of HTTP/1 know it (RFC 9113 section 8.2.3). */
static void write_cookies(const struct h2_head *self, struct writer *out)
{
    struct span rest = {.ptr = self->items, .len = self->len};
    struct span name;
    struct span value;
    bool first = true;

    while (next_item(&rest, &name, &value)) {
        if (span_equal(name, SPAN("cookie"))) {
            writer_put(out, first ? SPAN("cookie: ") : SPAN("; "));
            writer_put(out, value);
            first = false;
        }
    }
    writer_put(out, first ? SPAN("") : SPAN("\r\n"));
}

static void write_text(const struct h2_head *self, const struct pseudo *pseudo,
                       bool ended, struct writer *out)
{
    struct span rest = {.ptr = self->items, .len = self->len};
    struct span name;
    struct span value;

    writer_put(out, pseudo->method);
    writer_put(out, SPAN(" "));
    writer_put(out, pseudo->path);
    writer_put(out, SPAN(" HTTP/1.1\r\n"));
    writer_field(out, SPAN("host"), pseudo->authority);
    while (next_item(&rest, &name, &value)) {
        if (!is_pseudo(name) && !span_equal(name, SPAN("cookie")) &&
            !span_equal(name, SPAN("host"))) {
            writer_field(out, name, value);
        }
    }
    write_cookies(self, out);
    if (!ended && !pseudo->has_length) {
        writer_put(out, SPAN("transfer-encoding: chunked\r\n"));
    }
    writer_put(out, SPAN("\r\n"));
}

enum h1_error h2_head_text(struct h2_head *self, bool ended, struct span *text_out)
{
    struct pseudo pseudo = {0};

    *text_out = (struct span){0};
    if (self->error == H1_ERROR_NONE) {
        refuse(self, look(self, &pseudo));
    }
    if (self->error == H1_ERROR_NONE) {
        refuse(self, check(&pseudo));
    }
    if (self->error == H1_ERROR_NONE &&
        !grow(&self->text, &self->text_capacity,
              self->size + pseudo.authority.len + TEXT_SLACK)) {
        refuse(self, H1_ERROR_FIELDS_LARGE);
    }
    if (self->error != H1_ERROR_NONE) {
        return self->error;
    }
    struct writer out = writer_of(self->text, self->text_capacity);
    write_text(self, &pseudo, ended, &out);
    CHECK(!out.full);
    *text_out = writer_span(&out);
    return H1_ERROR_NONE;
}

/* Framing and connection fields that we wrote for HTTP/1. */
static bool is_framing_of_h1(struct span name)
{
    return span_equal_nocase(name, SPAN("connection")) ||
           span_equal_nocase(name, SPAN("transfer-encoding"));
}

struct span h2_head_take_status(struct span *rest_p)
{
    struct span status = span_first(span_from(*rest_p, STATUS_AT), STATUS_LEN);

    CHECK(status.len == STATUS_LEN);
    *rest_p = span_from(*rest_p, span_find(*rest_p, '\n') + 1);
    return status;
}

bool h2_head_next_field(struct span *rest_p, struct span *name_out,
                        struct span *value_out)
{
    while (rest_p->len > 2) {
        struct span line = span_first(*rest_p, span_find(*rest_p, '\r'));
        size_t name_len = span_find(line, ':');
        *rest_p = span_from(*rest_p, line.len + 2);
        *name_out = span_first(line, name_len);
        *value_out = span_trim(span_from(line, name_len + 1));
        if (!is_framing_of_h1(*name_out)) {
            return true;
        }
    }
    return false;
}
