#include <stdio.h>
#include <string.h>

#include "record/dossier_out.h"

static void put_heading(struct dossier_out *out, enum dossier_word word)
{
    out_put(out, "<h2>");
    out_word(out, word);
    out_put(out, "</h2>\n");
}

static void put_note(struct dossier_out *out, enum dossier_word word)
{
    out_put(out, "<p class=note>");
    out_word(out, word);
    out_put(out, "</p>\n");
}

static void put_th(struct dossier_out *out, enum dossier_word word, bool number)
{
    out_put(out, number ? "<th scope=col class=n>" : "<th scope=col>");
    out_word(out, word);
    out_put(out, "</th>");
}

static void put_td(struct dossier_out *out, const char *text)
{
    out_put(out, "<td>");
    out_html(out, text);
    out_put(out, "</td>");
}

static void put_td_word(struct dossier_out *out, enum dossier_word word)
{
    put_td(out, dossier_say(out->lang, word));
}

static void put_td_u64(struct dossier_out *out, uint64_t value)
{
    out_put(out, "<td class=n>");
    out_u64(out, value);
    out_put(out, "</td>");
}

static void put_td_time(struct dossier_out *out, uint64_t at_ms)
{
    out_put(out, "<td class=t>");
    out_time(out, at_ms);
    out_put(out, "</td>");
}

static void put_meta(struct dossier_out *out, enum dossier_word word, const char *text)
{
    out_word(out, word);
    out_put(out, ": ");
    out_html(out, text);
    out_put(out, " &#160; ");
}

static void put_head(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    char text[64];

    out_put(out, "<!DOCTYPE html>\n<html lang=");
    out_put(out, out->lang == DOSSIER_JA ? "ja" : "en");
    out_put(out, "><head><meta charset=utf-8><meta name=viewport content="
                 "\"width=device-width,initial-scale=1\"><meta http-equiv="
                 "Content-Security-Policy content=\"default-src 'none'; style-src "
                 "'unsafe-inline'\"><title>");
    out_word(out, WORD_TITLE);
    out_put(out, "</title><style>");
    out_put(out, (const char *)dossier_style().ptr); /* A literal: it ends with NUL. */
    out_put(out, "</style></head><body>\n<h1>");
    out_word(out, WORD_TITLE);
    out_put(out, "</h1>\n<p class=meta>");
    if (self->scope.incident != 0) {
        (void)snprintf(text, sizeof(text), "%llu",
                       (unsigned long long)self->scope.incident);
        put_meta(out, WORD_INCIDENT, text);
    }
    if (self->incident_count > 0) {
        put_meta(
            out, WORD_STATE,
            dossier_say(out->lang, self->open ? WORD_STATE_OPEN : WORD_STATE_CLOSED));
        put_meta(out, WORD_FEATURE, self->feature);
        put_meta(out, WORD_FOUND_BY, self->detector);
    }
    out_put(out, "<br>");
    out_word(out, WORD_RANGE);
    out_put(out, ": ");
    out_time(out, self->from_ms);
    out_put(out, " – ");
    out_time(out, self->to_ms);
    out_put(out, " &#160; ");
    dossier_time(self->scope.now_ms, text);
    put_meta(out, WORD_MADE, text);
    out_put(out, "</p>\n");
    if (self->incident_count > 0) {
        put_note(out, self->open ? WORD_PRELIMINARY : WORD_FINAL);
    }
    put_note(out, self->scope.reveal ? WORD_NAMES_SHOWN : WORD_NAMES_HIDDEN);
    out_put(out, "<p class=\"note screen\">");
    out_word(out, WORD_WRITE_HERE);
    out_put(out, "</p>\n");
}

/* The first figures large, all of them in a table. */
static void put_figures(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    static const unsigned LARGE[] = {0, 1, 3, 4};

    out_put(out, "<div class=cards>");
    for (size_t i = 0; i < sizeof(LARGE) / sizeof(*LARGE); i++) {
        struct dossier_figure figure = dossier_figure_at(self, LARGE[i]);
        out_put(out, "<div class=card><b>");
        out_u64(out, figure.value);
        out_put(out, "</b><span>");
        out_word(out, figure.word);
        out_put(out, "</span></div>");
    }
    out_put(out, "</div>\n");
    put_heading(out, WORD_FIGURES);
    out_put(out, "<table>");
    for (unsigned i = 0; i < DOSSIER_FIGURE_COUNT; i++) {
        struct dossier_figure figure = dossier_figure_at(self, i);
        out_put(out, figure.part ? "<tr><td class=part>" : "<tr><td>");
        out_word(out, figure.word);
        out_put(out, "</td>");
        put_td_u64(out, figure.value);
        out_put(out, "</tr>\n");
    }
    out_put(out, "</table>\n");
}

static void put_outcomes(struct dossier_out *out)
{
    static const struct {
        enum dossier_part part;
        enum dossier_word word;
    } PARTS[] = {{DOSSIER_WITHHELD, WORD_WITHHELD},
                 {DOSSIER_CUT, WORD_CUT},
                 {DOSSIER_DELIVERED, WORD_DELIVERED}};

    put_heading(out, WORD_OUTCOMES);
    out_put(out, "<table><tr>");
    put_th(out, WORD_OUTCOME, false);
    put_th(out, WORD_DISPLAY_COUNT, true);
    put_th(out, WORD_CASE_COUNT, true);
    put_th(out, WORD_SUBJECT_COUNT, true);
    put_th(out, WORD_VIEWER_COUNT, true);
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(*PARTS); i++) {
        const struct dossier_tally *tally = &out->dossier->tallies[PARTS[i].part];
        out_put(out, "<tr>");
        put_td_word(out, PARTS[i].word);
        put_td_u64(out, tally->displays);
        put_td_u64(out, tally->cases);
        put_td_u64(out, tally->subjects);
        put_td_u64(out, tally->viewers);
        out_put(out, "</tr>\n");
    }
    out_put(out, "</table>\n");
}

static void put_timeline(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    put_heading(out, WORD_TIMELINE);
    out_put(out, "<ol class=line>\n");
    for (size_t i = 0; i < self->event_count; i++) {
        const struct dossier_event *event = &self->events[i];
        out_put(out, "<li class=");
        out_put(out, dossier_event_key(event->kind));
        out_put(out, "><time>");
        out_time(out, event->at_ms);
        out_put(out, "</time><b>");
        out_word(out, dossier_event_word(event->kind));
        out_put(out, "</b> ");
        out_html(out, event->detail);
        out_put(out, "</li>\n");
    }
    out_put(out, "</ol>\n");
}

static void put_screens(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    put_heading(out, WORD_SCREENS);
    out_put(out, "<table><tr>");
    out_put(out, "<th scope=col class=wide>");
    out_word(out, WORD_SCREEN);
    out_put(out, "</th>");
    put_th(out, WORD_SHOWS, false);
    put_th(out, WORD_CASE_COUNT, true);
    put_th(out, WORD_DISPLAY_COUNT, true);
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < self->screen_count; i++) {
        out_put(out, "<tr>");
        put_td(out, self->screens[i].screen);
        put_td(out, self->screens[i].shows);
        put_td_u64(out, self->screens[i].cases);
        put_td_u64(out, self->screens[i].displays);
        out_put(out, "</tr>\n");
    }
    out_put(out, "</table>\n");
    put_note(out, WORD_SCREENS_NOTE);
}

static void put_grants(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->grant_count == 0) {
        return;
    }
    put_heading(out, WORD_GRANTS);
    out_put(out, "<table><tr>");
    put_th(out, WORD_MARKER, false);
    put_th(out, WORD_VIEWER_COUNT, true);
    put_th(out, WORD_SUBJECTS_MAX, true);
    put_th(out, WORD_SUBJECTS_MEAN, true);
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < self->grant_count; i++) {
        out_put(out, "<tr>");
        put_td(out, self->grants[i].marker);
        put_td_u64(out, self->grants[i].viewers);
        put_td_u64(out, self->grants[i].subjects_max);
        put_td_u64(out, self->grants[i].subjects_mean);
        out_put(out, "</tr>\n");
    }
    out_put(out, "</table>\n");
}

static void put_clocks(struct dossier_out *out)
{
    put_heading(out, WORD_CLOCKS);
    out_put(out, "<table>");
    for (unsigned i = 0; i < DOSSIER_CLOCK_COUNT; i++) {
        struct dossier_clock clock = dossier_clock_at(out->dossier, i);
        out_put(out, "<tr>");
        put_td_time(out, clock.at_ms);
        put_td_word(out, clock.word);
        out_put(out, "</tr>\n");
    }
    out_put(out, "</table>\n");
    put_note(out, WORD_CLOCK_NOTE);
}

/* Written in the browser: no script is needed for that. */
static void put_hand(struct dossier_out *out, enum dossier_word item)
{
    out_put(out, "<div class=hand contenteditable=true role=textbox aria-multiline=true "
                 "aria-label=\"");
    out_word(out, item);
    out_put(out, "\" data-hint=\"");
    out_word(out, WORD_BY_HAND);
    out_put(out, "\"></div>");
}

static void put_items(struct dossier_out *out, enum dossier_word heading,
                      const struct dossier_item *items, size_t count)
{
    put_heading(out, heading);
    out_put(out, "<dl>\n");
    for (size_t i = 0; i < count; i++) {
        out_put(out, "<dt>");
        out_word(out, items[i].word);
        out_put(out, "</dt><dd>");
        if (items[i].put != NULL) {
            items[i].put(out, out_html);
        }
        if (items[i].more) {
            put_hand(out, items[i].word);
        }
        out_put(out, "</dd>\n");
    }
    out_put(out, "</dl>\n");
}

static void put_case(struct dossier_out *out, const struct dossier_case *item)
{
    const struct dossier *self = out->dossier;
    char text[DOSSIER_TIME_SIZE];

    out_put(out, "<tr>");
    dossier_time(item->first_ms, text);
    put_td(out, text);
    put_td(out, self->persons[item->viewer].name);
    put_td(out, self->persons[item->subject].name);
    put_td(out, item->screen_names);
    put_td_word(out, item->delivered > 0 ? WORD_DELIVERED
                     : item->cut > 0     ? WORD_CUT
                                         : WORD_WITHHELD);
    put_td_word(out, item->strong ? WORD_STRONG : WORD_WEAK);
    put_td_u64(out, item->displays);
    out_put(out, "</tr>\n");
}

static void put_cases(struct dossier_out *out)
{
    static const struct {
        enum dossier_word word;
        const char *width;
    } HEADS[] = {{WORD_FIRST, "w1"},
                 {WORD_VIEWER, "w2"},
                 {WORD_SUBJECT, "w2"},
                 {WORD_SCREEN, "w3"},
                 {WORD_OUTCOME, "w3"},
                 {WORD_STRENGTH, "w4"},
                 {WORD_DISPLAY_COUNT, "\"n w4\""}};

    put_heading(out, WORD_CASE_LIST);
    out_put(out, "<table class=cases><tr>");
    for (size_t i = 0; i < sizeof(HEADS) / sizeof(*HEADS); i++) {
        out_put(out, "<th scope=col class=");
        out_put(out, HEADS[i].width);
        out_put(out, ">");
        out_word(out, HEADS[i].word);
        out_put(out, "</th>");
    }
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < out->dossier->case_count; i++) {
        put_case(out, &out->dossier->cases[i]);
    }
    out_put(out, "</table>\n");
    if (out->dossier->case_count < out->dossier->tallies[DOSSIER_ALL].cases) {
        put_note(out, WORD_CASES_MORE);
    }
}

static void put_persons(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    put_heading(out, WORD_PERSONS);
    out_put(out, "<table><tr>");
    put_th(out, WORD_PERSON, false);
    put_th(out, WORD_SUBJECT, true);
    put_th(out, WORD_VIEWER, true);
    put_th(out, WORD_PERSON_LEFT, false);
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < self->person_count; i++) {
        const struct dossier_person *person = &self->persons[i];
        out_put(out, "<tr>");
        put_td(out, person->name);
        put_td_u64(out, person->as_subject);
        put_td_u64(out, person->as_viewer);
        put_td_word(out, person->left ? WORD_YES : WORD_NO);
        out_put(out, "</tr>\n");
    }
    out_put(out, "</table>\n");
}

void dossier_print_html(struct dossier_out *out)
{
    put_head(out);
    put_figures(out);
    put_outcomes(out);
    put_timeline(out);
    put_screens(out);
    put_grants(out);
    dossier_print_drawing(out);
    put_clocks(out);
    put_items(out, WORD_APPI, DOSSIER_APPI, 9);
    put_items(out, WORD_GDPR, DOSSIER_GDPR, 4);
    put_cases(out);
    if (out->dossier->scope.reveal) {
        put_persons(out);
    }
    out_put(out, "</body></html>\n");
}
