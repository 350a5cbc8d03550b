/* Requests for a connection: a kept one at once, else in the order in which they came
 * (pool_state.h). */
#include <string.h>

#include "base/check.h"
#include "relay/pool_state.h"

enum {
    RECENT_MS = 1000, /* An unsafe request trusts a connection idle for less. */
};

/* The kept connection with `key` that was used last. */
static struct upstream *find_kept(struct pool *self, const struct pool_request *request)
{
    struct list *bucket = pool_bucket(self, &request->key);
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    for (struct list_link *link = list_first(bucket);
         link != NULL && link != &bucket->head; link = link->next) {
        struct upstream *upstream = LIST_ENTRY(link, struct upstream, key_link);
        if (fingerprint_equal(&upstream->key, &request->key)) {
            bool recent = now_ms - upstream->idle_since_ms < RECENT_MS;
            if (pool_is_drained(upstream->server)) {
                continue;
            }
            return request->recent && !recent ? NULL : upstream;
        }
    }
    return NULL;
}

void pool_fail(struct pool_request *request, enum ending failure)
{
    request->failure = failure;
    request->waiting = false;
    list_remove(&request->link);
    request->on_failed(request);
}

/* Hands a kept connection to a request that began to wait. */
static bool serve_kept(struct pool *self, struct pool_request *request)
{
    struct upstream *kept =
        request->alone || request->fresh ? NULL : find_kept(self, request);
    if (kept == NULL) {
        return false;
    }
    pool_take_from_idle(kept);
    list_remove(&request->link);
    request->waiting = false;
    pool_lend(kept);
    request->on_ready(request, kept);
    return true;
}

static void serve_waiting(struct pool *self)
{
    for (struct list_link *link = list_first(&self->waiting); link != NULL;
         link = list_first(&self->waiting)) {
        struct pool_request *request = LIST_ENTRY(link, struct pool_request, link);
        if (!serve_kept(self, request) &&
            pool_serve(self, request, true) == SERVED_LATER) {
            return;
        }
    }
    pool_want(self, NULL);
}

/* Whoever is told that he gets none may have been the last to keep a retired plan. */
void pool_serve_waiting(struct pool *self)
{
    struct plan *plan = plan_ref(self->plan);

    serve_waiting(self);
    plan_unref(&plan);
}

struct upstream *pool_take(struct pool *self, struct pool_request *request)
{
    CHECK(!request->waiting && request->connecting == NULL);

    if (!request->alone && !request->fresh) {
        struct upstream *kept = find_kept(self, request);
        if (kept != NULL) {
            pool_take_from_idle(kept);
            pool_lend(kept);
            return kept;
        }
    }
    request->waiting = true;
    request->tried = 0;
    memset(request->tried_mask, 0, sizeof(request->tried_mask));
    request->failure = ENDING_QUEUE_TIMEOUT;
    request->since_ms = loop_now_ms(self->relay->loop);
    list_push_back(&self->waiting, &request->link);
    if (list_first(&self->waiting) == &request->link) {
        (void)pool_serve(self, request, false);
    }
    return NULL;
}

bool pool_is_short(const struct pool *self)
{
    return !list_empty(&self->waiting);
}

void pool_cancel(struct pool *self, struct pool_request *request)
{
    list_remove(&request->link);
    request->waiting = false;
    if (list_empty(&self->waiting)) {
        pool_want(self, NULL);
    }
    if (request->connecting != NULL) {
        request->connecting->attempt->request = NULL;
        request->connecting = NULL;
    }
}
