/**
 * A state directory of its own, a recorder on it, and tickets that can be waited for.
 *
 * Mail is delivered on the recorder's thread: the real mailbox needs a loop. Sessions are
 * those of `fixture_records`, no registry is needed.
 */
#pragma once

#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guard/registry.h"
#include "guard/takedown.h"
#include "record/db.h"
#include "record/query.h"
#include "record/recorder.h"
#include "support/test.h"

void mailbox_post(struct mailbox *self, struct mail *mail)
{
    (void)self;
    mail->deliver(mail);
}

static struct registry_record fixture_records[4];
static unsigned fixture_changed;  /* Handed out by the next drain. */
static unsigned fixture_restored; /* Put into `fixture_records` by a load. */

size_t registry_drain_changes(struct registry *self, uint64_t now_ms, size_t count_max,
                              registry_record_fn *on_record, void *context)
{
    (void)self;
    (void)now_ms;
    (void)count_max;
    unsigned count = fixture_changed;
    for (unsigned i = 0; i < count; i++) {
        on_record(context, &fixture_records[i]);
    }
    fixture_changed = 0;
    return count;
}

bool registry_restore(struct registry *self, const struct registry_record *record,
                      uint64_t now_ms)
{
    (void)self;
    (void)now_ms;
    if (fixture_restored == 4) {
        return false;
    }
    fixture_records[fixture_restored++] = *record;
    return true;
}

struct fixture {
    char path[256];
    struct state_dir *directory;
    struct feature_table features;
    struct takedown *takedown;
    struct stats *stats; /* Or NULL: not counted. */
    struct recorder *recorder;
    struct journal journal;
};

struct waiting {
    struct journal_ticket ticket;
    sem_t done;
};

struct asking {
    struct control_ticket ticket;
    sem_t done;
};

static inline void fixture_on_mail(struct mail *mail)
{
    struct waiting *waiting = (struct waiting *)(void *)mail;
    assert_int_equal(sem_post(&waiting->done), 0);
}

static inline void fixture_on_control(struct mail *mail)
{
    struct asking *asking = (struct asking *)(void *)mail;
    assert_int_equal(sem_post(&asking->done), 0);
}

static inline bool fixture_await(sem_t *done)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += 10;
    return sem_timedwait(done, &until) == 0;
}

/* Runs a shell command of the test's own making. */
static inline void fixture_shell(const struct fixture *self, const char *command)
{
    char line[1024];
    int len = snprintf(line, sizeof(line), "cd '%s' && %s", self->path, command);
    assert_in_range(len, 1, sizeof(line) - 1);
    assert_int_equal(system(line), 0); /* NOLINT: a test, no other thread. */
}

static inline enum err fixture_try_open(struct fixture *self, struct fault *fault)
{
    enum err err = state_dir_open(self->path, &self->directory, fault);
    if (err != ERR_NONE) {
        return err;
    }
    feature_table_init(&self->features, NULL);
    unsigned slot = 0;
    assert_int_equal(feature_table_slot(&self->features, SPAN("mypage"), &slot),
                     ERR_NONE);
    self->takedown = takedown_new(NULL);
    struct recorder_settings settings = {.directory = self->directory,
                                         .features = &self->features,
                                         .takedown = self->takedown,
                                         .stats = self->stats};
    err = recorder_new(&settings, &self->recorder, fault);
    if (err != ERR_NONE) {
        takedown_free(&self->takedown);
        state_dir_close(&self->directory);
        return err;
    }
    self->journal = recorder_journal(self->recorder);
    return ERR_NONE;
}

static inline void fixture_open(struct fixture *self)
{
    struct fault fault = {0};
    if (fixture_try_open(self, &fault) != ERR_NONE) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(recorder_start(self->recorder), ERR_NONE);
}

static inline void fixture_close(struct fixture *self)
{
    recorder_free(&self->recorder);
    takedown_free(&self->takedown);
    state_dir_close(&self->directory);
}

/* One number from the ledger, while others write to it. */
static inline uint64_t fixture_ask(const struct fixture *self, const char *sql)
{
    char path[300];
    struct db *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/ledger.db", self->path);
    assert_int_equal(db_open(path, DB_READ, &db, NULL), ERR_NONE);
    uint64_t value = db_one_u64(db, sql, UINT64_MAX);
    assert_false(db_failed(db));
    db_close(&db);
    return value;
}

/* Until the thread has come round to it. */
static inline void fixture_await_value(const struct fixture *self, const char *sql,
                                       uint64_t wanted)
{
    const struct timespec step = {.tv_nsec = 50000000};

    for (int i = 0; i < 600 && fixture_ask(self, sql) != wanted; i++) {
        (void)nanosleep(&step, NULL);
    }
    assert_int_equal(fixture_ask(self, sql), wanted);
}

/* In /dev/shm where there is one: the tests are about order, not about a disk. */
static inline void fixture_name(struct fixture *self)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    *self = (struct fixture){0};
    int len = snprintf(self->path, sizeof(self->path), "%s/countermark-XXXXXX", base);
    assert_in_range(len, 1, sizeof(self->path) - 1);
    assert_non_null(mkdtemp(self->path));
}

static inline void fixture_make(struct fixture *self)
{
    fixture_name(self);
    fixture_open(self);
}

static inline void fixture_remove(struct fixture *self)
{
    char line[512];
    fixture_close(self);
    int len =
        snprintf(line, sizeof(line), "rm -rf '%s' '%s.away'", self->path, self->path);
    assert_in_range(len, 1, sizeof(line) - 1);
    assert_int_equal(system(line), 0); /* NOLINT: a test, no other thread. */
}

/* A refusal: `viewer` was shown data of `subject` on `screen`. */
static inline struct journal_entry
fixture_display(const char *viewer, const char *subject, const char *screen)
{
    struct journal_entry entry = {
        .kind = JOURNAL_DISPLAY,
        .at_ms = UINT64_C(1700000000000),
        .feature_mask = FEATURE_LOGIN_BIT,
        .strong = true,
        .detector = DETECTOR_OWNER_MARKER,
        .detectors_mask = 1U << DETECTOR_OWNER_MARKER,
        .viewer_confirmed = true,
        .status = 200,
        .upstream_connection = 7,
    };
    (void)user_set(&entry.viewer, span_of(viewer));
    (void)user_set(&entry.subject, span_of(subject));
    span_copy(span_of(screen), entry.screen, sizeof(entry.screen));
    span_copy(SPAN("other-owner"), entry.reason, sizeof(entry.reason));
    span_copy(SPAN("127.0.0.9"), entry.client_address, sizeof(entry.client_address));
    span_copy(SPAN("0123456789abcdef0123456789abcdef"), entry.exchange_id,
              sizeof(entry.exchange_id));
    span_copy(SPAN("site 127.0.0.1:9000"), entry.upstream, sizeof(entry.upstream));
    return entry;
}

/* Posts and waits; the ticket is as it came back. */
static inline struct journal_ticket fixture_post(struct fixture *self,
                                                 const struct journal_entry *entry)
{
    struct waiting waiting = {.ticket.mail.deliver = fixture_on_mail};
    assert_int_equal(sem_init(&waiting.done, 0, 0), 0);
    assert_true(self->journal.post(self->journal.self, entry, &waiting.ticket));
    assert_true(fixture_await(&waiting.done));
    return waiting.ticket;
}

static inline struct control_ticket fixture_decide(struct fixture *self, const char *name,
                                                   struct feature_change change)
{
    struct asking asking = {.ticket.mail.deliver = fixture_on_control};
    span_copy(span_of(name), change.name, sizeof(change.name));
    span_copy(SPAN("op"), change.who, sizeof(change.who));
    span_copy(SPAN("a reason"), change.reason, sizeof(change.reason));
    assert_int_equal(sem_init(&asking.done, 0, 0), 0);
    assert_true(recorder_change_feature(self->recorder, &change, &asking.ticket));
    assert_true(fixture_await(&asking.done));
    return asking.ticket;
}

static inline struct control_ticket fixture_change(struct fixture *self, const char *name,
                                                   enum feature_state state, bool anyway)
{
    const struct feature_change change = {.state = state, .anyway = anyway};
    return fixture_decide(self, name, change);
}

static inline struct control_ticket fixture_close_incident(struct fixture *self,
                                                           uint64_t incident)
{
    struct asking asking = {.ticket.mail.deliver = fixture_on_control};
    assert_int_equal(sem_init(&asking.done, 0, 0), 0);
    assert_true(
        recorder_close_incident(self->recorder, incident, "op", "done", &asking.ticket));
    assert_true(fixture_await(&asking.done));
    return asking.ticket;
}

static inline struct query_figures fixture_figures(struct fixture *self,
                                                   uint64_t incident)
{
    struct query *query = NULL;
    struct query_figures figures = {0};
    assert_int_equal(query_open(self->directory, &query, NULL), ERR_NONE);
    assert_int_equal(query_figures(query, incident, &figures), ERR_NONE);
    query_close(&query);
    return figures;
}

static inline enum err fixture_verify(struct fixture *self, uint64_t *rows,
                                      struct fault *fault)
{
    struct query *query = NULL;
    assert_int_equal(query_open(self->directory, &query, fault), ERR_NONE);
    enum err err = query_verify(query, rows, fault);
    query_close(&query);
    return err;
}

static inline bool fixture_down(const struct fixture *self, const char *name)
{
    unsigned slot = 0;
    assert_true(feature_table_find(&self->features, span_of(name), &slot));
    return feature_table_down(&self->features, UINT64_C(1) << slot) != 0;
}
