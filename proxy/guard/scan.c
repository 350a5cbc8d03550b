#include "guard/scan.h"

#include <stdlib.h>

#include <hs/hs.h>

#include "guard/scan_room.h"

enum { MATCH_SIZE_MAX = 1 << 30 };

static enum scan_status status_of(const struct scan *self)
{
    return self->values.reason == SCAN_REASON_NONE ? SCAN_OK : SCAN_UNDECODABLE;
}

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

static enum regex_text regex_text_of(enum scan_kind kind)
{
    switch (kind) {
    case SCAN_KIND_HTML:
    case SCAN_KIND_XML:
        return REGEX_TEXT_MARKUP;
    case SCAN_KIND_JSON:
    case SCAN_KIND_SCRIPT:
        return REGEX_TEXT_JSON;
    case SCAN_KIND_UNKNOWN:
    case SCAN_KIND_TEXT:
    case SCAN_KIND_NONE:
        break;
    }
    return REGEX_TEXT_PLAIN;
}

static bool is_markup(const struct scan *self)
{
    return self->kind == SCAN_KIND_HTML || self->kind == SCAN_KIND_XML;
}

/* There is something the tokenizer could find. */
static bool tokenizes(const struct scan *self)
{
    const struct markers *markers = self->values.markers;
    return is_markup(self) &&
           (markers_have(markers, SELECTOR_META) || markers_have(markers, SELECTOR_ATTR));
}

/* There is something the JSON walker could find. */
static bool walks(const struct scan *self)
{
    return self->kind == SCAN_KIND_JSON &&
           markers_have(self->values.markers, SELECTOR_JSON);
}

/* Opens the stream of the matcher that the kind needs, unless one is kept. */
static bool matcher_open(struct scan *self)
{
    self->matcher = is_markup(self) ? SCAN_MATCHER_MARKUP : SCAN_MATCHER_TEXT;
    const hs_database_t *database = self->values.markers->matchers[self->matcher];
    self->matching = database != NULL && self->kind != SCAN_KIND_NONE;
    return !self->matching || self->streams[self->matcher] != NULL ||
           hs_open_stream(database, 0, &self->streams[self->matcher]) == HS_SUCCESS;
}

/* The kind is known: the rooms that read it are made ready. */
static void body_begin(struct scan *self, enum scan_kind kind)
{
    self->kind = kind;
    html_init(&self->html, &self->values, kind == SCAN_KIND_XML, !self->charset_declared);
    self->html.jis = self->charset == CHARSET_ISO2022JP;
    regex_init(&self->regex, &self->values, regex_text_of(kind));
    if (walks(self)) {
        json_init(&self->json, &self->values);
    }
    if (!matcher_open(self)) {
        values_fail(&self->values, SCAN_REASON_MEMORY);
    }
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
    self->utf16 = (struct charset_state){0};
    self->kept_count = 0;
    if (kind != SCAN_KIND_UNKNOWN) {
        body_begin(self, kind);
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

/* The tokenizer reads kept pieces up to `goal`. */
static void kept_read(struct scan *self, uint64_t goal)
{
    size_t done = 0;
    while (done < self->kept_count) {
        struct scan_kept *kept = &self->kept[done];
        size_t used = html_feed(&self->html, kept->bytes, goal);
        kept->bytes = span_from(kept->bytes, used);
        if (kept->bytes.len > 0) {
            break;
        }
        done++;
    }
    self->kept_count -= done;
    memmove(self->kept, self->kept + done, self->kept_count * sizeof(self->kept[0]));
}

static void tokenize(struct scan *self, struct span piece, enum scan_lease lease)
{
    bool kept = lease == SCAN_LEASE_KEPT && self->kept_count < SCAN_KEPT_MAX;
    uint64_t goal = kept ? html_goal(&self->html) : UINT64_MAX;
    if (self->html.offset < goal) {
        kept_read(self, goal);
    }
    if (self->kept_count == 0) {
        piece = span_from(piece, html_feed(&self->html, piece, goal));
    }
    if (piece.len > 0) {
        self->kept[self->kept_count++] = (struct scan_kept){.bytes = piece};
    }
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *context)
{
    (void)from;
    (void)flags;
    struct scan *self = context;
    if (id == SCAN_CANDIDATE) {
        html_candidate(&self->html, to);
    } else {
        regex_place(&self->regex, self->scanner->tools, id - SCAN_REGEX_FIRST, to);
    }
    return self->values.reason != SCAN_REASON_NONE;
}

static void match(struct scan *self, struct span piece)
{
    bool regex = markers_have(self->values.markers, SELECTOR_REGEX);
    if (regex) {
        regex_piece_begin(&self->regex, self->scanner->tools, piece);
    }
    /* The matcher counts bytes in an unsigned. */
    for (size_t done = 0; done < piece.len && status_of(self) == SCAN_OK;) {
        struct span part = span_first(span_from(piece, done), MATCH_SIZE_MAX);
        hs_error_t status =
            hs_scan_stream(self->streams[self->matcher], (const char *)part.ptr,
                           (unsigned)part.len, 0, self->scanner->scratch, on_match, self);
        if (status != HS_SUCCESS && status != HS_SCAN_TERMINATED) {
            values_fail(&self->values, SCAN_REASON_MATCHER);
        }
        done += part.len;
    }
    if (regex) {
        regex_piece_end(&self->regex);
    }
}

/* JSON when it begins like it. Blanks before decide nothing and are left out. */
static struct span guess_kind(struct scan *self, struct span piece)
{
    while (piece.len > 0 && (piece.ptr[0] == ' ' || piece.ptr[0] == '\t' ||
                             piece.ptr[0] == '\r' || piece.ptr[0] == '\n')) {
        piece = span_from(piece, 1);
    }
    if (piece.len > 0) {
        bool json = piece.ptr[0] == '{' || piece.ptr[0] == '[';
        body_begin(self, json ? SCAN_KIND_JSON : SCAN_KIND_HTML);
    }
    return piece;
}

/* Bytes without mark and in an encoding the rooms can read. */
static void feed_text(struct scan *self, struct span piece, enum scan_lease lease)
{
    if (self->kind == SCAN_KIND_UNKNOWN) {
        piece = guess_kind(self, piece);
    }
    if (piece.len == 0) {
        return;
    }
    if (self->matching) {
        match(self, piece);
    }
    if (tokenizes(self) && status_of(self) == SCAN_OK) {
        tokenize(self, piece, lease);
    }
    if (walks(self) && status_of(self) == SCAN_OK) {
        json_feed(&self->json, piece);
    }
}

static void feed_charset(struct scan *self, struct span piece, enum scan_lease lease)
{
    if (self->charset != CHARSET_UTF16LE && self->charset != CHARSET_UTF16BE) {
        feed_text(self, piece, lease);
        return;
    }
    uint8_t turned[SCAN_TURNED_SIZE];
    while (piece.len > 0 && status_of(self) == SCAN_OK) {
        size_t len =
            charset_utf16(&self->utf16, self->charset, &piece, turned, sizeof(turned));
        feed_text(self, (struct span){.ptr = turned, .len = len}, SCAN_LEASE_BORROWED);
    }
}

/* What `mark` is: the encoding and, in `len_out`, its bytes; 0 when it is no mark. */
static enum charset mark_read(const uint8_t *mark, size_t len, size_t *len_out)
{
    *len_out = 0;
    if (len == 3 && memcmp(mark, "\xEF\xBB\xBF", 3) == 0) {
        *len_out = 3;
        return CHARSET_ASCII;
    }
    if (len >= 2 && (mark[0] ^ mark[1]) == 1 && mark[0] >= 0xFE) {
        *len_out = 2;
        return mark[0] == 0xFE ? CHARSET_UTF16BE : CHARSET_UTF16LE;
    }
    return CHARSET_ASCII;
}

/* All bytes of a possible mark are there: it is dropped, or they were text. */
static void mark_end(struct scan *self)
{
    size_t len = 0;
    enum charset charset = mark_read(self->mark, self->mark_len, &len);
    self->mark_done = true;
    if (len > 0) {
        self->charset = charset;
        self->html.charset_open = false;
        self->html.jis = false;
        self->charset_declared = true;
    }
    struct span rest = {.ptr = self->mark + len, .len = self->mark_len - len};
    feed_charset(self, rest, SCAN_LEASE_BORROWED);
}

/* Takes bytes of a possible mark off `piece`. */
static struct span mark_take(struct scan *self, struct span piece)
{
    while (!self->mark_done && piece.len > 0) {
        bool may_begin =
            self->mark_len > 0 || piece.ptr[0] == 0xEF || piece.ptr[0] >= 0xFE;
        if (may_begin) {
            self->mark[self->mark_len++] = piece.ptr[0];
            piece = span_from(piece, 1);
        }
        if (!may_begin || self->mark_len == sizeof(self->mark)) {
            mark_end(self);
        }
    }
    return piece;
}

enum scan_status scan_feed(struct scan *self, struct span piece, enum scan_lease lease)
{
    CHECK(!self->finished);

    if (self->kind == SCAN_KIND_NONE || status_of(self) != SCAN_OK) {
        return status_of(self);
    }
    self->offset += piece.len;
    piece = mark_take(self, piece);
    if (piece.len > 0 && status_of(self) == SCAN_OK) {
        feed_charset(self, piece, lease);
    }
    return status_of(self);
}

void scan_settle(struct scan *self)
{
    if (self->kept_count > 0 && status_of(self) == SCAN_OK) {
        kept_read(self, UINT64_MAX);
    }
    self->kept_count = 0;
}

/* The matcher may report patterns that end with the body; its stream begins anew. */
static void matcher_end(struct scan *self)
{
    hs_error_t status = hs_reset_stream(self->streams[self->matcher], 0,
                                        self->scanner->scratch, on_match, self);
    if (status != HS_SUCCESS && status != HS_SCAN_TERMINATED) {
        values_fail(&self->values, SCAN_REASON_MATCHER);
    }
    self->matching = false;
}

enum scan_status scan_finish(struct scan *self)
{
    CHECK(!self->finished);

    self->finished = true;
    if (self->kind == SCAN_KIND_NONE) {
        return status_of(self);
    }
    if (!self->mark_done) {
        mark_end(self);
    }
    if (self->matching && status_of(self) == SCAN_OK) {
        self->regex.ended = true;
        matcher_end(self);
        regex_end(&self->regex, self->scanner->tools);
    }
    if (walks(self) && status_of(self) == SCAN_OK) {
        json_finish(&self->json);
    }
    self->kept_count = 0;
    return status_of(self);
}

enum scan_status scan_status(const struct scan *self)
{
    return status_of(self);
}

enum scan_reason scan_reason(const struct scan *self)
{
    return self->values.reason;
}

static uint64_t pending_of_text(const struct scan *self)
{
    uint64_t pending = 0;
    if (self->matching && markers_have(self->values.markers, SELECTOR_REGEX)) {
        pending = regex_pending(&self->regex);
    }
    if (tokenizes(self)) {
        uint64_t open = html_open_len(&self->html);
        for (size_t i = 0; i < self->kept_count; i++) {
            open += self->kept[i].bytes.len;
        }
        pending = open > pending ? open : pending;
    }
    if (walks(self)) {
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
    if (self->charset == CHARSET_UTF16LE || self->charset == CHARSET_UTF16BE) {
        pending = 2 * pending + 4; /* a byte of UTF-8 comes from at most two */
    }
    pending += self->mark_done ? 0 : self->mark_len;
    return (size_t)(pending < self->offset ? pending : self->offset);
}
