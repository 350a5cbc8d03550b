/**
 * `regex:` selectors: PCRE2 finds group 1, wherever the body is cut.
 *
 * Layer: guard, for guard/scan*.c only.
 * Every match of a pattern that begins with literal text begins where the matcher saw
 * that text, so it is tried there alone; other patterns are searched for in every byte,
 * which costs more. An attempt sees the SCAN_WINDOW bytes from where it starts. While
 * some of them are still to come and could change its outcome, the place waits; an
 * attempt that needs more than the window is too long to be judged. So the outcome
 * depends on the bytes alone. Whole patterns are not given to Vectorscan: 5.4.9 misses
 * matches of `[^"]+` that are longer than some 70 bytes.
 */
#pragma once

#include "guard/scan_values.h"

enum {
    REGEX_TAIL_MAX = SCAN_WINDOW + 2, /**< Bytes kept of pieces that are gone. */
    REGEX_WAITING_MAX = 256,
};

struct regex_tools;

/** Working memory of one worker: match data and room to join tail and piece. */
struct regex_tools *regex_tools_new(void);
void regex_tools_free(struct regex_tools **self_p);

/** How values are unescaped. */
enum regex_text {
    REGEX_TEXT_PLAIN = 0,
    REGEX_TEXT_JSON,
    REGEX_TEXT_MARKUP, /**< As HTML, but as JSON where the group is a quoted member. */
};

struct regex_place {
    uint64_t start; /**< Where a match may begin. */
    uint8_t row;
};

struct regex {
    struct values *values;
    enum regex_text text;
    bool ended;           /**< The body is complete. */
    uint64_t piece_start; /**< Offset of `piece`. */
    struct span piece;    /**< The bytes being fed, */
    const uint8_t *sent;  /**< as they were sent; only if `turned`. */
    bool turned;          /**< The body is read in other bytes than it was sent. */
    size_t tail_len;      /**< Bytes of `tail`, which end at `piece_start`. */
    size_t waiting_count;
    uint64_t resume[MARKER_SELECTORS_MAX]; /**< Nothing of the row begins before. */
    struct regex_place waiting[REGEX_WAITING_MAX];
    uint8_t tail[REGEX_TAIL_MAX];
    uint8_t tail_sent[REGEX_TAIL_MAX]; /**< The same of what was sent, if `turned`. */
};

/** At the start of a body. */
void regex_init(struct regex *self, struct values *values, enum regex_text text);

/** The next bytes come: places that waited for them are looked at, the rest searched.
 * `sent`: the same bytes as they were sent, or NULL: nothing was turned so far. */
void regex_piece_begin(struct regex *self, struct regex_tools *tools, struct span piece,
                       const uint8_t *sent);

/** The matcher saw the literal that begins row `row` end at offset `end`. */
void regex_place(struct regex *self, struct regex_tools *tools, size_t row, uint64_t end);

/** The bytes go: the tail of them is kept. */
void regex_piece_end(struct regex *self);

/** No more bytes come. */
void regex_end(struct regex *self, struct regex_tools *tools);

/** Bytes at the end of what came that a match may still involve. */
size_t regex_pending(const struct regex *self);
