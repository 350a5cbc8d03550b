#include "relay/drill_page.h"

#include "base/json_write.h"
#include "http/pointer.h"

enum {
    VALUE_SIZE_MAX = MARKER_VALUE_MAX + SIGNATURE_DIGITS_MAX,
    BODY_SIZE_MAX = DRILL_PAGE_SIZE_MAX / 2,
};

static bool has_kind(const struct marker_class *class, enum selector_kind kind)
{
    for (size_t i = 0; i < class->selector_count; i++) {
        if (class->selectors[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* ---- Bodies ---- */

static void put_element(const struct selector *selector, struct span value,
                        struct writer *out)
{
    bool meta = selector->kind == SELECTOR_META;

    if (!meta && selector->kind != SELECTOR_ATTR) {
        return;
    }
    writer_text(out, meta ? "<meta name=\"" : "<link ");
    writer_put(out, selector_argument(selector));
    writer_text(out, meta ? "\" content=\"" : "=\"");
    writer_put(out, value);
    writer_text(out, "\">\n");
}

static void put_html(const struct marker_class *class, struct span value,
                     struct writer *out)
{
    writer_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                     "<title>Countermark drill</title>\n");
    for (size_t i = 0; i < class->selector_count; i++) {
        put_element(&class->selectors[i], value, out);
    }
    writer_text(out, "</head><body><p>Nobody's page, for a drill.</p></body></html>\n");
}

/* One value at the end of the pointer, in as many containers as it has tokens. */
static void put_at_pointer(const struct pointer *pointer, struct span value,
                           struct json_write *json)
{
    char name[POINTER_SIZE_MAX + 1];

    for (size_t i = 0; i < pointer->token_count; i++) {
        if (pointer->tokens[i].any) {
            json_write_begin_array(json);
            continue;
        }
        json_write_begin_object(json);
        (void)span_copy(pointer_token(pointer, i), name, sizeof(name));
        json_write_key(json, name);
    }
    json_write_text(json, value);
    for (size_t i = pointer->token_count; i-- > 0;) {
        if (pointer->tokens[i].any) {
            json_write_end_array(json);
        } else {
            json_write_end_object(json);
        }
    }
}

static void put_json(const struct marker_class *class, struct span value,
                     struct writer *out)
{
    struct json_write json;
    struct pointer pointer;

    json_write_init(&json, BODY_SIZE_MAX);
    for (size_t i = 0; i < class->selector_count; i++) {
        const struct selector *selector = &class->selectors[i];
        if (selector->kind == SELECTOR_JSON &&
            pointer_parse(selector_argument(selector), &pointer) == NULL) {
            put_at_pointer(&pointer, value, &json);
            break;
        }
    }
    writer_put(out, json_write_result(&json));
    json_write_free(&json);
}

/* ---- The response ---- */

static void put_fields(const struct marker_class *class, struct span value,
                       struct writer *out)
{
    for (size_t i = 0; i < class->selector_count; i++) {
        const struct selector *selector = &class->selectors[i];
        if (selector->kind == SELECTOR_HEADER) {
            writer_field(out, selector_argument(selector), value);
        } else if (selector->kind == SELECTOR_COOKIE) {
            writer_text(out, "Set-Cookie: ");
            writer_put(out, selector_argument(selector));
            writer_text(out, "=");
            writer_put(out, value);
            writer_text(out, "; Path=/\r\n");
        }
    }
}

struct span drill_page_field(struct span head, struct span name)
{
    struct span line;

    while (span_next(&head, '\n', &line)) {
        size_t colon = span_find(line, ':');
        if (colon < line.len && span_equal_nocase(span_first(line, colon), name)) {
            line = span_from(line, colon + 1);
            return span_trim(span_first(line, span_find(line, '\r')));
        }
    }
    return (struct span){0};
}

void drill_page_write(const struct marker_class *class, struct span value,
                      struct span request, struct writer *out)
{
    struct span id = drill_page_field(request, SPAN("Countermark-Request"));
    char signed_value[VALUE_SIZE_MAX];
    uint8_t memory[BODY_SIZE_MAX];
    struct writer body = writer_of(memory, sizeof(memory));
    struct writer text = writer_of(signed_value, sizeof(signed_value));
    bool html = has_kind(class, SELECTOR_META) || has_kind(class, SELECTOR_ATTR) ||
                !has_kind(class, SELECTOR_JSON);

    signature_write(&class->signature, value, id, &text);
    value = writer_span(&text);
    if (html) {
        put_html(class, value, &body);
    } else {
        put_json(class, value, &body);
    }
    writer_text(out, "HTTP/1.1 200 OK\r\nContent-Type: ");
    writer_text(out, html ? "text/html; charset=utf-8" : "application/json");
    writer_text(out, "\r\nCache-Control: no-store\r\n");
    put_fields(class, value, out);
    writer_text(out, "Content-Length: ");
    writer_u64(out, body.len);
    writer_text(out, "\r\n\r\n");
    writer_put(out, writer_span(&body));
    out->full = out->full || text.full || body.full;
}
