/* I1 and the verdict: nothing of a refused response leaves, a released one leaves as it
 * came. */
#include <stdio.h>
#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

enum { RESPONSE_MAX = 262144 };

static struct flow_world world;

static void released_response_arrives_byte_for_byte(void **state)
{
    struct flow_peer client;
    struct flow_peer upstream;
    struct flow_answer answer;

    (void)state;
    flow_init(&world);
    flow_start(&world);
    flow_client(&world, &client);
    flow_get(&world, &client, "/public", NULL);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, NULL, "hello world");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(span_equal(answer.body, SPAN("hello world")));
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(released_response_arrives_byte_for_byte),
    };
    return RUN_TESTS(tests);
}
