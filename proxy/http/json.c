#include "http/json.h"

#include <stdlib.h>

#include "http/json_number.h"
#include "http/json_path.h"
#include "http/json_text.h"

/* What the next byte must be. */
enum expecting {
    EXPECT_BAD,
    EXPECT_MARK,    /* The rest of a byte order mark. */
    EXPECT_START,   /* The value, or a guard before it. */
    EXPECT_GUARD,   /* The rest of a guard. */
    EXPECT_NEWLINE, /* The end of the guard's line. */
    EXPECT_VALUE,
    EXPECT_ELEMENT, /* A value or `]`. */
    EXPECT_MEMBER,  /* A name or `}`. */
    EXPECT_NAME,
    EXPECT_COLON,
    EXPECT_NEXT, /* `,` or the end of the container. */
    EXPECT_END,  /* Blanks only. */
    EXPECT_STRING,
    EXPECT_ESCAPE,
    EXPECT_HEX,
    EXPECT_LITERAL,
    EXPECT_NUMBER,
};

enum { GUARD_LINE_MAX = 16 /* Bytes behind a guard, up to its line feed. */ };

struct json {
    struct json_wanted wanted;
    void *context;
    enum expecting expecting;
    struct span rest; /* Of a literal, guard or mark. */
    size_t guard_len;
    bool is_name;
    enum json_kind kind;
    enum json_number number;
    uint32_t here; /* Pointers that end at the current scalar. */
    struct json_path path;
    struct json_text text;
    uint8_t text_bytes[];
};

struct json *json_new(const struct json_wanted *wanted)
{
    CHECK(wanted->pointer_count <= JSON_POINTERS_MAX && wanted->value_size_max > 0);

    size_t capacity = wanted->value_size_max > POINTER_SIZE_MAX ? wanted->value_size_max
                                                                : POINTER_SIZE_MAX;
    struct json *self = calloc(1, sizeof(*self) + capacity);
    if (self == NULL) {
        return NULL;
    }
    self->wanted = *wanted;
    self->text.capacity = capacity;
    self->text.bytes = self->text_bytes;
    json_start(self, NULL);
    return self;
}

void json_free(struct json **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

void json_start(struct json *self, void *context)
{
    self->context = context;
    self->expecting = EXPECT_START;
    self->guard_len = 0;
    json_path_start(&self->path, self->wanted.pointers, self->wanted.pointer_count);
}

static void report(struct json *self)
{
    bool too_long = self->text.too_long || self->text.len > self->wanted.value_size_max;
    struct json_match match = {.kind = self->kind, .too_long = too_long};

    if (!too_long) {
        match.value = (struct span){.ptr = self->text.bytes, .len = self->text.len};
    }
    for (size_t i = 0; i < self->wanted.pointer_count; i++) {
        if ((self->here & (1U << i)) != 0) {
            match.pointer_index = i;
            self->wanted.sink(self->context, &match);
        }
    }
}

/* ---- Containers ---- */

static enum expecting after_value(const struct json *self)
{
    return self->path.depth == 0 ? EXPECT_END : EXPECT_NEXT;
}

static enum expecting open_container(struct json *self, bool is_array)
{
    if (!json_path_open(&self->path, is_array)) {
        return EXPECT_BAD;
    }
    return is_array ? EXPECT_ELEMENT : EXPECT_MEMBER;
}

static enum expecting close_container(struct json *self, bool is_array)
{
    return json_path_close(&self->path, is_array) ? after_value(self) : EXPECT_BAD;
}

static enum expecting next_in_container(struct json *self, uint8_t byte)
{
    if (byte == ',') {
        return json_path_in_array(&self->path) ? EXPECT_VALUE : EXPECT_NAME;
    }
    if (byte == ']' || byte == '}') {
        return close_container(self, byte == ']');
    }
    return EXPECT_BAD;
}

/* ---- Scalars ---- */

static enum expecting end_scalar(struct json *self)
{
    if (self->text.kept) {
        report(self);
    }
    return after_value(self);
}

static enum expecting start_name(struct json *self)
{
    self->is_name = true;
    json_text_start(&self->text, json_path_wants_name(&self->path));
    return EXPECT_STRING;
}

static enum expecting start_scalar(struct json *self, enum json_kind kind, uint8_t byte)
{
    self->is_name = false;
    self->kind = kind;
    self->here = json_path_here(&self->path);
    json_text_start(&self->text, self->here != 0);
    if (kind != JSON_STRING) {
        json_text_add_byte(&self->text, byte);
    }
    return EXPECT_STRING;
}

static enum expecting start_literal(struct json *self, enum json_kind kind,
                                    struct span literal)
{
    (void)start_scalar(self, kind, literal.ptr[0]);
    self->rest = span_from(literal, 1);
    return EXPECT_LITERAL;
}

static enum expecting start_value(struct json *self, uint8_t byte)
{
    if (json_path_in_array(&self->path)) {
        json_path_enter_element(&self->path);
    }
    switch (byte) {
    case '{':
    case '[':
        if (self->wanted.containers) {
            (void)start_scalar(self, byte == '[' ? JSON_ARRAY : JSON_OBJECT, byte);
            report(self);
        }
        return open_container(self, byte == '[');
    case '"':
        return start_scalar(self, JSON_STRING, byte);
    case 't':
        return start_literal(self, JSON_BOOLEAN, SPAN("true"));
    case 'f':
        return start_literal(self, JSON_BOOLEAN, SPAN("false"));
    case 'n':
        return start_literal(self, JSON_NULL, SPAN("null"));
    default:
        self->number = json_number_start(byte);
        (void)start_scalar(self, JSON_NUMBER, byte);
        return self->number == JSON_NUMBER_BAD ? EXPECT_BAD : EXPECT_NUMBER;
    }
}

static enum expecting step_literal(struct json *self, uint8_t byte)
{
    if (byte != self->rest.ptr[0]) {
        return EXPECT_BAD;
    }
    json_text_add_byte(&self->text, byte);
    self->rest = span_from(self->rest, 1);
    return self->rest.len == 0 ? end_scalar(self) : EXPECT_LITERAL;
}

static enum expecting end_string(struct json *self)
{
    json_text_end(&self->text);
    if (!self->is_name) {
        return end_scalar(self);
    }
    struct span name = {.ptr = self->text.bytes, .len = self->text.len};
    json_path_enter_member(&self->path, name, self->text.too_long);
    return EXPECT_COLON;
}

static enum expecting step_string(struct json *self, uint8_t byte)
{
    if (byte == '"') {
        return end_string(self);
    }
    if (byte == '\\') {
        return EXPECT_ESCAPE;
    }
    if (byte < ' ') {
        return EXPECT_BAD;
    }
    json_text_end(&self->text);
    json_text_add_byte(&self->text, byte);
    return EXPECT_STRING;
}

static enum expecting step_escape(struct json *self, uint8_t byte)
{
    if (byte == 'u') {
        return EXPECT_HEX;
    }
    return json_text_add_escape(&self->text, byte) ? EXPECT_STRING : EXPECT_BAD;
}

static enum expecting step_hex(struct json *self, uint8_t byte)
{
    bool complete = false;

    if (!json_text_add_hex(&self->text, byte, &complete)) {
        return EXPECT_BAD;
    }
    return complete ? EXPECT_STRING : EXPECT_HEX;
}

/* A byte behind the number belongs to whatever comes next. */
static enum expecting step(struct json *self, uint8_t byte);

// NOLINTNEXTLINE(misc-no-recursion): once, as the state is another one then.
static enum expecting step_number(struct json *self, uint8_t byte)
{
    self->number = json_number_step(self->number, byte);
    if (self->number == JSON_NUMBER_BAD) {
        return EXPECT_BAD;
    }
    if (self->number == JSON_NUMBER_END) {
        self->expecting = end_scalar(self);
        return step(self, byte);
    }
    json_text_add_byte(&self->text, byte);
    return EXPECT_NUMBER;
}

/* ---- What sites put in front ---- */

static enum expecting expect_guard(struct json *self, struct span rest)
{
    self->rest = rest;
    return EXPECT_GUARD;
}

static enum expecting step_start(struct json *self, uint8_t byte)
{
    switch (byte) {
    case 0xef:
        self->rest = SPAN("\xbb\xbf");
        return EXPECT_MARK;
    case ')':
        return expect_guard(self, SPAN("]}'"));
    case 'w':
        return expect_guard(self, SPAN("hile(1);"));
    case 'f':
        return expect_guard(self, SPAN("or(;;);"));
    default:
        return start_value(self, byte);
    }
}

static enum expecting step_guard(struct json *self, uint8_t byte)
{
    if (byte == 'a' && span_equal(self->rest, SPAN("or(;;);"))) {
        (void)start_literal(self, JSON_BOOLEAN, SPAN("false"));
        return step_literal(self, byte);
    }
    if (byte != self->rest.ptr[0]) {
        return EXPECT_BAD;
    }
    self->rest = span_from(self->rest, 1);
    if (self->rest.len > 0) {
        return self->expecting;
    }
    if (self->expecting == EXPECT_MARK) {
        return EXPECT_START;
    }
    return byte == '\'' ? EXPECT_NEWLINE : EXPECT_VALUE;
}

static enum expecting step_newline(struct json *self, uint8_t byte)
{
    if (byte == '\n') {
        return EXPECT_VALUE;
    }
    return ++self->guard_len > GUARD_LINE_MAX ? EXPECT_BAD : EXPECT_NEWLINE;
}

/* ---- The walk ---- */

/* Between tokens, behind blanks. */
static enum expecting step_between(struct json *self, uint8_t byte)
{
    switch ((int)self->expecting) {
    case EXPECT_START:
        return step_start(self, byte);
    case EXPECT_VALUE:
        return start_value(self, byte);
    case EXPECT_ELEMENT:
        return byte == ']' ? close_container(self, true) : start_value(self, byte);
    case EXPECT_MEMBER:
    case EXPECT_NAME:
        if (byte == '}' && self->expecting == EXPECT_MEMBER) {
            return close_container(self, false);
        }
        return byte == '"' ? start_name(self) : EXPECT_BAD;
    case EXPECT_COLON:
        return byte == ':' ? EXPECT_VALUE : EXPECT_BAD;
    case EXPECT_NEXT:
        return next_in_container(self, byte);
    default:
        return EXPECT_BAD; /* Bytes behind the end. */
    }
}

// NOLINTNEXTLINE(misc-no-recursion): see step_number().
static enum expecting step(struct json *self, uint8_t byte)
{
    switch ((int)self->expecting) {
    case EXPECT_STRING:
        return step_string(self, byte);
    case EXPECT_ESCAPE:
        return step_escape(self, byte);
    case EXPECT_HEX:
        return step_hex(self, byte);
    case EXPECT_LITERAL:
        return step_literal(self, byte);
    case EXPECT_NUMBER:
        return step_number(self, byte);
    case EXPECT_MARK:
    case EXPECT_GUARD:
        return step_guard(self, byte);
    case EXPECT_NEWLINE:
        return step_newline(self, byte);
    default:
        break;
    }
    if (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t') {
        return self->expecting;
    }
    return step_between(self, byte);
}

enum json_state json_feed(struct json *self, struct span bytes)
{
    size_t i = 0;

    while (i < bytes.len && self->expecting != EXPECT_BAD) {
        size_t plain = self->expecting == EXPECT_STRING
                           ? json_text_plain_len(span_from(bytes, i))
                           : 0;
        if (plain > 0) {
            json_text_end(&self->text);
            json_text_add(&self->text, span_first(span_from(bytes, i), plain));
            i += plain;
        } else {
            self->expecting = step(self, bytes.ptr[i++]);
        }
    }
    return self->expecting == EXPECT_BAD ? JSON_BAD : JSON_MORE;
}

enum json_state json_finish(struct json *self)
{
    if (self->expecting == EXPECT_NUMBER && self->path.depth == 0) {
        (void)json_feed(self, SPAN(" "));
    }
    if (self->expecting != EXPECT_END) {
        self->expecting = EXPECT_BAD;
        return JSON_BAD;
    }
    return JSON_DONE;
}
