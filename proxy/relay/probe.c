#include "relay/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "relay/pool_state.h"

enum {
    REQUEST_SIZE_MAX = 2048,
    STATUS_LINE_LEN = 12, /* `HTTP/1.1 200` */
};

struct probe {
    struct pool_server *server;
    struct stream *stream;
    struct deadline deadline;
    probe_fn *on_done;
    uint8_t line[STATUS_LINE_LEN];
    size_t line_len;
};

static void finish(struct probe *self, bool good)
{
    self->on_done(self->server, good);
}

static void on_due(struct deadline *deadline)
{
    finish(LIST_ENTRY(deadline, struct probe, deadline), false);
}

static void on_connect(void *owner, enum err err)
{
    struct probe *self = owner;
    const struct health_settings *health = &self->server->pool->settings->health;
    const char *host = health->host != NULL ? health->host : self->server->server->host;
    uint8_t text[REQUEST_SIZE_MAX];
    struct writer out = writer_of(text, sizeof(text));

    if (err != ERR_NONE) {
        finish(self, false);
        return;
    }
    writer_put(&out, SPAN("GET "));
    writer_text(&out, health->path);
    writer_put(&out, SPAN(" HTTP/1.1\r\nHost: "));
    writer_text(&out, self->server->server->path != NULL && health->host == NULL
                          ? "localhost"
                          : host);
    writer_put(&out, SPAN("\r\nUser-Agent: countermark-health\r\n"
                          "Connection: close\r\n\r\n"));
    struct span request = writer_span(&out);
    stream_start(self->stream);
    if (out.full || stream_write(self->stream, &request, 1, false) == WRITTEN_FAILED) {
        finish(self, false);
    }
}

static struct stream_space on_space(void *owner)
{
    (void)owner;
    return (struct stream_space){0};
}

/* The status line is enough. */
static void on_read(void *owner, struct span bytes)
{
    struct probe *self = owner;
    struct span more = span_first(bytes, STATUS_LINE_LEN - self->line_len);

    memcpy(self->line + self->line_len, more.ptr, more.len);
    self->line_len += more.len;
    if (self->line_len < STATUS_LINE_LEN) {
        return;
    }
    finish(self, memcmp(self->line, "HTTP/1.", 7) == 0 && self->line[8] == ' ' &&
                     (self->line[9] == '2' || self->line[9] == '3'));
}

static void on_end(void *owner, enum err err)
{
    (void)err;
    finish(owner, false);
}

static void on_drain(void *owner, enum err err)
{
    if (err != ERR_NONE) {
        finish(owner, false);
    }
}

static const struct stream_events EVENTS = {
    .space = on_space,
    .on_read = on_read,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_connect = on_connect,
};

struct probe *probe_new(struct pool_server *server, probe_fn *on_done)
{
    struct loop *loop = server->pool->relay->loop;
    struct probe *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    self->server = server;
    self->on_done = on_done;
    self->deadline.on_due = on_due;
    self->stream = pool_open_stream(
        server, &server->addresses[server->address_next % server->address_count], &EVENTS,
        self);
    if (self->stream == NULL) {
        free(self);
        return NULL;
    }
    deadline_set(&self->deadline, loop_wheel(loop),
                 loop_now_ms(loop) + server->pool->settings->health.timeout_ms);
    return self;
}

void probe_free(struct probe **self_p)
{
    struct probe *self = *self_p;
    if (self == NULL) {
        return;
    }
    deadline_remove(&self->deadline);
    stream_free(&self->stream);
    free(self);
    *self_p = NULL;
}
