/**
 * A server that writes down what it hears, and a client in front of it.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "http/h2.h"
#include "support/h2_client.h"
#include "support/test.h"

enum {
    PAGE_LEN = 200000,
    STREAMS_MAX = 256,
    OUT_SIZE = 65536,
    REFUSED_STREAM = 7,
    PROTOCOL_ERROR = 1,
    INTERNAL_ERROR = 2,
    ENHANCE_YOUR_CALM = 11,
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
    FRAME_PRIORITY = 2,
    FRAME_RST_STREAM = 3,
    FRAME_SETTINGS = 4,
    FRAME_PING = 6,
    FRAME_WINDOW_UPDATE = 8,
    FRAME_CONTINUATION = 9,
    END_STREAM = 1,
    END_HEADERS = 4,
};

static const struct h1_limits LIMITS = {
    .head_size_max = 4096, .target_size_max = 1024, .field_count_max = 32};

/* A server that writes down what it hears. */
struct stream {
    struct h2_stream h2;
    bool used;
    bool closed;
};

static struct h2 *h2;
static struct h2_client client;
static struct stream streams[STREAMS_MAX];
static size_t stream_count;
static char events[65536];
static bool refuses;  /* Attaches nothing. */
static bool consumes; /* Gives the window back at once. */
static bool open_still;
static uint64_t now_ms;
static char page[PAGE_LEN];
static size_t body_len; /* Of all requests. */

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    size_t len = strlen(events);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(events + len, sizeof(events) - len, format, args);
    va_end(args);
}

static void on_request(void *owner, int32_t id, enum h1_error error, struct span text,
                       bool ended)
{
    static struct head head;

    (void)owner;
    if (error == H1_ERROR_NONE) {
        error = h2_parse_head(h2, text, ended, &head);
    }
    if (error != H1_ERROR_NONE) {
        note("[%d %s]", id, h1_error_name(error));
    } else {
        assert_int_equal(head.version_major, 2);
        note("[%d %.*s %.*s %s%s]", id, SPAN_ARGS(head.method_text),
             SPAN_ARGS(head.target), ended ? "ended" : "",
             head.framing == FRAMING_CHUNKED ? "chunked" : "");
    }
    if (!refuses) {
        assert_true(stream_count < STREAMS_MAX);
        struct stream *stream = &streams[stream_count++];
        *stream = (struct stream){.used = true};
        h2_attach(h2, id, &stream->h2);
    }
}

static void on_body(struct h2_stream *stream, struct span content, bool last)
{
    /* Pieces are joined, so that splits do not show. */
    static int32_t id;
    body_len += content.len;
    if (content.len > 0) {
        if (id != stream->id || events[strlen(events) - 1] == ']') {
            note("(%d)", stream->id);
        }
        note("%.*s", SPAN_ARGS(content));
        id = stream->id;
    }
    if (last) {
        note("[%d last]", stream->id);
    }
    if (consumes) {
        h2_consume(h2, stream, content.len);
    }
}

static void on_closed(struct h2_stream *stream)
{
    struct stream *self = LIST_ENTRY(stream, struct stream, h2);
    self->closed = true;
    note("[closed]");
}

static const struct h2_events EVENTS = {
    .on_request = on_request, .on_body = on_body, .on_closed = on_closed};

static int set_up(void **state)
{
    (void)state;
    memset(&client, 0, sizeof(client));
    memset(streams, 0, sizeof(streams));
    memset(page, 'p', sizeof(page) - 1);
    body_len = 0;
    stream_count = 0;
    events[0] = '\0';
    refuses = false;
    consumes = true;
    open_still = true;
    now_ms = 1000;
    h2 = h2_new(&LIMITS, &EVENTS, NULL, now_ms);
    assert_non_null(h2);
    h2_client_open(&client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < stream_count; i++) {
        h2_close(h2, &streams[i].h2, H2_RESET_NONE);
    }
    h2_free(&h2);
    h2_client_close(&client);
    return 0;
}

/* To the server, `step` bytes at a time. */
static inline void say_in_steps(size_t step)
{
    struct span bytes = h2_client_take(&client);

    while (bytes.len > 0 && open_still) {
        struct span part = span_first(bytes, step);
        open_still = h2_receive(h2, part, now_ms);
        bytes = span_from(bytes, part.len);
    }
}

/* To the client, all of it; then what it answers. */
static inline void hear(void)
{
    static uint8_t out[OUT_SIZE];
    size_t len = 0;

    while ((len = h2_produce(h2, out, sizeof(out))) > 0) {
        h2_client_hear(&client, (struct span){.ptr = out, .len = len});
    }
}

static inline void turn(void)
{
    for (int i = 0; i < 64; i++) {
        say_in_steps(SIZE_MAX);
        hear();
    }
}

static inline struct h2_heard *of(int32_t id)
{
    return h2_client_of(&client, id);
}

static inline struct h2_stream *stream_at(size_t index)
{
    assert_true(index < stream_count);
    return &streams[index].h2;
}

static inline bool send_part(struct h2_stream *stream, struct span head,
                             const struct span *body, size_t count, bool last)
{
    struct h2_part part = {.head = head, .body = body, .count = count, .last = last};
    return h2_send(h2, stream, &part);
}

static inline void answer(size_t index, const char *text)
{
    struct span body = span_of(text);
    assert_true(send_part(stream_at(index), SPAN("HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n"),
                          &body, 1, true));
}

static const char *const POST =
    ":method: POST\n:scheme: http\n:authority: site\n:path: /p\n";
