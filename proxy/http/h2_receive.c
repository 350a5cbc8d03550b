#include <nghttp2/nghttp2.h>

#include "http/h2_state.h"

enum {
    BOMB_FACTOR = 4, /* Header blocks this many times too large end the connection. */
    SMALL_DATA = 16, /* A DATA frame with less counts as empty. */
    WINDOWS_PER_STREAM = 4,
};

/* Ends the connection because of a flood; what follows is not looked at. */
static int note_flood(struct h2 *self, enum h2_flood_kind kind)
{
    return h2_flood_note(&self->flood, kind) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* Streams begin in order (RFC 9113 section 5.1.1); nghttp2 would ignore one that goes
 * back. */
static int note_stream(struct h2 *self, int32_t id)
{
    if (id <= self->last_id) {
        bool passed = id >= self->gap_first && id < self->gap_end;
        return passed ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
    }
    if (id > self->last_id + 2) {
        self->gap_first = self->last_id + 1;
        self->gap_end = id;
    }
    self->last_id = id;
    return 0;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd,
                          void *user_data)
{
    struct h2 *self = user_data;

    bool whole = (hd->flags & NGHTTP2_FLAG_END_HEADERS) != 0;

    (void)session;
    switch (hd->type) {
    case NGHTTP2_HEADERS:
        self->in_head = !whole;
        h2_flood_credit(&self->flood, H2_FLOOD_CONTINUATIONS, UINT32_MAX);
        return note_stream(self, hd->stream_id);
    case NGHTTP2_CONTINUATION:
        self->in_head = !whole;
        return note_flood(self, H2_FLOOD_CONTINUATIONS);
    case NGHTTP2_PING:
        return note_flood(self, H2_FLOOD_PINGS);
    case NGHTTP2_SETTINGS:
        return note_flood(self, H2_FLOOD_SETTINGS);
    case NGHTTP2_PRIORITY:
    case NGHTTP2_PRIORITY_UPDATE:
        return note_flood(self, H2_FLOOD_PRIORITIES);
    case NGHTTP2_WINDOW_UPDATE:
        return note_flood(self, H2_FLOOD_WINDOWS);
    default:
        return 0;
    }
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
                            void *user_data)
{
    struct h2 *self = user_data;

    (void)session;
    (void)frame;
    h2_head_begin(&self->head);
    return 0;
}

/* Fields of trailers are collected too, so that they are counted; nobody reads them. */
// NOLINTNEXTLINE(readability-function-size): nghttp2 asks for these.
static int on_header(nghttp2_session *session, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value,
                     size_t value_len, uint8_t flags, void *user_data)
{
    struct h2 *self = user_data;
    size_t most = self->limits->head_size_max + self->limits->target_size_max;

    (void)session;
    (void)frame;
    (void)flags;
    h2_head_add(&self->head, self->limits, (struct span){.ptr = name, .len = name_len},
                (struct span){.ptr = value, .len = value_len});
    if (self->head.size > BOMB_FACTOR * most) {
        return note_flood(self, H2_FLOOD_HEADERS);
    }
    return 0;
}

/* nghttp2 would leave such a field out and go on. */
// NOLINTNEXTLINE(readability-function-size): nghttp2 asks for these.
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
                             const uint8_t *name, size_t name_len, const uint8_t *value,
                             size_t value_len, uint8_t flags, void *user_data)
{
    struct h2 *self = user_data;

    (void)session;
    (void)frame;
    (void)name;
    (void)name_len;
    (void)value;
    (void)value_len;
    (void)flags;
    if (self->head.error == H1_ERROR_NONE) {
        self->head.error = H1_ERROR_MALFORMED;
    }
    return 0;
}

static int take_request(struct h2 *self, int32_t id, bool ended)
{
    struct span text;
    enum h1_error error = h2_head_text(&self->head, ended, &text);

    h2_flood_credit(&self->flood, H2_FLOOD_WINDOWS, WINDOWS_PER_STREAM);
    if (error != H1_ERROR_NONE && note_flood(self, H2_FLOOD_BAD) != 0) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    self->events->on_request(self->owner, id, error, text, ended);
    if (h2_stream_of(self, id) == NULL) {
        (void)nghttp2_submit_rst_stream(self->session, NGHTTP2_FLAG_NONE, id,
                                        NGHTTP2_REFUSED_STREAM);
    }
    return 0;
}

static void end_body(struct h2 *self, int32_t id)
{
    struct h2_stream *stream = h2_stream_of(self, id);
    if (stream != NULL) {
        self->events->on_body(stream, (struct span){0}, true);
    }
}

static int take_data(struct h2 *self, const nghttp2_frame *frame)
{
    bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    size_t len = frame->hd.length - frame->data.padlen;

    if (ended) {
        end_body(self, frame->hd.stream_id);
        return 0;
    }
    return len < SMALL_DATA ? note_flood(self, H2_FLOOD_EMPTY) : 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct h2 *self = user_data;
    bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    (void)session;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
            return take_request(self, frame->hd.stream_id, ended);
        }
        if (ended) {
            end_body(self, frame->hd.stream_id);
        }
        return 0;
    case NGHTTP2_DATA:
        return take_data(self, frame);
    case NGHTTP2_PING:
        self->warned = self->warned || ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 &&
                                        memcmp(frame->ping.opaque_data, H2_WARNING_PING,
                                               H2_PING_LEN) == 0);
        return 0;
    default:
        return 0;
    }
}

/* nghttp2 resets the stream, or ends the connection, by itself. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame,
                            int error, void *user_data)
{
    struct h2 *self = user_data;

    (void)session;
    (void)frame;
    (void)error;
    return note_flood(self, H2_FLOOD_BAD);
}

// NOLINTNEXTLINE(readability-function-size): nghttp2 asks for these.
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id,
                   const uint8_t *data, size_t len, void *user_data)
{
    struct h2 *self = user_data;
    struct h2_stream *stream = h2_stream_of(self, id);

    (void)session;
    (void)flags;
    if (stream == NULL) {
        (void)nghttp2_session_consume_connection(self->session, len);
        return 0;
    }
    self->events->on_body(stream, (struct span){.ptr = data, .len = len}, false);
    return 0;
}

/* By the client, or because nghttp2 found an error of it. */
static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error_code,
                           void *user_data)
{
    struct h2 *self = user_data;
    struct h2_stream *stream = h2_stream_of(self, id);

    (void)session;
    if (stream == NULL) {
        return 0;
    }
    if (stream->ended && error_code == NGHTTP2_NO_ERROR) {
        stream->closed = true;
        return 0;
    }
    h2_detach(self, stream);
    self->events->on_closed(stream);
    return note_flood(self, H2_FLOOD_RESETS);
}

void h2_set_receiving(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks,
                                                             on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks,
                                                                 on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}

/* `sound`: as far as nghttp2 has read. */
static uint32_t error_code(const struct h2 *self, bool sound)
{
    if (self->flood.over != H2_FLOOD_NONE) {
        return NGHTTP2_ENHANCE_YOUR_CALM;
    }
    return sound ? NGHTTP2_STREAM_CLOSED : NGHTTP2_PROTOCOL_ERROR;
}

bool h2_receive(struct h2 *self, struct span bytes, uint64_t now_ms)
{
    if (self->failed) {
        return false;
    }
    h2_flood_pass(&self->flood, now_ms);
    size_t allowed = h2_walk_over(&self->walk, bytes);
    ssize_t taken = nghttp2_session_mem_recv(self->session, bytes.ptr, allowed);
    bool sound = taken == (ssize_t)allowed;
    if (sound && allowed == bytes.len && self->flood.over == H2_FLOOD_NONE) {
        return true;
    }
    self->failed = true;
    (void)nghttp2_session_terminate_session(self->session, error_code(self, sound));
    return false;
}

enum h1_error h2_parse_head(struct h2 *self, struct span text, bool ended,
                            struct head *head_out)
{
    enum h1_error error = h1_parse_head(self->parser, text, self->limits, head_out);

    if (error == H1_ERROR_NONE && ended && head_out->framing != FRAMING_NONE) {
        error = H1_ERROR_AMBIGUOUS;
    }
    if (error != H1_ERROR_NONE) {
        h1_free(&self->parser);
        self->parser = h1_new(H1_REQUEST);
        return self->parser != NULL ? error : H1_ERROR_FIELDS_LARGE;
    }
    head_out->version_major = 2;
    return H1_ERROR_NONE;
}
