/* What was read, as digests: of the whole, and by row (loader.h). */
#include "app/loader.h"
#include "base/parse.h"

/* FNV-1a: tells in which rows two configurations differ, no more. */
static void note_row(struct loader *self, const struct option *option, struct span value)
{
    uint64_t *notes = self->snapshot->config.notes;
    size_t row = (size_t)(option - option_at(0));
    uint64_t digest = notes[row] ^ UINT64_C(0xcbf29ce484222325) ^ value.len;

    for (size_t i = 0; i < value.len; i++) {
        digest = (digest ^ value.ptr[i]) * UINT64_C(0x100000001b3);
    }
    notes[row] = digest;
}

void loader_note(struct loader *self, const struct option *option, struct span value)
{
    char len[20];
    struct span digits = {.ptr = (const uint8_t *)len, .len = format_u64(value.len, len)};

    secret_hash_add(&self->hash, span_of(option->path));
    secret_hash_add(&self->hash, SPAN("="));
    secret_hash_add(&self->hash, digits);
    secret_hash_add(&self->hash, SPAN(":"));
    secret_hash_add(&self->hash, value);
    note_row(self, option, value);
}

void loader_note_number(struct loader *self, const struct option *option, uint64_t value)
{
    char digits[20];
    size_t len = format_u64(value, digits);

    loader_note(self, option, (struct span){.ptr = (const uint8_t *)digits, .len = len});
}
