#include "guard/redact_tag.h"

bool redact_tag_is(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static bool is_text_only(const char *name)
{
    static const char *const NAMES[] = {"script",   "style",  "textarea", "title",
                                        "xmp",      "iframe", "noembed",  "noframes",
                                        "noscript", NULL};
    return redact_tag_is(name, NAMES);
}

/* A value at the front of `rest`, without its quotes; `rest_p` behind it. */
static struct span take_value(struct span *rest_p)
{
    struct span rest = *rest_p;
    size_t len = 0;

    if (rest.len > 0 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'')) {
        len = span_find(span_from(rest, 1), rest.ptr[0]);
        *rest_p = span_from(rest, len + 2);
        return span_first(span_from(rest, 1), len);
    }
    while (len < rest.len && !is_blank(rest.ptr[len])) {
        len++;
    }
    *rest_p = span_from(rest, len);
    return span_first(rest, len);
}

static struct span skip_blanks(struct span text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text = span_from(text, 1);
    }
    return text;
}

bool redact_tag_attribute(struct span *rest_p, struct span *name_out,
                          struct span *value_out)
{
    struct span rest = *rest_p;

    while (rest.len > 0 && (is_blank(rest.ptr[0]) || rest.ptr[0] == '/')) {
        rest = span_from(rest, 1);
    }
    size_t len = rest.len > 0 ? 1 : 0; /* A leading `=` belongs to the name. */
    while (len < rest.len && !is_blank(rest.ptr[len]) && rest.ptr[len] != '=' &&
           rest.ptr[len] != '/') {
        len++;
    }
    *name_out = span_first(rest, len);
    *value_out = (struct span){0};
    rest = skip_blanks(span_from(rest, len));
    if (rest.len > 0 && rest.ptr[0] == '=') {
        rest = skip_blanks(span_from(rest, 1));
        *value_out = take_value(&rest);
    }
    *rest_p = rest;
    return len > 0;
}

/* Behind the `>` that ends the tag: one inside of quotes does not. 0: it has none. */
static size_t tag_end(struct span body, size_t at)
{
    uint8_t quote = 0;
    bool value = false; /* A value begins: only here a quote is one. */

    for (; at < body.len; at++) {
        uint8_t byte = body.ptr[at];
        if (quote != 0) {
            quote = byte == quote ? 0 : quote;
        } else if (byte == '>') {
            return at + 1;
        } else if (value && (byte == '"' || byte == '\'')) {
            quote = byte;
        }
        value = quote == 0 && (byte == '=' || (value && is_blank(byte)));
    }
    return 0;
}

/* The tag at `self->at`, which is a `<`. False: it is none, or has no end. */
bool redact_tag_read(struct span body, size_t start, struct redact_tag *tag_out)
{
    size_t at = start + 1;
    size_t len = 0;

    *tag_out = (struct redact_tag){.start = start};
    if (at < body.len && body.ptr[at] == '/') {
        tag_out->closing = true;
        at++;
    }
    if (at >= body.len || !is_letter(body.ptr[at])) {
        return false;
    }
    while (at < body.len && !is_blank(body.ptr[at]) && body.ptr[at] != '/' &&
           body.ptr[at] != '>') {
        if (len < REDACT_NAME_SIZE - 1) {
            tag_out->name[len++] = (char)lower(body.ptr[at]);
        }
        at++;
    }
    tag_out->end = tag_end(body, at);
    if (tag_out->end > 0) {
        tag_out->attributes = span_first(span_from(body, at), tag_out->end - 1 - at);
    }
    return tag_out->end > 0;
}

/* Behind the comment that starts at `at`; the end when it is open. */
static size_t skip_comment(struct span body, size_t at)
{
    struct span rest = span_from(body, at);

    if (rest.len < 4) {
        return body.len;
    }
    if (span_starts(rest, SPAN("<!-->")) || span_starts(rest, SPAN("<!--->"))) {
        return at + span_find(rest, '>') + 1;
    }
    const uint8_t *plain = memmem(rest.ptr + 4, rest.len - 4, "-->", 3);
    size_t until = plain != NULL ? (size_t)(plain - rest.ptr) : rest.len;
    const uint8_t *bang = memmem(rest.ptr + 4, until - 4, "--!>", 4);
    const uint8_t *end = bang != NULL ? bang : plain;
    size_t len = bang != NULL ? 4 : 3;
    return end == NULL ? body.len : (size_t)(end - body.ptr) + len;
}

/* Behind a comment or another `<!`, `<?`, `</` that is no tag; the end when it is open.
 */
size_t redact_tag_skip(struct span body, size_t at)
{
    struct span rest = span_from(body, at);

    if (span_starts(rest, SPAN("<!--"))) {
        return skip_comment(body, at);
    }
    if (rest.len >= 2 && is_letter(rest.ptr[1])) {
        return body.len; /* A tag without end. */
    }
    if (rest.len < 2 ||
        (rest.ptr[1] != '!' && rest.ptr[1] != '?' && rest.ptr[1] != '/')) {
        return at + 1;
    }
    size_t found = span_find(span_from(rest, 1), '>');
    return found + 1 >= rest.len ? body.len : at + found + 2;
}

/* Where the end tag of an element stands that holds nothing but text. */
size_t redact_tag_skip_text(struct span body, const struct redact_tag *tag)
{
    size_t len = strlen(tag->name);

    if (strcmp(tag->name, "plaintext") == 0) {
        return body.len;
    }
    if (!is_text_only(tag->name)) {
        return tag->end;
    }
    for (size_t at = tag->end; at + 2 + len < body.len; at++) {
        const uint8_t *here = body.ptr + at;
        struct span name = {.ptr = here + 2, .len = len};
        struct span wanted = span_of(tag->name);
        uint8_t after = here[2 + len];
        if (here[0] == '<' && here[1] == '/' && span_equal_nocase(name, wanted) &&
            (is_blank(after) || after == '>' || after == '/')) {
            return at;
        }
    }
    return body.len;
}
