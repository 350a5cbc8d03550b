#include "admin/feed.h"
#include "admin/fixture.h"

#define HOST   "Host: localhost\r\n"
#define END    "\r\n"
#define TOKEN  "Authorization: Bearer viewer\r\n"
#define EVENTS "GET /api/v1/events"

static int begin(struct fixture *fixture, const char *rest)
{
    char request[256];
    int fd = fixture_connect(fixture, false);

    (void)snprintf(request, sizeof(request), EVENTS "%s HTTP/1.1\r\n" HOST TOKEN END,
                   rest);
    fixture_send(fd, request);
    fixture->reply_len = 0;
    fixture->reply[0] = '\0';
    return fd;
}

/* Steps until `text` came; the beat of a stream is a second. */
static void wait_for(struct fixture *fixture, int fd, const char *text)
{
    uint64_t until_ms = loop_now_ms(fixture->loop) + 8000;

    while (strstr(fixture->reply, text) == NULL) {
        if (loop_now_ms(fixture->loop) > until_ms || !fixture_receive(fixture, fd)) {
            fail_msg("no %s in: %s", text, fixture->reply);
        }
        loop_step(fixture->loop);
    }
}

static void feed_needs_a_token_and_says_what_it_is(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(fixture_ask(fixture, false, EVENTS " HTTP/1.1\r\n" HOST END), 401);
    int fd = begin(fixture, "");
    wait_for(fixture, fd, ": nothing new\n\n");
    fixture_expect(fixture, "HTTP/1.1 200 OK\r\n");
    fixture_expect(fixture, "Content-Type: text/event-stream\r\n");
    fixture_expect(fixture, "Cache-Control: no-store\r\n");
    fixture_expect(fixture, "Connection: close\r\n");
    assert_null(strstr(fixture->reply, "Content-Length"));
    (void)close(fd);
}

static void feed_begins_where_it_is_asked_to(void **state)
{
    struct fixture *fixture = fixture_of(state);

    fixture->last_event = 20;
    int fd = begin(fixture, "?recent=2");
    wait_for(fixture, fd, "id: 20\ndata: {\"number\":20}\n\n");
    fixture_expect(fixture, "\r\n\r\nid: 19\ndata: {\"number\":19}\n\n");
    (void)close(fd);

    fd = begin(fixture, "?after=17");
    wait_for(fixture, fd, "id: 20\n");
    fixture_expect(fixture, "\r\n\r\nid: 18\n");
    (void)close(fd);

    fd = fixture_connect(fixture, false);
    fixture_send(fd, EVENTS " HTTP/1.1\r\n" HOST TOKEN "Last-Event-ID: 18\r\n" END);
    fixture->reply_len = 0;
    fixture->reply[0] = '\0';
    wait_for(fixture, fd, "id: 20\n");
    fixture_expect(fixture, "\r\n\r\nid: 19\n");
    (void)close(fd);
}

static void feed_tells_what_comes_later(void **state)
{
    struct fixture *fixture = fixture_of(state);

    fixture->last_event = 5;
    int fd = begin(fixture, "");
    wait_for(fixture, fd, ": nothing new\n\n");
    assert_null(strstr(fixture->reply, "id: "));
    fixture->last_event = 7;
    wait_for(fixture, fd, "id: 7\n");
    fixture_expect(fixture, "id: 6\n");
    (void)close(fd);
}

static void feed_refuses_what_is_no_number(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const char *const targets[] = {"?after=x", "?after=-1", "?recent=501",
                                          "?recent=", "?after=99999999999999999999"};
    char request[256];

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        (void)snprintf(request, sizeof(request), EVENTS "%s HTTP/1.1\r\n" HOST TOKEN END,
                       targets[i]);
        assert_int_equal(fixture_ask(fixture, false, request), 400);
    }
    assert_int_equal(fixture_ask(fixture, false,
                                 EVENTS " HTTP/1.1\r\n" HOST TOKEN
                                        "Last-Event-ID: x\r\n" END),
                     400);
    assert_int_equal(
        fixture_ask(fixture, false, "HEAD /api/v1/events HTTP/1.1\r\n" HOST TOKEN END),
        405);
    fixture->read_err = ERR_STORAGE;
    assert_int_equal(fixture_ask(fixture, false, EVENTS " HTTP/1.1\r\n" HOST TOKEN END),
                     503);
}

static void feed_goes_on_when_the_ledger_reads_again(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = begin(fixture, "");

    wait_for(fixture, fd, ": nothing new\n\n");
    fixture->read_err = ERR_STORAGE;
    fixture->last_event = 1;
    for (int i = 0; i < 20; i++) {
        loop_step(fixture->loop);
    }
    assert_null(strstr(fixture->reply, "id: "));
    fixture->read_err = ERR_NONE;
    wait_for(fixture, fd, "id: 1\n");
    (void)close(fd);
}

static void feed_has_room_for_so_many_and_takes_others_when_they_go(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fds[FEEDS_MAX];

    for (unsigned i = 0; i < FEEDS_MAX; i++) {
        fds[i] = begin(fixture, "");
        wait_for(fixture, fds[i], ": nothing new\n\n");
    }
    assert_int_equal(fixture_ask(fixture, false, EVENTS " HTTP/1.1\r\n" HOST TOKEN END),
                     503);
    fixture_expect(fixture, "Too many listen already.");
    assert_int_equal(fixture_ask(fixture, false, "GET /livez HTTP/1.1\r\n" HOST END),
                     200);
    for (unsigned i = 0; i < FEEDS_MAX; i++) {
        (void)close(fds[i]);
    }
    for (int i = 0; i < 20; i++) {
        loop_step(fixture->loop);
    }
    int fd = begin(fixture, "");
    wait_for(fixture, fd, ": nothing new\n\n");
    (void)close(fd);
}

static void feed_ends_when_its_token_may_be_gone(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = begin(fixture, "");

    wait_for(fixture, fd, ": nothing new\n\n");
    assert_true(admin_set_tokens(fixture->admin, NULL, 0));
    uint64_t until_ms = loop_now_ms(fixture->loop) + 8000;
    while (fixture_receive(fixture, fd) && loop_now_ms(fixture->loop) < until_ms) {
        loop_step(fixture->loop);
    }
    assert_false(fixture_receive(fixture, fd));
    (void)close(fd);
    assert_int_equal(fixture_ask(fixture, false, EVENTS " HTTP/1.1\r\n" HOST TOKEN END),
                     401);
}

static void feed_takes_no_requests_and_no_flood_behind_its_own(void **state)
{
    struct fixture *fixture = fixture_of(state);
    int fd = begin(fixture, "");
    char flood[4096];

    wait_for(fixture, fd, ": nothing new\n\n");
    memset(flood, 'x', sizeof(flood));
    for (int i = 0; i < 64; i++) {
        (void)!send(fd, flood, sizeof(flood), MSG_NOSIGNAL | MSG_DONTWAIT);
        loop_step(fixture->loop);
    }
    fixture->last_event = 1;
    wait_for(fixture, fd, "id: 1\n");
    (void)close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(feed_needs_a_token_and_says_what_it_is),
        TEST(feed_begins_where_it_is_asked_to),
        TEST(feed_tells_what_comes_later),
        TEST(feed_refuses_what_is_no_number),
        TEST(feed_goes_on_when_the_ledger_reads_again),
        TEST(feed_has_room_for_so_many_and_takes_others_when_they_go),
        TEST(feed_ends_when_its_token_may_be_gone),
        TEST(feed_takes_no_requests_and_no_flood_behind_its_own),
    };
    return RUN_TESTS(tests);
}
