/* People taken out of a page: where they stand in more than its body, nothing leaves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;
static char path[64];
static char name[] = "partners";

static int set_up(void **state)
{
    static const char pairs[] = "alice,p1\n";

    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/flow-redact-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, pairs, sizeof(pairs) - 1), sizeof(pairs) - 1);
    assert_int_equal(close(fd), 0);
    flow_init(&world);
    world.redact = true;
    world.grant = (struct grant_settings){
        .name = name, .csv = path, .cache_ms = 30000, .deadline_ms = 5000};
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, "alice-session-token", "alice");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_close(&world);
    assert_int_equal(unlink(path), 0);
    return 0;
}

/* A page with these fields and this body as answer to alice; its status. */
static unsigned get(const char *fields, const char *body, struct flow_answer *answer_out)
{
    char page[1024];

    flow_forget(&client);
    flow_get(&world, &client, "/mypage/list", "alice-session-token");
    if (upstream.fd < 0 || flow_knocks(&world)) {
        flow_hang_up(&upstream);
        flow_accept(&world, &upstream);
    }
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    (void)snprintf(page, sizeof(page),
                   "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %zu\r\n\r\n%s", fields,
                   strlen(body), body);
    flow_say(&world, &upstream, page);
    assert_true(flow_hear_answer(&world, &client, false, answer_out));
    return answer_out->status;
}

#define HTML "Content-Type: text/html"
#define LIST "<ul><li data-member-id=p1>A</li><li data-member-id=m7>B</li></ul>"
#define LEFT "<ul><li data-member-id=p1>A</li></ul>"

/* The body could lose him; the field, which says the same of him, could not. */
static void person_who_stands_in_a_field_as_well_is_never_only_redacted(void **state)
{
    struct flow_answer answer;

    (void)state;
    assert_int_equal(get(HTML, LIST, &answer), 200);
    assert_true(span_equal(answer.body, SPAN(LEFT)));
    assert_int_equal(get(HTML "\r\nX-Member: m7", LIST, &answer), 502);
    assert_false(flow_has(&client, "m7"));
    assert_false(flow_has(&client, "p1"));
    assert_int_equal(get(HTML "\r\nSet-Cookie: member=m7", LIST, &answer), 502);
    assert_false(flow_has(&client, "m7"));
}

static void
person_in_a_field_who_may_be_seen_keeps_nobody_else_from_being_redacted(void **state)
{
    struct flow_answer answer;

    (void)state;
    assert_int_equal(get(HTML "\r\nX-Member: p1", LIST, &answer), 200);
    assert_true(span_equal(answer.body, SPAN(LEFT)));
    assert_true(flow_has(&client, "X-Member: p1"));
}

/* What is cut is found by the rules of HTML alone. */
static void page_of_xhtml_is_refused_and_not_redacted(void **state)
{
    struct flow_answer answer;

    (void)state;
    assert_int_equal(get("Content-Type: application/xhtml+xml",
                         "<ul><li data-member-id='m7'>B</li></ul>", &answer),
                     502);
    assert_false(flow_has(&client, "m7"));
}

/* The second bytes of these are a backslash, a bar and a small letter. */
static void page_in_an_encoding_of_two_bytes_is_redacted_and_json_is_refused(void **state)
{
    static const char *const TYPES[] = {
        "Content-Type: text/html; charset=Shift_JIS",
        "Content-Type: text/html; charset=gbk",
        "Content-Type: text/html; charset=big5",
        "Content-Type: text/html; charset=euc-jp",
    };
#define WORD "\x83\x5c\x83\x7c\x94\x5c\x83\x61"
    static const char body[] =
        "<title>" WORD "</title><ul><li title='" WORD "' data-member-id=m7>" WORD
        "</li>" WORD "<li data-member-id=p1>" WORD "</li></ul>" WORD;
    static const char left[] = "<title>" WORD "</title><ul>" WORD
                               "<li data-member-id=p1>" WORD "</li></ul>" WORD;
#undef WORD
    struct flow_answer answer;

    (void)state;
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        assert_int_equal(get(TYPES[i], body, &answer), 200);
        assert_true(span_equal(answer.body, SPAN(left)));
    }
    assert_int_equal(get("Content-Type: text/html; charset=iso-2022-jp",
                         "\x1b$B;3\x1b(B" LIST, &answer),
                     502);
    assert_int_equal(get("Content-Type: application/json; charset=Shift_JIS",
                         "{\"members\":[{\"id\":\"m7\"},{\"id\":\"p1\"}]}", &answer),
                     502);
    assert_false(flow_has(&client, "m7"));
    assert_int_equal(get("Content-Type: application/json",
                         "{\"members\":[{\"id\":\"m7\"},{\"id\":\"p1\"}]}", &answer),
                     200);
}

/* It held more than all answers together may: as the oldest, and so does what is left. */
static void page_past_the_bound_of_all_held_bytes_is_redacted(void **state)
{
    static char page[3000128];
    static const char head[] =
        "HTTP/1.1 200 OK\r\n" HTML "\r\nContent-Length: 3000000\r\n\r\n" LIST;
    struct flow_answer answer;
    size_t whole = 3000000 + sizeof(head) - sizeof(LIST);

    (void)state;
    world.site->limits.hold_max = 4194304;
    world.shared.budget.total_max = 2097152;
    memset(page, 'x', sizeof(page));
    memcpy(page, head, sizeof(head) - 1);
    flow_forget(&client);
    flow_get(&world, &client, "/mypage/list", "alice-session-token");
    flow_hear_request(&world, &upstream);
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (uint8_t *)page, .len = whole});
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.len, 3000000 - strlen(LIST) + strlen(LEFT));
    assert_false(flow_has(&client, "m7"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(person_who_stands_in_a_field_as_well_is_never_only_redacted),
        TEST(person_in_a_field_who_may_be_seen_keeps_nobody_else_from_being_redacted),
        TEST(page_of_xhtml_is_refused_and_not_redacted),
        TEST(page_in_an_encoding_of_two_bytes_is_redacted_and_json_is_refused),
        TEST(page_past_the_bound_of_all_held_bytes_is_redacted),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
