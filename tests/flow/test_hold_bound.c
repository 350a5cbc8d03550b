/* The bound of all held bytes: the oldest response always goes on, others wait their
 * time, and a client slower than its limit is closed. */
#include <stdio.h>
#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

enum { MIB = 1048576 };

static struct flow_world world;
static char body[2 * MIB];

static int set_up(void **state)
{
    (void)state;
    memset(body, 'x', sizeof(body));
    flow_init(&world);
    world.site->limits.hold_max = 4 * (uint64_t)MIB;
    world.site->limits.hold_total_max = 2 * (uint64_t)MIB;
    world.site->limits.hold_wait_ms = 300;
    flow_start(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_close(&world);
    return 0;
}

struct talk {
    struct flow_peer client;
    struct flow_peer upstream;
};

static void begin(struct talk *self)
{
    char text[128];

    flow_client(&world, &self->client);
    flow_get(&world, &self->client, "/a", NULL);
    flow_accept(&world, &self->upstream);
    flow_hear_request(&world, &self->upstream);
    (void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                   2 * MIB);
    flow_say(&world, &self->upstream, text);
}

static void part(struct talk *self, size_t len)
{
    flow_say_bytes(&world, &self->upstream,
                   (struct span){.ptr = (uint8_t *)body, .len = len});
}

static void end(struct talk *self)
{
    flow_hang_up(&self->client);
    flow_hang_up(&self->upstream);
}

static void response_that_waits_for_room_goes_on_when_there_is_some(void **state)
{
    struct talk first;
    struct talk second;
    struct flow_answer answer;

    (void)state;
    world.site->limits.hold_wait_ms = 4000;
    begin(&first);
    part(&first, MIB + MIB / 2);
    begin(&second);
    part(&second, MIB);
    flow_wait(&world, 50);
    part(&first, MIB / 2);
    assert_true(flow_hear_answer(&world, &first.client, false, &answer));
    assert_int_equal(answer.body.len, 2 * MIB);
    part(&second, MIB);
    assert_true(flow_hear_answer(&world, &second.client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.len, 2 * MIB);
    end(&first);
    end(&second);
}

static void response_that_finds_no_room_in_time_gives_503(void **state)
{
    struct talk first;
    struct talk second;
    struct flow_answer answer;

    (void)state;
    begin(&first);
    part(&first, MIB + MIB / 2);
    begin(&second);
    part(&second, MIB);
    assert_true(flow_hear_answer(&world, &second.client, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_int_equal(flow_ended(&world, "hold_full"), 1);
    part(&first, MIB / 2);
    assert_true(flow_hear_answer(&world, &first.client, false, &answer));
    assert_int_equal(answer.status, 200);
    end(&first);
    end(&second);
}

static void client_that_leaves_much_unread_is_closed(void **state)
{
    struct talk talk;

    (void)state;
    flow_slow_client(&world, &talk.client);
    talk.client.deaf = true;
    flow_get(&world, &talk.client, "/a", NULL);
    flow_accept(&world, &talk.upstream);
    flow_hear_request(&world, &talk.upstream);
    flow_say(&world, &talk.upstream,
             "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    part(&talk, MIB);
    flow_wait(&world, 50);
    assert_int_equal(flow_ended(&world, "client-slow"), 1);
    end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(response_that_waits_for_room_goes_on_when_there_is_some),
        FLOW_TEST(response_that_finds_no_room_in_time_gives_503),
        FLOW_TEST(client_that_leaves_much_unread_is_closed),
    };
    return RUN_TESTS(tests);
}
