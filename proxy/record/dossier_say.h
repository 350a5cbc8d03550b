/**
 * What a report says in words: how far data came decides what is true.
 *
 * Layer: record. Only for dossier_*.c. Pure. "Was shown" is said only where a byte left
 * the proxy; what was withheld "was about to be shown"; a drill is a drill.
 */
#pragma once

#include "record/dossier_out.h"

/** How far data of other people came. */
enum dossier_reach {
    DOSSIER_REACH_NOTHING, /**< Nothing was found. */
    DOSSIER_REACH_DRILL,
    DOSSIER_REACH_WITHHELD,  /**< No byte left. */
    DOSSIER_REACH_SUSPECTED, /**< Only of "one of two" something left. */
    DOSSIER_REACH_PARTLY,    /**< Of some bytes left, some were withheld. */
    DOSSIER_REACH_SHOWN,     /**< Of all of them bytes left. */
    DOSSIER_REACH_COUNT,
};

enum dossier_reach dossier_reach_of(const struct dossier *self);

/** `word` as it is true for this report: who "saw" becomes who "was about to see". */
enum dossier_word dossier_word_of(const struct dossier *self, enum dossier_word word);

/** How exactly writes and the upper bound keep to the range. */
enum dossier_word dossier_edge_note(const struct dossier *self);

/** Writes a text, escaped as the form needs it. */
typedef void dossier_put_fn(struct dossier_out *out, const char *text);

/** Writes what it is about with `put`. */
typedef void dossier_say_fn(struct dossier_out *out, dossier_put_fn *put);

/** What stands in a sentence for `%1` ... and `$1` ... */
struct dossier_values {
    uint64_t numbers[3];
    const char *texts[4];
};

/** Writes a sentence with its values. */
void dossier_put_sentence(struct dossier_out *out, dossier_put_fn *put,
                          enum dossier_word word, const struct dossier_values *values);

/** What it is a report of, with the incident's number and the name of the site. */
void dossier_put_title(struct dossier_out *out, dossier_put_fn *put);

/** How much left and how much was withheld, and why anything was delivered. */
void dossier_put_gist(struct dossier_out *out, dossier_put_fn *put);

/** Why data was delivered: by whose order and from when to when, or as configured. */
void dossier_put_because(struct dossier_out *out, dossier_put_fn *put);

/** What an event is of, how and by whom. */
void dossier_put_event(struct dossier_out *out, dossier_put_fn *put,
                       const struct dossier_event *event);

/** The word for an event, and its name in JSON. */
enum dossier_word dossier_event_word(const struct dossier_event *event);
const char *dossier_event_key(enum dossier_kind kind);

/** What the ledger knows, for the regulators' items. */
void dossier_put_overview(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_data(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_number(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_cause(struct dossier_out *out, dossier_put_fn *put);
void dossier_put_measures(struct dossier_out *out, dossier_put_fn *put);

/** An item that a regulator asks for; `put` NULL: only a person can write it. */
struct dossier_item {
    dossier_say_fn *put;
    enum dossier_word word;
    bool more; /**< A person has to add to it. */
};

extern const struct dossier_item DOSSIER_APPI[9];
extern const struct dossier_item DOSSIER_GDPR[4];
