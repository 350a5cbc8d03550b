#include "http/media.h"
#include "support/test.h"

static void media_kinds_by_type(void **state)
{
    (void)state;
    const struct {
        const char *type;
        enum media media;
    } rows[] = {
        {"text/html", MEDIA_HTML},
        {"Text/HTML; charset=Shift_JIS", MEDIA_HTML},
        {"application/xhtml+xml", MEDIA_XHTML},
        {"application/json", MEDIA_JSON},
        {"application/problem+json;v=1", MEDIA_JSON},
        {"image/svg+xml", MEDIA_XML},
        {"text/xml", MEDIA_XML},
        {"application/x-ndjson", MEDIA_JSON},
        {"text/x-json; charset=utf-8", MEDIA_JSON},
        {"*/*", MEDIA_UNKNOWN},
        {"unknown/unknown", MEDIA_UNKNOWN},
        {"application/unknown", MEDIA_UNKNOWN},
        {"application/javascript", MEDIA_JAVASCRIPT},
        {"text/csv", MEDIA_CSV},
        {"text/plain", MEDIA_TEXT},
        {"text/css", MEDIA_TEXT},
        {"text/event-stream", MEDIA_EVENT_STREAM},
        {"application/octet-stream", MEDIA_BINARY},
        {"application/x-www-form-urlencoded", MEDIA_FORM},
        {"multipart/form-data; boundary=x", MEDIA_MULTIPART},
        {"image/png", MEDIA_OTHER},
        {"application/pdf", MEDIA_OTHER},
        {"", MEDIA_UNKNOWN},
        {"html", MEDIA_UNKNOWN},
        {"image/", MEDIA_UNKNOWN},
        {"image/png, text/html", MEDIA_UNKNOWN},
        {"image /png", MEDIA_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (media_of(span_of(rows[i].type)) != rows[i].media) {
            fail_msg("%s", rows[i].type);
        }
    }
}

static struct head head_of(const char *type, const char *disposition)
{
    struct head head = {0};
    if (type != NULL) {
        head.fields[head.field_count++] =
            (struct field){.value = span_of(type), .id = FIELD_CONTENT_TYPE};
    }
    if (disposition != NULL) {
        head.fields[head.field_count++] = (struct field){.value = span_of(disposition),
                                                         .id = FIELD_CONTENT_DISPOSITION};
    }
    return head;
}

static void media_is_inspected_unless_it_is_known_to_be_no_text(void **state)
{
    (void)state;
    const struct {
        const char *type;
        const char *disposition;
        bool inspected;
    } rows[] = {
        {NULL, NULL, true},
        {NULL, "attachment", true},
        {"text/html", "attachment", true},
        {"nonsense", NULL, true},
        {"image/png", NULL, false},
        {"application/octet-stream", NULL, true},
        {"application/octet-stream", "inline", true},
        {"application/octet-stream", "Attachment; filename=x", false},
        {"text/csv", "attachment; filename=list.csv", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct head head = head_of(rows[i].type, rows[i].disposition);
        if (media_is_inspected(media_of_head(&head), &head) != rows[i].inspected) {
            fail_msg("row %zu", i);
        }
    }
}

static void media_of_two_types_is_unknown(void **state)
{
    (void)state;
    struct head head = head_of("image/png", NULL);

    assert_int_equal(media_of_head(&head), MEDIA_OTHER);
    head.fields[head.field_count++] =
        (struct field){.value = SPAN("text/html"), .id = FIELD_CONTENT_TYPE};
    assert_int_equal(media_of_head(&head), MEDIA_UNKNOWN);
    assert_true(media_is_inspected(media_of_head(&head), &head));
}

static void media_parameters_are_found(void **state)
{
    (void)state;
    const struct {
        const char *type;
        const char *value;
    } rows[] = {
        {"text/html", ""},
        {"text/html;charset=utf-8", "utf-8"},
        {"text/html; a=\"x;charset=no\"; Charset = \"EUC-JP\"", "EUC-JP"},
        {"text/html; charset=\"a\\b\"", ""},
        {"text/html; charset", ""},
        {"text/html; xcharset=a", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct span value = media_parameter(span_of(rows[i].type), SPAN("charset"));
        assert_true(span_equal(value, span_of(rows[i].value)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(media_kinds_by_type),
        cmocka_unit_test(media_is_inspected_unless_it_is_known_to_be_no_text),
        cmocka_unit_test(media_of_two_types_is_unknown),
        cmocka_unit_test(media_parameters_are_found),
    };
    return RUN_TESTS(tests);
}
