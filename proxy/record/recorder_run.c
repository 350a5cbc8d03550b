#include <stdlib.h>

#include "record/clock.h"
#include "record/recorder_private.h"

void recorder_count(struct recorder *self, enum stat family, const char *labels)
{
    if (self->block != NULL) {
        stats_add(self->block, stats_series(self->stats, family, labels), 1);
    }
}

static void set_failing(struct recorder *self, bool failing)
{
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

enum err recorder_write_state(struct recorder *self, int but_slot)
{
    struct state_file_image image = {0};
    unsigned count = atomic_load_explicit(&self->features->count, memory_order_acquire);

    for (unsigned i = 0; i < count && i < FEATURE_COUNT_MAX; i++) {
        enum feature_state state = feature_table_state(self->features, i);
        if (state != FEATURE_UP && (int)i != but_slot) {
            struct state_file_record *record = &image.records[image.count++];
            span_copy(span_of(self->features->names[i]), record->name,
                      sizeof(record->name));
            record->state = state;
        }
    }
    return state_file_write(self->state_file, &image);
}

/* The feature whose incident an entry belongs to: the first, which is `login` if any. */
static const char *feature_of(const struct recorder *self,
                              const struct journal_entry *entry)
{
    uint64_t mask = entry->feature_mask | entry->took_down_mask;
    return mask == 0 ? "" : self->features->names[__builtin_ctzll(mask)];
}

static void apply_take_down(struct recorder *self, const struct journal_entry *entry,
                            uint64_t incident)
{
    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        if ((entry->took_down_mask >> slot & 1) != 0) {
            const struct ledger_change change = {
                .name = self->features->names[slot],
                .state = FEATURE_DOWN,
                .who = "countermark",
                .reason = entry->reason,
                .cause = "finding",
                .incident = incident,
                .at_ms = entry->at_ms,
            };
            ledger_change_feature(self->ledger, &change);
        }
    }
}

static void apply_entry(struct recorder *self, struct recorder_item *item)
{
    const struct journal_entry *entry = item->body;

    item->incident = 0;
    if (entry->kind == JOURNAL_DISPLAY) {
        item->incident = ledger_add_display(self->ledger, entry, feature_of(self, entry));
    } else {
        ledger_add_event(self->ledger, entry);
    }
    apply_take_down(self, entry, item->incident);
}

static void apply_note(struct recorder *self, const struct recorder_note *note)
{
    if (note->hash[0] != '\0') {
        ledger_note_config(self->ledger, note->hash, note->who, note->text, note->at_ms);
    } else {
        ledger_note_access(self->ledger, note->who, note->text, note->at_ms);
    }
}

static void apply_alert(struct recorder *self, const struct recorder_alert *alert)
{
    ledger_add_alert(self->ledger, alert->alert[0] != '\0' ? alert->alert : NULL,
                     alert->type, (struct span){.ptr = alert->data, .len = alert->len},
                     alert->at_ms);
}

static void apply_item(struct recorder *self, struct recorder_item *item)
{
    switch (item->kind) {
    case RECORDER_BARRIER:
        return;
    case RECORDER_ENTRY:
        apply_entry(self, item);
        return;
    case RECORDER_NOTE:
        apply_note(self, item->body);
        return;
    case RECORDER_ALERT:
        apply_alert(self, item->body);
        return;
    case RECORDER_DELIVERY:
        ledger_finish_delivery(self->ledger, item->body, clock_wall_ms());
        return;
    case RECORDER_ALERTS:
    case RECORDER_CHANGE:
    case RECORDER_CLOSE:
        break; /* Never kept. */
    }
    UNREACHABLE();
}

static void apply_kept(struct recorder *self, void *context)
{
    (void)context;
    if (recorder_failing(self)) {
        ledger_probe(self->ledger);
    }
    for (size_t i = 0; i < self->kept_count; i++) {
        apply_item(self, &self->kept[i]);
    }
}

/* Must its commit wait for the disk? One more of a row that is there need not. */
static bool needs_disk(struct recorder *self, const struct recorder_item *item)
{
    if (item->kind == RECORDER_ENTRY) {
        const struct journal_entry *entry = item->body;
        if (entry->kind == JOURNAL_DISPLAY) {
            return !ledger_knows(self->ledger, entry, feature_of(self, entry));
        }
        return item->ticket != NULL || entry->took_down_mask != 0;
    }
    return item->kind != RECORDER_DELIVERY;
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

/* Written before the commit, which may fail; once for each entry. */
static void state_take_downs(struct recorder *self)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < self->kept_count; i++) {
        struct recorder_item *item = &self->kept[i];
        if (item->kind == RECORDER_ENTRY && !item->stated) {
            const struct journal_entry *entry = item->body;
            mask |= entry->took_down_mask;
            item->stated = true;
        }
    }
    if (mask != 0) {
        (void)feature_table_take_down(self->features, mask);
        if (recorder_write_state(self, -1) != ERR_NONE) {
            recorder_count(self, STAT_LEDGER_FAILURES, "");
        }
    }
}

static void count_take_downs(struct recorder *self, const struct journal_entry *entry)
{
    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        if ((entry->took_down_mask >> slot & 1) != 0) {
            char labels[2 * FEATURE_NAME_SIZE_MAX + 64];
            size_t len = stats_label(labels, sizeof(labels), "feature",
                                     span_of(self->features->names[slot]));
            if (len < sizeof(labels) - sizeof(",cause=\"finding\"")) {
                memcpy(labels + len, ",cause=\"finding\"", sizeof(",cause=\"finding\""));
                recorder_count(self, STAT_TAKE_DOWNS, labels);
            }
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

static void end_kept(struct recorder *self)
{
    for (size_t i = 0; i < self->kept_count; i++) {
        struct recorder_item *item = &self->kept[i];
        answer(item, true);
        if (item->kind == RECORDER_ENTRY && self->block != NULL) {
            count_take_downs(self, item->body);
        }
        free(item->body);
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
        if (item.kind == RECORDER_BARRIER || count == RECORDER_KEPT_MAX) {
            free(item.body);
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

void recorder_flush(struct recorder *self)
{
    bool failing = recorder_failing(self);

    if (self->kept_count == 0 && !failing) {
        return;
    }
    state_take_downs(self);
    if (failing && clock_steady_ms() < self->retry_at_ms) {
        fail_kept(self);
        return;
    }
    if (!failing && only_barriers(self)) {
        end_kept(self);
        return;
    }
    bool durable = failing || batch_needs_disk(self);
    if (recorder_transact(self, durable, apply_kept, NULL) == ERR_NONE) {
        end_kept(self);
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
    } else if (item->kind == RECORDER_ALERTS) {
        const struct recorder_alerts *alerts = item->body;
        recorder_flush(self);
        ledger_set_alerts(self->ledger, alerts->names, alerts->count);
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

/* What is done once a second. */
static void tick(struct recorder *self)
{
    bool more = false;
    uint64_t now = clock_steady_ms();

    if (now < self->tick_at_ms) {
        return;
    }
    self->tick_at_ms = now + RECORDER_TICK_MS;
    if (!recorder_failing(self)) {
        if (!files_in_place(self, false)) {
            set_failing(self, true);
        } else if (ledger_updates_due(self->ledger, clock_wall_ms())) {
            (void)recorder_transact(self, false, apply_updates, NULL);
        }
        if (self->block != NULL) {
            stats_set(self->block, stats_series(self->stats, STAT_INCIDENTS_OPEN, ""),
                      ledger_open_count(self->ledger));
        }
    }
    if (self->bindings != NULL) {
        if (bindings_save(self->bindings, self->registry, now, clock_wall_ms(), &more) !=
            ERR_NONE) {
            recorder_count(self, STAT_LEDGER_FAILURES, "");
        }
        self->tick_at_ms = more ? now : self->tick_at_ms;
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
