/* Each wait has its own end: what moves on the other side of an exchange meanwhile, a
 * body of the client or bytes that the upstream has no room for, does not put it off. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "relay/client_state.h"
#include "relay/exchange_state.h" /* Its deadlines are too long to be waited for. */
#include "support/flow_world.h"
#include "support/test.h"

enum {
    MIB = 1048576,
    PIECES_MAX = 2000, /* Far more than any of the waits lasts. */
};

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;
static struct flow_peer oldest; /* Holds all of the memory. */
static struct flow_peer oldest_upstream;
static struct flow_peer idle;
static char filler[MIB];
static char path[64];
static char name[] = "partners";
static char endless[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE :requester <> "
    "'') SELECT i FROM n WHERE i < 0";

static const char *const SID = "alice-session-token";

/* Only what a test shortens comes in time. */
static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/flow-deadlines-XXXXXX");
    int fd = mkstemp(path); /* An empty file is a database. */
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    memset(filler, 'x', sizeof(filler));
    flow_init(&world);
    idle = (struct flow_peer){.fd = -1};
    world.site->limits.body_timeout_ms = 500000;
    world.site->limits.hold_wait_ms = 400000;
    world.site->limits.hold_max = 4 * (uint64_t)MIB;
    world.site->limits.hold_total_max = MIB;
    world.upstream.response_timeout_ms = 600000;
    world.grant = (struct grant_settings){.name = name,
                                          .sqlite = path,
                                          .query = endless,
                                          .cache_ms = 30000,
                                          .deadline_ms = 600000};
    upstream = (struct flow_peer){.fd = -1};
    oldest = (struct flow_peer){.fd = -1};
    oldest_upstream = (struct flow_peer){.fd = -1};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_hang_up(&oldest);
    flow_hang_up(&oldest_upstream);
    flow_hang_up(&idle);
    flow_close(&world);
    assert_int_equal(unlink(path), 0);
    return 0;
}

static void start(void)
{
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &idle, SID, "alice");
    flow_hang_up(&idle);
    flow_settle(&world);
    flow_forget(&client);
}

/* An answer that holds as much as all may, and stays. */
static void use_memory_up(void)
{
    flow_say_bytes(&world, &oldest_upstream,
                   (struct span){.ptr = (uint8_t *)filler, .len = sizeof(filler)});
    flow_settle(&world);
}

static void begin_oldest(void)
{
    flow_client(&world, &oldest);
    flow_get(&world, &oldest, "/a", NULL);
    flow_accept(&world, &oldest_upstream);
    flow_hear_request(&world, &oldest_upstream);
    flow_say(&world, &oldest_upstream,
             "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\nx");
    flow_settle(&world);
}

/* A request whose body is under way when its answer comes. */
static void begin_body(const char *target)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "POST %s HTTP/1.1\r\nHost: site\r\nCookie: sid=%s\r\n"
                   "Content-Length: 100000\r\n\r\n",
                   target, SID);
    flow_say(&world, &client, text);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
}

/* Pieces of the body until the client is answered. */
static unsigned status_while_it_goes_on(void)
{
    struct flow_answer answer = {0};

    for (int i = 0; i < PIECES_MAX && client.len == 0; i++) {
        flow_say(&world, &client, "piece");
        flow_wait(&world, 5);
        flow_listen(&client);
    }
    flow_parse_answer(&client, false, &answer);
    return answer.status;
}

static void body_does_not_put_off_the_wait_for_room(void **state)
{
    (void)state;
    world.site->limits.hold_wait_ms = 300;
    start();
    begin_oldest();
    use_memory_up();
    begin_body("/a");
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    assert_int_equal(status_while_it_goes_on(), 503);
    assert_int_equal(flow_ended(&world, "hold_full"), 1);
}

/* The exchange of `client`, which connected first. */
static const struct exchange *under_way(const char *state)
{
    struct client *first = client_of_link(list_first(&world.relay->clients));
    const struct exchange *exchange = first->caller.exchange;

    assert_non_null(exchange);
    assert_string_equal(exchange_state_name(exchange), state);
    return exchange;
}

static void body_does_not_put_off_the_wait_for_a_grant_source(void **state)
{
    (void)state;
    start();
    begin_body("/reports/1");
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n\r\n"
             "<p data-member-id=m7>A</p>");
    flow_settle(&world);
    const struct exchange *exchange = under_way("grants");
    uint64_t at_ms = exchange->deadline.due_ms;
    uint64_t len = exchange->upload.len;
    flow_say(&world, &client, "piece");
    flow_settle(&world);
    assert_ptr_equal(under_way("grants"), exchange);
    assert_true(exchange->upload.len > len);
    assert_int_equal(exchange->deadline.due_ms, at_ms);
}

static void body_does_not_put_off_the_look_at_a_slow_reader(void **state)
{
    (void)state;
    world.site->limits.hold_total_max = 64 * (uint64_t)MIB;
    world.site->limits.hold_max = FLOW_HOLD_MAX;
    flow_start(&world);
    flow_slow_client(&world, &client);
    client.deaf = true;
    flow_say(&world, &client,
             "POST /stream/a HTTP/1.1\r\nHost: site\r\nContent-Length: 100000\r\n\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n");
    for (int i = 0; i < 4; i++) {
        flow_say_bytes(&world, &upstream,
                       (struct span){.ptr = (uint8_t *)filler, .len = MIB / 8});
    }
    flow_settle(&world);
    const struct exchange *exchange = under_way("stream");
    uint64_t at_ms = exchange->deadline.due_ms;
    uint64_t len = exchange->upload.len;
    assert_false(exchange->drained);
    flow_say(&world, &client, "piece");
    flow_settle(&world);
    assert_ptr_equal(under_way("stream"), exchange);
    assert_true(exchange->upload.len > len);
    assert_int_equal(exchange->deadline.due_ms, at_ms);
}

/* Bytes behind the answer find no room, and need none. */
static void want_of_room_does_not_put_off_the_wait_for_a_grant_source(void **state)
{
    static const char body[] = "<p data-member-id=m7>A</p>";
    const size_t len = 19600; /* With its head the first block is as good as full. */
    char page[512];

    (void)state;
    start();
    begin_oldest();
    flow_get(&world, &client, "/reports/1", SID);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    (void)snprintf(page, sizeof(page),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   len, body);
    flow_say(&world, &upstream, page);
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (uint8_t *)filler, .len = len - strlen(body)});
    use_memory_up();
    const struct exchange *exchange = under_way("grants");
    uint64_t at_ms = exchange->deadline.due_ms;
    flow_say(&world, &upstream, "more");
    flow_settle(&world);
    assert_ptr_equal(under_way("grants"), exchange);
    assert_true(exchange->no_room);
    assert_int_equal(exchange->deadline.due_ms, at_ms);
}
int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(body_does_not_put_off_the_wait_for_room),
        TEST(body_does_not_put_off_the_wait_for_a_grant_source),
        TEST(body_does_not_put_off_the_look_at_a_slow_reader),
        TEST(want_of_room_does_not_put_off_the_wait_for_a_grant_source),
    };
#undef TEST
    return RUN_TESTS(tests);
}
