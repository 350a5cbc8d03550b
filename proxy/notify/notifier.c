#include "notify/notifier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "base/stats.h"
#include "notify/delivery.h"
#include "notify/schedule.h"
#include "record/clock.h"
#include "record/outbox.h"

enum {
    RUNNING_PER_ALERT_MAX = 4,
    RUNNING_MAX = RUNNING_PER_ALERT_MAX * RECORDER_ALERTS_MAX,
    REPORTED_MAX = 1024,
    POLL_MS = 1000,
};

struct receivers {
    unsigned count;
    struct alert_settings items[RECORDER_ALERTS_MAX];
};

/* A result that was handed to the recorder and may not be in the ledger yet. */
struct reported {
    uint64_t id;
    unsigned tries; /* Including the one reported. */
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
    struct reported reported[REPORTED_MAX];
    size_t reported_next;
    struct delivery_result results[RUNNING_MAX]; /* The recorder's queue was full. */
    size_t result_count;
    struct outbox_item item;
};

static void receivers_free(struct receivers **self_p)
{
    if (*self_p != NULL) {
        secret_wipe(*self_p, sizeof(**self_p));
        free(*self_p);
        *self_p = NULL;
    }
}

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
    char names[RECORDER_ALERTS_MAX][RECORDER_NAME_SIZE_MAX];

    if (count > RECORDER_ALERTS_MAX) {
        return false;
    }
    struct receivers *next = calloc(1, sizeof(*next));
    if (next == NULL) {
        return false;
    }
    next->count = count;
    for (unsigned i = 0; i < count; i++) {
        next->items[i] = alerts[i];
        memcpy(names[i], alerts[i].name, sizeof(names[i]));
    }
    struct receivers *unused = swap_next(self, next);
    receivers_free(&unused);
    wake(self);
    return recorder_set_alerts(self->recorder,
                               (const char(*)[RECORDER_NAME_SIZE_MAX])names, count);
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

static void count_result(struct notifier *self, const char *alert, const char *result)
{
    char labels[2 * RECORDER_NAME_SIZE_MAX + 64];

    if (self->block == NULL) {
        return;
    }
    size_t len = stats_label(labels, sizeof(labels), "alert", span_of(alert));
    if (len + 1 < sizeof(labels)) {
        labels[len] = ',';
        size_t more = stats_label(labels + len + 1, sizeof(labels) - len - 1, "result",
                                  span_of(result));
        if (more < sizeof(labels) - len - 1) {
            stats_add(self->block,
                      stats_series(self->stats, STAT_ALERT_DELIVERIES, labels), 1);
        }
    }
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

    for (size_t i = 0; i < REPORTED_MAX; i++) {
        if (self->reported[i].id == id && self->reported[i].tries > tries) {
            return true;
        }
    }
    return is_running(self, id);
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
    self->reported[self->reported_next] =
        (struct reported){.id = item->id, .tries = item->tries + 1};
    self->reported_next = (self->reported_next + 1) % REPORTED_MAX;
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
    static const char *const WORDS[] = {"retry", "done", "stopped", "given_up"};
    count_result(self, alert, WORDS[result->state]);
    report(self, result);
}

static void finish(struct notifier *self, struct delivery **delivery_p, CURLcode code)
{
    const struct delivery *delivery = *delivery_p;
    struct delivery_result result = {.status = delivery_status(delivery)};
    const char *error = delivery_error(delivery);

    /* A status may have come before the rest of the answer failed: no answer then. */
    switch (code == CURLE_OK ? schedule_judge(result.status) : SCHEDULE_RETRY) {
    case SCHEDULE_DONE:
        result.state = DELIVERY_DONE;
        break;
    case SCHEDULE_STOP:
        result.state = DELIVERY_STOPPED;
        break;
    case SCHEDULE_RETRY:
        result.state = DELIVERY_WAITING;
        break;
    }
    if (code != CURLE_OK) {
        span_copy(span_of(error[0] != '\0' ? error : curl_easy_strerror(code)),
                  result.error, sizeof(result.error));
    } else if (result.state != DELIVERY_DONE) {
        span_copy(SPAN("the receiver refused"), result.error, sizeof(result.error));
    }
    settle(self, delivery_item(delivery), delivery_alert(delivery), &result,
           delivery_retry_after_ms(delivery));
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

static void collect(struct notifier *self)
{
    int left = 0;
    const CURLMsg *message = NULL;

    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            finish_handle(self, message->easy_handle, message->data.result);
        }
    }
}

static void start_one(struct notifier *self, const struct alert_settings *alert,
                      struct delivery **slot)
{
    *slot = delivery_new(alert, &self->item, clock_wall_ms());
    if (*slot != NULL &&
        curl_multi_add_handle(self->multi, delivery_handle(*slot)) == CURLM_OK) {
        return;
    }
    delivery_free(slot);
    struct delivery_result result = {.state = DELIVERY_WAITING};
    span_copy(SPAN("cannot be sent: see its url and secret"), result.error,
              sizeof(result.error));
    settle(self, &self->item, alert->name, &result, 0);
}

/* Receiver `index` uses its own places only, so a slow one delays no other. */
static void start_due(struct notifier *self, unsigned index)
{
    const struct alert_settings *alert = &self->receivers->items[index];
    struct delivery **places = self->running + (size_t)index * RUNNING_PER_ALERT_MAX;

    for (size_t i = 0; i < RUNNING_PER_ALERT_MAX; i++) {
        if (places[i] == NULL && self->result_count == 0 &&
            outbox_next(self->outbox, alert->name, clock_wall_ms(), skip, self,
                        &self->item)) {
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
    collect(self);
    if (self->block != NULL) {
        stats_set(self->block, stats_series(self->stats, STAT_ALERT_QUEUE, ""),
                  outbox_count(self->outbox));
    }
    (void)curl_multi_poll(self->multi, NULL, 0, (int)wait_ms(self), NULL);
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
    if (pthread_create(&self->thread, NULL, run, self) != 0) {
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
