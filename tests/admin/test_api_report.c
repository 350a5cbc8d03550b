#include <pthread.h>

#include "admin/fixture.h"

#define HOST     " HTTP/1.1\r\nHost: localhost\r\n"
#define VIEWER   HOST "Authorization: Bearer viewer\r\n\r\n"
#define OPERATOR HOST "Authorization: Bearer operator\r\n\r\n"
#define MARK     "POST /api/v1/mark" HOST "Content-Type: application/json\r\n"

/* As the reporter does: from a thread of its own. */
static void *post(void *context)
{
    struct reporter_ticket *ticket = context;
    mailbox_post(ticket->reply_to, &ticket->mail);
    return NULL;
}

/* Asks, lets the reporter answer, and takes the answer. */
static void ask(struct fixture *fixture, const char *request, enum err err)
{
    pthread_t thread;
    int fd = fixture_connect(fixture, false);

    fixture->report = NULL;
    fixture_send(fd, request);
    for (int i = 0; i < FIXTURE_STEPS_MAX && fixture->report == NULL; i++) {
        loop_step(fixture->loop);
    }
    assert_non_null(fixture->report);
    fixture->report->err = err;
    page_put(&fixture->report->page, SPAN("the report"));
    assert_int_equal(pthread_create(&thread, NULL, post, fixture->report), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_answer(fixture, fd, false);
    (void)close(fd);
}

static void expect_refusal(struct fixture *fixture, const char *request,
                           const char *status_line)
{
    int fd = fixture_connect(fixture, false);

    fixture_send(fd, request);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, status_line);
    (void)close(fd);
}

static void a_report_is_made_as_it_was_asked_for(void **state)
{
    struct fixture *fixture = fixture_of(state);

    ask(fixture, "GET /api/v1/incidents/4/report?format=html&lang=ja" VIEWER, ERR_NONE);
    fixture_expect(fixture, "HTTP/1.1 200 OK\r\n");
    fixture_expect(fixture, "Content-Type: text/html; charset=utf-8\r\n");
    fixture_expect(fixture,
                   "Content-Disposition: inline; filename=\"incident-4-ja.html\"\r\n");
    fixture_expect(fixture, "\r\n\r\nthe report");
    assert_string_equal(fixture->revealed_to, "");
    ask(fixture, "GET /api/v1/incidents/4/report" VIEWER, ERR_NONE);
    fixture_expect(fixture, "Content-Type: application/json\r\n");
}

static void a_range_takes_times_with_zones(void **state)
{
    struct fixture *fixture = fixture_of(state);

    ask(fixture,
        "GET "
        "/api/v1/report?from=2024-03-22T08:00:00Z&to=2024-03-22T17:00:01%2B09:00" VIEWER,
        ERR_NONE);
    fixture_expect(fixture, "HTTP/1.1 200 OK\r\n");
}

static void names_are_for_operators(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_refusal(fixture, "GET /api/v1/incidents/4/report?reveal=1" VIEWER,
                   "HTTP/1.1 403 Forbidden\r\n");
    ask(fixture, "GET /api/v1/incidents/4/report?reveal=1" OPERATOR, ERR_NONE);
    assert_string_equal(fixture->revealed_to, "operator");
}

static void what_cannot_be_reported_says_why(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_refusal(fixture, "GET /api/v1/incidents/x/report" VIEWER,
                   "HTTP/1.1 404 Not Found\r\n");
    expect_refusal(fixture, "GET /api/v1/incidents/0/report" VIEWER,
                   "HTTP/1.1 404 Not Found\r\n");
    expect_refusal(fixture, "GET /api/v1/incidents/4/report?format=pdf" VIEWER,
                   "HTTP/1.1 400 Bad Request\r\n");
    expect_refusal(fixture, "GET /api/v1/incidents/4/report?lang=fr" VIEWER,
                   "HTTP/1.1 400 Bad Request\r\n");
    expect_refusal(fixture, "GET /api/v1/incidents/4/report" HOST "\r\n",
                   "HTTP/1.1 401 Unauthorized\r\n");
    expect_refusal(fixture, "GET /api/v1/report" VIEWER, "HTTP/1.1 400 Bad Request\r\n");
    expect_refusal(fixture, "GET /api/v1/report?from=soon" VIEWER,
                   "HTTP/1.1 400 Bad Request\r\n");
    expect_refusal(fixture, "GET /api/v1/report?from=2024-02-02&to=2024-02-01" VIEWER,
                   "HTTP/1.1 400 Bad Request\r\n");
    fixture->takes = false;
    expect_refusal(fixture, "GET /api/v1/incidents/4/report" VIEWER,
                   "HTTP/1.1 503 Service Unavailable\r\n");
}

static void a_report_that_fails_is_an_error_and_never_half_a_report(void **state)
{
    struct fixture *fixture = fixture_of(state);

    ask(fixture, "GET /api/v1/incidents/4/report" VIEWER, ERR_SYNTAX);
    fixture_expect(fixture, "HTTP/1.1 404 Not Found\r\n");
    ask(fixture, "GET /api/v1/incidents/4/report" VIEWER, ERR_LIMIT);
    fixture_expect(fixture, "HTTP/1.1 500 Internal Server Error\r\n");
    ask(fixture, "GET /api/v1/incidents/4/report" VIEWER, ERR_STORAGE);
    fixture_expect(fixture, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_null(strstr(fixture->reply, "the report"));
}

static void the_ledgers_place_is_for_operators(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_refusal(fixture, "GET /api/v1/ledger" VIEWER, "HTTP/1.1 403 Forbidden\r\n");
    expect_refusal(fixture, "GET /api/v1/ledger" OPERATOR,
                   "\r\n\r\n{\"path\":\"/var/lib/ledger.db\"}");
}

static void a_mark_needs_a_text(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_refusal(fixture,
                   MARK "Authorization: Bearer operator\r\nContent-Length: 2\r\n\r\n{}",
                   "HTTP/1.1 422 Unprocessable Content\r\n");
    expect_refusal(fixture,
                   MARK "Authorization: Bearer operator\r\nContent-Length: 10\r\n\r\n"
                        "{\"text\":12}",
                   "HTTP/1.1 400 Bad Request\r\n");
    expect_refusal(fixture, MARK "Authorization: Bearer viewer\r\n\r\n",
                   "HTTP/1.1 403 Forbidden\r\n");
    fixture->takes = false;
    expect_refusal(fixture,
                   MARK "Authorization: Bearer operator\r\nContent-Length: 14\r\n\r\n"
                        "{\"text\":\"d 7\"} ",
                   "HTTP/1.1 503 Service Unavailable\r\n");
    assert_string_equal(fixture->reason, "d 7");
    assert_string_equal(fixture->who, "operator");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_report_is_made_as_it_was_asked_for),
        TEST(a_range_takes_times_with_zones),
        TEST(names_are_for_operators),
        TEST(what_cannot_be_reported_says_why),
        TEST(a_report_that_fails_is_an_error_and_never_half_a_report),
        TEST(the_ledgers_place_is_for_operators),
        TEST(a_mark_needs_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
