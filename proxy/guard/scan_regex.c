#define PCRE2_CODE_UNIT_WIDTH 8

#include "guard/scan_regex.h"

#include <stdlib.h>

#include <pcre2.h>

#include "guard/scan_unescape.h"

enum {
    SUBJECT_MAX = SCAN_WINDOW + 1,
    MATCH_LIMIT = 200000,
};

struct regex_tools {
    pcre2_match_data *data;
    pcre2_match_context *context;
    uint8_t joined[SUBJECT_MAX];
    uint8_t sent[SUBJECT_MAX];
};

/* The bytes an attempt sees: [base, base + bytes.len). */
struct subject {
    struct span bytes;
    uint64_t base;
    uint64_t from; /* where it begins */
    bool more;     /* the body does not end here */
    bool full;     /* it is as long as the window */
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
    self->sent = NULL;
    self->turned = false;
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
                                 uint64_t from)
{
    uint64_t received = self->piece_start + self->piece.len;
    uint64_t to = from + SCAN_WINDOW;
    struct subject subject = {.from = from, .full = to <= received};
    to = to < received ? to : received;
    subject.more = to < received || !self->ended;
    /* One byte before, so that `^` and `\b` see that this is not the start. */
    subject.base = from > 0 ? from - 1 : 0;
    subject.bytes = bytes_of(self, tools, subject.base, to);
    return subject;
}

/* `"name":"` or `name:'` of a script stands before `start`. */
static bool opens_member(struct span subject, size_t start)
{
    if (start < 2 || (subject.ptr[start - 1] != '"' && subject.ptr[start - 1] != '\'')) {
        return false;
    }
    size_t i = start - 1;
    while (i > 0 && subject.ptr[i - 1] == ' ') {
        i--;
    }
    return i > 0 && subject.ptr[i - 1] == ':';
}

/* `"name":"VALUE"` or `name:'VALUE'` in a script: the group stands between quotes. */
static bool is_member(struct span subject, size_t start, size_t end)
{
    return opens_member(subject, start) && end < subject.len &&
           subject.ptr[end] == subject.ptr[start - 1];
}

/* The byte behind the group says how it is to be read, and is still to come. */
static bool is_undecided(const struct regex *self, const struct subject *subject,
                         const PCRE2_SIZE *ends)
{
    return self->text == REGEX_TEXT_MARKUP && subject->more && ends[2] != PCRE2_UNSET &&
           ends[3] == subject->bytes.len && opens_member(subject->bytes, ends[2]);
}

static enum scan_form form_of(const struct regex *self, struct span subject,
                              const PCRE2_SIZE *ends)
{
    if (self->text == REGEX_TEXT_PLAIN) {
        return SCAN_FORM_PLAIN;
    }
    bool json = self->text == REGEX_TEXT_JSON || is_member(subject, ends[2], ends[3]);
    return json ? SCAN_FORM_JSON : SCAN_FORM_HTML;
}

/* What was sent for the `len` bytes from `from` on. */
static struct span sent_of(const struct regex *self, struct regex_tools *tools,
                           uint64_t from, size_t len)
{
    CHECK(len <= sizeof(tools->sent));
    size_t before = from < self->piece_start ? (size_t)(self->piece_start - from) : 0;
    size_t old = before < len ? before : len;

    if (old > 0) {
        CHECK(before <= self->tail_len);
        memcpy(tools->sent, self->tail_sent + (self->tail_len - before), old);
    }
    if (len > old) {
        memcpy(tools->sent + old, self->sent + (from + old - self->piece_start),
               len - old);
    }
    return (struct span){.ptr = tools->sent, .len = len};
}

static void observe(struct regex *self, struct regex_tools *tools,
                    const struct subject *subject, struct regex_place place,
                    const PCRE2_SIZE *ends)
{
    uint8_t value[2 * SCAN_VALUE_SIZE_MAX];
    if (ends[2] == PCRE2_UNSET || ends[3] < ends[2]) {
        return;
    }
    struct span group = span_first(span_from(subject->bytes, ends[2]), ends[3] - ends[2]);
    struct span sent =
        self->turned ? sent_of(self, tools, subject->base + ends[2], group.len) : group;
    enum scan_form form = form_of(self, subject->bytes, ends);
    uint64_t offset = subject->base + ends[1];
    if (form == SCAN_FORM_PLAIN) {
        values_add(self->values, place.row, sent, offset);
        return;
    }
    size_t len = self->turned
                     ? scan_unescape_turned(form, sent, group.ptr, value, sizeof(value))
                     : scan_unescape(form, group, value, sizeof(value));
    values_add_cut(self->values, place.row, (struct span){.ptr = value, .len = len},
                   sizeof(value), offset);
}

static void take_match(struct regex *self, struct regex_tools *tools,
                       const struct subject *subject, struct regex_place place,
                       const PCRE2_SIZE *ends)
{
    observe(self, tools, subject, place, ends);
    uint64_t end = subject->base + ends[1];
    self->resume[place.row] = end > place.start ? end : place.start + 1;
}

/* A match could begin at `start` and needs bytes past the subject. */
static enum found too_short(struct regex *self, const struct subject *subject,
                            struct regex_place place, uint64_t start)
{
    self->resume[place.row] = start;
    if (start > subject->from && subject->full) {
        return FOUND_MATCH; /* seen again with a window of its own */
    }
    if (subject->full) {
        values_fail(self->values, SCAN_REASON_LENGTH);
        return FOUND_NOTHING;
    }
    return FOUND_WAIT;
}

/* Tries the row at the place, or from it on unless `options` is PCRE2_ANCHORED.
 * FOUND_MATCH: there may be another one from `resume` on. */
static enum found attempt(struct regex *self, struct regex_tools *tools,
                          struct regex_place place, uint32_t options)
{
    const struct marker_row *row = &self->values->markers->rows[place.row];
    struct subject subject = subject_of(self, tools, place.start);
    options |= subject.more ? PCRE2_PARTIAL_HARD | PCRE2_NOTEOL : 0;
    int status = pcre2_match(row->code, subject.bytes.ptr, subject.bytes.len,
                             (PCRE2_SIZE)(place.start - subject.base), options,
                             tools->data, tools->context);
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(tools->data);
    if (status >= 0 && is_undecided(self, &subject, ends)) {
        return too_short(self, &subject, place, subject.base + ends[0]);
    }
    if (status >= 0) {
        take_match(self, tools, &subject, place, ends);
        return FOUND_MATCH;
    }
    if (status == PCRE2_ERROR_PARTIAL) {
        return too_short(self, &subject, place, subject.base + ends[0]);
    }
    if (status != PCRE2_ERROR_NOMATCH) {
        values_fail(self->values, SCAN_REASON_MATCHER);
    }
    if ((options & PCRE2_ANCHORED) == 0) {
        self->resume[place.row] = subject.base + subject.bytes.len;
    }
    return FOUND_NOTHING;
}

/* True when the place has to wait for more bytes. */
static bool resolve(struct regex *self, struct regex_tools *tools,
                    struct regex_place place)
{
    return place.start >= self->resume[place.row] &&
           self->values->reason == SCAN_REASON_NONE &&
           attempt(self, tools, place, PCRE2_ANCHORED) == FOUND_WAIT;
}

/* A row without a literal to begin with: all that was received. */
static void search(struct regex *self, struct regex_tools *tools, uint8_t row)
{
    uint64_t received = self->piece_start + self->piece.len;
    enum found found = FOUND_MATCH;
    while (found != FOUND_WAIT && self->resume[row] < received &&
           self->values->reason == SCAN_REASON_NONE) {
        struct regex_place place = {.start = self->resume[row], .row = row};
        found = attempt(self, tools, place, 0);
    }
}

static void search_all(struct regex *self, struct regex_tools *tools)
{
    const struct markers *markers = self->values->markers;
    for (size_t i = 0; i < markers->row_count; i++) {
        if (markers->rows[i].code != NULL && markers->rows[i].prefix_len == 0) {
            search(self, tools, (uint8_t)i);
        }
    }
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
    if (self->waiting_count == REGEX_WAITING_MAX) {
        values_fail(self->values, SCAN_REASON_MATCHES);
        return;
    }
    self->waiting[self->waiting_count++] = place;
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

void regex_piece_begin(struct regex *self, struct regex_tools *tools, struct span piece,
                       const uint8_t *sent)
{
    CHECK(sent != NULL || !self->turned);

    if (sent != NULL && !self->turned) {
        memcpy(self->tail_sent, self->tail, self->tail_len);
        self->turned = true;
    }
    self->sent = sent;
    self->piece = piece;
    if (self->waiting_count > 0) {
        resolve_waiting(self, tools);
    }
    search_all(self, tools);
}

void regex_place(struct regex *self, struct regex_tools *tools, size_t row, uint64_t end)
{
    CHECK(row < self->values->markers->row_count);
    CHECK(end >= self->values->markers->rows[row].prefix_len);

    uint64_t start = end - self->values->markers->rows[row].prefix_len;
    struct regex_place place = {.start = start, .row = (uint8_t)row};
    if (start < self->resume[row]) {
        return;
    }
    if (waits(self, self->waiting_count, place.row) || resolve(self, tools, place)) {
        wait_for_more(self, place);
    }
}

/* The end of what is kept and of `piece`; returns its bytes. */
static size_t keep_tail(uint8_t *tail, size_t tail_len, struct span piece)
{
    size_t keep = REGEX_TAIL_MAX;
    if (piece.len >= keep) {
        memcpy(tail, piece.ptr + (piece.len - keep), keep);
        return keep;
    }
    size_t old = keep - piece.len < tail_len ? keep - piece.len : tail_len;
    memmove(tail, tail + (tail_len - old), old);
    memcpy(tail + old, piece.ptr, piece.len);
    return old + piece.len;
}

void regex_piece_end(struct regex *self)
{
    struct span piece = self->piece;
    if (piece.len > 0) {
        struct span sent = {.ptr = self->sent, .len = piece.len};
        if (self->turned) {
            (void)keep_tail(self->tail_sent, self->tail_len, sent);
        }
        self->tail_len = keep_tail(self->tail, self->tail_len, piece);
    }
    self->piece_start += piece.len;
    self->piece = (struct span){0};
    self->sent = NULL;
}

void regex_end(struct regex *self, struct regex_tools *tools)
{
    self->ended = true;
    resolve_waiting(self, tools);
    search_all(self, tools);
}

size_t regex_pending(const struct regex *self)
{
    return self->tail_len < SCAN_WINDOW ? self->tail_len : SCAN_WINDOW;
}
