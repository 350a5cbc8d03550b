#include "record/dossier_print.h"

#include <stdio.h>

#include "record/dossier_say.h"

static const char *const WORDS[][2] = {
#define WORD(id, english, japanese) [WORD_##id] = {english, japanese},
#include "record/dossier_words.def"
#undef WORD
};

static const struct {
    const char *name;
    const char *type;
    void (*print)(struct dossier_out *out);
} FORMATS[] = {
    [DOSSIER_TEXT] = {"text", "text/plain; charset=utf-8", dossier_print_text},
    [DOSSIER_HTML] = {"html", "text/html; charset=utf-8", dossier_print_html},
    [DOSSIER_JSON] = {"json", "application/json", dossier_print_json},
    [DOSSIER_CSV] = {"csv", "text/csv; charset=utf-8", dossier_print_csv},
};

enum {
    FORMAT_COUNT = sizeof(FORMATS) / sizeof(*FORMATS),
};

const struct dossier_outcome DOSSIER_OUTCOMES[DOSSIER_OUTCOME_COUNT] = {
    {"withheld", DOSSIER_WITHHELD, WORD_WITHHELD},
    {"cut", DOSSIER_CUT, WORD_CUT},
    {"delivered", DOSSIER_DELIVERED, WORD_DELIVERED},
};

enum dossier_word dossier_outcome_of(const struct dossier_case *item)
{
    return item->delivered > 0 ? WORD_DELIVERED
           : item->cut > 0     ? WORD_CUT
                               : WORD_WITHHELD;
}

const char *dossier_say(enum dossier_lang lang, enum dossier_word word)
{
    return WORDS[word][lang == DOSSIER_JA ? 1 : 0];
}

bool dossier_format_of(struct span name, enum dossier_format *format_out)
{
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (span_equal(name, span_of(FORMATS[i].name))) {
            *format_out = (enum dossier_format)i;
            return true;
        }
    }
    return false;
}

bool dossier_lang_of(struct span name, enum dossier_lang *lang_out)
{
    *lang_out = span_equal(name, SPAN("ja")) ? DOSSIER_JA : DOSSIER_EN;
    return *lang_out == DOSSIER_JA || span_equal(name, SPAN("en"));
}

const char *dossier_type(enum dossier_format format)
{
    return FORMATS[format].type;
}

/* Letters, digits, dots and hyphens: a name that every file system takes. */
static void keep_safe(char *name)
{
    for (char *at = name; *at != '\0'; at++) {
        bool safe = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                    (*at >= '0' && *at <= '9') || *at == '.' || *at == '-';
        if (!safe) {
            *at = '_';
        }
    }
}

void dossier_file_name(const struct dossier_scope *scope, enum dossier_format format,
                       enum dossier_lang lang, char *name_out)
{
    static const char *const ENDS[][2] = {[DOSSIER_TEXT] = {"-en.txt", "-ja.txt"},
                                          [DOSSIER_HTML] = {"-en.html", "-ja.html"},
                                          [DOSSIER_JSON] = {".json", ".json"},
                                          [DOSSIER_CSV] = {".csv", ".csv"}};
    const char *end = ENDS[format][lang == DOSSIER_JA ? 1 : 0];
    const char *dash = scope->site[0] != '\0' ? "-" : "";

    if (scope->incident != 0) {
        (void)snprintf(name_out, DOSSIER_FILE_NAME_SIZE_MAX, "%s%sincident-%llu%s",
                       scope->site, dash, (unsigned long long)scope->incident, end);
    } else {
        (void)snprintf(name_out, DOSSIER_FILE_NAME_SIZE_MAX, "%s%sreport%s", scope->site,
                       dash, end);
    }
    keep_safe(name_out);
}

void dossier_print(const struct dossier *self, enum dossier_format format,
                   enum dossier_lang lang, struct page *out)
{
    struct dossier_out to = {.dossier = self, .page = out, .lang = lang};
    FORMATS[format].print(&to);
}

struct dossier_figure dossier_figure_at(const struct dossier *self, unsigned index)
{
    const struct dossier_tally *all = &self->tallies[DOSSIER_ALL];
    const struct dossier_tally *left = &self->tallies[DOSSIER_LEFT];
    const struct dossier_figure figures[DOSSIER_FIGURE_COUNT] = {
        {"cases", all->cases, left->cases, WORD_CASES, true, false},
        {"pairs", all->pairs, left->pairs, WORD_PAIRS, true, false},
        {"mutual_pairs", all->mutual_pairs, left->mutual_pairs, WORD_MUTUAL_PAIRS, true,
         true},
        {"subjects", all->subjects, left->subjects, WORD_SUBJECTS, true, false},
        {"viewers", all->viewers, left->viewers, WORD_VIEWERS, true, false},
        {"viewers_unidentified", all->viewers_unidentified, left->viewers_unidentified,
         WORD_VIEWERS_UNIDENTIFIED, true, true},
        {"both", all->both, left->both, WORD_BOTH, true, false},
        {"displays", all->displays, left->displays, WORD_DISPLAYS, true, false},
        {"strong_cases", self->tallies[DOSSIER_STRONG].cases, 0, WORD_STRONG_CASES, false,
         false},
        {"weak_cases", self->weak_cases, 0, WORD_WEAK_CASES, false, false},
        {"writes", self->writes, 0, WORD_WRITES, false, false},
        {"upper_bound", self->upper_bound, 0, WORD_UPPER_BOUND, false, false},
        {"uninspected", self->uninspected, 0, WORD_UNINSPECTED, false, true},
        {"unmarked", self->unmarked, 0, WORD_UNMARKED, false, true},
        {"one_of_two", self->one_of_two, self->one_of_two_left, WORD_ONE_OF_TWO, true,
         true},
    };
    CHECK(index < DOSSIER_FIGURE_COUNT);
    struct dossier_figure figure = figures[index];
    figure.word = dossier_word_of(self, figure.word);
    return figure;
}

struct dossier_figure dossier_tally_at(const struct dossier_tally *tally, unsigned index)
{
    const struct dossier_figure figures[DOSSIER_TALLY_COUNT] = {
        {.key = "displays", .value = tally->displays, .word = WORD_DISPLAYS},
        {.key = "cases", .value = tally->cases, .word = WORD_CASES_NEUTRAL},
        {.key = "pairs", .value = tally->pairs, .word = WORD_PAIRS},
        {.key = "mutual_pairs",
         .value = tally->mutual_pairs,
         .word = WORD_MUTUAL_PAIRS,
         .part = true},
        {.key = "subjects", .value = tally->subjects, .word = WORD_SUBJECTS_NEUTRAL},
        {.key = "viewers", .value = tally->viewers, .word = WORD_VIEWERS_NEUTRAL},
        {.key = "viewers_unidentified",
         .value = tally->viewers_unidentified,
         .word = WORD_VIEWERS_UNIDENTIFIED,
         .part = true},
        {.key = "both", .value = tally->both, .word = WORD_BOTH},
    };
    CHECK(index < DOSSIER_TALLY_COUNT);
    return figures[index];
}

struct dossier_clock dossier_clock_at(const struct dossier *self, unsigned index)
{
    static const struct {
        const char *key;
        enum dossier_word word;
        unsigned hours;
    } CLOCKS[DOSSIER_CLOCK_COUNT] = {
        {"gdpr_33", WORD_CLOCK_GDPR, 72},
        {"appi_preliminary", WORD_CLOCK_APPI_FIRST, 3 * 24},
        {"appi_preliminary_latest", WORD_CLOCK_APPI_FIRST_LATEST, 5 * 24},
        {"appi_final", WORD_CLOCK_APPI_FINAL, 30 * 24},
        {"appi_final_wrongful", WORD_CLOCK_APPI_FINAL_WILFUL, 60 * 24},
    };
    CHECK(index < DOSSIER_CLOCK_COUNT);
    return (struct dossier_clock){
        .key = CLOCKS[index].key,
        .word = CLOCKS[index].word,
        .at_ms = self->detected_ms == 0
                     ? 0
                     : self->detected_ms + CLOCKS[index].hours * UINT64_C(3600000),
    };
}
