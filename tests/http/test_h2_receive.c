/* What a client does to cost more than it pays. */
#include "http/h2_case.h"

static void expect_flood(enum h2_flood_kind kind)
{
    turn();
    assert_false(open_still);
    assert_int_equal(h2_flooded(h2), kind);
    assert_int_equal(client.goaway_code, ENHANCE_YOUR_CALM);
}

static void floods_of_frames_end_the_connection(void **state)
{
    static const uint8_t zeros[8];
    static const struct {
        enum h2_flood_kind kind;
        uint8_t type;
        size_t len;
    } rows[] = {
        {H2_FLOOD_PINGS, FRAME_PING, 8},
        {H2_FLOOD_SETTINGS, FRAME_SETTINGS, 0},
        {H2_FLOOD_PRIORITIES, FRAME_PRIORITY, 5},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (i > 0) {
            (void)tear_down(state);
            (void)set_up(state);
        }
        for (int count = 0; count < 500; count++) {
            h2_client_frame(&client, rows[i].type, 0,
                            rows[i].type == FRAME_PRIORITY ? 1 : 0,
                            (struct span){.ptr = zeros, .len = rows[i].len});
        }
        expect_flood(rows[i].kind);
    }
}

static void rapid_resets_end_the_connection(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++) {
        int32_t id = h2_client_get(&client, "/a", NULL);
        h2_client_reset(&client, id, 8);
    }
    expect_flood(H2_FLOOD_RESETS);
    assert_int_equal(stream_count, 201);
}

/* What a client provokes by breaking rules of a stream counts as its resets do. */
static void provoked_resets_end_the_connection(void **state)
{
    static const uint8_t too_much[4] = {0x7f, 0xff, 0xff, 0xff};

    (void)state;
    for (int i = 0; i < 250 && open_still; i++) {
        int32_t id = h2_client_get(&client, "/a", NULL);
        h2_client_frame(&client, FRAME_WINDOW_UPDATE, 0, id,
                        (struct span){.ptr = too_much, .len = sizeof(too_much)});
        say_in_steps(SIZE_MAX);
        hear();
    }
    assert_false(open_still);
    assert_int_equal(stream_count, 101);
    assert_int_equal(h2_flooded(h2), H2_FLOOD_BAD);
}

static void empty_data_ends_the_connection(void **state)
{
    (void)state;
    int32_t id = h2_client_begin(&client, POST);
    for (int i = 0; i < 200; i++) {
        h2_client_frame(&client, FRAME_DATA, 0, id, (struct span){0});
    }
    expect_flood(H2_FLOOD_EMPTY);
}

static void window_updates_are_paid_for_by_what_was_sent(void **state)
{
    static const uint8_t one[4] = {0, 0, 0, 1};

    (void)state;
    for (int i = 0; i < 900; i++) {
        h2_client_frame(&client, FRAME_WINDOW_UPDATE, 0, 0,
                        (struct span){.ptr = one, .len = sizeof(one)});
    }
    turn();
    assert_true(open_still);
    for (int i = 0; i < 300; i++) {
        h2_client_frame(&client, FRAME_WINDOW_UPDATE, 0, 0,
                        (struct span){.ptr = one, .len = sizeof(one)});
    }
    expect_flood(H2_FLOOD_WINDOWS);
}

static void continuations_without_end_end_the_connection(void **state)
{
    static const uint8_t head[] = {0x82, 0x86, 0x84};

    (void)state;
    h2_client_frame(&client, FRAME_HEADERS, END_STREAM, 1,
                    (struct span){.ptr = head, .len = sizeof(head)});
    say_in_steps(SIZE_MAX);
    assert_true(h2_in_head(h2));
    for (int i = 0; i < 20; i++) {
        h2_client_frame(&client, FRAME_CONTINUATION, 0, 1, (struct span){0});
    }
    turn();
    assert_false(open_still);
    assert_int_equal(stream_count, 0);
    assert_true(client.goaways > 0);
}

static void too_many_malformed_requests_end_the_connection(void **state)
{
    (void)state;
    for (int i = 0; i < 150; i++) {
        (void)h2_client_ask(
            &client, ":method: GET\n:scheme: http\n:authority: site\n:path: /\nhost: x\n",
            NULL);
        say_in_steps(SIZE_MAX);
        if (stream_count > 0) {
            h2_close(h2, stream_at(stream_count - 1), H2_RESET_PROTOCOL);
        }
        hear();
    }
    expect_flood(H2_FLOOD_BAD);
}

static void no_more_than_a_hundred_streams_run_at_a_time(void **state)
{
    (void)state;
    turn();
    for (int i = 0; i < 120; i++) {
        /* Straight frames: a good client would wait. */
        static const uint8_t head[] = {0x82, 0x86, 0x84, 0x41, 0x01, 's'};
        h2_client_frame(&client, FRAME_HEADERS, END_STREAM | END_HEADERS, 2 * i + 1,
                        (struct span){.ptr = head, .len = sizeof(head)});
    }
    say_in_steps(SIZE_MAX);
    assert_int_equal(stream_count, 100);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(floods_of_frames_end_the_connection),
        T(rapid_resets_end_the_connection),
        T(provoked_resets_end_the_connection),
        T(empty_data_ends_the_connection),
        T(window_updates_are_paid_for_by_what_was_sent),
        T(continuations_without_end_end_the_connection),
        T(too_many_malformed_requests_end_the_connection),
        T(no_more_than_a_hundred_streams_run_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
