/* Pages that rightly show other people: whom the requester may see is asked before a byte
 * leaves, and whatever happens to the source in between, nobody is shown by mistake. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>
#include <zlib.h>

#include "support/flow_world.h"
#include "support/test.h"

#define SCHEMA                                                                           \
    "CREATE TABLE partners(user_id TEXT, member_id TEXT);"                               \
    "INSERT INTO partners VALUES('alice', 'p1'), ('alice', 'p2');"

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;
static char folder[64];
static char path[128];
static char name[] = "partners";
static char query[] = "SELECT member_id FROM partners WHERE user_id = :requester";
static char endless[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE :requester <> "
    "'') SELECT i FROM n WHERE i < 0";

static char slow[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250000) "
    "SELECT member_id FROM partners WHERE user_id = :requester AND "
    "(SELECT count(*) FROM n) > 0";

static void make_database(const char *file, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/flow-grants-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/matching.db", folder);
    make_database(path, SCHEMA);
    flow_init(&world);
    world.grant = (struct grant_settings){.name = name,
                                          .sqlite = path,
                                          .query = query,
                                          .cache_ms = 30000,
                                          .deadline_ms = 5000};
    return 0;
}

static void start(void)
{
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, "alice-session-token", "alice");
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_close(&world);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a path of our own.
    return 0;
}

/* A page with these members, joined by blanks, as the upstream's next answer. */
static void say_members(const char *members)
{
    char body[4096] = "<select>";
    char page[8192];
    struct span rest = span_of(members);
    struct span member;

    while (span_next(&rest, ' ', &member)) {
        size_t len = strlen(body);
        (void)snprintf(body + len, sizeof(body) - len,
                       "<option data-member-id=\"%.*s\">Name of %.*s</option>",
                       SPAN_ARGS(member), SPAN_ARGS(member));
    }
    (void)snprintf(page, sizeof(page),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"a\"\r\n"
                   "Content-Length: %zu\r\n\r\n%s</select>",
                   strlen(body) + strlen("</select>"), body);
    flow_say(&world, &upstream, page);
}

static void ask_page(const char *target)
{
    flow_get(&world, &client, target, "alice-session-token");
    if (upstream.fd < 0 || flow_knocks(&world)) {
        flow_hang_up(&upstream);
        flow_accept(&world, &upstream);
    }
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
}

static unsigned get_members(const char *target, const char *members)
{
    struct flow_answer answer;

    ask_page(target);
    say_members(members);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    return answer.status;
}

static bool reports_down(void)
{
    return feature_table_down(&world.features, UINT64_C(1) << world.feature[1].slot) != 0;
}

static void granted_people_are_released_and_remembered(void **state)
{
    (void)state;
    start();
    assert_int_equal(get_members("/reports/1", "p1 p2"), 200);
    assert_true(flow_has(&client, "Name of p1"));
    flow_forget(&client);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(get_members("/reports/1", "p2 p1"), 200);
    assert_int_equal(world.journal.count, 0);
}

static void ungranted_person_withholds_the_page_and_takes_its_feature_down(void **state)
{
    (void)state;
    start();
    assert_int_equal(get_members("/reports/1", "p1 m7 m8 p2 m9"), 502);
    assert_false(flow_has(&client, "Name of"));
    assert_true(reports_down());
    assert_false(flow_login_down(&world));
    assert_int_equal(world.journal.count, 1);
    const struct journal_entry *entry = world.journal.last;
    assert_int_equal(entry->kind, JOURNAL_DISPLAY);
    assert_int_equal(entry->outcome, JOURNAL_WITHHELD);
    assert_int_equal(entry->detector, DETECTOR_GRANTED_MARKER);
    assert_string_equal(entry->reason, "ungranted");
    assert_string_equal(entry->marker_class, "member");
    assert_true(entry->strong);
    assert_true(span_equal(user_span(&entry->viewer), SPAN("alice")));
    assert_true(span_equal(user_span(&entry->subject), SPAN("m7")));
    assert_int_equal(entry->more_count, 2);
    assert_true(span_equal(entry->more[0].value, SPAN("m8")));
    assert_true(span_equal(entry->more[1].value, SPAN("m9")));
    assert_true(span_equal(entry->more[1].marker_class, SPAN("member")));
    assert_int_equal(entry->took_down_mask, UINT64_C(1) << world.feature[1].slot);
    assert_int_equal(entry->feature_mask, UINT64_C(1) << world.feature[1].slot);
    flow_forget(&client);
    flow_get(&world, &client, "/mypage/top", "alice-session-token");
    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "alice", "login is up");
    assert_true(flow_hear(&world, &client, "login is up"));
}

static void without_a_feature_of_its_own_nothing_goes_down(void **state)
{
    (void)state;
    start();
    assert_int_equal(get_members("/mypage/list", "m7"), 502);
    assert_false(flow_login_down(&world));
    assert_int_equal(world.journal.last->took_down_mask, 0);
    assert_int_equal(world.journal.last->feature_mask, 0);
    assert_int_equal(world.journal.last->kind, JOURNAL_DISPLAY);
}

static void no_is_never_taken_from_memory(void **state)
{
    (void)state;
    start();
    assert_int_equal(get_members("/mypage/list", "m7"), 502);
    flow_forget(&client);
    make_database(path, "INSERT INTO partners VALUES('alice', 'm7')");
    assert_int_equal(get_members("/mypage/list", "m7"), 200);
}

static void replaced_file_is_what_counts(void **state)
{
    char copy[160];

    (void)state;
    world.grant.cache_ms = 0;
    start();
    assert_int_equal(get_members("/mypage/list", "p1"), 200);
    flow_forget(&client);
    (void)snprintf(copy, sizeof(copy), "%s.new", path);
    make_database(copy, "CREATE TABLE partners(user_id TEXT, member_id TEXT);");
    assert_int_equal(rename(copy, path), 0);
    assert_int_equal(get_members("/mypage/list", "p1"), 502);
    assert_int_equal(world.journal.last->kind, JOURNAL_DISPLAY);
}

static void source_that_is_gone_refuses_and_is_no_case(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    start();
    assert_int_equal(get_members("/reports/1", "p1"), 502);
    assert_false(reports_down());
    assert_int_equal(world.journal.displays, 0);
    assert_int_equal(world.journal.last->kind, JOURNAL_EVENT);
    assert_string_equal(world.journal.last->reason, "grants-failed");
}

static void source_that_is_late_refuses_and_is_no_case(void **state)
{
    (void)state;
    world.grant.query = endless;
    world.grant.deadline_ms = 100;
    start();
    assert_int_equal(get_members("/reports/1", "p1"), 502);
    assert_false(reports_down());
    assert_string_equal(world.journal.last->reason, "grants-failed");
}

static void nothing_leaves_while_the_source_is_asked(void **state)
{
    (void)state;
    world.grant.query = endless;
    start();
    ask_page("/mypage/list");
    say_members("p1");
    flow_wait(&world, 50);
    flow_listen(&client);
    assert_int_equal(client.len, 0);
}

static void take_down_during_the_wait_withholds_what_is_granted(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.grant.query = slow;
    start();
    ask_page("/reports/1");
    say_members("p1");
    flow_turn(&world);
    flow_turn(&world);
    (void)feature_table_take_down(&world.features, UINT64_C(1) << world.feature[1].slot);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_false(flow_has(&client, "Name of"));
}

static void client_that_goes_away_during_the_wait_takes_nobody_with_it(void **state)
{
    (void)state;
    world.grant.query = endless;
    start();
    ask_page("/mypage/list");
    say_members("p1");
    flow_settle(&world);
    flow_break(&client);
    flow_settle(&world);
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
    assert_int_equal(world.journal.count, 0);
}

static void reload_during_the_wait_ends_under_the_old_rule(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.grant.query = endless;
    world.grant.deadline_ms = 300;
    start();
    ask_page("/mypage/list");
    say_members("p1");
    flow_settle(&world);
    assert_true(relay_use(world.relay, world.site));
    flow_settle(&world);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "Name of"));
}

static void young_no_refuses_and_takes_nothing_down(void **state)
{
    (void)state;
    world.grant.lag_ms = 60000;
    start();
    assert_int_equal(get_members("/reports/1", "m7"), 502);
    assert_false(reports_down());
    assert_int_equal(world.journal.displays, 1);
    assert_false(world.journal.last->strong);
}

static void wait_for_display(void)
{
    for (int i = 0; i < 500 && world.journal.displays == 0; i++) {
        flow_wait(&world, 20);
    }
    assert_int_equal(world.journal.displays, 1);
}

static void observing_route_delivers_and_records_everyone(void **state)
{
    (void)state;
    start();
    assert_int_equal(get_members("/observe/list", "p1 m7 m8"), 200);
    assert_true(flow_has(&client, "Name of m8"));
    wait_for_display();
    assert_int_equal(world.journal.last->outcome, JOURNAL_DELIVERED);
    assert_int_equal(world.journal.last->more_count, 1);
    assert_false(reports_down());
}

static void observing_route_does_not_wait_for_the_source(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.grant.query = slow;
    start();
    ask_page("/observe/list");
    say_members("p1 m7 m8");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(flow_has(&client, "Name of m8"));
    flow_hang_up(&client); /* It has all it wanted. */
    wait_for_display();
    assert_int_equal(world.journal.last->outcome, JOURNAL_DELIVERED);
    assert_int_equal(world.journal.last->more_count, 1);
    assert_true(span_equal(user_span(&world.journal.last->subject), SPAN("m7")));
}

static void foreign_owner_does_not_wait_for_the_source(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.grant.query = endless;
    world.grant.deadline_ms = 60000;
    start();
    ask_page("/mypage/list");
    flow_page(&world, &upstream, "bob", "<p data-member-id=p1>Name of p1");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_true(flow_login_down(&world));
    assert_int_equal(world.journal.last->detector, DETECTOR_OWNER_MARKER);
}

static void stream_is_cut_at_the_first_person_without_a_grant(void **state)
{
    static char filler[FLOW_HOLD_MAX];

    (void)state;
    memset(filler, 'x', sizeof(filler));
    start();
    ask_page("/stream/list");
    flow_say(
        &world, &upstream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900000\r\n\r\n"
        "<p data-member-id=p1>Name of p1</p>");
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (uint8_t *)filler, .len = sizeof(filler)});
    assert_true(flow_hear(&world, &client, "Name of p1"));
    flow_say(&world, &upstream, "<p data-member-id=p2>Name of p2</p>");
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (uint8_t *)filler, .len = sizeof(filler)});
    assert_true(flow_hear(&world, &client, "Name of p2"));
    flow_say(&world, &upstream, "<p data-member-id=m7>Name of m7</p>");
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (uint8_t *)filler, .len = sizeof(filler)});
    assert_true(flow_hear_end(&world, &client));
    assert_false(flow_has(&client, "Name of m7"));
    assert_int_equal(world.journal.last->outcome, JOURNAL_CUT);
}

static void large_page_of_an_ungranted_person_never_begins(void **state)
{
    static char filler[2 * FLOW_HOLD_MAX];
    struct flow_answer answer;

    (void)state;
    memset(filler, 'x', sizeof(filler));
    start();
    ask_page("/stream/list");
    flow_say(
        &world, &upstream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900000\r\n\r\n"
        "<p data-member-id=m7>Name of m7</p>");
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (uint8_t *)filler, .len = sizeof(filler)});
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "Name of"));
}

static void start_redacting(void)
{
    world.redact = true;
    start();
    world.relay->plan->policies[world.feature[1].slot].cases = 1000;
    world.relay->plan->policies[world.feature[1].slot].weak_cases = 0;
}

static void ungranted_people_are_taken_out_and_the_rest_is_sent(void **state)
{
    struct flow_answer answer;

    (void)state;
    start_redacting();
    ask_page("/reports/1");
    say_members("p1 m7 p2 m8");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(answer.whole);
    assert_true(span_equal(
        answer.body, SPAN("<select><option data-member-id=\"p1\">Name of p1</option>"
                          "<option data-member-id=\"p2\">Name of p2</option></select>")));
    assert_false(flow_has(&client, "m7"));
    assert_false(flow_has(&client, "ETag"));
    assert_true(flow_has(&client, "Cache-Control: private, no-store"));
    assert_int_equal(answer.wire_len, client.len);
    assert_int_equal(world.journal.last->kind, JOURNAL_DISPLAY);
    assert_int_equal(world.journal.last->outcome, JOURNAL_WITHHELD);
    assert_int_equal(world.journal.last->more_count, 1);
    assert_false(reports_down());
    flow_forget(&client);
    assert_int_equal(get_members("/reports/1", "p1"), 200);
    assert_int_equal(world.journal.count, 1);
}

static void redacted_page_waits_for_the_disk(void **state)
{
    (void)state;
    start_redacting();
    world.site->ledger_deadline_ms = 10000;
    world.journal.disk = FLOW_DISK_LATE;
    ask_page("/reports/1");
    say_members("p1 m7");
    flow_await_ticket(&world);
    flow_settle(&world);
    flow_listen(&client);
    assert_int_equal(client.len, 0);
    flow_commit(&world, true);
    assert_true(flow_hear(&world, &client, "Name of p1"));
    flow_forget(&client);
    ask_page("/reports/1");
    say_members("p1 m7");
    flow_await_ticket(&world);
    flow_commit(&world, false);
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 0);
    assert_int_equal(flow_ended(&world, "refused-silent"), 1);
}

static void redaction_that_takes_its_feature_down_sends_no_page(void **state)
{
    (void)state;
    world.redact = true;
    start();
    assert_int_equal(get_members("/reports/1", "p1 m7"), 503);
    assert_true(reports_down());
    assert_false(flow_has(&client, "Name of"));
}

/* A gzip member of `text`. */
static size_t pack(const char *text, uint8_t *packed, size_t capacity)
{
    z_stream stream = {0};
    char copy[1024];

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    (void)snprintf(copy, sizeof(copy), "%s", text);
    stream.next_in = (Bytef *)copy;
    stream.avail_in = (uInt)strlen(copy);
    stream.next_out = packed;
    stream.avail_out = (uInt)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return len;
}

static void coded_page_goes_out_decoded(void **state)
{
    struct flow_answer answer;
    uint8_t packed[512];
    char head[200];
    size_t len = pack("<ul><li data-member-id=p1>A</li><li data-member-id=m7>B</li></ul>",
                      packed, sizeof(packed));

    (void)state;
    start_redacting();
    ask_page("/reports/1");
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                   "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                   len);
    flow_say(&world, &upstream, head);
    flow_say_bytes(&world, &upstream, (struct span){.ptr = packed, .len = len});
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(span_equal(answer.body, SPAN("<ul><li data-member-id=p1>A</li></ul>")));
    assert_false(flow_has(&client, "Content-Encoding"));
    assert_true(flow_has(&client, "Content-Length: 37\r\n"));
}

static void chunked_json_loses_the_element_and_its_comma(void **state)
{
    struct flow_answer answer;

    (void)state;
    start_redacting();
    ask_page("/reports/1");
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
             "Transfer-Encoding: chunked\r\n\r\n"
             "14\r\n{\"members\":[{\"id\":\"m\r\n");
    flow_settle(&world);
    flow_say(&world, &upstream, "11\r\n7\"},{\"id\":\"p1\"}]}\r\n0\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(span_equal(answer.body, SPAN("{\"members\":[{\"id\":\"p1\"}]}")));
}

static void page_that_cannot_be_redacted_is_refused(void **state)
{
    static const char *const BODIES[] = {
        "<p data-member-id=m7>x</p><ul><li data-member-id=m7>x</li></ul>",
        "<ul><li data-member-id=m7>x",
    };

    (void)state;
    start_redacting();
    for (size_t i = 0; i < 2; i++) {
        char page[512];
        struct flow_answer answer;
        ask_page("/mypage/list");
        (void)snprintf(page, sizeof(page),
                       "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       strlen(BODIES[i]), BODIES[i]);
        flow_say(&world, &upstream, page);
        assert_true(flow_hear_answer(&world, &client, false, &answer));
        assert_int_equal(answer.status, 502);
        assert_false(flow_has(&client, "m7"));
        flow_forget(&client);
    }
}

static void failing_source_refuses_instead_of_redacting(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    start_redacting();
    assert_int_equal(get_members("/reports/1", "p1 m7"), 502);
    assert_false(flow_has(&client, "Name of"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(granted_people_are_released_and_remembered),
        TEST(ungranted_person_withholds_the_page_and_takes_its_feature_down),
        TEST(without_a_feature_of_its_own_nothing_goes_down),
        TEST(no_is_never_taken_from_memory),
        TEST(replaced_file_is_what_counts),
        TEST(source_that_is_gone_refuses_and_is_no_case),
        TEST(source_that_is_late_refuses_and_is_no_case),
        TEST(nothing_leaves_while_the_source_is_asked),
        TEST(take_down_during_the_wait_withholds_what_is_granted),
        TEST(client_that_goes_away_during_the_wait_takes_nobody_with_it),
        TEST(reload_during_the_wait_ends_under_the_old_rule),
        TEST(young_no_refuses_and_takes_nothing_down),
        TEST(observing_route_delivers_and_records_everyone),
        TEST(observing_route_does_not_wait_for_the_source),
        TEST(foreign_owner_does_not_wait_for_the_source),
        TEST(stream_is_cut_at_the_first_person_without_a_grant),
        TEST(large_page_of_an_ungranted_person_never_begins),
        TEST(ungranted_people_are_taken_out_and_the_rest_is_sent),
        TEST(redacted_page_waits_for_the_disk),
        TEST(redaction_that_takes_its_feature_down_sends_no_page),
        TEST(coded_page_goes_out_decoded),
        TEST(chunked_json_loses_the_element_and_its_comma),
        TEST(page_that_cannot_be_redacted_is_refused),
        TEST(failing_source_refuses_instead_of_redacting),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
