#include "relay/evidence_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/span.h"

enum {
    SECOND_MS = 1000,
};

struct evidence_log {
    const struct journal *journal;
    unsigned write_count;
    unsigned doubt_count;
    struct journal_write writes[EVIDENCE_LOG_WRITES];
    struct journal_doubt doubts[EVIDENCE_LOG_DOUBTS];
};

struct evidence_log *evidence_log_new(const struct journal *journal)
{
    struct evidence_log *self = malloc(sizeof(*self));

    if (self != NULL) {
        self->journal = journal;
        self->write_count = self->doubt_count = 0;
    }
    return self;
}

void evidence_log_free(struct evidence_log **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

static bool in_one_second(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms / SECOND_MS == b_ms / SECOND_MS;
}

static void flush_writes(struct evidence_log *self)
{
    if (self->write_count > 0 && self->journal->note_writes != NULL) {
        self->journal->note_writes(self->journal->self, self->writes, self->write_count);
    }
    self->write_count = 0;
}

static void flush_doubts(struct evidence_log *self)
{
    if (self->doubt_count > 0 && self->journal->note_doubts != NULL) {
        self->journal->note_doubts(self->journal->self, self->doubts, self->doubt_count);
    }
    self->doubt_count = 0;
}

static bool is_of_write(const struct journal_write *row,
                        const struct evidence_log_write *write)
{
    static const struct user nobody = {0};
    const struct user *user = write->user != NULL ? write->user : &nobody;

    return in_one_second(row->first_at_ms, write->at_ms) &&
           fingerprint_equal(&row->session, write->session) &&
           user_equal(&row->user, user) && strcmp(row->route, write->route) == 0 &&
           strcmp(row->method, write->method) == 0;
}

static void start_write(struct journal_write *row, const struct evidence_log_write *write)
{
    row->first_at_ms = write->at_ms;
    row->count = 0;
    row->session = *write->session;
    row->user.len = 0;
    if (write->user != NULL) {
        user_copy(&row->user, write->user);
    }
    (void)span_copy(span_of(write->route), row->route, sizeof(row->route));
    (void)span_copy(span_of(write->screen), row->screen, sizeof(row->screen));
    (void)span_copy(span_of(write->method), row->method, sizeof(row->method));
}

void evidence_log_add_write(struct evidence_log *self,
                            const struct evidence_log_write *write)
{
    struct journal_write *row = self->writes;

    while (row < self->writes + self->write_count && !is_of_write(row, write)) {
        row++;
    }
    if (row == self->writes + EVIDENCE_LOG_WRITES) {
        flush_writes(self);
        row = self->writes;
    }
    if (row == self->writes + self->write_count) {
        start_write(row, write);
        self->write_count++;
    }
    row->last_at_ms = write->at_ms;
    row->count++;
}

static bool is_of_doubt(const struct journal_doubt *row,
                        const struct evidence_log_doubt *doubt)
{
    return in_one_second(row->first_at_ms, doubt->at_ms) && row->kind == doubt->kind &&
           row->feature_mask == doubt->feature_mask &&
           strcmp(row->route, doubt->route) == 0;
}

static void start_doubt(struct journal_doubt *row, const struct evidence_log_doubt *doubt)
{
    row->first_at_ms = doubt->at_ms;
    row->count = 0;
    row->kind = doubt->kind;
    row->feature_mask = doubt->feature_mask;
    (void)span_copy(span_of(doubt->route), row->route, sizeof(row->route));
}

void evidence_log_add_doubt(struct evidence_log *self,
                            const struct evidence_log_doubt *doubt)
{
    struct journal_doubt *row = self->doubts;

    while (row < self->doubts + self->doubt_count && !is_of_doubt(row, doubt)) {
        row++;
    }
    if (row == self->doubts + EVIDENCE_LOG_DOUBTS) {
        flush_doubts(self);
        row = self->doubts;
    }
    if (row == self->doubts + self->doubt_count) {
        start_doubt(row, doubt);
        self->doubt_count++;
    }
    row->last_at_ms = doubt->at_ms;
    row->count++;
}

void evidence_log_flush(struct evidence_log *self)
{
    flush_writes(self);
    flush_doubts(self);
}
