/* Break-glass: when nothing was withheld, by whose order and why, and what was delivered
 * then. It is noted among the changes of configuration, and ended by a note, by its time,
 * or by a start of the proxy. */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "record/dossier_private.h"
#include "record/mode_note.h"

static struct dossier_glass *last_of(struct dossier *self)
{
    return self->glass_count > 0 ? &self->glasses[self->glass_count - 1] : NULL;
}

/* `900 s: why`: how long and why. False: it is not a note of ours. */
static bool read_order(struct dossier_work *work, struct span text,
                       struct dossier_glass *glass)
{
    struct span seconds = {0};
    struct span unit = {0};

    return span_next(&text, ' ', &seconds) && span_next(&text, ':', &unit) &&
           parse_u64(seconds, &glass->seconds) == ERR_NONE &&
           (glass->reason = dossier_text(work, span_trim(text))) != NULL;
}

static void begin(struct dossier_work *work, uint64_t at_ms, struct span who,
                  struct span text)
{
    struct dossier *self = work->dossier;
    struct dossier_glass glass = {.from_ms = at_ms};
    struct dossier_glass *last = last_of(self);

    if (!read_order(work, text, &glass)) {
        return;
    }
    glass.to_ms = at_ms + glass.seconds * 1000;
    glass.who = dossier_text(work, who);
    if (last != NULL && last->to_ms > at_ms) {
        last->to_ms = at_ms;
        last->replaced = true;
    }
    struct dossier_glass *added = dossier_add(work, &self->glasses, &self->glass_count,
                                              sizeof(glass), DOSSIER_ROWS_MAX);
    if (added != NULL) {
        *added = glass;
    }
}

static void end(struct dossier_work *work, uint64_t at_ms, struct span who,
                struct span reason)
{
    enum { LATE_MS = 60000 }; /* Its end is noted now and then. */
    struct dossier_glass *last = last_of(work->dossier);

    if (last == NULL || last->end_who != NULL || last->to_ms + LATE_MS < at_ms) {
        return;
    }
    last->to_ms = at_ms;
    last->end_who = dossier_text(work, who);
    last->end_reason = dossier_text(work, reason);
}

static void read_glasses(struct dossier_work *work)
{
    struct db_rows *rows = db_query(work->db,
                                    "SELECT at, who, summary FROM config_changes WHERE"
                                    " summary LIKE '" MODE_NOTE_OBSERVE "%' OR"
                                    " summary LIKE '" MODE_NOTE_END "%' OR"
                                    " who = 'start' ORDER BY id",
                                    NULL, 0);
    while (db_next(rows)) {
        struct span text = db_text(rows, 2);
        if (span_starts(text, SPAN(MODE_NOTE_OBSERVE))) {
            begin(work, db_u64(rows, 0), db_text(rows, 1),
                  span_from(text, sizeof(MODE_NOTE_OBSERVE) - 1));
        } else if (span_starts(text, SPAN(MODE_NOTE_END))) {
            end(work, db_u64(rows, 0), db_text(rows, 1),
                span_from(text, sizeof(MODE_NOTE_END) - 1));
        } else if (last_of(work->dossier) != NULL &&
                   last_of(work->dossier)->to_ms > db_u64(rows, 0)) {
            end(work, db_u64(rows, 0), db_text(rows, 1), SPAN(""));
        }
    }
    db_end(rows);
}

static bool covers(const struct dossier_glass *glass, uint64_t at_ms)
{
    return glass->from_ms <= at_ms && at_ms <= glass->to_ms;
}

/* Was it in force between these two? */
static void note_delivered(struct dossier *self, uint64_t first_ms, uint64_t last_ms)
{
    bool first_in_glass = false;
    bool last_in_glass = false;

    for (size_t i = 0; i < self->glass_count; i++) {
        struct dossier_glass *glass = &self->glasses[i];
        bool first = covers(glass, first_ms);
        bool last = covers(glass, last_ms);
        glass->delivered = glass->delivered || first || last;
        first_in_glass = first_in_glass || first;
        last_in_glass = last_in_glass || last;
    }
    self->observed = self->observed || !first_in_glass || !last_in_glass;
}

/* An old row may count several outcomes: then only its first time is that of its own. */
static void read_delivered(struct dossier_work *work)
{
    struct db_rows *rows = dossier_query(
        work,
        "SELECT DISTINCT first_at, CASE WHEN delivered = count THEN last_at ELSE first_at"
        " END" DOSSIER_SCOPE " AND delivered > 0 AND outcome = 'delivered'",
        NULL, 0);
    while (db_next(rows)) {
        note_delivered(work->dossier, db_u64(rows, 0), db_u64(rows, 1));
    }
    db_end(rows);
}

/* Those in the window, and the last before it. */
static bool is_told(const struct dossier *self, size_t index)
{
    const struct dossier_glass *glass = &self->glasses[index];
    bool next_is_before =
        index + 1 < self->glass_count && self->glasses[index + 1].from_ms < self->from_ms;

    return glass->from_ms <= self->to_ms &&
           (glass->to_ms >= self->from_ms || !next_is_before);
}

static void tell(struct dossier_work *work, const struct dossier_event *told)
{
    struct dossier *self = work->dossier;
    struct dossier_event *event = dossier_add(work, &self->events, &self->event_count,
                                              sizeof(*event), DOSSIER_ROWS_MAX);
    if (event != NULL) {
        *event = *told;
    }
}

/* `15m`, as it is ordered. */
static const char *duration(struct dossier_work *work, uint64_t seconds)
{
    char text[24];
    bool minutes = seconds >= 60 && seconds % 60 == 0;
    size_t len = format_u64(minutes ? seconds / 60 : seconds, text);

    text[len] = minutes ? 'm' : 's';
    return dossier_text(work,
                        (struct span){.ptr = (const uint8_t *)text, .len = len + 1});
}

static void tell_glass(struct dossier_work *work, const struct dossier_glass *glass)
{
    const struct dossier *self = work->dossier;

    tell(work, &(struct dossier_event){.at_ms = glass->from_ms,
                                       .kind = DOSSIER_OBSERVE,
                                       .about = duration(work, glass->seconds),
                                       .detail = glass->reason,
                                       .who = glass->who});
    if (!glass->replaced && glass->to_ms <= self->scope.now_ms) {
        tell(work, &(struct dossier_event){.at_ms = glass->to_ms,
                                           .kind = DOSSIER_ENFORCE,
                                           .detail = glass->end_reason,
                                           .who = glass->end_who});
    }
}

void dossier_read_modes(struct dossier_work *work)
{
    struct dossier *self = work->dossier;

    read_glasses(work);
    read_delivered(work);
    for (size_t i = 0; i < self->glass_count; i++) {
        if (is_told(self, i)) {
            tell_glass(work, &self->glasses[i]);
        }
    }
}
