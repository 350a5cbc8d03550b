#include <stdlib.h>

#include "record/clock.h"
#include "record/recorder_private.h"

static void answer(struct recorder_item *item, enum control_result result,
                   uint64_t incident)
{
    if (item->control != NULL) {
        item->control->result = result;
        item->control->incident = incident;
        mailbox_post(item->control->reply_to, &item->control->mail);
    }
    free(item->body);
}

struct change_task {
    const struct feature_change *change;
    uint64_t incident;
};

static void apply_change(struct recorder *self, void *context)
{
    const struct change_task *task = context;
    const struct ledger_change change = {
        .name = task->change->name,
        .state = task->change->state,
        .who = task->change->who,
        .reason = task->change->reason,
        .cause = "operator",
        .anyway = task->change->anyway,
        .incident = task->incident,
        .at_ms = clock_wall_ms(),
    };
    ledger_change_feature(self->ledger, &change);
}

/* Closing: memory, then the small file, then the ledger. Whatever fails, it is down. */
static enum err shut(struct recorder *self, unsigned slot, struct change_task *task)
{
    feature_table_set(self->features, slot, task->change->state);
    if (recorder_write_state(self, -1) != ERR_NONE) {
        recorder_count(self, STAT_LEDGER_FAILURES, "");
    }
    return recorder_transact(self, true, apply_change, task);
}

/* Opening: the ledger first, memory last. */
static enum err open_up(struct recorder *self, unsigned slot, struct change_task *task)
{
    bool wholly = task->change->state == FEATURE_UP;

    enum err err = recorder_transact(self, true, apply_change, task);
    if (err == ERR_NONE &&
        recorder_write_state(self, wholly ? (int)slot : -1) != ERR_NONE) {
        recorder_count(self, STAT_LEDGER_FAILURES, "");
    }
    if (err == ERR_NONE) {
        feature_table_set(self->features, slot, task->change->state);
    }
    return err;
}

void recorder_change(struct recorder *self, struct recorder_item *item)
{
    const struct feature_change *change = item->body;
    struct change_task task = {.change = change};
    unsigned slot = 0;

    if (!feature_table_find(self->features, span_of(change->name), &slot)) {
        answer(item, CONTROL_UNKNOWN, 0);
        return;
    }
    task.incident = ledger_incident_of(self->ledger, change->name);
    enum feature_state state = feature_table_state(self->features, slot);
    if (state == change->state) {
        answer(item, CONTROL_UNCHANGED, task.incident);
        return;
    }
    if (change->state == FEATURE_UP && task.incident != 0 && !change->anyway) {
        answer(item, CONTROL_INCIDENT_OPEN, task.incident);
        return;
    }
    bool closes = change->state == FEATURE_DOWN || state == FEATURE_UP;
    enum err err = closes ? shut(self, slot, &task) : open_up(self, slot, &task);
    answer(item, err == ERR_NONE ? CONTROL_DONE : CONTROL_FAILED, task.incident);
}

struct close_task {
    const struct recorder_close *close;
    bool found;
};

static void apply_close(struct recorder *self, void *context)
{
    struct close_task *task = context;
    task->found =
        ledger_close_incident(self->ledger, task->close->incident, task->close->who,
                              task->close->reason, clock_wall_ms());
}

void recorder_close(struct recorder *self, struct recorder_item *item)
{
    struct close_task task = {.close = item->body};
    uint64_t incident = task.close->incident;

    if (recorder_transact(self, true, apply_close, &task) != ERR_NONE) {
        answer(item, CONTROL_FAILED, incident);
        return;
    }
    answer(item, task.found ? CONTROL_DONE : CONTROL_UNKNOWN, incident);
}
