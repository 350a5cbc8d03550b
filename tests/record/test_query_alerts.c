#include "record/fixture.h"
#include "record/query.h"

static struct fixture fixture;

static void make_with_receivers(void)
{
    static const struct alert_route routes[] = {{.name = "one"}, {.name = "two"}};

    fixture_make(&fixture);
    assert_true(recorder_set_alerts(fixture.recorder, routes, 2));
}

static void finish(uint64_t id, enum delivery_state state, const char *error)
{
    struct delivery_result result = {.id = id, .state = state};

    (void)span_copy(span_of(error), result.error, sizeof(result.error));
    assert_true(recorder_finish_delivery(fixture.recorder, &result));
    (void)fixture_change(&fixture, "mypage", FEATURE_DOWN, false); /* Behind it. */
}

static void arrivals_are_those_of_one_incident_by_receiver(void **state)
{
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    struct query_arrivals arrivals;
    struct query *query = NULL;

    (void)state;
    make_with_receivers();
    assert_int_equal(fixture_post(&fixture, &entry).incident, 1);
    entry.drill = true;
    assert_int_equal(fixture_post(&fixture, &entry).incident, 2);
    finish(3, DELIVERY_DONE, "");
    finish(4, DELIVERY_WAITING, "status 500");
    assert_int_equal(query_open(fixture.directory, &query, NULL), ERR_NONE);
    assert_int_equal(query_arrivals(query, 2, 2, &arrivals), ERR_NONE);
    assert_int_equal(arrivals.count, 2);
    assert_string_equal(arrivals.items[0].alert, "one");
    assert_true(arrivals.items[0].done);
    assert_true(arrivals.items[0].at_ms > 0);
    assert_string_equal(arrivals.items[1].alert, "two");
    assert_false(arrivals.items[1].done);
    assert_int_equal(arrivals.items[1].tries, 1);
    assert_string_equal(arrivals.items[1].error, "status 500");
    assert_int_equal(query_arrivals(query, 1, 0, &arrivals), ERR_NONE);
    assert_int_equal(arrivals.count, 2);
    assert_false(arrivals.items[0].done);
    assert_int_equal(query_arrivals(query, 2, 4, &arrivals), ERR_NONE);
    assert_int_equal(arrivals.count, 0);
    query_close(&query);
    fixture_remove(&fixture);
}

static void open_drill_is_no_real_incident_and_no_closed_one(void **state)
{
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    struct query *query = NULL;
    uint64_t incident = 9;

    (void)state;
    make_with_receivers();
    assert_int_equal(fixture_post(&fixture, &entry).incident, 1);
    assert_int_equal(query_open(fixture.directory, &query, NULL), ERR_NONE);
    assert_int_equal(query_open_drill(query, "login", &incident), ERR_NONE);
    assert_int_equal(incident, 0);
    entry.drill = true;
    assert_int_equal(fixture_post(&fixture, &entry).incident, 2);
    assert_int_equal(query_open_drill(query, "login", &incident), ERR_NONE);
    assert_int_equal(incident, 2);
    assert_int_equal(query_open_drill(query, "mypage", &incident), ERR_NONE);
    assert_int_equal(incident, 0);
    assert_int_equal(fixture_close_incident(&fixture, 2).result, CONTROL_DONE);
    assert_int_equal(query_open_drill(query, "login", &incident), ERR_NONE);
    assert_int_equal(incident, 0);
    query_close(&query);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_are_those_of_one_incident_by_receiver),
        cmocka_unit_test(open_drill_is_no_real_incident_and_no_closed_one),
    };
    return RUN_TESTS(tests);
}
