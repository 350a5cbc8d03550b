#include <string.h>

#include "relay/rewrite_private.h"
#include "support/test.h"

static void head_loses_what_tells_caches_to_keep_it_and_gains_what_forbids(void **state)
{
    static const char before[] = "HTTP/1.1 200 Expires: never\r\n"
                                 "Content-Type: text/html\r\n"
                                 "cache-control: public, max-age=60\r\n"
                                 "Expires: Thu, 01 Dec 2033 16:00:00 GMT\r\n"
                                 "Set-Cookie: a=Cache-Control\r\n"
                                 "Surrogate-Control: max-age=60\r\n"
                                 "CDN-Cache-Control: max-age=60\r\n"
                                 "X-Their-CDN-Cache-Control: max-age=60\r\n"
                                 "Via: 1.1 countermark\r\n";
    char text[1024];
    struct writer out = writer_of(text, sizeof(text));

    (void)state;
    writer_put(&out, span_of(before));
    rewrite_private(&out);
    assert_false(out.full);
    assert_true(
        span_equal(writer_span(&out), SPAN("HTTP/1.1 200 Expires: never\r\n"
                                           "Content-Type: text/html\r\n"
                                           "Set-Cookie: a=Cache-Control\r\n"
                                           "Via: 1.1 countermark\r\n"
                                           "Cache-Control: private, no-store\r\n")));
}

static void head_without_room_says_so(void **state)
{
    char text[20];
    struct writer out = writer_of(text, sizeof(text));

    (void)state;
    writer_put(&out, SPAN("HTTP/1.1 200 OK\r\n"));
    rewrite_private(&out);
    assert_true(out.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_loses_what_tells_caches_to_keep_it_and_gains_what_forbids),
        cmocka_unit_test(head_without_room_says_so),
    };
    return RUN_TESTS(tests);
}
