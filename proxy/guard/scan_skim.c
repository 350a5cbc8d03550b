#include "guard/scan_skim.h"

#include "guard/scan_class.h"

/* From after the `=`: to the end of the value, or `end`. */
static const uint8_t *past_value(const uint8_t *at, const uint8_t *end)
{
    at = html_past(at, end, CLASS_SPACE);
    if (at == end || *at == '>') {
        return at;
    }
    if (*at == '"' || *at == '\'') {
        const uint8_t *quote = memchr(at + 1, *at, (size_t)(end - at - 1));
        return quote != NULL ? quote + 1 : end;
    }
    return html_until(at, end, CLASS_ENDS_BARE);
}

/* From after the element's name: to after its `>`, or NULL when there is none. */
static const uint8_t *past_attributes(const uint8_t *at, const uint8_t *end)
{
    for (;;) {
        at = html_past(at, end, CLASS_SPACE | CLASS_SLASH);
        if (at == end) {
            return NULL;
        }
        if (*at == '>') {
            return at + 1;
        }
        at = html_until(at + 1, end, CLASS_ENDS_ATTRIBUTE);
        at = html_past(at, end, CLASS_SPACE);
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
    if (at == end || !html_is(*at, CLASS_LETTER)) {
        return NULL;
    }
    const uint8_t *name = at;
    at = html_until(at, end, CLASS_ENDS_NAME);
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
