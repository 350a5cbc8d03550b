/* Elements of arrays in a JSON text: each goes with the comma that sets it apart. */
#include <stdlib.h>

#include "base/check.h"
#include "guard/redact.h"
#include "guard/scan_unescape.h"
#include "http/json_path.h"

enum {
    VALUE_MAX_LEN = 1024,
};

/* One open container. */
struct level {
    bool is_array;
    bool forbidden;   /* The element under way goes. */
    bool run;         /* Elements before it went, one after the other, */
    bool kept;        /* One before these stayed. */
    size_t run_start; /* and where the first of them begins. */
    size_t kept_end;  /* Behind the last one that stayed. */
    size_t element;   /* Where the one under way begins. */
};

struct walk {
    struct redact_order *order;
    struct span body;
    size_t at;
    size_t pointer_count;
    const struct marker_class *owners[JSON_POINTERS_MAX]; /* Of each pointer. */
    struct pointer pointers[JSON_POINTERS_MAX];
    struct json_path path;
    struct level levels[JSON_DEPTH_MAX + 1];
};

static bool has_owner(const struct walk *self, const struct marker_class *class)
{
    for (size_t i = 0; i < self->pointer_count; i++) {
        if (self->owners[i] == class) {
            return true;
        }
    }
    return false;
}

static bool add_pointers(struct walk *self, const struct marker_class *class)
{
    for (size_t i = 0; i < class->selector_count; i++) {
        const struct selector *selector = &class->selectors[i];
        if (selector->kind != SELECTOR_JSON) {
            continue;
        }
        if (self->pointer_count == JSON_POINTERS_MAX ||
            pointer_parse(selector_argument(selector),
                          &self->pointers[self->pointer_count]) != NULL) {
            return false;
        }
        self->owners[self->pointer_count++] = class;
    }
    return true;
}

static bool read_pointers(struct walk *self)
{
    for (size_t i = 0; i < self->order->count; i++) {
        const struct marker_class *class = self->order->wanted[i].class;
        if (!has_owner(self, class) && !add_pointers(self, class)) {
            return false;
        }
    }
    return true;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void skip_blanks(struct walk *self)
{
    while (self->at < self->body.len && is_blank(self->body.ptr[self->at])) {
        self->at++;
    }
}

/* The string at the quote, without its quotes. False: it has no end. */
static bool take_string(struct walk *self, struct span *raw_out)
{
    size_t start = self->at + 1;

    for (size_t at = start; at < self->body.len; at++) {
        if (self->body.ptr[at] == '\\') {
            at++;
        } else if (self->body.ptr[at] == '"') {
            *raw_out = span_first(span_from(self->body, start), at - start);
            self->at = at + 1;
            return true;
        }
    }
    return false;
}

/* The innermost element around goes. False: there is none. */
static bool mark(struct walk *self)
{
    for (size_t depth = self->path.depth; depth > 0; depth--) {
        if (self->levels[depth].is_array) {
            self->levels[depth].forbidden = true;
            return true;
        }
    }
    return false;
}

static bool look_for(struct walk *self, struct span value, bool with_signature)
{
    uint32_t here = json_path_here(&self->path);

    for (const struct redact_wanted *wanted = redact_next(self->order, value, NULL);
         here != 0 && wanted != NULL; wanted = redact_next(self->order, value, wanted)) {
        for (size_t i = 0; i < self->pointer_count; i++) {
            bool fits = (here >> i & 1U) != 0 && self->owners[i] == wanted->class &&
                        redact_reads(wanted->class, with_signature);
            if (fits && !mark(self)) {
                return false;
            }
        }
    }
    return true;
}

static bool look_at(struct walk *self, struct span value)
{
    return look_for(self, value, false) && look_for(self, redact_unsigned(value), true);
}

static bool take_scalar(struct walk *self)
{
    uint8_t text[VALUE_MAX_LEN];
    struct span raw;

    if (self->body.ptr[self->at] == '"') {
        if (!take_string(self, &raw)) {
            return false;
        }
        size_t len = scan_unescape_json(raw, text, sizeof(text));
        return look_at(
            self,
            (struct span){.ptr = text, .len = len < sizeof(text) ? len : sizeof(text)});
    }
    size_t start = self->at;
    while (self->at < self->body.len &&
           memchr(",]} \t\r\n\"{[:", self->body.ptr[self->at], 12) == NULL) {
        self->at++;
    }
    return self->at > start &&
           look_at(self, span_first(span_from(self->body, start), self->at - start));
}

/* An element of the innermost array is behind us. */
static bool end_element(struct walk *self)
{
    struct level *level = &self->levels[self->path.depth];

    if (level->forbidden) {
        level->run_start = level->run ? level->run_start : level->element;
        level->run = true;
        level->forbidden = false;
        return true;
    }
    bool good = !level->run || redact_add(self->order, level->run_start, level->element);
    level->run = false;
    level->kept = true;
    level->kept_end = self->at;
    return good;
}

/* Elements at the end go with the comma before them. */
static bool end_array(struct walk *self, size_t last_end)
{
    const struct level *level = &self->levels[self->path.depth];

    return !level->run ||
           redact_add(self->order, level->kept ? level->kept_end : level->run_start,
                      last_end);
}

static bool open_container(struct walk *self, bool is_array)
{
    self->at++;
    if (!json_path_open(&self->path, is_array)) {
        return false;
    }
    self->levels[self->path.depth] = (struct level){.is_array = is_array};
    return true;
}

/* Name and colon of a member. */
static bool take_name(struct walk *self)
{
    uint8_t text[VALUE_MAX_LEN];
    struct span raw;

    if (self->at >= self->body.len || self->body.ptr[self->at] != '"' ||
        !take_string(self, &raw)) {
        return false;
    }
    size_t len = scan_unescape_json(raw, text, sizeof(text));
    bool cut = len > sizeof(text);
    json_path_enter_member(
        &self->path, (struct span){.ptr = text, .len = cut ? sizeof(text) : len}, cut);
    skip_blanks(self);
    if (self->at >= self->body.len || self->body.ptr[self->at] != ':') {
        return false;
    }
    self->at++;
    skip_blanks(self);
    return self->at < self->body.len;
}

/* Begins the next element or member. */
static bool begin_item(struct walk *self)
{
    skip_blanks(self);
    if (!json_path_in_array(&self->path)) {
        return take_name(self);
    }
    json_path_enter_element(&self->path);
    self->levels[self->path.depth].element = self->at;
    return self->at < self->body.len;
}

/* What follows a value: commas, and ends of containers, until the next value begins.
 * False: broken; at the end of the text `self->path.depth` is 0. */
static bool after_value(struct walk *self)
{
    while (self->path.depth > 0) {
        bool in_array = json_path_in_array(&self->path);
        if (in_array && !end_element(self)) {
            return false;
        }
        size_t value_end = self->at;
        skip_blanks(self);
        uint8_t byte = self->at < self->body.len ? self->body.ptr[self->at] : 0;
        if (byte == ',') {
            self->at++;
            return begin_item(self);
        }
        if (byte != (in_array ? ']' : '}') || (in_array && !end_array(self, value_end)) ||
            !json_path_close(&self->path, in_array)) {
            return false;
        }
        self->at++;
    }
    return true;
}

/* An empty container is a value. */
static bool is_empty_container(struct walk *self, bool is_array)
{
    skip_blanks(self);
    return self->at < self->body.len &&
           self->body.ptr[self->at] == (is_array ? ']' : '}');
}

static bool take_value(struct walk *self)
{
    uint8_t byte = self->body.ptr[self->at];
    bool is_array = byte == '[';

    if (byte != '[' && byte != '{') {
        return take_scalar(self) && after_value(self);
    }
    if (!open_container(self, is_array)) {
        return false;
    }
    if (is_empty_container(self, is_array)) {
        self->at++;
        return json_path_close(&self->path, is_array) && after_value(self);
    }
    return begin_item(self);
}

static bool walk(struct walk *self)
{
    skip_blanks(self);
    if (self->at >= self->body.len ||
        (self->body.ptr[self->at] != '{' && self->body.ptr[self->at] != '[')) {
        return false;
    }
    do {
        if (!take_value(self)) {
            return false;
        }
    } while (self->path.depth > 0);
    skip_blanks(self);
    return self->at == self->body.len;
}

bool redact_json(struct redact_order *order)
{
    struct walk *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return false;
    }
    self->order = order;
    self->body = order->body;
    bool good = read_pointers(self);
    json_path_start(&self->path, self->pointers, self->pointer_count);
    good = good && walk(self);
    free(self);
    return good;
}
