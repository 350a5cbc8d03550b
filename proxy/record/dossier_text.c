#include <stdio.h>

#include "record/dossier_say.h"

static void put_heading(struct dossier_out *out, enum dossier_word word)
{
    out_put(out, "\n== ");
    out_word(out, word);
    out_put(out, " ==\n");
}

static void put_number(struct dossier_out *out, uint64_t value, int width)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%*llu  ", width, (unsigned long long)value);
    out_put(out, text);
}

static void put_label(struct dossier_out *out, enum dossier_word word, const char *text)
{
    out_word(out, word);
    out_colon(out);
    out_plain(out, text);
    out_put(out, "\n");
}

static void put_label_time(struct dossier_out *out, enum dossier_word word,
                           uint64_t at_ms)
{
    char text[DOSSIER_TIME_SIZE];

    dossier_time(at_ms, text);
    put_label(out, word, text);
}

static void put_head(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    dossier_put_title(out, out_plain);
    out_put(out, "\n\n");
    dossier_put_gist(out, out_plain);
    out_put(out, "\n\n");
    out_word(out, WORD_RANGE);
    out_colon(out);
    out_time(out, self->from_ms);
    out_put(out, " - ");
    out_time(out, self->to_ms);
    out_put(out, "\n");
    put_label_time(out, WORD_MADE, self->scope.now_ms);
    if (self->incident_count > 0) {
        put_label(
            out, WORD_STATE,
            dossier_say(out->lang, self->open ? WORD_STATE_OPEN : WORD_STATE_CLOSED));
        put_label(out, WORD_FEATURE, self->feature[0] != '\0' ? self->feature : "-");
        put_label(out, WORD_FOUND_BY, self->detector);
    }
    if (self->incident_count > 0 && !self->drill) {
        out_word(out, self->open ? WORD_PRELIMINARY : WORD_FINAL);
        out_put(out, "\n");
    }
    out_word(out, self->scope.reveal ? WORD_NAMES_SHOWN : WORD_NAMES_HIDDEN);
    out_put(out, "\n");
}

static void put_timeline(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    put_heading(out, WORD_TIMELINE);
    for (size_t i = 0; i < self->event_count; i++) {
        const struct dossier_event *event = &self->events[i];
        out_time(out, event->at_ms);
        out_put(out, "  ");
        out_word(out, dossier_event_word(event));
        out_put(out, "  ");
        dossier_put_event(out, out_plain, event);
        out_put(out, "\n");
    }
}

static void put_figures(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    put_heading(out, WORD_FIGURES);
    for (unsigned i = 0; i < DOSSIER_FIGURE_COUNT; i++) {
        struct dossier_figure figure = dossier_figure_at(self, i);
        put_number(out, figure.value, 8);
        out_word(out, figure.word);
        out_put(out, "\n");
    }
    out_word(out, dossier_edge_note(self));
    out_put(out, "\n");
}

/* Without displays all of its figures are 0. */
static void put_outcomes(struct dossier_out *out)
{
    put_heading(out, WORD_OUTCOMES);
    for (size_t i = 0; i < DOSSIER_OUTCOME_COUNT; i++) {
        const struct dossier_tally *tally =
            &out->dossier->tallies[DOSSIER_OUTCOMES[i].part];
        put_number(out, tally->displays, 8);
        out_word(out, DOSSIER_OUTCOMES[i].word);
        out_put(out, "\n");
        for (unsigned k = 1; tally->displays > 0 && k < DOSSIER_TALLY_COUNT; k++) {
            struct dossier_figure figure = dossier_tally_at(tally, k);
            put_number(out, figure.value, 16);
            out_word(out, figure.word);
            out_put(out, "\n");
        }
    }
}

static void put_grants(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->grant_count == 0) {
        return;
    }
    put_heading(out, dossier_word_of(self, WORD_GRANTS));
    for (size_t i = 0; i < self->grant_count; i++) {
        const struct dossier_grant *grant = &self->grants[i];
        out_plain(out, grant->marker);
        put_number(out, grant->viewers, 8);
        out_word(out, dossier_word_of(self, WORD_VIEWERS));
        out_word(out, WORD_COMMA);
        out_word(out, WORD_SUBJECTS_MAX);
        put_number(out, grant->subjects_max, 4);
        out_word(out, WORD_SUBJECTS_MEAN);
        put_number(out, grant->subjects_mean, 4);
        out_put(out, "\n");
    }
}

static void put_screens(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    char shows[DOSSIER_SHOWS_SIZE];

    if (self->screen_count == 0) {
        return;
    }
    put_heading(out, WORD_SCREENS);
    for (size_t i = 0; i < self->screen_count; i++) {
        const struct dossier_screen *screen = &self->screens[i];
        put_number(out, screen->cases, 8);
        out_plain(out, screen->screen[0] != '\0' ? screen->screen : "-");
        out_word(out, WORD_OPEN);
        out_word(out, WORD_DISPLAYS);
        out_colon(out);
        out_u64(out, screen->displays);
        out_word(out, WORD_COMMA);
        out_word(out, WORD_DISPLAYS_LEFT);
        out_colon(out);
        out_u64(out, screen->left);
        out_word(out, WORD_CLOSE);
        out_put(out, "\n          ");
        out_plain(out, out_shows(out, screen, shows));
        out_put(out, "\n");
    }
    out_word(out, WORD_SCREENS_NOTE);
    out_put(out, "\n");
}

static void put_clocks(struct dossier_out *out)
{
    if (out->dossier->detected_ms == 0) {
        return;
    }
    put_heading(out, WORD_CLOCKS);
    if (dossier_reach_of(out->dossier) == DOSSIER_REACH_WITHHELD) {
        out_word(out, WORD_CLOCK_WITHHELD);
        out_put(out, "\n");
    }
    for (unsigned i = 0; i < DOSSIER_CLOCK_COUNT; i++) {
        struct dossier_clock clock = dossier_clock_at(out->dossier, i);
        out_time(out, clock.at_ms);
        out_put(out, "  ");
        out_word(out, clock.word);
        out_put(out, "\n");
    }
    out_word(out, WORD_CLOCK_NOTE);
    out_put(out, "\n");
}

static void put_cases(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->case_count == 0) {
        return;
    }
    put_heading(out, WORD_CASE_LIST);
    for (size_t i = 0; i < self->case_count; i++) {
        const struct dossier_case *item = &self->cases[i];
        out_time(out, item->first_ms);
        out_put(out, "  ");
        out_plain(out, self->persons[item->viewer].name);
        out_put(out, " <- ");
        out_plain(out, self->persons[item->subject].name);
        out_put(out, "  ");
        out_word(out, dossier_outcome_of(item));
        out_put(out, "  ");
        out_plain(out, item->screen_names);
        out_put(out, "\n");
    }
    if (self->case_count < self->tallies[DOSSIER_ALL].cases) {
        out_word(out, WORD_CASES_MORE);
        out_put(out, "\n");
    }
}

static void put_persons(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->person_count == 0) {
        return;
    }
    put_heading(out, dossier_word_of(self, WORD_PERSONS));
    for (size_t i = 0; i < self->person_count; i++) {
        const struct dossier_person *person = &self->persons[i];
        out_plain(out, person->name);
        out_put(out, "  ");
        out_word(out, dossier_word_of(self, WORD_SUBJECT));
        put_number(out, person->as_subject, 3);
        out_word(out, dossier_word_of(self, WORD_VIEWER));
        put_number(out, person->as_viewer, 3);
        out_word(out, WORD_PERSON_LEFT);
        out_colon(out);
        out_word(out, person->left ? WORD_YES : WORD_NO);
        out_word(out, WORD_COMMA);
        out_word(out, WORD_PERSON_RECEIVED);
        out_colon(out);
        out_word(out, person->received ? WORD_YES : WORD_NO);
        out_put(out, "\n");
    }
}

static void put_items(struct dossier_out *out, enum dossier_word heading,
                      const struct dossier_item *items, size_t count)
{
    put_heading(out, heading);
    for (size_t i = 0; i < count; i++) {
        out_word(out, items[i].word);
        out_put(out, "\n    ");
        if (items[i].put != NULL) {
            items[i].put(out, out_plain);
        }
        if (items[i].more) {
            out_put(out, "["); /* Sentences end with what stands between them. */
            out_word(out, WORD_BY_HAND);
            out_put(out, "]");
        }
        out_put(out, "\n");
    }
}

void dossier_print_text(struct dossier_out *out)
{
    put_head(out);
    put_timeline(out);
    if (out->dossier->drill) {
        return; /* There is nothing to report. */
    }
    put_figures(out);
    put_outcomes(out);
    put_screens(out);
    put_grants(out);
    put_clocks(out);
    put_items(out, WORD_APPI, DOSSIER_APPI, 9);
    put_items(out, WORD_GDPR, DOSSIER_GDPR, 4);
    put_cases(out);
    if (out->dossier->scope.reveal) {
        put_persons(out);
    }
}
