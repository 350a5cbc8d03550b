#include "guard/selector.h"

#include <stdio.h>

static const struct kind_row {
    const char *name;
    enum selector_kind kind;
    const char *takes; /* what an empty argument lacks */
} KINDS[] = {
    {"header", SELECTOR_HEADER, "a field name"},
    {"meta", SELECTOR_META, "the name of a meta element"},
    {"attr", SELECTOR_ATTR, "an attribute name"},
    {"json", SELECTOR_JSON, "a JSON pointer such as /user/id"},
    {"regex", SELECTOR_REGEX, "a pattern with one group"},
    {"cookie", SELECTOR_COOKIE, "a cookie name"},
};

enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]) };

const char *selector_kind_name(enum selector_kind kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (KINDS[i].kind == kind) {
            return KINDS[i].name;
        }
    }
    return "none";
}

static bool is_alnum(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
}

/* tchar of RFC 9110 section 5.6.2. */
static bool is_token(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alnum(text.ptr[i]) &&
            span_find(SPAN("!#$%&'*+-.^_`|~"), text.ptr[i]) == 15) {
            return false;
        }
    }
    return true;
}

/* What the HTML tokenizer can produce as an attribute name. */
static bool is_attribute_name(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] == 0x7F ||
            span_find(SPAN("\"'<>/="), text.ptr[i]) < 6) {
            return false;
        }
    }
    return true;
}

/* RFC 6901: empty, or `/` first and `~` only as `~0` or `~1`. */
static bool is_pointer(struct span text)
{
    if (text.ptr[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool last = i + 1 == text.len;
        if (text.ptr[i] == '~' &&
            (last || (text.ptr[i + 1] != '0' && text.ptr[i + 1] != '1'))) {
            return false;
        }
    }
    return true;
}

/* The index after the class that opens at `start`. */
static size_t skip_class(struct span text, size_t start)
{
    size_t i = start + 1;
    if (i < text.len && text.ptr[i] == '^') {
        i++;
    }
    if (i < text.len && text.ptr[i] == ']') {
        i++;
    }
    while (i < text.len && text.ptr[i] != ']') {
        i += text.ptr[i] == '\\' ? 2 : 1;
    }
    return i + 1;
}

/* `(` that captures: not `(?:`, `(?i)`, `(*`; but `(?<name>` and `(?P<name>`. */
static bool captures(struct span from_group)
{
    struct span rest = span_from(from_group, 1);
    if (rest.len > 0 && rest.ptr[0] == '*') {
        return false;
    }
    if (rest.len == 0 || rest.ptr[0] != '?') {
        return true;
    }
    return (span_starts(rest, SPAN("?<")) && !span_starts(rest, SPAN("?<=")) &&
            !span_starts(rest, SPAN("?<!"))) ||
           span_starts(rest, SPAN("?P<")) || span_starts(rest, SPAN("?'"));
}

static bool has_group(struct span text)
{
    size_t i = 0;
    while (i < text.len) {
        if (text.ptr[i] == '(' && captures(span_from(text, i))) {
            return true;
        }
        if (text.ptr[i] == '[') {
            i = skip_class(text, i);
        } else {
            i += text.ptr[i] == '\\' ? 2 : 1;
        }
    }
    return false;
}

static bool is_too_long(enum selector_kind kind, size_t len)
{
    bool name = kind != SELECTOR_REGEX && kind != SELECTOR_JSON;
    return len > (name ? (size_t)SELECTOR_NAME_MAX : (size_t)SELECTOR_ARGUMENT_MAX);
}

/* NULL, or what is wrong with the argument. */
static const char *argument_problem(enum selector_kind kind, struct span argument)
{
    if (is_too_long(kind, argument.len)) {
        return "is too long";
    }
    if (span_find(argument, '\0') < argument.len) {
        return "contains a NUL byte";
    }
    switch (kind) {
    case SELECTOR_HEADER:
    case SELECTOR_COOKIE:
        return is_token(argument) ? NULL : "is not a name HTTP allows";
    case SELECTOR_META:
        return argument.ptr[0] > ' ' && argument.ptr[argument.len - 1] > ' '
                   ? NULL
                   : "begins or ends with a blank";
    case SELECTOR_ATTR:
        return is_attribute_name(argument) ? NULL : "is not an attribute name";
    case SELECTOR_JSON:
        return is_pointer(argument)
                   ? NULL
                   : "is not a JSON pointer: it begins with / and has ~ only as ~0 or ~1";
    case SELECTOR_REGEX:
        return has_group(argument)
                   ? NULL
                   : "has no group: put ( ) around the part that is the marker";
    case SELECTOR_NONE:
        break;
    }
    return "has no kind";
}

static const struct kind_row *kind_of(struct span name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (span_equal(name, span_of(KINDS[i].name))) {
            return &KINDS[i];
        }
    }
    return NULL;
}

/* Text of an operator, but also of a terminal: nothing unprintable, nothing endless. */
static int shown(struct span text)
{
    return (int)(text.len < 60 ? text.len : 60);
}

static void store(struct selector *out, enum selector_kind kind, struct span argument)
{
    bool fold = kind == SELECTOR_HEADER || kind == SELECTOR_META || kind == SELECTOR_ATTR;
    *out = (struct selector){.kind = kind, .len = (uint16_t)argument.len};
    for (size_t i = 0; i < argument.len; i++) {
        uint8_t byte = argument.ptr[i];
        bool upper = fold && byte >= 'A' && byte <= 'Z';
        out->argument[i] = (char)(upper ? byte | 0x20 : byte);
    }
}

enum err selector_parse(struct span text, struct selector *out, char *error,
                        size_t error_size)
{
    CHECK(error_size > 0);

    *out = (struct selector){0};
    error[0] = '\0';
    size_t colon = span_find(text, ':');
    const struct kind_row *row = kind_of(span_first(text, colon));
    if (colon == text.len || row == NULL) {
        (void)snprintf(error, error_size,
                       "unknown selector \"%.*s\": it must begin with header:, meta:, "
                       "attr:, json:, regex: or cookie:",
                       shown(text), text.len > 0 ? (const char *)text.ptr : "");
        return ERR_SYNTAX;
    }
    struct span argument = span_from(text, colon + 1);
    if (argument.len == 0) {
        (void)snprintf(error, error_size, "selector \"%s:\" lacks %s", row->name,
                       row->takes);
        return ERR_SYNTAX;
    }
    const char *problem = argument_problem(row->kind, argument);
    if (problem != NULL) {
        (void)snprintf(error, error_size, "selector \"%.*s\" %s", shown(text),
                       (const char *)text.ptr, problem);
        return ERR_SYNTAX;
    }
    store(out, row->kind, argument);
    return ERR_NONE;
}
