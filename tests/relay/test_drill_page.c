#include <stdio.h>

#include "base/secret.h"
#include "relay/drill_page.h"
#include "support/scan_case.h"

#define REQUEST                                                                          \
    "GET /mypage HTTP/1.1\r\nHost: site\r\n"                                             \
    "countermark-request:  0123456789abcdef0123456789abcdef\r\n\r\n"

static struct scan_case cases;
static char page[DRILL_PAGE_SIZE_MAX];

/* Writes the page of a class with these selectors; its body. */
static struct span write_page(const char *const *texts, struct marker_class *class)
{
    size_t count = 0;

    scan_case_open(&cases, texts);
    while (texts[count] != NULL) {
        count++;
    }
    class->selectors = cases.selectors;
    class->selector_count = count;
    struct writer out = writer_of(page, sizeof(page) - 1);
    drill_page_write(class, SPAN("bob"), SPAN(REQUEST), &out);
    assert_false(out.full);
    page[out.len] = '\0';
    const char *body = strstr(page, "\r\n\r\n");
    assert_non_null(body);
    return span_of(body + 4);
}

static void html_has_every_selector_where_the_scanner_looks(void **state)
{
    const char *const texts[] = {"meta:user-marker", "attr:data-user", "json:/user/id",
                                 NULL};
    struct marker_class class = {0};

    (void)state;
    struct scan_case_input input = {.kind = SCAN_KIND_HTML, .charset = "utf-8"};
    input.text = write_page(texts, &class);
    assert_non_null(strstr(page, "Content-Type: text/html"));
    scan_case_expect(&cases, input, "0=bob 1=bob");
    scan_case_close(&cases);
}

static void json_has_the_value_at_its_pointer(void **state)
{
    const char *const all[][2] = {{"json:/user/id", NULL},
                                  {"json:/rows/*/owner~1id", NULL},
                                  {"json:/*", NULL},
                                  {"json:/a/0/b", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct marker_class class = {0};
        struct scan_case_input input = {.kind = SCAN_KIND_JSON, .charset = ""};
        input.text = write_page(all[i], &class);
        assert_non_null(strstr(page, "Content-Type: application/json"));
        scan_case_expect(&cases, input, "0=bob");
        scan_case_close(&cases);
    }
}

static void fields_and_cookies_are_in_the_head(void **state)
{
    const char *const texts[] = {"header:X-User-Marker", "cookie:login_name", NULL};
    struct marker_class class = {0};

    (void)state;
    (void)write_page(texts, &class);
    assert_non_null(strstr(page, "\r\nx-user-marker: bob\r\n"));
    assert_non_null(strstr(page, "\r\nSet-Cookie: login_name=bob; "));
    scan_case_close(&cases);
}

static void signed_class_is_signed_for_this_request(void **state)
{
    const char *const texts[] = {"header:X-User-Marker", NULL};
    struct secret_mac mac;
    struct span value;

    (void)state;
    secret_mac_start(&mac, SPAN("key"));
    for (int bound = 0; bound < 2; bound++) {
        struct marker_class class = {.signature = {.mac = &mac, .bound = bound != 0}};
        (void)write_page(texts, &class);
        struct span written = drill_page_field(span_of(page), SPAN("X-User-Marker"));
        struct span id = drill_page_field(SPAN(REQUEST), SPAN("Countermark-Request"));
        assert_int_equal(id.len, 32);
        assert_true(signature_verify(&class.signature, written, id, &value));
        assert_true(span_equal(value, SPAN("bob")));
        scan_case_close(&cases);
    }
}

static void page_that_has_no_room_says_so(void **state)
{
    const struct marker_class class = {0};
    uint8_t little[64];
    struct writer out = writer_of(little, sizeof(little));

    (void)state;
    drill_page_write(&class, SPAN("bob"), SPAN(REQUEST), &out);
    assert_true(out.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_has_every_selector_where_the_scanner_looks),
        cmocka_unit_test(json_has_the_value_at_its_pointer),
        cmocka_unit_test(fields_and_cookies_are_in_the_head),
        cmocka_unit_test(signed_class_is_signed_for_this_request),
        cmocka_unit_test(page_that_has_no_room_says_so),
    };
    return RUN_TESTS(tests);
}
