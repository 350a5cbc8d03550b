#include <stdio.h>

#include "http/cache.h"
#include "http/h1.h"
#include "support/test.h"

static struct head head;

static void read_head(const char *fields)
{
    static char text[1024];
    struct h1_limits limits = {
        .head_size_max = 8192, .target_size_max = 4096, .field_count_max = 50};
    struct h1 *codec = h1_new(H1_RESPONSE);
    size_t checked = 0;
    size_t len = 0;

    (void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s\r\n", fields);
    h1_expect(codec, METHOD_GET);
    assert_int_equal(h1_find_head(codec, span_of(text), &checked, &len), H1_FOUND_HEAD);
    assert_int_equal(h1_parse_head(codec, span_first(span_of(text), len), &limits, &head),
                     H1_ERROR_NONE);
    h1_free(&codec);
}

static void cache_that_answered_is_known_by_its_fields(void **state)
{
    static const char *const hits[] = {
        "Age: 1\r\n",
        "Age: x\r\n",
        "X-Cache: HIT\r\n",
        "X-Cache: Hit from cloudfront\r\n",
        "X-Cache: TCP_HIT from proxy\r\n",
        "X-Cache: MISS, HIT\r\n",
        "X-Cache: MISS\r\nX-Cache: HIT\r\n",
        "X-Cache-Status: HIT\r\n",
        "CF-Cache-Status: hit\r\n",
        "Cache-Status: a; hit\r\n",
        "Cache-Status: a; fwd=miss, b; hit; ttl=3\r\n",
    };
    static const char *const misses[] = {
        "",
        "Age: 0\r\n",
        "X-Cache: MISS\r\n",
        "X-Cache: Miss from hit.example\r\n",
        "Cache-Status: a; fwd=uri-miss; stored\r\n",
        "X-Other: HIT\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hits) / sizeof(hits[0]); i++) {
        read_head(hits[i]);
        assert_true(cache_was_hit(&head));
    }
    for (size_t i = 0; i < sizeof(misses) / sizeof(misses[0]); i++) {
        read_head(misses[i]);
        assert_false(cache_was_hit(&head));
    }
}

static void answer_may_be_stored_unless_something_forbids_it_to_every_cache(void **state)
{
    static const struct {
        const char *fields;
        bool stored;
    } rows[] = {
        {"", true},
        {"Cache-Control: no-cache\r\n", true},
        {"Cache-Control: public, max-age=60\r\n", true},
        {"Cache-Control: private=\"set-cookie\"\r\n", true},
        {"Cache-Control: max-age=0, Private\r\n", false},
        {"Cache-Control: max-age=0\r\nCache-Control: no-store\r\n", false},
        {"Cache-Control: private\r\nSurrogate-Control: max-age=60\r\n", true},
        {"Cache-Control: private\r\nCDN-Cache-Control: max-age=60\r\n", true},
        {"Cache-Control: private\r\nX-Their-Cache-Control: max-age=60\r\n", true},
        {"Cache-Control: private\r\nX-Accel-Expires: 60\r\n", true},
        {"Cache-Control: private\r\nCDN-Cache-Control: no-store\r\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        read_head(rows[i].fields);
        assert_int_equal(cache_may_store(&head), rows[i].stored);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache_that_answered_is_known_by_its_fields),
        cmocka_unit_test(answer_may_be_stored_unless_something_forbids_it_to_every_cache),
    };
    return RUN_TESTS(tests);
}
