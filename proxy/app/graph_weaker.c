/* What a change of configuration leaves behind: ledger, alert, log (graph.h). */
#include <stdio.h>
#include <string.h>

#include "app/difference.h"
#include "app/file.h"
#include "app/graph.h"
#include "app/kept.h"
#include "base/log.h"
#include "base/writer.h"

static const char KEPT_NAME[] = "config.last";

enum {
    MEMORY_MAX = 64 * 1024 * 1024,
    DATA_MAX = 16384,
    CHANGES_TOLD_MAX = 20, /* In an alert; `count` says how many there are. */
};

void graph_note_config(struct graph *self, const char *who, const char *summary)
{
    char labels[128];

    if (self->config_info != 0) {
        stats_set(self->stats, self->config_info, 0);
    }
    (void)snprintf(labels, sizeof(labels), "hash=\"%s\"", self->config->hash);
    self->config_info = stats_series(self->shared.stats, STAT_CONFIG_INFO, labels);
    stats_set(self->stats, self->config_info, 1);
    stats_set(self->stats, stats_series(self->shared.stats, STAT_CONFIG_RELOAD_OK, ""),
              1);
    self->config_loaded_at_ms = loop_unix_ms(self->loop);
    if (!recorder_note_config(self->recorder, self->config->hash, who, summary)) {
        log_write(LOG_LEVEL_WARNING, "the change of configuration is not in the ledger: "
                                     "its queue is full");
    }
}

static void write_lines(struct writer *out, const struct difference *difference,
                        enum effect effect)
{
    const char *text = NULL;

    for (size_t i = 0; (text = difference_text(difference, effect, i)) != NULL; i++) {
        writer_text(out, "; ");
        writer_text(out, effect_name(effect));
        writer_text(out, ": ");
        writer_text(out, text);
    }
}

/* One line: the reason, then what is weaker, then what is stronger, while there is room.
 */
static void summarise(const struct difference *difference, const char *accepted,
                      char *summary_out)
{
    struct writer out = writer_of(summary_out, RECORDER_NOTE_SIZE_MAX - 1);

    writer_text(&out, "in force");
    if (difference_count(difference, EFFECT_WEAKER) > 0) {
        writer_text(&out, ", weaker: ");
        writer_text(&out, accepted);
    }
    write_lines(&out, difference, EFFECT_WEAKER);
    write_lines(&out, difference, EFFECT_STRONGER);
    summary_out[writer_span(&out).len] = '\0';
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
    struct writer out = writer_of(summary, sizeof(summary) - 1);

    writer_text(&out, "in force, weaker than before the start");
    for (size_t i = 0; report_problem(report, i, &problem); i++) {
        log_write(LOG_LEVEL_WARNING, "weaker than before the start: %s", problem.message);
        writer_text(&out, "; weaker: ");
        writer_text(&out, problem.message);
        if (i < CHANGES_TOLD_MAX) {
            told.lines[i] = problem.message;
        }
    }
    summary[writer_span(&out).len] = '\0';
    graph_note_config(self, starter_of(self), summary);
    alert(self, &told);
}

/* True: it is weaker than what was kept, and everybody was told. */
static bool is_weaker(struct graph *self, const char *path, struct arena *arena,
                      struct report *report)
{
    struct span text = {0};

    if (file_read(arena, path, KEPT_SIZE_MAX, &text) != NULL ||
        strcmp(kept_hash(text, arena), self->config->hash) == 0 ||
        kept_compare(text, self->config, report)) {
        return false;
    }
    alert_start(self, report);
    return true;
}

void graph_note_start(struct graph *self)
{
    char path[STATE_DIR_PATH_MAX + 64];
    struct arena *arena = arena_new(MEMORY_MAX);
    struct report *report = report_new();

    state_dir_file(self->state_dir, KEPT_NAME, path);
    if (arena == NULL || report == NULL || !is_weaker(self, path, arena, report)) {
        graph_note_config(self, starter_of(self), "in force");
    }
    report_free(&report);
    arena_free(&arena);
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
