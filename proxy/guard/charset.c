#include "guard/charset.h"

#include "base/check.h"

enum { ESC = CHARSET_ESC, REPLACEMENT = 0xFFFD };

/* Names by prefix: labels have many tails (`utf-16le`, `iso-2022-jp-2`). */
static const struct charset_row {
    const char *prefix;
    enum charset charset;
} ROWS[] = {
    {"utf-16be", CHARSET_UTF16BE},
    {"unicodefffe", CHARSET_UTF16BE},
    {"utf-16", CHARSET_UTF16LE},
    {"utf16", CHARSET_UTF16LE},
    {"iso-10646-ucs-2", CHARSET_UTF16LE},
    {"ucs-2", CHARSET_UTF16LE},
    {"unicodefeff", CHARSET_UTF16LE},
    {"iso-2022-jp", CHARSET_ISO2022JP},
    {"csiso2022jp", CHARSET_ISO2022JP},
    {"iso-2022", CHARSET_UNSUPPORTED},
    {"csiso2022", CHARSET_UNSUPPORTED},
    {"hz-gb", CHARSET_UNSUPPORTED},
    {"utf-32", CHARSET_UNSUPPORTED},
    {"utf32", CHARSET_UNSUPPORTED},
    {"ucs-4", CHARSET_UNSUPPORTED},
    {"iso-10646-ucs-4", CHARSET_UNSUPPORTED},
    {"utf-7", CHARSET_UNSUPPORTED},
    {"unicode-1-1-utf-7", CHARSET_UNSUPPORTED},
    {"ebcdic", CHARSET_UNSUPPORTED},
    {"ibm037", CHARSET_UNSUPPORTED},
    {"ibm1047", CHARSET_UNSUPPORTED},
    {"cp037", CHARSET_UNSUPPORTED},
    {"cp1047", CHARSET_UNSUPPORTED},
    {"cp930", CHARSET_UNSUPPORTED},
    {"cp939", CHARSET_UNSUPPORTED},
    {"scsu", CHARSET_UNSUPPORTED},
    {"bocu-1", CHARSET_UNSUPPORTED},
    {"shift", CHARSET_SHIFT_JIS},
    {"sjis", CHARSET_SHIFT_JIS},
    {"x-sjis", CHARSET_SHIFT_JIS},
    {"ms_kanji", CHARSET_SHIFT_JIS},
    {"ms932", CHARSET_SHIFT_JIS},
    {"cp932", CHARSET_SHIFT_JIS},
    {"windows-31j", CHARSET_SHIFT_JIS},
    {"windows-932", CHARSET_SHIFT_JIS},
    {"csshiftjis", CHARSET_SHIFT_JIS},
    {"gb", CHARSET_GBK},
    {"x-gbk", CHARSET_GBK},
    {"csgb2312", CHARSET_GBK},
    {"chinese", CHARSET_GBK},
    {"iso-ir-58", CHARSET_GBK},
    {"big5", CHARSET_GBK},
    {"cn-big5", CHARSET_GBK},
    {"x-x-big5", CHARSET_GBK},
    {"csbig5", CHARSET_GBK},
};

enum charset charset_named(struct span name)
{
    name = span_trim(name);
    if (name.len == 0 || span_equal_nocase(name, SPAN("utf-8"))) {
        return CHARSET_ASCII; /* Nearly always; no row begins like it. */
    }
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct span prefix = span_of(ROWS[i].prefix);
        if (span_equal_nocase(span_first(name, prefix.len), prefix)) {
            return ROWS[i].charset;
        }
    }
    return CHARSET_ASCII;
}

enum charset charset_of_start(const uint8_t *bytes)
{
    static const char STARTS[] = "<{[\" \t\r\n";
    size_t first = bytes[0] == 0 ? 1 : 0;
    bool start = span_find(SPAN(STARTS), bytes[first]) < sizeof(STARTS) - 1;

    if (!start || bytes[1 - first] != 0 || bytes[first + 2] == 0 ||
        bytes[3 - first] != 0) {
        return CHARSET_ASCII;
    }
    return first == 1 ? CHARSET_UTF16BE : CHARSET_UTF16LE;
}

static size_t put_utf8(uint8_t *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xC0 | (code >> 6));
        out[1] = (uint8_t)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xE0 | (code >> 12));
        out[1] = (uint8_t)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (uint8_t)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | (code >> 18));
    out[1] = (uint8_t)(0x80 | ((code >> 12) & 0x3F));
    out[2] = (uint8_t)(0x80 | ((code >> 6) & 0x3F));
    out[3] = (uint8_t)(0x80 | (code & 0x3F));
    return 4;
}

static size_t put_unit(struct charset_state *self, uint16_t unit, uint8_t *out)
{
    size_t len = 0;
    if (self->high != 0) {
        uint32_t high = self->high;
        self->high = 0;
        if (unit >= 0xDC00 && unit < 0xE000) {
            return put_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00U));
        }
        len = put_utf8(out, REPLACEMENT);
    }
    if (unit >= 0xD800 && unit < 0xDC00) {
        self->high = unit;
        return len;
    }
    bool lone = unit >= 0xDC00 && unit < 0xE000;
    return len + put_utf8(out + len, lone ? REPLACEMENT : unit);
}

size_t charset_utf16(struct charset_state *self, enum charset from, struct span *in_p,
                     uint8_t *out, size_t capacity)
{
    CHECK(capacity > 16);

    size_t len = 0;
    size_t i = 0;
    while (i < in_p->len && len + 8 <= capacity) {
        uint8_t byte = in_p->ptr[i++];
        if (!self->has_odd) {
            self->odd = byte;
            self->has_odd = true;
            continue;
        }
        self->has_odd = false;
        unsigned low = from == CHARSET_UTF16LE ? self->odd : byte;
        unsigned high = from == CHARSET_UTF16LE ? byte : self->odd;
        uint16_t unit = (uint16_t)(high << 8 | low);
        len += put_unit(self, unit, out + len);
    }
    *in_p = span_from(*in_p, i);
    return len;
}

/* The byte after `ESC` or after `ESC x`. The sequences the Encoding standard knows. */
static void escape_byte(struct charset_state *self, uint8_t byte)
{
    if (self->escape_len == 1 && (byte == '$' || byte == '(')) {
        self->escape[0] = byte;
        self->escape_len = 2;
        return;
    }
    if (self->escape_len == 2) {
        bool dollar = self->escape[0] == '$';
        if (dollar ? (byte == '@' || byte == 'B') : byte == 'I') {
            self->two_byte = true;
        } else if (!dollar && (byte == 'B' || byte == 'J')) {
            self->two_byte = false;
        }
    }
    self->escape_len = byte == ESC ? 1 : 0;
}

void charset_iso2022jp(struct charset_state *self, struct span in, uint8_t *out)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t byte = in.ptr[i];
        bool high = self->two_byte && byte > 0x20 && byte < 0x7F;
        if (self->escape_len > 0) {
            escape_byte(self, byte);
        } else if (byte == ESC) {
            self->escape_len = 1;
        }
        out[i] = high ? byte | 0x80 : byte;
    }
}

size_t charset_seek_iso2022jp(struct charset_state *self, struct span in)
{
    size_t i = 0;
    while (i < in.len && !self->two_byte) {
        if (self->escape_len > 0) {
            escape_byte(self, in.ptr[i++]);
            continue;
        }
        i += span_find(span_from(in, i), ESC);
        if (i < in.len) {
            self->escape_len = 1;
            i++;
        }
    }
    return i;
}

size_t charset_fits_iso2022jp(struct charset_state state, struct span in)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t byte = in.ptr[i];
        bool escapes = state.escape_len > 0 || byte == ESC;
        if (state.two_byte && !escapes && (byte <= 0x20 || byte >= 0x7F)) {
            return i;
        }
        charset_iso2022jp(&state, span_first(span_from(in, i), 1), &byte);
    }
    return in.len;
}

/* Half-width kana of Shift_JIS are single bytes. */
static bool is_lead(enum charset from, uint8_t byte)
{
    bool kana = byte >= 0xA0 && byte < 0xE0;
    return byte > 0x80 && byte != 0xFF && (from != CHARSET_SHIFT_JIS || !kana);
}

size_t charset_double(struct charset_state *self, enum charset from, struct span *in_p,
                      uint8_t *out, size_t capacity)
{
    CHECK(capacity > 1);

    size_t len = 0;
    size_t i = 0;
    for (; i < in_p->len && len + 2 <= capacity; i++) {
        uint8_t byte = in_p->ptr[i];
        bool second = self->lead;
        self->lead = !second && is_lead(from, byte);
        out[len++] = byte;
        if (second && byte == '\\') {
            out[len++] = byte;
        }
    }
    *in_p = span_from(*in_p, i);
    return len;
}

/* Whether `byte` is part of an escape sequence, its ESC or one behind it. */
static bool is_escape(const struct charset_state *self, uint8_t byte)
{
    bool second = self->escape_len == 1 && (byte == '$' || byte == '(');
    bool third = self->escape_len == 2 && span_find(SPAN("@BIJ"), byte) < 4;

    return byte == ESC || second || third;
}

void charset_iso2022jp_text(struct charset_state *self, struct span in, uint8_t *out)
{
    for (size_t i = 0; i < in.len; i++) {
        bool escape = is_escape(self, in.ptr[i]);
        charset_iso2022jp(self, span_first(span_from(in, i), 1), out + i);
        out[i] = escape ? CHARSET_ESCAPE : out[i];
    }
}
