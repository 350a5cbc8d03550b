#include "guard/scan_tag.h"

#include "guard/scan_class.h"
#include "guard/scan_unescape.h"

enum html_use {
    USE_NONE = 0,
    USE_NAME = 1,
    USE_CONTENT = 2,
    USE_CHARSET = 4,
    USE_HTTP_EQUIV = 8,
};

#define LITERAL(text)                                                                    \
    {                                                                                    \
        .ptr = (const uint8_t *)(text), .len = sizeof(text) - 1                          \
    }

static const struct use_row {
    struct span attribute;
    enum html_use use;
} USES[] = {
    {LITERAL("name"), USE_NAME},
    {LITERAL("content"), USE_CONTENT},
    {LITERAL("charset"), USE_CHARSET},
    {LITERAL("http-equiv"), USE_HTTP_EQUIV},
};

static uint8_t lower(uint8_t byte)
{
    return html_is(byte, CLASS_CAPITAL) ? (uint8_t)(byte | 0x20) : byte;
}

static struct span name_of(const struct html *self)
{
    return (struct span){.ptr = self->name, .len = self->name_len};
}

void tag_begin(struct html *self, bool end_tag)
{
    self->end_tag = end_tag;
    self->name_len = 0;
    self->attribute_len = 0;
    self->capture_count = 0;
    self->capturing = false;
    self->text_len = 0;
    self->rows_seen = 0;
    self->uses_seen = 0;
}

/* As much of `text` as fits, in small letters; returns its bytes. */
static size_t put_lower(struct span text, uint8_t *out, size_t room)
{
    size_t len = text.len < room ? text.len : room;

    for (size_t i = 0; i < len; i++) {
        out[i] = lower(text.ptr[i]);
    }
    return len;
}

void tag_name(struct html *self, struct span part)
{
    size_t len = self->name_len;

    self->name_len =
        (uint8_t)(len + put_lower(part, self->name + len, HTML_NAME_SIZE - len));
}

void tag_attribute_begin(struct html *self)
{
    self->attribute_len = 0;
    self->capturing = false;
}

void tag_attribute(struct html *self, struct span part)
{
    size_t len = self->attribute_len;

    self->attribute_len = (uint8_t)(len + put_lower(part, self->attribute + len,
                                                    sizeof(self->attribute) - len));
}

static bool is_meta(const struct html *self)
{
    return span_equal(name_of(self), SPAN("meta"));
}

/* What a meta element's attribute is needed for, if it is the first of its name. */
static enum html_use use_of(const struct html *self, struct span attribute)
{
    if (!is_meta(self)) {
        return USE_NONE;
    }
    for (size_t i = 0; i < sizeof(USES) / sizeof(USES[0]); i++) {
        if ((self->uses_seen & USES[i].use) == 0 &&
            span_equal(attribute, USES[i].attribute)) {
            return USES[i].use;
        }
    }
    return USE_NONE;
}

static uint64_t rows_of(const struct html *self, struct span attribute)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < self->markers->row_count; i++) {
        const struct selector *selector = &self->markers->rows[i].selector;
        if (selector->kind == SELECTOR_ATTR &&
            span_equal(attribute, selector_argument(selector))) {
            rows |= UINT64_C(1) << i;
        }
    }
    return rows & ~self->rows_seen;
}

void tag_attribute_end(struct html *self)
{
    struct span attribute = {.ptr = self->attribute, .len = self->attribute_len};
    if (self->end_tag) {
        return;
    }
    tree_attribute(&self->tree, name_of(self), attribute);
    if (tree_hidden(&self->tree)) {
        return;
    }
    enum html_use use = use_of(self, attribute);
    uint64_t rows = rows_of(self, attribute);
    if (use == USE_NONE && rows == 0) {
        return;
    }
    CHECK(self->capture_count < HTML_CAPTURES_MAX);
    self->captures[self->capture_count++] =
        (struct html_capture){.rows = rows, .start = self->text_len, .use = (uint8_t)use};
    self->rows_seen |= rows;
    self->uses_seen |= (uint8_t)use;
    self->capturing = true;
}

/* As it was sent. */
static struct span sent(const struct html *self, struct span part)
{
    if (self->jis_sent != NULL) {
        part.ptr = self->jis_sent + (part.ptr - self->jis_turned);
    }
    return part;
}

void tag_value(struct html *self, struct span part)
{
    if (!self->capturing) {
        return;
    }
    struct html_capture *capture = &self->captures[self->capture_count - 1];
    size_t room = (size_t)(HTML_CAPTURE_MAX - capture->len);
    size_t left = (size_t)(HTML_TEXT_SIZE - self->text_len);
    struct span taken = span_first(sent(self, part), room < left ? room : left);
    if (taken.len > 0) {
        memcpy(self->text + self->text_len, taken.ptr, taken.len);
    }
    self->text_len = (uint16_t)(self->text_len + taken.len);
    capture->len = (uint16_t)(capture->len + taken.len);
    capture->cut = capture->cut || taken.len < part.len;
}

static const struct html_capture *capture_of(const struct html *self, enum html_use use)
{
    for (size_t i = 0; i < self->capture_count; i++) {
        if (self->captures[i].use == use) {
            return &self->captures[i];
        }
    }
    return NULL;
}

/* The unescaped value in `out`; its bytes, or `capacity` + 1 when it is too long. */
static size_t text_of(const struct html *self, const struct html_capture *capture,
                      uint8_t *out, size_t capacity)
{
    struct span raw = {.ptr = self->text + capture->start, .len = capture->len};
    size_t len = self->jis
                     ? scan_unescape_iso2022jp(SCAN_FORM_ATTRIBUTE, raw, out, capacity)
                     : scan_unescape_html(raw, true, out, capacity);
    return capture->cut || len > capacity ? capacity + 1 : len;
}

static void observe(struct html *self, size_t row, const struct html_capture *capture)
{
    uint8_t value[HTML_CAPTURE_MAX + 16];
    size_t len = text_of(self, capture, value, sizeof(value));
    values_add_cut(self->values, row, (struct span){.ptr = value, .len = len},
                   sizeof(value), self->offset);
}

static void observe_attribute(struct html *self, const struct html_capture *capture)
{
    uint64_t rows = capture->rows;
    for (size_t row = 0; rows != 0; row++, rows >>= 1) {
        if ((rows & 1) != 0) {
            observe(self, row, capture);
        }
    }
}

static void observe_attributes(struct html *self)
{
    for (size_t i = 0; i < self->capture_count; i++) {
        observe_attribute(self, &self->captures[i]);
    }
}

static void observe_meta(struct html *self)
{
    const struct html_capture *name = capture_of(self, USE_NAME);
    const struct html_capture *content = capture_of(self, USE_CONTENT);
    if (name == NULL || content == NULL) {
        return;
    }
    uint8_t text[SELECTOR_NAME_MAX + 16];
    size_t len = text_of(self, name, text, sizeof(text));
    if (len > sizeof(text)) {
        return;
    }
    struct span written = {.ptr = text, .len = len};
    for (size_t i = 0; i < self->markers->row_count; i++) {
        const struct selector *selector = &self->markers->rows[i].selector;
        if (selector->kind == SELECTOR_META &&
            span_equal_nocase(written, selector_argument(selector))) {
            observe(self, i, content);
        }
    }
}

/* The quoted text behind `word` and a `=`, or empty. */
static struct span quoted_after(struct span text, struct span word)
{
    while (text.len > word.len && !span_starts(text, word)) {
        text = span_from(text, 1);
    }
    text = span_trim(span_from(text, word.len));
    if (text.len == 0 || text.ptr[0] != '=') {
        return (struct span){0};
    }
    text = span_trim(span_from(text, 1));
    if (text.len == 0 || (text.ptr[0] != '"' && text.ptr[0] != '\'')) {
        return (struct span){0};
    }
    struct span rest = span_from(text, 1);
    return span_first(rest, span_find(rest, text.ptr[0]));
}

/* `text/html; charset="x"`: HTML standard, extracting an encoding from a meta element. */
static struct span charset_in(struct span content)
{
    struct span word = SPAN("charset");
    while (content.len > word.len &&
           !span_equal_nocase(span_first(content, word.len), word)) {
        content = span_from(content, 1);
    }
    content = span_trim(span_from(content, word.len));
    if (content.len == 0 || content.ptr[0] != '=') {
        return (struct span){0};
    }
    content = span_trim(span_from(content, 1));
    if (content.len > 0 && (content.ptr[0] == '"' || content.ptr[0] == '\'')) {
        struct span rest = span_from(content, 1);
        return span_first(rest, span_find(rest, content.ptr[0]));
    }
    content = span_first(content, span_find(content, ';'));
    return span_first(content, span_find(content, ' '));
}

/* The name of the encoding that this meta element declares, in `text`, or empty. */
static struct span declared(const struct html *self, uint8_t *text, size_t capacity)
{
    const struct html_capture *charset = capture_of(self, USE_CHARSET);
    const struct html_capture *equiv = capture_of(self, USE_HTTP_EQUIV);
    const struct html_capture *content = capture_of(self, USE_CONTENT);
    struct span value = {.ptr = text};
    if (charset != NULL) {
        value.len = text_of(self, charset, text, capacity);
        return value.len <= capacity ? value : (struct span){0};
    }
    if (equiv == NULL || content == NULL) {
        return (struct span){0};
    }
    value.len = text_of(self, equiv, text, capacity);
    if (value.len > capacity || !span_equal_nocase(value, SPAN("content-type"))) {
        return (struct span){0};
    }
    value.len = text_of(self, content, text, capacity);
    return value.len <= capacity ? charset_in(value) : (struct span){0};
}

static void take_charset(struct html *self, struct span name)
{
    if (name.len == 0) {
        return;
    }
    self->charset_open = false;
    enum charset charset = charset_named(name);
    bool contradicts = self->jis_guessed && charset != CHARSET_ISO2022JP;
    if (charset == CHARSET_UNSUPPORTED || contradicts) {
        values_fail(self->values, SCAN_REASON_CHARSET);
    }
    self->jis = charset == CHARSET_ISO2022JP;
}

static void observe_charset(struct html *self)
{
    uint8_t text[128];
    take_charset(self, declared(self, text, sizeof(text)));
}

void tag_declaration(struct html *self, struct span part)
{
    part = span_first(part, HTML_TEXT_SIZE - (size_t)self->text_len);
    if (self->declaring && part.len > 0) {
        memcpy(self->text + self->text_len, part.ptr, part.len);
        self->text_len = (uint16_t)(self->text_len + part.len);
    }
}

/* `<?xml version="1.0" encoding="..."?>`, in HTML as in XML. */
void tag_declaration_end(struct html *self)
{
    struct span text = {.ptr = self->text, .len = self->text_len};
    if (self->declaring && span_starts(text, SPAN("xml"))) {
        take_charset(self, quoted_after(text, SPAN("encoding")));
    }
    self->declaring = false;
}

static enum html_state state_after(enum tree_text text)
{
    switch (text) {
    case TREE_TEXT_MARKUP:
        return HTML_TEXT;
    case TREE_TEXT_RAW:
    case TREE_TEXT_SCRIPT:
        return HTML_RAW;
    case TREE_TEXT_PLAIN:
        break;
    }
    return HTML_PLAIN;
}

void tag_check_depth(const struct html *self)
{
    if (self->tree.too_deep && html_goal(self) > self->deep_at) {
        values_fail(self->values, SCAN_REASON_DEPTH);
    }
}

void tag_end(struct html *self, bool self_closing)
{
    if (self->end_tag) {
        /* What held nothing but text ends itself, and no element around it. */
        if (!self->raw.closes) {
            tree_end(&self->tree, name_of(self));
        }
        self->raw.closes = false;
        self->state = HTML_TEXT;
        return;
    }
    if (self->capture_count > 0) {
        if (self->tree.doubtful) {
            values_fail(self->values, SCAN_REASON_SYNTAX);
        }
        observe_attributes(self);
        if (is_meta(self)) {
            observe_meta(self);
        }
        if (self->charset_open) {
            observe_charset(self);
        }
    }
    bool was_deep = self->tree.too_deep;
    enum tree_text text = tree_start(&self->tree, name_of(self), self_closing);
    self->state = state_after(text);
    self->raw = (struct html_raw){.script = text == TREE_TEXT_SCRIPT};
    if (self->tree.too_deep) {
        self->deep_at = was_deep ? self->deep_at : self->tag_start;
        tag_check_depth(self);
    }
}
