#include "app/json_tree.h"

#include <string.h>

#include "base/parse.h"

struct reader {
    struct arena *arena;
    struct span rest;
    unsigned depth;
};

/* Recursion here ends at JSON_TREE_DEPTH_MAX. */
// NOLINTBEGIN(misc-no-recursion)
static struct json_tree *read_value(struct reader *self);

static void skip_blanks(struct reader *self)
{
    while (self->rest.len > 0 && strchr(" \t\r\n", self->rest.ptr[0]) != NULL &&
           self->rest.ptr[0] != '\0') {
        self->rest = span_from(self->rest, 1);
    }
}

/* Takes `byte` after blanks, if it is next. */
static bool take(struct reader *self, uint8_t byte)
{
    skip_blanks(self);
    if (self->rest.len == 0 || self->rest.ptr[0] != byte) {
        return false;
    }
    self->rest = span_from(self->rest, 1);
    return true;
}

static struct json_tree *new_value(struct reader *self, enum json_tree_kind kind)
{
    struct json_tree *value = arena_alloc(self->arena, sizeof(*value));
    if (value != NULL) {
        value->kind = kind;
    }
    return value;
}

static size_t put_utf8(uint32_t code, uint8_t *out)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | (code >> 6));
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | (code >> 12));
        out[1] = (uint8_t)(0x80 | ((code >> 6) & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | (code >> 18));
    out[1] = (uint8_t)(0x80 | ((code >> 12) & 0x3f));
    out[2] = (uint8_t)(0x80 | ((code >> 6) & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

static bool take_hex(struct reader *self, uint32_t *code_out)
{
    uint8_t bytes[2];

    if (parse_hex(span_first(self->rest, 4), bytes, 2) != ERR_NONE) {
        return false;
    }
    self->rest = span_from(self->rest, 4);
    *code_out = (uint32_t)bytes[0] << 8 | bytes[1];
    return true;
}

/* After `\u`. A half of a pair becomes U+FFFD. */
static bool take_unicode(struct reader *self, uint32_t *code_out)
{
    uint32_t low = 0;

    if (!take_hex(self, code_out)) {
        return false;
    }
    if (*code_out < 0xd800 || *code_out > 0xdfff) {
        return true;
    }
    bool pair = *code_out < 0xdc00 && span_starts(self->rest, SPAN("\\u"));
    if (pair) {
        self->rest = span_from(self->rest, 2);
        if (!take_hex(self, &low)) {
            return false;
        }
    }
    *code_out = pair && low >= 0xdc00 && low <= 0xdfff
                    ? 0x10000 + ((*code_out - 0xd800) << 10) + (low - 0xdc00)
                    : 0xfffd;
    return true;
}

static bool take_escape(struct reader *self, uint32_t *code_out)
{
    static const char FROM[] = "\"\\/bfnrt";
    static const char TO[] = "\"\\/\b\f\n\r\t";

    if (self->rest.len == 0) {
        return false;
    }
    uint8_t byte = self->rest.ptr[0];
    self->rest = span_from(self->rest, 1);
    if (byte == 'u') {
        return take_unicode(self, code_out);
    }
    const char *found = byte != '\0' ? strchr(FROM, byte) : NULL;
    if (found == NULL) {
        return false;
    }
    *code_out = (uint8_t)TO[found - FROM];
    return true;
}

/* After the opening quote. The text is never longer than its spelling. */
static bool take_string(struct reader *self, struct span *text_out)
{
    size_t end = 0;
    size_t len = 0;

    while (end < self->rest.len && self->rest.ptr[end] != '"') {
        end += self->rest.ptr[end] == '\\' ? 2 : 1;
    }
    if (end >= self->rest.len) {
        return false;
    }
    uint8_t *out = arena_alloc(self->arena, end + 1);
    while (out != NULL && self->rest.len > 0 && self->rest.ptr[0] != '"') {
        uint32_t code = self->rest.ptr[0];
        self->rest = span_from(self->rest, 1);
        if (code == '\\') {
            if (!take_escape(self, &code)) {
                return false;
            }
            len += put_utf8(code, out + len);
        } else if (code < 0x20) {
            return false;
        } else {
            out[len++] = (uint8_t)code;
        }
    }
    *text_out = (struct span){.ptr = out, .len = len};
    return out != NULL && take(self, '"');
}

static struct json_tree *read_string(struct reader *self)
{
    struct json_tree *value = new_value(self, JSON_TREE_STRING);
    return value != NULL && take_string(self, &value->text) ? value : NULL;
}

static void append(struct json_tree *self, struct json_tree *child)
{
    if (self->last == NULL) {
        self->first = child;
    } else {
        self->last->next = child;
    }
    self->last = child;
}

static struct json_tree *read_child(struct reader *self, enum json_tree_kind kind)
{
    struct span name = {0};

    if (kind == JSON_TREE_OBJECT &&
        (!take(self, '"') || !take_string(self, &name) || !take(self, ':'))) {
        return NULL;
    }
    struct json_tree *child = read_value(self);
    if (child != NULL) {
        child->name = name;
    }
    return child;
}

/* After the opening bracket. */
static struct json_tree *read_items(struct reader *self, enum json_tree_kind kind)
{
    const uint8_t end = kind == JSON_TREE_OBJECT ? '}' : ']';
    struct json_tree *value = new_value(self, kind);

    if (value == NULL || take(self, end)) {
        return value;
    }
    do {
        struct json_tree *child = read_child(self, kind);
        if (child == NULL) {
            return NULL;
        }
        append(value, child);
    } while (take(self, ','));
    return take(self, end) ? value : NULL;
}

static struct json_tree *read_word(struct reader *self)
{
    static const struct {
        const char *word;
        enum json_tree_kind kind;
    } WORDS[] = {
        {"null", JSON_TREE_NULL}, {"false", JSON_TREE_FALSE}, {"true", JSON_TREE_TRUE}};

    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        struct span word = span_of(WORDS[i].word);
        if (span_starts(self->rest, word)) {
            struct json_tree *value = new_value(self, WORDS[i].kind);
            self->rest = span_from(self->rest, word.len);
            if (value != NULL) {
                value->text = word;
            }
            return value;
        }
    }
    size_t len = 0;
    while (len < self->rest.len && self->rest.ptr[len] != '\0' &&
           strchr("+-.0123456789eE", self->rest.ptr[len]) != NULL) {
        len++;
    }
    struct json_tree *value = len > 0 ? new_value(self, JSON_TREE_NUMBER) : NULL;
    if (value != NULL) {
        value->text = span_first(self->rest, len);
        self->rest = span_from(self->rest, len);
    }
    return value;
}

static struct json_tree *read_value(struct reader *self)
{
    struct json_tree *value = NULL;

    if (self->depth == JSON_TREE_DEPTH_MAX) {
        return NULL;
    }
    self->depth++;
    if (take(self, '{')) {
        value = read_items(self, JSON_TREE_OBJECT);
    } else if (take(self, '[')) {
        value = read_items(self, JSON_TREE_ARRAY);
    } else if (take(self, '"')) {
        value = read_string(self);
    } else {
        value = read_word(self);
    }
    self->depth--;
    return value;
}

// NOLINTEND(misc-no-recursion)

struct json_tree *json_tree_read(struct arena *arena, struct span text)
{
    struct reader reader = {.arena = arena, .rest = text};
    struct json_tree *value = read_value(&reader);

    skip_blanks(&reader);
    return reader.rest.len == 0 ? value : NULL;
}

const struct json_tree *json_tree_member(const struct json_tree *self, const char *name)
{
    if (self == NULL || self->kind != JSON_TREE_OBJECT) {
        return NULL;
    }
    for (const struct json_tree *child = self->first; child != NULL;
         child = child->next) {
        if (span_equal(child->name, span_of(name))) {
            return child;
        }
    }
    return NULL;
}

struct span json_tree_text(const struct json_tree *self, const char *name,
                           const char *fallback)
{
    const struct json_tree *member = json_tree_member(self, name);

    return member == NULL || member->kind == JSON_TREE_NULL ||
                   member->kind == JSON_TREE_ARRAY || member->kind == JSON_TREE_OBJECT
               ? span_of(fallback)
               : member->text;
}
