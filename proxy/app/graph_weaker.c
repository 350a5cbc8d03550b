/* What a change of configuration leaves behind: ledger, alert, log (graph.h). */
#include <stdio.h>

#include "app/difference.h"
#include "app/graph.h"
#include "base/log.h"
#include "base/writer.h"

enum {
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

static void alert(struct graph *self, const struct difference *difference,
                  const char *who, const char *reason)
{
    struct json_write data;
    const char *text = NULL;

    json_write_init(&data, DATA_MAX);
    json_write_begin_object(&data);
    json_write_member(&data, "who", span_of(who));
    json_write_member(&data, "reason", span_of(reason));
    json_write_member(&data, "config", span_of(self->config->hash));
    json_write_member_u64(&data, "count", difference_count(difference, EFFECT_WEAKER));
    json_write_key(&data, "weaker");
    json_write_begin_array(&data);
    for (size_t i = 0; i < CHANGES_TOLD_MAX &&
                       (text = difference_text(difference, EFFECT_WEAKER, i)) != NULL;
         i++) {
        json_write_text(&data, span_of(text));
    }
    json_write_end_array(&data);
    json_write_end_object(&data);
    if (!recorder_alert(self->recorder, "", "config.weaker", json_write_result(&data))) {
        log_write(LOG_LEVEL_ERROR, "the alert config.weaker was not taken");
    }
    json_write_free(&data);
}

void graph_note_reload(struct graph *self, const struct config *old, const char *who,
                       const char *accepted)
{
    char summary[RECORDER_NOTE_SIZE_MAX];
    struct difference *difference = difference_new(old, self->config);

    if (difference == NULL) {
        graph_note_config(self, who, "in force; no memory to tell what changed");
        return;
    }
    summarise(difference, accepted != NULL ? accepted : "", summary);
    graph_note_config(self, who, summary);
    if (difference_count(difference, EFFECT_WEAKER) > 0) {
        alert(self, difference, who, accepted != NULL ? accepted : "");
    }
    difference_free(&difference);
}
