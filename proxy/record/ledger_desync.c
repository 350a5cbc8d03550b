#include <string.h>

#include "record/ledger_private.h"

enum {
    TOLD_INTERVAL_MS = 60000,
};

bool ledger_is_desync(const struct journal_entry *entry)
{
    struct span reason = span_of(entry->reason);

    return entry->kind == JOURNAL_EVENT && (span_equal(reason, SPAN("idle-bytes")) ||
                                            span_equal(reason, SPAN("excess-bytes")));
}

/* Where `upstream` is kept, or the place of the one told of longest ago. */
static struct ledger_told *place_of(struct ledger *self, struct span upstream)
{
    struct ledger_told *place = &self->told[0];

    for (unsigned i = 0; i < LEDGER_TOLD_MAX; i++) {
        struct ledger_told *told = &self->told[i];
        if (span_equal(span_of(told->upstream), upstream)) {
            return told;
        }
        if (told->at_ms < place->at_ms) {
            place = told;
        }
    }
    return place;
}

/* At most one a minute for each upstream; a clock that was set back does not silence. */
static bool is_due(struct ledger *self, struct span upstream, uint64_t at_ms)
{
    struct ledger_told *told = place_of(self, upstream);
    bool same = span_equal(span_of(told->upstream), upstream);

    if (same && told->at_ms != 0 && at_ms >= told->at_ms &&
        at_ms - told->at_ms < TOLD_INTERVAL_MS) {
        return false;
    }
    (void)span_copy(upstream, told->upstream, sizeof(told->upstream));
    told->at_ms = at_ms;
    return true;
}

void ledger_tell_desync(struct ledger *self, const struct journal_entry *entry)
{
    struct json_write *data = &self->data;
    struct span server = span_of(entry->upstream);
    struct span upstream = {0};

    (void)span_next(&server, ' ', &upstream);
    if (!is_due(self, upstream, entry->at_ms)) {
        return;
    }
    json_write_reset(data);
    json_write_begin_object(data);
    json_write_member(data, "upstream", upstream);
    json_write_member(data, "server", server);
    json_write_member(data, "kind", span_of(entry->reason));
    json_write_member_time(data, "at", entry->at_ms);
    json_write_member_u64(data, "bytes", entry->body_size);
    json_write_member_u64(data, "connection", entry->upstream_connection);
    json_write_member(data, "previous_exchange", span_of(entry->previous_id));
    json_write_member(data, "echoed_exchange", span_of(entry->echoed_id));
    if (entry->subject.len > 0) {
        char digits[PSEUDONYM_DIGITS + 1];
        char subject[PSEUDONYM_SHORT_SIZE];
        pseudonym_of(&self->pseudonyms, PSEUDONYM_USER, user_span(&entry->subject),
                     digits);
        pseudonym_short(span_of(pseudonym_kind_name(PSEUDONYM_USER)), span_of(digits),
                        subject);
        json_write_member(data, "subject", span_of(subject));
    }
    json_write_end_object(data);
    ledger_add_alert(self, NULL, "upstream.desync", json_write_result(data),
                     entry->at_ms);
}
