#include <string.h>

#include "record/ledger_private.h"
#include "record/ledger_schema.h"

static const char *state_name(enum feature_state state)
{
    switch (state) {
    case FEATURE_DOWN:
        return "down";
    case FEATURE_TRIAL:
        return "trial";
    case FEATURE_UP:
        return "up";
    }
    UNREACHABLE();
}

static enum feature_state state_of(struct span name)
{
    if (span_equal(name, SPAN("up"))) {
        return FEATURE_UP;
    }
    return span_equal(name, SPAN("trial")) ? FEATURE_TRIAL : FEATURE_DOWN;
}

static enum feature_state state_now(struct ledger *self, const char *name)
{
    struct db_rows *rows = db_query(self->db, "SELECT state FROM features WHERE name = ?",
                                    DB_VALUES(DB_STRING(name)));
    enum feature_state state = db_next(rows) ? state_of(db_text(rows, 0)) : FEATURE_UP;
    db_end(rows);
    return state;
}

/* A trial opens to few what was down, or closes to all others what was up. */
static const char *type_of(enum feature_state before, enum feature_state state)
{
    switch (state) {
    case FEATURE_DOWN:
        return "feature.down";
    case FEATURE_TRIAL:
        return before == FEATURE_UP ? "feature.down" : "feature.trial";
    case FEATURE_UP:
        return "feature.up";
    }
    UNREACHABLE();
}

static void tell_change(struct ledger *self, const struct ledger_change *change,
                        enum feature_state before)
{
    struct json_write *data = &self->data;

    json_write_reset(data);
    json_write_begin_object(data);
    json_write_member(data, "feature", span_of(change->name));
    json_write_member(data, "state", span_of(state_name(change->state)));
    json_write_member_time(data, "at", change->at_ms);
    json_write_member(data, "who", span_of(change->who));
    json_write_member(data, "reason", span_of(change->reason));
    json_write_member(data, "cause", span_of(change->cause));
    json_write_member_bool(data, "drill", strcmp(change->cause, "drill") == 0);
    if (change->incident != 0) {
        json_write_member_u64(data, "incident", change->incident);
    }
    json_write_end_object(data);
    ledger_add_alert(self, NULL, type_of(before, change->state), json_write_result(data),
                     change->at_ms);
}

void ledger_change_feature(struct ledger *self, const struct ledger_change *change)
{
    const struct db_value chained[] = {
        DB_U64(change->at_ms),
        DB_STRING(change->name),
        DB_STRING(state_name(change->state)),
        DB_STRING(change->who),
        DB_STRING(change->reason),
        DB_STRING(change->cause),
        DB_U64(change->anyway),
        DB_U64(change->incident),
    };
    const struct chain_row row = {
        .table = CHAIN_CHANGES, .chained = chained, .chained_count = 8};
    enum feature_state before = state_now(self, change->name);
    chain_insert(&self->chain, self->db, &row);
    db_run(self->db,
           "INSERT OR REPLACE INTO features(name, state, at, who, reason, incident)"
           " VALUES(?, ?, ?, ?, ?, ?)",
           DB_VALUES(DB_STRING(change->name), DB_STRING(state_name(change->state)),
                     DB_U64(change->at_ms), DB_STRING(change->who),
                     DB_STRING(change->reason), DB_U64(change->incident)));
    tell_change(self, change, before);
}

enum feature_state ledger_state_of(struct ledger *self, const char *name)
{
    db_clear(self->db);
    return state_now(self, name);
}

uint64_t ledger_incident_of(struct ledger *self, const char *name)
{
    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db, LEDGER_INCIDENT_OF, DB_VALUES(DB_STRING(name)));
    uint64_t incident = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
    return incident;
}

bool ledger_close_incident(struct ledger *self, uint64_t incident, const char *who,
                           const char *reason, uint64_t at_ms)
{
    db_run(self->db,
           "UPDATE incidents SET closed_at = ?, closed_by = ?, closed_reason = ?,"
           " notified = displays WHERE id = ? AND closed_at IS NULL",
           DB_VALUES(DB_U64(at_ms), DB_STRING(who), DB_STRING(reason), DB_U64(incident)));
    if (db_failed(self->db) || db_changes(self->db) == 0) {
        return false;
    }
    const struct db_value chained[] = {DB_U64(incident), DB_U64(at_ms), DB_STRING(who),
                                       DB_STRING(reason)};
    const struct chain_row row = {
        .table = CHAIN_CLOSINGS, .chained = chained, .chained_count = 4};
    chain_insert(&self->chain, self->db, &row);
    ledger_tell_incident(self, "incident.closed", incident, false, at_ms);
    return true;
}

void ledger_note_config(struct ledger *self, const char *hash, const char *who,
                        const char *summary, uint64_t at_ms)
{
    db_run(self->db,
           "INSERT INTO config_changes(at, hash, who, summary) VALUES(?, ?, ?, ?)",
           DB_VALUES(DB_U64(at_ms), DB_STRING(hash), DB_STRING(who), DB_STRING(summary)));
}

void ledger_note_access(struct ledger *self, const char *who, const char *what,
                        uint64_t at_ms)
{
    db_run(self->db, "INSERT INTO accesses(at, who, what) VALUES(?, ?, ?)",
           DB_VALUES(DB_U64(at_ms), DB_STRING(who), DB_STRING(what)));
}

void ledger_read_features(struct ledger *self, struct state_file_image *image_out)
{
    *image_out = (struct state_file_image){0};
    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db, "SELECT name, state FROM features WHERE state <> 'up'", NULL, 0);
    while (image_out->count < FEATURE_COUNT_MAX && db_next(rows)) {
        struct state_file_record *record = &image_out->records[image_out->count++];
        span_copy(db_text(rows, 0), record->name, sizeof(record->name));
        record->state = state_of(db_text(rows, 1));
    }
    db_end(rows);
}
