#include "http/h2.h"

#include <stdlib.h>

#include <nghttp2/nghttp2.h>

#include "http/h2_state.h"

enum {
    HEAD_SENT_MAX = 1048576, /* More than the head of an answer can ever be. */
};

const uint8_t H2_WARNING_PING[H2_PING_LEN] = {'g', 'o', 'i', 'n', 'g', 0, 0, 1};

struct h2_stream *h2_stream_of(const struct h2 *self, int32_t id)
{
    return nghttp2_session_get_stream_user_data(self->session, id);
}

void h2_detach(struct h2 *self, struct h2_stream *stream)
{
    (void)nghttp2_session_set_stream_user_data(self->session, stream->id, NULL);
    list_remove(&stream->link);
    stream->id = 0;
}

bool h2_is_blocked(const struct h2 *self, const struct h2_stream *stream)
{
    return nghttp2_session_get_stream_remote_window_size(self->session, stream->id) <= 0;
}

size_t h2_queued(const struct h2 *self)
{
    return nghttp2_session_get_outbound_queue_size(self->session);
}

bool h2_in_head(const struct h2 *self)
{
    return self->in_head;
}

void h2_warn(struct h2 *self)
{
    (void)nghttp2_submit_shutdown_notice(self->session);
}

bool h2_was_warned(const struct h2 *self)
{
    return self->warned;
}

void h2_end(struct h2 *self)
{
    int32_t last = nghttp2_session_get_last_proc_stream_id(self->session);
    (void)nghttp2_submit_goaway(self->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR,
                                NULL, 0);
}

bool h2_is_over(const struct h2 *self)
{
    return (self->failed || nghttp2_session_want_read(self->session) == 0) &&
           nghttp2_session_want_write(self->session) == 0;
}

enum h2_flood_kind h2_flooded(const struct h2 *self)
{
    return self->flood.over;
}

uint32_t h2_resets(const struct h2 *self)
{
    return self->flood.counts[H2_FLOOD_RESETS];
}

bool h2_is_preface(struct span bytes)
{
    struct span magic = SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    size_t len = bytes.len < magic.len ? bytes.len : magic.len;

    return span_equal(span_first(bytes, len), span_first(magic, len));
}

static bool set_callbacks(nghttp2_session_callbacks **callbacks_p)
{
    if (nghttp2_session_callbacks_new(callbacks_p) != 0) {
        return false;
    }
    h2_set_receiving(*callbacks_p);
    h2_set_sending(*callbacks_p);
    return true;
}

static bool set_options(nghttp2_option **option_p)
{
    if (nghttp2_option_new(option_p) != 0) {
        return false;
    }
    nghttp2_option_set_no_auto_window_update(*option_p, 1);
    nghttp2_option_set_max_send_header_block_length(*option_p, HEAD_SENT_MAX);
    nghttp2_option_set_no_closed_streams(*option_p, 1);
    nghttp2_option_set_builtin_recv_extension_type(*option_p, NGHTTP2_PRIORITY_UPDATE);
    nghttp2_option_set_server_fallback_rfc7540_priorities(*option_p, 1);
    return true;
}

static bool submit_settings(struct h2 *self)
{
    nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
         (uint32_t)(self->limits->head_size_max + self->limits->target_size_max)},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };

    return nghttp2_submit_settings(self->session, NGHTTP2_FLAG_NONE, entries,
                                   sizeof(entries) / sizeof(entries[0])) == 0 &&
           nghttp2_session_set_local_window_size(self->session, NGHTTP2_FLAG_NONE, 0,
                                                 H2_CONNECTION_WINDOW) == 0;
}

static bool open_session(struct h2 *self)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;

    bool open = set_callbacks(&callbacks) && set_options(&option) &&
                nghttp2_session_server_new2(&self->session, callbacks, self, option) == 0;
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return open && submit_settings(self);
}

struct h2 *h2_new(const struct h1_limits *limits, const struct h2_events *events,
                  void *owner, uint64_t now_ms)
{
    struct h2 *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->events = events;
    self->owner = owner;
    self->limits = limits;
    list_init(&self->taken);
    h2_flood_init(&self->flood, now_ms);
    h2_walk_init(&self->walk);
    self->parser = h1_new(H1_REQUEST);
    if (self->parser == NULL || !open_session(self)) {
        h2_free(&self);
    }
    return self;
}

void h2_free(struct h2 **self_p)
{
    struct h2 *self = *self_p;
    if (self == NULL) {
        return;
    }
    nghttp2_session_del(self->session);
    h1_free(&self->parser);
    h2_head_free(&self->head);
    free(self);
    *self_p = NULL;
}
