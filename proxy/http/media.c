#include "http/media.h"

#include "http/text.h"

#define TYPE(text, media)                                                                \
    {                                                                                    \
        {(const uint8_t *)(text), sizeof(text) - 1}, media                               \
    }

static const struct row {
    struct span name;
    enum media media;
} TYPES[] = {
    TYPE("text/html", MEDIA_HTML),
    TYPE("application/xhtml+xml", MEDIA_XHTML),
    TYPE("application/json", MEDIA_JSON),
    TYPE("text/json", MEDIA_JSON),
    TYPE("text/x-json", MEDIA_JSON),
    TYPE("application/x-json", MEDIA_JSON),
    TYPE("application/x-ndjson", MEDIA_JSON),
    TYPE("application/ndjson", MEDIA_JSON),
    TYPE("application/jsonl", MEDIA_JSON),
    TYPE("application/x-jsonlines", MEDIA_JSON),
    TYPE("application/xml", MEDIA_XML),
    TYPE("text/xml", MEDIA_XML),
    TYPE("text/javascript", MEDIA_JAVASCRIPT),
    TYPE("application/javascript", MEDIA_JAVASCRIPT),
    TYPE("application/x-javascript", MEDIA_JAVASCRIPT),
    TYPE("application/ecmascript", MEDIA_JAVASCRIPT),
    TYPE("text/ecmascript", MEDIA_JAVASCRIPT),
    TYPE("text/csv", MEDIA_CSV),
    TYPE("application/csv", MEDIA_CSV),
    TYPE("text/event-stream", MEDIA_EVENT_STREAM),
    TYPE("application/octet-stream", MEDIA_BINARY),
    /* A browser looks at the bytes itself (MIME Sniffing standard, section 7). */
    TYPE("unknown/unknown", MEDIA_UNKNOWN),
    TYPE("application/unknown", MEDIA_UNKNOWN),
    TYPE("*/*", MEDIA_UNKNOWN),
    TYPE("application/x-www-form-urlencoded", MEDIA_FORM),
};

static bool starts_nocase(struct span text, struct span prefix)
{
    return text.len >= prefix.len &&
           span_equal_nocase(span_first(text, prefix.len), prefix);
}

static bool ends_nocase(struct span text, struct span suffix)
{
    return text.len >= suffix.len &&
           span_equal_nocase(span_from(text, text.len - suffix.len), suffix);
}

/* `type/subtype`, both tokens. */
static bool is_type(struct span text)
{
    size_t slash = span_find(text, '/');

    return text_is_token(span_first(text, slash)) &&
           text_is_token(span_from(text, slash + 1));
}

enum media media_of(struct span content_type)
{
    struct span type = span_trim(span_first(content_type, span_find(content_type, ';')));

    if (!is_type(type)) {
        return MEDIA_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        if (span_equal_nocase(type, TYPES[i].name)) {
            return TYPES[i].media;
        }
    }
    if (ends_nocase(type, SPAN("+json"))) {
        return MEDIA_JSON;
    }
    if (ends_nocase(type, SPAN("+xml"))) {
        return MEDIA_XML;
    }
    if (starts_nocase(type, SPAN("multipart/"))) {
        return MEDIA_MULTIPART;
    }
    return starts_nocase(type, SPAN("text/")) ? MEDIA_TEXT : MEDIA_OTHER;
}

enum media media_of_head(const struct head *head)
{
    const struct field *field = head_field(head, FIELD_CONTENT_TYPE);

    if (field == NULL) {
        return MEDIA_UNKNOWN;
    }
    for (const struct field *next = field + 1; next < head->fields + head->field_count;
         next++) {
        if (next->id == FIELD_CONTENT_TYPE) {
            return MEDIA_UNKNOWN;
        }
    }
    return media_of(field->value);
}

static bool is_attachment(const struct head *head)
{
    const struct field *field = head_field(head, FIELD_CONTENT_DISPOSITION);

    if (field == NULL) {
        return false;
    }
    struct span kind = span_first(field->value, span_find(field->value, ';'));
    return span_equal_nocase(span_trim(kind), SPAN("attachment"));
}

bool media_is_inspected(enum media media, const struct head *head)
{
    return media != MEDIA_OTHER && !(media == MEDIA_BINARY && is_attachment(head));
}

/* Takes one parameter behind its `;`; a `;` inside quotes is none. */
static bool next_parameter(struct span *rest_p, struct span *parameter_out)
{
    bool quoted = false;
    size_t end = 0;

    if (rest_p->len == 0) {
        return false;
    }
    while (end < rest_p->len && (quoted || rest_p->ptr[end] != ';')) {
        quoted = quoted != (rest_p->ptr[end] == '"');
        end++;
    }
    *parameter_out = span_first(*rest_p, end);
    *rest_p = span_from(*rest_p, end + 1);
    return true;
}

struct span media_parameter(struct span content_type, struct span name)
{
    struct span rest = span_from(content_type, span_find(content_type, ';') + 1);
    struct span parameter;

    while (next_parameter(&rest, &parameter)) {
        size_t equals = span_find(parameter, '=');
        if (!span_equal_nocase(span_trim(span_first(parameter, equals)), name)) {
            continue;
        }
        struct span value = span_trim(span_from(parameter, equals + 1));
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
            value = span_first(span_from(value, 1), value.len - 2);
        }
        return span_find(value, '\\') < value.len ? (struct span){0} : value;
    }
    return (struct span){0};
}
