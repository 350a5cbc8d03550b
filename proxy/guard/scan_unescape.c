#include "guard/scan_unescape.h"

#include "base/check.h"
#include "base/parse.h"
#include "guard/charset.h"

enum {
    ENTITY_NAME_MAX = 32,
    REPLACEMENT = 0xFFFD,
    CODE_POINT_MAX = 0x10FFFF,
};

struct entity {
    struct span name;
    struct span value;
};

static const struct entity ENTITIES[] = {
#define ENTITY(entity_name, entity_value)                                                \
    {{(const uint8_t *)(entity_name), sizeof(entity_name) - 1},                          \
     {(const uint8_t *)(entity_value), sizeof(entity_value) - 1}},
#include "guard/entity.def"
#undef ENTITY
};

enum { ENTITY_COUNT = sizeof(ENTITIES) / sizeof(ENTITIES[0]) };

/* HTML standard 13.2.5.80: what C1 numbers stand for. */
static const uint16_t WINDOWS_1252[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

struct writer {
    uint8_t *out;
    size_t capacity;
    size_t len; /* may pass `capacity`: nothing is written there */
};

static void put(struct writer *self, uint8_t byte)
{
    if (self->len < self->capacity) {
        self->out[self->len] = byte;
    }
    self->len++;
}

static void put_span(struct writer *self, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        put(self, text.ptr[i]);
    }
}

static void put_code_point(struct writer *self, uint32_t code)
{
    if (code < 0x80) {
        put(self, (uint8_t)code);
    } else if (code < 0x800) {
        put(self, (uint8_t)(0xC0 | (code >> 6)));
        put(self, (uint8_t)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        put(self, (uint8_t)(0xE0 | (code >> 12)));
        put(self, (uint8_t)(0x80 | ((code >> 6) & 0x3F)));
        put(self, (uint8_t)(0x80 | (code & 0x3F)));
    } else {
        put(self, (uint8_t)(0xF0 | (code >> 18)));
        put(self, (uint8_t)(0x80 | ((code >> 12) & 0x3F)));
        put(self, (uint8_t)(0x80 | ((code >> 6) & 0x3F)));
        put(self, (uint8_t)(0x80 | (code & 0x3F)));
    }
}

static int compare(struct span a, struct span b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

static const struct entity *entity_find(struct span name)
{
    size_t low = 0;
    size_t high = ENTITY_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, ENTITIES[middle].name);
        if (order == 0) {
            return &ENTITIES[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static bool is_alnum(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
}

/* `text` begins after the `&`. Returns the bytes used, 0 when it is no reference. */
static size_t named(struct writer *to, struct span text, bool attribute)
{
    size_t longest = text.len < ENTITY_NAME_MAX ? text.len : ENTITY_NAME_MAX;
    for (size_t len = longest; len >= 2; len--) {
        const struct entity *entity = entity_find(span_first(text, len));
        if (entity == NULL) {
            continue;
        }
        bool bare = text.ptr[len - 1] != ';';
        if (bare && attribute && len < text.len &&
            (text.ptr[len] == '=' || is_alnum(text.ptr[len]))) {
            return 0;
        }
        put_span(to, entity->value);
        return len;
    }
    return 0;
}

static uint32_t code_point_of(uint32_t number)
{
    if (number == 0 || number > CODE_POINT_MAX || (number >= 0xD800 && number < 0xE000)) {
        return REPLACEMENT;
    }
    return number >= 0x80 && number < 0xA0 ? WINDOWS_1252[number - 0x80] : number;
}

/* `text` begins after the `&#`. Returns the bytes used, 0 when it is no reference. */
static size_t numeric(struct writer *to, struct span text)
{
    bool hex = text.len > 0 && (text.ptr[0] | 0x20) == 'x';
    size_t first = hex ? 1 : 0;
    size_t i = first;
    uint32_t number = 0;
    for (; i < text.len; i++) {
        int digit = parse_hex_digit(text.ptr[i]);
        if (digit < 0 || (!hex && digit > 9)) {
            break;
        }
        number = number > CODE_POINT_MAX ? number
                                         : number * (hex ? 16U : 10U) + (uint32_t)digit;
    }
    if (i == first) {
        return 0;
    }
    put_code_point(to, code_point_of(number));
    return i < text.len && text.ptr[i] == ';' ? i + 1 : i;
}

static size_t reference(struct writer *to, struct span text, bool attribute)
{
    size_t used = 0;
    if (text.len > 1 && text.ptr[1] == '#') {
        used = numeric(to, span_from(text, 2));
        used += used > 0 ? 2 : 0;
    } else {
        used = named(to, span_from(text, 1), attribute);
        used += used > 0 ? 1 : 0;
    }
    if (used == 0) {
        put(to, '&');
        used = 1;
    }
    return used;
}

/* Most values: nothing in them stands for anything else. */
static bool means_itself(struct span text)
{
    return span_find(text, '&') == text.len && span_find(text, '\r') == text.len &&
           span_find(text, '\0') == text.len;
}

// NOLINTNEXTLINE(readability-non-const-parameter): written through the writer.
size_t scan_unescape_html(struct span text, bool attribute, uint8_t *out, size_t capacity)
{
    if (text.len > 0 && text.len <= capacity && means_itself(text)) {
        memcpy(out, text.ptr, text.len);
        return text.len;
    }
    struct writer to = {.out = out, .capacity = capacity};
    size_t i = 0;
    while (i < text.len && to.len <= capacity) {
        uint8_t byte = text.ptr[i];
        if (byte == '&') {
            i += reference(&to, span_from(text, i), attribute);
            continue;
        }
        if (byte == '\r') {
            put(&to, '\n');
            i += i + 1 < text.len && text.ptr[i + 1] == '\n' ? 2 : 1;
            continue;
        }
        if (byte == '\0') {
            put_code_point(&to, REPLACEMENT);
        } else {
            put(&to, byte);
        }
        i++;
    }
    return to.len;
}

/* Four hex digits, or CODE_POINT_MAX + 1. */
static uint32_t unit_of(struct span text)
{
    uint32_t unit = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = i < text.len ? parse_hex_digit(text.ptr[i]) : -1;
        if (digit < 0) {
            return CODE_POINT_MAX + 1;
        }
        unit = unit * 16 + (uint32_t)digit;
    }
    return unit;
}

/* `text` begins with `\u`. Returns the bytes used, 0 when it is no escape. */
static size_t unicode(struct writer *to, struct span text)
{
    uint32_t unit = unit_of(span_from(text, 2));
    if (unit > CODE_POINT_MAX) {
        return 0;
    }
    if (unit >= 0xD800 && unit < 0xDC00 && span_starts(span_from(text, 6), SPAN("\\u"))) {
        uint32_t low = unit_of(span_from(text, 8));
        if (low >= 0xDC00 && low < 0xE000) {
            put_code_point(to, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
            return 12;
        }
    }
    put_code_point(to, unit >= 0xD800 && unit < 0xE000 ? REPLACEMENT : unit);
    return 6;
}

static size_t escape(struct writer *to, struct span text)
{
    static const char codes[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";

    if (text.len > 1 && text.ptr[1] == 'u') {
        size_t used = unicode(to, text);
        if (used > 0) {
            return used;
        }
    }
    size_t found = text.len > 1 ? span_find(SPAN(codes), text.ptr[1]) : 8;
    if (found < 8) {
        put(to, (uint8_t)bytes[found]);
        return 2;
    }
    put(to, '\\');
    return 1;
}

// NOLINTNEXTLINE(readability-non-const-parameter): written through the writer.
size_t scan_unescape_json(struct span text, uint8_t *out, size_t capacity)
{
    struct writer to = {.out = out, .capacity = capacity};
    size_t i = 0;
    while (i < text.len && to.len <= capacity) {
        if (text.ptr[i] == '\\') {
            i += escape(&to, span_from(text, i));
        } else {
            put(&to, text.ptr[i]);
            i++;
        }
    }
    return to.len;
}

static size_t copy(struct span text, uint8_t *out, size_t capacity)
{
    size_t len = text.len < capacity ? text.len : capacity;

    if (len > 0) {
        memcpy(out, text.ptr, len);
    }
    return text.len;
}

size_t scan_unescape(enum scan_form form, struct span text, uint8_t *out, size_t capacity)
{
    switch (form) {
    case SCAN_FORM_HTML:
    case SCAN_FORM_ATTRIBUTE:
        return scan_unescape_html(text, form == SCAN_FORM_ATTRIBUTE, out, capacity);
    case SCAN_FORM_JSON:
        return scan_unescape_json(text, out, capacity);
    case SCAN_FORM_PLAIN:
        break;
    }
    return copy(text, out, capacity);
}

size_t scan_unescape_turned(enum scan_form form, struct span text, const uint8_t *turned,
                            uint8_t *out, size_t capacity)
{
    size_t len = 0;

    for (size_t done = 0, end = 0; done < text.len && len <= capacity; done = end) {
        bool differs = text.ptr[done] != turned[done];
        while (end < text.len && (text.ptr[end] != turned[end]) == differs) {
            end++;
        }
        struct span run = span_first(span_from(text, done), end - done);
        len += scan_unescape(differs ? SCAN_FORM_PLAIN : form, run, out + len,
                             capacity - len);
    }
    return len;
}

size_t scan_unescape_iso2022jp(enum scan_form form, struct span text, uint8_t *out,
                               size_t capacity)
{
    uint8_t turned[SCAN_UNESCAPE_MAX];
    struct charset_state state = {0};

    CHECK(text.len <= sizeof(turned));
    if (span_find(text, CHARSET_ESC) == text.len) {
        return scan_unescape(form, text, out, capacity);
    }
    charset_iso2022jp_text(&state, text, turned);
    return scan_unescape_turned(form, text, turned, out, capacity);
}
