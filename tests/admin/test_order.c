#include "admin/order.h"
#include "base/writer.h"
#include "support/test.h"

static void order_names_a_receiver_and_a_time(void **state)
{
    (void)state;
    struct order order;

    assert_null(
        order_read(SPAN("{\"alert\":\"soc\",\"at\":\"2026-03-22T17:00:00Z\"}"), &order));
    assert_string_equal(order.alert, "soc");
    assert_int_equal(order.at_ms, 1774198800000);
    assert_string_equal(order_read(SPAN("{\"at\":\"tomorrow\"}"), &order),
                        "`at` must be a time like 2026-03-22T17:00:00+09:00.");
    assert_string_equal(order_read(SPAN("{\"alert\":1}"), &order),
                        "`alert` must be the name of a receiver.");
}

static void order_has_its_reason_and_what_else_was_said(void **state)
{
    (void)state;
    struct order order;

    assert_null(order_read(SPAN(" {\"reason\": \"\\u78ba\\u8a8d\\n\", \"anyway\": true}"),
                           &order));
    assert_string_equal(order.reason, "\xe7\xa2\xba\xe8\xaa\x8d\n");
    assert_true(order.anyway);
    assert_null(order_read(SPAN("{\"reason\":\"x\",\"later\":{\"reason\":1}}"), &order));
    assert_string_equal(order.reason, "x");
    assert_false(order.anyway);
}

static void order_without_a_body_says_nothing(void **state)
{
    (void)state;
    struct order order;

    assert_null(order_read(SPAN(""), &order));
    assert_string_equal(order.reason, "");
    assert_null(order_read(SPAN("{}"), &order));
    assert_string_equal(order.reason, "");
    assert_false(order.anyway);
}

static void order_that_is_unclear_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {
        "{",
        "   ",
        "[]",
        "\"reason\"",
        "[{\"reason\":\"x\"}]",
        "{\"reason\":\"x\"} {}",
        "{\"reason\":1}",
        "{\"accept_weaker\":true}",
        "{\"accept_weaker\":null}",
        "{\"reason\":null}",
        "{\"reason\":\"a\",\"reason\":\"b\"}",
        "{\"anyway\":\"true\"}",
        "{\"anyway\":1}",
        "{\"feature\":1}",
        "{\"path\":true}",
        "{\"take_down\":\"3\"}",
        "{\"take_down\":0}",
        "{\"take_down\":3601}",
        "{\"take_down\":1.5}",
        "{\"take_down\":-1}",
        "{\"mode\":true}",
        "{\"mode\":\"\"}",
        "{\"for\":3600}",
        "{\"for\":\"0\"}",
        "{\"for\":\"1h\",\"for\":\"2h\"}",
        "{\"reason\":\"\xff\"}",
        "{\"reason\":\"a\\u0000b\"}",
        "{\"reason\":\"\\ud800\"}",
        "reason=x",
    };
    struct order order;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (order_read(span_of(bad[i]), &order) == NULL) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void order_takes_no_reason_that_would_be_cut(void **state)
{
    (void)state;
    char body[RECORDER_REASON_SIZE_MAX + 16];
    struct order order;

    for (size_t len = RECORDER_REASON_SIZE_MAX - 1; len <= RECORDER_REASON_SIZE_MAX;
         len++) {
        struct writer writer = writer_of(body, sizeof(body));
        writer_text(&writer, "{\"reason\":\"");
        for (size_t i = 0; i < len; i++) {
            writer_byte(&writer, 'a');
        }
        writer_text(&writer, "\"}");
        assert_false(writer.full);
        assert_int_equal(order_read(writer_span(&writer), &order) == NULL,
                         len < RECORDER_REASON_SIZE_MAX);
    }
}

static void order_of_a_drill_names_feature_path_and_seconds(void **state)
{
    struct order order;

    (void)state;
    assert_null(order_read(
        SPAN("{\"feature\":\"login\",\"path\":\"/a\",\"take_down\":3600}"), &order));
    assert_string_equal(order.feature, "login");
    assert_string_equal(order.path, "/a");
    assert_int_equal(order.take_down_s, 3600);
    assert_null(order_read(SPAN("{}"), &order));
    assert_int_equal(order.take_down_s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_a_drill_names_feature_path_and_seconds),
        cmocka_unit_test(order_names_a_receiver_and_a_time),
        cmocka_unit_test(order_has_its_reason_and_what_else_was_said),
        cmocka_unit_test(order_without_a_body_says_nothing),
        cmocka_unit_test(order_that_is_unclear_is_refused),
        cmocka_unit_test(order_takes_no_reason_that_would_be_cut),
    };
    return RUN_TESTS(tests);
}
