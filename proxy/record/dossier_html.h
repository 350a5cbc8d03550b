/**
 * What the report in HTML is made of.
 *
 * Layer: record. Only for dossier_html*.c. Everything of the ledger is escaped.
 */
#pragma once

#include "record/dossier_say.h"

/** A heading of the second order. */
void html_heading(struct dossier_out *out, enum dossier_word word);

/** A small paragraph. */
void html_note(struct dossier_out *out, enum dossier_word word);

/** Begins a table that may be wider than a phone; heads follow. */
void html_table(struct dossier_out *out, const char *kind);
void html_table_end(struct dossier_out *out);

/** Cells; `number`: digits, at the right. */
void html_th(struct dossier_out *out, enum dossier_word word, bool number);
void html_td(struct dossier_out *out, const char *text);
void html_td_word(struct dossier_out *out, enum dossier_word word);
void html_td_u64(struct dossier_out *out, uint64_t value);
void html_td_time(struct dossier_out *out, uint64_t at_ms);

/** The tables, in order. */
void html_figures(struct dossier_out *out);
void html_outcomes(struct dossier_out *out);
void html_screens(struct dossier_out *out);
void html_grants(struct dossier_out *out);
void html_cases(struct dossier_out *out);
void html_persons(struct dossier_out *out);
