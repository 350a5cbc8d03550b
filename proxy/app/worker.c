#include "app/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/listener.h"
#include "net/tls_context.h"
#include "relay/client.h"

struct worker {
    pthread_t thread;
    struct loop *loop;
    struct relay *relay;
    struct access_log *access_log;
    struct deadline tick;
    uint64_t drain_by_ms; /* 0: not draining. */
    bool started;         /* The thread is there to be joined. */
    _Atomic(bool) running;
    _Atomic(uint64_t) beat_ms;
    const struct listen_settings *listens;
    size_t count;
    struct worker_listener {
        struct worker *worker;
        const struct listen_settings *settings;
        struct tls_context *tls; /* Of the configuration in force. */
        struct listener *listener;
    } listeners[WORKER_LISTENERS_MAX];
};

/* An order from another thread. */
struct order {
    struct mail mail;
    struct worker *worker;
    struct site *site; /* To use, and to keep `listens` for; NULL: drain. */
    const struct listen_settings *listens;
    size_t listen_count;
    uint64_t patience_ms;
    uint64_t idle_ms;
};

static void on_client(void *owner, void *server_handle)
{
    struct worker_listener *from = owner;
    client_accept(from->worker->relay, server_handle, from->settings, from->tls);
}

/* Certificates change with the configuration; the address is that of the start. */
static void take_tls(struct worker_listener *self, const struct listen_settings *listens,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (listens[i].port == self->settings->port &&
            strcmp(listens[i].host, self->settings->host) == 0) {
            tls_context_unref(&self->tls);
            self->tls = listens[i].tls != NULL ? tls_context_ref(listens[i].tls) : NULL;
        }
    }
}

static void on_tick(struct deadline *deadline)
{
    struct worker *self = LIST_ENTRY(deadline, struct worker, tick);
    uint64_t now_ms = loop_now_ms(self->loop);

    atomic_store_explicit(&self->beat_ms, now_ms, memory_order_relaxed);
    relay_tick(self->relay);
    if (self->drain_by_ms != 0) {
        if (now_ms >= self->drain_by_ms) {
            relay_abort(self->relay);
        }
        if (relay_is_empty(self->relay)) {
            loop_stop(self->loop);
            return;
        }
    }
    deadline_set(&self->tick, loop_wheel(self->loop), now_ms + WHEEL_TICK_MS);
}

static void close_fds(const int *fds, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++) {
        (void)close(fds[i]);
    }
}

static bool open_listeners(struct worker *self, const struct worker_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct worker_listener *from = &self->listeners[i];
        *from =
            (struct worker_listener){.worker = self, .settings = &settings->listens[i]};
        take_tls(from, settings->listens, settings->count);
        from->listener = listener_new(self->loop, settings->fds[i], on_client, from);
        if (from->listener == NULL) {
            tls_context_unref(&from->tls);
            close_fds(settings->fds, i + 1, settings->count);
            return false;
        }
        self->count++;
    }
    return true;
}

struct worker *worker_new(const struct worker_settings *settings)
{
    CHECK(settings->count <= WORKER_LISTENERS_MAX);

    struct worker *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        close_fds(settings->fds, 0, settings->count);
        return NULL;
    }
    self->tick.on_due = on_tick;
    self->loop = loop_new();
    if (settings->log != NULL) {
        struct access_log_sink sink = log_writer_sink(settings->log);
        self->access_log = access_log_new(&sink, settings->shared->stats);
    }
    bool logs = settings->log == NULL || self->access_log != NULL;
    if (self->loop != NULL && logs) {
        self->relay =
            relay_new(settings->shared, self->loop, settings->site, self->access_log);
    }
    if (self->relay == NULL) {
        close_fds(settings->fds, 0, settings->count);
        worker_free(&self);
        return NULL;
    }
    if (!open_listeners(self, settings)) {
        worker_free(&self);
    }
    return self;
}

static void close_listeners(struct worker *self)
{
    for (size_t i = 0; i < self->count; i++) {
        listener_free(&self->listeners[i].listener);
        tls_context_unref(&self->listeners[i].tls);
    }
}

static void *run(void *arg)
{
    struct worker *self = arg;

    deadline_set(&self->tick, loop_wheel(self->loop),
                 loop_now_ms(self->loop) + WHEEL_TICK_MS);
    loop_run(self->loop);
    evidence_log_flush(self->relay->evidence_log);
    close_listeners(self);
    deadline_remove(&self->tick);
    atomic_store(&self->running, false);
    return NULL;
}

bool worker_start(struct worker *self)
{
    atomic_store(&self->running, true);
    atomic_store(&self->beat_ms, loop_now_ms(self->loop));
    if (!thread_start(&self->thread, "worker", run, self)) {
        atomic_store(&self->running, false);
        return false;
    }
    self->started = true;
    return true;
}

static void on_order(struct mail *mail)
{
    struct order *order = LIST_ENTRY(mail, struct order, mail);
    struct worker *self = order->worker;

    if (order->site != NULL) {
        if (!relay_use(self->relay, order->site)) {
            log_write(LOG_LEVEL_ERROR,
                      "no memory for the new configuration: a worker keeps the old one");
        }
        for (size_t i = 0; i < self->count; i++) {
            take_tls(&self->listeners[i], order->listens, order->listen_count);
        }
        site_unref(&order->site);
    } else {
        self->drain_by_ms = loop_now_ms(self->loop) + order->patience_ms + 1;
        close_listeners(self);
        relay_drain(self->relay, order->idle_ms);
    }
    free(order);
}

static bool tell(struct worker *self, const struct order *what)
{
    struct order *order = malloc(sizeof(*order));
    if (order == NULL) {
        return false;
    }
    *order = *what;
    order->mail = (struct mail){.deliver = on_order};
    order->worker = self;
    mailbox_post(self->relay->mailbox, &order->mail);
    return true;
}

bool worker_use(struct worker *self, const struct config *config)
{
    struct order order = {.site = site_ref(config->site),
                          .listens = config->listens,
                          .listen_count = config->listen_count};
    bool told = tell(self, &order);

    if (!told) {
        site_unref(&order.site);
    }
    return told;
}

static void on_drill(struct mail *mail)
{
    struct drill_order *order = LIST_ENTRY(mail, struct drill_order, mail);
    drill_start(order->relay, order);
}

void worker_drill(struct worker *self, struct drill_order *order)
{
    order->relay = self->relay;
    order->mail = (struct mail){.deliver = on_drill};
    mailbox_post(self->relay->mailbox, &order->mail);
}

int worker_socket(const struct worker *self, size_t index)
{
    CHECK(index < self->count);
    return listener_fd(self->listeners[index].listener);
}

bool worker_drain(struct worker *self, uint64_t patience_ms, uint64_t idle_ms)
{
    struct order order = {.patience_ms = patience_ms, .idle_ms = idle_ms};
    return tell(self, &order);
}

void worker_join(struct worker *self)
{
    if (self->started) {
        (void)pthread_join(self->thread, NULL);
        self->started = false;
    }
}

void worker_free(struct worker **self_p)
{
    struct worker *self = *self_p;
    if (self == NULL) {
        return;
    }
    close_listeners(self);
    if (self->relay != NULL) {
        loop_poll(self->loop);
        relay_free(&self->relay);
    }
    access_log_free(&self->access_log);
    loop_free(&self->loop);
    free(self);
    *self_p = NULL;
}

bool worker_running(const struct worker *self)
{
    return atomic_load(&self->running);
}

uint64_t worker_beat_ms(const struct worker *self)
{
    return atomic_load_explicit(&self->beat_ms, memory_order_relaxed);
}
