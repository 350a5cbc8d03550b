#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "relay/client_state.h"

enum {
    FRAMING_SPANS = 4, /* Head, chunk head, end of the chunk, last chunk. */
};

static struct client *client_of(struct caller *caller)
{
    return LIST_ENTRY(caller, struct client, caller);
}

static size_t put_body(const struct caller_part *part, struct span *spans)
{
    if (part->count > 0) {
        memcpy(spans, part->body, part->count * sizeof(*spans));
    }
    return part->count;
}

/* The body as one chunk, and the last chunk. Returns how many spans that made. */
static size_t put_chunks(struct client *self, const struct caller_part *part,
                         struct span *spans)
{
    unsigned long long len = 0;
    size_t count = 0;

    for (size_t i = 0; i < part->count; i++) {
        len += part->body[i].len;
    }
    if (len > 0) {
        int head_len =
            snprintf(self->chunk_head, sizeof(self->chunk_head), "%llx\r\n", len);
        spans[count++] = (struct span){.ptr = (const uint8_t *)self->chunk_head,
                                       .len = (size_t)head_len};
        count += put_body(part, spans + count);
        spans[count++] = SPAN("\r\n");
    }
    if (part->last) {
        spans[count++] = SPAN("0\r\n\r\n");
    }
    return count;
}

static enum written send(struct caller *caller, const struct caller_part *part)
{
    struct client *self = client_of(caller);
    struct span spans[CALLER_SPANS_MAX + FRAMING_SPANS];

    CHECK(part->count <= CALLER_SPANS_MAX);
    spans[0] = part->head;
    size_t count = 1 + (part->chunked ? put_chunks(self, part, spans + 1)
                                      : put_body(part, spans + 1));
    return stream_write(self->stream, spans, count, true);
}

/* A client that has no room for one line would let our answer run into this write. */
static bool send_continue(struct caller *caller)
{
    struct span line = SPAN("HTTP/1.1 100 Continue\r\n\r\n");
    return stream_write(client_of(caller)->stream, &line, 1, true) == WRITTEN_ALL;
}

static size_t unwritten(struct caller *caller)
{
    return stream_unwritten(caller->client->stream);
}

/* One answer at a time: nothing else is in its way. */
static bool is_stalled(struct caller *caller)
{
    (void)caller;
    return true;
}

static void resume_body(struct caller *caller)
{
    client_pump_backlog(client_of(caller));
}

static void on_done(struct caller *caller, struct exchange *exchange,
                    enum disposition disposition)
{
    CHECK(caller->exchange == NULL || caller->exchange == exchange);
    client_end(client_of(caller), disposition);
}

const struct caller_kind CLIENT_CALLER = {
    .send = send,
    .send_continue = send_continue,
    .unwritten = unwritten,
    .is_stalled = is_stalled,
    .resume_body = resume_body,
    .on_done = on_done,
};
