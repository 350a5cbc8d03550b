#include "record/dossier_say.h"

#include <stdio.h>
#include <string.h>

#include "record/mode_note.h"

enum {
    PIECE_SIZE = 512, /* Of a sentence between two values. */
};

enum dossier_reach dossier_reach_of(const struct dossier *self)
{
    uint64_t left = self->tallies[DOSSIER_LEFT].displays;

    if (self->drill) {
        return DOSSIER_REACH_DRILL;
    }
    if (self->tallies[DOSSIER_ALL].displays + self->one_of_two == 0) {
        return DOSSIER_REACH_NOTHING;
    }
    if (left == 0) {
        return self->one_of_two_left == 0 ? DOSSIER_REACH_WITHHELD
                                          : DOSSIER_REACH_SUSPECTED;
    }
    return self->tallies[DOSSIER_WITHHELD].displays == 0 ? DOSSIER_REACH_SHOWN
                                                         : DOSSIER_REACH_PARTLY;
}

/* In the order of the columns: nothing left; a part left. */
static const struct {
    enum dossier_word word;
    enum dossier_word about;
    enum dossier_word mixed;
} VARIANTS[] = {
    {WORD_CASES, WORD_CASES_ABOUT, WORD_CASES_MIXED},
    {WORD_SUBJECTS, WORD_SUBJECTS_ABOUT, WORD_SUBJECTS_MIXED},
    {WORD_VIEWERS, WORD_VIEWERS_ABOUT, WORD_VIEWERS_MIXED},
    {WORD_GRANTS, WORD_GRANTS_ABOUT, WORD_GRANTS},
    {WORD_DRAWING, WORD_DRAWING_ABOUT, WORD_DRAWING},
    {WORD_VIEWER, WORD_VIEWER_ABOUT, WORD_VIEWER_ABOUT},
    {WORD_SUBJECT, WORD_SUBJECT_ABOUT, WORD_SUBJECT_ABOUT},
    {WORD_PERSONS, WORD_PERSONS_ABOUT, WORD_PERSONS},
};

enum dossier_word dossier_word_of(const struct dossier *self, enum dossier_word word)
{
    enum dossier_reach reach = dossier_reach_of(self);

    for (size_t i = 0;
         reach != DOSSIER_REACH_SHOWN && i < sizeof(VARIANTS) / sizeof(*VARIANTS); i++) {
        if (VARIANTS[i].word == word) {
            return reach == DOSSIER_REACH_PARTLY ? VARIANTS[i].mixed : VARIANTS[i].about;
        }
    }
    return word;
}

/* Rows of evidence end where an incident begins or ends, and nowhere else. */
enum dossier_word dossier_edge_note(const struct dossier *self)
{
    return self->scope.incident != 0 ? WORD_EDGE_NOTE : WORD_EDGE_NOTE_ASKED;
}

/* Puts the bytes up to `end`. */
static void put_piece(struct dossier_out *out, dossier_put_fn *put, const char *start,
                      const char *end)
{
    char piece[PIECE_SIZE];
    size_t len = (size_t)(end - start);

    CHECK(len < sizeof(piece));
    memcpy(piece, start, len);
    piece[len] = '\0';
    put(out, piece);
}

static void put_u64(struct dossier_out *out, dossier_put_fn *put, uint64_t value)
{
    char digits[32];
    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    put(out, digits);
}

/* `{one|many}` behind a number: returns what follows it. */
static const char *put_choice(struct dossier_out *out, dossier_put_fn *put,
                              const char *text, uint64_t number)
{
    const char *bar = strchr(text, '|');
    const char *end = strchr(text, '}');

    CHECK(bar != NULL && end != NULL && bar < end);
    if (number == 1) {
        put_piece(out, put, text + 1, bar);
    } else {
        put_piece(out, put, bar + 1, end);
    }
    return end + 1;
}

/* At a `%` or `$`: returns what follows the value. */
static const char *put_value(struct dossier_out *out, dossier_put_fn *put,
                             const char *text, const struct dossier_values *values)
{
    size_t index = (size_t)(text[1] - '1');

    if (text[0] == '$') {
        CHECK(index < sizeof(values->texts) / sizeof(*values->texts));
        put(out, values->texts[index]);
        return text + 2;
    }
    CHECK(index < sizeof(values->numbers) / sizeof(*values->numbers));
    if (text[2] == '{') {
        return put_choice(out, put, text + 2, values->numbers[index]);
    }
    put_u64(out, put, values->numbers[index]);
    return text + 2;
}

void dossier_put_sentence(struct dossier_out *out, dossier_put_fn *put,
                          enum dossier_word word, const struct dossier_values *values)
{
    const char *text = dossier_say(out->lang, word);

    for (;;) {
        const char *next = text + strcspn(text, "%$");
        put_piece(out, put, text, next);
        if (*next == '\0') {
            return;
        }
        text = put_value(out, put, next, values);
    }
}

void dossier_put_title(struct dossier_out *out, dossier_put_fn *put)
{
    static const enum dossier_word TITLES[DOSSIER_REACH_COUNT] = {
        [DOSSIER_REACH_NOTHING] = WORD_TITLE_NOTHING,
        [DOSSIER_REACH_DRILL] = WORD_TITLE_DRILL,
        [DOSSIER_REACH_WITHHELD] = WORD_TITLE_WITHHELD,
        [DOSSIER_REACH_SUSPECTED] = WORD_TITLE_SUSPECTED,
        [DOSSIER_REACH_PARTLY] = WORD_TITLE_PARTLY,
        [DOSSIER_REACH_SHOWN] = WORD_TITLE_SHOWN,
    };
    const struct dossier_scope *scope = &out->dossier->scope;
    bool named = scope->site[0] != '\0';

    put(out, dossier_say(out->lang, TITLES[dossier_reach_of(out->dossier)]));
    if (scope->incident == 0 && !named) {
        return;
    }
    put(out, dossier_say(out->lang, WORD_OPEN));
    if (scope->incident != 0) {
        dossier_put_sentence(out, put, WORD_INCIDENT_NUMBER,
                             &(struct dossier_values){.numbers = {scope->incident}});
        put(out, named ? dossier_say(out->lang, WORD_COMMA) : "");
    }
    put(out, scope->site);
    put(out, dossier_say(out->lang, WORD_CLOSE));
}

static void put_bound(struct dossier_out *out, dossier_put_fn *put)
{
    uint64_t bound = out->dossier->upper_bound;

    if (bound > 0) {
        dossier_put_sentence(out, put, WORD_GIST_BOUND,
                             &(struct dossier_values){.numbers = {bound}});
    }
}

void dossier_put_because(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    char from[DOSSIER_TIME_SIZE];
    char to[DOSSIER_TIME_SIZE];

    for (size_t i = 0; i < self->glass_count; i++) {
        const struct dossier_glass *glass = &self->glasses[i];
        if (glass->delivered) {
            dossier_time(glass->from_ms, from);
            dossier_time(glass->to_ms, to);
            dossier_put_sentence(
                out, put, WORD_GIST_GLASS,
                &(struct dossier_values){.texts = {from, to, glass->who, glass->reason}});
        }
    }
    if (self->observed) {
        put(out, dossier_say(out->lang, WORD_GIST_OBSERVED));
    }
}

static void put_left(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier_tally *tallies = out->dossier->tallies;
    const struct dossier_values values = {.numbers = {
                                              tallies[DOSSIER_ALL].displays,
                                              tallies[DOSSIER_LEFT].displays,
                                              tallies[DOSSIER_WITHHELD].displays,
                                          }};

    dossier_put_sentence(out, put,
                         dossier_reach_of(out->dossier) == DOSSIER_REACH_SHOWN
                             ? WORD_GIST_SHOWN
                             : WORD_GIST_PARTLY,
                         &values);
    if (tallies[DOSSIER_CUT].displays > 0) {
        dossier_put_sentence(
            out, put, WORD_GIST_CUT,
            &(struct dossier_values){.numbers = {tallies[DOSSIER_CUT].displays}});
    }
}

static void put_withheld(struct dossier_out *out, dossier_put_fn *put)
{
    uint64_t withheld = out->dossier->tallies[DOSSIER_WITHHELD].displays;

    if (withheld > 0) {
        dossier_put_sentence(out, put, WORD_MEASURE_WITHHELD,
                             &(struct dossier_values){.numbers = {withheld}});
    }
}

void dossier_put_gist(struct dossier_out *out, dossier_put_fn *put)
{
    const struct dossier *self = out->dossier;
    const struct dossier_values withheld = {
        .numbers = {self->tallies[DOSSIER_WITHHELD].displays + self->one_of_two}};
    const struct dossier_values suspected = {.numbers = {self->one_of_two_left}};

    switch (dossier_reach_of(self)) {
    case DOSSIER_REACH_DRILL:
        put(out, dossier_say(out->lang, WORD_DRILL));
        return;
    case DOSSIER_REACH_NOTHING:
        put(out, dossier_say(out->lang, WORD_NOTHING));
        break;
    case DOSSIER_REACH_WITHHELD:
        dossier_put_sentence(out, put, WORD_GIST_WITHHELD, &withheld);
        break;
    case DOSSIER_REACH_SUSPECTED:
        dossier_put_sentence(out, put, WORD_GIST_SUSPECTED, &suspected);
        put_withheld(out, put);
        break;
    case DOSSIER_REACH_PARTLY:
    case DOSSIER_REACH_SHOWN:
        put_left(out, put);
        break;
    case DOSSIER_REACH_COUNT:
        UNREACHABLE();
    }
    dossier_put_because(out, put);
    put_bound(out, put);
}

static const struct {
    const char *key;
    enum dossier_word word;
} EVENTS[DOSSIER_KIND_COUNT] = {
    [DOSSIER_CONFIGURATION] = {"configuration-change", WORD_EVENT_CONFIGURATION},
    [DOSSIER_MARK] = {"mark", WORD_EVENT_MARK},
    [DOSSIER_OBSERVE] = {"mode-observe", WORD_EVENT_OBSERVE},
    [DOSSIER_ENFORCE] = {"mode-enforce", WORD_EVENT_ENFORCE},
    [DOSSIER_FIRST_DISPLAY] = {"first-display", WORD_EVENT_FIRST_DISPLAY},
    [DOSSIER_FIRST_LEFT] = {"first-left", WORD_EVENT_FIRST_LEFT},
    [DOSSIER_DETECTION] = {"detection", WORD_EVENT_DETECTION},
    [DOSSIER_TAKE_DOWN] = {"take-down", WORD_EVENT_TAKE_DOWN},
    [DOSSIER_TRIAL] = {"trial", WORD_EVENT_TRIAL},
    [DOSSIER_REOPENING] = {"reopening", WORD_EVENT_REOPENING},
    [DOSSIER_CLOSING] = {"closing", WORD_EVENT_CLOSING},
};

enum dossier_word dossier_event_word(const struct dossier_event *event)
{
    return event->kind == DOSSIER_FIRST_DISPLAY && event->withheld
               ? WORD_EVENT_FIRST_WITHHELD
               : EVENTS[event->kind].word;
}

const char *dossier_event_key(enum dossier_kind kind)
{
    return EVENTS[kind].key;
}

/* What we note ourselves is said in the report's language. */
static const char *translated(const struct dossier_out *out, const char *text)
{
    static const struct {
        const char *note;
        enum dossier_word word;
    } NOTES[] = {{MODE_NOTE_TIME_OVER, WORD_TIME_OVER},
                 {"in force", WORD_IN_FORCE},
                 {"start", WORD_BY_START},
                 {"upgrade", WORD_BY_UPGRADE}};

    for (size_t i = 0; i < sizeof(NOTES) / sizeof(*NOTES); i++) {
        if (strcmp(text, NOTES[i].note) == 0) {
            return dossier_say(out->lang, NOTES[i].word);
        }
    }
    return text;
}

static bool says(const char *text)
{
    return text != NULL && text[0] != '\0';
}

void dossier_put_event(struct dossier_out *out, dossier_put_fn *put,
                       const struct dossier_event *event)
{
    if (says(event->about)) {
        put(out, event->about);
        put(out, says(event->detail) ? dossier_say(out->lang, WORD_COLON) : "");
    }
    put(out, says(event->detail) ? translated(out, event->detail) : "");
    if (says(event->who)) {
        put(out, dossier_say(out->lang, WORD_OPEN));
        put(out, translated(out, event->who));
        put(out, dossier_say(out->lang, WORD_CLOSE));
    }
}
