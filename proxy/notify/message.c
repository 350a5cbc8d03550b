#include "notify/message.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "notify/format.h"

enum {
    HOST_SIZE_MAX = 256,
    OPEN_MAX = 256, /* Open alerts that are posted again at a time. */
};

void message_clear(struct message *self)
{
    free(self->bytes);
    *self = (struct message){0};
}

static enum err set(struct message *self, struct span bytes)
{
    *self = (struct message){.bytes = malloc(bytes.len + 1), .len = bytes.len};
    if (self->bytes == NULL) {
        self->len = 0;
        return ERR_MEMORY;
    }
    (void)span_copy(bytes, self->bytes, bytes.len + 1);
    return ERR_NONE;
}

/* Takes what was written, frees the writer. */
static enum err take(struct message *self, struct json_write *json)
{
    struct span bytes = json_write_result(json);
    enum err err = bytes.len > 0 ? set(self, bytes) : ERR_MEMORY;

    json_write_free(json);
    return err;
}

static enum err make_json(enum alert_format format, const struct told *told,
                          const struct format_times *times, struct message *message_out)
{
    struct json_write json;

    json_write_init(&json, FORMAT_SIZE_MAX);
    if (format == ALERT_SLACK) {
        format_slack(told, &json);
    } else if (format == ALERT_OCSF) {
        format_ocsf(told, times, &json);
    } else {
        json_write_begin_array(&json);
        format_alertmanager(told, times, &json);
        json_write_end_array(&json);
    }
    return take(message_out, &json);
}

/* RFC 6587: on a stream the length goes before each message. */
static enum err make_syslog(const struct alert_settings *alert, const struct told *told,
                            const struct format_times *times, struct message *message_out)
{
    char host[HOST_SIZE_MAX] = "";
    uint8_t *text = malloc(FORMAT_SIZE_MAX);
    struct writer out = writer_of(text, FORMAT_SIZE_MAX);
    char framed[32];
    enum err err = ERR_MEMORY;

    if (text == NULL) {
        return ERR_MEMORY;
    }
    (void)gethostname(host, sizeof(host) - 1);
    format_syslog(told, times, alert->format == ALERT_CEF, host, &out);
    size_t prefix_len = 0;
    if (span_starts(span_of(alert->syslog), SPAN("tcp://"))) {
        prefix_len = format_u64(out.len, framed);
        framed[prefix_len++] = ' ';
    }
    *message_out = (struct message){.bytes = malloc(prefix_len + out.len + 1)};
    if (message_out->bytes != NULL && !out.full) {
        memcpy(message_out->bytes, framed, prefix_len);
        memcpy(message_out->bytes + prefix_len, text, out.len);
        message_out->len = prefix_len + out.len;
        err = ERR_NONE;
    }
    free(text);
    return err;
}

enum err message_make(const struct alert_settings *alert, const struct outbox_item *item,
                      uint64_t now_ms, struct message *message_out)
{
    struct span body = {.ptr = (const uint8_t *)item->body, .len = item->body_len};
    struct format_times times = {.now_ms = now_ms, .created_at_ms = item->created_at_ms};

    *message_out = (struct message){0};
    if (alert->format == ALERT_STANDARD) {
        return set(message_out, body);
    }
    struct told *told = malloc(sizeof(*told));
    if (told == NULL) {
        return ERR_MEMORY;
    }
    enum err err = told_read(body, told);
    if (err == ERR_NONE) {
        bool syslog = alert->format == ALERT_SYSLOG || alert->format == ALERT_CEF;
        err = syslog ? make_syslog(alert, told, &times, message_out)
                     : make_json(alert->format, told, &times, message_out);
    }
    free(told);
    if (err != ERR_NONE) {
        message_clear(message_out);
    }
    return err;
}

struct reposting {
    const char *console;
    char link[ALERT_LINK_SIZE_MAX];
    struct json_write json;
    struct told *told;
    uint64_t now_ms;
    unsigned count;
};

static bool put_open(void *context, const struct outbox_open *open)
{
    struct reposting *self = context;
    struct format_times times = {.now_ms = self->now_ms, .created_at_ms = open->at_ms};

    memset(self->told, 0, offsetof(struct told, text));
    self->told->type = open->incident.len > 0 ? SPAN("incident.opened")
                       : open->trial          ? SPAN("feature.trial")
                                              : SPAN("feature.down");
    self->told->incident = open->incident;
    self->told->feature = open->feature;
    self->told->detector = open->detector;
    self->told->reason = open->reason;
    self->told->displays = open->displays;
    uint64_t incident = 0;
    if (parse_u64(open->incident, &incident) != ERR_NONE) {
        incident = 0; /* A feature that is not up: the first page. */
    }
    alert_link(self->console, incident, self->link);
    self->told->link = span_of(self->link);
    self->told->drill = open->drill ? SPAN("true") : SPAN("false");
    format_alertmanager(self->told, &times, &self->json);
    self->count++;
    return self->count < OPEN_MAX;
}

enum err message_make_open(const struct alert_settings *alert, struct outbox *outbox,
                           uint64_t now_ms, struct message *message_out)
{
    struct reposting reposting = {
        .console = alert->console, .told = malloc(sizeof(struct told)), .now_ms = now_ms};

    *message_out = (struct message){0};
    if (reposting.told == NULL) {
        return ERR_MEMORY;
    }
    json_write_init(&reposting.json, FORMAT_SIZE_MAX);
    json_write_begin_array(&reposting.json);
    outbox_each_open(outbox, put_open, &reposting);
    json_write_end_array(&reposting.json);
    free(reposting.told);
    if (reposting.count == 0) {
        json_write_free(&reposting.json);
        return ERR_NONE;
    }
    return take(message_out, &reposting.json);
}
