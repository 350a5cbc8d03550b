#include "record/bindings.h"

#include <stdlib.h>

#include "base/parse.h"
#include "base/secret.h"
#include "guard/recall.h"
#include "record/db.h"

enum {
    RECORDS_MAX = 256, /* A batch: short enough not to delay a refusal. */
    TOKENS_MAX = 8,
    CLAIMS_SIZE_MAX = SESSION_CLAIMS_MAX * (USER_SIZE_MAX + 2),
};

struct bindings {
    struct db *db;
    size_t count;
    struct registry_record records[RECORDS_MAX]; /* Drained, not yet written. */
};

static const char SCHEMA[] =
    "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216;"
    "PRAGMA secure_delete = ON;"
    "CREATE TABLE IF NOT EXISTS sessions(first TEXT PRIMARY KEY, saved_at INTEGER NOT "
    "NULL,"
    " idle_ms INTEGER NOT NULL, generation INTEGER NOT NULL, binding INTEGER NOT NULL,"
    " stirred INTEGER NOT NULL, tokens TEXT NOT NULL, requester, claims, family)"
    " WITHOUT ROWID;"
    "PRAGMA user_version = 2;";

static const char FROM_1[] = "ALTER TABLE sessions ADD COLUMN family;";

static enum err prepare(struct bindings *self, const char *path, struct fault *fault_out)
{
    uint64_t version = db_one_u64(self->db, "PRAGMA user_version", 0);
    if (version == 1) {
        db_script(self->db, FROM_1);
    }
    if (version <= 2) {
        db_script(self->db, SCHEMA);
    }
    if (db_failed(self->db) || version > 2) {
        fault_set(fault_out,
                  "%s: damaged or of a newer version (%s); remove this one file to start "
                  "without known sessions: users then count as unknown until they log in",
                  path, db_error_text(self->db));
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

enum err bindings_open(const struct state_dir *directory, struct bindings **self_out,
                       struct fault *fault_out)
{
    char path[STATE_DIR_PATH_MAX + 64];

    *self_out = NULL;
    struct bindings *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    state_dir_file(directory, "sessions.db", path);
    enum err err = db_open(path, DB_WRITE_NEW, &self->db, fault_out);
    if (err == ERR_NONE) {
        err = prepare(self, path, fault_out);
    }
    if (err != ERR_NONE) {
        bindings_close(&self);
    }
    *self_out = self;
    return err;
}

void bindings_close(struct bindings **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    db_close(&(*self_p)->db);
    secret_wipe(*self_p, sizeof(**self_p));
    free(*self_p);
    *self_p = NULL;
}

/* Each claim as two bytes of length and its bytes. */
static size_t pack_claims(const struct session *session, uint8_t *bytes_out)
{
    size_t len = 0;
    for (unsigned i = 0; i < session->claim_count && i < SESSION_CLAIMS_MAX; i++) {
        const struct user *claim = &session->claims[i];
        bytes_out[len++] = (uint8_t)(claim->len >> 8);
        bytes_out[len++] = (uint8_t)(claim->len & 0xFF);
        memcpy(bytes_out + len, claim->bytes, claim->len);
        len += claim->len;
    }
    return len;
}

static void unpack_claims(struct span packed, struct session *session)
{
    while (packed.len >= 2 && session->claim_count < SESSION_CLAIMS_MAX) {
        size_t len = (size_t)packed.ptr[0] << 8 | packed.ptr[1];
        packed = span_from(packed, 2);
        if (!user_set(&session->claims[session->claim_count], span_first(packed, len))) {
            return;
        }
        session->claim_count++;
        packed = span_from(packed, len);
    }
}

static void store(struct bindings *self, const struct registry_record *record,
                  uint64_t wall_ms)
{
    char first[FINGERPRINT_DIGITS];
    char tokens[TOKENS_MAX * FINGERPRINT_DIGITS];
    uint8_t claims[CLAIMS_SIZE_MAX];
    unsigned count = record->token_count < TOKENS_MAX ? record->token_count : TOKENS_MAX;
    const struct session *session = &record->session;

    format_hex(session->first.bytes, FINGERPRINT_SIZE, first);
    struct span key = {.ptr = (const uint8_t *)first, .len = sizeof(first)};
    if (record->removed) {
        db_run(self->db, "DELETE FROM sessions WHERE first = ?", DB_VALUES(DB_TEXT(key)));
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        format_hex(record->tokens[i].bytes, FINGERPRINT_SIZE,
                   tokens + (size_t)i * FINGERPRINT_DIGITS);
    }
    struct span token_text = {.ptr = (const uint8_t *)tokens,
                              .len = (size_t)count * FINGERPRINT_DIGITS};
    struct span family = {.ptr = (const uint8_t *)&session->family,
                          .len = session->family != 0 ? sizeof(session->family) : 0};
    struct span claim_bytes = {.ptr = claims, .len = pack_claims(session, claims)};
    db_run(
        self->db,
        "INSERT OR REPLACE INTO sessions(first, saved_at, idle_ms, generation, binding,"
        " stirred, tokens, requester, claims, family)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        DB_VALUES(DB_TEXT(key), DB_U64(wall_ms), DB_U64(record->idle_for_ms),
                  DB_U64(session->generation), DB_U64((uint64_t)session->binding),
                  DB_U64(session->stirred + 2U * session->is_public +
                         4U * session->quarantined + 8U * session->by_login),
                  DB_TEXT(token_text), DB_TEXT(user_span(&session->requester)),
                  DB_TEXT(claim_bytes), DB_TEXT(family)));
}

static void on_record(void *context, const struct registry_record *record)
{
    struct bindings *self = context;
    if (self->count < RECORDS_MAX) {
        self->records[self->count++] = *record;
    }
}

enum err bindings_save(struct bindings *self, struct registry *registry, uint64_t now_ms,
                       uint64_t wall_ms, bool *more_out)
{
    *more_out = false;
    if (self->count == 0) {
        (void)registry_drain_changes(registry, now_ms, RECORDS_MAX, on_record, self);
    }
    if (self->count == 0) {
        return ERR_NONE;
    }
    db_begin(self->db, false);
    for (size_t i = 0; i < self->count; i++) {
        store(self, &self->records[i], wall_ms);
    }
    enum err err = db_commit(self->db);
    if (err == ERR_NONE) {
        *more_out = self->count == RECORDS_MAX;
        secret_wipe(self->records, self->count * sizeof(*self->records));
        self->count = 0;
    }
    return err;
}

static enum binding binding_of(uint64_t number)
{
    switch (number) {
    case BINDING_CONFIRMED:
        return BINDING_CONFIRMED;
    case BINDING_UNCONFIRMED:
        return BINDING_UNCONFIRMED;
    default:
        return BINDING_NONE;
    }
}

/* False: not a row of ours. `bound_at_ms` stays 0: no request is older than the start. */
static bool read_record(struct db_rows *rows, uint64_t wall_ms,
                        struct registry_record *record_out)
{
    struct session *session = &record_out->session;
    uint64_t saved_at = db_u64(rows, 1);
    struct span tokens = db_text(rows, 6);

    *record_out = (struct registry_record){0};
    if (parse_hex(db_text(rows, 0), session->first.bytes, FINGERPRINT_SIZE) != ERR_NONE) {
        return false;
    }
    for (; tokens.len > 0 && record_out->token_count < TOKENS_MAX;
         tokens = span_from(tokens, FINGERPRINT_DIGITS)) {
        if (parse_hex(span_first(tokens, FINGERPRINT_DIGITS),
                      record_out->tokens[record_out->token_count++].bytes,
                      FINGERPRINT_SIZE) != ERR_NONE) {
            return false;
        }
    }
    record_out->idle_for_ms =
        db_u64(rows, 2) + (wall_ms > saved_at ? wall_ms - saved_at : 0);
    session->generation = (uint32_t)db_u64(rows, 3);
    session->binding = binding_of(db_u64(rows, 4));
    session->stirred = (db_u64(rows, 5) & 1) != 0;
    session->is_public = (db_u64(rows, 5) & 2) != 0;
    session->quarantined = (db_u64(rows, 5) & 4) != 0;
    session->by_login = (db_u64(rows, 5) & 8) != 0;
    if (!user_set(&session->requester, db_text(rows, 7))) {
        session->binding = BINDING_NONE;
    }
    unpack_claims(db_text(rows, 8), session);
    struct span family = db_text(rows, 9);
    if (family.len == sizeof(session->family)) {
        memcpy(&session->family, family.ptr, family.len);
    }
    /* Own values are not kept over a restart: another's may have been shown first since,
     * and whose it is would be a guess. */
    if (session->family == 0) {
        session->family = recall_family(session, &session->first);
    }
    session->family |= RECALL_UNCERTAIN;
    return record_out->token_count > 0;
}

uint64_t bindings_load(struct bindings *self, struct registry *registry, uint64_t now_ms,
                       uint64_t wall_ms)
{
    struct registry_record record;
    uint64_t count = 0;

    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT first, saved_at, idle_ms, generation, binding, stirred, tokens,"
                 " requester, claims, family FROM sessions",
                 NULL, 0);
    while (db_next(rows)) {
        if (read_record(rows, wall_ms, &record) &&
            registry_restore(registry, &record, now_ms)) {
            count++;
        }
    }
    return count;
}
