#include <string.h>

#include "relay/reply.h"
#include "support/test.h"

static uint8_t memory[2 * REPLY_SIZE_MAX];

static void add(struct head *head, const char *name, const char *value)
{
    head->fields[head->field_count++] = (struct field){
        .name = span_of(name), .value = span_of(value), .id = field_id_of(span_of(name))};
}

static const char *write(const struct reply *reply, struct reply_taste taste)
{
    struct writer out = writer_of(memory, sizeof(memory) - 1);

    size_t head_len = reply_write(reply, taste, &out);
    memory[out.len] = '\0';
    const char *text = (const char *)memory;
    const char *length = strstr(text, "Content-Length: ");
    const char *body = strstr(text, "\r\n\r\n");
    assert_non_null(length);
    assert_non_null(body);
    assert_int_equal(head_len, body + 4 - text);
    if (!taste.head_only) {
        assert_int_equal(strtoul(length + 16, NULL, 10), strlen(body + 4));
    } else {
        assert_int_equal(strlen(body + 4), 0);
    }
    assert_non_null(strstr(text, "Cache-Control: no-store\r\n"));
    return text;
}

static void reply_is_html_or_json_by_what_the_request_would_rather_read(void **state)
{
    static const struct {
        const char *accept;
        const char *dest;
        bool json;
    } rows[] = {
        {NULL, NULL, false},
        {NULL, "empty", true},
        {"text/html,application/json", NULL, false},
        {"application/json, text/html;q=0.5", NULL, true},
        {"application/problem+json", NULL, true},
        {"application/json", "document", false},
        {"*/*", NULL, false},
        {"*/*", "empty", true}, /* fetch() of a script */
        {"text/html, */*", "empty", false},
        {"text/html;q=0.5, application/json", NULL, true},
        {"application/json;q=0.25, text/html;q=0.250", NULL, true},
        {"application/json;q=0.25, text/html;q=0.3", NULL, false},
        {"application/json;q=0, */*", NULL, false},
        {"application/json; charset=utf-8; Q=0.9, text/html;q=0.89", NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct head head;
        head.field_count = 0;
        if (rows[i].accept != NULL) {
            add(&head, "Accept", rows[i].accept);
        }
        if (rows[i].dest != NULL) {
            add(&head, "Sec-Fetch-Dest", rows[i].dest);
        }
        assert_int_equal(reply_taste_of(&head).json, rows[i].json);
    }
}

static void reply_speaks_the_language_that_comes_first(void **state)
{
    static struct head head;

    (void)state;
    add(&head, "Accept-Language", "fr, ja;q=0.9, en;q=0.8");
    assert_true(reply_taste_of(&head).japanese);
    head.fields[0].value = SPAN("en-US, ja");
    assert_false(reply_taste_of(&head).japanese);
    head.fields[0].value = SPAN("en;q=0.5, ja-JP;q=0.75");
    assert_true(reply_taste_of(&head).japanese);
}

static void refusal_is_neutral_and_warns_after_an_unsafe_request(void **state)
{
    struct reply reply = {.kind = REPLY_REFUSED,
                          .status = 502,
                          .reference = SPAN("I7-abcdef"),
                          .unsafe = true};

    (void)state;
    const char *text = write(&reply, (struct reply_taste){0});
    assert_non_null(strstr(text, "HTTP/1.1 502 Bad Gateway\r\n"));
    assert_non_null(strstr(text, "I7-abcdef"));
    assert_non_null(strstr(text, "do not send it again"));
    reply.unsafe = false;
    text = write(&reply, (struct reply_taste){.json = true});
    assert_non_null(strstr(text, "application/problem+json"));
    assert_non_null(strstr(text, "\"instance\":\"urn:countermark:I7-abcdef\""));
    assert_null(strstr(text, "do not send it again"));
    text = write(&reply, (struct reply_taste){.japanese = true});
    assert_non_null(strstr(text, "lang=\"ja\""));
}

static void maintenance_is_the_operators_own_page_with_retry_after(void **state)
{
    struct reply reply = {.kind = REPLY_MAINTENANCE,
                          .status = 503,
                          .retry_after_s = 3600,
                          .page = SPAN("<p>back soon</p>"),
                          .close = true};

    (void)state;
    const char *text = write(&reply, (struct reply_taste){0});
    assert_non_null(strstr(text, "Retry-After: 3600\r\n"));
    assert_non_null(strstr(text, "\r\n\r\n<p>back soon</p>"));
    assert_non_null(strstr(text, "Connection: close\r\n"));
    text = write(&reply, (struct reply_taste){.json = true, .head_only = true});
    assert_null(strstr(text, "back soon"));
}

static void every_status_that_we_send_has_a_phrase(void **state)
{
    static const unsigned statuses[] = {200, 301, 308, 400, 403, 404, 408, 413, 414, 417,
                                        421, 426, 431, 451, 500, 501, 502, 503, 504, 505};

    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        assert_true(strlen(reply_phrase(statuses[i])) > 0);
    }
    assert_string_equal(reply_phrase(299), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_is_html_or_json_by_what_the_request_would_rather_read),
        cmocka_unit_test(reply_speaks_the_language_that_comes_first),
        cmocka_unit_test(refusal_is_neutral_and_warns_after_an_unsafe_request),
        cmocka_unit_test(maintenance_is_the_operators_own_page_with_retry_after),
        cmocka_unit_test(every_status_that_we_send_has_a_phrase),
    };
    return RUN_TESTS(tests);
}
