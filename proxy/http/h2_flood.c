#include "http/h2_flood.h"

#include "base/check.h"

static const struct {
    uint32_t burst;
    uint32_t per_second;
    const char *word;
} ROWS[H2_FLOOD_COUNT] = {
    [H2_FLOOD_NONE] = {0, 0, ""},
#define FLOOD(id, word, burst, per_second, sentence)                                     \
    [H2_FLOOD_##id] = {(burst), (per_second), (word)},
#include "http/h2_flood.def"
#undef FLOOD
};

enum {
    SECOND_MS = 1000,
    PAST_MAX_MS = 3600 * SECOND_MS, /* All counts are gone after that. */
};

void h2_flood_init(struct h2_flood *self, uint64_t now_ms)
{
    *self = (struct h2_flood){.shrunk_ms = now_ms};
}

static void take(uint32_t *count_p, uint64_t less)
{
    *count_p = less < *count_p ? *count_p - (uint32_t)less : 0;
}

/* In whole seconds, so that nothing is lost by rounding. */
void h2_flood_pass(struct h2_flood *self, uint64_t now_ms)
{
    uint64_t past_ms = now_ms - self->shrunk_ms;

    if (past_ms < SECOND_MS) {
        return;
    }
    uint64_t seconds = (past_ms < PAST_MAX_MS ? past_ms : PAST_MAX_MS) / SECOND_MS;
    for (unsigned i = 0; i < H2_FLOOD_COUNT; i++) {
        take(&self->counts[i], seconds * ROWS[i].per_second);
    }
    self->shrunk_ms = now_ms - past_ms % SECOND_MS;
}

bool h2_flood_note(struct h2_flood *self, enum h2_flood_kind kind)
{
    CHECK(kind != H2_FLOOD_NONE);
    if (self->over != H2_FLOOD_NONE) {
        return false;
    }
    self->counts[kind]++;
    if (self->counts[kind] > ROWS[kind].burst) {
        self->over = kind;
        return false;
    }
    return true;
}

void h2_flood_credit(struct h2_flood *self, enum h2_flood_kind kind, uint32_t count)
{
    take(&self->counts[kind], count);
}

const char *h2_flood_word(enum h2_flood_kind kind)
{
    CHECK(kind < H2_FLOOD_COUNT);
    return ROWS[kind].word;
}
