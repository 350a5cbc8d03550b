#include "sources/canned.h"
#include "sources/source_case.h"

static struct source_case world;
static struct canned server;
static char url[128];

#define OK_HEAD                                                                          \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"

static void start(const char *reply)
{
    case_open(&world, "none");
    canned_start(&server, reply);
    server.hangs_up = reply != NULL;
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/grants", server.port);
    world.settings.http = url;
    case_start(&world);
}

static void stop(void)
{
    case_close(&world);
    canned_stop(&server);
}

static void expect(const char *reply, const char *expected)
{
    start(reply);
    assert_string_equal(case_ask(&world, "alice", "7 bob carol"), expected);
    stop();
}

static void one_request_asks_about_all_subjects(void **state)
{
    (void)state;
    start(OK_HEAD "{\"granted\":[\"carol\",7,\"somebody else\"],\"more\":[\"bob\"]}");
    assert_string_equal(case_ask(&world, "al\"ice", "7 bob carol"), "02");
    assert_non_null(strstr(canned_asked(&server), "POST /grants HTTP/1.1"));
    assert_non_null(
        strstr(canned_asked(&server),
               "{\"requester\":\"al\\\"ice\",\"subjects\":[\"7\",\"bob\",\"carol\"]}"));
    assert_int_equal(atomic_load(&server.questions), 1);
    stop();
}

static void whatever_is_no_clear_answer_grants_nothing(void **state)
{
    (void)state;
    expect(OK_HEAD "{\"granted\":[]}", "");
    expect(OK_HEAD "{\"more\":{\"granted\":1},\"granted\": [ ] }", "");
    expect(OK_HEAD "{\"granted\":[\"bob\"]", "-");
    expect(OK_HEAD "<html>bob</html>", "-");
    expect(OK_HEAD, "-");
    expect("HTTP/1.1 500 Broken\r\nContent-Length: 19\r\n\r\n{\"granted\":[\"bob\"]}",
           "-");
    expect("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "-");
    expect("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"granted\":[\"bob\"]}", "-");
    expect("", "-");
}

/* That nobody is granted is said by an empty list, and by nothing else. */
static void json_of_another_form_is_a_source_that_fails(void **state)
{
    (void)state;
    static const char *const ANSWERS[] = {
        "{}",
        "{\"error\":\"database locked\"}",
        "null",
        "[]",
        "[\"bob\"]",
        "7",
        "\"granted\"",
        "{\"granted\":null}",
        "{\"granted\":\"bob\"}",
        "{\"granted\":7}",
        "{\"granted\":true}",
        "{\"granted\":{}}",
        "{\"granted\":{\"bob\":true}}",
        "{\"granted\":{\"1\":\"bob\"}}",
        "{\"granted\":[\"bob\",null]}",
        "{\"granted\":[true]}",
        "{\"granted\":[[\"bob\"]]}",
        "{\"granted\":[{\"id\":\"bob\"}]}",
        "{\"granted\":[\"bob\"],\"granted\":null}",
        "{\"granted\":[\"bob\"],\"granted\":[]}",
        "{\"Granted\":[\"bob\"]}",
        "{\"answer\":{\"granted\":[\"bob\"]}}",
        "[{\"granted\":[\"bob\"]}]",
    };

    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        char reply[256];
        (void)snprintf(reply, sizeof(reply), OK_HEAD "%s", ANSWERS[i]);
        print_message("%s\n", ANSWERS[i]);
        expect(reply, "-");
    }
}

static void silence_is_late(void **state)
{
    (void)state;
    start(NULL);
    world.deadline_us = 200000;
    assert_string_equal(case_ask(&world, "alice", "bob"), "-");
    stop();
}

static void ending_does_not_wait_for_the_endpoint(void **state)
{
    (void)state;
    start(NULL);
    for (int i = 0; i < 6; i++) {
        assert_true(case_put(&world, "alice", "bob"));
    }
    grant_source_stop(world.source);
    case_wait(&world, 6);
    assert_false(world.answered);
    stop();
}

static void url_is_checked_and_nobody_is_asked(void **state)
{
    char error[GRANT_ERROR_SIZE];
    struct grant_settings settings = {0};

    (void)state;
    settings.http = (char[]){"http://127.0.0.1:1/grants"};
    assert_int_equal(grant_settings_check(&settings, error), GRANT_CHECK_GOOD);
    settings.http = (char[]){"ftp://127.0.0.1/grants"};
    assert_int_equal(grant_settings_check(&settings, error), GRANT_CHECK_BAD);
    settings.http = (char[]){"http://"};
    assert_int_equal(grant_settings_check(&settings, error), GRANT_CHECK_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_asks_about_all_subjects),
        cmocka_unit_test(whatever_is_no_clear_answer_grants_nothing),
        cmocka_unit_test(json_of_another_form_is_a_source_that_fails),
        cmocka_unit_test(silence_is_late),
        cmocka_unit_test(ending_does_not_wait_for_the_endpoint),
        cmocka_unit_test(url_is_checked_and_nobody_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
