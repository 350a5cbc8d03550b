#include "guard/scan_json.h"

#include "base/parse.h"
#include "guard/charset.h"
#include "guard/scan_json_path.h"
#include "guard/scan_unescape.h"

void json_init(struct json_scan *self, struct values *values)
{
    self->values = values;
    self->state = JSON_VALUE;
    self->is_key = false;
    self->keeping = false;
    self->started = false;
    self->tentative = false;
    self->stopped = false;
    self->digits = 0;
    self->sent = NULL;
    self->offset = 0;
    self->token_start = 0;
    self->token_len = 0;
    self->depth = 0;
    self->rows = 0;
    for (size_t i = 0; i < values->markers->row_count; i++) {
        bool json = values->markers->rows[i].selector.kind == SELECTOR_JSON;
        self->rows |= json ? UINT64_C(1) << i : 0;
    }
}

/* Pointers that fit the way to the member or element `key` of the open container. */
static uint64_t below(const struct json_scan *self, struct span key)
{
    return json_path_below(self->values->markers, self->levels[self->depth - 1].rows,
                           self->depth - 1, key);
}

static void fail_as(struct json_scan *self, enum scan_reason reason)
{
    self->stopped = true;
    if (!self->tentative) {
        values_fail(self->values, reason);
    }
}

static void fail(struct json_scan *self)
{
    fail_as(self, SCAN_REASON_SYNTAX);
}

static void value_ended(struct json_scan *self)
{
    self->state = self->depth > 0 ? JSON_COMMA : JSON_VALUE;
}

static void observe(struct json_scan *self, struct span text, size_t size)
{
    uint64_t rows = json_path_ends(self->values->markers, self->rows, self->depth);
    for (size_t i = 0; rows != 0; i++, rows >>= 1) {
        if ((rows & 1) != 0) {
            values_add_cut(self->values, i, text, size, self->offset);
        }
    }
}

static struct span token_of(const struct json_scan *self)
{
    size_t len = self->token_len < JSON_TOKEN_SIZE ? self->token_len : JSON_TOKEN_SIZE;
    return (struct span){.ptr = self->token, .len = len};
}

static void token_add(struct json_scan *self, struct span part)
{
    if (!self->keeping) {
        return;
    }
    if (self->token_len < JSON_TOKEN_SIZE && part.len > 0) {
        struct span taken = span_first(part, JSON_TOKEN_SIZE - self->token_len);
        memcpy(self->token + self->token_len, taken.ptr, taken.len);
    }
    self->token_len += part.len;
}

static void token_begin(struct json_scan *self, enum json_state state, bool keeping)
{
    self->state = state;
    self->keeping = keeping;
    self->token_len = 0;
    self->token_start = self->offset;
}

/* The set of the array element that begins now. */
static void element_begin(struct json_scan *self)
{
    struct json_level *level = &self->levels[self->depth - 1];
    char digits[20];
    size_t len = level->rows != 0 ? format_u64(level->index, digits) : 0;
    struct span key = {.ptr = (const uint8_t *)digits, .len = len};
    self->rows = below(self, key);
    level->index += level->index < UINT32_MAX ? 1 : 0;
}

static void container_begin(struct json_scan *self, bool array)
{
    if (self->depth == JSON_DEPTH_MAX) {
        fail_as(self, SCAN_REASON_DEPTH);
        return;
    }
    self->levels[self->depth++] = (struct json_level){.rows = self->rows, .array = array};
    self->state = array ? JSON_FIRST_VALUE : JSON_FIRST_KEY;
}

static void container_end(struct json_scan *self, bool array)
{
    if (self->depth == 0 || self->levels[self->depth - 1].array != array) {
        fail(self);
        return;
    }
    self->depth--;
    if (self->depth == 0) {
        self->rows = self->levels[0].rows;
    }
    value_ended(self);
}

static void value_begin(struct json_scan *self, uint8_t byte)
{
    if (self->depth > 0 && self->levels[self->depth - 1].array) {
        element_begin(self);
    }
    if (byte == '"') {
        self->is_key = false;
        token_begin(self, JSON_STRING, self->rows != 0);
    } else if (byte == '{' || byte == '[') {
        container_begin(self, byte == '[');
    } else if (byte == '-' || (byte >= '0' && byte <= '9') || byte == 't' ||
               byte == 'f' || byte == 'n') {
        token_begin(self, JSON_LITERAL, true);
        token_add(self, (struct span){.ptr = &byte, .len = 1});
    } else {
        fail(self);
    }
}

static void key_ended(struct json_scan *self)
{
    uint8_t key[JSON_TOKEN_SIZE];
    self->rows = 0;
    self->state = JSON_COLON;
    if (self->keeping && self->token_len <= JSON_TOKEN_SIZE) {
        size_t len = scan_unescape_json(token_of(self), key, sizeof(key));
        self->rows = below(self, (struct span){.ptr = key, .len = len});
    } else if (self->keeping) {
        /* Longer than any segment, but `*` takes it. */
        self->rows = below(self, token_of(self));
    }
}

static void string_ended(struct json_scan *self)
{
    if (self->is_key) {
        key_ended(self);
        return;
    }
    uint8_t value[JSON_TOKEN_SIZE];
    if (self->keeping) {
        struct span token = token_of(self);
        size_t len = self->sent != NULL ? scan_unescape_iso2022jp(SCAN_FORM_JSON, token,
                                                                  value, sizeof(value))
                                        : scan_unescape_json(token, value, sizeof(value));
        len = self->token_len > JSON_TOKEN_SIZE ? sizeof(value) + 1 : len;
        observe(self, (struct span){.ptr = value, .len = len}, sizeof(value));
    }
    value_ended(self);
}

static void literal_ended(struct json_scan *self)
{
    struct span text = token_of(self);
    bool null = span_equal(text, SPAN("null"));
    if (self->token_len > JSON_TOKEN_SIZE) {
        fail_as(self, SCAN_REASON_LENGTH);
    } else if (!null && !span_equal(text, SPAN("true")) &&
               !span_equal(text, SPAN("false")) && !json_path_is_number(text)) {
        fail(self);
    } else if (!null) {
        observe(self, text, text.len);
    }
    value_ended(self);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bool ends_literal(uint8_t byte)
{
    return is_blank(byte) || byte == ',' || byte == ']' || byte == '}';
}

static void after_value(struct json_scan *self, uint8_t byte)
{
    if (byte == ',') {
        self->state = self->levels[self->depth - 1].array ? JSON_VALUE : JSON_KEY;
    } else if (byte == ']' || byte == '}') {
        container_end(self, byte == ']');
    } else {
        fail(self);
    }
}

static void key_begin(struct json_scan *self, uint8_t byte)
{
    if (byte == '"') {
        self->is_key = true;
        token_begin(self, JSON_STRING, self->levels[self->depth - 1].rows != 0);
    } else if (byte == '}' && self->state == JSON_FIRST_KEY) {
        container_end(self, false);
    } else {
        fail(self);
    }
}

/* A byte that is no blank, outside of strings and literals. */
static void structure(struct json_scan *self, uint8_t byte)
{
    switch (self->state) {
    case JSON_FIRST_VALUE:
        if (byte == ']') {
            container_end(self, true);
            return;
        }
        value_begin(self, byte);
        return;
    case JSON_VALUE:
        if (byte == ')' && !self->started) {
            self->state = JSON_PREFIX;
            return;
        }
        value_begin(self, byte);
        return;
    case JSON_FIRST_KEY:
    case JSON_KEY:
        key_begin(self, byte);
        return;
    case JSON_COLON:
        self->state = JSON_VALUE;
        if (byte != ':') {
            fail(self);
        }
        return;
    case JSON_COMMA:
        after_value(self, byte);
        return;
    case JSON_STRING:
    case JSON_STRING_ESCAPE:
    case JSON_LITERAL:
    case JSON_PREFIX:
        break;
    }
    UNREACHABLE();
}

static struct span as_sent(const struct json_scan *self, struct span part)
{
    if (self->sent != NULL) {
        part.ptr = self->sent + (part.ptr - self->fed);
    }
    return part;
}

/* An escape sequence between tokens says nothing. */
static bool is_escape(const struct json_scan *self, struct span rest)
{
    return rest.ptr[0] == CHARSET_ESCAPE && as_sent(self, rest).ptr[0] != CHARSET_ESCAPE;
}

static size_t on_string(struct json_scan *self, struct span rest)
{
    size_t i = 0;
    while (i < rest.len && rest.ptr[i] != '"' && rest.ptr[i] != '\\') {
        if (rest.ptr[i] < 0x20) {
            fail(self);
            return rest.len;
        }
        i++;
    }
    token_add(self, as_sent(self, span_first(rest, i)));
    if (i == rest.len) {
        return i;
    }
    if (rest.ptr[i] == '"') {
        self->offset += i + 1;
        string_ended(self);
        self->offset -= i + 1;
    } else {
        token_add(self, SPAN("\\"));
        self->state = JSON_STRING_ESCAPE;
        self->digits = 0;
    }
    return i + 1;
}

static size_t on_escape(struct json_scan *self, struct span rest)
{
    uint8_t byte = rest.ptr[0];
    token_add(self, span_first(rest, 1));
    if (self->digits > 0) {
        self->digits--;
        if (parse_hex_digit(byte) < 0) {
            fail(self);
        }
    } else if (byte == 'u') {
        self->digits = 4;
    } else if (span_find(SPAN("\"\\/bfnrt"), byte) == 8) {
        fail(self);
    }
    self->state = self->digits > 0 ? JSON_STRING_ESCAPE : JSON_STRING;
    return 1;
}

static size_t on_literal(struct json_scan *self, struct span rest)
{
    size_t i = 0;
    while (i < rest.len && !ends_literal(rest.ptr[i]) &&
           !is_escape(self, span_from(rest, i))) {
        i++;
    }
    token_add(self, span_first(rest, i));
    if (i < rest.len) {
        self->offset += i;
        literal_ended(self);
        self->offset -= i;
    }
    return i;
}

static size_t step(struct json_scan *self, struct span rest)
{
    switch (self->state) {
    case JSON_STRING:
        return on_string(self, rest);
    case JSON_STRING_ESCAPE:
        return on_escape(self, rest);
    case JSON_LITERAL:
        return on_literal(self, rest);
    case JSON_PREFIX:
        self->started = true;
        self->state = rest.ptr[0] == '\n' ? JSON_VALUE : JSON_PREFIX;
        return 1;
    case JSON_VALUE:
    case JSON_FIRST_VALUE:
    case JSON_FIRST_KEY:
    case JSON_KEY:
    case JSON_COLON:
    case JSON_COMMA:
        break;
    }
    if (!is_blank(rest.ptr[0]) && !is_escape(self, rest)) {
        structure(self, rest.ptr[0]);
        self->started = true;
    }
    return 1;
}

void scan_json_feed(struct json_scan *self, struct span piece, const uint8_t *sent)
{
    size_t done = 0;
    self->fed = piece.ptr;
    self->sent = sent;
    while (done < piece.len && !self->stopped &&
           self->values->reason == SCAN_REASON_NONE) {
        size_t used = step(self, span_from(piece, done));
        done += used;
        self->offset += used;
    }
}

void scan_json_finish(struct json_scan *self)
{
    if (self->state == JSON_LITERAL && self->depth == 0 && !self->stopped) {
        literal_ended(self);
    }
    if (self->state != JSON_VALUE || self->depth > 0) {
        fail(self);
    }
}

uint64_t json_open_len(const struct json_scan *self)
{
    bool open = self->state == JSON_STRING || self->state == JSON_STRING_ESCAPE ||
                self->state == JSON_LITERAL;
    return open && !self->stopped ? self->offset - self->token_start : 0;
}
