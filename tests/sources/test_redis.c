#include "sources/canned.h"
#include "sources/source_case.h"

static struct source_case world;
static struct canned server;
static char url[128];
static char key[] = "grants:{requester}:ok";

static void start(const char *reply)
{
    case_open(&world, "none");
    canned_start(&server, reply);
    (void)snprintf(url, sizeof(url), "redis://127.0.0.1:%u", server.port);
    world.settings.redis = url;
    world.settings.key = key;
    case_start(&world);
}

static void stop(void)
{
    case_close(&world);
    canned_stop(&server);
}

static void members_of_the_requesters_set_are_granted(void **state)
{
    (void)state;
    start(":1\r\n:0\r\n:1\r\n");
    assert_string_equal(case_ask(&world, "al ice", "a b c"), "02");
    assert_string_equal(
        canned_asked(&server),
        "*3\r\n$9\r\nSISMEMBER\r\n$16\r\ngrants:al ice:ok\r\n$1\r\na\r\n"
        "*3\r\n$9\r\nSISMEMBER\r\n$16\r\ngrants:al ice:ok\r\n$1\r\nb\r\n"
        "*3\r\n$9\r\nSISMEMBER\r\n$16\r\ngrants:al ice:ok\r\n$1\r\nc\r\n");
    assert_string_equal(case_ask(&world, "al ice", "a b c"), "02");
    assert_int_equal(atomic_load(&server.connections), 1);
    stop();
}

static void error_or_nonsense_grants_nothing_and_ends_the_connection(void **state)
{
    static const char *const REPLIES[] = {
        ":1\r\n-WRONGTYPE no set\r\n:1\r\n",
        ":1\r\n+OK\r\n:1\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        start(REPLIES[i]);
        assert_string_equal(case_ask(&world, "alice", "a b c"), "-");
        assert_string_equal(case_ask(&world, "alice", "a b c"), "-");
        assert_int_equal(atomic_load(&server.connections), 2);
        stop();
    }
}

static void silence_is_late_and_its_answer_is_nobodys(void **state)
{
    (void)state;
    start(NULL);
    world.deadline_us = 200000;
    assert_string_equal(case_ask(&world, "alice", "a"), "-");
    server.reply = ":1\r\n";
    world.deadline_us = CASE_PATIENCE_US;
    assert_string_equal(case_ask(&world, "alice", "a"), "0");
    assert_int_equal(atomic_load(&server.connections), 2);
    stop();
}

static void closed_connection_is_opened_anew(void **state)
{
    (void)state;
    start(":1\r\n");
    server.hangs_up = true;
    assert_string_equal(case_ask(&world, "alice", "a"), "0");
    assert_string_equal(case_ask(&world, "alice", "a"), "0");
    stop();
}

static enum grant_check check(const char *where, const char *name)
{
    char error[GRANT_ERROR_SIZE];
    char place[128];
    char pattern[128];
    struct grant_settings settings = {.redis = place, .key = pattern};

    (void)snprintf(place, sizeof(place), "%s", where);
    (void)snprintf(pattern, sizeof(pattern), "%s", name);
    return grant_settings_check(&settings, error);
}

static void place_and_key_are_checked_at_start(void **state)
{
    (void)state;
    assert_int_equal(check("http://127.0.0.1", key), GRANT_CHECK_BAD);
    assert_int_equal(check("redis://127.0.0.1:99999", key), GRANT_CHECK_BAD);
    assert_int_equal(check("redis://127.0.0.1/x", key), GRANT_CHECK_BAD);
    assert_int_equal(check("redis://nobody@127.0.0.1", key), GRANT_CHECK_BAD);
    assert_int_equal(check("redis://", key), GRANT_CHECK_BAD);
    assert_int_equal(check("redis://127.0.0.1:1", "grants"), GRANT_CHECK_BAD);
    assert_int_equal(check("redis://127.0.0.1:1/3", key), GRANT_CHECK_UNREACHABLE);
    assert_int_equal(check("redis://u:p@[::1]:1", key), GRANT_CHECK_UNREACHABLE);
    assert_int_equal(check("unix:/nowhere/redis.sock", key), GRANT_CHECK_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_the_requesters_set_are_granted),
        cmocka_unit_test(error_or_nonsense_grants_nothing_and_ends_the_connection),
        cmocka_unit_test(silence_is_late_and_its_answer_is_nobodys),
        cmocka_unit_test(closed_connection_is_opened_anew),
        cmocka_unit_test(place_and_key_are_checked_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
