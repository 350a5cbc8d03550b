#include "http/h2_case.h"

static void requests_are_told_in_order_with_their_bodies(void **state)
{
    (void)state;
    (void)h2_client_get(&client, "/a", NULL);
    (void)h2_client_ask(&client, POST, "hello");
    turn();
    assert_string_equal(events, "[1 GET /a ended][3 POST /p chunked](3)hello[3 last]");
}

static void the_same_is_heard_at_every_split(void **state)
{
    static char whole[sizeof(events)];

    (void)state;
    for (size_t step = 0; step < 40; step++) {
        if (step > 0) {
            (void)tear_down(state);
            (void)set_up(state);
        }
        (void)h2_client_get(&client, "/a", "token");
        (void)h2_client_ask(&client, POST, "some body of a request");
        int32_t id = h2_client_get(&client, "/b", NULL);
        h2_client_reset(&client, id, 8);
        h2_client_ping(&client);
        (void)h2_client_get(&client, "/c", NULL);
        say_in_steps(step == 0 ? SIZE_MAX : step);
        assert_true(open_still);
        if (step == 0) {
            memcpy(whole, events, sizeof(whole));
            assert_non_null(strstr(whole, "[closed][7 GET /c ended]"));
        }
        assert_string_equal(events, whole);
    }
}

static void an_answer_is_heard_whole_and_only_on_its_stream(void **state)
{
    (void)state;
    int32_t a = h2_client_get(&client, "/a", NULL);
    int32_t b = h2_client_get(&client, "/b", NULL);
    turn();
    answer(1, "for b");
    turn();
    assert_int_equal(of(b)->status, 200);
    assert_true(h2_heard_has(of(b), "for b"));
    assert_true(of(b)->ended && of(b)->closed);
    assert_non_null(strstr(of(b)->fields, "x-a: b\n"));
    assert_int_equal(of(a)->status, 0);
    answer(0, "for a");
    turn();
    assert_true(h2_heard_has(of(a), "for a") && of(a)->ended);
    assert_false(h2_heard_has(of(a), "for b"));
}

static void a_part_is_taken_once_all_of_it_is_framed(void **state)
{
    struct span body = {.ptr = (const uint8_t *)page, .len = PAGE_LEN};

    (void)state;
    client.windows_shut = true;
    int32_t id = h2_client_get(&client, "/a", NULL);
    turn();
    assert_true(
        send_part(stream_at(0), SPAN("HTTP/1.1 200 OK\r\n\r\n"), &body, 1, false));
    turn();
    assert_int_equal(of(id)->body_len, 65535);
    assert_int_equal(stream_at(0)->left, PAGE_LEN - 65535);
    assert_true(h2_is_blocked(h2, stream_at(0)));
    assert_null(h2_next_taken(h2));
    h2_client_allow(&client, id, PAGE_LEN);
    h2_client_allow(&client, 0, PAGE_LEN);
    turn();
    assert_int_equal(of(id)->body_len, PAGE_LEN);
    assert_ptr_equal(h2_next_taken(h2), stream_at(0));
    assert_null(h2_next_taken(h2));
    assert_false(of(id)->ended);
    assert_true(send_part(stream_at(0), (struct span){0}, NULL, 0, true));
    turn();
    assert_true(of(id)->ended);
    assert_ptr_equal(h2_next_taken(h2), stream_at(0));
}

static void streams_take_turns(void **state)
{
    struct span body = {.ptr = (const uint8_t *)page, .len = 60000};
    static uint8_t out[OUT_SIZE];

    (void)state;
    int32_t a = h2_client_get(&client, "/a", NULL);
    int32_t b = h2_client_get(&client, "/b", NULL);
    turn();
    for (size_t i = 0; i < 2; i++) {
        assert_true(
            send_part(stream_at(i), SPAN("HTTP/1.1 200 OK\r\n\r\n"), &body, 1, true));
    }
    size_t len = h2_produce(h2, out, sizeof(out));
    h2_client_hear(&client, (struct span){.ptr = out, .len = len});
    assert_true(of(a)->body_len > 0 && of(b)->body_len > 0);
}

/* Anew, by a client that speaks RFC 9218. */
static void with_priorities(void)
{
    h2_free(&h2);
    h2_client_close(&client);
    h2 = h2_new(&LIMITS, &EVENTS, NULL, now_ms);
    assert_non_null(h2);
    client.priorities = true;
    h2_client_open(&client);
}

#define ASK(path, urgency)                                                               \
    ":method: GET\n:scheme: http\n:authority: site\n:path: " path                        \
    "\npriority: u=" urgency "\n"

static void a_more_urgent_stream_goes_first(void **state)
{
    struct span body = {.ptr = (const uint8_t *)page, .len = 60000};
    static uint8_t out[OUT_SIZE];

    (void)state;
    with_priorities();
    int32_t late = h2_client_ask(&client, ASK("/late", "6"), NULL);
    int32_t urgent = h2_client_ask(&client, ASK("/urgent", "0"), NULL);
    turn();
    for (size_t i = 0; i < 2; i++) {
        assert_true(
            send_part(stream_at(i), SPAN("HTTP/1.1 200 OK\r\n\r\n"), &body, 1, true));
    }
    size_t len = h2_produce(h2, out, 60000);
    h2_client_hear(&client, (struct span){.ptr = out, .len = len});
    assert_true(of(urgent)->body_len > 30000);
    assert_int_equal(of(late)->body_len, 0);
    turn();
    assert_true(of(urgent)->ended && of(late)->ended);
    assert_int_equal(of(late)->body_len, 60000);
}

static void a_cut_answer_is_a_reset_and_never_an_end(void **state)
{
    struct span body = SPAN("half");

    (void)state;
    int32_t id = h2_client_get(&client, "/a", NULL);
    turn();
    assert_true(
        send_part(stream_at(0), SPAN("HTTP/1.1 200 OK\r\n\r\n"), &body, 1, false));
    turn();
    h2_close(h2, stream_at(0), H2_RESET_CUT);
    turn();
    assert_true(h2_heard_has(of(id), "half"));
    assert_int_equal(of(id)->reset, INTERNAL_ERROR);
    assert_false(of(id)->ended);
}

static void a_stream_closed_with_bytes_waiting_sends_none_of_them(void **state)
{
    struct span body = SPAN("secret");

    (void)state;
    int32_t id = h2_client_get(&client, "/a", NULL);
    turn();
    assert_true(send_part(stream_at(0), SPAN("HTTP/1.1 200 OK\r\n\r\n"), &body, 1, true));
    h2_close(h2, stream_at(0), H2_RESET_CUT);
    turn();
    assert_int_equal(of(id)->body_len, 0);
    assert_int_equal(of(id)->status, 0);
    assert_int_equal(of(id)->reset, INTERNAL_ERROR);
}

static void what_is_not_attached_is_refused(void **state)
{
    (void)state;
    refuses = true;
    int32_t id = h2_client_get(&client, "/a", NULL);
    turn();
    assert_int_equal(of(id)->reset, REFUSED_STREAM);
    assert_true(open_still);
}

static void a_request_not_read_on_is_reset_after_its_answer(void **state)
{
    (void)state;
    int32_t id = h2_client_begin(&client, POST);
    turn();
    answer(0, "enough");
    turn();
    assert_ptr_equal(h2_next_taken(h2), stream_at(0));
    h2_close(h2, stream_at(0), H2_RESET_UNREAD);
    turn();
    assert_true(of(id)->ended && of(id)->reset == H2_CLIENT_NO_RESET);
    assert_true(h2_has_unread(h2));
    h2_reset_unread(h2);
    turn();
    assert_int_equal(of(id)->reset, 0);
    assert_false(h2_has_unread(h2));
}

static void the_window_of_a_body_opens_as_it_is_consumed(void **state)
{
    (void)state;
    consumes = false;
    (void)h2_client_ask(&client, POST, page);
    turn();
    assert_int_equal(body_len, 65535);
    h2_consume(h2, stream_at(0), 40000);
    turn();
    assert_int_equal(body_len, 65535 + 40000);
}

static void trailers_are_dropped(void **state)
{
    /* x: y, literal without indexing. */
    struct span trailer = {.ptr = (const uint8_t *)"\x00\x01x\x01y", .len = 5};

    (void)state;
    int32_t id = h2_client_begin(&client, POST);
    h2_client_frame(&client, FRAME_DATA, 0, id, SPAN("some body, long enough"));
    h2_client_frame(&client, FRAME_HEADERS, END_STREAM | END_HEADERS, id, trailer);
    turn();
    assert_string_equal(events, "[1 POST /p chunked](1)some body, long enough[1 last]");
}

static void content_length_must_be_that_of_the_body(void **state)
{
    static const char *const fields =
        ":method: POST\n:scheme: http\n:authority: site\n:path: /p\ncontent-length: 3\n";

    (void)state;
    int32_t more = h2_client_begin(&client, fields);
    h2_client_frame(&client, FRAME_DATA, END_STREAM, more, SPAN("four"));
    int32_t less = h2_client_begin(&client, fields);
    h2_client_frame(&client, FRAME_DATA, END_STREAM, less, SPAN("12"));
    int32_t none = h2_client_ask(&client, fields, NULL);
    turn();
    assert_int_equal(of(more)->reset, PROTOCOL_ERROR);
    assert_int_equal(of(less)->reset, PROTOCOL_ERROR);
    assert_int_equal(of(none)->reset, PROTOCOL_ERROR);
    assert_null(strstr(events, "last"));
}

static void
a_head_too_large_is_told_and_one_far_too_large_ends_the_connection(void **state)
{
    char fields[3 * 4096];
    static const char *const start =
        ":method: GET\n:scheme: http\n:authority: site\n:path: /\nx: ";

    (void)state;
    memset(fields, 'v', sizeof(fields));
    memcpy(fields, start, strlen(start));
    fields[6000] = '\n';
    fields[6001] = '\0';
    (void)h2_client_ask(&client, fields, NULL);
    turn();
    assert_string_equal(events, "[1 fields-too-large]");
    assert_true(open_still);
    /* A field of 4000 bytes goes into the table; each mention of it then costs one byte.
     */
    static const uint8_t head[] = {0x82, 0x86, 0x84, 0x41, 0x01, 's'};
    static const uint8_t named[] = {0x40, 0x01, 'x', 0x7f, 0xa1, 0x1e};
    uint8_t block[5000];
    size_t len = sizeof(head) + sizeof(named) + 4000;
    memset(block, 'b', sizeof(block));
    memcpy(block, head, sizeof(head));
    memcpy(block + sizeof(head), named, sizeof(named));
    memset(block + len, 0xbe, 60);
    h2_client_frame(&client, FRAME_HEADERS, END_STREAM | END_HEADERS, 3,
                    (struct span){.ptr = block, .len = len + 60});
    turn();
    assert_false(open_still);
    assert_int_equal(h2_flooded(h2), H2_FLOOD_HEADERS);
    assert_int_equal(client.goaway_code, ENHANCE_YOUR_CALM);
}

static void connect_is_answered_as_in_http_1(void **state)
{
    (void)state;
    (void)h2_client_ask(&client, ":method: CONNECT\n:authority: site:443\n", NULL);
    turn();
    assert_string_equal(events, "[1 method]");
}

static void the_end_is_announced_before_it_comes(void **state)
{
    (void)state;
    int32_t id = h2_client_get(&client, "/a", NULL);
    turn();
    h2_warn(h2);
    assert_false(h2_was_warned(h2));
    turn();
    assert_int_equal(client.goaways, 1);
    assert_int_equal(client.goaway_last, INT32_MAX);
    assert_true(h2_was_warned(h2));
    h2_end(h2);
    turn();
    assert_int_equal(client.goaways, 2);
    assert_int_equal(client.goaway_last, id);
    assert_int_equal(client.goaway_code, 0);
    assert_false(h2_is_over(h2));
    answer(0, "the last");
    turn();
    assert_true(of(id)->ended);
    assert_true(h2_is_over(h2));
}

static void an_interim_head_comes_before_the_answer(void **state)
{
    (void)state;
    int32_t id = h2_client_begin(&client, POST);
    turn();
    assert_true(h2_send_continue(h2, stream_at(0)));
    turn();
    assert_int_equal(of(id)->interim, 1);
    answer(0, "done");
    turn();
    assert_int_equal(of(id)->status, 200);
    assert_true(of(id)->ended);
}

static void a_preface_is_known_by_its_first_bytes(void **state)
{
    (void)state;
    assert_true(h2_is_preface(SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")));
    assert_true(h2_is_preface(SPAN("PR")));
    assert_true(h2_is_preface((struct span){0}));
    assert_false(h2_is_preface(SPAN("POST / HTTP/1.1\r\n")));
    assert_false(h2_is_preface(SPAN("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")));
}

static void what_is_no_http_2_ends_the_connection(void **state)
{
    (void)state;
    assert_false(h2_receive(h2, SPAN("GET / HTTP/1.1\r\nHost: site\r\n\r\n"), now_ms));
    assert_false(h2_receive(h2, SPAN("more"), now_ms));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(requests_are_told_in_order_with_their_bodies),
        T(the_same_is_heard_at_every_split),
        T(an_answer_is_heard_whole_and_only_on_its_stream),
        T(a_part_is_taken_once_all_of_it_is_framed),
        T(streams_take_turns),
        T(a_more_urgent_stream_goes_first),
        T(a_cut_answer_is_a_reset_and_never_an_end),
        T(a_stream_closed_with_bytes_waiting_sends_none_of_them),
        T(what_is_not_attached_is_refused),
        T(a_request_not_read_on_is_reset_after_its_answer),
        T(the_window_of_a_body_opens_as_it_is_consumed),
        T(trailers_are_dropped),
        T(content_length_must_be_that_of_the_body),
        T(a_head_too_large_is_told_and_one_far_too_large_ends_the_connection),
        T(connect_is_answered_as_in_http_1),
        T(the_end_is_announced_before_it_comes),
        T(an_interim_head_comes_before_the_answer),
        T(a_preface_is_known_by_its_first_bytes),
        T(what_is_no_http_2_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
