/* A client of HTTP/2 that is gone ends its exchange at once, in whatever state it is: a
 * broken connection takes all of its streams with it, and none may be left. */
#include <unistd.h>

#include <sqlite3.h>

#include "relay/client_h2_state.h" /* To know that a state was reached. */

#include "flow/h2_case.h"

#define EVENTS  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define EVENT   "data: {\"members\":[{\"id\":\"m7\"}]}\n\n"
#define MEMBERS "<p data-member-id=m7>Name</p>"
#define LOGIN                                                                            \
    ":method: POST\n:scheme: http\n:authority: site\n:path: /login\n"                    \
    "content-type: application/x-www-form-urlencoded\n"

enum { LARGE = 60000 }; /* Of two such pages the second does not fit the window. */

static struct flow_peer other; /* A client of HTTP/1. */
static struct flow_peer idle;
static char folder[64];
static char path[128];
static char name[] = "partners";
static char endless[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE :requester <> "
    "'') SELECT i FROM n WHERE i < 0";

static const char *const SID = "alice-session-token";

static void make_database(void)
{
    sqlite3 *db = NULL;

    (void)snprintf(folder, sizeof(folder), "/tmp/flow-gone-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/matching.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "CREATE TABLE partners(user_id TEXT)", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The grant source never answers, nor does the disk. */
static int begin(void **state)
{
    (void)state;
    make_database();
    flow_init(&world);
    flow_allow_h2(&world);
    world.regex = "json:/user";
    world.site->ledger_deadline_ms = 600000;
    world.grant = (struct grant_settings){.name = name,
                                          .sqlite = path,
                                          .query = endless,
                                          .cache_ms = 30000,
                                          .deadline_ms = 600000};
    flow_start(&world);
    flow_client(&world, &other);
    flow_bind(&world, &other, &idle, SID, "alice");
    flow_hang_up(&idle);
    flow_settle(&world);
    world.journal.disk = FLOW_DISK_LATE;
    client = (struct flow_h2){.peer = {.fd = -1}};
    upstream = (struct flow_peer){.fd = -1};
    second = (struct flow_peer){.fd = -1};
    return 0;
}

static int finish(void **state)
{
    flow_hang_up(&other);
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

/* ---- the states ---- */

static int32_t ask(const char *target, const char *sid)
{
    flow_h2_open(&world, &client);
    return get(target, sid);
}

static int32_t answered(const char *target, const char *sid, const char *answer)
{
    int32_t id = ask(target, sid);

    reach(&upstream);
    flow_say(&world, &upstream, answer);
    flow_h2_turn(&world, &client);
    return id;
}

static int32_t in_login(void)
{
    flow_h2_open(&world, &client);
    int32_t id = h2_client_begin(&client.client, LOGIN);
    flow_h2_turn(&world, &client);
    return id;
}

static int32_t in_acquire(void)
{
    world.upstream.connections_max = 1;
    flow_get(&world, &other, "/a", NULL);
    reach(&second);
    return ask("/b", NULL);
}

static int32_t in_ask(void)
{
    int32_t id = ask("/a", NULL);

    reach(&upstream);
    return id;
}

static int32_t in_hold(void)
{
    return answered("/a", NULL, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
}

static const char *members_page(void)
{
    static char page[512];

    (void)snprintf(page, sizeof(page),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                   "Content-Length: %zu\r\n\r\n" MEMBERS,
                   strlen(MEMBERS));
    return page;
}

static int32_t in_grants(void)
{
    return answered("/reports/1", SID, members_page());
}

static int32_t in_observed_grants(void)
{
    return answered("/observe/list", SID, members_page());
}

static int32_t in_event_grants(void)
{
    return answered("/reports/live", SID, EVENTS EVENT);
}

static int32_t in_observed_event_grants(void)
{
    int32_t id = answered("/observe/live", SID, EVENTS);

    flow_say(&world, &upstream, EVENT);
    flow_h2_turn(&world, &client);
    return id;
}

static int32_t in_commit(void)
{
    int32_t id = ask("/mypage/top", SID);

    reach(&upstream);
    flow_page(&world, &upstream, "bob", "secret");
    flow_h2_turn(&world, &client);
    return id;
}

static int32_t in_settle(void)
{
    flow_get(&world, &other, "/mypage/top", SID);
    reach(&second);
    flow_page(&world, &second, "bob", "secret");
    flow_await_ticket(&world);
    return ask("/mypage/top", SID);
}

static int32_t in_stream(void)
{
    static char text[2 * FLOW_HOLD_MAX];

    memset(text, 'x', sizeof(text) - 1);
    int32_t id =
        answered("/stream/a", NULL, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    flow_say(&world, &upstream, text);
    flow_h2_turn(&world, &client);
    return id;
}

static int32_t in_observed_stream(void)
{
    return answered("/observe/a", SID,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                    "Content-Length: 99\r\n\r\n<meta name=user-marker content=bob>");
}

static int32_t in_events_without_a_head(void)
{
    return answered("/mypage/strict/live", SID, EVENTS);
}

static int32_t in_idle_events(void)
{
    return answered("/stream/live", SID, EVENTS "data: 1\n\n");
}

static int32_t in_reply(void)
{
    static char page[LARGE + 128];
    int len = snprintf(page, sizeof(page),
                       "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE);

    memset(page + len, 'x', LARGE);
    flow_h2_open_slow(&world, &client);
    (void)get("/a", NULL);
    reach(&upstream);
    flow_say(&world, &upstream, page);
    flow_h2_turn(&world, &client);
    flow_forget(&upstream);
    int32_t id = get("/a", NULL);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, page);
    flow_h2_turn(&world, &client);
    return id;
}

struct place {
    const char *state;
    int32_t (*reach)(void); /* The stream. */
    const char *ending;
    unsigned records;
};

/* ---- the ways to go ---- */

/* The only exchange of the HTTP/2 connection; NULL: it has none. */
static const struct exchange *under_way(void)
{
    struct list_link *link = list_first(&world.relay->clients);

    while (link != NULL && link != &world.relay->clients.head) {
        const struct client_h2 *connection = client_of_link(link)->h2;
        if (connection != NULL && connection->stream_count > 0) {
            link = list_first(&connection->streams);
            return LIST_ENTRY(link, struct h2_caller, link)->caller.exchange;
        }
        link = link->next;
    }
    return NULL;
}

static int32_t arrive(const struct place *place)
{
    int32_t id = place->reach();
    const struct exchange *exchange = under_way();

    assert_non_null(exchange);
    assert_string_equal(exchange_state_name(exchange), place->state);
    return id;
}

static void is_over(const struct place *place)
{
    assert_null(under_way());
    assert_int_equal(flow_ended(&world, place->ending), 1);
    assert_int_equal(world.journal.count, place->records);
}

static void reset_stream_ends_its_exchange(void **state)
{
    const struct place *place = *state;
    int32_t id = arrive(place);

    h2_client_reset(&client.client, id, CANCEL);
    flow_h2_turn(&world, &client);
    is_over(place);
}

static void broken_connection_ends_its_exchange(void **state)
{
    const struct place *place = *state;

    (void)arrive(place);
    flow_break(&client.peer);
    flow_wait(&world, 20);
    is_over(place);
}

static void aborted_relay_ends_its_exchanges(void **state)
{
    const struct place *place = *state;

    (void)arrive(place);
    relay_abort(world.relay);
    assert_true(relay_is_empty(world.relay));
    assert_true(flow_ended(&world, place->ending) > 0);
}

/* Name, state, how it is reached, the ending's word, entries in the journal. */
#define PLACES(X)                                                                        \
    X(login, "login", in_login, "client-gone", 0)                                        \
    X(acquire, "acquire", in_acquire, "client-gone", 0)                                  \
    X(ask, "ask", in_ask, "client-gone", 0)                                              \
    X(hold, "hold", in_hold, "client-gone", 0)                                           \
    X(grants, "grants", in_grants, "client-gone", 0)                                     \
    X(observed_grants, "grants", in_observed_grants, "client-gone", 1)                   \
    X(event_grants, "grants", in_event_grants, "client-gone", 0)                         \
    X(observed_event_grants, "grants", in_observed_event_grants, "client-gone", 1)       \
    X(commit, "commit", in_commit, "refused-silent", 1)                                  \
    X(settle, "settle", in_settle, "client-gone", 1)                                     \
    X(stream, "stream", in_stream, "client-gone", 0)                                     \
    X(observed_stream, "stream", in_observed_stream, "client-gone", 1)                   \
    X(events_without_a_head, "events", in_events_without_a_head, "client-gone", 0)       \
    X(idle_events, "events", in_idle_events, "client-gone", 0)                           \
    X(reply, "reply", in_reply, "client-gone", 0)

#define PLACE(id, state, reach, ending, records)                                         \
    static struct place place_##id = {state, reach, ending, records};
PLACES(PLACE)

#define TESTS(id, state, reach, ending, records)                                         \
    {"reset_stream_ends_its_exchange_in_" #id, reset_stream_ends_its_exchange, begin,    \
     finish, &place_##id},                                                               \
        {"broken_connection_ends_its_exchange_in_" #id,                                  \
         broken_connection_ends_its_exchange, begin, finish, &place_##id},               \
        {"aborted_relay_ends_its_exchange_in_" #id, aborted_relay_ends_its_exchanges,    \
         begin, finish, &place_##id},

int main(void)
{
    const struct CMUnitTest tests[] = {PLACES(TESTS)};
    return RUN_TESTS(tests);
}
