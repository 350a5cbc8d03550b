/**
 * `regex:` selectors: where the matcher saw an end, PCRE2 finds group 1.
 *
 * Layer: guard, for guard/scan*.c only.
 * The matcher says that some match of a pattern ends at a place T, but not where it
 * starts or how far a greedy one goes. The match meant is the first one PCRE2 finds in
 * the bytes from T - SCAN_WINDOW, but after the pattern's last match, to T + SCAN_WINDOW.
 * While those bytes are still to come and could change it, the place waits. So the
 * outcome depends on the bytes alone. A match that does not fit in is too long to be
 * judged.
 */
#pragma once

#include "guard/scan_values.h"

enum {
    REGEX_TAIL_MAX = 2 * SCAN_WINDOW + 2, /**< Bytes kept of pieces that are gone. */
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
    uint64_t end; /**< T. */
    uint8_t row;
};

struct regex {
    struct values *values;
    enum regex_text text;
    bool ended;           /**< The body is complete. */
    uint64_t piece_start; /**< Offset of `piece`. */
    struct span piece;    /**< The bytes being fed. */
    size_t tail_len;      /**< Bytes of `tail`, which end at `piece_start`. */
    size_t waiting_count;
    uint64_t resume[MARKER_SELECTORS_MAX]; /**< End of each row's last match. */
    struct regex_place waiting[REGEX_WAITING_MAX];
    uint8_t tail[REGEX_TAIL_MAX];
};

/** At the start of a body. */
void regex_init(struct regex *self, struct values *values, enum regex_text text);

/** The next bytes come: places that waited for them are looked at. */
void regex_piece_begin(struct regex *self, struct regex_tools *tools, struct span piece);

/** The matcher saw row `row` end at offset `end`, within the piece. */
void regex_place(struct regex *self, struct regex_tools *tools, size_t row, uint64_t end);

/** The bytes go: the tail of them is kept. */
void regex_piece_end(struct regex *self);

/** No more bytes come. The matcher may still report places at the very end. */
void regex_end(struct regex *self, struct regex_tools *tools);

/** Bytes at the end of what came that a match may still involve. */
size_t regex_pending(const struct regex *self);
