#include "support/h2_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "support/test.h"

enum {
    FIELDS_MAX = 64,
    FRAME_HEAD_LEN = 9,
};

static void put(struct h2_client *self, const uint8_t *bytes, size_t len)
{
    if (self->len + len > self->capacity) {
        self->capacity = 2 * (self->len + len) + 4096;
        self->out = realloc(self->out, self->capacity);
        assert_non_null(self->out);
    }
    memcpy(self->out + self->len, bytes, len);
    self->len += len;
}

/* What nghttp2 has to say goes behind what is there already. */
static void pull(struct h2_client *self)
{
    const uint8_t *bytes = NULL;
    ssize_t len = 0;

    do {
        len = nghttp2_session_mem_send(self->session, &bytes);
        assert_true(len >= 0);
        if (len > 0) {
            put(self, bytes, (size_t)len);
        }
    } while (len > 0);
}

struct h2_heard *h2_client_of(struct h2_client *self, int32_t id)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->heard[i].id == id) {
            return &self->heard[i];
        }
    }
    assert_true(self->count < H2_CLIENT_STREAMS_MAX);
    struct h2_heard *heard = &self->heard[self->count++];
    *heard = (struct h2_heard){.id = id, .reset = H2_CLIENT_NO_RESET};
    return heard;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value,
                     size_t value_len, uint8_t flags, void *user_data)
{
    struct h2_client *self = user_data;
    struct h2_heard *heard = h2_client_of(self, frame->hd.stream_id);
    size_t at = strlen(heard->fields);

    (void)session;
    (void)flags;
    if (name_len == 7 && memcmp(name, ":status", 7) == 0) {
        unsigned status = (unsigned)strtoul((const char *)value, NULL, 10);
        heard->interim += status < 200 ? 1 : 0;
        heard->status = status;
    }
    heard->field_count++;
    (void)snprintf(heard->fields + at, sizeof(heard->fields) - at, "%.*s: %.*s\n",
                   (int)name_len, (const char *)name, (int)value_len,
                   (const char *)value);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id,
                   const uint8_t *data, size_t len, void *user_data)
{
    struct h2_client *self = user_data;
    struct h2_heard *heard = h2_client_of(self, id);

    (void)flags;
    heard->body = realloc(heard->body, heard->body_len + len + 1);
    assert_non_null(heard->body);
    memcpy(heard->body + heard->body_len, data, len);
    heard->body_len += len;
    heard->body[heard->body_len] = '\0';
    if (!self->windows_shut) {
        (void)nghttp2_session_consume(session, id, len);
    }
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct h2_client *self = user_data;

    (void)session;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            h2_client_of(self, frame->hd.stream_id)->ended = true;
        }
        break;
    case NGHTTP2_RST_STREAM:
        h2_client_of(self, frame->hd.stream_id)->reset = frame->rst_stream.error_code;
        break;
    case NGHTTP2_GOAWAY:
        self->goaways++;
        self->goaway_code = frame->goaway.error_code;
        self->goaway_last = frame->goaway.last_stream_id;
        break;
    case NGHTTP2_PING:
        self->pings_answered += (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 ? 1 : 0;
        break;
    default:
        break;
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code,
                           void *user_data)
{
    (void)session;
    (void)code;
    h2_client_of(user_data, id)->closed = true;
    return 0;
}

void h2_client_open(struct h2_client *self)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    nghttp2_session *session = NULL;

    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    assert_int_equal(nghttp2_option_new(&option), 0);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    assert_int_equal(nghttp2_session_client_new2(&session, callbacks, self, option), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    self->session = session;
    const nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1};
    assert_int_equal(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &entry,
                                             self->priorities ? 1 : 0),
                     0);
    pull(self);
}

void h2_client_close(struct h2_client *self)
{
    nghttp2_session_del(self->session);
    for (size_t i = 0; i < self->count; i++) {
        free(self->heard[i].body);
        free(self->heard[i].asked);
    }
    free(self->out);
    memset(self, 0, sizeof(*self));
}

/* Splits `name: value` lines; pseudo-fields begin with a colon. */
static size_t split(char *text, nghttp2_nv *nv)
{
    size_t count = 0;

    for (char *line = text; *line != '\0'; count++) {
        char *end = strchr(line, '\n');
        char *colon = strchr(line + 1, ':');
        assert_true(end != NULL && colon != NULL && count < FIELDS_MAX);
        nv[count] = (nghttp2_nv){.name = (uint8_t *)line,
                                 .namelen = (size_t)(colon - line),
                                 .value = (uint8_t *)colon + 2,
                                 .valuelen = (size_t)(end - colon - 2)};
        line = end + 1;
    }
    return count;
}

static ssize_t read_text(nghttp2_session *session, int32_t id, uint8_t *buf, size_t len,
                         uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
    char *text = source->ptr;
    size_t left = strlen(text);
    size_t part = left < len ? left : len;

    (void)session;
    (void)id;
    (void)user_data;
    memcpy(buf, text, part);
    source->ptr = text + part;
    if (part == left) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)part;
}

int32_t h2_client_ask(struct h2_client *self, const char *fields, const char *body)
{
    nghttp2_nv nv[FIELDS_MAX];
    char *text = strdup(fields);
    char *content = body != NULL ? strdup(body) : NULL;
    nghttp2_data_provider provider = {.source.ptr = content, .read_callback = read_text};

    assert_non_null(text);
    int32_t id = nghttp2_submit_request(self->session, NULL, nv, split(text, nv),
                                        body != NULL ? &provider : NULL, NULL);
    assert_true(id > 0);
    h2_client_of(self, id)->asked = content;
    pull(self);
    free(text);
    return id;
}

int32_t h2_client_begin(struct h2_client *self, const char *fields)
{
    nghttp2_nv nv[FIELDS_MAX];
    char *text = strdup(fields);

    assert_non_null(text);
    int32_t id = nghttp2_submit_headers(self->session, NGHTTP2_FLAG_NONE, -1, NULL, nv,
                                        split(text, nv), NULL);
    assert_true(id > 0);
    pull(self);
    free(text);
    return id;
}

int32_t h2_client_get(struct h2_client *self, const char *path, const char *sid)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   ":method: GET\n:scheme: http\n:authority: site\n:path: %s\n%s%s%s",
                   path, sid != NULL ? "cookie: sid=" : "", sid != NULL ? sid : "",
                   sid != NULL ? "\n" : "");
    return h2_client_ask(self, text, NULL);
}

void h2_client_reset(struct h2_client *self, int32_t id, uint32_t code)
{
    assert_int_equal(
        nghttp2_submit_rst_stream(self->session, NGHTTP2_FLAG_NONE, id, code), 0);
    pull(self);
}

void h2_client_ping(struct h2_client *self)
{
    assert_int_equal(nghttp2_submit_ping(self->session, NGHTTP2_FLAG_NONE, NULL), 0);
    pull(self);
}

void h2_client_allow(struct h2_client *self, int32_t id, int32_t count)
{
    assert_int_equal(
        nghttp2_submit_window_update(self->session, NGHTTP2_FLAG_NONE, id, count), 0);
    pull(self);
}

void h2_client_frame(struct h2_client *self, uint8_t type, uint8_t flags, int32_t id,
                     struct span payload)
{
    uint8_t head[FRAME_HEAD_LEN] = {(uint8_t)(payload.len >> 16),
                                    (uint8_t)(payload.len >> 8),
                                    (uint8_t)payload.len,
                                    type,
                                    flags,
                                    (uint8_t)((uint32_t)id >> 24),
                                    (uint8_t)((uint32_t)id >> 16),
                                    (uint8_t)((uint32_t)id >> 8),
                                    (uint8_t)id};

    pull(self);
    put(self, head, sizeof(head));
    if (payload.len > 0) {
        put(self, payload.ptr, payload.len);
    }
}

void h2_client_hear(struct h2_client *self, struct span bytes)
{
    ssize_t taken = nghttp2_session_mem_recv(self->session, bytes.ptr, bytes.len);

    self->failed = self->failed || taken != (ssize_t)bytes.len;
    pull(self);
}

struct span h2_client_take(struct h2_client *self)
{
    struct span bytes = {.ptr = self->out, .len = self->len};

    self->len = 0;
    return bytes;
}

bool h2_heard_has(const struct h2_heard *self, const char *text)
{
    return self->body != NULL &&
           memmem(self->body, self->body_len, text, strlen(text)) != NULL;
}
