/* Takes people who must not be seen out of a page that is whole in the hold. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/secret.h"
#include "guard/charset.h"
#include "guard/redact.h"
#include "relay/exchange_grants.h"
#include "relay/rewrite_redact.h"

enum {
    FIRST_CAPACITY = 16384,
};

/* A body decoded in memory, with what is to be done to it. */
struct surgery {
    struct span body;
    uint8_t *memory; /* Of a body that lies in several pieces. */
    uint8_t *result;
    size_t result_len;
    size_t wanted_count;
    size_t cut_count;
    struct redact_wanted wanted[SCAN_DISTINCT_MAX];
    struct redact_cut cuts[REDACT_CUTS_MAX];
};

static bool is_redactable(const struct exchange *self)
{
    return self->plain.kind == SCAN_KIND_HTML || self->plain.kind == SCAN_KIND_JSON;
}

/* What looks like markup or an escape is some: in JSON the second byte of a character may
 * look like a backslash, in HTML it looks like nothing that matters. */
static bool is_legible(enum scan_kind kind, enum charset charset)
{
    bool two_bytes = charset == CHARSET_SHIFT_JIS || charset == CHARSET_GBK;

    return charset == CHARSET_ASCII || (two_bytes && kind == SCAN_KIND_HTML);
}

void exchange_note_redactable(struct exchange *self, enum scan_kind kind,
                              struct span charset)
{
    bool html = kind == SCAN_KIND_HTML || kind == SCAN_KIND_JSON;

    self->plain.kind = self->plan->redacts && html &&
                               is_legible(kind, charset_named(charset)) &&
                               !exchange_observes(self)
                           ? kind
                           : SCAN_KIND_NONE;
}

/* Counted with what is held. The old memory is wiped, which realloc() would not do. */
static bool grow_plain(struct exchange *self, size_t capacity)
{
    struct exchange_plain *plain = &self->plain;
    uint64_t more = capacity - plain->capacity;

    if (!block_store_charge(self->relay->blocks, more, 0)) {
        return false;
    }
    uint8_t *bytes = malloc(capacity);
    if (bytes == NULL) {
        block_store_discharge(self->relay->blocks, more);
        return false;
    }
    if (plain->bytes != NULL) {
        memcpy(bytes, plain->bytes, plain->len);
        secret_wipe(plain->bytes, plain->len);
        free(plain->bytes);
    }
    plain->bytes = bytes;
    plain->capacity = capacity;
    return true;
}

void exchange_keep_plain(struct exchange *self, struct span decoded)
{
    size_t needed = self->plain.len + decoded.len;

    if (!is_redactable(self)) {
        return;
    }
    if (needed > self->plain.capacity) {
        size_t capacity =
            self->plain.capacity > 0 ? self->plain.capacity : FIRST_CAPACITY;
        while (capacity < needed) {
            capacity *= 2;
        }
        if (needed > exchange_limits(self)->hold_max || !grow_plain(self, capacity)) {
            self->plain.kind = SCAN_KIND_NONE; /* Too large to be redacted. */
            return;
        }
    }
    memcpy(self->plain.bytes + self->plain.len, decoded.ptr, decoded.len);
    self->plain.len = needed;
}

void exchange_drop_plain(struct exchange *self)
{
    if (self->plain.bytes != NULL) {
        secret_wipe(self->plain.bytes, self->plain.len);
        free(self->plain.bytes);
        block_store_discharge(self->relay->blocks, self->plain.capacity);
    }
    self->plain.bytes = NULL;
    self->plain.len = 0;
    self->plain.capacity = 0;
}

static bool is_himself(const struct exchange *self, const struct observation *seen)
{
    return span_equal(seen->value, user_span(&self->grants->requester));
}

/* False: somebody is there who cannot be taken out, or nobody who has to. What stands in
 * a field stays there, whatever the body loses. */
static bool collect(const struct exchange *self, struct surgery *surgery)
{
    const struct site *site = self->plan->site;

    for (size_t i = 0; i < scan_count(self->scan); i++) {
        const struct observation *seen = scan_at(self->scan, i);
        const struct marker_class *class = &site->classes[seen->class_index];
        enum grant_answer said = self->grants->answers[i];
        if (class->must_be != MARKER_RULE_GRANTED || said == GRANT_YES ||
            marker_names_nobody(class, seen->value) || seen->value.len == 0 ||
            is_himself(self, seen)) {
            continue;
        }
        if (!class->redact || seen->in_field ||
            (said != GRANT_NO && said != GRANT_NO_YOUNG)) {
            return false;
        }
        surgery->wanted[surgery->wanted_count++] =
            (struct redact_wanted){.class = class, .value = seen->value};
    }
    return surgery->wanted_count > 0;
}

/* The whole body in one piece. */
static bool join(const struct exchange *self, struct surgery *surgery)
{
    const struct hold *hold = &self->hold;
    size_t len = 0;

    if (self->plain.bytes != NULL) {
        surgery->body = (struct span){.ptr = self->plain.bytes, .len = self->plain.len};
        return self->plain.len == self->decoded_len;
    }
    if (hold->segment_count == 1) {
        surgery->body = hold->segments[0];
        return true;
    }
    surgery->memory = malloc(hold->len + 1);
    for (size_t i = 0; surgery->memory != NULL && i < hold->segment_count; i++) {
        memcpy(surgery->memory + len, hold->segments[i].ptr, hold->segments[i].len);
        len += hold->segments[i].len;
    }
    surgery->body = (struct span){.ptr = surgery->memory, .len = len};
    return surgery->memory != NULL;
}

static bool operate(struct exchange *self, struct surgery *surgery)
{
    struct redact_order order = {
        .body = surgery->body,
        .kind = self->plain.kind,
        .wanted = surgery->wanted,
        .count = surgery->wanted_count,
        .cuts = surgery->cuts,
    };
    size_t from = 0;

    redact_sort(surgery->wanted, surgery->wanted_count);
    if (!redact_find(&order)) {
        return false;
    }
    surgery->result = malloc(surgery->body.len);
    if (surgery->result == NULL) {
        return false;
    }
    for (size_t i = 0; i <= order.cut_count; i++) {
        size_t until = i < order.cut_count ? order.cuts[i].start : surgery->body.len;
        memcpy(surgery->result + surgery->result_len, surgery->body.ptr + from,
               until - from);
        surgery->result_len += until - from;
        from = i < order.cut_count ? order.cuts[i].end : from;
    }
    return true;
}

static bool is_wanted(const struct exchange *self, const struct surgery *surgery,
                      const struct observation *seen)
{
    const struct marker_class *class = &self->plan->site->classes[seen->class_index];

    for (size_t i = 0; i < surgery->wanted_count; i++) {
        if (surgery->wanted[i].class == class &&
            span_equal(surgery->wanted[i].value, seen->value)) {
            return true;
        }
    }
    return false;
}

/* Nobody who must not be seen is left, nor anybody who was not there before. */
static bool passes(struct exchange *self, const struct surgery *surgery)
{
    struct span result = {.ptr = surgery->result, .len = surgery->result_len};
    struct scan *scan =
        scan_begin(self->plan->scanner, self->plain.kind, (struct span){0});
    if (scan != NULL) {
        scan_bind(scan, span_of(self->id));
    }
    bool good = scan != NULL && scan_feed(scan, result, SCAN_LEASE_BORROWED) == SCAN_OK &&
                scan_finish(scan) == SCAN_OK;

    for (size_t i = 0; good && i < scan_count(scan); i++) {
        const struct observation *left = scan_at(scan, i);
        bool known = false;
        for (size_t k = 0; !known && k < scan_count(self->scan); k++) {
            const struct observation *seen = scan_at(self->scan, k);
            known = seen->class_index == left->class_index &&
                    span_equal(seen->value, left->value);
        }
        good = known && !is_wanted(self, surgery, left);
    }
    scan_end(&scan);
    return good;
}

/* Puts the result where the body was, and past the bound of all held bytes if need be: so
 * may have been the body. False: no memory; what is there is not to leave. */
static bool replace(struct exchange *self, const struct surgery *surgery)
{
    struct span rest = {.ptr = surgery->result, .len = surgery->result_len};

    hold_clear(&self->hold, true);
    while (rest.len > 0) {
        struct stream_space space = hold_space(&self->hold, exchange_hold_beyond(self));
        if (space.ptr == NULL) {
            return false;
        }
        struct span piece = {.ptr = space.ptr,
                             .len = rest.len < space.len ? rest.len : space.len};
        memcpy(space.ptr, rest.ptr, piece.len);
        hold_note_read(&self->hold, piece);
        if (!hold_keep(&self->hold, &piece)) {
            return false;
        }
        rest = span_from(rest, piece.len);
    }
    return true;
}

static void rewrite_head(struct exchange *self)
{
    struct writer out = writer_of(self->reply_text, self->reply_text_capacity);

    out.len = self->reply_text_len;
    rewrite_redact(&out);
    self->reply_text_len = out.len;
    self->answer_length = self->hold.len;
    exchange_keep_private(self);
}

static bool may_redact(const struct exchange *self)
{
    return self->plan->redacts && self->grants != NULL && !self->grants->redacted &&
           is_redactable(self) && !self->streaming && !self->overflow &&
           !self->undecodable && self->method != METHOD_HEAD &&
           self->upstream_status != 206 && self->answer_part == ANSWER_COMPLETE &&
           self->hold.len > 0 && self->grants->requester.len > 0 &&
           self->grants->asked_count == scan_count(self->scan);
}

void exchange_redact(struct exchange *self)
{
    if (!may_redact(self)) {
        return;
    }
    struct surgery *surgery = calloc(1, sizeof(*surgery));
    if (surgery == NULL) {
        return;
    }
    if (collect(self, surgery) && join(self, surgery) && operate(self, surgery) &&
        passes(self, surgery) && replace(self, surgery)) {
        self->grants->redacted = true;
        rewrite_head(self);
    }
    if (surgery->result != NULL) {
        secret_wipe(surgery->result, surgery->result_len);
    }
    if (surgery->memory != NULL) {
        secret_wipe(surgery->memory, surgery->body.len);
    }
    free(surgery->result);
    free(surgery->memory);
    free(surgery);
    exchange_drop_plain(self);
}

/* The page goes on without them; that they were on it is on disk before. */
enum step exchange_commit_redacted(struct exchange *self,
                                   const struct judgement *judgement)
{
    struct journal_entry entry;

    exchange_fill_entry(self, judgement, &entry);
    entry.outcome = JOURNAL_WITHHELD;
    entry.took_down_mask = exchange_take_down(self, judgement);
    meter_display(self->relay, entry.outcome);
    if (!exchange_post(self, &entry)) {
        return exchange_close_silently(self, ENDING_REFUSED_SILENT);
    }
    exchange_set_deadline(self, self->plan->site->ledger_deadline_ms);
    return exchange_become(self, STATE_COMMIT);
}
