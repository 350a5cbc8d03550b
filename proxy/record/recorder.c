#include "record/recorder.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/thread.h"
#include "record/clock.h"
#include "record/recorder_private.h"

/* A copy on the heap, or NULL. */
static void *copy_of(const void *bytes, size_t size)
{
    void *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

bool recorder_push(struct recorder *self, const struct recorder_item *item)
{
    if (item->body == NULL && item->kind != RECORDER_BARRIER) {
        return false;
    }
    if (!queue_push(self->queue, item)) {
        free(item->body);
        return false;
    }
    return true;
}

/* Takes up room that is bounded in bytes: an entry may have a thousand subjects. */
static bool post_entry(struct recorder *self, const struct journal_entry *entry,
                       struct journal_ticket *ticket)
{
    uint64_t size = entry->more_count > 0 ? journal_entry_size(entry) : 0;

    if (atomic_fetch_add(&self->subjects_size, size) + size > RECORDER_SUBJECTS_MAX) {
        (void)atomic_fetch_sub(&self->subjects_size, size);
        return false;
    }
    struct recorder_item item = {
        .kind = RECORDER_ENTRY, .ticket = ticket, .body = journal_entry_copy(entry)};
    if (!recorder_push(self, &item)) {
        (void)atomic_fetch_sub(&self->subjects_size, size);
        return false;
    }
    return true;
}

void recorder_free_body(struct recorder *self, struct recorder_item *item)
{
    if (item->kind == RECORDER_ENTRY) {
        const struct journal_entry *entry = item->body;
        uint64_t size = entry->more_count > 0 ? journal_entry_size(entry) : 0;
        (void)atomic_fetch_sub(&self->subjects_size, size);
    }
    free(item->body);
    item->body = NULL;
}

static bool post(void *context, const struct journal_entry *entry,
                 struct journal_ticket *ticket)
{
    struct recorder_item item = {.kind = RECORDER_BARRIER, .ticket = ticket};

    if (entry->kind != JOURNAL_BARRIER) {
        item.kind = RECORDER_ENTRY;
        return post_entry(context, entry, ticket);
    }
    return recorder_push(context, &item);
}

static bool journal_failing(void *context)
{
    return recorder_failing(context);
}

struct journal recorder_journal(struct recorder *self)
{
    return (struct journal){.self = self,
                            .post = post,
                            .failing = journal_failing,
                            .note_writes = recorder_note_writes,
                            .note_doubts = recorder_note_doubts};
}

bool recorder_failing(const struct recorder *self)
{
    return atomic_load_explicit(&self->failing, memory_order_acquire);
}

void recorder_on_deliveries(struct recorder *self, void (*on_deliveries)(void *context),
                            void *context)
{
    int result = pthread_mutex_lock(&self->hook_lock);
    CHECK(result == 0);
    self->on_deliveries = on_deliveries;
    self->on_deliveries_context = context;
    result = pthread_mutex_unlock(&self->hook_lock);
    CHECK(result == 0);
}

void recorder_tell_deliveries(struct recorder *self)
{
    int result = pthread_mutex_lock(&self->hook_lock);
    CHECK(result == 0);
    if (self->on_deliveries != NULL) {
        self->on_deliveries(self->on_deliveries_context);
    }
    result = pthread_mutex_unlock(&self->hook_lock);
    CHECK(result == 0);
}

bool recorder_set_alerts(struct recorder *self, const struct alert_route *routes,
                         unsigned count)
{
    struct recorder_alerts *alerts = NULL;

    if (count <= RECORDER_ALERTS_MAX) {
        alerts = calloc(1, sizeof(*alerts) + count * sizeof(*routes));
    }
    if (alerts == NULL) {
        return false;
    }
    alerts->count = count;
    if (count > 0) {
        memcpy(alerts->routes, routes, count * sizeof(*routes));
    }
    struct recorder_item item = {.kind = RECORDER_ALERTS, .body = alerts};
    return recorder_push(self, &item);
}

bool recorder_change_feature(struct recorder *self, const struct feature_change *change,
                             struct control_ticket *ticket)
{
    struct recorder_change body = {.change = *change};
    unsigned slot = 0;

    if (feature_table_find(self->features, span_of(change->name), &slot)) {
        body.asked = feature_table_asked(self->features, slot);
    }
    struct recorder_item item = {
        .kind = RECORDER_CHANGE, .body = copy_of(&body, sizeof(body)), .control = ticket};
    return recorder_push(self, &item);
}

bool recorder_close_incident(struct recorder *self, uint64_t incident, const char *who,
                             const char *reason, struct control_ticket *ticket)
{
    struct recorder_close close = {.incident = incident};

    span_copy(span_of(who), close.who, sizeof(close.who));
    span_copy(span_of(reason), close.reason, sizeof(close.reason));
    struct recorder_item item = {.kind = RECORDER_CLOSE,
                                 .body = copy_of(&close, sizeof(close)),
                                 .control = ticket};
    return recorder_push(self, &item);
}

static bool push_note(struct recorder *self, const char *hash, const char *who,
                      const char *text)
{
    struct recorder_note note = {.at_ms = clock_wall_ms()};

    span_copy(span_of(hash), note.hash, sizeof(note.hash));
    span_copy(span_of(who), note.who, sizeof(note.who));
    span_copy(span_of(text), note.text, sizeof(note.text));
    struct recorder_item item = {.kind = RECORDER_NOTE,
                                 .body = copy_of(&note, sizeof(note))};
    return recorder_push(self, &item);
}

bool recorder_note_config(struct recorder *self, const char *hash, const char *who,
                          const char *summary)
{
    return push_note(self, hash, who, summary);
}

bool recorder_note_access(struct recorder *self, const char *who, const char *what)
{
    return push_note(self, "", who, what);
}

bool recorder_alert(struct recorder *self, const char *alert, const char *type,
                    struct span data)
{
    if (data.len > RECORDER_ALERT_DATA_MAX) {
        return false;
    }
    struct recorder_alert *body = malloc(sizeof(*body) + data.len);
    if (body == NULL) {
        return false;
    }
    *body = (struct recorder_alert){.at_ms = clock_wall_ms(), .len = data.len};
    span_copy(span_of(alert), body->alert, sizeof(body->alert));
    span_copy(span_of(type), body->type, sizeof(body->type));
    if (data.len > 0) {
        memcpy(body->data, data.ptr, data.len);
    }
    struct recorder_item item = {.kind = RECORDER_ALERT, .body = body};
    return recorder_push(self, &item);
}

bool recorder_retry_deliveries(struct recorder *self, uint64_t id)
{
    struct recorder_item item = {.kind = RECORDER_RETRY,
                                 .body = copy_of(&id, sizeof(id))};
    return recorder_push(self, &item);
}

bool recorder_finish_delivery(struct recorder *self, const struct delivery_result *result)
{
    struct recorder_item item = {.kind = RECORDER_DELIVERY,
                                 .body = copy_of(result, sizeof(*result))};
    return recorder_push(self, &item);
}

static void set_down(struct recorder *self, const struct state_file_image *image)
{
    for (unsigned i = 0; i < image->count; i++) {
        unsigned slot = 0;
        const struct state_file_record *record = &image->records[i];
        /* A name that no longer fits cannot be in the configuration either. */
        if (feature_table_slot(self->features, span_of(record->name), &slot) ==
                ERR_NONE &&
            feature_table_state(self->features, slot) != FEATURE_DOWN) {
            feature_table_set(self->features, slot, record->state);
        }
    }
}

/* What is down is the union of both; the ledger is told by recorder_recover(). */
static void restore_states(struct recorder *self)
{
    struct state_file_image ledger;

    ledger_read_features(self->ledger, &ledger);
    set_down(self, &ledger);
    set_down(self, &self->found);
    if (recorder_write_state(self, -1) != ERR_NONE) {
        recorder_count(self, STAT_LEDGER_FAILURES, "");
    }
}

static enum err open_files(struct recorder *self, const struct state_dir *directory,
                           struct fault *fault_out)
{
    char ledger_path[STATE_DIR_PATH_MAX + 64];
    char state_path[STATE_DIR_PATH_MAX + 64];

    state_dir_file(directory, "ledger.db", ledger_path);
    state_dir_file(directory, "features.state", state_path);
    bool has_state = access(state_path, F_OK) == 0;
    if (has_state && access(ledger_path, F_OK) != 0) {
        fault_set(fault_out,
                  "%s: missing, but %s is there; restore the ledger from a backup, or "
                  "move the whole state directory aside to begin a new one (features "
                  "that were down are up in it)",
                  ledger_path, state_path);
        return ERR_STORAGE;
    }
    enum err err = ledger_open(directory, &self->ledger, fault_out);
    if (err == ERR_NONE) {
        err = state_file_open(state_path, !has_state, &self->state_file, &self->found,
                              fault_out);
    }
    if (err == ERR_NONE && self->registry != NULL) {
        err = bindings_open(directory, &self->bindings, fault_out);
    }
    if (err == ERR_NONE && self->alias_memo != NULL) {
        err = aliases_open(directory, &self->aliases, fault_out);
    }
    if (err == ERR_NONE && !self->away) {
        restore_states(self);
    }
    self->found.count = self->away ? 0 : self->found.count;
    return err;
}

static enum err prepare(struct recorder *self, const struct recorder_settings *settings,
                        struct fault *fault_out)
{
    self->queue = queue_new(sizeof(struct recorder_item), RECORDER_QUEUE_MAX);
    self->kept = calloc(RECORDER_KEPT_MAX + RECORDER_BATCH_MAX, sizeof(*self->kept));
    if (settings->stats != NULL) {
        self->stats = settings->stats;
        self->block = stats_block_new(settings->stats);
    }
    if (self->queue == NULL || self->kept == NULL ||
        (self->stats != NULL && self->block == NULL)) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    enum err err = open_files(self, settings->directory, fault_out);
    if (err == ERR_NONE && self->bindings != NULL && !self->away) {
        (void)bindings_load(self->bindings, self->registry, clock_steady_ms(),
                            clock_wall_ms());
    }
    if (err == ERR_NONE && self->aliases != NULL && !self->away) {
        (void)aliases_load(self->aliases, self->alias_memo, clock_steady_ms(),
                           clock_wall_ms());
    }
    return err;
}

enum err recorder_new(const struct recorder_settings *settings,
                      struct recorder **self_out, struct fault *fault_out)
{
    CHECK(settings->directory != NULL && settings->features != NULL);

    *self_out = NULL;
    struct recorder *self = calloc(1, sizeof(*self));
    if (self == NULL || pthread_mutex_init(&self->hook_lock, NULL) != 0) {
        free(self);
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    self->features = settings->features;
    self->takedown = settings->takedown;
    self->registry = settings->registry;
    self->alias_memo = settings->aliases;
    self->away = settings->joins;
    atomic_init(&self->shared, settings->joins);
    atomic_init(&self->ledger_max, UINT64_MAX);
    atomic_init(&self->retention_ms, UINT64_MAX);
    enum err err = prepare(self, settings, fault_out);
    if (err != ERR_NONE) {
        recorder_free(&self);
    }
    *self_out = self;
    return err;
}

enum err recorder_start(struct recorder *self)
{
    CHECK(!self->started);
    if (!thread_start(&self->thread, "recorder", recorder_run, self)) {
        return ERR_SYSTEM;
    }
    self->started = true;
    return ERR_NONE;
}

void recorder_free(struct recorder **self_p)
{
    struct recorder *self = *self_p;
    if (self == NULL) {
        return;
    }
    if (self->queue != NULL) {
        queue_end(self->queue);
    }
    if (self->started) {
        (void)pthread_join(self->thread, NULL);
    } else if (self->ledger != NULL && self->state_file != NULL) {
        (void)recorder_run(self);
    }
    for (size_t i = 0; i < self->kept_count; i++) {
        recorder_free_body(self, &self->kept[i]);
    }
    free(self->kept);
    bindings_close(&self->bindings);
    aliases_close(&self->aliases);
    state_file_close(&self->state_file);
    ledger_close(&self->ledger);
    queue_free(&self->queue);
    (void)pthread_mutex_destroy(&self->hook_lock);
    free(self);
    *self_p = NULL;
}
