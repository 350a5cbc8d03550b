#include "guard/scan_kept.h"

enum {
    SEEK_MARGIN = 512, /* A tag may go on behind the literal. */
};

/* One more piece to read later, or more of the last one. */
static void keep(struct scan *self, struct span piece)
{
    struct scan_kept *last =
        self->kept_count > 0 ? &self->kept[self->kept_count - 1] : NULL;
    if (last != NULL && last->bytes.ptr + last->bytes.len == piece.ptr) {
        last->bytes.len += piece.len;
        return;
    }
    self->kept[self->kept_count++] = (struct scan_kept){.bytes = piece};
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

static void read_piece(struct scan *self, struct span piece, enum scan_lease lease)
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
        keep(self, piece);
    }
}

/* Nothing has told the encoding yet. */
static bool is_open(const struct scan *self)
{
    const struct html *html = &self->html;

    return html->charset_open && !html->jis && html->jis_at == 0 && !scan_is_utf16(self);
}

/* An escape sequence counts as a declaration if none is read up to there. */
static void seek(struct html *html, struct span bytes, uint64_t start)
{
    size_t until = charset_seek_iso2022jp(&html->jis_seek, bytes);

    html->jis_at = html->jis_seek.two_byte ? start + until : 0;
}

/* Escape sequences are looked for where nothing has declared the encoding. Most pages do
 * in their head: first up to the last literal, the rest only if that said nothing. */
void kept_tokenize(struct scan *self, struct span piece, enum scan_lease lease)
{
    struct html *html = &self->html;
    uint64_t start = self->piece_start - piece.len;
    uint64_t goal = html_goal(html);
    bool open = is_open(self);
    uint64_t near = open && goal > start ? goal - start + SEEK_MARGIN : 0;
    struct span first = span_first(piece, near < piece.len ? (size_t)near : piece.len);
    struct span rest = span_from(piece, first.len);

    if (first.len > 0) {
        seek(html, first, start);
        read_piece(self, first, lease);
    }
    if (is_open(self)) {
        seek(html, rest, start + first.len);
    }
    if (rest.len > 0) {
        read_piece(self, rest, lease);
    }
}

void scan_settle(struct scan *self)
{
    if (self->kept_count > 0 && scan_status(self) == SCAN_OK) {
        kept_read(self, UINT64_MAX);
    }
    self->kept_count = 0;
}
