/* A request that began before a reload keeps the old plan until it ends, even if it ends
 * while the plan's own pool looks after those who wait. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/resolve.h"
#include "support/flow_world.h"
#include "support/test.h"

enum { QUESTIONS_MAX = 8 };

/* The linker puts these in the place of the resolver (--wrap). */
struct resolve *ask(struct loop *loop, const char *host, uint16_t port,
                    resolve_fn *on_resolved, void *owner) __asm__("__wrap_resolve_new");
void forget(struct resolve **self_p) __asm__("__wrap_resolve_free");

struct resolve {
    resolve_fn *on_resolved;
    void *owner;
};

static struct flow_world world;
static struct flow_peer client;
static struct server servers[2];
static struct resolve questions[QUESTIONS_MAX];
static size_t question_count;
static int closed_fd; /* A port that nobody listens to. */

struct resolve *ask(struct loop *loop, const char *host, uint16_t port,
                    resolve_fn *on_resolved, void *owner)
{
    struct resolve *question = &questions[question_count++];

    (void)loop;
    (void)host;
    (void)port;
    assert_true(question_count <= QUESTIONS_MAX);
    *question = (struct resolve){.on_resolved = on_resolved, .owner = owner};
    return question;
}

void forget(struct resolve **self_p)
{
    *self_p = NULL;
}

/* No such name. */
static void answer(size_t index)
{
    questions[index].on_resolved(questions[index].owner, ERR_RESOLVE, NULL, 0);
}

static void name(struct server *server, const char *host, uint16_t port)
{
    static char hosts[2][32];
    char *copy = hosts[server - servers];

    (void)snprintf(copy, sizeof(hosts[0]), "%s", host);
    *server = (struct server){.host = copy, .port = port, .text = copy};
}

static int set_up(void **state)
{
    struct sockaddr_in address = flow_loopback(1, 0);

    (void)state;
    question_count = 0;
    closed_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(closed_fd >= 0);
    assert_int_equal(bind(closed_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    flow_init(&world);
    world.upstream.servers = servers;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_hang_up(&client);
    flow_close(&world);
    assert_int_equal(atomic_load(&servers[0].connections), 0);
    assert_int_equal(atomic_load(&servers[1].connections), 0);
    (void)close(closed_fd);
    return 0;
}

static size_t plan_count(void)
{
    size_t count = 0;

    for (struct list_link *link = list_first(&world.relay->plans);
         link != NULL && link != &world.relay->plans.head; link = link->next) {
        count++;
    }
    return count;
}

static void a_name_that_is_not_found_after_a_reload_ends_who_waited(void **state)
{
    (void)state;
    name(&servers[0], "site.test", 80);
    flow_start(&world);
    flow_client(&world, &client);
    flow_get(&world, &client, "/public", NULL);
    flow_settle(&world);
    assert_true(relay_use(world.relay, world.site));
    assert_int_equal(plan_count(), 2);
    answer(0);
    assert_int_equal(plan_count(), 1);
    assert_true(flow_hear(&world, &client, " 502 "));
    assert_int_equal(flow_ended(&world, "upstream-name"), 1);
}

static void a_connection_that_fails_after_a_reload_ends_who_waited(void **state)
{
    (void)state;
    world.upstream.server_count = 2;
    name(&servers[0], "127.0.0.1", flow_port_of(closed_fd));
    name(&servers[1], "site.test", 80);
    flow_start(&world);
    answer(0);
    flow_client(&world, &client);
    flow_say(&world, &client,
             "POST /login HTTP/1.1\r\nHost: site\r\nContent-Length: 8\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n\r\n");
    flow_settle(&world);
    assert_true(relay_use(world.relay, world.site));
    assert_int_equal(plan_count(), 2);
    flow_say(&world, &client, "user=bob");
    assert_true(flow_hear(&world, &client, " 502 "));
    assert_int_equal(plan_count(), 1);
    assert_int_equal(flow_ended(&world, "upstream-name"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_name_that_is_not_found_after_a_reload_ends_who_waited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_connection_that_fails_after_a_reload_ends_who_waited, set_up, tear_down),
    };
    return RUN_TESTS(tests);
}
