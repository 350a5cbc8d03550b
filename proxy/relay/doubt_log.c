#include "relay/doubt_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/span.h"

enum {
    SECOND_MS = 1000,
};

struct doubt_log {
    const struct journal *journal;
    unsigned count;
    struct journal_doubt rows[DOUBT_LOG_ROWS];
};

struct doubt_log *doubt_log_new(const struct journal *journal)
{
    struct doubt_log *self = malloc(sizeof(*self));

    if (self != NULL) {
        self->journal = journal;
        self->count = 0;
    }
    return self;
}

void doubt_log_free(struct doubt_log **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

static bool same(const struct journal_doubt *row, const struct doubt_log_entry *entry)
{
    return row->first_at_ms / SECOND_MS == entry->at_ms / SECOND_MS &&
           row->kind == entry->kind && row->feature_mask == entry->feature_mask &&
           strcmp(row->route, entry->route) == 0;
}

static void fill(struct journal_doubt *row, const struct doubt_log_entry *entry)
{
    row->first_at_ms = entry->at_ms;
    row->count = 0;
    row->kind = entry->kind;
    row->feature_mask = entry->feature_mask;
    (void)span_copy(span_of(entry->route), row->route, sizeof(row->route));
}

void doubt_log_add(struct doubt_log *self, const struct doubt_log_entry *entry)
{
    unsigned at = 0;

    while (at < self->count && !same(&self->rows[at], entry)) {
        at++;
    }
    if (at == DOUBT_LOG_ROWS) {
        doubt_log_flush(self);
        at = 0;
    }
    if (at == self->count) {
        fill(&self->rows[at], entry);
        self->count++;
    }
    self->rows[at].last_at_ms = entry->at_ms;
    self->rows[at].count++;
}

void doubt_log_flush(struct doubt_log *self)
{
    if (self->count > 0 && self->journal->note_doubts != NULL) {
        self->journal->note_doubts(self->journal->self, self->rows, self->count);
    }
    self->count = 0;
}
