#include <limits.h>

#include "admin/fixture.h"

#define HOST "Host: localhost\r\n"
#define LIVE "GET /livez HTTP/1.1\r\n" HOST
#define REASON                                                                           \
    "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"reason\":\"x\"}"
#define DOWN "POST /api/v1/features/login/down HTTP/1.1\r\n" HOST

enum {
    BIG = 70 * 1024,
};

static void admin_keeps_a_connection_for_the_next_request(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, false);

    for (int i = 0; i < 3; i++) {
        fixture_send(fd, LIVE "\r\n");
        fixture_answer(fixture, fd, false);
        fixture_expect(fixture, "HTTP/1.1 200 OK\r\n");
        fixture_expect(fixture, "Content-Length: 6\r\n");
        fixture_expect(fixture, "\r\n\r\nalive\n");
    }
    (void)close(fd);
}

static void admin_answers_pipelined_requests_in_order(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, true);

    fixture_send(fd, LIVE "\r\nGET /nothing HTTP/1.1\r\n" HOST "\r\n" LIVE
                          "Connection: close\r\n\r\n");
    fixture->reply_len = 0;
    assert_true(fixture_closes(fixture, fd));
    char *second = strstr(fixture->reply, "HTTP/1.1 404 ");
    assert_non_null(second);
    assert_non_null(strstr(second, "HTTP/1.1 200 "));
    assert_true(strncmp(fixture->reply, "HTTP/1.1 200 ", 13) == 0);
    (void)close(fd);
}

static void admin_reads_a_request_byte_by_byte(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *request = DOWN "Content-Type: application/json\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n"
                               "7\r\n{\"reaso\r\n7\r\nn\":\"x\"}\r\n0\r\n\r\n";
    int fd = fixture_connect(fixture, true);

    for (const char *at = request; *at != '\0'; at++) {
        char byte[2] = {*at, '\0'};
        assert_null(fixture->ticket);
        fixture_send(fd, byte);
        loop_step(fixture->loop);
    }
    for (int i = 0; i < 10 && fixture->ticket == NULL; i++) {
        loop_step(fixture->loop);
    }
    assert_non_null(fixture->ticket);
    assert_string_equal(fixture->change.reason, "x");
    fixture->ticket->result = CONTROL_DONE;
    mailbox_post(fixture->ticket->reply_to, &fixture->ticket->mail);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 200 ");
    (void)close(fd);
}

static void admin_answers_head_without_content(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, false);

    fixture_send(fd, "HEAD /livez HTTP/1.1\r\n" HOST "\r\n");
    fixture_answer(fixture, fd, true);
    fixture_expect(fixture, "Content-Length: 6\r\n");
    assert_int_equal(strlen(strstr(fixture->reply, "\r\n\r\n")), 4);
    fixture_send(fd, LIVE "\r\n");
    fixture_answer(fixture, fd, false);
    assert_true(strncmp(fixture->reply, "HTTP/1.1 200 ", 13) == 0);
    (void)close(fd);
}

static void admin_closes_after_http_1_0(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, false);

    fixture_send(fd, "GET /livez HTTP/1.0\r\n" HOST "\r\n");
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "Connection: close\r\n");
    assert_true(fixture_closes(fixture, fd));
    (void)close(fd);
}

static void admin_asks_for_a_body_that_waits(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, true);

    fixture_send(fd, DOWN "Content-Type: application/json\r\nContent-Length: 2\r\n"
                          "Expect: 100-continue\r\n\r\n");
    fixture->reply_len = 0;
    for (int i = 0; i < 20 && fixture->reply_len == 0; i++) {
        loop_step(fixture->loop);
        assert_true(fixture_receive(fixture, fd));
    }
    assert_string_equal(fixture->reply, "HTTP/1.1 100 Continue\r\n\r\n");
    fixture_send(fd, "{}");
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 422 ");
    (void)close(fd);
}

static void expect_refusal(struct fixture *fixture, const char *request,
                           const char *status_line)
{
    int fd = fixture_connect(fixture, true);

    fixture_send(fd, request);
    fixture_answer(fixture, fd, false);
    if (strncmp(fixture->reply, status_line, strlen(status_line)) != 0) {
        fail_msg("%.60s: %s", request, fixture->reply);
    }
    fixture_expect(fixture, "Content-Type: application/problem+json\r\n");
    fixture_expect(fixture, "Connection: close\r\n");
    assert_true(fixture_closes(fixture, fd));
    (void)close(fd);
}

static void admin_refuses_what_is_not_plain_http(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        const char *request;
        const char *status_line;
    } cases[] = {
        {"GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
        {"GET /livez HTTP/1.1\nHost: localhost\n\n", "HTTP/1.1 400 "},
        {"GET /livez HTTP/2.0\r\n" HOST "\r\n", "HTTP/1.1 505 "},
        {"GARBAGE\r\n\r\n", "HTTP/1.1 400 "},
        {"\x16\x03\x01\x02", "HTTP/1.1 400 "},
        {"CONNECT localhost:1 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 501 "},
        {DOWN "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 "},
        {DOWN "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 400 "},
        {DOWN
         "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         "HTTP/1.1 400 "},
        {DOWN "Content-Type: application/json\r\nContent-Length: 65537\r\n\r\n",
         "HTTP/1.1 413 "},
        {DOWN "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\n", "HTTP/1.1 415 "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_refusal(fixture, cases[i].request, cases[i].status_line);
    }
    assert_null(fixture->ticket);
}

/* A request line or field of BIG bytes between two texts; fills `request`. */
static void fill(char *request, const char *before)
{
    size_t len = strlen(before);

    memcpy(request, before, len);
    memset(request + len, 'a', BIG - len - 1);
    request[BIG - 1] = '\0';
}

static void admin_bounds_heads_and_bodies(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        const char *before;
        const char *status_line;
    } cases[] = {
        {"GET /", "HTTP/1.1 414 "},
        {LIVE "X: ", "HTTP/1.1 431 "},
        {DOWN "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
              "20000\r\n",
         "HTTP/1.1 413 "},
    };
    char *request = malloc(BIG);

    assert_non_null(request);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fill(request, cases[i].before);
        expect_refusal(fixture, request, cases[i].status_line);
    }
    free(request);
}

static void admin_takes_a_body_of_exactly_its_bound(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *head = DOWN "Content-Type: application/json\r\n"
                            "Content-Length: 65536\r\n\r\n";
    size_t head_len = strlen(head);
    char *request = malloc(head_len + 65537);
    int fd = fixture_connect(fixture, true);

    assert_non_null(request);
    memcpy(request, head, head_len);
    memset(request + head_len, ' ', 65536);
    memcpy(request + head_len, "{}", 2);
    request[head_len + 65536] = '\0';
    fixture_send(fd, request);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 422 ");
    free(request);
    (void)close(fd);
}

/* Takes all the room of one way in, with connections that have each sent `sent`. */
static void crowd(struct fixture *fixture, bool local, const char *sent,
                  int fds[ADMIN_CONNECTIONS_MAX])
{
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        fds[i] = fixture_connect(fixture, local);
        fixture_send(fds[i], sent);
        loop_step(fixture->loop);
    }
}

static void close_all(const int fds[ADMIN_CONNECTIONS_MAX])
{
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        (void)close(fds[i]);
    }
}

static void admin_lets_the_oldest_that_waits_give_way(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fds[ADMIN_CONNECTIONS_MAX];

    for (int i = 0; i < 4; i++) {
        bool local = i % 2 == 0;
        crowd(fixture, local, i < 2 ? "" : "GET /livez", fds);
        assert_int_equal(fixture_ask(fixture, local, LIVE "\r\n"), 200);
        assert_true(fixture_closes(fixture, fds[0]));
        assert_int_equal(fixture_ask(fixture, !local, LIVE "\r\n"), 200);
        fixture_send(fds[1], i < 2 ? LIVE "\r\n" : " HTTP/1.1\r\n" HOST "\r\n");
        fixture_answer(fixture, fds[1], false);
        fixture_expect(fixture, "HTTP/1.1 200 ");
        close_all(fds);
        loop_step(fixture->loop);
    }
}

/* Its answer is awaited: nobody takes its place. */
static void admin_has_room_for_a_bounded_number(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct control_ticket *tickets[ADMIN_CONNECTIONS_MAX];
    int fds[ADMIN_CONNECTIONS_MAX];

    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        fds[i] = fixture_begin(fixture, true, DOWN REASON);
        tickets[i] = fixture->ticket;
        fixture->ticket = NULL;
    }
    int extra = fixture_connect(fixture, true);
    assert_true(fixture_closes(fixture, extra));
    (void)close(extra);
    assert_int_equal(fixture_ask(fixture, false, LIVE "\r\n"), 200);
    close_all(fds);
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        mailbox_post(tickets[i]->reply_to, &tickets[i]->mail);
    }
    loop_step(fixture->loop);
    assert_int_equal(fixture_ask(fixture, true, LIVE "\r\n"), 200);
}

/* Lets the server's deadlines pass without waiting for them. */
static void pass(struct fixture *fixture, uint64_t milliseconds)
{
    struct wheel *wheel = loop_wheel(fixture->loop);

    for (uint64_t passed = 0; passed <= milliseconds; passed += WHEEL_TICK_MS) {
        (void)wheel_turn(wheel, wheel->now_ms + WHEEL_TICK_MS, UINT_MAX);
    }
}

static void expect_late(struct fixture *fixture, const char *part, const char *expected)
{
    int fd = fixture_connect(fixture, true);

    fixture_send(fd, part);
    for (int i = 0; i < 3; i++) {
        loop_step(fixture->loop);
    }
    pass(fixture, 10200);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, expected);
    (void)close(fd);
}

static void admin_waits_only_so_long_for_a_slow_head(void **state)
{
    expect_late(fixture_of(state), "GET /livez HTT", "HTTP/1.1 408 ");
}

static void admin_waits_only_so_long_for_a_slow_body(void **state)
{
    expect_late(fixture_of(state),
                DOWN "Content-Type: application/json\r\nContent-Length: 5\r\n\r\n{",
                "HTTP/1.1 408 ");
}

static void admin_closes_an_idle_connection(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, true);

    for (int i = 0; i < 3; i++) {
        loop_step(fixture->loop);
    }
    pass(fixture, 60200);
    fixture->reply_len = 0;
    assert_true(fixture_closes(fixture, fd));
    assert_int_equal(fixture->reply_len, 0);
    (void)close(fd);
}

static void admin_says_when_a_change_is_not_confirmed_in_time(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, true);

    fixture_send(fd, DOWN "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n"
                          "{\"reason\":\"x\"}");
    for (int i = 0; i < 20 && fixture->ticket == NULL; i++) {
        loop_step(fixture->loop);
    }
    pass(fixture, 30200);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 504 ");
    fixture->ticket->result = CONTROL_DONE;
    mailbox_post(fixture->ticket->reply_to, &fixture->ticket->mail);
    loop_step(fixture->loop);
    (void)close(fd);
}

static void admin_answers_a_client_that_has_finished_sending(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, false);

    fixture_send(fd, LIVE "\r\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    fixture_answer(fixture, fd, false);
    fixture_expect(fixture, "HTTP/1.1 200 ");
    assert_true(fixture_closes(fixture, fd));
    (void)close(fd);
}

static void admin_stop_closes_everything_and_removes_its_socket(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = fixture_connect(fixture, true);

    loop_step(fixture->loop);
    admin_stop(fixture->admin);
    admin_stop(fixture->admin);
    assert_true(fixture_closes(fixture, fd));
    assert_int_not_equal(access(fixture->path, F_OK), 0);
    (void)close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(admin_keeps_a_connection_for_the_next_request),
        TEST(admin_answers_pipelined_requests_in_order),
        TEST(admin_reads_a_request_byte_by_byte),
        TEST(admin_answers_head_without_content),
        TEST(admin_closes_after_http_1_0),
        TEST(admin_asks_for_a_body_that_waits),
        TEST(admin_refuses_what_is_not_plain_http),
        TEST(admin_bounds_heads_and_bodies),
        TEST(admin_takes_a_body_of_exactly_its_bound),
        TEST(admin_lets_the_oldest_that_waits_give_way),
        TEST(admin_has_room_for_a_bounded_number),
        TEST(admin_waits_only_so_long_for_a_slow_head),
        TEST(admin_waits_only_so_long_for_a_slow_body),
        TEST(admin_closes_an_idle_connection),
        TEST(admin_says_when_a_change_is_not_confirmed_in_time),
        TEST(admin_answers_a_client_that_has_finished_sending),
        TEST(admin_stop_closes_everything_and_removes_its_socket),
    };
    return RUN_TESTS(tests);
}
