#include "relay/write_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/span.h"

enum {
    SECOND_MS = 1000,
};

struct write_log {
    const struct journal *journal;
    unsigned count;
    struct journal_write rows[WRITE_LOG_ROWS];
};

struct write_log *write_log_new(const struct journal *journal)
{
    struct write_log *self = malloc(sizeof(*self));

    if (self != NULL) {
        self->journal = journal;
        self->count = 0;
    }
    return self;
}

void write_log_free(struct write_log **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

static bool same(const struct journal_write *row, const struct write_log_entry *entry)
{
    static const struct user nobody = {0};
    const struct user *user = entry->user != NULL ? entry->user : &nobody;

    return row->first_at_ms / SECOND_MS == entry->at_ms / SECOND_MS &&
           fingerprint_equal(&row->session, entry->session) &&
           user_equal(&row->user, user) && strcmp(row->route, entry->route) == 0 &&
           strcmp(row->method, entry->method) == 0;
}

static void fill(struct journal_write *row, const struct write_log_entry *entry)
{
    row->first_at_ms = entry->at_ms;
    row->count = 0;
    row->session = *entry->session;
    row->user.len = 0;
    if (entry->user != NULL) {
        user_copy(&row->user, entry->user);
    }
    (void)span_copy(span_of(entry->route), row->route, sizeof(row->route));
    (void)span_copy(span_of(entry->screen), row->screen, sizeof(row->screen));
    (void)span_copy(span_of(entry->method), row->method, sizeof(row->method));
}

void write_log_add(struct write_log *self, const struct write_log_entry *entry)
{
    unsigned at = 0;

    while (at < self->count && !same(&self->rows[at], entry)) {
        at++;
    }
    if (at == WRITE_LOG_ROWS) {
        write_log_flush(self);
        at = 0;
    }
    if (at == self->count) {
        fill(&self->rows[at], entry);
        self->count++;
    }
    self->rows[at].last_at_ms = entry->at_ms;
    self->rows[at].count++;
}

void write_log_flush(struct write_log *self)
{
    if (self->count > 0 && self->journal->note_writes != NULL) {
        self->journal->note_writes(self->journal->self, self->rows, self->count);
    }
    self->count = 0;
}
