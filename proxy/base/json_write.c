#include "base/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/parse.h"
#include "base/utf8.h"

void json_write_init(struct json_write *self, size_t size_max)
{
    CHECK(size_max > 0);
    *self = (struct json_write){.size_max = size_max};
}

void json_write_free(struct json_write *self)
{
    free(self->bytes);
    *self = (struct json_write){.failed = true};
}

void json_write_reset(struct json_write *self)
{
    self->len = 0;
    self->failed = false;
    self->needs_comma = false;
}

struct span json_write_result(const struct json_write *self)
{
    if (self->failed) {
        return (struct span){0};
    }
    return (struct span){.ptr = (const uint8_t *)self->bytes, .len = self->len};
}

/* Room for `count` more bytes, or the error latches. */
static bool reserve(struct json_write *self, size_t count)
{
    if (self->failed || count > self->size_max - self->len) {
        self->failed = true;
        return false;
    }
    if (self->len + count <= self->capacity) {
        return true;
    }
    size_t capacity = self->capacity > 0 ? self->capacity : 256;
    while (capacity < self->len + count) {
        capacity *= 2;
    }
    char *bytes = realloc(self->bytes, capacity);
    if (bytes == NULL) {
        self->failed = true;
        return false;
    }
    self->bytes = bytes;
    self->capacity = capacity;
    return true;
}

static void put(struct json_write *self, struct span text)
{
    if (text.len > 0 && reserve(self, text.len)) {
        memcpy(self->bytes + self->len, text.ptr, text.len);
        self->len += text.len;
    }
}

/* Every value and key begins here. */
static void separate(struct json_write *self)
{
    if (self->needs_comma) {
        put(self, SPAN(","));
    }
    self->needs_comma = true;
}

static void begin(struct json_write *self, struct span bracket)
{
    separate(self);
    put(self, bracket);
    self->needs_comma = false;
}

static void end(struct json_write *self, struct span bracket)
{
    put(self, bracket);
    self->needs_comma = true;
}

void json_write_begin_object(struct json_write *self)
{
    begin(self, SPAN("{"));
}

void json_write_end_object(struct json_write *self)
{
    end(self, SPAN("}"));
}

void json_write_begin_array(struct json_write *self)
{
    begin(self, SPAN("["));
}

void json_write_end_array(struct json_write *self)
{
    end(self, SPAN("]"));
}

static void put_escaped(struct json_write *self, uint8_t byte)
{
    char text[8] = {'\\', (char)byte};
    size_t len = 2;

    if (byte < 0x20 || byte == 0x7F) {
        memcpy(text, "\\u00", 4);
        format_hex(&byte, 1, text + 4);
        len = 6;
    }
    put(self, (struct span){.ptr = (const uint8_t *)text, .len = len});
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

static void put_string(struct json_write *self, struct span text)
{
    put(self, SPAN("\""));
    while (text.len > 0) {
        size_t plain = 0;
        while (plain < text.len && is_plain(text.ptr[plain])) {
            plain++;
        }
        put(self, span_first(text, plain));
        text = span_from(text, plain);
        if (text.len == 0) {
            break;
        }
        size_t len = utf8_sequence_len(text);
        if (len == 0) {
            put(self, SPAN("\xEF\xBF\xBD"));
        } else if (len == 1) {
            put_escaped(self, text.ptr[0]);
        } else {
            put(self, span_first(text, len));
        }
        text = span_from(text, len > 0 ? len : 1);
    }
    put(self, SPAN("\""));
}

void json_write_key(struct json_write *self, const char *name)
{
    separate(self);
    put_string(self, span_of(name));
    put(self, SPAN(":"));
    self->needs_comma = false;
}

void json_write_text(struct json_write *self, struct span text)
{
    separate(self);
    put_string(self, text);
}

void json_write_u64(struct json_write *self, uint64_t value)
{
    char digits[20];
    size_t len = format_u64(value, digits);
    json_write_raw(self, (struct span){.ptr = (const uint8_t *)digits, .len = len});
}

void json_write_bool(struct json_write *self, bool value)
{
    json_write_raw(self, value ? SPAN("true") : SPAN("false"));
}

void json_write_null(struct json_write *self)
{
    json_write_raw(self, SPAN("null"));
}

void json_write_raw(struct json_write *self, struct span json)
{
    separate(self);
    put(self, json);
}

void json_write_member(struct json_write *self, const char *name, struct span text)
{
    json_write_key(self, name);
    json_write_text(self, text);
}

void json_write_member_u64(struct json_write *self, const char *name, uint64_t value)
{
    json_write_key(self, name);
    json_write_u64(self, value);
}

void json_write_member_bool(struct json_write *self, const char *name, bool value)
{
    json_write_key(self, name);
    json_write_bool(self, value);
}

void json_write_member_time(struct json_write *self, const char *name, uint64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    char text[64];

    json_write_key(self, name);
    if (at_ms == 0 || gmtime_r(&seconds, &utc) == NULL) {
        json_write_null(self);
        return;
    }
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    int more =
        snprintf(text + len, sizeof(text) - len, ".%03uZ", (unsigned)(at_ms % 1000));
    CHECK(more == 5);
    json_write_text(self, span_of(text));
}
