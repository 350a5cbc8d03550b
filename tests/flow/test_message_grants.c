/* Events and WebSocket texts that show other people: the grant source is asked about each
 * of them, what comes behind waits in its order, and nobody is shown by mistake. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "support/flow_world.h"
#include "support/test.h"

#define EVENTS      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define MEMBERS(id) "{\"members\":[{\"id\":\"" id "\"}]}"
#define EVENT(id)   "data: " MEMBERS(id) "\n\n"
/* An unmasked frame: all texts here are 25 bytes long. */
#define TEXT(id)    "\x81\x19" MEMBERS(id)

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;
static struct flow_peer idle; /* The session's other connection. */
static char folder[64];
static char path[128];
static char name[] = "partners";
static char query[] = "SELECT member_id FROM partners WHERE user_id = :requester";
static char endless[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE :requester <> "
    "'') SELECT i FROM n WHERE i < 0";

static const char *const SID = "alice-session-token";

static int set_up(void **state)
{
    sqlite3 *db = NULL;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/flow-grants-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/matching.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE partners(user_id TEXT, member_id TEXT);"
                                  "INSERT INTO partners VALUES('alice', 'p1');"
                                  "INSERT INTO partners VALUES('alice', 'p2');",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    flow_init(&world);
    world.regex = "json:/user";
    for (size_t i = 0; i < FLOW_ROUTE_COUNT; i++) {
        world.routes[i].websocket = true;
    }
    world.grant = (struct grant_settings){.name = name,
                                          .sqlite = path,
                                          .query = query,
                                          .cache_ms = 30000,
                                          .deadline_ms = 5000};
    upstream = (struct flow_peer){.fd = -1};
    return 0;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_hang_up(&idle);
    flow_close(&world);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a path of our own.
    return 0;
}

/* The source answers by `with`, or is late by itself after `deadline_ms`. */
static void start(char *with, uint64_t deadline_ms)
{
    world.grant.query = with;
    world.grant.deadline_ms = deadline_ms;
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &idle, SID, "alice");
    flow_forget(&client);
}

/* The stream's head is with the client. */
static void open_events(const char *target)
{
    flow_get(&world, &client, target, SID);
    flow_hear_request(&world, &idle);
    flow_say(&world, &idle, EVENTS);
    upstream = idle;
    idle = (struct flow_peer){.fd = -1};
    assert_true(flow_hear(&world, &client, "\r\n\r\n"));
    flow_forget(&client);
}

static void open_socket(const char *target)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "GET %s HTTP/1.1\r\nHost: site\r\nCookie: sid=%s\r\n"
                   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n",
                   target, SID);
    flow_say(&world, &client, text);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    assert_true(flow_hear(&world, &client, "\r\n\r\n"));
    flow_forget(&client);
    flow_forget(&upstream);
}

static bool reports_down(void)
{
    return feature_table_down(&world.features, UINT64_C(1) << world.feature[1].slot) != 0;
}

static void take_reports_down(void)
{
    (void)feature_table_take_down(&world.features, UINT64_C(1) << world.feature[1].slot);
}

/* Nothing but a Close with `code` has come since the last look. */
static void hears_close(const char *code)
{
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 4);
    assert_memory_equal(client.text, "\x88\x02", 2);
    assert_memory_equal(client.text + 2, code, 2);
}

static void is_a_cut_display_of(const char *subject)
{
    const struct journal_entry *entry = flow_last_entry(&world);

    assert_int_equal(world.journal.displays, 1);
    assert_int_equal(entry->kind, JOURNAL_DISPLAY);
    assert_int_equal(entry->outcome, JOURNAL_CUT);
    assert_int_equal(entry->detector, DETECTOR_GRANTED_MARKER);
    assert_string_equal(entry->reason, "ungranted");
    assert_true(entry->strong);
    assert_true(span_equal(user_span(&entry->subject), span_of(subject)));
}

static void event_with_granted_people_leaves_and_they_are_remembered(void **state)
{
    (void)state;
    start(query, 5000);
    open_events("/reports/live");
    flow_say(&world, &upstream, EVENT("p1"));
    assert_true(flow_hear(&world, &client, EVENT("p1")));
    assert_int_equal(unlink(path), 0);
    flow_say(&world, &upstream, "data: 2\n\n" EVENT("p1") "data: 3\n\n");
    assert_true(flow_hear(&world, &client, "data: 3\n\n"));
    assert_non_null(strstr(strstr(client.text, "data: 2\n\n"), EVENT("p1")));
    assert_int_equal(world.journal.displays, 0);
}

static void event_with_an_ungranted_person_cuts_the_stream(void **state)
{
    (void)state;
    start(query, 5000);
    open_events("/reports/live");
    flow_say(&world, &upstream, EVENT("p1") EVENT("m7") EVENT("p2"));
    assert_true(flow_hear_end(&world, &client));
    assert_true(flow_has(&client, EVENT("p1")));
    assert_false(flow_has(&client, "m7"));
    assert_false(flow_has(&client, "p2"));
    is_a_cut_display_of("m7");
    assert_true(reports_down());
    assert_false(flow_login_down(&world));
}

static void events_keep_their_order_while_the_source_is_asked(void **state)
{
    (void)state;
    start(endless, 400);
    open_events("/stream/live");
    flow_say(&world, &upstream, "data: 1\n\n" EVENT("p1") "data: 3\n\n");
    assert_true(flow_hear(&world, &client, "data: 1\n\n"));
    flow_say(&world, &upstream, "data: 4\n\n");
    flow_settle(&world);
    flow_listen(&client);
    assert_false(flow_has(&client, "p1"));
    assert_false(flow_has(&client, "data: 3"));
    assert_true(flow_hear_end(&world, &client));
    assert_false(flow_has(&client, "p1"));
    assert_false(flow_has(&client, "data: 3"));
    assert_int_equal(world.journal.displays, 0);
    assert_string_equal(flow_last_entry(&world)->reason, "grants-failed");
}

static void event_whose_source_is_gone_is_refused_and_is_no_case(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    start(query, 5000);
    open_events("/reports/live");
    flow_say(&world, &upstream, EVENT("p1"));
    assert_true(flow_hear_end(&world, &client));
    assert_false(flow_has(&client, "p1"));
    assert_false(reports_down());
    assert_int_equal(world.journal.displays, 0);
}

/* Neither the source nor its deadline is waited for. */
static void take_down_closes_a_stream_that_waits_for_the_source(void **state)
{
    (void)state;
    start(endless, 60000);
    open_events("/reports/live");
    flow_say(&world, &upstream, EVENT("p1"));
    flow_settle(&world);
    take_reports_down();
    assert_true(flow_hear_end(&world, &client));
    assert_false(flow_has(&client, "p1"));
}

static void client_that_goes_away_meanwhile_leaves_nothing_behind(void **state)
{
    (void)state;
    start(endless, 60000);
    open_events("/stream/live");
    flow_say(&world, &upstream, EVENT("p1"));
    flow_settle(&world);
    flow_break(&client);
    flow_settle(&world);
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
    assert_int_equal(world.journal.count, 0);
}

static void first_event_that_owes_the_marker_is_asked_about_too(void **state)
{
    (void)state;
    start(query, 5000);
    flow_get(&world, &client, "/mypage/strict/live", SID);
    flow_hear_request(&world, &idle);
    flow_say(&world, &idle, EVENTS);
    flow_say(&world, &idle,
             "data: {\"user\":\"alice\",\"members\":[{\"id\":\"p1\"}]}\n\n");
    assert_true(flow_hear(&world, &client, "\"p1\""));
    flow_say(&world, &idle, EVENT("p2"));
    assert_true(flow_hear(&world, &client, "\"p2\""));
    flow_say(&world, &idle, EVENT("m7"));
    assert_true(flow_hear_end(&world, &client));
    assert_false(flow_has(&client, "m7"));
}

static void stream_that_begins_with_an_ungranted_person_never_begins(void **state)
{
    struct flow_answer answer;

    (void)state;
    start(query, 5000);
    flow_get(&world, &client, "/mypage/strict/live", SID);
    flow_hear_request(&world, &idle);
    flow_say(&world, &idle, EVENTS);
    flow_say(&world, &idle,
             "data: {\"user\":\"alice\",\"members\":[{\"id\":\"m7\"}]}\n\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "m7"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_WITHHELD);
}

static void last_event_without_its_end_is_asked_about(void **state)
{
    (void)state;
    start(query, 5000);
    open_events("/stream/live");
    flow_say(&world, &upstream, "data: " MEMBERS("p1"));
    flow_hang_up(&upstream);
    assert_true(flow_hear(&world, &client, MEMBERS("p1")));
}

static void wait_for_display(void)
{
    uint64_t until = flow_now_ms() + 5000;

    while (world.journal.displays == 0 && flow_now_ms() < until) {
        flow_turn(&world);
    }
    assert_int_equal(world.journal.displays, 1);
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    assert_true(span_equal(user_span(&flow_last_entry(&world)->subject), SPAN("m7")));
}

static void observed_event_leaves_before_the_source_is_asked(void **state)
{
    (void)state;
    start(endless, 300);
    open_events("/observe/live");
    flow_say(&world, &upstream, EVENT("m7") EVENT("m8"));
    flow_settle(&world);
    flow_listen(&client);
    assert_true(flow_has(&client, EVENT("m7")));
    assert_int_equal(world.journal.count, 0);
    assert_true(flow_hear(&world, &client, EVENT("m8")));
    assert_string_equal(flow_last_entry(&world)->reason, "grants-failed");
    assert_int_equal(world.journal.displays, 0);
}

static void observed_event_is_recorded_as_the_source_says(void **state)
{
    (void)state;
    start(query, 5000);
    open_events("/observe/live");
    flow_say(&world, &upstream, EVENT("p1") EVENT("m7") "data: 3\n\n");
    assert_true(flow_hear(&world, &client, "data: 3\n\n"));
    assert_non_null(strstr(strstr(client.text, EVENT("p1")), EVENT("m7")));
    wait_for_display();
}

static void text_with_granted_people_leaves(void **state)
{
    (void)state;
    start(query, 5000);
    open_socket("/reports/live");
    flow_say(&world, &upstream,
             "\x81\x01"
             "a" TEXT("p1") "\x81\x01"
                            "b" TEXT("p2"));
    assert_true(flow_hear(&world, &client,
                          "\x81\x01"
                          "a" TEXT("p1") "\x81\x01"
                                         "b" TEXT("p2")));
    assert_int_equal(world.journal.displays, 0);
}

static void text_with_an_ungranted_person_closes_the_socket(void **state)
{
    (void)state;
    start(query, 5000);
    open_socket("/reports/live");
    flow_say(&world, &upstream,
             TEXT("m7") "\x81\x01"
                        "b");
    hears_close("\x03\xf0");
    is_a_cut_display_of("m7");
    assert_true(reports_down());
}

static void client_is_heard_while_the_source_is_asked(void **state)
{
    (void)state;
    start(endless, 400);
    open_socket("/stream/live");
    flow_say(&world, &upstream,
             TEXT("p1") "\x81\x01"
                        "b");
    flow_settle(&world);
    flow_say(&world, &client,
             "\x81\x83"
             "mask"
             "\x05\x08\x1f");
    assert_true(flow_hear(&world, &upstream,
                          "\x81\x83"
                          "mask"));
    hears_close("\x03\xf0");
    assert_int_equal(world.journal.displays, 0);
}

static void take_down_closes_a_socket_that_waits_for_the_source(void **state)
{
    (void)state;
    start(endless, 60000);
    open_socket("/reports/live");
    flow_say(&world, &upstream, TEXT("p1"));
    flow_settle(&world);
    take_reports_down();
    hears_close("\x03\xf0");
}

static void observed_text_leaves_once_and_is_recorded(void **state)
{
    (void)state;
    start(query, 5000);
    open_socket("/observe/live");
    flow_say(&world, &upstream,
             TEXT("m7") "\x81\x01"
                        "b");
    assert_true(flow_hear(&world, &client,
                          TEXT("m7") "\x81\x01"
                                     "b"));
    wait_for_display();
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(event_with_granted_people_leaves_and_they_are_remembered),
        TEST(event_with_an_ungranted_person_cuts_the_stream),
        TEST(events_keep_their_order_while_the_source_is_asked),
        TEST(event_whose_source_is_gone_is_refused_and_is_no_case),
        TEST(take_down_closes_a_stream_that_waits_for_the_source),
        TEST(client_that_goes_away_meanwhile_leaves_nothing_behind),
        TEST(first_event_that_owes_the_marker_is_asked_about_too),
        TEST(stream_that_begins_with_an_ungranted_person_never_begins),
        TEST(last_event_without_its_end_is_asked_about),
        TEST(observed_event_leaves_before_the_source_is_asked),
        TEST(observed_event_is_recorded_as_the_source_says),
        TEST(text_with_granted_people_leaves),
        TEST(text_with_an_ungranted_person_closes_the_socket),
        TEST(client_is_heard_while_the_source_is_asked),
        TEST(take_down_closes_a_socket_that_waits_for_the_source),
        TEST(observed_text_leaves_once_and_is_recorded),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
