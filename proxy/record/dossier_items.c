/* What the ledger can say to the items that regulators ask for. */
#include <string.h>

#include "record/dossier_say.h"

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

static void say_numbers(struct dossier_out *out, dossier_put_fn *put,
                        enum dossier_word word, uint64_t first, uint64_t second)
{
    dossier_put_sentence(out, put, word,
                         &(struct dossier_values){.numbers = {first, second}});
}

void dossier_put_number(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier_tally *all = &out->dossier->tallies[DOSSIER_ALL];
    const struct dossier_tally *left = &out->dossier->tallies[DOSSIER_LEFT];
    enum dossier_reach reach = dossier_reach_of(out->dossier);

    if (reach == DOSSIER_REACH_SHOWN) {
        say_numbers(out, put, WORD_PERSONS_SHOWN, all->subjects, all->viewers);
    } else if (reach == DOSSIER_REACH_PARTLY) {
        say_numbers(out, put, WORD_PERSONS_LEFT, left->subjects, left->viewers);
        if (all->subjects > left->subjects) {
            say_numbers(out, put, WORD_PERSONS_WITHHELD, all->subjects - left->subjects,
                        0);
        }
    } else if (reach == DOSSIER_REACH_WITHHELD) {
        say_numbers(out, put, WORD_PERSONS_NONE, all->subjects, all->viewers);
    } else {
        say_numbers(out, put, WORD_PERSONS_WITHHELD, all->subjects, 0);
    }
    if (all->both > 0) {
        say_numbers(out, put, WORD_PERSONS_BOTH, all->both, 0);
    }
    if (all->viewers_unidentified > 0) {
        say_numbers(out, put, WORD_PERSONS_UNIDENTIFIED, all->viewers_unidentified, 0);
    }
}

/* From when to when, and on which screens. */
static void put_where(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    enum dossier_reach reach = dossier_reach_of(self);
    char from[DOSSIER_TIME_SIZE];
    char to[DOSSIER_TIME_SIZE];

    dossier_time(self->first_ms, from);
    dossier_time(self->last_ms, to);
    dossier_put_sentence(out, put,
                         reach == DOSSIER_REACH_SHOWN    ? WORD_OVERVIEW_SHOWN
                         : reach == DOSSIER_REACH_PARTLY ? WORD_OVERVIEW_MIXED
                                                         : WORD_OVERVIEW_ABOUT,
                         &(struct dossier_values){.texts = {from, to}});
    for (size_t i = 0; i < self->screen_count; i++) {
        put(out, i > 0 ? " / " : "");
        put(out, self->screens[i].screen);
    }
    put(out, dossier_say(out->lang, WORD_STOP));
}

void dossier_put_overview(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    uint64_t cases = self->tallies[DOSSIER_ALL].cases;
    bool partly = dossier_reach_of(self) == DOSSIER_REACH_PARTLY;

    if (self->tallies[DOSSIER_ALL].displays == 0) {
        dossier_put_gist(out, put);
        return;
    }
    put_where(out, put);
    dossier_put_gist(out, put);
    say_numbers(out, put, partly ? WORD_CASES_ARE_PARTLY : WORD_CASES_ARE, cases,
                self->tallies[DOSSIER_LEFT].cases);
    dossier_put_number(out, put);
}

/* Is it of a screen of which something left, or of one of which something did not? */
static bool is_of(const struct dossier_screen *screen, bool left)
{
    return left ? screen->left > 0 : screen->displays > screen->left;
}

/* Is the same text listed for a screen before? */
static bool listed_before(const struct dossier *self, size_t index, bool left)
{
    for (size_t i = 0; i < index; i++) {
        if (is_of(&self->screens[i], left) &&
            strcmp(self->screens[i].shows, self->screens[index].shows) == 0) {
            return true;
        }
    }
    return false;
}

static void put_shows(struct dossier_out *out, dossier_put_fn *put, bool left)
{
    const struct dossier *self = out->dossier;
    const char *between = "";
    char shows[DOSSIER_SHOWS_SIZE];

    for (size_t i = 0; i < self->screen_count; i++) {
        const struct dossier_screen *screen = &self->screens[i];
        if (is_of(screen, left) && screen->shows[0] != '\0' &&
            !listed_before(self, i, left)) {
            put(out, between);
            put(out, out_shows(out, screen, shows));
            between = " / ";
        }
    }
    put(out, dossier_say(out->lang, WORD_STOP));
}

void dossier_put_data(struct dossier_out *out, dossier_put_fn *put)
{
    enum dossier_reach reach = dossier_reach_of(out->dossier);

    if (out->dossier->tallies[DOSSIER_ALL].displays == 0) {
        return;
    }
    if (reach == DOSSIER_REACH_PARTLY) {
        put(out, dossier_say(out->lang, WORD_DATA_LEFT));
    }
    if (reach == DOSSIER_REACH_PARTLY || reach == DOSSIER_REACH_SHOWN) {
        put_shows(out, put, true);
    }
    if (reach != DOSSIER_REACH_SHOWN) {
        put(out,
            dossier_say(out->lang, reach == DOSSIER_REACH_WITHHELD ? WORD_DATA_NONE
                                                                   : WORD_DATA_WITHHELD));
        put_shows(out, put, false);
    }
}

/* Heading, time, event, full stop. */
static void put_event(struct dossier_out *out, dossier_put_fn *put,
                      enum dossier_word heading, const struct dossier_event *event)
{
    char text[DOSSIER_TIME_SIZE];

    dossier_time(event->at_ms, text);
    put(out, dossier_say(out->lang, heading));
    put(out, dossier_say(out->lang, WORD_COLON));
    put(out, text);
    put(out, " ");
    dossier_put_event(out, put, event);
    put(out, dossier_say(out->lang, WORD_STOP));
}

/* Of ours the kind is told too. */
static void put_change(struct dossier_out *out, dossier_put_fn *put,
                       const struct dossier_event *event)
{
    put(out, dossier_say(out->lang, WORD_LAST_OURS));
    put(out, dossier_say(out->lang, WORD_COLON));
    put_event(out, put, dossier_event_word(event), event);
}

/* The last event of the kinds in `mask` before the first display; NULL: none is known. */
static const struct dossier_event *last_before(const struct dossier *self, unsigned mask)
{
    const struct dossier_event *last = NULL;

    for (size_t i = 0; i < self->event_count; i++) {
        const struct dossier_event *event = &self->events[i];
        if ((mask >> event->kind & 1U) != 0 && event->at_ms <= self->first_ms) {
            last = event;
        }
    }
    return last;
}

void dossier_put_cause(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    const struct dossier_event *site = last_before(self, 1U << DOSSIER_MARK);
    const struct dossier_event *ours =
        last_before(self, 1U << DOSSIER_CONFIGURATION | 1U << DOSSIER_OBSERVE |
                              1U << DOSSIER_ENFORCE);

    if (site != NULL) {
        put_event(out, put, WORD_LAST_SITE, site);
    }
    if (ours != NULL) {
        put_change(out, put, ours);
    }
    dossier_put_because(out, put);
    if (self->detector[0] != '\0') {
        put(out, dossier_say(out->lang, WORD_FOUND_BY));
        put(out, dossier_say(out->lang, WORD_COLON));
        put(out, self->detector);
        put(out, dossier_say(out->lang, WORD_COMMA));
        put(out, self->reason);
        put(out, dossier_say(out->lang, WORD_STOP));
    }
}

static const unsigned MEASURES = 1U << DOSSIER_TAKE_DOWN | 1U << DOSSIER_TRIAL |
                                 1U << DOSSIER_REOPENING | 1U << DOSSIER_ENFORCE;

void dossier_put_measures(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    uint64_t withheld = self->tallies[DOSSIER_WITHHELD].displays;

    if (withheld > 0) {
        say_numbers(out, put, WORD_MEASURE_WITHHELD, withheld, 0);
    }
    for (size_t i = 0; i < self->event_count; i++) {
        const struct dossier_event *event = &self->events[i];
        if (event->at_ms >= self->from_ms && (MEASURES >> event->kind & 1U) != 0) {
            put_event(out, put, dossier_event_word(event), event);
        }
    }
}
