#include "relay/relay.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/secret.h"
#include "relay/client.h"
#include "relay/drill.h"
#include "relay/exchange.h"
#include "relay/exchange_rooms.h"
#include "relay/pool.h"

static void free_pools(struct plan *plan)
{
    for (size_t i = 0; plan->pools != NULL && i < plan->site->upstream_count; i++) {
        pool_free(&plan->pools[i]);
    }
    free(plan->pools);
}

/* Closes idle connections while the relay still counts them. */
static void retire_pools(struct plan *plan)
{
    for (size_t i = 0; i < plan->site->upstream_count; i++) {
        pool_retire(plan->pools[i]);
    }
}

static void plan_free(struct plan *plan)
{
    free_pools(plan);
    scanner_free(&plan->scanner);
    meter_free(&plan->meter);
    site_unref(&plan->site);
    list_remove(&plan->link);
    free(plan);
}

static void fill_policies(struct plan *plan)
{
    for (size_t i = 0; i < plan->site->class_count; i++) {
        bool granted = plan->site->classes[i].must_be == MARKER_RULE_GRANTED;
        plan->granted_mask |= granted ? UINT32_C(1) << i : 0;
        plan->redacts = plan->redacts || (granted && plan->site->classes[i].redact);
    }
    for (size_t i = 0; i < FEATURE_COUNT_MAX; i++) {
        plan->policies[i] =
            (struct take_down_policy){.cases = 1, .weak_cases = 2, .within_ms = 600000};
    }
    for (size_t i = 0; i < plan->site->feature_count; i++) {
        const struct feature_settings *feature = &plan->site->features[i];
        plan->policies[feature->slot] = feature->take_down;
    }
}

static struct plan *plan_new(struct relay *relay, struct site *site)
{
    struct plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL) {
        return NULL;
    }
    plan->references = 1;
    plan->site = site_ref(site);
    plan->scanner = scanner_new(site->markers);
    plan->meter = meter_new(relay->shared->stats, site);
    plan->pools = calloc(site->upstream_count, sizeof(struct pool *));
    bool whole = plan->scanner != NULL && plan->meter != NULL && plan->pools != NULL;
    for (size_t i = 0; whole && i < site->upstream_count; i++) {
        plan->pools[i] = pool_new(relay, plan, &site->upstreams[i]);
        whole = plan->pools[i] != NULL;
    }
    if (!whole) {
        plan_free(plan);
        return NULL;
    }
    fill_policies(plan);
    return plan;
}

struct plan *plan_ref(struct plan *self)
{
    self->references++;
    return self;
}

void plan_unref(struct plan **self_p)
{
    struct plan *self = *self_p;
    if (self == NULL) {
        return;
    }
    *self_p = NULL;
    CHECK(self->references > 0);
    self->references--;
    if (self->references == 0) {
        plan_free(self);
    }
}

struct relay *relay_new(struct relay_shared *shared, struct loop *loop, struct site *site,
                        struct access_log *access_log)
{
    struct relay *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->shared = shared;
    self->loop = loop;
    self->access_log = access_log;
    self->random_used = sizeof(self->random);
    list_init(&self->clients);
    list_init(&self->spare_exchanges);
    list_init(&self->spare_decoders);
    list_init(&self->holding);
    list_init(&self->plans);
    list_init(&self->settling);
    list_init(&self->uploads);
    list_init(&self->open);
    self->mailbox = mailbox_new(loop);
    self->fingerprinter = fingerprinter_new(shared->fingerprint_key);
    self->stats = stats_block_new(shared->stats);
    self->blocks = block_store_new(&shared->budget);
    self->evidence_log = evidence_log_new(shared->journal);
    self->held = stats_series(shared->stats, STAT_HELD_BYTES, "");
    if (self->mailbox == NULL || self->fingerprinter == NULL || self->stats == NULL ||
        self->blocks == NULL || self->evidence_log == NULL || !relay_use(self, site)) {
        relay_free(&self);
    }
    return self;
}

void relay_free(struct relay **self_p)
{
    struct relay *self = *self_p;
    if (self == NULL) {
        return;
    }
    CHECK(list_empty(&self->clients));
    drill_stop(self);
    if (self->plan != NULL) {
        retire_pools(self->plan);
        plan_unref(&self->plan);
    }
    exchange_free_spares(self);
    exchange_free_decoders(self);
    free(self->frames);
    block_store_free(&self->blocks);
    evidence_log_free(&self->evidence_log);
    fingerprinter_free(&self->fingerprinter);
    mailbox_free(&self->mailbox);
    free(self);
    *self_p = NULL;
}

/* In all plans: an exchange of an old one may find what the one in force must refuse. */
void relay_close_route(struct relay *self, const struct route *route)
{
    bool closed = false;

    for (struct list_link *link = list_first(&self->plans);
         link != NULL && link != &self->plans.head; link = link->next) {
        struct plan *plan = LIST_ENTRY(link, struct plan, link);
        closed = site_close_route(plan->site, route) || closed;
    }
    if (closed) {
        log_write(LOG_LEVEL_WARNING,
                  "route %s answers 503 until login is up (or this process ends): it "
                  "shows a user's page to those without a session",
                  route->pattern);
    }
}

bool relay_use(struct relay *self, struct site *site)
{
    struct plan *plan = plan_new(self, site);
    if (plan == NULL) {
        return false;
    }
    struct plan *old = self->plan;
    self->plan = plan;
    list_push_back(&self->plans, &plan->link);
    if (old != NULL) {
        site_keep_closed(site, old->site);
        retire_pools(old);
        plan_unref(&old);
    }
    return true;
}

void relay_drain(struct relay *self, uint64_t idle_ms)
{
    struct list_link *link = list_first(&self->clients);

    self->draining = true;
    self->drain_idle_ms = idle_ms;
    while (link != NULL && link != &self->clients.head) {
        struct list_link *next = link->next;
        client_drain(client_of_link(link));
        link = next;
    }
}

void relay_abort(struct relay *self)
{
    /* Breaking one off may end others, so the list is asked anew each time. */
    for (unsigned left = self->client_count; left > 0; left--) {
        struct list_link *link = list_first(&self->clients);
        if (link == NULL) {
            return;
        }
        client_abort(client_of_link(link));
    }
}

bool relay_is_empty(const struct relay *self)
{
    return list_empty(&self->clients);
}

const uint8_t *relay_random(struct relay *self, size_t count)
{
    CHECK(count <= sizeof(self->random));
    if (sizeof(self->random) - self->random_used < count) {
        CHECK(secret_random(self->random, sizeof(self->random)) == ERR_NONE);
        self->random_used = 0;
    }
    const uint8_t *bytes = self->random + self->random_used;
    self->random_used += count;
    return bytes;
}

/* Everything before this barrier is on disk: look again at those who wait for it. */
struct settle_ticket {
    struct journal_ticket ticket;
    struct relay *relay;
};

static void on_settled(struct mail *mail)
{
    struct journal_ticket *inner = LIST_ENTRY(mail, struct journal_ticket, mail);
    struct settle_ticket *ticket = LIST_ENTRY(inner, struct settle_ticket, ticket);
    struct relay *self = ticket->relay;
    struct list waiting;

    free(ticket);
    list_init(&waiting);
    for (struct list_link *link = list_first(&self->settling); link != NULL;
         link = list_first(&self->settling)) {
        list_remove(link);
        list_push_back(&waiting, link);
    }
    for (struct list_link *link = list_first(&waiting); link != NULL;
         link = list_first(&waiting)) {
        struct exchange *exchange = LIST_ENTRY(link, struct exchange, settle_link);
        list_remove(link);
        exchange_advance(exchange);
    }
    /* Those that still wait ask again with the next tick, not at once. */
    self->settle_posted = false;
}

void relay_settle(struct relay *self)
{
    struct journal *journal = self->shared->journal;
    struct journal_entry entry = {.kind = JOURNAL_BARRIER};

    if (self->settle_posted) {
        return;
    }
    struct settle_ticket *ticket = calloc(1, sizeof(*ticket));
    if (ticket == NULL) {
        return;
    }
    ticket->relay = self;
    ticket->ticket.mail.deliver = on_settled;
    ticket->ticket.reply_to = self->mailbox;
    self->settle_posted = journal->post(journal->self, &entry, &ticket->ticket);
    if (!self->settle_posted) {
        free(ticket);
    }
}

void relay_tick(struct relay *self)
{
    uint64_t now_ms = loop_now_ms(self->loop);

    struct list_link *link = list_first(&self->plans);
    while (link != NULL && link != &self->plans.head) {
        struct plan *plan = plan_ref(LIST_ENTRY(link, struct plan, link));
        for (size_t i = 0; i < plan->site->upstream_count; i++) {
            pool_tick(plan->pools[i], now_ms);
        }
        link = link->next;
        plan_unref(&plan);
    }
    exchange_watch(self);
    exchange_end_slow_uploads(self);
    exchange_retry_holds(self);
    exchange_post_lost(self);
    if (!list_empty(&self->settling)) {
        relay_settle(self);
    }
    stats_set(self->stats, self->held, block_store_used(self->blocks));
    evidence_log_flush(self->evidence_log);
    if (self->access_log != NULL && now_ms - self->logged_ms > 1000) {
        self->logged_ms = now_ms;
        access_log_flush(self->access_log);
    }
}

bool address_trusted(const struct address *address, const struct listen_settings *listen)
{
    for (size_t i = 0; i < listen->trusted_proxy_count; i++) {
        const struct network *network = &listen->trusted_proxies[i];
        if (address_in(address, network->address, network->prefix_len)) {
            return true;
        }
    }
    return false;
}

bool relay_breaks_glass(const struct relay *self)
{
    uint64_t until_ms = atomic_load_explicit(&self->shared->features->observe_until_ms,
                                             memory_order_relaxed);
    return until_ms != 0 && loop_now_ms(self->loop) < until_ms;
}
