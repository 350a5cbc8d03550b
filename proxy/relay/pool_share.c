/* Room at a server, whose connections are counted over all workers (pool_state.h). Who
 * finds none says for how many requests; with their next tick the others close so many
 * that are idle, or else give up the next one that comes back. They leave that room alone
 * until the tick after it, by which time it has been taken. */
#include "base/check.h"
#include "relay/pool_state.h"

enum {
    WANTED_MAX = 16, /* Connections that a worker asks for at a time. */
};

static unsigned count_waiting(const struct pool *self)
{
    unsigned count = 0;

    for (const struct list_link *link = self->waiting.head.next;
         link != &self->waiting.head && count < WANTED_MAX; link = link->next) {
        count++;
    }
    return count;
}

void pool_want(struct pool *self, struct pool_server *server)
{
    unsigned count = server != NULL ? count_waiting(self) : 0;

    if (self->wanted_from == server && self->wanted == count) {
        return;
    }
    if (self->wanted_from != NULL) {
        (void)atomic_fetch_sub_explicit(&self->wanted_from->server->wanted, self->wanted,
                                        memory_order_relaxed);
    }
    if (server != NULL) {
        (void)atomic_fetch_add_explicit(&server->server->wanted, count,
                                        memory_order_relaxed);
    }
    self->wanted_from = server;
    self->wanted = count;
}

static unsigned wanted_by_others(const struct pool_server *server)
{
    const struct pool *self = server->pool;
    unsigned own = self->wanted_from == server ? self->wanted : 0;

    return atomic_load_explicit(&server->server->wanted, memory_order_relaxed) - own;
}

/* Closes the connection that is idle longest. False: none is. */
static bool close_longest(struct pool_server *server)
{
    struct list_link *link = list_first(&server->idle);

    if (link == NULL) {
        return false;
    }
    struct upstream *longest = LIST_ENTRY(link, struct upstream, link);
    pool_take_from_idle(longest);
    pool_destroy(&longest);
    return true;
}

bool pool_make_room(struct pool_server *server)
{
    unsigned count =
        atomic_load_explicit(&server->server->connections, memory_order_relaxed);

    return count + server->given < server->pool->settings->connections_max ||
           close_longest(server);
}

void pool_give_idle(struct pool_server *server)
{
    unsigned workers = server->pool->relay->shared->worker_count;
    unsigned others = workers > 1 ? workers - 1 : 1;
    unsigned share = (wanted_by_others(server) + others - 1) / others;

    server->given = 0;
    while (server->given < share && close_longest(server)) {
        server->given++;
    }
}

bool pool_give_back(struct pool_server *server)
{
    if (server->given > 0 || wanted_by_others(server) == 0) {
        return false;
    }
    server->given = 1;
    return true;
}
