#include "guard/scan_skim.h"

enum byte_class {
    CLASS_SPACE = 1,
    CLASS_SLASH = 2,
    CLASS_CLOSE = 4, /* > */
    CLASS_EQUALS = 8,
    CLASS_LETTER = 16,
};

enum {
    CLASS_ENDS_NAME = CLASS_SPACE | CLASS_SLASH | CLASS_CLOSE,
    CLASS_ENDS_ATTRIBUTE = CLASS_ENDS_NAME | CLASS_EQUALS,
    CLASS_ENDS_BARE = CLASS_SPACE | CLASS_CLOSE,
};

#define LETTERS_32                                                                       \
    0, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,   \
        16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0

static const uint8_t CLASSES[256] = {
    0,          0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0, /* blanks */
    0,          0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    1,          0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, /* SP and / */
    0,          0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0, /* = and > */
    LETTERS_32,                                              /* @A-Z */
    LETTERS_32,                                              /* `a-z */
};

static const uint8_t *until(const uint8_t *at, const uint8_t *end, unsigned classes)
{
    while (at < end && (CLASSES[*at] & classes) == 0) {
        at++;
    }
    return at;
}

static const uint8_t *past(const uint8_t *at, const uint8_t *end, unsigned classes)
{
    while (at < end && (CLASSES[*at] & classes) != 0) {
        at++;
    }
    return at;
}

/* From after the `=`: to the end of the value, or `end`. */
static const uint8_t *past_value(const uint8_t *at, const uint8_t *end)
{
    at = past(at, end, CLASS_SPACE);
    if (at == end || *at == '>') {
        return at;
    }
    if (*at == '"' || *at == '\'') {
        const uint8_t *quote = memchr(at + 1, *at, (size_t)(end - at - 1));
        return quote != NULL ? quote + 1 : end;
    }
    return until(at, end, CLASS_ENDS_BARE);
}

/* From after the element's name: to after its `>`, or NULL when there is none. */
static const uint8_t *past_attributes(const uint8_t *at, const uint8_t *end)
{
    for (;;) {
        at = past(at, end, CLASS_SPACE | CLASS_SLASH);
        if (at == end) {
            return NULL;
        }
        if (*at == '>') {
            return at + 1;
        }
        at = until(at + 1, end, CLASS_ENDS_ATTRIBUTE);
        at = past(at, end, CLASS_SPACE);
        if (at < end && *at == '=') {
            at = past_value(at + 1, end);
        }
    }
}

/* From `<`: to after the tag's `>`, or NULL when it is not a whole, plain tag. */
static const uint8_t *past_tag(const struct tree *tree, const uint8_t *at,
                               const uint8_t *end)
{
    at++;
    if (at < end && *at == '/') {
        at++;
    }
    if (at == end || (CLASSES[*at] & CLASS_LETTER) == 0) {
        return NULL;
    }
    const uint8_t *name = at;
    at = until(at, end, CLASS_ENDS_NAME);
    struct span written = {.ptr = name, .len = (size_t)(at - name)};
    return at < end && tree_is_plain(tree, written) ? past_attributes(at, end) : NULL;
}

size_t skim(const struct tree *tree, struct span rest, size_t limit)
{
    const uint8_t *end = rest.ptr + rest.len;
    const uint8_t *at = rest.ptr;
    while (at < end) {
        const uint8_t *open = memchr(at, '<', (size_t)(end - at));
        if (open == NULL) {
            return rest.len;
        }
        const uint8_t *next = past_tag(tree, open, end);
        if (next == NULL || (size_t)(next - rest.ptr) > limit) {
            return (size_t)(open - rest.ptr);
        }
        at = next;
    }
    return rest.len;
}
