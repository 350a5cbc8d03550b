#include <stdlib.h>

#include "base/log.h"
#include "record/clock.h"
#include "record/recorder_evidence.h"
#include "record/recorder_private.h"

enum {
    SAVES_MAX = 64, /* Batches of sessions that one refusal waits for. */
};

void recorder_count(struct recorder *self, enum stat_id family, const char *labels)
{
    if (self->block != NULL) {
        stats_add(self->block, stats_series(self->stats, family, labels), 1);
    }
}

static void set_failing(struct recorder *self, bool failing)
{
    if (failing && !recorder_failing(self)) {
        log_write(
            LOG_LEVEL_ERROR,
            "the ledger does not write (%s): what needs it is refused until it does",
            ledger_present(self->ledger) ? ledger_error_text(self->ledger)
                                         : "its files are gone");
    } else if (!failing && recorder_failing(self)) {
        log_write(LOG_LEVEL_NOTICE, "the ledger writes again");
    }
    if (failing) {
        self->retry_at_ms = clock_steady_ms() + RECORDER_RETRY_MS;
        recorder_count(self, STAT_LEDGER_FAILURES, "");
    } else {
        recorder_count(self, STAT_LEDGER_COMMITS, "");
    }
    atomic_store_explicit(&self->failing, failing, memory_order_release);
}

/* A file that was unlinked takes writes without an error: they reach nobody. */
static bool files_in_place(struct recorder *self, bool durable)
{
    uint64_t now = clock_steady_ms();
    if (!durable && now < self->look_at_ms) {
        return true;
    }
    self->look_at_ms = now + RECORDER_TICK_MS;
    return ledger_present(self->ledger);
}

enum err recorder_transact(struct recorder *self, bool durable, recorder_apply_fn *apply,
                           void *context)
{
    enum err err = ERR_STORAGE;

    if (files_in_place(self, durable)) {
        ledger_begin(self->ledger, durable);
        apply(self, context);
        err = ledger_commit(self->ledger);
    }
    set_failing(self, err != ERR_NONE);
    if (err == ERR_NONE && ledger_take_added(self->ledger) > 0) {
        recorder_tell_deliveries(self);
    }
    return err;
}

void recorder_count_open(struct recorder *self)
{
    if (self->block != NULL) {
        stats_set(self->block, stats_series(self->stats, STAT_INCIDENTS_OPEN, ""),
                  ledger_open_count(self->ledger));
    }
}

static void apply_kept(struct recorder *self, void *context)
{
    (void)context;
    if (recorder_failing(self)) {
        ledger_probe(self->ledger);
    }
    for (size_t i = 0; i < self->kept_count; i++) {
        recorder_apply(self, &self->kept[i]);
    }
}

/* Kept by the way: no commit waits for the disk because of it, and it may be lost. */
static bool is_evidence(const struct recorder_item *item)
{
    return item->kind == RECORDER_WRITES || item->kind == RECORDER_DOUBTS ||
           item->kind == RECORDER_COVERAGE || item->kind == RECORDER_SYNC;
}

/* Must its commit wait for the disk? One more of a row that is there need not. */
static bool needs_disk(struct recorder *self, const struct recorder_item *item)
{
    if (item->kind == RECORDER_ENTRY) {
        const struct journal_entry *entry = item->body;
        if (entry->kind == JOURNAL_DISPLAY) {
            return !recorder_knows(self, entry);
        }
        return item->ticket != NULL || entry->took_down_mask != 0 ||
               ledger_is_desync(entry);
    }
    return item->kind != RECORDER_DELIVERY && !is_evidence(item);
}

static bool batch_needs_disk(struct recorder *self)
{
    for (size_t i = 0; i < self->kept_count; i++) {
        if (needs_disk(self, &self->kept[i])) {
            return true;
        }
    }
    return false;
}

/* A reason is our own word, never a visitor's text. */
static void say_take_down(const struct recorder_item *item, const char *feature)
{
    const struct journal_entry *entry = item->body;

    log_write(LOG_LEVEL_NOTICE, "feature `%s` is taken down: %s, incident %llu", feature,
              entry->reason, (unsigned long long)item->incident);
}

static unsigned take_downs_of(struct recorder *self, const char *feature,
                              const char *cause)
{
    return stats_series_of(self->stats, STAT_TAKE_DOWNS,
                           (struct stat_label){"feature", feature},
                           (struct stat_label){"cause", cause});
}

void recorder_count_take_down(struct recorder *self, const char *feature,
                              const char *cause)
{
    if (self->block != NULL) {
        stats_add(self->block, take_downs_of(self, feature, cause), 1);
    }
}

void recorder_show_take_downs(struct recorder *self)
{
    static const char *const CAUSES[] = {"finding", "operator", "drill"};
    unsigned count = atomic_load(&self->features->count);

    for (unsigned i = 0; self->stats != NULL && i < count; i++) {
        for (size_t k = 0; k < sizeof(CAUSES) / sizeof(CAUSES[0]); k++) {
            (void)take_downs_of(self, self->features->names[i], CAUSES[k]);
        }
    }
}

static void tell_take_downs(struct recorder *self, const struct recorder_item *item)
{
    const struct journal_entry *entry = item->body;

    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        if ((entry->took_down_mask >> slot & 1) != 0) {
            say_take_down(item, self->features->names[slot]);
            recorder_count_take_down(self, self->features->names[slot], "finding");
        }
    }
}

static void answer(struct recorder_item *item, bool committed)
{
    struct journal_ticket *ticket = item->ticket;

    item->ticket = NULL;
    if (ticket != NULL) {
        ticket->committed = committed;
        ticket->incident = committed ? item->incident : 0;
        mailbox_post(ticket->reply_to, &ticket->mail);
    }
}

/* `stated`: a barrier says that what is down is on disk, for which either file would do.
 */
static void end_kept(struct recorder *self, bool stated)
{
    for (size_t i = 0; i < self->kept_count; i++) {
        struct recorder_item *item = &self->kept[i];
        answer(item, stated || item->kind != RECORDER_BARRIER);
        if (item->kind == RECORDER_ENTRY) {
            tell_take_downs(self, item);
        } else if (item->kind == RECORDER_SYNC) {
            atomic_store(&self->sync_done, *(const uint64_t *)item->body);
        }
        recorder_free_body(self, item);
    }
    self->kept_count = 0;
}

/* Everybody learns that it is not on disk; facts stay for the next try, up to the bound.
 */
static void fail_kept(struct recorder *self)
{
    size_t count = 0;

    for (size_t i = 0; i < self->kept_count; i++) {
        struct recorder_item item = self->kept[i];
        answer(&item, false);
        if (item.kind == RECORDER_BARRIER || is_evidence(&item) ||
            count == RECORDER_KEPT_MAX) {
            recorder_free_body(self, &item);
        } else {
            self->kept[count++] = item;
        }
    }
    self->kept_count = count;
}

static bool only_barriers(const struct recorder *self)
{
    for (size_t i = 0; i < self->kept_count; i++) {
        if (self->kept[i].kind != RECORDER_BARRIER) {
            return false;
        }
    }
    return true;
}

/* A session that has to log in again has to after a crash as well, once its page is out.
 */
static void save_quarantines(struct recorder *self)
{
    bool more = false;

    for (size_t i = 0; i < self->kept_count; i++) {
        const struct journal_entry *entry = self->kept[i].body;
        more = more || (self->kept[i].kind == RECORDER_ENTRY && entry->quarantined);
    }
    for (unsigned i = 0; more && self->bindings != NULL && i < SAVES_MAX; i++) {
        enum err err = bindings_save(self->bindings, self->registry, clock_steady_ms(),
                                     clock_wall_ms(), &more);
        if (err != ERR_NONE) {
            recorder_count(self, STAT_LEDGER_FAILURES, "");
            return;
        }
    }
}

void recorder_flush(struct recorder *self)
{
    bool failing = recorder_failing(self);

    if (self->kept_count == 0 && !failing) {
        return;
    }
    bool stated = recorder_state_take_downs(self) == ERR_NONE;
    if (failing && clock_steady_ms() < self->retry_at_ms) {
        fail_kept(self);
        return;
    }
    if (!failing && only_barriers(self)) {
        end_kept(self, stated);
        return;
    }
    bool durable = failing || batch_needs_disk(self);
    if (recorder_transact(self, durable, apply_kept, NULL) == ERR_NONE) {
        save_quarantines(self);
        end_kept(self, stated);
        if (durable) {
            recorder_count_open(self);
        }
    } else {
        fail_kept(self);
    }
}

static void take_item(struct recorder *self, struct recorder_item *item)
{
    if (item->kind == RECORDER_CHANGE) {
        recorder_flush(self);
        recorder_change(self, item);
    } else if (item->kind == RECORDER_CLOSE) {
        recorder_flush(self);
        recorder_close(self, item);
    } else if (item->kind == RECORDER_HOUSE) {
        recorder_flush(self);
        recorder_move_house(self, item);
    } else if (item->kind == RECORDER_MARK) {
        recorder_flush(self);
        recorder_mark_now(self, item);
    } else if (item->kind == RECORDER_ALERTS) {
        const struct recorder_alerts *alerts = item->body;
        recorder_flush(self);
        ledger_set_alerts(self->ledger, alerts->routes, alerts->count);
        recorder_recover(self);
        free(item->body);
    } else {
        self->kept[self->kept_count++] = *item;
    }
}

static void apply_updates(struct recorder *self, void *context)
{
    (void)context;
    ledger_add_updates(self->ledger, clock_wall_ms());
}

static void look_after_ledger(struct recorder *self)
{
    recorder_recover(self);
    if (!files_in_place(self, false)) {
        set_failing(self, true);
    }
    if (self->away) {
        return;
    }
    recorder_trim(self);
    if (!recorder_failing(self) && ledger_updates_due(self->ledger, clock_wall_ms())) {
        (void)recorder_transact(self, false, apply_updates, NULL);
    }
    recorder_count_open(self);
}

/* One batch was saved, or not; with `more` the next one is due at once. */
static void note_saved(struct recorder *self, enum err err, bool more, uint64_t now)
{
    if (err != ERR_NONE) {
        recorder_count(self, STAT_LEDGER_FAILURES, "");
    }
    self->tick_at_ms = more ? now : self->tick_at_ms;
}

/* What is done once a second. */
static void tick(struct recorder *self)
{
    uint64_t now = clock_steady_ms();
    uint64_t wall = clock_wall_ms();
    bool more = false;

    if (now < self->tick_at_ms) {
        return;
    }
    self->tick_at_ms = now + RECORDER_TICK_MS;
    if (!recorder_failing(self)) {
        look_after_ledger(self);
    }
    if (self->bindings != NULL && !self->away) {
        enum err err = bindings_save(self->bindings, self->registry, now, wall, &more);
        note_saved(self, err, more, now);
    }
    if (self->aliases != NULL && !self->away) {
        enum err err = aliases_save(self->aliases, self->alias_memo, now, wall, &more);
        note_saved(self, err, more, now);
    }
}

static uint64_t wait_ms(const struct recorder *self)
{
    uint64_t now = clock_steady_ms();
    uint64_t until = self->tick_at_ms;

    if (recorder_failing(self) && self->retry_at_ms < until) {
        until = self->retry_at_ms;
    }
    return until > now ? until - now : 0;
}

void *recorder_run(void *context)
{
    struct recorder *self = context;
    struct recorder_item items[RECORDER_BATCH_MAX];

    self->tick_at_ms = clock_steady_ms() + RECORDER_TICK_MS;
    while (!queue_ended(self->queue)) {
        size_t count = queue_pop(self->queue, items, RECORDER_BATCH_MAX, wait_ms(self));
        for (size_t i = 0; i < count; i++) {
            take_item(self, &items[i]);
        }
        recorder_flush(self);
        tick(self);
    }
    self->tick_at_ms = 0;
    self->retry_at_ms = 0;
    recorder_flush(self);
    do {
        tick(self);
    } while (self->tick_at_ms <= clock_steady_ms() && !recorder_failing(self));
    return NULL;
}
