#include <nghttp2/nghttp2.h>

#include "http/h2_state.h"

enum {
    NV_MAX = HEAD_FIELDS_MAX + 32, /* Fields of an answer, ours included. */
    FRAME_HEAD_LEN = 9,
    FRAME_MAX = H2_PRODUCE_MIN / 2, /* More than a frame of ours can have. */
    WINDOWS_PER_DATA = 2,
};

void h2_attach(struct h2 *self, int32_t id, struct h2_stream *stream)
{
    *stream = (struct h2_stream){.id = id};
    CHECK(nghttp2_session_set_stream_user_data(self->session, id, stream) == 0);
}

/* Everything of the part is on its way. */
static void note_taken(struct h2 *self, struct h2_stream *stream)
{
    bool whole = !stream->head_due && stream->left == 0 && stream->last == stream->ended;

    if (stream->waiting && whole) {
        stream->waiting = false;
        list_push_back(&self->taken, &stream->link);
    }
}

static size_t room(const struct h2 *self)
{
    return self->out_capacity - self->out_len;
}

/* nghttp2 goes on from DATA to other frames by itself: there has to be room for one. */
// NOLINTNEXTLINE(readability-function-size,readability-non-const-parameter): nghttp2's.
static ssize_t on_pull(nghttp2_session *session, int32_t id, uint8_t *buf, size_t len,
                       uint32_t *flags_out, nghttp2_data_source *source, void *user_data)
{
    struct h2 *self = user_data;
    struct h2_stream *stream = h2_stream_of(self, id);

    (void)session;
    (void)buf;
    (void)source;
    if (stream == NULL) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (room(self) < H2_PRODUCE_MIN) {
        return NGHTTP2_ERR_PAUSE;
    }
    if (stream->left == 0 && !stream->last) {
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags_out |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (stream->left <= len && stream->last) {
        *flags_out |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)(stream->left < len ? stream->left : len);
}

static void put(struct h2 *self, const uint8_t *bytes, size_t len)
{
    CHECK(len <= room(self));
    if (len > 0) {
        memcpy(self->out + self->out_len, bytes, len);
        self->out_len += len;
    }
}

static void put_body(struct h2 *self, struct h2_stream *stream, size_t len)
{
    CHECK(len <= stream->left);
    stream->left -= len;
    while (len > 0) {
        struct span *span = &stream->spans[stream->span_at];
        size_t part = span->len < len ? span->len : len;
        put(self, span->ptr, part);
        *span = span_from(*span, part);
        stream->span_at += span->len == 0 ? 1 : 0;
        len -= part;
    }
}

// NOLINTNEXTLINE(readability-function-size): nghttp2 asks for these.
static int on_push(nghttp2_session *session, nghttp2_frame *frame,
                   const uint8_t *frame_head, size_t len, nghttp2_data_source *source,
                   void *user_data)
{
    struct h2 *self = user_data;
    struct h2_stream *stream = h2_stream_of(self, frame->hd.stream_id);

    (void)session;
    (void)source;
    CHECK(stream != NULL && frame->data.padlen == 0);
    put(self, frame_head, FRAME_HEAD_LEN);
    put_body(self, stream, len);
    h2_flood_credit(&self->flood, H2_FLOOD_WINDOWS, WINDOWS_PER_DATA);
    return 0;
}

/* Of the answer's head, or some of its body. */
static void note_sent(struct h2 *self, const nghttp2_frame *frame)
{
    struct h2_stream *stream = h2_stream_of(self, frame->hd.stream_id);

    if (stream == NULL) {
        return;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && stream->begun) {
        stream->head_due = false;
    }
    stream->ended = stream->ended || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    note_taken(self, stream);
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        note_sent(user_data, frame);
        return 0;
    case NGHTTP2_GOAWAY:
        /* Its answer says that the warning was heard: a PING of its own overtakes it. */
        if (frame->goaway.last_stream_id == INT32_MAX) {
            (void)nghttp2_submit_ping(session, NGHTTP2_FLAG_NONE, H2_WARNING_PING);
        }
        return 0;
    default:
        return 0;
    }
}

static nghttp2_nv nv_of(struct span name, struct span value)
{
    nghttp2_nv nv = {.namelen = name.len, .valuelen = value.len};

    memcpy(&nv.name, &name.ptr, sizeof(nv.name));
    memcpy(&nv.value, &value.ptr, sizeof(nv.value));
    return nv;
}

/* nghttp2 copies what it is given and makes names lower case. */
static bool submit_head(struct h2 *self, struct h2_stream *stream, struct span head,
                        bool body)
{
    nghttp2_nv fields[NV_MAX];
    nghttp2_data_provider provider = {.read_callback = on_pull};
    struct span name;
    struct span value;
    size_t count = 0;

    fields[count++] = nv_of(SPAN(":status"), h2_head_take_status(&head));
    while (h2_head_next_field(&head, &name, &value)) {
        if (count == NV_MAX) {
            return false;
        }
        fields[count++] = nv_of(name, value);
    }
    stream->begun = true;
    stream->head_due = true;
    return nghttp2_submit_response(self->session, stream->id, fields, count,
                                   body ? &provider : NULL) == 0;
}

bool h2_send(struct h2 *self, struct h2_stream *stream, const struct h2_part *part)
{
    CHECK(stream->id != 0 && !stream->waiting && !stream->ended);
    CHECK(part->count <= H2_SPANS_MAX && stream->left == 0);
    CHECK((part->head.len > 0) != stream->begun);

    stream->span_at = 0;
    for (size_t i = 0; i < part->count; i++) {
        stream->spans[i] = part->body[i];
        stream->left += part->body[i].len;
    }
    stream->last = part->last;
    stream->waiting = true;
    if (self->failed) {
        return false;
    }
    if (part->head.len > 0) {
        return submit_head(self, stream, part->head, stream->left > 0 || !part->last);
    }
    int result = nghttp2_session_resume_data(self->session, stream->id);
    note_taken(self, stream);
    return result == 0 || result == NGHTTP2_ERR_INVALID_ARGUMENT;
}

bool h2_send_continue(struct h2 *self, struct h2_stream *stream)
{
    nghttp2_nv status = nv_of(SPAN(":status"), SPAN("100"));

    return !self->failed &&
           nghttp2_submit_headers(self->session, NGHTTP2_FLAG_NONE, stream->id, NULL,
                                  &status, 1, NULL) == 0;
}

void h2_consume(struct h2 *self, struct h2_stream *stream, size_t len)
{
    (void)nghttp2_session_consume(self->session, stream->id, len);
}

void h2_consume_closed(struct h2 *self, size_t len)
{
    (void)nghttp2_session_consume_connection(self->session, len);
}

void h2_close(struct h2 *self, struct h2_stream *stream, enum h2_reset reset)
{
    static const uint32_t CODES[] = {
        [H2_RESET_NONE] = NGHTTP2_NO_ERROR,
        [H2_RESET_UNREAD] = NGHTTP2_NO_ERROR,
        [H2_RESET_CUT] = NGHTTP2_INTERNAL_ERROR,
        [H2_RESET_REFUSED] = NGHTTP2_REFUSED_STREAM,
        [H2_RESET_PROTOCOL] = NGHTTP2_PROTOCOL_ERROR,
    };
    int32_t id = stream->id;

    if (id == 0) {
        return;
    }
    h2_detach(self, stream);
    if (reset == H2_RESET_UNREAD && self->unread_count < H2_STREAMS_MAX) {
        self->unread[self->unread_count++] = id;
    } else if (reset != H2_RESET_NONE && !stream->closed) {
        (void)nghttp2_submit_rst_stream(self->session, NGHTTP2_FLAG_NONE, id,
                                        CODES[reset]);
    }
}

/* A head that cannot be sent would leave its stream without an end. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error,
                       void *user_data)
{
    struct h2 *self = user_data;
    int32_t id = frame->hd.stream_id;

    (void)error;
    if (frame->hd.type == NGHTTP2_HEADERS && h2_stream_of(self, id) != NULL) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id,
                                        NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
}

void h2_set_sending(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_push);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_not_sent);
}

bool h2_has_unread(const struct h2 *self)
{
    return self->unread_count > 0;
}

void h2_reset_unread(struct h2 *self)
{
    while (self->unread_count > 0) {
        int32_t id = self->unread[--self->unread_count];
        if (nghttp2_session_get_stream_remote_close(self->session, id) == 0) {
            (void)nghttp2_submit_rst_stream(self->session, NGHTTP2_FLAG_NONE, id,
                                            NGHTTP2_NO_ERROR);
        }
    }
}

size_t h2_produce(struct h2 *self, uint8_t *buffer, size_t capacity)
{
    CHECK(capacity >= H2_PRODUCE_MIN);
    self->out = buffer;
    self->out_len = 0;
    self->out_capacity = capacity;
    while (room(self) >= FRAME_MAX) {
        size_t before = self->out_len;
        const uint8_t *bytes = NULL;
        ssize_t len = nghttp2_session_mem_send(self->session, &bytes);
        if (len < 0) {
            self->failed = true;
            break;
        }
        put(self, bytes, (size_t)len);
        if (self->out_len == before) {
            break;
        }
    }
    self->out = NULL;
    return self->out_len;
}

struct h2_stream *h2_next_taken(struct h2 *self)
{
    struct list_link *link = list_take_first(&self->taken);
    return link != NULL ? LIST_ENTRY(link, struct h2_stream, link) : NULL;
}
