/**
 * How an exchange ended: one named reason for the log, the counter and people.
 *
 * Layer: relay. Pure. The names come from ending.def.
 */
#pragma once

enum ending {
#define ENDING(id, word, sentence) ENDING_##id,
#include "relay/ending.def"
#undef ENDING
    ENDING_COUNT
};

/** The word for logs and metrics. Static storage. */
const char *ending_word(enum ending ending);

/** One sentence for people. Static storage. */
const char *ending_sentence(enum ending ending);
