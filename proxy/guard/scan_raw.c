#include "guard/scan_raw.h"

#include "guard/scan_tag.h"

enum {
    ESCAPE_NONE = 0,
    ESCAPE_SINGLE = 1,
    ESCAPE_DOUBLE = 2,
    COMMENT_DASHES = 3,      /* mask: dashes just seen, at most 2 */
    COMMENT_AT_START = 4,    /* nothing but dashes since `<!--` */
    COMMENT_BANG = 8,        /* `--!` was just seen */
    DECLARATION_DASH = 1,    /* `<!-` was seen */
    DECLARATION_SECTION = 2, /* from here: bytes of `[CDATA[` seen, plus 1 */
};

static const char SECTION[] = "[CDATA[";

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

static bool ends_name(uint8_t byte)
{
    return byte == '>' || byte == '/' || byte == ' ' || byte == '\n' || byte == '\t' ||
           byte == '\r' || byte == '\f';
}

static bool begins(struct span seen, uint8_t byte, struct span whole)
{
    return seen.len < whole.len && span_starts(whole, seen) &&
           whole.ptr[seen.len] == byte;
}

/* `/` and the element's name: what ends this raw text, without the byte after it. */
static bool closes(const struct html *self, struct span seen)
{
    struct span name = {.ptr = self->name, .len = self->name_len};
    return seen.len == name.len + 1 && seen.ptr[0] == '/' &&
           span_equal(span_from(seen, 1), name);
}

static bool may_close(const struct html *self, struct span seen, uint8_t byte)
{
    struct span name = {.ptr = self->name, .len = self->name_len};
    return seen.len == 0 ? byte == '/' : begins(span_from(seen, 1), byte, name);
}

/* Whether `seen` and `byte` can still become something that matters here. */
static bool may_matter(const struct html *self, struct span seen, uint8_t byte)
{
    if (seen.len > 0 && seen.ptr[0] == '/') {
        return may_close(self, seen, byte);
    }
    if (seen.len == 0 && byte == '/') {
        return true;
    }
    if (!self->raw.script) {
        return false;
    }
    return (self->raw.escape == ESCAPE_NONE && begins(seen, byte, SPAN("!--"))) ||
           (self->raw.escape == ESCAPE_SINGLE && begins(seen, byte, SPAN("script")));
}

static void end_raw(struct html *self, uint8_t byte)
{
    self->tag_start = self->offset;
    uint8_t name_len = self->name_len;
    tag_begin(self, true);
    self->name_len = name_len;
    self->raw.closes = true;
    self->state = byte == '/' ? HTML_SELF_CLOSING : HTML_BEFORE_ATTRIBUTE;
    if (byte == '>') {
        tag_end(self, false);
    }
}

static void plain_byte(struct html_raw *self, uint8_t byte)
{
    self->len = byte == '<' ? 1 : 0;
    if (byte == '-') {
        self->dashes = self->dashes < 2 ? self->dashes + 1 : 2;
        return;
    }
    if (byte == '>' && self->dashes == 2) {
        self->escape = ESCAPE_NONE;
    }
    self->dashes = 0;
}

/* A byte after `<`. */
static void open_byte(struct html *self, uint8_t byte)
{
    struct html_raw *raw = &self->raw;
    struct span seen = {.ptr = raw->seen, .len = raw->len - 1U};
    if (ends_name(byte) && closes(self, seen)) {
        if (raw->escape != ESCAPE_DOUBLE) {
            end_raw(self, byte);
            return;
        }
        raw->escape = ESCAPE_SINGLE;
    } else if (ends_name(byte) && raw->escape == ESCAPE_SINGLE &&
               span_equal(seen, SPAN("script"))) {
        raw->escape = ESCAPE_DOUBLE;
    } else if (seen.len + 1 < sizeof(raw->seen) && may_matter(self, seen, lower(byte))) {
        raw->seen[seen.len] = lower(byte);
        raw->len++;
        if (raw->script && seen.len == 2 && raw->seen[0] == '!') {
            raw->escape = ESCAPE_SINGLE;
            raw->dashes = 2;
            raw->len = 0;
        }
        return;
    }
    plain_byte(raw, byte);
}

/* The end tag that most raw texts have: `rest` begins with it, up to behind its name.
 * Its bytes; 0: it does not. */
static size_t whole_end(struct html *self, struct span rest)
{
    size_t len = 2U + self->name_len;
    struct span name = {.ptr = self->name, .len = self->name_len};

    if (rest.len <= len || rest.ptr[1] != '/' || !ends_name(rest.ptr[len]) ||
        !span_equal_nocase(span_first(span_from(rest, 2), name.len), name)) {
        return 0;
    }
    self->offset += len;
    end_raw(self, rest.ptr[len]);
    self->offset -= len;
    return len + 1;
}

size_t raw_text(struct html *self, struct span rest)
{
    if (self->raw.len == 0 && self->raw.escape == ESCAPE_NONE) {
        size_t found = span_find(rest, '<');
        if (found == rest.len) {
            return rest.len;
        }
        if (found == 0) {
            size_t whole = whole_end(self, rest);
            if (whole > 0) {
                return whole;
            }
        } else {
            return found;
        }
        self->raw.len = 1;
        return found + 1;
    }
    if (self->raw.len == 0) {
        plain_byte(&self->raw, rest.ptr[0]);
    } else {
        open_byte(self, rest.ptr[0]);
    }
    return 1;
}

size_t raw_declaration(struct html *self, struct span rest)
{
    uint8_t byte = rest.ptr[0];
    if (self->match_len <= DECLARATION_DASH && byte == '-') {
        if (self->match_len == DECLARATION_DASH) {
            self->state = HTML_COMMENT;
            self->match_len = COMMENT_AT_START;
        } else {
            self->match_len = DECLARATION_DASH;
        }
        return 1;
    }
    size_t matched = self->match_len >= DECLARATION_SECTION ? self->match_len - 1U : 0;
    if (self->match_len != DECLARATION_DASH && byte == (uint8_t)SECTION[matched] &&
        tree_has_cdata(&self->tree)) {
        self->match_len = (uint8_t)(matched + 2);
        if (matched + 1 == sizeof(SECTION) - 1) {
            self->state = tree_open_cdata(&self->tree) ? HTML_CDATA : HTML_BOGUS;
            self->match_len = 0;
        }
        return 1;
    }
    self->state = HTML_BOGUS;
    return 0;
}

static bool comment_ends(const struct html *self)
{
    bool after_dashes = (self->match_len & COMMENT_DASHES) == 2;
    bool html_end = (self->match_len & (COMMENT_AT_START | COMMENT_BANG)) != 0;
    return after_dashes || (html_end && !self->tree.xml);
}

size_t raw_comment(struct html *self, struct span rest)
{
    if (self->match_len == 0) {
        size_t found = span_find(rest, '-');
        if (found > 0) {
            return found;
        }
    }
    uint8_t byte = rest.ptr[0];
    uint8_t dashes = self->match_len & COMMENT_DASHES;
    if (byte == '>' && comment_ends(self)) {
        self->state = HTML_TEXT;
    } else if (byte == '-') {
        uint8_t start = self->match_len & COMMENT_AT_START;
        self->match_len = (uint8_t)(start | (dashes < 2 ? dashes + 1 : 2));
    } else {
        self->match_len = byte == '!' && dashes == 2 ? COMMENT_BANG : 0;
    }
    return 1;
}

size_t raw_bogus(struct html *self, struct span rest)
{
    size_t found = span_find(rest, '>');
    tag_declaration(self, span_first(rest, found));
    if (found == rest.len) {
        return rest.len;
    }
    tag_declaration_end(self);
    self->state = HTML_TEXT;
    return found + 1;
}

size_t raw_cdata(struct html *self, struct span rest)
{
    if (self->match_len == 0) {
        size_t found = span_find(rest, ']');
        if (found > 0) {
            return found;
        }
    }
    uint8_t byte = rest.ptr[0];
    if (byte == ']') {
        self->match_len = self->match_len < 2 ? self->match_len + 1 : 2;
    } else {
        self->state = byte == '>' && self->match_len == 2 ? HTML_TEXT : HTML_CDATA;
        self->match_len = 0;
    }
    return 1;
}

size_t raw_instruction(struct html *self, struct span rest)
{
    uint8_t byte = rest.ptr[0];
    tag_declaration(self, span_first(rest, 1));
    if (byte == '>' && self->match_len != 0) {
        tag_declaration_end(self);
        self->state = HTML_TEXT;
    }
    self->match_len = byte == '?' ? 1 : 0;
    return 1;
}
