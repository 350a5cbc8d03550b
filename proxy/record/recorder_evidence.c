/* Takes access evidence and coverage, and keeps the ledger within its size and time. */
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/log.h"
#include "record/clock.h"
#include "record/recorder_private.h"

enum {
    MEASURE_MS = 10000,
    ERASE_MS = 3600000, /* At most: with a shorter `retention` as often as that. */
    TELL_MS = 3600000,
    RESERVE_PARTS = 16, /* Of ledger_max; kept free for refusals. */
    TRIMS_MAX = 8,      /* Batches at a time: a refusal may be waiting. */
};

/* A body of a head and `count` rows. NULL: memory. */
static void *body_of(size_t head_size, const void *rows, size_t row_size, unsigned count)
{
    char *body = malloc(head_size + row_size * count);

    if (body != NULL) {
        memcpy(body, &count, sizeof(count));
        if (count > 0) {
            memcpy(body + head_size, rows, row_size * count);
        }
    }
    return body;
}

void recorder_note_writes(void *context, const struct journal_write *writes,
                          unsigned count)
{
    struct recorder *self = context;
    struct recorder_item item = {
        .kind = RECORDER_WRITES,
        .body = body_of(offsetof(struct recorder_writes, rows), writes, sizeof(*writes),
                        count),
    };
    if (!recorder_push(self, &item)) {
        log_write(LOG_LEVEL_WARNING,
                  "access evidence is lost: the ledger's queue is full");
    }
}

void recorder_note_doubts(void *context, const struct journal_doubt *doubts,
                          unsigned count)
{
    struct recorder *self = context;
    struct recorder_item item = {
        .kind = RECORDER_DOUBTS,
        .body = body_of(offsetof(struct recorder_doubts, rows), doubts, sizeof(*doubts),
                        count),
    };
    if (!recorder_push(self, &item)) {
        log_write(LOG_LEVEL_WARNING, "responses that were not verified are missing from "
                                     "the upper bound: the ledger's queue is full");
    }
}

bool recorder_note_coverage(struct recorder *self, const struct recorder_hour *rows,
                            unsigned count)
{
    struct recorder_item item = {
        .kind = RECORDER_COVERAGE,
        .body =
            body_of(offsetof(struct recorder_hours, rows), rows, sizeof(*rows), count),
    };
    return recorder_push(self, &item);
}

bool recorder_mark(struct recorder *self, const char *who, const char *text,
                   struct control_ticket *ticket)
{
    struct recorder_note *note = calloc(1, sizeof(*note));
    struct recorder_item item = {.kind = RECORDER_MARK, .body = note, .control = ticket};

    if (note != NULL) {
        note->at_ms = clock_wall_ms();
        (void)span_copy(span_of(who), note->who, sizeof(note->who));
        (void)span_copy(span_of(text), note->text, sizeof(note->text));
    }
    return recorder_push(self, &item);
}

uint64_t recorder_sync(struct recorder *self)
{
    uint64_t *number = malloc(sizeof(*number));
    struct recorder_item item = {.kind = RECORDER_SYNC, .body = number};
    uint64_t asked = atomic_fetch_add(&self->sync_asked, 1) + 1;

    if (number != NULL) {
        *number = asked;
    }
    return recorder_push(self, &item) ? asked : 0;
}

bool recorder_synced(const struct recorder *self, uint64_t number)
{
    return atomic_load(&self->sync_done) >= number;
}

void recorder_set_limits(struct recorder *self, uint64_t ledger_max_bytes,
                         uint64_t retention_ms)
{
    atomic_store(&self->ledger_max, ledger_max_bytes);
    atomic_store(&self->retention_ms, retention_ms);
}

static void apply_trim(struct recorder *self, void *context)
{
    uint64_t *trimmed = context;
    *trimmed += ledger_trim(self->ledger);
}

struct tell_task {
    uint64_t size;
    uint64_t max;
    uint64_t trimmed;
};

static void apply_tell(struct recorder *self, void *context)
{
    const struct tell_task *task = context;
    struct json_write data;

    json_write_init(&data, RECORDER_ALERT_DATA_MAX);
    json_write_begin_object(&data);
    json_write_member_u64(&data, "size", task->size);
    json_write_member_u64(&data, "ledger_max", task->max);
    json_write_member_u64(&data, "evidence_deleted", task->trimmed);
    json_write_end_object(&data);
    ledger_add_alert(self->ledger, NULL, "ledger.full", json_write_result(&data),
                     clock_wall_ms());
    json_write_free(&data);
}

static void tell_full(struct recorder *self, struct tell_task *task)
{
    uint64_t now = clock_steady_ms();

    if (self->told_at_ms != 0 && now - self->told_at_ms < TELL_MS) {
        return;
    }
    self->told_at_ms = now;
    log_write(LOG_LEVEL_WARNING,
              "the ledger is at its bound (`ledger_max`): access evidence is deleted and "
              "no longer taken; refusals are kept");
    (void)recorder_transact(self, true, apply_tell, task);
}

/* Access evidence may use what is not reserved for refusals. */
static void keep_size(struct recorder *self)
{
    struct tell_task task = {.size = ledger_size(self->ledger),
                             .max = atomic_load(&self->ledger_max)};
    uint64_t room = task.max - task.max / RESERVE_PARTS;
    uint64_t size = task.size;
    uint64_t before = 1;

    ledger_take_evidence(self->ledger, size <= room);
    for (int i = 0; size > room && i < TRIMS_MAX && task.trimmed != before; i++) {
        before = task.trimmed;
        if (recorder_transact(self, false, apply_trim, &task.trimmed) != ERR_NONE) {
            return;
        }
        size = ledger_size(self->ledger);
    }
    if (task.size > room) {
        tell_full(self, &task);
    }
}

struct erase_task {
    uint64_t incident; /* 0: evidence alone. */
    uint64_t before_ms;
    bool more; /* There may be. */
};

static void apply_erase(struct recorder *self, void *context)
{
    struct erase_task *task = context;

    task->more = true;
    if (task->incident != 0) {
        ledger_erase(self->ledger, task->incident, clock_wall_ms());
    } else {
        task->more = ledger_forget_evidence(self->ledger, task->before_ms);
    }
}

/* True: there may be more. */
static bool erase_one(struct recorder *self, uint64_t before_ms)
{
    struct erase_task task = {.before_ms = before_ms};

    task.incident = ledger_find_expired(self->ledger, before_ms);
    if (recorder_transact(self, task.incident != 0, apply_erase, &task) != ERR_NONE) {
        return false;
    }
    if (task.incident != 0) {
        ledger_sweep(self->ledger);
        log_write(LOG_LEVEL_NOTICE,
                  "incident %llu is past `retention`: its people are hashes now",
                  (unsigned long long)task.incident);
    }
    return task.more;
}

/* A reload may shorten it: counted from the last look, not towards the next one. */
static bool erasing_is_due(const struct recorder *self, uint64_t now,
                           uint64_t retention_ms)
{
    uint64_t period_ms = retention_ms < ERASE_MS ? retention_ms : ERASE_MS;

    return self->erased_at_ms == 0 || now - self->erased_at_ms >= period_ms;
}

void recorder_trim(struct recorder *self)
{
    uint64_t now = clock_steady_ms();
    uint64_t wall = clock_wall_ms();
    uint64_t retention_ms = atomic_load(&self->retention_ms);

    if (!recorder_failing(self) && now >= self->measure_at_ms &&
        atomic_load(&self->ledger_max) != UINT64_MAX) {
        self->measure_at_ms = now + MEASURE_MS;
        keep_size(self);
    }
    if (!recorder_failing(self) && retention_ms < wall &&
        erasing_is_due(self, now, retention_ms)) {
        bool more = erase_one(self, wall - retention_ms);
        self->erased_at_ms = more ? 0 : now;
    }
}
