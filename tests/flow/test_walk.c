/* Random talks over a correct and a wrong site: splits, aborts, orders, disks. Never a
 * crash, never a byte of another user's page, every exchange ends with a name, everything
 * comes back. The seed is fixed; WALK_SEED and WALK_ROUNDS take others. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "support/flow_world.h"
#include "support/test.h"

enum {
    USERS = 4,
    CLIENTS = 6,
    UPSTREAMS_MAX = 64,
    ROUNDS = 20000,
    PAGE_MAX = 200000,
    QUEUE_MAX = 262144,
};

static const char *const NAMES[USERS] = {"alice", "bob", "carol", "dave"};

/* A client of one user, who must never read another user's secret. */
struct visitor {
    struct flow_peer peer;
    unsigned user; /* USERS: anonymous. */
    bool open;
};

/* The site's end of a connection, with what it has yet to say. */
struct server_end {
    struct flow_peer peer;
    bool open;
    char *queue;
    size_t queue_len;
};

static struct flow_world world;
static struct visitor visitors[CLIENTS];
static struct server_end servers[UPSTREAMS_MAX];
static uint32_t seed;
static unsigned wrong_per_mille;

static uint32_t random_below(uint32_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % bound;
}

static unsigned number_of(const char *name, unsigned otherwise)
{
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread. */
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* No other user's secret is in what the visitor has read. */
static void look(struct visitor *visitor)
{
    flow_listen(&visitor->peer);
    for (unsigned i = 0; i < USERS; i++) {
        char secret[32];
        (void)snprintf(secret, sizeof(secret), "secret-of-%s", NAMES[i]);
        assert_true(i == visitor->user || !flow_has(&visitor->peer, secret));
    }
    if (visitor->peer.len > 600000) {
        flow_forget(&visitor->peer);
    }
}

static void leave(struct visitor *visitor)
{
    look(visitor);
    if (random_below(2) == 0) {
        flow_break(&visitor->peer);
    } else {
        flow_hang_up(&visitor->peer);
    }
    visitor->open = false;
}

static void arrive(struct visitor *visitor)
{
    if (random_below(4) == 0) {
        flow_slow_client(&world, &visitor->peer);
    } else {
        flow_client_from(&world, &visitor->peer, 1 + random_below(200));
    }
    visitor->user = random_below(USERS + 1);
    visitor->open = true;
}

/* Says a request or a part of one. */
static void ask(struct visitor *visitor)
{
    static const char *const paths[] = {"/mypage/top", "/mypage/strict/a", "/stream/a",
                                        "/public",     "/reports/1",       "/form"};
    char cookie[64] = "";
    char text[512];

    if (visitor->user < USERS) {
        (void)snprintf(cookie, sizeof(cookie), "Cookie: sid=session-token-of-%s\r\n",
                       NAMES[visitor->user]);
    }
    switch (random_below(8)) {
    case 0:
        (void)snprintf(text, sizeof(text),
                       "POST /form HTTP/1.1\r\nHost: site\r\n%sContent-Length: 5\r\n\r\n"
                       "hello",
                       cookie);
        break;
    case 1:
        (void)snprintf(text, sizeof(text),
                       "POST /form HTTP/1.1\r\nHost: site\r\n%s"
                       "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                       cookie);
        break;
    case 2:
        (void)snprintf(text, sizeof(text), "GET /public HTTP/1.0\r\n%s\r\n", cookie);
        break;
    default:
        (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: site\r\n%s\r\n",
                       paths[random_below(6)], cookie);
    }
    size_t len = strlen(text);
    size_t cut = random_below(4) == 0 ? random_below((uint32_t)len) : len;
    struct span bytes = {.ptr = (const uint8_t *)text, .len = len};
    (void)send(visitor->peer.fd, bytes.ptr, cut, MSG_NOSIGNAL);
    flow_turn(&world);
    if (cut < len && random_below(10) > 0) {
        (void)send(visitor->peer.fd, bytes.ptr + cut, len - cut, MSG_NOSIGNAL);
    }
}

static struct server_end *free_server(void)
{
    for (int i = 0; i < UPSTREAMS_MAX; i++) {
        if (!servers[i].open) {
            return &servers[i];
        }
    }
    return NULL;
}

static void close_server(struct server_end *server)
{
    if (random_below(3) == 0) {
        flow_break(&server->peer);
    } else {
        flow_hang_up(&server->peer);
    }
    free(server->queue);
    *server = (struct server_end){0};
}

static void put(struct server_end *server, const char *text, size_t len)
{
    if (server->queue_len + len <= QUEUE_MAX) {
        memcpy(server->queue + server->queue_len, text, len);
        server->queue_len += len;
    }
}

/* Queues the page of the user whose token the request carries; sometimes another's. */
static void answer(struct server_end *server)
{
    static char page[PAGE_MAX];
    char head[256];
    unsigned user = USERS;
    size_t len =
        random_below(12) == 0 ? random_below(PAGE_MAX - 300) : random_below(3000);

    for (unsigned i = 0; i < USERS; i++) {
        char token[64];
        (void)snprintf(token, sizeof(token), "session-token-of-%s", NAMES[i]);
        user = flow_has(&server->peer, token) ? i : user;
    }
    if (random_below(1000) < wrong_per_mille) {
        user = random_below(USERS);
    }
    memset(page, 'x', len);
    if (user < USERS) {
        len += (size_t)snprintf(page + len, 128,
                                "<meta name=\"user-marker\" content=\"%s\">secret-of-%s",
                                NAMES[user], NAMES[user]);
    }
    bool chunked = random_below(2) == 0;
    (void)snprintf(head, sizeof(head),
                   chunked ? "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n%zx\r\n"
                           : "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                             "Content-Length: %zu\r\n\r\n",
                   len);
    put(server, head, strlen(head));
    put(server, page, len);
    if (chunked) {
        put(server, "\r\n0\r\n\r\n", 7);
    }
}

/* Says some of what waits, or hears what is asked. */
static void serve(struct server_end *server)
{
    flow_listen(&server->peer);
    if (server->peer.ended || server->peer.broken || random_below(200) == 0) {
        close_server(server);
        return;
    }
    if (random_below(400) == 0) {
        put(server, "junk", 4);
    }
    if (server->queue_len == 0 && flow_has(&server->peer, "\r\n\r\n")) {
        answer(server);
        flow_forget(&server->peer);
    }
    if (server->queue_len > 0) {
        size_t most = random_below(3) == 0 ? 50 : 40000;
        size_t len = 1 + random_below((uint32_t)most);
        len = len < server->queue_len ? len : server->queue_len;
        ssize_t sent = send(server->peer.fd, server->queue, len, MSG_NOSIGNAL);
        if (sent > 0) {
            server->queue_len -= (size_t)sent;
            memmove(server->queue, server->queue + sent, server->queue_len);
        }
    }
}

static void let_in(void)
{
    struct server_end *server = free_server();

    if (server != NULL && flow_knocks(&world)) {
        *server = (struct server_end){.open = true, .queue = malloc(QUEUE_MAX)};
        assert_non_null(server->queue);
        flow_accept(&world, &server->peer);
    }
}

/* The operator and the disk do something now and then. */
static void change_the_world(void)
{
    static const enum flow_disk disks[] = {FLOW_DISK_AT_ONCE, FLOW_DISK_LATE,
                                           FLOW_DISK_FAILS, FLOW_DISK_FULL};

    switch (random_below(300)) {
    case 0:
    case 1:
    case 2:
    case 3:
        feature_table_set(&world.features, FEATURE_LOGIN, FEATURE_UP);
        takedown_forget(world.shared.takedown, UINT64_MAX);
        break;
    case 4:
        (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
        break;
    case 5:
        flow_commit(&world, random_below(4) > 0);
        world.journal.disk = disks[random_below(4)];
        break;
    case 6:
    case 7:
        flow_commit(&world, true);
        world.journal.disk = FLOW_DISK_AT_ONCE;
        break;
    default:
        break;
    }
}

static void step(void)
{
    struct visitor *visitor = &visitors[random_below(CLIENTS)];

    if (!visitor->open) {
        arrive(visitor);
    } else if (random_below(60) == 0 || visitor->peer.ended || visitor->peer.broken) {
        leave(visitor);
    } else if (random_below(3) == 0) {
        ask(visitor);
    } else if (random_below(2) == 0) {
        look(visitor);
    }
    let_in();
    for (int i = 0; i < UPSTREAMS_MAX; i++) {
        if (servers[i].open && random_below(3) > 0) {
            serve(&servers[i]);
        }
    }
    change_the_world();
    flow_turn(&world);
}

/* Who has a session before anything goes wrong: nobody can tell whose a first page is. */
static void bind_all(void)
{
    for (unsigned i = 0; i < USERS; i++) {
        struct flow_peer client;
        struct flow_peer upstream;
        char token[64];
        (void)snprintf(token, sizeof(token), "session-token-of-%s", NAMES[i]);
        flow_client(&world, &client);
        flow_bind(&world, &client, &upstream, token, NAMES[i]);
        flow_hang_up(&client);
        flow_hang_up(&upstream);
    }
}

static void walk(unsigned wrong)
{
    unsigned rounds = number_of("WALK_ROUNDS", ROUNDS);

    seed = number_of("WALK_SEED", 20240325);
    wrong_per_mille = wrong;
    flow_init(&world);
    world.site->ledger_deadline_ms = 40;
    world.upstream.response_timeout_ms = 300;
    world.site->limits.body_timeout_ms = 300;
    world.site->limits.header_timeout_ms = 300;
    world.upstream.connections_max = 16;
    world.routes[FLOW_OBSERVE].requirement.observe = false;
    flow_start(&world);
    bind_all();
    for (unsigned i = 0; i < rounds; i++) {
        step();
    }
    for (int i = 0; i < CLIENTS; i++) {
        if (visitors[i].open) {
            leave(&visitors[i]);
        }
    }
    for (int i = 0; i < UPSTREAMS_MAX; i++) {
        if (servers[i].open) {
            close_server(&servers[i]);
        }
    }
    assert_true(flow_ended(&world, "released") > 0);
}

static void random_talks_with_a_correct_site_withhold_nothing(void **state)
{
    (void)state;
    walk(0);
    assert_int_equal(world.journal.displays, 0);
    flow_close(&world);
}

static void random_talks_with_a_wrong_site_never_show_anothers_page(void **state)
{
    (void)state;
    walk(60);
    assert_true(world.journal.displays > 0);
    flow_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_talks_with_a_correct_site_withhold_nothing),
        cmocka_unit_test(random_talks_with_a_wrong_site_never_show_anothers_page),
    };
    return RUN_TESTS(tests);
}
