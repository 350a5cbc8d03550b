/* What a change of configuration leaves behind: ledger, alert, log (graph.h). */
#include <stdio.h>
#include <string.h>

#include "app/difference.h"
#include "app/graph.h"
#include "app/kept.h"
#include "app/listing.h"
#include "base/log.h"

static const char KEPT_NAME[] = "config.last";

enum {
    DATA_MAX = 16384,
    CHANGES_TOLD_MAX = 20, /* In an alert; `count` says how many there are. */
};

void graph_note_config(struct graph *self, const char *who, const char *summary)
{
    char labels[128];

    (void)snprintf(labels, sizeof(labels), "hash=\"%s\"", self->config->hash);
    stats_retire(self->shared.stats, STAT_CONFIG_INFO);
    stats_set(self->stats, stats_series(self->shared.stats, STAT_CONFIG_INFO, labels), 1);
    stats_set(self->stats, stats_series(self->shared.stats, STAT_CONFIG_RELOAD_OK, ""),
              1);
    self->config_loaded_at_ms = loop_unix_ms(self->loop);
    if (!recorder_note_config(self->recorder, self->config->hash, who, summary)) {
        log_write(LOG_LEVEL_WARNING, "the change of configuration is not in the ledger: "
                                     "its queue is full");
    }
}

static void add_lines(struct listing *out, const struct difference *difference,
                      enum effect effect, const char *head)
{
    const char *text = NULL;

    for (size_t i = 0; (text = difference_text(difference, effect, i)) != NULL; i++) {
        listing_add(out, head, text, "");
    }
}

/* How many lines of an effect are only counted. */
static size_t lost_count(const struct difference *difference, enum effect effect)
{
    size_t count = difference_count(difference, effect);

    return count > DIFFERENCE_LINES_MAX ? count - DIFFERENCE_LINES_MAX : 0;
}

/* One line: the reason, then what is weaker, then what is stronger, while there is room.
 */
static void summarise(const struct difference *difference, const char *accepted,
                      char *summary_out)
{
    struct listing out = listing_of(summary_out, RECORDER_NOTE_SIZE_MAX - 1);
    size_t lost =
        lost_count(difference, EFFECT_WEAKER) + lost_count(difference, EFFECT_STRONGER);

    writer_text(&out.out, "in force");
    if (difference_count(difference, EFFECT_WEAKER) > 0) {
        writer_text(&out.out, ", weaker: ");
        writer_text(&out.out, accepted);
    }
    add_lines(&out, difference, EFFECT_WEAKER, "; weaker: ");
    add_lines(&out, difference, EFFECT_STRONGER, "; stronger: ");
    summary_out[listing_end(&out, lost, "; ", "").len] = '\0';
}

/* What an alert of it says; texts are lent. */
struct told {
    const char *who;
    const char *reason;
    size_t count;
    const char *lines[CHANGES_TOLD_MAX];
};

static void alert(struct graph *self, const struct told *told)
{
    struct json_write data;

    json_write_init(&data, DATA_MAX);
    json_write_begin_object(&data);
    json_write_member(&data, "who", span_of(told->who));
    json_write_member(&data, "reason", span_of(told->reason));
    json_write_member(&data, "config", span_of(self->config->hash));
    json_write_member_u64(&data, "count", told->count);
    json_write_key(&data, "weaker");
    json_write_begin_array(&data);
    for (size_t i = 0; i < CHANGES_TOLD_MAX && told->lines[i] != NULL; i++) {
        json_write_text(&data, span_of(told->lines[i]));
    }
    json_write_end_array(&data);
    json_write_end_object(&data);
    if (!recorder_alert(self->recorder, "", "config.weaker", json_write_result(&data))) {
        log_write(LOG_LEVEL_ERROR, "the alert config.weaker was not taken");
    }
    json_write_free(&data);
}

static void alert_reload(struct graph *self, const struct difference *difference,
                         const char *who, const char *reason)
{
    struct told told = {.who = who,
                        .reason = reason,
                        .count = difference_count(difference, EFFECT_WEAKER)};

    for (size_t i = 0; i < CHANGES_TOLD_MAX; i++) {
        told.lines[i] = difference_text(difference, EFFECT_WEAKER, i);
    }
    alert(self, &told);
}

/* For the next start. */
static void keep(struct graph *self)
{
    char path[STATE_DIR_PATH_MAX + 64];
    const char *error = "it is too large";

    state_dir_file(self->state_dir, KEPT_NAME, path);
    if (self->config->kept.len > 0) {
        error = kept_store(path, self->config->kept);
    }
    if (error != NULL) {
        log_write(LOG_LEVEL_ERROR,
                  "the configuration in force is not kept for the next start: %s: %s",
                  path, error);
    }
}

/* What a successor takes over goes on: break-glass is not ended by it. */
static const char *starter_of(const struct graph *self)
{
    return self->successor.joined ? "upgrade" : "start";
}

static void alert_start(struct graph *self, const struct report *report)
{
    struct told told = {.who = "start",
                        .reason = "the proxy was started with it",
                        .count = report_warning_count(report)};
    struct report_problem problem;
    char summary[RECORDER_NOTE_SIZE_MAX];
    struct listing out = listing_of(summary, sizeof(summary) - 1);
    size_t kept = 0;

    writer_text(&out.out, "in force, weaker than before the start");
    for (; report_problem(report, kept, &problem); kept++) {
        log_write(LOG_LEVEL_WARNING, "weaker than before the start: %s", problem.message);
        listing_add(&out, "; weaker: ", problem.message, "");
        if (kept < CHANGES_TOLD_MAX) {
            told.lines[kept] = problem.message;
        }
    }
    summary[listing_end(&out, told.count - kept, "; ", "").len] = '\0';
    graph_note_config(self, starter_of(self), summary);
    alert(self, &told);
}

void graph_note_start(struct graph *self)
{
    char path[STATE_DIR_PATH_MAX + 64];
    struct report *report = report_new();

    state_dir_file(self->state_dir, KEPT_NAME, path);
    if (report == NULL) {
        graph_note_config(self, starter_of(self),
                          "in force; no memory to tell what changed");
    } else if (kept_check(path, state_dir_used(self->state_dir), self->config, report)) {
        graph_note_config(self, starter_of(self), "in force");
    } else {
        alert_start(self, report);
    }
    report_free(&report);
    keep(self);
}

void graph_note_reload(struct graph *self, const struct config *old, const char *who,
                       const char *accepted)
{
    char summary[RECORDER_NOTE_SIZE_MAX];
    struct difference *difference = difference_new(old, self->config, TAKEN_BY_RELOAD);

    if (difference == NULL) {
        graph_note_config(self, who, "in force; no memory to tell what changed");
        return;
    }
    summarise(difference, accepted != NULL ? accepted : "", summary);
    graph_note_config(self, who, summary);
    if (difference_count(difference, EFFECT_WEAKER) > 0) {
        alert_reload(self, difference, who, accepted != NULL ? accepted : "");
    }
    difference_free(&difference);
    keep(self);
}
