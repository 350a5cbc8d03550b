#include "http/parameters.h"

#include "http/text.h"

static struct span skip_blanks(struct span text)
{
    while (text.len > 0 && span_is_ows(text.ptr[0])) {
        text = span_from(text, 1);
    }
    return text;
}

/* The bytes of a value at the front of `text`, quotes included; 0: it is malformed. */
static size_t take_value(struct span text, struct span *value_out)
{
    size_t len = 0;

    if (text.len > 0 && text.ptr[0] == '"') {
        *value_out = span_from(text, 1);
        *value_out = span_first(*value_out, span_find(*value_out, '"'));
        len = value_out->len + 2;
        return len > text.len || span_ends(*value_out, SPAN("\\")) ? 0 : len;
    }
    while (len < text.len && text_is_token_byte(text.ptr[len])) {
        len++;
    }
    *value_out = span_first(text, len);
    return span_starts(text, SPAN("'")) ? 0 : len;
}

enum parameters_result parameters_next(struct span *rest_p, struct parameter *out)
{
    struct span rest = skip_blanks(*rest_p);

    if (rest.len > 0 && rest.ptr[0] != ';') {
        return PARAMETERS_BAD;
    }
    while (rest.len > 0 && rest.ptr[0] == ';') {
        rest = skip_blanks(span_from(rest, 1));
    }
    if (rest.len == 0) {
        *rest_p = rest;
        return PARAMETERS_END;
    }
    size_t equals = span_find(rest, '=');
    out->name = span_first(rest, equals);
    rest = span_from(rest, equals + 1);
    size_t used = take_value(rest, &out->value);
    *rest_p = span_from(rest, used);
    return text_is_token(out->name) && used > 0 ? PARAMETERS_NEXT : PARAMETERS_BAD;
}
