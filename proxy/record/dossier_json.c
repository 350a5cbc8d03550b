#include <stdio.h>
#include <string.h>

#include "base/items.h"
#include "base/json_write.h"
#include "record/dossier_say.h"

static void write_text(struct json_write *json, const char *name, const char *text)
{
    json_write_member(json, name, span_of(text));
}

static void write_tally(struct json_write *json, const char *name,
                        const struct dossier_tally *tally)
{
    json_write_key(json, name);
    json_write_begin_object(json);
    for (unsigned i = 0; i < DOSSIER_TALLY_COUNT; i++) {
        struct dossier_figure figure = dossier_tally_at(tally, i);
        json_write_member_u64(json, figure.key, figure.value);
    }
    json_write_end_object(json);
}

/* `outcomes` counts displays; `by_outcome` everything else for each of them. */
static void write_outcomes(struct json_write *json, const struct dossier *self)
{
    const struct dossier_tally *tallies = self->tallies;

    json_write_key(json, "outcomes");
    json_write_begin_object(json);
    json_write_member_u64(json, "withheld", tallies[DOSSIER_WITHHELD].displays);
    json_write_member_u64(json, "cut", tallies[DOSSIER_CUT].displays);
    json_write_member_u64(json, "delivered", tallies[DOSSIER_DELIVERED].displays);
    json_write_end_object(json);
    json_write_key(json, "by_outcome");
    json_write_begin_object(json);
    write_tally(json, "withheld", &tallies[DOSSIER_WITHHELD]);
    write_tally(json, "cut", &tallies[DOSSIER_CUT]);
    write_tally(json, "delivered", &tallies[DOSSIER_DELIVERED]);
    json_write_end_object(json);
}

static void write_screens(struct json_write *json, const struct dossier *self)
{
    json_write_key(json, "screens");
    json_write_begin_array(json);
    for (size_t i = 0; i < self->screen_count; i++) {
        const struct dossier_screen *screen = &self->screens[i];
        json_write_begin_object(json);
        write_text(json, "screen", screen->screen);
        items_write(json, "shows", span_of(screen->shows));
        json_write_member_u64(json, "displays", screen->displays);
        json_write_member_u64(json, "left", screen->left);
        json_write_member_u64(json, "cases", screen->cases);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_grants(struct json_write *json, const struct dossier *self)
{
    json_write_key(json, "grants");
    json_write_begin_array(json);
    for (size_t i = 0; i < self->grant_count; i++) {
        const struct dossier_grant *grant = &self->grants[i];
        json_write_begin_object(json);
        write_text(json, "marker", grant->marker);
        json_write_member_u64(json, "viewers", grant->viewers);
        json_write_member_u64(json, "subjects_max", grant->subjects_max);
        json_write_member_u64(json, "subjects_mean", grant->subjects_mean);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

/* What `put` says, as a member. */
static void write_said(struct json_write *json, const struct dossier_out *out,
                       const char *name, dossier_say_fn *say)
{
    struct page page = {0};
    struct dossier_out said = {.dossier = out->dossier, .page = &page, .lang = out->lang};

    say(&said, out_put);
    json_write_member(json, name, span_trim(page_text(&page)));
    page_free(&page);
}

static void write_event(struct json_write *json, const struct dossier_out *out,
                        const struct dossier_event *event)
{
    struct page page = {0};
    struct dossier_out said = {.dossier = out->dossier, .page = &page, .lang = out->lang};

    out_word(&said, dossier_event_word(event));
    size_t len = page_text(&page).len;
    out_colon(&said);
    size_t head = page_text(&page).len;
    dossier_put_event(&said, out_put, event);
    struct span text = page_text(&page);
    json_write_begin_object(json);
    json_write_member_time(json, "at", event->at_ms);
    json_write_member(json, "event", text.len > head ? text : span_first(text, len));
    write_text(json, "kind", dossier_event_key(event->kind));
    json_write_end_object(json);
    page_free(&page);
}

static void write_timeline(struct json_write *json, const struct dossier_out *out)
{
    json_write_key(json, "timeline");
    json_write_begin_array(json);
    for (size_t i = 0; i < out->dossier->event_count; i++) {
        write_event(json, out, &out->dossier->events[i]);
    }
    json_write_end_array(json);
}

static void write_clocks(struct json_write *json, const struct dossier *self)
{
    json_write_key(json, "deadlines");
    json_write_begin_object(json);
    for (unsigned i = 0; i < DOSSIER_CLOCK_COUNT && !self->drill; i++) {
        struct dossier_clock clock = dossier_clock_at(self, i);
        json_write_member_time(json, clock.key, clock.at_ms);
    }
    json_write_end_object(json);
}

static void write_cases(struct json_write *json, const struct dossier *self)
{
    json_write_member_bool(json, "case_list_complete",
                           self->case_count >= self->tallies[DOSSIER_ALL].cases);
    json_write_key(json, "case_list");
    json_write_begin_array(json);
    for (size_t i = 0; i < self->case_count; i++) {
        const struct dossier_case *item = &self->cases[i];
        json_write_begin_object(json);
        write_text(json, "viewer", self->persons[item->viewer].name);
        json_write_member_bool(json, "viewer_identified",
                               self->persons[item->viewer].identified);
        write_text(json, "subject", self->persons[item->subject].name);
        json_write_member_u64(json, "screens", item->screens);
        write_text(json, "screen_names", item->screen_names);
        json_write_member_u64(json, "displays", item->displays);
        json_write_member_u64(json, "withheld", item->withheld);
        json_write_member_u64(json, "cut", item->cut);
        json_write_member_u64(json, "delivered", item->delivered);
        json_write_member_bool(json, "strong", item->strong);
        json_write_member_time(json, "first_at", item->first_ms);
        json_write_member_time(json, "last_at", item->last_ms);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

/* Only for whoever may see values. */
static void write_persons(struct json_write *json, const struct dossier *self)
{
    json_write_key(json, "persons");
    json_write_begin_array(json);
    for (size_t i = 0; i < self->person_count; i++) {
        const struct dossier_person *person = &self->persons[i];
        json_write_begin_object(json);
        write_text(json, "person", person->name);
        json_write_member_bool(json, "identified", person->identified);
        json_write_member_u64(json, "as_subject", person->as_subject);
        json_write_member_u64(json, "as_viewer", person->as_viewer);
        json_write_member_bool(json, "bytes_left", person->left);
        json_write_member_bool(json, "received", person->received);
        json_write_end_object(json);
    }
    json_write_end_array(json);
}

static void write_head(struct json_write *json, const struct dossier_out *out)
{
    const struct dossier *self = out->dossier;

    write_said(json, out, "title", dossier_put_title);
    write_said(json, out, "summary", dossier_put_gist);
    json_write_member_bool(json, "drill", self->drill);
    if (self->scope.site[0] != '\0') {
        write_text(json, "site", self->scope.site);
    }
    if (self->scope.incident != 0) {
        json_write_member_u64(json, "incident", self->scope.incident);
    }
    write_text(json, "feature", self->feature);
    json_write_member(json, "state", self->open ? SPAN("open") : SPAN("closed"));
    json_write_member(json, "stage",
                      self->drill  ? SPAN("drill")
                      : self->open ? SPAN("preliminary")
                                   : SPAN("final"));
    json_write_member_time(json, "made_at", self->scope.now_ms);
    json_write_member_time(json, "from", self->from_ms);
    json_write_member_time(json, "to", self->to_ms);
    json_write_member_time(json, "detected_at", self->detected_ms);
}

void dossier_print_json(struct dossier_out *out)
{
    const struct dossier *self = out->dossier;
    struct json_write json;

    json_write_init(&json, PAGE_SIZE_MAX);
    json_write_begin_object(&json);
    write_head(&json, out);
    for (unsigned i = 0; i < DOSSIER_FIGURE_COUNT; i++) {
        struct dossier_figure figure = dossier_figure_at(self, i);
        json_write_member_u64(&json, figure.key, figure.value);
    }
    write_outcomes(&json, self);
    write_screens(&json, self);
    write_grants(&json, self);
    write_timeline(&json, out);
    write_clocks(&json, self);
    write_cases(&json, self);
    if (self->scope.reveal) {
        write_persons(&json, self);
    }
    json_write_end_object(&json);
    struct span text = json_write_result(&json);
    if (text.len == 0) {
        out->page->failed = true;
    }
    page_put(out->page, text);
    json_write_free(&json);
}
