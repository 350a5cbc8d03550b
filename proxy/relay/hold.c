#include "relay/hold.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    SPACE_MIN = 2048,  /* Less room than this in a block is left unused. */
    SEGMENT_MIN = 512, /* A shorter piece is moved up to the one before it. */
};

void hold_init(struct hold *self, struct block_store *store)
{
    self->store = store;
    list_init(&self->blocks);
    self->read_len = 0;
    self->len = 0;
    self->segment_count = 0;
    self->lent_count = 0;
    self->segment_capacity = HOLD_SEGMENTS_INLINE;
    self->segments = self->few;
}

static struct block *last_block(const struct hold *self)
{
    struct list_link *link = list_last(&self->blocks);
    return link == NULL ? NULL : LIST_ENTRY(link, struct block, link);
}

struct stream_space hold_space(struct hold *self, uint64_t beyond)
{
    struct block *last = last_block(self);

    if (last == NULL || last->size - self->read_len < SPACE_MIN) {
        size_t size = last == NULL ? BLOCK_SMALL : BLOCK_LARGE;
        last = block_take(self->store, size, beyond);
        if (last == NULL) {
            return (struct stream_space){0};
        }
        list_push_back(&self->blocks, &last->link);
        self->read_len = 0;
    }
    return (struct stream_space){.ptr = last->bytes + self->read_len,
                                 .len = last->size - self->read_len};
}

void hold_note_read(struct hold *self, struct span bytes)
{
    struct block *last = last_block(self);

    CHECK(last != NULL && bytes.ptr == last->bytes + self->read_len);
    CHECK(bytes.len <= last->size - self->read_len);
    self->read_len += bytes.len;
}

struct span hold_front(const struct hold *self)
{
    struct list_link *link = list_first(&self->blocks);
    if (link == NULL) {
        return (struct span){0};
    }
    const struct block *first = LIST_ENTRY(link, struct block, link);
    bool only = link == list_last(&self->blocks);
    return (struct span){.ptr = first->bytes, .len = only ? self->read_len : first->size};
}

static bool grow_segments(struct hold *self)
{
    size_t capacity = self->segment_capacity * 2;
    bool few = self->segments == self->few;
    struct span *more = realloc(few ? NULL : self->segments, capacity * sizeof(*more));

    if (more == NULL) {
        return false;
    }
    if (few) {
        memcpy(more, self->few, sizeof(self->few));
    }
    self->segments = more;
    self->segment_capacity = capacity;
    return true;
}

/* Moves a short piece down to the end of the one before it, over chunk framing that has
 * been read already. Both lie in the same block, in this order. */
static bool append_short(struct hold *self, struct span *piece_p)
{
    struct span piece = *piece_p;
    struct span *before = &self->segments[self->segment_count - 1];
    struct block *last = last_block(self);

    if (piece.len >= SEGMENT_MIN || before->ptr < last->bytes ||
        before->ptr + before->len > last->bytes + last->size ||
        before->ptr + before->len > piece.ptr) {
        return false;
    }
    uint8_t *end = last->bytes + (before->ptr - last->bytes) + before->len;
    memmove(end, piece.ptr, piece.len);
    before->len += piece.len;
    piece_p->ptr = end;
    return true;
}

bool hold_keep(struct hold *self, struct span *piece_p)
{
    struct span piece = *piece_p;

    if (piece.len == 0) {
        return true;
    }
    self->len += piece.len;
    if (self->segment_count > self->lent_count) {
        struct span *before = &self->segments[self->segment_count - 1];
        if (before->ptr + before->len == piece.ptr) {
            before->len += piece.len;
            return true;
        }
        if (append_short(self, piece_p)) {
            return true;
        }
    }
    if (self->segment_count == self->segment_capacity && !grow_segments(self)) {
        return false;
    }
    self->segments[self->segment_count++] = piece;
    return true;
}

struct span hold_from(const struct hold *self, size_t at)
{
    for (size_t i = 0; i < self->segment_count; i++) {
        if (at < self->segments[i].len) {
            return span_from(self->segments[i], at);
        }
        at -= self->segments[i].len;
    }
    return (struct span){0};
}

bool hold_split(struct hold *self, size_t len, size_t *count_out)
{
    size_t index = 0;

    CHECK(len <= self->len && self->lent_count == 0);
    while (len > 0 && len >= self->segments[index].len) {
        len -= self->segments[index].len;
        index++;
    }
    *count_out = index;
    if (len == 0) {
        return true;
    }
    if (self->segment_count == self->segment_capacity && !grow_segments(self)) {
        return false;
    }
    struct span *at = &self->segments[index];
    memmove(at + 1, at, (self->segment_count - index) * sizeof(*at));
    at[0] = span_first(at[0], len);
    at[1] = span_from(at[1], len);
    self->segment_count++;
    *count_out = index + 1;
    return true;
}

static bool lies_in(const struct block *block, struct span piece)
{
    return piece.ptr >= block->bytes && piece.ptr < block->bytes + block->size;
}

void hold_lend(struct hold *self, size_t count)
{
    CHECK(count <= self->segment_count);
    self->lent_count = count;
}

void hold_forget(struct hold *self, size_t count)
{
    CHECK(count <= self->segment_count);
    self->lent_count = 0;
    for (size_t i = 0; i < count; i++) {
        self->len -= self->segments[i].len;
    }
    self->segment_count -= count;
    memmove(self->segments, self->segments + count,
            self->segment_count * sizeof(*self->segments));
    struct list_link *last = list_last(&self->blocks);
    for (struct list_link *link = list_first(&self->blocks); link != last;
         link = list_first(&self->blocks)) {
        struct block *block = LIST_ENTRY(link, struct block, link);
        if (self->segment_count > 0 && lies_in(block, self->segments[0])) {
            return;
        }
        list_remove(link);
        block_give(self->store, &block, false);
    }
}

void hold_clear(struct hold *self, bool refused)
{
    for (struct list_link *link = list_take_first(&self->blocks); link != NULL;
         link = list_take_first(&self->blocks)) {
        struct block *block = LIST_ENTRY(link, struct block, link);
        block_give(self->store, &block, refused);
    }
    if (self->segments != self->few) {
        free(self->segments);
    }
    hold_init(self, self->store);
}
