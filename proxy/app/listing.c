#include "app/listing.h"

#include "base/check.h"

struct listing listing_of(void *memory, size_t capacity)
{
    CHECK(capacity > LISTING_END_MAX);
    return (struct listing){.out = writer_of(memory, capacity - LISTING_END_MAX)};
}

void listing_add(struct listing *self, const char *head, const char *text,
                 const char *tail)
{
    size_t before = self->out.len;

    writer_text(&self->out, head);
    writer_text(&self->out, text);
    writer_text(&self->out, tail);
    if (self->out.full) {
        self->out.len = before;
        self->left_out++;
    }
}

struct span listing_end(struct listing *self, size_t more, const char *head,
                        const char *tail)
{
    if (self->left_out + more > 0) {
        self->out.full = false;
        self->out.capacity += LISTING_END_MAX;
        writer_text(&self->out, head);
        writer_text(&self->out, "and ");
        writer_u64(&self->out, self->left_out + more);
        writer_text(&self->out, " more");
        writer_text(&self->out, tail);
        CHECK(!self->out.full);
    }
    return writer_span(&self->out);
}
