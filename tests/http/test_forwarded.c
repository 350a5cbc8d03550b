#include "http/forwarded.h"
#include "support/test.h"

static void expect(const char *text, const char *const *hops)
{
    struct span rest = span_of(text);
    struct span hop;

    for (; *hops != NULL; hops++) {
        assert_true(forwarded_last(&rest, &hop));
        assert_true(span_equal(hop, span_of(*hops)));
    }
    assert_false(forwarded_last(&rest, &hop));
}

static void forwarded_names_the_nearest_hop_first(void **state)
{
    (void)state;
    const char *const three[] = {"192.0.2.3", "2001:db8::2", "192.0.2.1", NULL};

    expect("for=192.0.2.1;proto=http, For=\"[2001:db8::2]:4711\";by=x , "
           "proto=https;FOR=\"192.0.2.3:80\"",
           three);
}

static void forwarded_names_nobody_where_none_is_told(void **state)
{
    (void)state;
    const char *const odd[] = {"_hidden", "unknown", "", "", "", NULL};
    const char *const one[] = {"", NULL};

    expect("proto=http, for=\"\", for=\"[2001:db8::1\", for=unknown, for=_hidden", odd);
    expect("for=\"a\\\"b\", for=192.0.2.1", one);
    expect("xfor=192.0.2.1", one);
}

static void forwarded_commas_in_quotes_part_nothing(void **state)
{
    (void)state;
    const char *const two[] = {"192.0.2.2", "192.0.2.1", NULL};

    expect("for=192.0.2.1;host=\"a, for=192.0.2.9\", for=192.0.2.2;host=\"b;for=1\"",
           two);
}

static void forwarded_plain_lists_are_read_from_the_end(void **state)
{
    (void)state;
    struct span rest = SPAN("192.0.2.1,  2001:db8::2");
    struct span hop;

    assert_true(forwarded_last_plain(&rest, &hop));
    assert_true(span_equal(hop, SPAN("2001:db8::2")));
    assert_true(forwarded_last_plain(&rest, &hop));
    assert_true(span_equal(hop, SPAN("192.0.2.1")));
    assert_false(forwarded_last_plain(&rest, &hop));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forwarded_names_the_nearest_hop_first),
        cmocka_unit_test(forwarded_names_nobody_where_none_is_told),
        cmocka_unit_test(forwarded_commas_in_quotes_part_nothing),
        cmocka_unit_test(forwarded_plain_lists_are_read_from_the_end),
    };
    return RUN_TESTS(tests);
}
