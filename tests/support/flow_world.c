#include "support/flow_world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"

enum {
    PATIENCE_MS = 20000,
    SETTLED_ROUNDS = 12,
};

uint64_t flow_now_ms(void)
{
    return loop_clock_us() / 1000;
}

static void answer(struct flow_world *self, struct journal_ticket *ticket, bool committed)
{
    ticket->committed = committed;
    ticket->incident = committed ? ++self->journal.incidents : 0;
    mailbox_post(ticket->reply_to, &ticket->mail);
}

static bool post(void *context, const struct journal_entry *entry,
                 struct journal_ticket *ticket)
{
    struct flow_world *self = context;
    struct flow_journal *journal = &self->journal;

    if (journal->disk == FLOW_DISK_FULL && entry->kind != JOURNAL_BARRIER) {
        return false;
    }
    if (entry->kind != JOURNAL_BARRIER) {
        journal->entries[journal->count++ % FLOW_ENTRIES_MAX] = *entry;
        journal->displays += entry->kind == JOURNAL_DISPLAY;
        free(journal->last);
        journal->last = journal_entry_copy(entry);
    }
    if (ticket == NULL) {
        return true;
    }
    if (journal->disk == FLOW_DISK_LATE) {
        assert_true(journal->waiting_count < FLOW_TICKETS_MAX);
        journal->waiting[journal->waiting_count++] = ticket;
        return true;
    }
    answer(self, ticket, journal->disk == FLOW_DISK_AT_ONCE);
    return true;
}

static bool failing(void *context)
{
    const struct flow_world *self = context;
    return self->journal.failing;
}

void flow_commit(struct flow_world *self, bool committed)
{
    for (unsigned i = 0; i < self->journal.waiting_count; i++) {
        answer(self, self->journal.waiting[i], committed);
    }
    self->journal.waiting_count = 0;
}

const struct journal_entry *flow_last_entry(const struct flow_world *self)
{
    assert_true(self->journal.count > 0);
    return &self->journal.entries[(self->journal.count - 1) % FLOW_ENTRIES_MAX];
}

static bool take_log(void *context, struct span text)
{
    struct flow_world *self = context;

    assert_true(self->log_len + text.len < FLOW_LOG_MAX);
    memcpy(self->log + self->log_len, text.ptr, text.len);
    self->log_len += text.len;
    self->log[self->log_len] = '\0';
    return true;
}

static int listening(void)
{
    struct sockaddr_in address = flow_loopback(1, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 128), 0);
    flow_make_nonblocking(fd);
    return fd;
}

static void open_shared(struct flow_world *self)
{
    struct registry_limits limits = {.entry_count_max = self->site->session.max,
                                     .idle_ms = self->site->session.idle_ms};
    struct relay_shared *shared = &self->shared;

    shared->registry = registry_new(&limits);
    shared->features = &self->features;
    shared->takedown = takedown_new(NULL);
    shared->rehearsal = takedown_new(NULL);
    shared->stats = stats_new();
    shared->admission = admission_new(self->site->limits.connections_max);
    self->servers = health_roll_new(NULL);
    shared->health = health_new(shared->stats, self->servers);
    shared->affinity = affinity_new(NULL, 1024);
    shared->budget.total_max = self->site->limits.hold_total_max;
    shared->worker_count = 1;
    memset(shared->fingerprint_key, 7, FINGERPRINT_KEY_SIZE);
    self->journal_page = (struct journal){.self = self, .post = post, .failing = failing};
    shared->journal = &self->journal_page;
}

void flow_start(struct flow_world *self)
{
    struct access_log_sink sink = {.self = self, .take = take_log};

    flow_compile_markers(self);
    self->client_fd = listening();
    self->server_fd = listening();
    self->server.port = flow_port_of(self->server_fd);
    self->loop = loop_new();
    assert_non_null(self->loop);
    open_shared(self);
    if (self->grant.name != NULL) {
        self->sources = sources_new();
        self->grant.source = sources_take(self->sources, &self->grant);
        assert_non_null(self->grant.source);
    }
    self->access_log = access_log_new(&sink, self->shared.stats);
    assert_non_null(self->access_log);
    self->relay = relay_new(&self->shared, self->loop, self->site, self->access_log);
    assert_non_null(self->relay);
}

void flow_turn(struct flow_world *self)
{
    uint64_t now = flow_now_ms();

    loop_poll(self->loop);
    if (!self->ticks_by_hand && now - self->ticked_ms >= 20) {
        self->ticked_ms = now;
        relay_tick(self->relay);
    }
}

static void rest(void)
{
    struct timespec little = {.tv_nsec = 200000};
    (void)nanosleep(&little, NULL);
}

void flow_settle(struct flow_world *self)
{
    for (int i = 0; i < SETTLED_ROUNDS; i++) {
        flow_turn(self);
        rest();
    }
}

void flow_wait(struct flow_world *self, uint64_t time_ms)
{
    uint64_t until = flow_now_ms() + time_ms;

    /* Also on a busy machine there are turns in it, one for each ms at least. */
    for (uint64_t turns = 0; turns < time_ms || flow_now_ms() < until; turns++) {
        flow_turn(self);
        rest();
    }
}

void flow_await_ticket(struct flow_world *self)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;

    while (self->journal.waiting_count == 0 && flow_now_ms() < until) {
        flow_turn(self);
    }
    assert_true(self->journal.waiting_count > 0);
}

void flow_close(struct flow_world *self)
{
    struct flow_peer late;

    self->journal.disk = FLOW_DISK_AT_ONCE;
    flow_commit(self, true);
    flow_settle(self);
    relay_drain(self->relay, 0);
    relay_abort(self->relay);
    uint64_t until = flow_now_ms() + PATIENCE_MS;
    while (!relay_is_empty(self->relay) && flow_now_ms() < until) {
        flow_turn(self);
    }
    flow_settle(self);
    assert_true(relay_is_empty(self->relay));
    assert_int_equal(self->relay->client_count, 0);
    assert_true(list_empty(&self->relay->holding));
    assert_true(list_empty(&self->relay->settling));
    assert_int_equal(block_store_used(self->relay->blocks), 0);
    assert_int_equal(admission_count(self->shared.admission), 0);
    assert_int_equal(flow_ended(self, "none"), 0);
    while (flow_knocks(self)) {
        flow_accept(self, &late);
        flow_hang_up(&late);
    }
    if (self->sources != NULL) {
        sources_stop(self->sources);
        flow_settle(self);
    }
    relay_free(&self->relay);
    if (self->sources != NULL) {
        grant_source_drop(self->grant.source);
        sources_free(&self->sources);
    }
    free(self->journal.last);
    assert_int_equal(atomic_load(&self->shared.budget.reserved), 0);
    access_log_free(&self->access_log);
    loop_free(&self->loop);
    registry_free(&self->shared.registry);
    takedown_free(&self->shared.takedown);
    takedown_free(&self->shared.rehearsal);
    admission_free(&self->shared.admission);
    health_free(&self->shared.health);
    health_roll_free(&self->servers);
    affinity_free(&self->shared.affinity);
    stats_free(&self->shared.stats);
    assert_int_equal(atomic_load(&self->site->references), 1);
    assert_int_equal(atomic_load(&self->server.connections), 0);
    markers_free(&self->site->markers);
    free(self->site);
    free(self->log);
    (void)close(self->client_fd);
    (void)close(self->server_fd);
}

unsigned flow_ended(struct flow_world *self, const char *word)
{
    char needle[80];
    unsigned count = 0;

    access_log_flush(self->access_log);
    int len = snprintf(needle, sizeof(needle), "\"ending\":\"%s\"", word);
    for (const char *at = strstr(self->log, needle); at != NULL;
         at = strstr(at + len, needle)) {
        count++;
    }
    return count;
}

bool flow_login_down(const struct flow_world *self)
{
    return feature_table_down(&self->features, FEATURE_LOGIN_BIT) != 0;
}
