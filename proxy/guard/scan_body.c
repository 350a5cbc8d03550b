#include <hs/hs.h>

#include "guard/scan_kept.h"

enum { MATCH_SIZE_MAX = 1 << 30 };

static bool is_markup(const struct scan *self)
{
    return self->kind == SCAN_KIND_HTML || self->kind == SCAN_KIND_XML;
}

bool scan_tokenizes(const struct scan *self)
{
    const struct markers *markers = self->values.markers;
    return is_markup(self) &&
           (markers_have(markers, SELECTOR_META) || markers_have(markers, SELECTOR_ATTR));
}

bool scan_walks(const struct scan *self)
{
    return (self->kind == SCAN_KIND_JSON || self->walks_as_well) &&
           markers_have(self->values.markers, SELECTOR_JSON);
}

bool scan_is_utf16(const struct scan *self)
{
    return self->charset == CHARSET_UTF16LE || self->charset == CHARSET_UTF16BE;
}

/* In markup a backslash means nothing. */
bool scan_turns(const struct scan *self)
{
    bool escapes = self->kind == SCAN_KIND_JSON || self->kind == SCAN_KIND_SCRIPT;
    return scan_is_utf16(self) || self->charset == CHARSET_ISO2022JP ||
           (escapes && self->charset > CHARSET_ISO2022JP);
}

bool scan_searches(const struct scan *self)
{
    return self->kind != SCAN_KIND_NONE && self->kind != SCAN_KIND_UNKNOWN &&
           markers_have(self->values.markers, SELECTOR_REGEX);
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

/* Opens the stream of the matcher that the kind needs, unless one is kept. */
static bool matcher_open(struct scan *self)
{
    self->matcher = is_markup(self) ? SCAN_MATCHER_MARKUP : SCAN_MATCHER_TEXT;
    const hs_database_t *database = self->values.markers->matchers[self->matcher];
    self->matching = database != NULL && self->kind != SCAN_KIND_NONE;
    return !self->matching || self->streams[self->matcher] != NULL ||
           hs_open_stream(database, 0, &self->streams[self->matcher]) == HS_SUCCESS;
}

void scan_body_begin(struct scan *self, enum scan_kind kind)
{
    self->kind = kind;
    self->looked = false;
    self->blanks = 0;
    self->walks_as_well = false;
    html_init(&self->html, &self->values, kind == SCAN_KIND_XML, !self->charset_declared);
    self->html.jis = self->charset == CHARSET_ISO2022JP;
    regex_init(&self->regex, &self->values, regex_text_of(kind));
    if (scan_walks(self)) {
        json_init(&self->json, &self->values);
    }
    if (!matcher_open(self)) {
        values_fail(&self->values, SCAN_REASON_MEMORY);
    }
}

/* Whether an attribute's name can stand there: it has a boundary on both sides, or it is
 * not known because the piece ends. */
static bool has_boundaries(const struct scan *self, uint64_t end, size_t len)
{
    struct span piece = self->piece;
    size_t at = (size_t)(end - self->piece_start);
    if (at < piece.len && span_find(SPAN(" =>/\t\n\f\r"), piece.ptr[at]) == 8) {
        return false;
    }
    return at <= len || span_find(SPAN(" \"'/\t\n\f\r"), piece.ptr[at - len - 1]) < 8;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *context)
{
    (void)from;
    (void)flags;
    struct scan *self = context;
    const struct selector *selector =
        id == SCAN_META ? NULL : &self->values.markers->rows[id].selector;
    if (selector != NULL && selector->kind == SELECTOR_REGEX) {
        regex_place(&self->regex, self->scanner->tools, id, to);
    } else if (selector == NULL || has_boundaries(self, to, selector->len)) {
        html_candidate(&self->html, to);
    }
    return self->values.reason != SCAN_REASON_NONE;
}

/* All literals of the piece. */
static void match(struct scan *self, struct span piece)
{
    struct hs_stream *stream = self->streams[self->matcher];
    self->piece = piece;
    /* The matcher counts bytes in an unsigned. */
    for (size_t done = 0; done < piece.len && scan_status(self) == SCAN_OK;) {
        struct span part = span_first(span_from(piece, done), MATCH_SIZE_MAX);
        hs_error_t status =
            hs_scan_stream(stream, (const char *)part.ptr, (unsigned)part.len, 0,
                           self->scanner->scratch, on_match, self);
        if (status != HS_SUCCESS && status != HS_SCAN_TERMINATED) {
            values_fail(&self->values, SCAN_REASON_MATCHER);
        }
        done += part.len;
    }
    self->piece_start += piece.len;
}

static struct span skip_blanks(struct span piece)
{
    while (piece.len > 0 && (piece.ptr[0] == ' ' || piece.ptr[0] == '\t' ||
                             piece.ptr[0] == '\r' || piece.ptr[0] == '\n')) {
        piece = span_from(piece, 1);
    }
    return piece;
}

/* Sites call JSON a page or a script: what begins like it is walked as well. Neither of
 * them begins with what a visitor typed; of plain text nobody knows. */
static void look_for_json(struct scan *self, struct span piece)
{
    bool may_be = is_markup(self) || self->kind == SCAN_KIND_SCRIPT;

    if (!may_be || self->looked) {
        return;
    }
    struct span rest = skip_blanks(piece);
    if (rest.len == 0) {
        self->blanks += piece.len;
        return;
    }
    self->looked = true;
    self->walks_as_well = span_find(SPAN("{[)"), rest.ptr[0]) < 3;
    json_init(&self->json, &self->values);
    self->json.tentative = true;
    self->json.offset = self->blanks;
}

/* JSON when it begins like it. Blanks before decide nothing and are left out. */
static struct span guess_kind(struct scan *self, struct span piece)
{
    piece = skip_blanks(piece);
    if (piece.len > 0) {
        bool json = piece.ptr[0] == '{' || piece.ptr[0] == '[';
        scan_body_begin(self, json ? SCAN_KIND_JSON : SCAN_KIND_HTML);
    }
    return piece;
}

/* Bytes without mark and in an encoding the rooms can read. `sent`: as they were sent, if
 * that differs byte for byte, else NULL; `lease` is of it then. The tokenizer knows of it
 * by itself. */
static void feed_text(struct scan *self, struct span piece, const uint8_t *sent,
                      enum scan_lease lease)
{
    if (self->kind == SCAN_KIND_UNKNOWN) {
        CHECK(sent == NULL);
        piece = guess_kind(self, piece);
    }
    if (piece.len == 0) {
        return;
    }
    if (markers_have(self->values.markers, SELECTOR_JSON)) {
        look_for_json(self, piece);
    }
    if (scan_searches(self)) {
        regex_piece_begin(&self->regex, self->scanner->tools, piece, sent);
    }
    if (self->matching) {
        match(self, piece);
    }
    if (scan_searches(self)) {
        regex_piece_end(&self->regex);
    }
    if (scan_tokenizes(self) && scan_status(self) == SCAN_OK) {
        struct span read = {.ptr = sent != NULL ? sent : piece.ptr, .len = piece.len};
        kept_tokenize(self, read, lease);
    }
    if (scan_walks(self) && scan_status(self) == SCAN_OK) {
        scan_json_feed(&self->json, piece, sent);
    }
}

static size_t turn_iso2022jp(struct scan *self, struct span *piece_p, uint8_t *out,
                             size_t capacity)
{
    struct span part = span_first(*piece_p, capacity);

    if (!self->charset_declared) {
        part.len = charset_fits_iso2022jp(self->turning, part);
    }
    *piece_p = span_from(*piece_p, part.len);
    charset_iso2022jp_text(&self->turning, part, out);
    return part.len;
}

/* Turns a part of `piece` into an encoding the rooms can read. Returns its bytes. */
static size_t turn(struct scan *self, struct span *piece_p, uint8_t *out, size_t capacity)
{
    if (self->charset == CHARSET_ISO2022JP) {
        return turn_iso2022jp(self, piece_p, out, capacity);
    }
    if (scan_is_utf16(self)) {
        return charset_utf16(&self->turning, self->charset, piece_p, out, capacity);
    }
    return charset_double(&self->turning, self->charset, piece_p, out, capacity);
}

/* The bytes before the first escape sequence are read as they are. In JSON and scripts
 * only: the matcher looks for them in markup. */
static struct span feed_until_escape(struct scan *self, struct span piece,
                                     enum scan_lease lease)
{
    bool escapes = self->kind == SCAN_KIND_JSON || self->kind == SCAN_KIND_SCRIPT;
    bool open = escapes && !self->charset_declared && self->charset == CHARSET_ASCII;
    size_t until = open ? span_find(piece, CHARSET_ESC) : piece.len;

    if (until > 0) {
        feed_text(self, span_first(piece, until), NULL, lease);
    }
    if (until < piece.len) {
        self->charset = CHARSET_ISO2022JP;
    }
    return span_from(piece, until);
}

static void feed_charset(struct scan *self, struct span piece, enum scan_lease lease)
{
    if (self->kind == SCAN_KIND_UNKNOWN && !scan_is_utf16(self)) {
        piece = guess_kind(self, piece);
    }
    if (!scan_turns(self)) {
        piece = feed_until_escape(self, piece, lease);
    }
    uint8_t turned[SCAN_TURNED_SIZE];
    bool same_length = self->charset == CHARSET_ISO2022JP;
    while (piece.len > 0 && scan_status(self) == SCAN_OK) {
        struct span before = piece;
        size_t len = turn(self, &piece, turned, sizeof(turned));
        feed_text(self, (struct span){.ptr = turned, .len = len},
                  same_length ? before.ptr : NULL,
                  same_length ? lease : SCAN_LEASE_BORROWED);
        if (piece.len == before.len) {
            values_fail(&self->values, SCAN_REASON_CHARSET); /* Nothing of it fits. */
        }
    }
}

/* What `mark` is: the encoding and, in `len_out`, its bytes; 0 when it is no mark. */
static enum charset mark_read(const uint8_t *mark, size_t len, size_t *len_out)
{
    *len_out = 0;
    if (len >= 3 && memcmp(mark, "\xEF\xBB\xBF", 3) == 0) {
        *len_out = 3;
        return CHARSET_ASCII;
    }
    if (len >= 2 && (mark[0] ^ mark[1]) == 1 && mark[0] >= 0xFE) {
        *len_out = 2;
        return mark[0] == 0xFE ? CHARSET_UTF16BE : CHARSET_UTF16LE;
    }
    return CHARSET_ASCII;
}

/* Nothing says what the encoding is. */
static bool may_be_utf16(const struct scan *self)
{
    return !self->charset_declared &&
           (self->kind == SCAN_KIND_UNKNOWN || self->kind == SCAN_KIND_HTML ||
            self->kind == SCAN_KIND_XML || self->kind == SCAN_KIND_JSON);
}

/* The first bytes have to be looked at together: a mark, or UTF-16 without one. */
static bool is_start(const struct scan *self, struct span piece)
{
    uint8_t first = piece.ptr[0];
    if (first == 0xEF || first >= 0xFE || self->mark_len > 0) {
        return true;
    }
    if (!may_be_utf16(self)) {
        return false;
    }
    if (piece.len >= CHARSET_START) {
        return charset_of_start(piece.ptr) != CHARSET_ASCII;
    }
    const uint8_t alone[CHARSET_START] = {first, 0, '<', 0};
    return first == 0 || charset_of_start(alone) != CHARSET_ASCII;
}

void scan_body_mark_end(struct scan *self)
{
    size_t len = 0;
    enum charset charset = mark_read(self->mark, self->mark_len, &len);
    self->mark_done = true;
    if (len == 0 && self->mark_len >= CHARSET_START && may_be_utf16(self)) {
        self->charset = charset_of_start(self->mark);
    }
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
        bool may_begin = is_start(self, piece);
        if (may_begin) {
            self->mark[self->mark_len++] = piece.ptr[0];
            piece = span_from(piece, 1);
        }
        if (!may_begin || self->mark_len == sizeof(self->mark)) {
            scan_body_mark_end(self);
        }
    }
    return piece;
}

enum scan_status scan_feed(struct scan *self, struct span piece, enum scan_lease lease)
{
    CHECK(!self->finished);

    if (self->kind == SCAN_KIND_NONE || scan_status(self) != SCAN_OK) {
        return scan_status(self);
    }
    self->offset += piece.len;
    piece = mark_take(self, piece);
    if (piece.len > 0 && scan_status(self) == SCAN_OK) {
        feed_charset(self, piece, lease);
    }
    return scan_status(self);
}
