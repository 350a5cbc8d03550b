#include "notify/notifier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "base/stats.h"
#include "base/thread.h"
#include "notify/datagram.h"
#include "notify/delivery.h"
#include "notify/receivers.h"
#include "notify/reported.h"
#include "notify/results.h"
#include "notify/schedule.h"
#include "record/clock.h"
#include "record/outbox.h"

enum {
    RUNNING_PER_ALERT_MAX = 4,
    RUNNING_MAX = RUNNING_PER_ALERT_MAX * RECORDER_ALERTS_MAX,
    POLL_MS = 1000,
    REPOST_MS = 60000,
    DATAGRAMS_MAX = 64, /* Sent in one turn. */
};

struct notifier {
    struct recorder *recorder;
    struct outbox *outbox;
    struct stats *stats;
    struct stats_block *block;
    CURLM *multi;
    pthread_t thread;
    bool started;
    _Atomic(bool) stopping;
    pthread_mutex_t lock;   /* Of `next`. */
    struct receivers *next; /* Configured, not yet in use; or NULL. */

    /* Only the thread: */
    struct receivers *receivers;
    struct delivery *running[RUNNING_MAX];
    struct reported reported;
    struct delivery_result results[RUNNING_MAX]; /* The recorder's queue was full. */
    size_t result_count;
    struct outbox_item item;
    uint64_t repost_at_ms[RECORDER_ALERTS_MAX]; /* By receiver, for Alertmanager. */
};

static void wake(void *context)
{
    struct notifier *self = context;
    (void)curl_multi_wakeup(self->multi);
}

static struct receivers *swap_next(struct notifier *self, struct receivers *next)
{
    int result = pthread_mutex_lock(&self->lock);
    CHECK(result == 0);
    struct receivers *before = self->next;
    self->next = next;
    result = pthread_mutex_unlock(&self->lock);
    CHECK(result == 0);
    return before;
}

bool notifier_configure(struct notifier *self, const struct alert_settings *alerts,
                        unsigned count)
{
    struct receivers *next = receivers_new(alerts, count);

    if (next == NULL) {
        return false;
    }
    results_show(self->stats, alerts, count);
    struct receivers *unused = swap_next(self, next);
    receivers_free(&unused);
    wake(self);
    return receivers_announce(self->recorder, alerts, count);
}

enum err notifier_new(const struct state_dir *directory, struct recorder *recorder,
                      struct stats *stats, struct notifier **self_out)
{
    *self_out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ERR_SYSTEM;
    }
    struct notifier *self = calloc(1, sizeof(*self));
    if (self == NULL || pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return ERR_MEMORY;
    }
    self->recorder = recorder;
    self->stats = stats;
    self->block = stats != NULL ? stats_block_new(stats) : NULL;
    self->multi = curl_multi_init();
    if (self->multi == NULL || (stats != NULL && self->block == NULL) ||
        outbox_open(directory, &self->outbox, NULL) != ERR_NONE) {
        notifier_free(&self);
        return ERR_MEMORY;
    }
    recorder_on_deliveries(recorder, wake, self);
    *self_out = self;
    return ERR_NONE;
}

static bool is_running(const struct notifier *self, uint64_t id)
{
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        if (self->running[i] != NULL && delivery_item(self->running[i])->id == id) {
            return true;
        }
    }
    return false;
}

static bool skip(void *context, uint64_t id, unsigned tries)
{
    const struct notifier *self = context;

    return reported_past(&self->reported, id, tries) || is_running(self, id);
}

/* To the recorder, which alone writes; kept while its queue is full. */
static void report(struct notifier *self, const struct delivery_result *result)
{
    if (!recorder_finish_delivery(self->recorder, result)) {
        CHECK(self->result_count < RUNNING_MAX);
        self->results[self->result_count++] = *result;
    }
}

static void report_again(struct notifier *self)
{
    while (self->result_count > 0 &&
           recorder_finish_delivery(self->recorder,
                                    &self->results[self->result_count - 1])) {
        self->result_count--;
    }
}

static void settle(struct notifier *self, const struct outbox_item *item,
                   const char *alert, struct delivery_result *result,
                   uint64_t retry_after_ms)
{
    uint64_t random = 0;

    result->id = item->id;
    reported_note(&self->reported, item->id, item->tries + 1);
    if (result->state == DELIVERY_WAITING) {
        if (secret_random((uint8_t *)&random, sizeof(random)) != ERR_NONE) {
            random = 0; /* Jitter only. */
        }
        result->next_at_ms = schedule_next(item->created_at_ms, clock_wall_ms(),
                                           item->tries + 1, retry_after_ms, random);
        if (result->next_at_ms == 0) {
            result->state = DELIVERY_GIVEN_UP;
        }
    }
    results_count(self->stats, self->block, alert, result->state);
    report(self, result);
}

static const enum delivery_state STATES[] = {
    [SCHEDULE_RETRY] = DELIVERY_WAITING,
    [SCHEDULE_DONE] = DELIVERY_DONE,
    [SCHEDULE_STOP] = DELIVERY_STOPPED,
};

static void finish(struct notifier *self, struct delivery **delivery_p, CURLcode code)
{
    struct delivery *delivery = *delivery_p;
    enum schedule_outcome outcome = delivery_outcome(delivery, (int)code);
    const struct outbox_item *item = delivery_item(delivery);

    if (item->id != 0) {
        struct delivery_result result = {
            .state = STATES[outcome],
            .status = code == CURLE_OK ? delivery_status(delivery) : 0,
        };
        if (outcome != SCHEDULE_DONE) {
            span_copy(span_of(delivery_error(delivery)), result.error,
                      sizeof(result.error));
        }
        settle(self, item, delivery_alert(delivery), &result,
               delivery_retry_after_ms(delivery));
    }
    (void)curl_multi_remove_handle(self->multi, delivery_handle(delivery));
    delivery_free(delivery_p);
}

static void finish_handle(struct notifier *self, const void *handle, CURLcode code)
{
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        if (self->running[i] != NULL && delivery_handle(self->running[i]) == handle) {
            finish(self, &self->running[i], code);
            return;
        }
    }
}

/* True when some ended: there is room for more. */
static bool collect(struct notifier *self)
{
    bool ended = false;
    int left = 0;
    const CURLMsg *message = NULL;

    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            finish_handle(self, message->easy_handle, message->data.result);
            ended = true;
        }
    }
    return ended;
}

static bool start_delivery(struct notifier *self, struct delivery **slot)
{
    if (*slot != NULL &&
        curl_multi_add_handle(self->multi, delivery_handle(*slot)) == CURLM_OK) {
        return true;
    }
    delivery_free(slot);
    return false;
}

/* What goes out in one datagram is done at once. */
static void send_datagram(struct notifier *self, const struct alert_settings *alert)
{
    struct delivery_result result = {.state = DELIVERY_WAITING};
    struct message message;

    if (message_make(alert, &self->item, clock_wall_ms(), &message) == ERR_NONE) {
        struct span bytes = {.ptr = (const uint8_t *)message.bytes, .len = message.len};
        result.state = datagram_send(alert->syslog, bytes, result.error,
                                     sizeof(result.error)) == ERR_NONE
                           ? DELIVERY_DONE
                           : DELIVERY_WAITING;
        message_clear(&message);
    }
    settle(self, &self->item, alert->name, &result, 0);
}

static void start_one(struct notifier *self, const struct alert_settings *alert,
                      struct delivery **slot)
{
    *slot = delivery_new(alert, &self->item, clock_wall_ms());
    if (!start_delivery(self, slot)) {
        struct delivery_result result = {.state = DELIVERY_WAITING};
        span_copy(SPAN("cannot be sent: see its url and secret"), result.error,
                  sizeof(result.error));
        settle(self, &self->item, alert->name, &result, 0);
    }
}

/* Alertmanager forgets what is not posted again; lost is nothing, the queue has it all.
 */
static void post_open(struct notifier *self, const struct alert_settings *alert,
                      struct delivery **slot)
{
    struct message message;

    if (message_make_open(alert, self->outbox, clock_wall_ms(), &message) != ERR_NONE ||
        message.len == 0) {
        return;
    }
    *slot = delivery_new_beside(alert, &message, clock_wall_ms());
    (void)start_delivery(self, slot);
}

/* Receiver `index` uses its own places only, so a slow one delays no other. */
static void start_due(struct notifier *self, unsigned index)
{
    const struct alert_settings *alert = &self->receivers->items[index];
    const struct outbox_filter filter = {
        .alert = alert->name, .now_ms = clock_wall_ms(), .skip = skip, .context = self};
    struct delivery **places = self->running + (size_t)index * RUNNING_PER_ALERT_MAX;
    uint64_t now_ms = clock_steady_ms();

    if (alert->format == ALERT_ALERTMANAGER && places[0] == NULL &&
        now_ms >= self->repost_at_ms[index]) {
        self->repost_at_ms[index] = now_ms + REPOST_MS;
        post_open(self, alert, &places[0]);
    }
    bool datagrams = datagram_is(alert->syslog);
    for (size_t i = 0; datagrams && i < DATAGRAMS_MAX; i++) {
        if (self->result_count > 0 || !outbox_next(self->outbox, &filter, &self->item)) {
            return;
        }
        send_datagram(self, alert);
    }
    for (size_t i = 0; !datagrams && i < RUNNING_PER_ALERT_MAX; i++) {
        if (places[i] == NULL && self->result_count == 0 &&
            outbox_next(self->outbox, &filter, &self->item)) {
            start_one(self, alert, &places[i]);
        }
    }
}

static long wait_ms(struct notifier *self)
{
    uint64_t now = clock_wall_ms();
    uint64_t due = outbox_due_at(self->outbox, now);
    return due > now && due - now < POLL_MS ? (long)(due - now) : POLL_MS;
}

static void turn(struct notifier *self)
{
    int running = 0;
    struct receivers *next = swap_next(self, NULL);

    if (next != NULL) {
        receivers_free(&self->receivers);
        self->receivers = next;
    }
    report_again(self);
    for (unsigned i = 0; self->receivers != NULL && i < self->receivers->count; i++) {
        start_due(self, i);
    }
    (void)curl_multi_perform(self->multi, &running);
    bool ended = collect(self);
    if (self->block != NULL) {
        stats_set(self->block, stats_series(self->stats, STAT_ALERT_QUEUE, ""),
                  outbox_count(self->outbox));
    }
    (void)curl_multi_poll(self->multi, NULL, 0, ended ? 0 : (int)wait_ms(self), NULL);
}

static void *run(void *context)
{
    struct notifier *self = context;

    while (!atomic_load(&self->stopping)) {
        turn(self);
    }
    return NULL;
}

enum err notifier_start(struct notifier *self)
{
    CHECK(!self->started);
    if (!thread_start(&self->thread, "notifier", run, self)) {
        return ERR_SYSTEM;
    }
    self->started = true;
    return ERR_NONE;
}

void notifier_free(struct notifier **self_p)
{
    struct notifier *self = *self_p;
    if (self == NULL) {
        return;
    }
    recorder_on_deliveries(self->recorder, NULL, NULL);
    atomic_store(&self->stopping, true);
    if (self->started) {
        wake(self);
        (void)pthread_join(self->thread, NULL);
    }
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        if (self->running[i] != NULL) {
            (void)curl_multi_remove_handle(self->multi,
                                           delivery_handle(self->running[i]));
            delivery_free(&self->running[i]);
        }
    }
    (void)curl_multi_cleanup(self->multi);
    outbox_close(&self->outbox);
    receivers_free(&self->receivers);
    receivers_free(&self->next);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *self_p = NULL;
}
