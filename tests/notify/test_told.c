#include "notify/told_case.h"

static void what_an_alert_tells_is_read_back(void **state)
{
    (void)state;
    struct told *told = told_of(OPENED);

    assert_true(span_equal(told->type, SPAN("incident.opened")));
    assert_true(span_equal(told->incident, SPAN("3")));
    assert_true(span_equal(told->screen, SPAN("A <b> & \"c]\"\n=|\\")));
    assert_int_equal(told->who.len, 0);
    assert_false(told_is_drill(told));
    free(told);
    told = told_of(CLOSED);
    assert_true(told_is_drill(told));
    free(told);
}

static void what_is_no_alert_is_an_error(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "", "{", "[]", "{}", "{\"data\":{\"incident\":1}}", "{\"type\":\"x\"} y"};
    struct told *told = malloc(sizeof(*told));

    assert_non_null(told);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        assert_int_equal(told_read(span_of(bodies[i]), told), ERR_SYNTAX);
    }
    free(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_alert_tells_is_read_back),
        cmocka_unit_test(what_is_no_alert_is_an_error),
    };
    return RUN_TESTS(tests);
}
