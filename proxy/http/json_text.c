#include "http/json_text.h"

#include "base/parse.h"

void json_text_start(struct json_text *self, bool kept)
{
    self->kept = kept;
    self->too_long = false;
    self->len = 0;
    self->high = 0;
    self->unit = 0;
    self->hex_count = 0;
}

void json_text_add(struct json_text *self, struct span bytes)
{
    if (!self->kept || self->too_long) {
        return;
    }
    if (self->len + bytes.len > self->capacity) {
        self->too_long = true;
        return;
    }
    if (bytes.len > 0) {
        memcpy(self->bytes + self->len, bytes.ptr, bytes.len);
        self->len += bytes.len;
    }
}

void json_text_add_byte(struct json_text *self, uint8_t byte)
{
    json_text_add(self, (struct span){.ptr = &byte, .len = 1});
}

static void add_code_point(struct json_text *self, uint32_t code)
{
    uint8_t utf8[4];
    size_t len = 0;

    if (code < 0x80) {
        utf8[len++] = (uint8_t)code;
    } else if (code < 0x800) {
        utf8[len++] = (uint8_t)(0xc0 | code >> 6);
        utf8[len++] = (uint8_t)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        utf8[len++] = (uint8_t)(0xe0 | code >> 12);
        utf8[len++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        utf8[len++] = (uint8_t)(0x80 | (code & 0x3f));
    } else {
        utf8[len++] = (uint8_t)(0xf0 | code >> 18);
        utf8[len++] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        utf8[len++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        utf8[len++] = (uint8_t)(0x80 | (code & 0x3f));
    }
    json_text_add(self, (struct span){.ptr = utf8, .len = len});
}

/* A high surrogate without its other half stands for itself. */
void json_text_end(struct json_text *self)
{
    if (self->high != 0) {
        add_code_point(self, self->high);
        self->high = 0;
    }
}

static void add_unit(struct json_text *self, uint32_t unit)
{
    if (self->high != 0 && unit >= 0xdc00 && unit <= 0xdfff) {
        uint32_t code = 0x10000 + ((self->high - 0xd800) << 10) + (unit - 0xdc00);
        self->high = 0;
        add_code_point(self, code);
        return;
    }
    json_text_end(self);
    if (unit >= 0xd800 && unit <= 0xdbff) {
        self->high = unit;
        return;
    }
    add_code_point(self, unit);
}

bool json_text_add_escape(struct json_text *self, uint8_t letter)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";

    const char *found = letter != 0 ? strchr(letters, letter) : NULL;
    if (found == NULL) {
        return false;
    }
    json_text_end(self);
    json_text_add_byte(self, (uint8_t)meanings[found - letters]);
    return true;
}

bool json_text_add_hex(struct json_text *self, uint8_t digit, bool *complete_out)
{
    int value = parse_hex_digit(digit);

    if (value < 0) {
        return false;
    }
    self->unit = self->unit * 16 + (uint32_t)value;
    self->hex_count++;
    *complete_out = self->hex_count == 4;
    if (*complete_out) {
        add_unit(self, self->unit);
        self->unit = 0;
        self->hex_count = 0;
    }
    return true;
}

size_t json_text_plain_len(struct span bytes)
{
    size_t len = 0;

    while (len < bytes.len && bytes.ptr[len] != '"' && bytes.ptr[len] != '\\' &&
           bytes.ptr[len] >= ' ') {
        len++;
    }
    return len;
}
