#include "record/dossier_html.h"

#include <stdio.h>

static void put_meta(struct dossier_out *out, enum dossier_word word, const char *text)
{
    out_put(out, "<span class=m>");
    out_word(out, word);
    out_colon(out);
    out_html(out, text);
    out_put(out, "</span> ");
}

static void put_meta_time(struct dossier_out *out, uint64_t at_ms)
{
    out_put(out, "<span>");
    out_time(out, at_ms);
    out_put(out, "</span>");
}

static void put_button(struct dossier_out *out, const char *id, enum dossier_word word)
{
    out_put(out, "<button type=button id=");
    out_put(out, id);
    out_put(out, ">");
    out_word(out, word);
    out_put(out, "</button> ");
}

/* Shown by the script: without it the buttons would do nothing. */
static void put_bar(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    char name[DOSSIER_FILE_NAME_SIZE_MAX];

    dossier_file_name(&self->scope, DOSSIER_HTML, out->lang, name);
    out_put(out, "<header class=\"bar screen\" id=bar hidden>");
    put_button(out, "print", WORD_PRINT);
    out_put(out, "<button type=button id=save data-name=\"");
    out_html(out, name);
    out_put(out, "\">");
    out_word(out, WORD_SAVE);
    out_put(out, "</button> ");
    if (!self->drill) {
        out_put(out, "<span class=kept>");
        out_word(out, WORD_WRITE_HERE);
        out_put(out, "</span><strong role=status>");
        out_word(out, WORD_UNSAVED);
        out_put(out, "</strong>");
    }
    out_put(out, "</header>\n");
}

static void put_document(struct dossier_out *out)
{
    char style[DOSSIER_SOURCE_SIZE_MAX];
    char script[DOSSIER_SOURCE_SIZE_MAX];

    dossier_source(dossier_style(), style);
    dossier_source(dossier_script(), script);
    out_put(out, "<!DOCTYPE html>\n<html lang=");
    out_put(out, out->lang == DOSSIER_JA ? "ja" : "en");
    out_put(out, "><head><meta charset=utf-8><meta name=viewport content="
                 "\"width=device-width,initial-scale=1\"><meta http-equiv="
                 "Content-Security-Policy content=\"default-src 'none'; style-src ");
    out_put(out, style);
    out_put(out, "; script-src ");
    out_put(out, script);
    out_put(out, "\"><title>");
    dossier_put_title(out, out_html);
    out_put(out, "</title><style>");
    out_put(out, (const char *)dossier_style().ptr); /* A literal: it ends with NUL. */
    out_put(out, "</style></head><body>\n");
    put_bar(out);
    out_put(out, "<main><h1>");
    dossier_put_title(out, out_html);
    out_put(out, "</h1>\n");
}

/* Which incident, when, and in what state. */
static void put_facts(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    char text[64];

    out_put(out, "<p class=meta>");
    if (self->scope.incident != 0) {
        (void)snprintf(text, sizeof(text), "%llu",
                       (unsigned long long)self->scope.incident);
        put_meta(out, WORD_INCIDENT, text);
    }
    if (self->incident_count > 0) {
        put_meta(
            out, WORD_STATE,
            dossier_say(out->lang, self->open ? WORD_STATE_OPEN : WORD_STATE_CLOSED));
        put_meta(out, WORD_FEATURE, self->feature[0] != '\0' ? self->feature : "-");
        put_meta(out, WORD_FOUND_BY, self->detector);
    }
    out_put(out, "<br>");
    out_word(out, WORD_RANGE);
    out_colon(out);
    put_meta_time(out, self->from_ms);
    out_put(out, " – ");
    put_meta_time(out, self->to_ms);
    out_put(out, "<br>");
    out_word(out, WORD_MADE);
    out_colon(out);
    put_meta_time(out, self->scope.now_ms);
    out_put(out, "</p>\n");
}

static void put_head(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    put_document(out);
    out_put(out, self->drill ? "<p class=\"gist drill\">" : "<p class=gist>");
    dossier_put_gist(out, out_html);
    out_put(out, "</p>\n");
    put_facts(out);
    if (self->incident_count > 0 && !self->drill) {
        html_note(out, self->open ? WORD_PRELIMINARY : WORD_FINAL);
    }
    html_note(out, self->scope.reveal ? WORD_NAMES_SHOWN : WORD_NAMES_HIDDEN);
}

static void put_card(struct dossier_out *out, uint64_t value, enum dossier_word word)
{
    out_put(out, "<div class=card><b>");
    out_u64(out, value);
    out_put(out, "</b><span>");
    out_word(out, word);
    out_put(out, "</span></div>");
}

/* What is asked first: of what was shown, how much; of what was withheld, that it was. */
static void put_cards(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    const struct dossier_tally *all = &self->tallies[DOSSIER_ALL];
    const struct dossier_tally *left = &self->tallies[DOSSIER_LEFT];
    enum dossier_reach reach = dossier_reach_of(self);

    out_put(out, "<div class=cards>");
    if (reach == DOSSIER_REACH_PARTLY) {
        put_card(out, left->cases, WORD_CASES_LEFT);
        put_card(out, all->cases - left->cases, WORD_CASES_WITHHELD);
        put_card(out, left->subjects, WORD_SUBJECTS_LEFT);
        put_card(out, left->viewers, WORD_VIEWERS_LEFT);
    } else {
        put_card(out, all->cases, dossier_word_of(self, WORD_CASES));
        if (reach == DOSSIER_REACH_SHOWN) {
            put_card(out, all->pairs, WORD_PAIRS);
        } else {
            put_card(out, reach == DOSSIER_REACH_SUSPECTED ? self->one_of_two_left : 0,
                     reach == DOSSIER_REACH_SUSPECTED ? WORD_ONE_OF_TWO_LEFT
                                                      : WORD_DISPLAYS_LEFT);
        }
        put_card(out, all->subjects, dossier_word_of(self, WORD_SUBJECTS));
        put_card(out, all->viewers, dossier_word_of(self, WORD_VIEWERS));
    }
    out_put(out, "</div>\n");
}

static void put_timeline(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->event_count == 0) {
        return;
    }
    html_heading(out, WORD_TIMELINE);
    out_put(out, "<ol class=line>\n");
    for (size_t i = 0; i < self->event_count; i++) {
        const struct dossier_event *event = &self->events[i];
        out_put(out, "<li class=");
        out_put(out, dossier_event_key(event->kind));
        out_put(out, "><time>");
        out_time(out, event->at_ms);
        out_put(out, "</time><b>");
        out_word(out, dossier_event_word(event));
        out_put(out, "</b> ");
        dossier_put_event(out, out_html, event);
        out_put(out, "</li>\n");
    }
    out_put(out, "</ol>\n");
}

static void put_clocks(struct dossier_out *out)
{
    if (out->dossier->detected_ms == 0) {
        return;
    }
    html_heading(out, WORD_CLOCKS);
    if (dossier_reach_of(out->dossier) == DOSSIER_REACH_WITHHELD) {
        html_note(out, WORD_CLOCK_WITHHELD);
    }
    out_put(out, "<table>");
    for (unsigned i = 0; i < DOSSIER_CLOCK_COUNT; i++) {
        struct dossier_clock clock = dossier_clock_at(out->dossier, i);
        out_put(out, "<tr>");
        html_td_time(out, clock.at_ms);
        html_td_word(out, clock.word);
        out_put(out, "</tr>\n");
    }
    out_put(out, "</table>\n");
    html_note(out, WORD_CLOCK_NOTE);
}

/* Written in the browser; the script saves it. */
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
    html_heading(out, heading);
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

/* Of a drill there is nothing to report. */
static void put_figures(struct dossier_out *out)
{
    put_cards(out);
    html_figures(out);
    html_outcomes(out);
    put_timeline(out);
    html_screens(out);
    html_grants(out);
    dossier_print_drawing(out);
    put_clocks(out);
    put_items(out, WORD_APPI, DOSSIER_APPI, 9);
    put_items(out, WORD_GDPR, DOSSIER_GDPR, 4);
    html_cases(out);
    if (out->dossier->scope.reveal) {
        html_persons(out);
    }
}

void dossier_print_html(struct dossier_out *out)
{
    put_head(out);
    if (out->dossier->drill) {
        put_timeline(out);
    } else {
        put_figures(out);
    }
    out_put(out, "</main>\n<script>");
    out_put(out, (const char *)dossier_script().ptr); /* Likewise. */
    out_put(out, "</script></body></html>\n");
}
