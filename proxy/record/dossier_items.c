/* What the ledger can say to the items that regulators ask for. */
#include <stdio.h>
#include <string.h>

#include "record/dossier_out.h"

const struct dossier_item DOSSIER_APPI[9] = {
    {dossier_put_overview, WORD_APPI_1, true},
    {dossier_put_data, WORD_APPI_2, false},
    {dossier_put_number, WORD_APPI_3, false},
    {dossier_put_cause, WORD_APPI_4, true},
    {NULL, WORD_APPI_5, true},
    {NULL, WORD_APPI_6, true},
    {NULL, WORD_APPI_7, true},
    {NULL, WORD_APPI_8, true},
    {NULL, WORD_APPI_9, true},
};

const struct dossier_item DOSSIER_GDPR[4] = {
    {dossier_put_overview, WORD_GDPR_A, true},
    {NULL, WORD_GDPR_B, true},
    {NULL, WORD_GDPR_C, true},
    {dossier_put_measures, WORD_GDPR_D, true},
};

static void put_figure(struct dossier_out *out, dossier_put_fn *put,
                       enum dossier_word word, uint64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), ": %llu; ", (unsigned long long)value);
    put(out, dossier_say(out->lang, word));
    put(out, text);
}

static void put_time(struct dossier_out *out, dossier_put_fn *put, uint64_t at_ms)
{
    char text[DOSSIER_TIME_SIZE];
    dossier_time(at_ms, text);
    put(out, text);
}

void dossier_put_number(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;

    put_figure(out, put, WORD_SUBJECTS, self->tallies[DOSSIER_ALL].subjects);
    put_figure(out, put, WORD_VIEWERS, self->tallies[DOSSIER_ALL].viewers);
    put_figure(out, put, WORD_BOTH, self->tallies[DOSSIER_ALL].both);
}

void dossier_put_overview(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;

    if (self->tallies[DOSSIER_ALL].displays == 0) {
        put(out, dossier_say(out->lang, WORD_NOTHING));
        return;
    }
    put_time(out, put, self->from_ms);
    put(out, " – ");
    put_time(out, put, self->to_ms);
    put(out, ": ");
    put(out, dossier_say(out->lang, WORD_SAW));
    put(out, " ");
    for (size_t i = 0; i < self->screen_count; i++) {
        put(out, self->screens[i].screen);
        put(out, i + 1 < self->screen_count ? " / " : ". ");
    }
    put_figure(out, put, WORD_CASES, self->tallies[DOSSIER_ALL].cases);
    dossier_put_number(out, put);
    put_figure(out, put, WORD_WITHHELD, self->tallies[DOSSIER_WITHHELD].cases);
    put_figure(out, put, WORD_CUT, self->tallies[DOSSIER_CUT].cases);
    put_figure(out, put, WORD_DELIVERED, self->tallies[DOSSIER_DELIVERED].cases);
}

/* Is the same text listed for a screen before? */
static bool listed_before(const struct dossier *self, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(self->screens[i].shows, self->screens[index].shows) == 0) {
            return true;
        }
    }
    return false;
}

void dossier_put_data(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    const char *between = "";

    for (size_t i = 0; i < self->screen_count; i++) {
        if (self->screens[i].shows[0] != '\0' && !listed_before(self, i)) {
            put(out, between);
            put(out, self->screens[i].shows);
            between = " / ";
        }
    }
}

static void put_event(struct dossier_out *out, dossier_put_fn *put,
                      const struct dossier_event *event)
{
    put(out, " ");
    put_time(out, put, event->at_ms);
    put(out, " ");
    put(out, event->detail);
    put(out, ". ");
}

void dossier_put_cause(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    const struct dossier_event *last = NULL;

    for (size_t i = 0; i < self->event_count; i++) {
        const struct dossier_event *event = &self->events[i];
        bool is_change =
            event->kind == DOSSIER_CONFIGURATION || event->kind == DOSSIER_MARK;
        if (is_change && event->at_ms <= self->from_ms) {
            last = event;
        }
    }
    if (last != NULL) {
        put(out, dossier_say(out->lang, WORD_LAST_CHANGE));
        put_event(out, put, last);
    }
    if (self->detector[0] != '\0') {
        put(out, dossier_say(out->lang, WORD_FOUND_BY));
        put(out, ": ");
        put(out, self->detector);
        put(out, ", ");
        put(out, self->reason);
        put(out, ". ");
    }
}

void dossier_put_measures(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;

    for (size_t i = 0; i < self->event_count; i++) {
        if (self->events[i].kind == DOSSIER_TAKE_DOWN) {
            put(out, dossier_say(out->lang, WORD_TAKEN_DOWN));
            put_event(out, put, &self->events[i]);
        }
    }
}
