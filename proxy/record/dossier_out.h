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
    enum dossier_word word;
    bool part; /**< Of the figure above. */
};

enum {
    DOSSIER_FIGURE_COUNT = 15,
    DOSSIER_CLOCK_COUNT = 5,
    DOSSIER_TIME_SIZE = 40,
};

struct dossier_figure dossier_figure_at(const struct dossier *self, unsigned index);

/** A deadline, counted from detection; `key` as in JSON. */
struct dossier_clock {
    const char *key;
    enum dossier_word word;
    uint64_t at_ms;
};

struct dossier_clock dossier_clock_at(const struct dossier *self, unsigned index);

/** The word for a kind of event, and its name in JSON. */
enum dossier_word dossier_event_word(enum dossier_kind kind);
const char *dossier_event_key(enum dossier_kind kind);

/** `2026-03-22 17:00:00 +09:00`, in the time zone of the machine; "-" for 0. */
void dossier_time(uint64_t at_ms, char *text_out);

void out_put(struct dossier_out *self, const char *text);
void out_word(struct dossier_out *self, enum dossier_word word);
void out_u64(struct dossier_out *self, uint64_t value);
void out_time(struct dossier_out *self, uint64_t at_ms);

/** With `&<>"'` as references and control bytes as spaces; what is not UTF-8 becomes
 * U+FFFD. */
void out_html(struct dossier_out *self, const char *text);

/** Likewise, nothing escaped: for a terminal. */
void out_plain(struct dossier_out *self, const char *text);

void dossier_print_json(struct dossier_out *out);
void dossier_print_csv(struct dossier_out *out);
void dossier_print_text(struct dossier_out *out);
void dossier_print_html(struct dossier_out *out);

/** The drawing of who saw whom, as SVG. */
void dossier_print_drawing(struct dossier_out *out);

/** A sentence of what the ledger knows, for the regulators' items, escaped with `put`. */
typedef void dossier_put_fn(struct dossier_out *out, const char *text);
void dossier_put_overview(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_data(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_number(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_cause(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_measures(struct dossier_out *out, dossier_put_fn *put);

/** An item that a regulator asks for; `put` NULL: only a person can write it. */
struct dossier_item {
    void (*put)(struct dossier_out *out, dossier_put_fn *put);
    enum dossier_word word;
    bool more; /**< A person has to add to it. */
};

extern const struct dossier_item DOSSIER_APPI[9];
extern const struct dossier_item DOSSIER_GDPR[4];
