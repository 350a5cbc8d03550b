#include <string.h>

#include "net/proxy_protocol.h"
#include "support/test.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4                                                                               \
    SIGNATURE "\x21\x11\0\x0c"                                                           \
              "\xc0\0\x02\x01\x0a\0\0\x01\x04\xd2\x01\xbb"
#define V6                                                                               \
    SIGNATURE "\x21\x21\0\x24"                                                           \
              "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"                               \
              "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x04\xd2\x01\xbb"

/* However it arrives, it is the same header, and not one byte more is taken. */
static void expect(struct span header, const char *source)
{
    struct proxy_protocol result;
    uint8_t longer[512];
    char text[ADDRESS_TEXT_MAX];

    memset(longer, 'x', sizeof(longer));
    memcpy(longer, header.ptr, header.len);
    for (size_t len = 0; len < header.len; len++) {
        assert_int_equal(proxy_protocol_read(span_first(header, len), &result),
                         PROXY_PROTOCOL_MORE);
    }
    for (size_t more = 0; more < 3; more++) {
        struct span bytes = {.ptr = longer, .len = header.len + more};
        assert_int_equal(proxy_protocol_read(bytes, &result), PROXY_PROTOCOL_DONE);
        assert_int_equal(result.len, header.len);
        assert_int_equal(result.known, source != NULL);
        if (source != NULL) {
            (void)address_format_port(&result.source, text);
            assert_string_equal(text, source);
        }
    }
}

static void proxy_protocol_reads_both_versions_however_they_arrive(void **state)
{
    (void)state;
    expect(SPAN("PROXY TCP4 192.0.2.1 10.0.0.1 1234 443\r\n"), "192.0.2.1:1234");
    expect(SPAN("PROXY TCP6 2001:db8::9 2001:db8::1 1234 443\r\n"), "[2001:db8::9]:1234");
    expect(SPAN(V4), "192.0.2.1:1234");
    expect(SPAN(V6), "[2001:db8::9]:1234");
}

static void proxy_protocol_knows_no_source_where_none_is_told(void **state)
{
    (void)state;
    expect(SPAN("PROXY UNKNOWN\r\n"), NULL);
    expect(SPAN("PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n"), NULL);
    expect(SPAN(SIGNATURE "\x20\0\0\0"), NULL);
    expect(SPAN(SIGNATURE "\x20\x11\0\x0c"
                          "\xc0\0\x02\x01\x0a\0\0\x01\x04\xd2\x01\xbb"),
           NULL);
    expect(SPAN(SIGNATURE "\x21\0\0\x03"
                          "abc"),
           NULL);
    expect(SPAN(SIGNATURE "\x21\x31\0\0"), NULL);
}

static void proxy_protocol_skips_what_else_is_told(void **state)
{
    (void)state;
    expect(SPAN(SIGNATURE "\x21\x11\0\x12"
                          "\xc0\0\x02\x01\x0a\0\0\x01\x04\xd2\x01\xbb"
                          "\x04\0\x03"
                          "abc"),
           "192.0.2.1:1234");
}

static void proxy_protocol_refuses_everything_else(void **state)
{
    (void)state;
    static const char endless[] =
        "PROXY UNKNOWN 0123456789012345678901234567890123456789012345678901234567890123"
        "456789012345678901234567890123456789\r\n";
    static const char *const lines[] = {
        "GET / HTTP/1.1\r\n",
        "PROXY\r\n",
        "PROXY  TCP4 192.0.2.1 10.0.0.1 1 2\r\n",
        "proxy TCP4 192.0.2.1 10.0.0.1 1 2\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 \r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 65536 2\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 -1 2\r\n",
        "PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n",
        "PROXY TCP4 2001:db8::9 2001:db8::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n",
        "PROXY TCP6 [2001:db8::9] 2001:db8::1 1 2\r\n",
        "PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n",
        endless,
    };
    struct proxy_protocol result;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(proxy_protocol_read(span_of(lines[i]), &result),
                         PROXY_PROTOCOL_BAD);
    }
    const struct span bad[] = {
        SPAN(SIGNATURE "\x11\x11\0\x0c............"), /* version 1 */
        SPAN(SIGNATURE "\x22\x11\0\x0c............"), /* no such command */
        SPAN(SIGNATURE "\x21\x11\0\x0b..........."),  /* too short for its family */
        SPAN(SIGNATURE "\x21\x21\0\x0c............"), /* likewise */
        SPAN(SIGNATURE "\x21\x12\0\x0c............"), /* datagrams */
        SPAN(SIGNATURE "\x21\x11\xff\xff"),           /* longer than may be */
        SPAN("\r\n\r\n\0\r\nQUIT\r"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(proxy_protocol_read(bad[i], &result), PROXY_PROTOCOL_BAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proxy_protocol_reads_both_versions_however_they_arrive),
        cmocka_unit_test(proxy_protocol_knows_no_source_where_none_is_told),
        cmocka_unit_test(proxy_protocol_skips_what_else_is_told),
        cmocka_unit_test(proxy_protocol_refuses_everything_else),
    };
    return RUN_TESTS(tests);
}
