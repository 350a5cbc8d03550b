/**
 * How the printers of a dossier write: text, numbers, times, and what they escape.
 *
 * Layer: record. Only for dossier_*.c. Pure.
 */
#pragma once

#include "base/page.h"
#include "base/span.h"
#include "record/dossier_print.h"

/** What a printer writes to, and in which language. */
struct dossier_out {
    const struct dossier *dossier;
    struct page *page;
    enum dossier_lang lang;
};

/** One of the figures that stand in one table, in order. */
struct dossier_figure {
    const char *key; /**< As in JSON. */
    uint64_t value;
    uint64_t left; /**< The same of what left the proxy. */
    enum dossier_word word;
    bool has_left;
    bool part; /**< Of the figure above. */
};

enum {
    DOSSIER_FIGURE_COUNT = 15,
    DOSSIER_TALLY_COUNT = 8,
    DOSSIER_CLOCK_COUNT = 5,
    DOSSIER_TIME_SIZE = 40,
};

struct dossier_figure dossier_figure_at(const struct dossier *self, unsigned index);

/** One of the figures of an outcome: every form has all of them; displays come first. */
struct dossier_figure dossier_tally_at(const struct dossier_tally *tally, unsigned index);

/** A deadline, counted from detection; `key` as in JSON. */
struct dossier_clock {
    const char *key;
    enum dossier_word word;
    uint64_t at_ms;
};

struct dossier_clock dossier_clock_at(const struct dossier *self, unsigned index);

/** `2026-03-22 17:00:00 +09:00`, in the time zone of the machine; "-" for 0. */
void dossier_time(uint64_t at_ms, char *text_out);

void out_put(struct dossier_out *self, const char *text);
void out_word(struct dossier_out *self, enum dossier_word word);
void out_u64(struct dossier_out *self, uint64_t value);

/** A label's end, `: ` or `：`. */
void out_colon(struct dossier_out *self);
void out_time(struct dossier_out *self, uint64_t at_ms);

/** With `&<>"'` as references and control bytes as spaces; what is not UTF-8 becomes
 * U+FFFD. */
void out_html(struct dossier_out *self, const char *text);

/** Likewise, nothing escaped: for a terminal. */
void out_plain(struct dossier_out *self, const char *text);

enum {
    DOSSIER_SHOWS_SIZE = 8192, /**< More than a ledger's text takes with its commas. */
};

/** The data on a screen as people read it; returns `text_out`. */
const char *out_shows(const struct dossier_out *self, const struct dossier_screen *screen,
                      char *text_out);

void dossier_print_json(struct dossier_out *out);
void dossier_print_csv(struct dossier_out *out);
void dossier_print_text(struct dossier_out *out);
void dossier_print_html(struct dossier_out *out);

/** The outcomes in the order in which they are told. */
struct dossier_outcome {
    const char *key; /**< As in JSON. */
    enum dossier_part part;
    enum dossier_word word;
};

enum {
    DOSSIER_OUTCOME_COUNT = 3,
};

extern const struct dossier_outcome DOSSIER_OUTCOMES[DOSSIER_OUTCOME_COUNT];

/** The gravest of a case's. */
enum dossier_word dossier_outcome_of(const struct dossier_case *item);

/** The drawing of who saw whom, as SVG. */
void dossier_print_drawing(struct dossier_out *out);
