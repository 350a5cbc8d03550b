#include "record/dossier_html.h"

/* The first cell of a row. */
static void put_head(struct dossier_out *out, const struct dossier_figure *figure)
{
    out_put(out, figure->part ? "<tr><td class=part>" : "<tr><td>");
    out_word(out, figure->word);
    out_put(out, "</td>");
}

static void put_row(struct dossier_out *out, const struct dossier_figure *figure)
{
    put_head(out, figure);
    html_td_u64(out, figure->value);
    if (figure->has_left) {
        html_td_u64(out, figure->left);
    } else {
        html_td(out, "");
    }
    out_put(out, "</tr>\n");
}

void html_figures(struct dossier_out *out)
{
    html_heading(out, WORD_FIGURES);
    html_table(out, "figures");
    out_put(out, "<td></td>");
    html_th(out, WORD_IN_ALL, true);
    html_th(out, WORD_LEFT, true);
    out_put(out, "</tr>\n");
    for (unsigned i = 0; i < DOSSIER_FIGURE_COUNT; i++) {
        struct dossier_figure figure = dossier_figure_at(out->dossier, i);
        put_row(out, &figure);
    }
    html_table_end(out);
    html_note(out, dossier_edge_note(out->dossier));
}

void html_outcomes(struct dossier_out *out)
{
    const struct dossier_tally *tallies = out->dossier->tallies;

    html_heading(out, WORD_OUTCOMES);
    html_table(out, "outcomes");
    out_put(out, "<td></td>");
    for (size_t i = 0; i < DOSSIER_OUTCOME_COUNT; i++) {
        html_th(out, DOSSIER_OUTCOMES[i].word, true);
    }
    out_put(out, "</tr>\n");
    for (unsigned k = 0; k < DOSSIER_TALLY_COUNT; k++) {
        struct dossier_figure figure = dossier_tally_at(tallies, k);
        put_head(out, &figure);
        for (size_t i = 0; i < DOSSIER_OUTCOME_COUNT; i++) {
            html_td_u64(out,
                        dossier_tally_at(&tallies[DOSSIER_OUTCOMES[i].part], k).value);
        }
        out_put(out, "</tr>\n");
    }
    html_table_end(out);
}

void html_screens(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    char shows[DOSSIER_SHOWS_SIZE];

    if (self->screen_count == 0) {
        return;
    }
    html_heading(out, WORD_SCREENS);
    html_table(out, "screens");
    out_put(out, "<th scope=col class=wide>");
    out_word(out, WORD_SCREEN);
    out_put(out, "</th>");
    html_th(out, WORD_SHOWS, false);
    html_th(out, WORD_CASE_COUNT, true);
    html_th(out, WORD_DISPLAY_COUNT, true);
    html_th(out, WORD_LEFT, true);
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < self->screen_count; i++) {
        out_put(out, "<tr>");
        html_td(out, self->screens[i].screen);
        html_td(out, out_shows(out, &self->screens[i], shows));
        html_td_u64(out, self->screens[i].cases);
        html_td_u64(out, self->screens[i].displays);
        html_td_u64(out, self->screens[i].left);
        out_put(out, "</tr>\n");
    }
    html_table_end(out);
    html_note(out, WORD_SCREENS_NOTE);
}

void html_grants(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->grant_count == 0) {
        return;
    }
    html_heading(out, dossier_word_of(self, WORD_GRANTS));
    html_table(out, "grants");
    html_th(out, WORD_MARKER, false);
    html_th(out, WORD_VIEWER_COUNT, true);
    html_th(out, WORD_SUBJECTS_MAX, true);
    html_th(out, WORD_SUBJECTS_MEAN, true);
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < self->grant_count; i++) {
        out_put(out, "<tr>");
        html_td(out, self->grants[i].marker);
        html_td_u64(out, self->grants[i].viewers);
        html_td_u64(out, self->grants[i].subjects_max);
        html_td_u64(out, self->grants[i].subjects_mean);
        out_put(out, "</tr>\n");
    }
    html_table_end(out);
}

/* With numbers where there are several. */
static void put_case_outcome(struct dossier_out *out, const struct dossier_case *item)
{
    const uint64_t counts[DOSSIER_OUTCOME_COUNT] = {item->withheld, item->cut,
                                                    item->delivered};
    const char *between = "";

    out_put(out, "<td>");
    for (int i = DOSSIER_OUTCOME_COUNT - 1; i >= 0; i--) {
        if (counts[i] > 0) {
            out_put(out, between);
            out_word(out, DOSSIER_OUTCOMES[i].word);
            if (counts[i] < item->displays) {
                out_colon(out);
                out_u64(out, counts[i]);
            }
            between = "<br>";
        }
    }
    out_put(out, "</td>");
}

static void put_case(struct dossier_out *out, const struct dossier_case *item)
{
    const struct dossier *self = out->dossier;
    char text[DOSSIER_TIME_SIZE];

    out_put(out, "<tr>");
    dossier_time(item->first_ms, text);
    html_td(out, text);
    html_td(out, self->persons[item->viewer].name);
    html_td(out, self->persons[item->subject].name);
    html_td(out, item->screen_names);
    put_case_outcome(out, item);
    html_td_word(out, item->strong ? WORD_STRONG : WORD_WEAK);
    html_td_u64(out, item->displays);
    out_put(out, "</tr>\n");
}

static void put_case_heads(struct dossier_out *out)
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

    for (size_t i = 0; i < sizeof(HEADS) / sizeof(*HEADS); i++) {
        out_put(out, "<th scope=col class=");
        out_put(out, HEADS[i].width);
        out_put(out, ">");
        out_word(out, dossier_word_of(out->dossier, HEADS[i].word));
        out_put(out, "</th>");
    }
    out_put(out, "</tr>\n");
}

void html_cases(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->case_count == 0) {
        return;
    }
    html_heading(out, WORD_CASE_LIST);
    html_table(out, "cases");
    put_case_heads(out);
    for (size_t i = 0; i < self->case_count; i++) {
        put_case(out, &self->cases[i]);
    }
    html_table_end(out);
    if (self->case_count < self->tallies[DOSSIER_ALL].cases) {
        html_note(out, WORD_CASES_MORE);
    }
}

void html_persons(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    if (self->person_count == 0) {
        return;
    }
    html_heading(out, dossier_word_of(self, WORD_PERSONS));
    html_table(out, "persons");
    html_th(out, WORD_PERSON, false);
    html_th(out, dossier_word_of(self, WORD_SUBJECT), true);
    html_th(out, dossier_word_of(self, WORD_VIEWER), true);
    html_th(out, WORD_PERSON_LEFT, false);
    html_th(out, WORD_PERSON_RECEIVED, false);
    out_put(out, "</tr>\n");
    for (size_t i = 0; i < self->person_count; i++) {
        const struct dossier_person *person = &self->persons[i];
        out_put(out, "<tr>");
        html_td(out, person->name);
        html_td_u64(out, person->as_subject);
        html_td_u64(out, person->as_viewer);
        html_td_word(out, person->left ? WORD_YES : WORD_NO);
        html_td_word(out, person->received ? WORD_YES : WORD_NO);
        out_put(out, "</tr>\n");
    }
    html_table_end(out);
}
