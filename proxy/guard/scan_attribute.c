#include "guard/scan_attribute.h"

#include "guard/scan_class.h"
#include "guard/scan_tag.h"

/* An attribute as most are written, `name="value"`, that lies in `rest` as a whole: its
 * bytes. 0: it is another one, and goes the long way. */
static size_t whole_attribute(struct html *self, struct span rest)
{
    size_t name_len = html_len_until(rest, CLASS_ENDS_ATTRIBUTE);
    struct span value = span_from(rest, name_len + 2);

    if (name_len == 0 || value.len == 0 || rest.ptr[name_len] != '=' ||
        (value.ptr[-1] != '"' && value.ptr[-1] != '\'')) {
        return 0;
    }
    size_t value_len = span_find(value, value.ptr[-1]);
    if (value_len == value.len) {
        return 0;
    }
    tag_attribute_begin(self);
    tag_attribute(self, span_first(rest, name_len));
    tag_attribute_end(self);
    tag_value(self, span_first(value, value_len));
    self->state = HTML_BEFORE_ATTRIBUTE;
    return name_len + 2 + value_len + 1;
}

/* An attribute's first byte, even if it is `=`. */
static size_t begin_attribute(struct html *self, struct span rest)
{
    size_t whole = whole_attribute(self, rest);

    if (whole == 0) {
        tag_attribute_begin(self);
        tag_attribute(self, span_first(rest, 1));
        self->state = HTML_ATTRIBUTE_NAME;
        whole = 1;
    }
    return whole;
}

/* After the name, a value or a blank: `>`, `/`, blanks, or the next attribute. */
size_t attribute_before(struct html *self, struct span rest)
{
    uint8_t byte = rest.ptr[0];
    if (byte == '>') {
        self->offset++;
        tag_end(self, false);
        self->offset--;
    } else if (byte == '/') {
        self->state = HTML_SELF_CLOSING;
    } else if (html_is(byte, CLASS_SPACE)) {
        self->state = HTML_BEFORE_ATTRIBUTE;
    } else {
        return begin_attribute(self, rest);
    }
    return 1;
}

size_t attribute_self_closing(struct html *self, struct span rest)
{
    if (rest.ptr[0] != '>') {
        self->state = HTML_BEFORE_ATTRIBUTE;
        return 0;
    }
    self->offset++;
    tag_end(self, true);
    self->offset--;
    return 1;
}

size_t attribute_name(struct html *self, struct span rest)
{
    size_t len = html_len_until(rest, CLASS_ENDS_ATTRIBUTE);
    tag_attribute(self, span_first(rest, len));
    if (len < rest.len) {
        tag_attribute_end(self);
        self->state = HTML_AFTER_NAME;
    }
    return len;
}

size_t attribute_after_name(struct html *self, struct span rest)
{
    if (html_is(rest.ptr[0], CLASS_SPACE)) {
        return 1;
    }
    if (rest.ptr[0] == '=') {
        self->state = HTML_BEFORE_VALUE;
        return 1;
    }
    self->state = HTML_BEFORE_ATTRIBUTE;
    return 0;
}

size_t attribute_before_value(struct html *self, struct span rest)
{
    switch (rest.ptr[0]) {
    case ' ':
    case '\n':
    case '\t':
    case '\r':
    case '\f':
        return 1;
    case '"':
        self->state = HTML_VALUE_DOUBLE;
        return 1;
    case '\'':
        self->state = HTML_VALUE_SINGLE;
        return 1;
    case '>':
        self->state = HTML_BEFORE_ATTRIBUTE;
        return 0;
    default:
        self->state = HTML_VALUE_BARE;
        return 0;
    }
}

size_t attribute_value_quoted(struct html *self, struct span rest, uint8_t quote)
{
    size_t found = span_find(rest, quote);
    tag_value(self, span_first(rest, found));
    if (found == rest.len) {
        return rest.len;
    }
    self->state = HTML_AFTER_VALUE;
    return found + 1;
}

size_t attribute_value_bare(struct html *self, struct span rest)
{
    size_t len = html_len_until(rest, CLASS_ENDS_BARE);
    tag_value(self, span_first(rest, len));
    if (len < rest.len) {
        self->state = HTML_BEFORE_ATTRIBUTE;
    }
    return len;
}
