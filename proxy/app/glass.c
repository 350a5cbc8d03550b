#include "app/glass.h"

#include <stdio.h>

#include "app/graph.h"
#include "base/log.h"
#include "record/mode_note.h"

enum {
    REMIND_MS = 900000, /* A quarter of an hour. */
    DATA_MAX = 4096,
    SUMMARY_MAX = GLASS_TEXT_MAX + 128,
};

/* `who` and `reason`: of what is told, the beginning or the end. */
static void alert(struct graph *self, const char *type, const char *who,
                  const char *reason)
{
    struct json_write data;

    json_write_init(&data, DATA_MAX);
    json_write_begin_object(&data);
    json_write_member(&data, "who", span_of(who));
    json_write_member(&data, "reason", span_of(reason));
    json_write_member_time(&data, "until", self->glass.until_unix_ms);
    json_write_end_object(&data);
    if (!recorder_alert(self->recorder, "", type, json_write_result(&data))) {
        log_write(LOG_LEVEL_ERROR, "the alert %s was not taken", type);
    }
    json_write_free(&data);
}

static bool note(struct graph *self, const char *who, const char *summary)
{
    return recorder_note_config(self->recorder, self->config->hash, who, summary);
}

static void set(struct graph *self, uint64_t until_ms)
{
    self->glass.until_ms = until_ms;
    atomic_store(&self->features->observe_until_ms, until_ms);
}

static enum err end(struct graph *self, const char *who, const char *reason)
{
    char summary[SUMMARY_MAX];

    (void)snprintf(summary, sizeof(summary), MODE_NOTE_END "%s", reason);
    if (self->glass.until_ms == 0) {
        return ERR_NONE;
    }
    set(self, 0);
    log_write(LOG_LEVEL_NOTICE, "break-glass is over (%s)%s%s", who,
              reason[0] != '\0' ? ": " : "", reason);
    if (!note(self, who, summary)) {
        log_write(LOG_LEVEL_ERROR, "the end of break-glass is not in the ledger");
    }
    alert(self, "mode.enforce", who, reason);
    return ERR_NONE;
}

enum err glass_change(struct graph *self, const struct mode_change *change)
{
    struct glass *glass = &self->glass;
    char summary[SUMMARY_MAX];
    uint64_t now_ms = loop_now_ms(self->loop);

    if (!change->observe) {
        return end(self, change->who, change->reason);
    }
    (void)snprintf(summary, sizeof(summary), MODE_NOTE_OBSERVE "%llu s: %s",
                   (unsigned long long)(change->for_ms / 1000), change->reason);
    if (!note(self, change->who, summary)) {
        return ERR_FULL;
    }
    (void)snprintf(glass->who, sizeof(glass->who), "%s", change->who);
    (void)snprintf(glass->reason, sizeof(glass->reason), "%s", change->reason);
    glass->until_unix_ms = loop_unix_ms(self->loop) + change->for_ms;
    glass->alert_at_ms = now_ms + REMIND_MS;
    set(self, now_ms + change->for_ms);
    log_write(LOG_LEVEL_WARNING, "break-glass by %s: nothing is withheld for %llu s: %s",
              change->who, (unsigned long long)(change->for_ms / 1000), change->reason);
    alert(self, "mode.observe", glass->who, glass->reason);
    return ERR_NONE;
}

void glass_watch(struct graph *self)
{
    struct glass *glass = &self->glass;
    uint64_t now_ms = loop_now_ms(self->loop);

    if (glass->until_ms == 0) {
        return;
    }
    if (now_ms >= glass->until_ms) {
        (void)end(self, glass->who, MODE_NOTE_TIME_OVER);
    } else if (now_ms >= glass->alert_at_ms) {
        glass->alert_at_ms = now_ms + REMIND_MS;
        alert(self, "mode.observe", glass->who, glass->reason);
    }
}
