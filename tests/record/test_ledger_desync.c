#include "record/fixture.h"

static struct journal_entry desync(const char *reason, const char *upstream,
                                   uint64_t at_ms)
{
    struct journal_entry entry = {.kind = JOURNAL_EVENT,
                                  .at_ms = UINT64_C(1700000000000) + at_ms,
                                  .upstream_connection = 7,
                                  .body_size = 5};
    span_copy(span_of(reason), entry.reason, sizeof(entry.reason));
    span_copy(span_of(upstream), entry.upstream, sizeof(entry.upstream));
    span_copy(SPAN("0123456789abcdef0123456789abcdef"), entry.previous_id,
              sizeof(entry.previous_id));
    return entry;
}

static void make(struct fixture *fixture)
{
    static const struct alert_route routes[] = {{.name = "soc"}};
    fixture_make(fixture);
    assert_true(recorder_set_alerts(fixture->recorder, routes, 1));
}

static void post(struct fixture *fixture, const char *reason, const char *upstream,
                 uint64_t at_ms)
{
    struct journal_entry entry = desync(reason, upstream, at_ms);
    assert_true(fixture_post(fixture, &entry).committed);
}

static void expect_alerts(struct fixture *fixture, const char *expected)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "test \"$(sqlite3 ledger.db \"SELECT type || ' ' || "
                   "json_extract(body, '\\$.data.upstream', '\\$.data.server', "
                   "'\\$.data.kind') FROM deliveries ORDER BY id\" | tr '\\n' ' ')\" "
                   "= '%s'",
                   expected);
    fixture_shell(fixture, command);
}

static void bytes_that_nobody_asked_for_are_alerted_with_upstream_and_server(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture);

    post(&fixture, "idle-bytes", "site 10.0.0.1:80", 0);
    expect_alerts(&fixture, "upstream.desync [\"site\",\"10.0.0.1:80\",\"idle-bytes\"] ");

    fixture_remove(&fixture);
}

static void an_upstream_is_alerted_of_once_a_minute_and_each_by_itself(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture);

    post(&fixture, "idle-bytes", "site a:80", 0);
    post(&fixture, "excess-bytes", "site b:80", 59999);
    post(&fixture, "idle-bytes", "other a:80", 59999);
    post(&fixture, "excess-bytes", "site b:80", 60000);
    expect_alerts(&fixture, "upstream.desync [\"site\",\"a:80\",\"idle-bytes\"] "
                            "upstream.desync [\"other\",\"a:80\",\"idle-bytes\"] "
                            "upstream.desync [\"site\",\"b:80\",\"excess-bytes\"] ");

    fixture_remove(&fixture);
}

static void other_events_are_not_alerted(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture);

    post(&fixture, "in-doubt", "site a:80", 0);
    expect_alerts(&fixture, "");

    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            bytes_that_nobody_asked_for_are_alerted_with_upstream_and_server),
        cmocka_unit_test(an_upstream_is_alerted_of_once_a_minute_and_each_by_itself),
        cmocka_unit_test(other_events_are_not_alerted),
    };
    return RUN_TESTS(tests);
}
