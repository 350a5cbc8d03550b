#include "guard/scan.h"

#include <stdlib.h>

#include <hs/hs.h>

#include "guard/scan_room.h"

struct scanner *scanner_new(const struct markers *markers)
{
    struct scanner *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->markers = markers;
    self->tools = regex_tools_new();
    bool complete = self->tools != NULL;
    for (size_t i = 0; i < SCAN_MATCHER_COUNT; i++) {
        if (markers->matchers[i] != NULL) {
            complete = complete && hs_alloc_scratch(markers->matchers[i],
                                                    &self->scratch) == HS_SUCCESS;
        }
    }
    if (!complete) {
        scanner_free(&self);
    }
    return self;
}

static void scan_free(struct scan *self)
{
    for (size_t i = 0; i < SCAN_MATCHER_COUNT; i++) {
        if (self->streams[i] != NULL) {
            (void)hs_close_stream(self->streams[i], NULL, NULL, NULL);
        }
    }
    values_free(&self->values);
    free(self);
}

void scanner_free(struct scanner **self_p)
{
    struct scanner *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    while (self->idle != NULL) {
        struct scan *scan = self->idle;
        self->idle = scan->next_idle;
        scan_free(scan);
    }
    (void)hs_free_scratch(self->scratch);
    regex_tools_free(&self->tools);
    free(self);
}

static struct scan *scan_take(struct scanner *scanner)
{
    struct scan *self = scanner->idle;
    if (self != NULL) {
        scanner->idle = self->next_idle;
        scanner->idle_count--;
        return self;
    }
    self = calloc(1, sizeof(*self));
    if (self != NULL) {
        self->scanner = scanner;
        self->values.markers = scanner->markers;
    }
    return self;
}

struct scan *scan_begin(struct scanner *scanner, enum scan_kind kind, struct span charset)
{
    struct scan *self = scan_take(scanner);
    if (self == NULL) {
        return NULL;
    }
    self->kind = kind;
    self->charset = charset_named(charset);
    self->charset_declared = charset.len > 0;
    self->matching = false;
    self->finished = false;
    self->mark_len = 0;
    self->mark_done = false;
    self->offset = 0;
    self->piece_start = 0;
    self->turning = (struct charset_state){0};
    self->kept_count = 0;
    if (kind != SCAN_KIND_UNKNOWN) {
        scan_body_begin(self, kind);
    }
    if (self->charset == CHARSET_UNSUPPORTED && kind != SCAN_KIND_NONE) {
        values_fail(&self->values, SCAN_REASON_CHARSET);
    }
    return self;
}

void scan_end(struct scan **self_p)
{
    struct scan *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    struct scanner *scanner = self->scanner;
    if (self->matching && self->streams[self->matcher] != NULL) {
        (void)hs_reset_stream(self->streams[self->matcher], 0, NULL, NULL, NULL);
    }
    values_clear(&self->values);
    if (scanner->idle_count == SCAN_IDLE_MAX) {
        scan_free(self);
        return;
    }
    self->next_idle = scanner->idle;
    scanner->idle = self;
    scanner->idle_count++;
}

enum scan_status scan_finish(struct scan *self)
{
    CHECK(!self->finished);

    self->finished = true;
    if (self->kind == SCAN_KIND_NONE) {
        return scan_status(self);
    }
    if (!self->mark_done) {
        scan_body_mark_end(self);
    }
    if (scan_searches(self) && scan_status(self) == SCAN_OK) {
        regex_end(&self->regex, self->scanner->tools);
    }
    if (scan_walks(self) && scan_status(self) == SCAN_OK) {
        scan_json_finish(&self->json);
    }
    self->kept_count = 0;
    return scan_status(self);
}

enum scan_status scan_status(const struct scan *self)
{
    return self->values.reason == SCAN_REASON_NONE ? SCAN_OK : SCAN_UNDECODABLE;
}

enum scan_reason scan_reason(const struct scan *self)
{
    return self->values.reason;
}

static uint64_t pending_of_text(const struct scan *self)
{
    uint64_t pending = 0;
    if (scan_searches(self)) {
        pending = regex_pending(&self->regex);
    }
    if (scan_tokenizes(self)) {
        uint64_t open = html_open_len(&self->html);
        for (size_t i = 0; i < self->kept_count; i++) {
            open += self->kept[i].bytes.len;
        }
        pending = open > pending ? open : pending;
    }
    if (scan_walks(self)) {
        uint64_t open = json_open_len(&self->json);
        pending = open > pending ? open : pending;
    }
    return pending;
}

size_t scan_pending(const struct scan *self)
{
    if (self->kind == SCAN_KIND_NONE || self->finished) {
        return 0;
    }
    uint64_t pending = self->kind != SCAN_KIND_UNKNOWN ? pending_of_text(self) : 0;
    if (scan_turns(self) && self->charset != CHARSET_ISO2022JP) {
        pending = 2 * pending + 4; /* a byte that was read comes from at most two */
    }
    pending += self->mark_done ? 0 : self->mark_len;
    return (size_t)(pending < self->offset ? pending : self->offset);
}
