/* A drill goes the whole way of a real mix-up and touches nobody: nothing real is asked,
 * taken down, counted or kept. */
#include <string.h>

#include "relay/drill.h"
#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct mailbox *mailbox;
static struct drill_order order;
static bool answered;

static void on_done(struct mail *mail)
{
    assert_ptr_equal(LIST_ENTRY(mail, struct drill_order, mail), &order);
    answered = true;
}

static void begin(const char *path)
{
    answered = false;
    order = (struct drill_order){
        .reply_to = mailbox, .on_done = on_done, .relay = world.relay};
    order.patience_ms = 2000;
    assert_null(drill_aim_find(world.site, FEATURE_LOGIN, path, &order.aim));
    drill_start(world.relay, &order);
}

static void drill(const char *path)
{
    uint64_t until = flow_now_ms() + 5000;

    begin(path);
    while (!answered && flow_now_ms() < until) {
        flow_turn(&world);
    }
    assert_true(answered);
    flow_settle(&world);
}

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    flow_start(&world);
    mailbox = mailbox_new(world.loop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    /* What is closed leaves the loop in its next rounds. */
    drill_stop(world.relay);
    flow_settle(&world);
    mailbox_free(&mailbox);
    flow_close(&world);
    return 0;
}

static uint64_t counted(enum stat_id family, const char *labels)
{
    return stats_read(world.shared.stats,
                      stats_series(world.shared.stats, family, labels));
}

static void drill_is_refused_recorded_and_answered(void **state)
{
    (void)state;
    drill("");
    assert_null(order.result.error);
    assert_string_equal(order.aim.target, "/mypage/strict/drill");
    assert_int_equal(order.result.status, 502);
    assert_int_equal(order.result.ending, ENDING_REFUSED);
    assert_int_equal(order.result.incident, 1);
    assert_false(order.result.leaked);
    assert_true(order.result.refused_us > 0);
    assert_true(order.result.recorded_us >= order.result.refused_us);
    assert_true(order.result.answered_us >= order.result.recorded_us);
    const struct journal_entry *entry = flow_last_entry(&world);
    assert_true(entry->drill);
    assert_true(entry->strong);
    assert_int_equal(entry->kind, JOURNAL_DISPLAY);
    assert_int_equal(entry->outcome, JOURNAL_WITHHELD);
    assert_int_equal(entry->detector, DETECTOR_OWNER_MARKER);
    assert_int_equal(entry->feature_mask, FEATURE_LOGIN_BIT);
    assert_true(entry->viewer_confirmed);
    assert_string_equal(entry->upstream, "drill");
    assert_string_equal(entry->exchange_id, order.result.exchange_id);
}

static void drill_takes_nothing_down(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        drill("");
        assert_int_equal(flow_last_entry(&world)->took_down_mask, 0);
        assert_false(flow_login_down(&world));
        assert_int_equal(world.features.asked[FEATURE_LOGIN], 0);
    }
    assert_int_equal(world.journal.displays, 3);
}

static void drill_asks_nothing_of_the_site(void **state)
{
    (void)state;
    drill("/mypage/top");
    assert_int_equal(order.result.status, 502);
    assert_false(flow_knocks(&world));
}

static void drill_leaves_no_session_and_no_connection(void **state)
{
    (void)state;
    drill("");
    assert_int_equal(registry_counts(world.shared.registry).entries, 0);
    assert_int_equal(atomic_load(&world.server.connections), 0);
    assert_int_equal(world.relay->client_count, 0);
    assert_null(world.relay->drill);
}

static void drill_is_in_no_figure_and_marked_in_the_log(void **state)
{
    (void)state;
    drill("");
    assert_int_equal(counted(STAT_DISPLAYS, "outcome=\"withheld\""), 0);
    assert_int_equal(counted(STAT_ENDINGS, "reason=\"refused\""), 0);
    assert_int_equal(
        counted(STAT_FINDINGS, "detector=\"owner-marker\",action=\"refuse\""), 0);
    assert_int_equal(
        counted(STAT_REQUESTS, "route=\"/mypage/strict/**\",code_class=\"5xx\""), 0);
    assert_int_equal(counted(STAT_MARKED, "route=\"/mypage/strict/**\""), 0);
    assert_int_equal(flow_ended(&world, "refused"), 1);
    assert_non_null(strstr(world.log, "\"drill\":true"));
}

static void real_answers_are_counted_beside_a_drill(void **state)
{
    struct flow_peer client;
    struct flow_peer upstream;
    struct flow_answer answer;

    (void)state;
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, "alice-session-token", "alice");
    flow_get(&world, &client, "/mypage/strict/a", "alice-session-token");
    flow_hear_request(&world, &upstream);
    drill("");
    assert_int_equal(order.result.status, 502);
    flow_page(&world, &upstream, "bob", "<p>Bob's</p>");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_last_entry(&world)->drill);
    assert_true(flow_login_down(&world));
    assert_int_equal(counted(STAT_DISPLAYS, "outcome=\"withheld\""), 1);
    flow_hang_up(&client);
    flow_hang_up(&upstream);
}

static void real_session_never_gets_what_a_drill_shows(void **state)
{
    struct flow_peer client;
    struct flow_peer upstream;
    struct flow_answer answer;

    (void)state;
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, "alice-session-token", "alice");
    for (int i = 0; i < 20; i++) {
        begin("");
        flow_get(&world, &client, "/mypage/strict/a", "alice-session-token");
        flow_hear_request(&world, &upstream);
        flow_page(&world, &upstream, "alice", "<p>Alice's</p>");
        assert_true(flow_hear_answer(&world, &client, false, &answer));
        assert_int_equal(answer.status, 200);
        assert_false(flow_has(&client, "drill"));
        flow_forget(&client);
        flow_forget(&upstream);
        while (!answered) {
            flow_turn(&world);
        }
        assert_int_equal(order.result.status, 502);
    }
    assert_false(flow_knocks(&world));
    flow_hang_up(&client);
    flow_hang_up(&upstream);
}

static void drill_while_login_is_down_gets_its_page_and_no_record(void **state)
{
    (void)state;
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    drill("");
    assert_int_equal(order.result.status, 503);
    assert_int_equal(order.result.refused_us, 0);
    assert_int_equal(order.result.incident, 0);
    assert_int_equal(world.journal.displays, 0);
    assert_false(flow_knocks(&world));
}

static void drill_whose_record_fails_says_so(void **state)
{
    (void)state;
    world.journal.disk = FLOW_DISK_FAILS;
    drill("");
    assert_true(order.result.refused_us > 0);
    assert_int_equal(order.result.recorded_us, 0);
    assert_int_equal(order.result.status, 0);
    assert_int_equal(order.result.ending, ENDING_REFUSED_SILENT);
}

static void drill_that_hangs_ends_at_its_time_and_is_forgotten(void **state)
{
    (void)state;
    world.journal.disk = FLOW_DISK_LATE;
    world.site->ledger_deadline_ms = 60000;
    begin("");
    order.patience_ms = 0;
    flow_settle(&world);
    assert_non_null(world.relay->drill);
    uint64_t until = flow_now_ms() + 5000;
    while (!answered && flow_now_ms() < until) {
        flow_turn(&world);
    }
    assert_true(answered);
    assert_int_equal(order.result.status, 0);
    assert_null(world.relay->drill);
    assert_int_equal(registry_counts(world.shared.registry).entries, 0);
    world.site->ledger_deadline_ms = 200;
}

static void drills_are_one_at_a_time(void **state)
{
    struct drill_order other = {.reply_to = mailbox, .on_done = on_done};

    (void)state;
    begin("");
    other.aim = order.aim;
    other.mail.deliver = NULL;
    struct drill *first = world.relay->drill;
    assert_non_null(first);
    order.mail.deliver = NULL;
    drill_start(world.relay, &other);
    assert_ptr_equal(world.relay->drill, first);
    assert_non_null(other.result.error);
    other.mail.deliver = NULL;
    answered = false;
    drill_stop(world.relay);
    mailbox_free(&mailbox);
    mailbox = mailbox_new(world.loop);
}

static void drill_works_whatever_connections_are_kept_for(void **state)
{
    static const enum connections_mode modes[] = {CONNECTIONS_NONE, CONNECTIONS_SHARED,
                                                  CONNECTIONS_SESSION};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        world.upstream.connections = modes[i];
        drill("");
        assert_int_equal(order.result.status, 502);
        assert_int_equal(order.result.incident, i + 1);
    }
    assert_false(flow_knocks(&world));
}

static void drill_works_with_every_place_of_a_token(void **state)
{
    (void)state;
    world.site->session.cookies = NULL;
    char name[] = "jsessionid";
    world.site->session.path_parameter = name;
    drill("");
    assert_int_equal(order.result.incident, 1);
    assert_int_equal(order.result.status, 502);
    char header[] = "Authorization";
    world.site->session.path_parameter = NULL;
    world.site->session.header = header;
    drill("");
    assert_int_equal(order.result.incident, 2);
    assert_true(flow_last_entry(&world)->viewer_confirmed);
    world.site->session.header = NULL;
    assert_non_null(drill_aim_find(world.site, FEATURE_LOGIN, "", &order.aim));
    world.site->session.cookies = &world.cookies;
}

#define DRILL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRILL_TEST(drill_is_refused_recorded_and_answered),
        DRILL_TEST(drill_takes_nothing_down),
        DRILL_TEST(drill_asks_nothing_of_the_site),
        DRILL_TEST(drill_leaves_no_session_and_no_connection),
        DRILL_TEST(drill_is_in_no_figure_and_marked_in_the_log),
        DRILL_TEST(real_answers_are_counted_beside_a_drill),
        DRILL_TEST(real_session_never_gets_what_a_drill_shows),
        DRILL_TEST(drill_while_login_is_down_gets_its_page_and_no_record),
        DRILL_TEST(drill_whose_record_fails_says_so),
        DRILL_TEST(drill_that_hangs_ends_at_its_time_and_is_forgotten),
        DRILL_TEST(drills_are_one_at_a_time),
        DRILL_TEST(drill_works_whatever_connections_are_kept_for),
        DRILL_TEST(drill_works_with_every_place_of_a_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
