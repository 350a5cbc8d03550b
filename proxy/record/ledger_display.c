#include <stdio.h>

#include "base/parse.h"
#include "record/ledger_private.h"

enum {
    HOUR_MS = 3600000,
    DETECTORS_TEXT_SIZE = 256,
};

static const char *const DETECTOR_NAMES[DETECTOR_COUNT] = {
    "none",
#define DETECTOR(id, name, function, down, actions) name,
#define WIRE(id, name)                              name,
#include "guard/detector.def"
#undef DETECTOR
};

static const char *outcome_name(enum journal_outcome outcome)
{
    switch (outcome) {
    case JOURNAL_WITHHELD:
        return "withheld";
    case JOURNAL_CUT:
        return "cut";
    case JOURNAL_DELIVERED:
        return "delivered";
    }
    UNREACHABLE();
}

/* Who is meant, as the ledger names them. */
struct person {
    enum pseudonym_kind kind;
    struct span value;
    char digits[FINGERPRINT_DIGITS];
    char id[PSEUDONYM_DIGITS + 1];
};

/* Who saw whom, and whether this one stands for the whole response. */
struct sight {
    uint64_t incident;
    struct person viewer;
    struct person subject;
    bool first;
};

static void session_digits(const struct fingerprint *session, char *digits_out)
{
    format_hex(session->bytes, FINGERPRINT_SIZE, digits_out);
}

static bool no_session(const struct journal_entry *entry)
{
    return fingerprint_none(&entry->session);
}

/* With a NUL; "" without one. */
static void session_text(const struct journal_entry *entry, char *text_out)
{
    text_out[0] = '\0';
    if (!no_session(entry)) {
        session_digits(&entry->session, text_out);
        text_out[FINGERPRINT_DIGITS] = '\0';
    }
}

/* The user, else the session, else the address. */
static void viewer_of(const struct ledger *self, const struct journal_entry *entry,
                      struct person *person_out)
{
    if (entry->viewer.len > 0) {
        person_out->kind = PSEUDONYM_USER;
        person_out->value = user_span(&entry->viewer);
    } else if (!no_session(entry)) {
        person_out->kind = PSEUDONYM_SESSION;
        session_digits(&entry->session, person_out->digits);
        person_out->value = (struct span){.ptr = (const uint8_t *)person_out->digits,
                                          .len = FINGERPRINT_DIGITS};
    } else {
        person_out->kind = PSEUDONYM_ADDRESS;
        person_out->value = span_of(entry->client_address);
    }
    pseudonym_of(&self->pseudonyms, person_out->kind, person_out->value, person_out->id);
}

static void subject_of(const struct ledger *self, const struct journal_entry *entry,
                       struct person *person_out)
{
    person_out->kind = PSEUDONYM_USER;
    person_out->value = user_span(&entry->subject);
    pseudonym_of(&self->pseudonyms, person_out->kind, person_out->value, person_out->id);
}

static uint64_t find_open(struct ledger *self, const char *feature, bool drill)
{
    struct db_rows *rows = db_query(self->db,
                                    "SELECT id FROM incidents WHERE feature = ? AND "
                                    "drill = ? AND closed_at IS NULL",
                                    DB_VALUES(DB_STRING(feature), DB_U64(drill)));
    uint64_t incident = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
    return incident;
}

#define SAME_DISPLAY                                                                     \
    " WHERE incident = ? AND viewer_id = ? AND subject_id = ? AND screen = ?"            \
    " AND one_of_two = ? AND marker_class = ? AND outcome = ?"

bool ledger_knows(struct ledger *self, const struct journal_entry *entry,
                  const char *feature)
{
    struct person viewer;
    struct person subject;

    db_clear(self->db);
    uint64_t incident = find_open(self, feature, entry->drill);
    if (incident == 0 || entry->took_down_mask != 0) {
        return false;
    }
    viewer_of(self, entry, &viewer);
    subject_of(self, entry, &subject);
    struct db_rows *rows =
        db_query(self->db, "SELECT 1 FROM displays" SAME_DISPLAY,
                 DB_VALUES(DB_U64(incident), DB_STRING(viewer.id), DB_STRING(subject.id),
                           DB_STRING(entry->screen), DB_U64(entry->one_of_two),
                           DB_STRING(entry->marker_class),
                           DB_STRING(outcome_name(entry->outcome))));
    bool known = db_next(rows);
    db_end(rows);
    return known && !db_failed(self->db);
}

static uint64_t open_incident(struct ledger *self, const struct journal_entry *entry,
                              const char *feature)
{
    uint64_t incident =
        db_one_u64(self->db, "SELECT coalesce(max(id), 0) FROM incidents", 0) + 1;
    const struct db_value chained[] = {
        DB_U64(incident),
        DB_U64(entry->at_ms),
        DB_STRING(feature),
        DB_U64(entry->drill),
        DB_STRING(DETECTOR_NAMES[entry->detector]),
        DB_STRING(entry->reason),
        DB_U64(entry->strong),
    };
    const struct db_value more[] = {DB_U64(entry->at_ms)};
    const struct chain_row row = {.table = CHAIN_INCIDENTS,
                                  .chained = chained,
                                  .chained_count = 7,
                                  .more = more,
                                  .more_count = 1};
    chain_insert(&self->chain, self->db, &row);
    return incident;
}

/* False: there is no such row yet. */
static bool count_again(struct ledger *self, const struct journal_entry *entry,
                        const struct sight *sight)
{
    db_run(self->db,
           "UPDATE displays SET count = count + 1, last_at = max(last_at, ?),"
           " withheld = withheld + ?, cut = cut + ?, delivered = delivered + ?,"
           " strong_count = strong_count + ?, responses = responses + ?" SAME_DISPLAY,
           DB_VALUES(DB_U64(entry->at_ms), DB_U64(entry->outcome == JOURNAL_WITHHELD),
                     DB_U64(entry->outcome == JOURNAL_CUT),
                     DB_U64(entry->outcome == JOURNAL_DELIVERED), DB_U64(entry->strong),
                     DB_U64(sight->first), DB_U64(sight->incident),
                     DB_STRING(sight->viewer.id), DB_STRING(sight->subject.id),
                     DB_STRING(entry->screen), DB_U64(entry->one_of_two),
                     DB_STRING(entry->marker_class),
                     DB_STRING(outcome_name(entry->outcome))));
    return db_failed(self->db) || db_changes(self->db) > 0;
}

/* The names of all detectors that found something, joined by commas. */
static void list_detectors(uint32_t mask, char *text_out)
{
    size_t len = 0;

    text_out[0] = '\0';
    for (unsigned i = 1; i < DETECTOR_COUNT; i++) {
        if ((mask >> i & 1U) != 0) {
            int more = snprintf(text_out + len, DETECTORS_TEXT_SIZE - len, "%s%s",
                                len > 0 ? "," : "", DETECTOR_NAMES[i]);
            CHECK(more > 0 && (size_t)more < DETECTORS_TEXT_SIZE - len);
            len += (size_t)more;
        }
    }
}

static void insert_display(struct ledger *self, const struct journal_entry *entry,
                           const struct sight *sight)
{
    char session[FINGERPRINT_DIGITS + 1];
    char detectors[DETECTORS_TEXT_SIZE];
    char address[PSEUDONYM_DIGITS + 1];

    pseudonym_of(&self->pseudonyms, PSEUDONYM_ADDRESS, span_of(entry->client_address),
                 address);
    session_text(entry, session);
    list_detectors(entry->detectors_mask, detectors);
    const struct db_value chained[] = {
        DB_U64(sight->incident),
        DB_U64(entry->at_ms),
        DB_STRING(pseudonym_kind_name(sight->viewer.kind)),
        DB_STRING(sight->viewer.id),
        DB_U64(entry->viewer_confirmed),
        DB_STRING(sight->subject.id),
        DB_STRING(entry->screen),
        DB_STRING(entry->shows),
        DB_STRING(entry->route),
        DB_STRING(entry->method),
        DB_STRING(entry->path),
        DB_U64(entry->status),
        DB_STRING(outcome_name(entry->outcome)),
        DB_STRING(DETECTOR_NAMES[entry->detector]),
        DB_STRING(detectors),
        DB_STRING(entry->reason),
        DB_U64(entry->strong),
        DB_U64(entry->one_of_two),
        DB_U64(entry->drill),
        DB_STRING(session),
        DB_STRING(address),
        DB_STRING(entry->exchange_id),
        DB_STRING(entry->echoed_id),
        DB_STRING(entry->previous_id),
        DB_STRING(entry->previous_session),
        DB_STRING(entry->upstream),
        DB_U64(entry->upstream_connection),
        DB_U64(entry->upstream_exchange_count),
        DB_U64(entry->body_size),
        DB_STRING(entry->marker_class),
    };
    const struct db_value more[] = {
        DB_TEXT(sight->viewer.value),
        DB_TEXT(sight->subject.value),
        DB_U64(entry->at_ms),
        DB_U64(entry->outcome == JOURNAL_WITHHELD),
        DB_U64(entry->outcome == JOURNAL_CUT),
        DB_U64(entry->outcome == JOURNAL_DELIVERED),
        DB_U64(entry->strong),
        DB_STRING(entry->would_have),
        DB_STRING(entry->client_address),
        DB_U64(sight->first),
    };
    const struct chain_row row = {.table = CHAIN_DISPLAYS,
                                  .chained = chained,
                                  .chained_count = 30,
                                  .more = more,
                                  .more_count = 10};
    chain_insert(&self->chain, self->db, &row);
}

/* The feature of an incident is the first of all (recorder_feature_of()). */
static bool takes_down(const struct journal_entry *entry)
{
    uint64_t all = entry->feature_mask | entry->took_down_mask;
    return (entry->took_down_mask & all & (~all + 1)) != 0;
}

static void add_subject(struct ledger *self, const struct journal_entry *entry,
                        uint64_t incident, bool first)
{
    struct sight sight = {.incident = incident, .first = first};

    CHECK(entry->detector < DETECTOR_COUNT);
    viewer_of(self, entry, &sight.viewer);
    subject_of(self, entry, &sight.subject);
    if (!count_again(self, entry, &sight)) {
        insert_display(self, entry, &sight);
    }
}

static void add_further_subjects(struct ledger *self, const struct journal_entry *entry,
                                 uint64_t incident)
{
    if (entry->more_count > 0) {
        struct journal_entry one = *entry;
        for (unsigned i = 0; i < entry->more_count; i++) {
            journal_entry_about(&one, &entry->more[i]);
            add_subject(self, &one, incident, false);
        }
    }
}

uint64_t ledger_add_display(struct ledger *self, const struct journal_entry *entry,
                            const char *feature)
{
    uint64_t incident = find_open(self, feature, entry->drill);
    bool opened = incident == 0;

    if (opened) {
        incident = open_incident(self, entry, feature);
    }
    add_subject(self, entry, incident, true);
    add_further_subjects(self, entry, incident);
    db_run(self->db,
           "UPDATE incidents SET displays = displays + 1, last_at = max(last_at, ?)"
           " WHERE id = ?",
           DB_VALUES(DB_U64(entry->at_ms), DB_U64(incident)));
    if (opened) { /* With all whom the page showed. */
        ledger_tell_incident(self, "incident.opened", incident, takes_down(entry),
                             entry->at_ms);
    }
    return incident;
}

/* Events of one kind and session in one hour are one row. */
void ledger_add_event(struct ledger *self, const struct journal_entry *entry)
{
    char session[FINGERPRINT_DIGITS + 1];
    struct person subject = {.id = ""};

    CHECK(entry->detector < DETECTOR_COUNT);
    if (entry->drill) {
        return; /* Events are figures of the report. */
    }
    if (entry->subject.len > 0) {
        subject_of(self, entry, &subject);
    }
    session_text(entry, session);
    db_run(self->db,
           "INSERT INTO events(hour, detector, reason, outcome, route, screen, session,"
           " first_at, last_at, method, path, status, exchange, previous, upstream,"
           " connection, client_address, subject_id, echoed, would_have)"
           " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
           " ON CONFLICT(hour, detector, reason, outcome, route, screen, session,"
           " subject_id, would_have) DO UPDATE SET count = count + 1, last_at = "
           "max(last_at, excluded.last_at)",
           DB_VALUES(DB_U64(entry->at_ms / HOUR_MS),
                     DB_STRING(DETECTOR_NAMES[entry->detector]), DB_STRING(entry->reason),
                     DB_STRING(outcome_name(entry->outcome)), DB_STRING(entry->route),
                     DB_STRING(entry->screen), DB_STRING(session), DB_U64(entry->at_ms),
                     DB_U64(entry->at_ms), DB_STRING(entry->method),
                     DB_STRING(entry->path), DB_U64(entry->status),
                     DB_STRING(entry->exchange_id), DB_STRING(entry->previous_id),
                     DB_STRING(entry->upstream), DB_U64(entry->upstream_connection),
                     DB_STRING(entry->client_address), DB_STRING(subject.id),
                     DB_STRING(entry->echoed_id), DB_STRING(entry->would_have)));
    if (ledger_is_desync(entry)) {
        ledger_tell_desync(self, entry);
    }
}
