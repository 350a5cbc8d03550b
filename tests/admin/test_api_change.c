#include <pthread.h>

#include "admin/fixture.h"

#define HOST   "Host: localhost\r\n"
#define JSON   "Content-Type: application/json\r\n"
#define REASON JSON "Content-Length: 14\r\n\r\n{\"reason\":\"x\"}"
#define DOWN   "POST /api/v1/features/login/down HTTP/1.1\r\n" HOST
#define UP     "POST /api/v1/features/login/up HTTP/1.1\r\n" HOST
#define CLOSE  "POST /api/v1/incidents/4/close HTTP/1.1\r\n" HOST
#define RELOAD "POST /api/v1/reload HTTP/1.1\r\n" HOST JSON "\r\n"

/* As the recorder does: from a thread of its own. */
static void *post(void *context)
{
    struct control_ticket *ticket = context;
    mailbox_post(ticket->reply_to, &ticket->mail);
    return NULL;
}

static void post_from_a_thread(struct control_ticket *ticket)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post, ticket), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void answer_ticket(struct fixture *fixture, enum control_result result)
{
    fixture->ticket->result = result;
    fixture->ticket->incident = 4;
    post_from_a_thread(fixture->ticket);
    fixture->ticket = NULL;
}

static int begin(struct fixture *fixture, const char *request)
{
    return fixture_begin(fixture, true, request);
}

static void expect_result(struct fixture *fixture, const char *request,
                          enum control_result result, const char *status_line)
{
    int fd = begin(fixture, request);

    answer_ticket(fixture, result);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, status_line);
    (void)close(fd);
}

static void api_change_tells_who_what_and_why(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd =
        fixture_begin(fixture, false,
                      UP "Authorization: Bearer operator\r\n" JSON
                         "Content-Length: 31\r\n\r\n{\"reason\":\"why\",\"anyway\":true}"
                         " ");

    assert_string_equal(fixture->change.name, "login");
    assert_int_equal(fixture->change.state, FEATURE_UP);
    assert_string_equal(fixture->change.who, "operator");
    assert_string_equal(fixture->change.reason, "why");
    assert_true(fixture->change.anyway);
    answer_ticket(fixture, CONTROL_DONE);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 200 OK\r\n");
    fixture_expect(fixture,
                   "\r\n\r\n{\"name\":\"login\",\"state\":\"up\",\"changed\":true}");
    (void)close(fd);
}

static void api_change_over_the_socket_is_by_the_peers_user(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = begin(fixture, DOWN REASON);

    assert_int_equal(fixture->change.state, FEATURE_DOWN);
    assert_true(strlen(fixture->change.who) > 0);
    if (getuid() == 0) {
        assert_string_equal(fixture->change.who, "root");
    }
    answer_ticket(fixture, CONTROL_UNCHANGED);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "\"state\":\"down\",\"changed\":false}");
    (void)close(fd);
}

static void api_change_of_a_name_is_decoded_once(void **state)
{
    struct fixture *fixture = fixture_of(state);
    fixture->feature = "a/b%41";
    int fd =
        begin(fixture, "POST /api/v1/features/a%2Fb%2541/down HTTP/1.1\r\n" HOST REASON);

    assert_string_equal(fixture->change.name, "a/b%41");
    answer_ticket(fixture, CONTROL_DONE);
    fixture_answer(fixture, fd, false);
    (void)close(fd);
}

static void api_change_of_a_feature_that_the_configuration_lacks_is_404(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const char *const actions[] = {"down", "trial", "up"};
    static const char *const bodies[] = {
        "{\"reason\":\"x\"}", "{\"reason\":\"x\",\"at\":\"2999-01-01T00:00:00Z\"}"};
    char request[512];

    for (size_t i = 0; i < 6; i++) {
        (void)snprintf(request, sizeof(request),
                       "POST /api/v1/features/shop/%s HTTP/1.1\r\n" HOST JSON
                       "Content-Length: %zu\r\n\r\n%s",
                       actions[i % 3], strlen(bodies[i / 3]), bodies[i / 3]);
        assert_int_equal(fixture_ask(fixture, true, request), 404);
        fixture_expect(fixture, "There is no such feature.");
    }
    assert_null(fixture->ticket);
}

static void api_change_answers_what_became_of_it(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_result(fixture, DOWN REASON, CONTROL_FAILED, "HTTP/1.1 503 ");
    expect_result(fixture, DOWN REASON, CONTROL_UNKNOWN, "HTTP/1.1 404 ");
    expect_result(fixture, UP REASON, CONTROL_INCIDENT_OPEN, "HTTP/1.1 409 ");
    fixture_expect(fixture, "\"incident\":4}");
    fixture_expect(fixture, "Content-Type: application/problem+json\r\n");
}

static void api_close_tells_the_incident(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_result(fixture, CLOSE REASON, CONTROL_DONE, "HTTP/1.1 200 ");
    fixture_expect(fixture, "\r\n\r\n{\"id\":4,\"state\":\"closed\"}");
    assert_int_equal(fixture->closed, 4);
    assert_string_equal(fixture->reason, "x");
    expect_result(fixture, CLOSE REASON, CONTROL_UNKNOWN, "HTTP/1.1 404 ");
    expect_result(fixture, CLOSE "\r\n", CONTROL_DONE, "HTTP/1.1 200 ");
    assert_string_equal(fixture->reason, "");
    expect_result(fixture, CLOSE JSON "Content-Length: 2\r\n\r\n{}", CONTROL_DONE,
                  "HTTP/1.1 200 ");
}

static void api_reload_in_force_has_its_warnings(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = begin(fixture, RELOAD);

    control_reload_done(fixture->reload, true, SPAN("a:1:2: warning: old\n"));
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 200 ");
    fixture_expect(fixture, "{\"in_force\":true,\"warnings\":[\"a:1:2: warning: old\"]}");
    (void)close(fd);
}

static void api_reload_is_told_why_it_may_be_weaker(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        const char *body;
        const char *reason;
    } rows[] = {{"{}", "none"},
                {"{\"accept_weaker\":\"\"}", "none"},
                {"{\"reason\":\"x\"}", "none"},
                {"{\"accept_weaker\":\"moved to /my\"}", "moved to /my"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char request[512];
        (void)snprintf(request, sizeof(request),
                       "POST /api/v1/reload HTTP/1.1\r\n" HOST JSON
                       "Content-Length: %zu\r\n\r\n%s",
                       strlen(rows[i].body), rows[i].body);
        int fd = begin(fixture, request);
        assert_string_equal(fixture->reason, rows[i].reason);
        control_reload_done(fixture->reload, true, SPAN(""));
        fixture->reload = NULL;
        fixture_answer(fixture, fd, false);
        fixture_expect(fixture, "HTTP/1.1 200 ");
        (void)close(fd);
    }
}

static void api_reload_with_errors_has_every_line(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = begin(fixture, RELOAD);

    control_reload_done(fixture->reload, false, SPAN("a:1:2: one\na:3:4: two"));
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 422 ");
    fixture_expect(fixture, "\"errors\":[\"a:1:2: one\",\"a:3:4: two\"]}");
    (void)close(fd);
}

static void api_change_that_nobody_takes_is_declined(void **state)
{
    struct fixture *fixture = fixture_of(state);

    fixture->takes = false;
    assert_int_equal(fixture_ask(fixture, true, DOWN REASON), 503);
    assert_int_equal(fixture_ask(fixture, true, CLOSE REASON), 503);
    assert_int_equal(fixture_ask(fixture, true, RELOAD), 409);
}

static void api_change_goes_on_when_its_asker_is_gone(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = begin(fixture, DOWN REASON);

    (void)close(fd);
    loop_step(fixture->loop);
    admin_stop(fixture->admin);
    loop_step(fixture->loop);
    answer_ticket(fixture, CONTROL_DONE);
    loop_step(fixture->loop);
}

static void api_change_under_way_at_the_end_is_freed(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int first = begin(fixture, DOWN REASON);

    fixture->ticket = NULL;
    int second = begin(fixture, UP REASON);
    post_from_a_thread(fixture->ticket); /* Delivered by nobody. */
    (void)close(first);
    (void)close(second);
}

static void api_changes_under_way_are_bounded(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct control_ticket *tickets[OPERATIONS_MAX];

    for (size_t i = 0; i < OPERATIONS_MAX; i++) {
        int fd = begin(fixture, DOWN "Connection: close\r\n" REASON);
        tickets[i] = fixture->ticket;
        fixture->ticket = NULL;
        (void)close(fd);
        if (i % ADMIN_CONNECTIONS_MAX == ADMIN_CONNECTIONS_MAX / 2) {
            admin_stop(fixture->admin);
            fixture_listen(fixture);
        }
    }
    admin_stop(fixture->admin);
    fixture_listen(fixture);
    assert_int_equal(fixture_ask(fixture, true, DOWN REASON), 503);
    tickets[0]->result = CONTROL_DONE;
    post_from_a_thread(tickets[0]);
    loop_step(fixture->loop);
    expect_result(fixture, DOWN REASON, CONTROL_DONE, "HTTP/1.1 200 ");
}

/* A body with `login`, and what is answered. */
static void expect_forgotten(struct fixture *fixture, const char *body,
                             const char *status_line, const char *rest)
{
    char request[512];

    (void)snprintf(request, sizeof(request),
                   "POST /api/v1/forget HTTP/1.1\r\n" HOST JSON
                   "Content-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    (void)close(fixture_ask(fixture, true, request));
    fixture_expect(fixture, status_line);
    fixture_expect(fixture, rest);
}

static void api_forget_wants_a_login_that_is_known(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_forgotten(fixture, "{\"login\":\"alice@site.example\"}", "HTTP/1.1 200 ",
                     "{\"login\":\"alice@site.example\",\"forgotten\":true}");
    assert_true(strlen(fixture->who) > 0);
    expect_forgotten(fixture, "{\"login\":\"bob\"}", "HTTP/1.1 404 ",
                     "No alias is known");
    expect_forgotten(fixture, "{\"login\":\"full\"}", "HTTP/1.1 503 ",
                     "nothing was forgotten");
    expect_forgotten(fixture, "{}", "HTTP/1.1 422 ", "Give `login`");
    expect_forgotten(fixture, "{\"login\":7}", "HTTP/1.1 400 ", "must be a string");
    expect_forgotten(fixture, "{\"login\":\"a\\u0000b\"}", "HTTP/1.1 400 ", "has a NUL");
}

/* An order about the mode, and what is answered. */
static void expect_mode(struct fixture *fixture, const char *body,
                        const char *status_line, const char *rest)
{
    char request[512];

    (void)snprintf(request, sizeof(request),
                   "POST /api/v1/mode HTTP/1.1\r\n" HOST JSON
                   "Content-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    (void)close(fixture_ask(fixture, true, request));
    fixture_expect(fixture, status_line);
    fixture_expect(fixture, rest);
}

static void api_mode_needs_a_reason_and_an_end(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_mode(fixture, "{\"mode\":\"observe\",\"for\":\"1h\"}", "HTTP/1.1 422 ",
                "needs a `reason`");
    expect_mode(fixture, "{\"mode\":\"observe\",\"reason\":\"x\"}", "HTTP/1.1 422 ",
                "`observe` needs `for`");
    expect_mode(fixture, "{\"mode\":\"observe\",\"reason\":\"x\",\"for\":\"25h\"}",
                "HTTP/1.1 422 ", "at most a day");
    expect_mode(fixture, "{\"mode\":\"enforce\",\"reason\":\"x\",\"for\":\"1h\"}",
                "HTTP/1.1 422 ", "Only `observe` takes `for`");
    expect_mode(fixture, "{\"reason\":\"x\",\"for\":\"1h\"}", "HTTP/1.1 422 ",
                "Which `mode`");
    expect_mode(fixture, "{\"mode\":\"off\",\"reason\":\"x\"}", "HTTP/1.1 400 ",
                "must be `enforce` or `observe`");
    expect_mode(fixture, "{\"mode\":\"observe\",\"reason\":\"x\",\"for\":\"1 hour\"}",
                "HTTP/1.1 400 ", "must be a duration");
    assert_false(fixture->mode.observe);
}

static void api_mode_tells_who_why_and_for_how_long(void **state)
{
    struct fixture *fixture = fixture_of(state);

    expect_mode(fixture, "{\"mode\":\"observe\",\"reason\":\"stuck\",\"for\":\"1h\"}",
                "HTTP/1.1 200 ", "{\"mode\":\"observe\",\"until\":\"1970-01-01T01:00:00");
    assert_true(fixture->mode.observe);
    assert_int_equal(fixture->mode.for_ms, 3600000);
    assert_string_equal(fixture->reason, "stuck");
    assert_true(strlen(fixture->who) > 0);
    (void)close(
        fixture_ask(fixture, true, "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n"));
    fixture_expect(fixture, "\"break_glass\":{\"until\":\"1970-01-01T01:00:00");
    fixture_expect(fixture, "\"would_have\":{\"refused\":5,\"taken_down\":2}");
    expect_mode(fixture, "{\"mode\":\"enforce\",\"reason\":\"done\"}", "HTTP/1.1 200 ",
                "{\"mode\":\"enforce\",\"until\":null}");
    expect_mode(fixture, "{\"mode\":\"enforce\"}", "HTTP/1.1 200 ",
                "{\"mode\":\"enforce\",\"until\":null}");
    assert_string_equal(fixture->reason, "");
    fixture->observes = true;
    expect_mode(fixture, "{\"mode\":\"enforce\"}", "HTTP/1.1 409 ",
                "The configuration observes: set `mode: enforce` and reload.");
    fixture->takes = false;
    expect_mode(fixture, "{\"mode\":\"observe\",\"reason\":\"x\",\"for\":\"1h\"}",
                "HTTP/1.1 503 ", "nothing was changed");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(api_change_tells_who_what_and_why),
        TEST(api_change_over_the_socket_is_by_the_peers_user),
        TEST(api_change_of_a_name_is_decoded_once),
        TEST(api_change_of_a_feature_that_the_configuration_lacks_is_404),
        TEST(api_change_answers_what_became_of_it),
        TEST(api_close_tells_the_incident),
        TEST(api_reload_in_force_has_its_warnings),
        TEST(api_reload_is_told_why_it_may_be_weaker),
        TEST(api_reload_with_errors_has_every_line),
        TEST(api_change_that_nobody_takes_is_declined),
        TEST(api_change_goes_on_when_its_asker_is_gone),
        TEST(api_change_under_way_at_the_end_is_freed),
        TEST(api_changes_under_way_are_bounded),
        TEST(api_forget_wants_a_login_that_is_known),
        TEST(api_mode_needs_a_reason_and_an_end),
        TEST(api_mode_tells_who_why_and_for_how_long),
    };
    return RUN_TESTS(tests);
}
