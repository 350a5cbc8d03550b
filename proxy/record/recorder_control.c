#include <stdlib.h>

#include "base/log.h"
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
    unsigned slot;
    uint64_t asked;
    uint64_t incident;
};

void recorder_apply_change(struct recorder *self, const struct recorder_closed *row)
{
    const struct ledger_change change = {
        .name = row->change.name,
        .state = row->change.state,
        .who = row->change.who,
        .reason = row->change.reason,
        .cause = row->cause,
        .anyway = row->change.anyway,
        .incident = row->incident,
        .at_ms = row->at_ms,
    };
    ledger_change_feature(self->ledger, &change);
}

static const char *cause_of(const struct change_task *task)
{
    return task->change->drill ? "drill" : "operator";
}

static struct recorder_closed row_of(const struct change_task *task)
{
    return (struct recorder_closed){
        .change = *task->change,
        .cause = cause_of(task),
        .incident = task->incident,
        .at_ms = clock_wall_ms(),
    };
}

static void apply_change(struct recorder *self, void *context)
{
    const struct recorder_closed row = row_of(context);
    recorder_apply_change(self, &row);
}

static enum control_result result_of(enum err err)
{
    return err == ERR_NONE ? CONTROL_DONE : CONTROL_FAILED;
}

static void write_state(struct recorder *self, int but_slot)
{
    if (recorder_write_state(self, but_slot) != ERR_NONE) {
        recorder_count(self, STAT_LEDGER_FAILURES, "");
    }
}

/* Everything that waits is tried now. False: it waits on. */
static bool flush_now(struct recorder *self)
{
    self->retry_at_ms = 0;
    recorder_flush(self);
    return self->kept_count == 0;
}

/* Behind what waits already; whether it is on disk. Without memory for it features.state
 * alone has it. */
static bool keep(struct recorder *self, const struct recorder_closed *row)
{
    struct recorder_closed *body = malloc(sizeof(*body));

    if (body == NULL) {
        return false;
    }
    CHECK(self->kept_count < RECORDER_KEPT_MAX + RECORDER_BATCH_MAX);
    *body = *row;
    self->kept[self->kept_count++] =
        (struct recorder_item){.kind = RECORDER_CLOSED, .body = body};
    return flush_now(self);
}

/* Closing: memory, then the small file, then the ledger, now or once it writes again.
 * Whatever fails, it is down. */
static enum control_result shut(struct recorder *self, struct change_task *task)
{
    enum feature_state state = task->change->state;

    if (state == FEATURE_DOWN) {
        feature_table_set(self->features, task->slot, state);
    } else if (!feature_table_open(self->features, task->slot, state, task->asked)) {
        return CONTROL_FINDING;
    }
    write_state(self, -1);
    const struct recorder_closed row = row_of(task);
    return keep(self, &row) ? CONTROL_DONE : CONTROL_FAILED;
}

/* Memory has it already: so has the ledger, or it gets it. A finding's take-down that is
 * not settled is on its way to us. */
static enum control_result confirm(struct recorder *self, struct change_task *task)
{
    enum feature_state state = task->change->state;

    if (self->kept_count > 0 && !flush_now(self)) {
        return CONTROL_FAILED; /* What made it so may be among these. */
    }
    bool told = state == FEATURE_UP ||
                ledger_state_of(self->ledger, task->change->name) == state ||
                atomic_load(&self->features->unsettled) != 0;
    return told ? CONTROL_UNCHANGED : shut(self, task);
}

/* The files say that it is open, but a worker has found something since: never opened. */
static void stay_down(struct recorder *self, struct change_task *task)
{
    struct recorder_closed row = {
        .change = {.state = FEATURE_DOWN, .who = "countermark"},
        .cause = "finding",
        .incident = ledger_incident_of(self->ledger, task->change->name),
        .at_ms = clock_wall_ms(),
    };

    write_state(self, -1);
    task->incident = row.incident;
    (void)span_copy(span_of(task->change->name), row.change.name,
                    sizeof(row.change.name));
    (void)span_copy(SPAN("a finding came while it was being opened"), row.change.reason,
                    sizeof(row.change.reason));
    (void)keep(self, &row);
}

/* Opening: the ledger first, memory last. */
static enum control_result commit_open(struct recorder *self, struct change_task *task)
{
    enum feature_state state = task->change->state;

    enum err err = recorder_transact(self, true, apply_change, task);
    if (err != ERR_NONE) {
        return CONTROL_FAILED;
    }
    write_state(self, state == FEATURE_UP ? (int)task->slot : -1);
    if (state == FEATURE_UP && self->takedown != NULL) {
        takedown_forget(self->takedown, UINT64_C(1) << task->slot);
    }
    if (!feature_table_open(self->features, task->slot, state, task->asked)) {
        stay_down(self, task);
        return CONTROL_FINDING;
    }
    if (state == FEATURE_TRIAL) {
        write_state(self, -1);
    }
    return CONTROL_DONE;
}

/*
 * A take-down that is on its way to us was asked for before the operator asked, or is
 * counted: either way it is newer than what the operator knew. While the files say less
 * than memory no 503 goes out without asking us (`unsettled`).
 */
static enum control_result open_up(struct recorder *self, struct change_task *task)
{
    if (self->kept_count > 0) {
        return CONTROL_FAILED; /* What keeps it down may be among these. */
    }
    if (atomic_load(&self->features->unsettled) != 0 ||
        feature_table_asked(self->features, task->slot) != task->asked) {
        return CONTROL_FINDING;
    }
    (void)atomic_fetch_add(&self->features->unsettled, 1);
    enum control_result result = commit_open(self, task);
    (void)atomic_fetch_sub(&self->features->unsettled, 1);
    return result;
}

static enum control_result change_feature(struct recorder *self, struct change_task *task)
{
    enum feature_state wanted = task->change->state;
    enum feature_state state = FEATURE_DOWN;

    if (!feature_table_find(self->features, span_of(task->change->name), &task->slot)) {
        return CONTROL_UNKNOWN;
    }
    task->incident = ledger_incident_of(self->ledger, task->change->name);
    state = feature_table_state(self->features, task->slot);
    if (state == wanted) {
        return confirm(self, task);
    }
    if (wanted == FEATURE_UP && task->incident != 0 && !task->change->anyway) {
        return CONTROL_INCIDENT_OPEN;
    }
    if (wanted == FEATURE_DOWN) {
        /* Whatever the files say, it goes down. */
        recorder_count_take_down(self, task->change->name, cause_of(task));
    }
    bool closes = wanted == FEATURE_DOWN || state == FEATURE_UP;
    return closes ? shut(self, task) : open_up(self, task);
}

/* Nobody waits for the answer: the log is the only place where it can be learnt. */
static void say_unanswered(const struct change_task *task, enum control_result result)
{
    const struct feature_change *change = task->change;

    if (result == CONTROL_INCIDENT_OPEN) {
        log_write(LOG_LEVEL_WARNING,
                  "feature `%s` stays down: incident %llu is open, %s did not say "
                  "--anyway",
                  change->name, (unsigned long long)task->incident, change->who);
    } else if (result == CONTROL_FAILED) {
        log_write(LOG_LEVEL_ERROR,
                  "feature `%s` is not %s as %s wanted: the ledger does not write",
                  change->name, feature_state_name(change->state), change->who);
    }
}

void recorder_change(struct recorder *self, struct recorder_item *item)
{
    const struct recorder_change *body = item->body;
    struct change_task task = {.change = &body->change, .asked = body->asked};

    enum control_result result = change_feature(self, &task);
    if (result == CONTROL_DONE) {
        log_write(LOG_LEVEL_NOTICE, "feature `%s` is %s: by %s", body->change.name,
                  feature_state_name(body->change.state), body->change.who);
    } else if (result == CONTROL_FINDING) {
        log_write(LOG_LEVEL_NOTICE,
                  "feature `%s` stays down: a finding came since %s asked",
                  body->change.name, body->change.who);
    } else if (item->control == NULL) {
        say_unanswered(&task, result);
    }
    answer(item, result, task.incident);
}

static void apply_mark(struct recorder *self, void *context)
{
    const struct recorder_note *note = context;
    ledger_mark(self->ledger, note->who, note->text, note->at_ms);
}

void recorder_mark_now(struct recorder *self, struct recorder_item *item)
{
    enum err err = recorder_transact(self, true, apply_mark, item->body);
    answer(item, result_of(err), 0);
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
    recorder_count_open(self);
    answer(item, task.found ? CONTROL_DONE : CONTROL_UNKNOWN, incident);
}
