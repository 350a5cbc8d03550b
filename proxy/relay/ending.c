#include "relay/ending.h"

#include "base/check.h"

static const struct {
    const char *word;
    const char *sentence;
} TABLE[ENDING_COUNT] = {
#define ENDING(id, word, sentence) [ENDING_##id] = {(word), (sentence)},
#include "relay/ending.def"
#undef ENDING
};

const char *ending_word(enum ending ending)
{
    CHECK(ending < ENDING_COUNT);
    return TABLE[ending].word;
}

const char *ending_sentence(enum ending ending)
{
    CHECK(ending < ENDING_COUNT);
    return TABLE[ending].sentence;
}
