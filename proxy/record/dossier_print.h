/**
 * A dossier as JSON, CSV, text for a terminal, or one HTML file to print on A4.
 *
 * Layer: record. Pure: from the value alone. JSON keys are those of product.md section
 * 15. CSV is one table of section, item, name and value; cells that a spreadsheet would
 * take for a formula begin with an apostrophe. HTML refers to nothing outside of itself.
 */
#pragma once

#include <stdbool.h>

#include "base/page.h"
#include "base/span.h"
#include "record/dossier.h"

enum dossier_format {
    DOSSIER_TEXT,
    DOSSIER_HTML,
    DOSSIER_JSON,
    DOSSIER_CSV,
};

enum dossier_lang {
    DOSSIER_EN,
    DOSSIER_JA,
};

enum dossier_word {
#define WORD(id, english, japanese) WORD_##id,
#include "record/dossier_words.def"
#undef WORD
    WORD_COUNT
};

/** `text`, `html`, `json`, `csv`; `en`, `ja`. False: none of these. */
bool dossier_format_of(struct span name, enum dossier_format *format_out);
bool dossier_lang_of(struct span name, enum dossier_lang *lang_out);

/** Content-Type of a format. */
const char *dossier_type(enum dossier_format format);

/** Appends the whole report; past its bound `out` fails. */
void dossier_print(const struct dossier *self, enum dossier_format format,
                   enum dossier_lang lang, struct page *out);

enum {
    DOSSIER_SOURCE_SIZE_MAX = 64,
    DOSSIER_FILE_NAME_SIZE_MAX = DOSSIER_SITE_SIZE_MAX + 64,
};

/** The one style and the one script of the HTML form, for whoever decides what a browser
 * may apply and run. */
struct span dossier_style(void);
struct span dossier_script(void);

/** What lets in exactly `text` in a Content-Security-Policy: `'sha256-...'`. */
void dossier_source(struct span text, char *source_out);

/** The name of a file with this report: `www.example.jp-incident-3-en.html`. */
void dossier_file_name(const struct dossier_scope *scope, enum dossier_format format,
                       enum dossier_lang lang, char *name_out);

const char *dossier_say(enum dossier_lang lang, enum dossier_word word);
