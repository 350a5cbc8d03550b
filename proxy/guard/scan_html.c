#include "guard/scan_html.h"

#include "guard/scan_attribute.h"
#include "guard/scan_class.h"
#include "guard/scan_raw.h"
#include "guard/scan_skim.h"
#include "guard/scan_tag.h"

enum { JIS_BLOCK = 1024 };

static bool begins_name(const struct html *self, uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') ||
           (self->tree.xml && (byte == '_' || byte == ':' || byte >= 0x80));
}

void html_init(struct html *self, struct values *values, bool xml, bool charset_open)
{
    self->markers = values->markers;
    self->values = values;
    self->state = HTML_TEXT;
    self->offset = 0;
    self->tag_start = 0;
    self->goal = 0;
    self->candidate_count = 0;
    self->dense = false;
    self->tree = (struct tree){.xml = xml};
    self->raw = (struct html_raw){0};
    self->jis_state = (struct charset_state){0};
    self->jis_seek = (struct charset_state){0};
    self->jis_sent = NULL;
    self->jis_at = 0;
    self->jis = false;
    self->jis_guessed = false;
    self->charset_open = charset_open;
    self->declaring = false;
    self->match_len = 0;
    tag_begin(self, false);
}

void html_candidate(struct html *self, uint64_t end)
{
    self->goal = end;
    tag_check_depth(self);
    if (self->candidate_count == HTML_CANDIDATES_MAX) {
        self->dense = true;
        self->candidates[HTML_CANDIDATES_MAX - 1] = end;
        return;
    }
    self->candidates[self->candidate_count++] = end;
}

uint64_t html_goal(const struct html *self)
{
    return self->jis_at > 0 || self->jis_guessed ? UINT64_MAX : self->goal;
}

/* How far from here nothing can be found: up to the next place that waits. */
static size_t free_len(struct html *self)
{
    size_t past = 0;
    while (past < self->candidate_count && self->candidates[past] <= self->offset) {
        past++;
    }
    self->candidate_count -= past;
    if (self->candidate_count == 0) {
        self->dense = false;
        return SIZE_MAX;
    }
    memmove(self->candidates, self->candidates + past,
            self->candidate_count * sizeof(self->candidates[0]));
    return self->dense ? 0 : (size_t)(self->candidates[0] - self->offset - 1);
}

static size_t on_text(struct html *self, struct span rest)
{
    size_t free = free_len(self);
    size_t skimmed = free > 0 ? skim(&self->tree, rest, free) : 0;
    if (skimmed > 0) {
        return skimmed;
    }
    size_t found = span_find(rest, '<');
    if (found == rest.len) {
        return rest.len;
    }
    self->tag_start = self->offset + found;
    self->state = HTML_TAG_OPEN;
    return found + 1;
}

static size_t on_tag_open(struct html *self, struct span rest)
{
    uint8_t byte = rest.ptr[0];
    if (begins_name(self, byte)) {
        tag_begin(self, false);
        self->state = HTML_TAG_NAME;
        return 0;
    }
    self->match_len = 0;
    switch (byte) {
    case '!':
        self->state = HTML_DECLARATION;
        return 1;
    case '/':
        self->state = HTML_END_OPEN;
        return 1;
    case '?':
        tag_begin(self, false);
        self->declaring = self->charset_open && self->tag_start == 0;
        self->state = self->tree.xml ? HTML_INSTRUCTION : HTML_BOGUS;
        return 1;
    default:
        self->state = HTML_TEXT;
        return 0;
    }
}

static size_t on_end_open(struct html *self, struct span rest)
{
    if (begins_name(self, rest.ptr[0])) {
        tag_begin(self, true);
        self->state = HTML_TAG_NAME;
    } else {
        self->state = HTML_BOGUS;
    }
    return 0;
}

static size_t on_tag_name(struct html *self, struct span rest)
{
    size_t len = html_len_until(rest, CLASS_ENDS_NAME);
    tag_name(self, span_first(rest, len));
    if (len < rest.len) {
        self->state = HTML_BEFORE_ATTRIBUTE;
    }
    return len;
}

static size_t on_after_value(struct html *self, struct span rest)
{
    (void)rest;
    self->state = HTML_BEFORE_ATTRIBUTE;
    return 0;
}

/* Uses some of `rest`, which is not empty, or changes the state, or both. */
static size_t step(struct html *self, struct span rest)
{
    switch (self->state) {
    case HTML_TEXT:
        return on_text(self, rest);
    case HTML_TAG_OPEN:
        return on_tag_open(self, rest);
    case HTML_END_OPEN:
        return on_end_open(self, rest);
    case HTML_TAG_NAME:
        return on_tag_name(self, rest);
    case HTML_BEFORE_ATTRIBUTE:
        return attribute_before(self, rest);
    case HTML_SELF_CLOSING:
        return attribute_self_closing(self, rest);
    case HTML_ATTRIBUTE_NAME:
        return attribute_name(self, rest);
    case HTML_AFTER_NAME:
        return attribute_after_name(self, rest);
    case HTML_BEFORE_VALUE:
        return attribute_before_value(self, rest);
    case HTML_VALUE_DOUBLE:
        return attribute_value_quoted(self, rest, '"');
    case HTML_VALUE_SINGLE:
        return attribute_value_quoted(self, rest, '\'');
    case HTML_VALUE_BARE:
        return attribute_value_bare(self, rest);
    case HTML_AFTER_VALUE:
        return on_after_value(self, rest);
    case HTML_DECLARATION:
        return raw_declaration(self, rest);
    case HTML_COMMENT:
        return raw_comment(self, rest);
    case HTML_BOGUS:
        return raw_bogus(self, rest);
    case HTML_CDATA:
        return raw_cdata(self, rest);
    case HTML_INSTRUCTION:
        return raw_instruction(self, rest);
    case HTML_RAW:
        return raw_text(self, rest);
    case HTML_PLAIN:
        return rest.len;
    }
    UNREACHABLE();
}

/* Not within a tag: nothing is lost when it stands still here. */
static bool is_quiet(enum html_state state)
{
    return state == HTML_TEXT || state >= HTML_COMMENT;
}

/* As html_feed(), and also stops when the bytes turn out to be ISO-2022-JP. */
static size_t run(struct html *self, struct span piece, uint64_t goal, bool turned)
{
    size_t done = 0;
    while (done < piece.len && self->jis == turned) {
        if (self->offset >= goal && is_quiet(self->state)) {
            break;
        }
        size_t used = step(self, span_from(piece, done));
        done += used;
        self->offset += used;
    }
    return done;
}

/* Bytes that are what they seem, up to where an escape sequence says otherwise. */
static size_t run_plain(struct html *self, struct span piece, uint64_t goal)
{
    if (self->jis_at == 0) {
        return run(self, piece, goal, false);
    }
    size_t until = (size_t)(self->jis_at - self->offset);
    size_t used = run(self, span_first(piece, until), goal, false);
    if (used < until && !self->jis) {
        return used;
    }
    self->jis_at = 0;
    if (self->charset_open) {
        self->jis = true;
        self->jis_guessed = true;
        self->jis_state.two_byte = true;
    }
    return used;
}

static size_t run_turned(struct html *self, struct span piece, uint64_t goal)
{
    uint8_t block[JIS_BLOCK];
    size_t done = 0;
    bool stopped = false;
    while (done < piece.len && !stopped) {
        struct span all = span_first(span_from(piece, done), sizeof(block));
        struct charset_state before = self->jis_state;
        size_t fits = self->jis_guessed ? charset_fits_iso2022jp(before, all) : all.len;
        struct span part = span_first(all, fits);
        charset_iso2022jp(&self->jis_state, part, block);
        struct span turned = {.ptr = block, .len = part.len};
        self->jis_turned = block;
        self->jis_sent = part.ptr;
        size_t used = run(self, turned, goal, true);
        if (fits < all.len) {
            values_fail(self->values, SCAN_REASON_CHARSET);
            stopped = true;
        }
        if (used < part.len) {
            self->jis_state = before;
            charset_iso2022jp(&self->jis_state, span_first(part, used), block);
            stopped = true;
        }
        done += used;
    }
    self->jis_sent = NULL;
    return done;
}

size_t html_feed(struct html *self, struct span piece, uint64_t goal)
{
    size_t done = 0;
    bool another = true;
    tag_check_depth(self);
    while (done < piece.len && another) {
        struct span rest = span_from(piece, done);
        bool turned = self->jis;
        bool waits = self->jis_at > 0;
        done += turned ? run_turned(self, rest, goal) : run_plain(self, rest, goal);
        another = self->jis != turned || (self->jis_at > 0) != waits;
    }
    return done;
}

uint64_t html_open_len(const struct html *self)
{
    return is_quiet(self->state) ? 0 : self->offset - self->tag_start;
}
