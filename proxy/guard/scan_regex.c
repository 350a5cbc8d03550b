#define PCRE2_CODE_UNIT_WIDTH 8

#include "guard/scan_regex.h"

#include <stdlib.h>

#include <pcre2.h>

#include "guard/scan_unescape.h"

enum {
    SUBJECT_MAX = 2 * SCAN_WINDOW + 1,
    MATCH_LIMIT = 200000,
};

struct regex_tools {
    pcre2_match_data *data;
    pcre2_match_context *context;
    uint8_t joined[SUBJECT_MAX];
};

/* What to search: bytes [base, base + bytes.len), matches from `from` on. */
struct subject {
    struct span bytes;
    uint64_t base;
    uint64_t from;
    bool windowed; /* `from` is where the window begins, not where a match ended */
    bool open;     /* more bytes to come can change the outcome */
    bool capped;   /* the window ends before the body does */
};

enum found { FOUND_NOTHING = 0, FOUND_MATCH, FOUND_WAIT };

struct regex_tools *regex_tools_new(void)
{
    struct regex_tools *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->data = pcre2_match_data_create(2, NULL);
    self->context = pcre2_match_context_create(NULL);
    if (self->data == NULL || self->context == NULL) {
        regex_tools_free(&self);
        return NULL;
    }
    (void)pcre2_set_match_limit(self->context, MATCH_LIMIT);
    return self;
}

void regex_tools_free(struct regex_tools **self_p)
{
    if (*self_p != NULL) {
        pcre2_match_data_free((*self_p)->data);
        pcre2_match_context_free((*self_p)->context);
        free(*self_p);
    }
    *self_p = NULL;
}

void regex_init(struct regex *self, struct values *values, enum regex_text text)
{
    self->values = values;
    self->text = text;
    self->ended = false;
    self->piece_start = 0;
    self->piece = (struct span){0};
    self->tail_len = 0;
    self->waiting_count = 0;
    for (size_t i = 0; i < values->markers->row_count; i++) {
        self->resume[i] = 0;
    }
}

/* Bytes [from, to) of tail and piece as one span. */
static struct span bytes_of(const struct regex *self, struct regex_tools *tools,
                            uint64_t from, uint64_t to)
{
    if (from >= self->piece_start) {
        return (struct span){.ptr = self->piece.ptr + (from - self->piece_start),
                             .len = (size_t)(to - from)};
    }
    size_t before = (size_t)(self->piece_start - from);
    CHECK(before <= self->tail_len && to - from <= sizeof(tools->joined));
    const uint8_t *tail = self->tail + (self->tail_len - before);
    if (to <= self->piece_start) {
        return (struct span){.ptr = tail, .len = (size_t)(to - from)};
    }
    memcpy(tools->joined, tail, before);
    memcpy(tools->joined + before, self->piece.ptr, (size_t)(to - self->piece_start));
    return (struct span){.ptr = tools->joined, .len = (size_t)(to - from)};
}

static struct subject subject_of(const struct regex *self, struct regex_tools *tools,
                                 struct regex_place place)
{
    uint64_t window = place.end > SCAN_WINDOW ? place.end - SCAN_WINDOW : 0;
    uint64_t resume = self->resume[place.row];
    uint64_t received = self->piece_start + self->piece.len;
    uint64_t to = place.end + SCAN_WINDOW;
    struct subject subject = {
        .from = window > resume ? window : resume,
        .windowed = window > resume,
        .open = to > received && !self->ended,
        .capped = to < received || (to == received && !self->ended),
    };
    to = to < received ? to : received;
    /* One byte before, so that `^` and `\b` see that this is not the start. */
    subject.base = subject.from > 0 ? subject.from - 1 : 0;
    subject.bytes = bytes_of(self, tools, subject.base, to);
    return subject;
}

/* `"name":"VALUE"` or `name='VALUE'` in a script: the group stands between quotes. */
static bool is_member(struct span subject, size_t start, size_t end)
{
    if (start < 2 || end >= subject.len) {
        return false;
    }
    uint8_t quote = subject.ptr[start - 1];
    if ((quote != '"' && quote != '\'') || subject.ptr[end] != quote) {
        return false;
    }
    size_t i = start - 1;
    while (i > 0 && subject.ptr[i - 1] == ' ') {
        i--;
    }
    return i > 0 && subject.ptr[i - 1] == ':';
}

static void observe(struct regex *self, const struct subject *subject,
                    struct regex_place place, const PCRE2_SIZE *ends)
{
    uint8_t value[2 * SCAN_VALUE_SIZE_MAX];
    if (ends[2] == PCRE2_UNSET || ends[3] < ends[2]) {
        return;
    }
    struct span group = span_first(span_from(subject->bytes, ends[2]), ends[3] - ends[2]);
    uint64_t offset = subject->base + ends[1];
    bool json =
        self->text == REGEX_TEXT_JSON ||
        (self->text == REGEX_TEXT_MARKUP && is_member(subject->bytes, ends[2], ends[3]));
    if (json) {
        size_t len = scan_unescape_json(group, value, sizeof(value));
        values_add_cut(self->values, place.row, value, len, sizeof(value), offset);
    } else if (self->text == REGEX_TEXT_MARKUP) {
        size_t len = scan_unescape_html(group, false, value, sizeof(value));
        values_add_cut(self->values, place.row, value, len, sizeof(value), offset);
    } else {
        values_add(self->values, place.row, group, offset);
    }
}

static enum found take_match(struct regex *self, const struct subject *subject,
                             struct regex_place place, const PCRE2_SIZE *ends)
{
    if (subject->capped && ends[1] == subject->bytes.len) {
        values_fail(self->values, SCAN_REASON_LENGTH);
        return FOUND_NOTHING;
    }
    observe(self, subject, place, ends);
    uint64_t end = subject->base + ends[1];
    self->resume[place.row] = end > subject->from ? end : subject->from + 1;
    return FOUND_MATCH;
}

/* The next match of the row in the window around the place. */
static enum found find(struct regex *self, struct regex_tools *tools,
                       struct regex_place place)
{
    const struct marker_row *row = &self->values->markers->rows[place.row];
    struct subject subject = subject_of(self, tools, place);
    uint32_t options = subject.open ? PCRE2_PARTIAL_HARD : 0;
    options |= subject.capped ? PCRE2_NOTEOL : 0;
    int status = pcre2_match(row->code, subject.bytes.ptr, subject.bytes.len,
                             (PCRE2_SIZE)(subject.from - subject.base), options,
                             tools->data, tools->context);
    if (status >= 0) {
        return take_match(self, &subject, place, pcre2_get_ovector_pointer(tools->data));
    }
    if (status == PCRE2_ERROR_PARTIAL) {
        return FOUND_WAIT;
    }
    if (status != PCRE2_ERROR_NOMATCH) {
        values_fail(self->values, SCAN_REASON_MATCHER);
    } else if (subject.windowed) {
        /* There is a match, but it began before the window. */
        values_fail(self->values, SCAN_REASON_LENGTH);
    }
    return FOUND_NOTHING;
}

/* True when the place has to wait for more bytes. */
static bool resolve(struct regex *self, struct regex_tools *tools,
                    struct regex_place place)
{
    enum found found = FOUND_MATCH;
    while (found == FOUND_MATCH && self->resume[place.row] < place.end &&
           self->values->reason == SCAN_REASON_NONE) {
        found = find(self, tools, place);
    }
    return found == FOUND_WAIT;
}

static bool waits(const struct regex *self, size_t count, uint8_t row)
{
    for (size_t i = 0; i < count; i++) {
        if (self->waiting[i].row == row) {
            return true;
        }
    }
    return false;
}

static void wait_for_more(struct regex *self, struct regex_place place)
{
    if (self->waiting_count < REGEX_WAITING_MAX) {
        self->waiting[self->waiting_count++] = place;
        return;
    }
    /* Full: the row's newest place stands for all after it. */
    for (size_t i = self->waiting_count; i > 0; i--) {
        if (self->waiting[i - 1].row == place.row) {
            self->waiting[i - 1] = place;
            return;
        }
    }
    values_fail(self->values, SCAN_REASON_MATCHES);
}

static void resolve_waiting(struct regex *self, struct regex_tools *tools)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->waiting_count; i++) {
        struct regex_place place = self->waiting[i];
        if (waits(self, kept, place.row) || resolve(self, tools, place)) {
            self->waiting[kept++] = place;
        }
    }
    self->waiting_count = kept;
}

void regex_piece_begin(struct regex *self, struct regex_tools *tools, struct span piece)
{
    self->piece = piece;
    if (self->waiting_count > 0) {
        resolve_waiting(self, tools);
    }
}

void regex_place(struct regex *self, struct regex_tools *tools, size_t row, uint64_t end)
{
    CHECK(row < self->values->markers->row_count);

    struct regex_place place = {.end = end, .row = (uint8_t)row};
    if (end <= self->resume[row]) {
        return;
    }
    if (waits(self, self->waiting_count, place.row) || resolve(self, tools, place)) {
        wait_for_more(self, place);
    }
}

void regex_piece_end(struct regex *self)
{
    struct span piece = self->piece;
    size_t keep = REGEX_TAIL_MAX;
    if (piece.len >= keep) {
        memcpy(self->tail, piece.ptr + (piece.len - keep), keep);
        self->tail_len = keep;
    } else if (piece.len > 0) {
        size_t old =
            keep - piece.len < self->tail_len ? keep - piece.len : self->tail_len;
        memmove(self->tail, self->tail + (self->tail_len - old), old);
        memcpy(self->tail + old, piece.ptr, piece.len);
        self->tail_len = old + piece.len;
    }
    self->piece_start += piece.len;
    self->piece = (struct span){0};
}

void regex_end(struct regex *self, struct regex_tools *tools)
{
    self->ended = true;
    resolve_waiting(self, tools);
}

size_t regex_pending(const struct regex *self)
{
    return self->tail_len < SCAN_WINDOW ? self->tail_len : SCAN_WINDOW;
}
