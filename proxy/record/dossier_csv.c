/* One table: section, item, name, value. Section and name are words of the JSON. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "record/dossier_say.h"

enum {
    ITEM_SIZE = 32,
};

/* A spreadsheet would run what begins like a formula. */
static bool begins_formula(const char *text)
{
    return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

static void put_cell(struct dossier_out *out, const char *text, const char *end)
{
    struct span rest = span_of(text);

    out_put(out, "\"");
    if (begins_formula(text)) {
        out_put(out, "'");
    }
    while (rest.len > 0) {
        size_t len = utf8_sequence_len(rest);
        if (len == 0) {
            out_put(out, "\xef\xbf\xbd");
        } else if (len == 1 && rest.ptr[0] == '"') {
            out_put(out, "\"\"");
        } else if (len == 1 && rest.ptr[0] < ' ') {
            out_put(out, " ");
        } else {
            page_put(out->page, span_first(rest, len));
        }
        rest = span_from(rest, len > 0 ? len : 1);
    }
    out_put(out, "\"");
    out_put(out, end);
}

static void put_row(struct dossier_out *out, const char *section, const char *item,
                    const char *name, const char *value)
{
    put_cell(out, section, ",");
    put_cell(out, item, ",");
    put_cell(out, name, ",");
    put_cell(out, value, "\r\n");
}

static void put_number(struct dossier_out *out, const char *section, const char *item,
                       const char *name, uint64_t value)
{
    char text[ITEM_SIZE];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    put_row(out, section, item, name, text);
}

static void put_time(struct dossier_out *out, const char *section, const char *item,
                     const char *name, uint64_t at_ms)
{
    char text[DOSSIER_TIME_SIZE];
    dossier_time(at_ms, text);
    put_row(out, section, item, name, text);
}

static void put_figures(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    for (unsigned i = 0; i < DOSSIER_FIGURE_COUNT; i++) {
        struct dossier_figure figure = dossier_figure_at(self, i);
        put_number(out, "figures", "", figure.key, figure.value);
    }
    for (size_t i = 0; i < DOSSIER_OUTCOME_COUNT; i++) {
        const struct dossier_tally *tally = &self->tallies[DOSSIER_OUTCOMES[i].part];
        const char *name = DOSSIER_OUTCOMES[i].key;
        for (unsigned k = 0; k < DOSSIER_TALLY_COUNT; k++) {
            struct dossier_figure figure = dossier_tally_at(tally, k);
            put_number(out, "outcomes", name, figure.key, figure.value);
        }
    }
}

/* What `say` says, in one cell. */
static void put_said(struct dossier_out *out, const char *name, dossier_say_fn *say)
{
    struct page page = {0};
    struct dossier_out said = {.dossier = out->dossier, .page = &page, .lang = out->lang};

    say(&said, out_put);
    page_put(&page, (struct span){.ptr = (const uint8_t *)"", .len = 1});
    put_row(out, "report", "", name,
            page.failed ? "" : (const char *)page_text(&page).ptr);
    page_free(&page);
}

static void put_event(struct dossier_out *out, const struct dossier_event *event)
{
    char at[DOSSIER_TIME_SIZE];
    struct page page = {0};
    struct dossier_out said = {.dossier = out->dossier, .page = &page, .lang = out->lang};

    dossier_time(event->at_ms, at);
    dossier_put_event(&said, out_put, event);
    page_put(&page, (struct span){.ptr = (const uint8_t *)"", .len = 1});
    put_row(out, "timeline", at, dossier_event_key(event->kind),
            page.failed ? "" : (const char *)page_text(&page).ptr);
    page_free(&page);
}

static void put_tables(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    char shows[DOSSIER_SHOWS_SIZE];

    for (size_t i = 0; i < self->screen_count; i++) {
        const struct dossier_screen *screen = &self->screens[i];
        put_row(out, "screens", screen->screen, "shows", out_shows(out, screen, shows));
        put_number(out, "screens", screen->screen, "displays", screen->displays);
        put_number(out, "screens", screen->screen, "left", screen->left);
        put_number(out, "screens", screen->screen, "cases", screen->cases);
    }
    for (size_t i = 0; i < self->grant_count; i++) {
        const struct dossier_grant *grant = &self->grants[i];
        put_number(out, "grants", grant->marker, "viewers", grant->viewers);
        put_number(out, "grants", grant->marker, "subjects_max", grant->subjects_max);
        put_number(out, "grants", grant->marker, "subjects_mean", grant->subjects_mean);
    }
    for (size_t i = 0; i < self->event_count; i++) {
        put_event(out, &self->events[i]);
    }
    for (unsigned i = 0; i < DOSSIER_CLOCK_COUNT && !self->drill; i++) {
        struct dossier_clock clock = dossier_clock_at(self, i);
        put_time(out, "deadlines", "", clock.key, clock.at_ms);
    }
}

static void put_case(struct dossier_out *out, const char *number,
                     const struct dossier_case *item)
{
    const struct dossier *self = out->dossier;

    put_row(out, "case_list", number, "viewer", self->persons[item->viewer].name);
    put_row(out, "case_list", number, "subject", self->persons[item->subject].name);
    put_row(out, "case_list", number, "screens", item->screen_names);
    put_number(out, "case_list", number, "displays", item->displays);
    put_number(out, "case_list", number, "withheld", item->withheld);
    put_number(out, "case_list", number, "cut", item->cut);
    put_number(out, "case_list", number, "delivered", item->delivered);
    put_row(out, "case_list", number, "strength", item->strong ? "strong" : "weak");
    put_time(out, "case_list", number, "first_at", item->first_ms);
    put_time(out, "case_list", number, "last_at", item->last_ms);
}

static void put_person(struct dossier_out *out, const struct dossier_person *person)
{
    put_number(out, "persons", person->name, "as_subject", person->as_subject);
    put_number(out, "persons", person->name, "as_viewer", person->as_viewer);
    put_row(out, "persons", person->name, "bytes_left", person->left ? "yes" : "no");
    put_row(out, "persons", person->name, "received", person->received ? "yes" : "no");
}

void dossier_print_csv(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    char number[ITEM_SIZE];

    put_row(out, "section", "item", "name", "value");
    put_said(out, "title", dossier_put_title);
    put_said(out, "summary", dossier_put_gist);
    put_figures(out);
    put_tables(out);
    for (size_t i = 0; i < self->case_count; i++) {
        (void)snprintf(number, sizeof(number), "%zu", i + 1);
        put_case(out, number, &self->cases[i]);
    }
    for (size_t i = 0; self->scope.reveal && i < self->person_count; i++) {
        put_person(out, &self->persons[i]);
    }
}
