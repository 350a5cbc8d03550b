#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "relay/desync.h"
#include "relay/exchange_state.h"
#include "relay/rewrite.h"

enum {
    CHUNK_HEAD_MAX = 20,
    ONLY_100 = 100,
};

static void on_drain(void *owner, enum err err);

static void fail_upstream(struct exchange *self, enum ending failure)
{
    if (!self->upstream_failed) {
        self->upstream_failed = true;
        self->request.failure = failure;
    }
}

/* Hands spans to the upstream's socket. */
static void send(struct exchange *self, const struct span *spans, size_t count)
{
    switch (stream_write(self->upstream->stream, spans, count, false)) {
    case WRITTEN_FAILED:
        self->nothing_sent = !self->head_sent;
        fail_upstream(self, ENDING_UPSTREAM_CLOSED);
        return;
    case WRITTEN_ALL:
    case WRITTEN_PART:
        self->head_sent = true;
        return;
    }
    UNREACHABLE();
}

/* The request is out as far as we have it; who is waited for next? */
static void arm_ask(struct exchange *self)
{
    self->request_sent = self->request_read && !stream_writing(self->upstream->stream);
    exchange_set_deadline(self, self->request_sent
                                    ? pool_settings(self->pool)->response_timeout_ms
                                    : exchange_limits(self)->body_timeout_ms);
}

void exchange_start_answer(struct exchange *self)
{
    struct upstream *upstream = self->upstream;
    struct span spans[2] = {
        {.ptr = self->request_text, .len = self->request_text_len},
        {.ptr = self->login_body, .len = self->login_body_len},
    };

    stream_set_owner(upstream->stream, &EXCHANGE_UPSTREAM_EVENTS, self);
    h1_expect(upstream->codec, self->method);
    self->answer_part = ANSWER_NONE;
    self->head_start = 0;
    self->head_checked = 0;
    self->upstream_failed = false;
    self->kept_connection = upstream->exchange_count > 0;
    upstream->exchange_count++;
    self->upstream_number = upstream->number;
    send(self, spans, self->login_body_chunked ? 1 : 2);
    if (!self->upstream_failed && self->login_body_chunked) {
        exchange_send_piece(self, spans[1], PIECE_LAST);
    }
    arm_ask(self);
}

bool exchange_takes_body(const struct exchange *self)
{
    if (self->request_read) {
        return false;
    }
    if (self->state == STATE_LOGIN) {
        return true;
    }
    return self->upstream != NULL && self->head_sent && !self->upstream_failed &&
           !stream_writing(self->upstream->stream);
}

/* One piece of the request body in the framing that the request head announced. */
void exchange_send_piece(struct exchange *self, struct span content, enum piece piece)
{
    char chunk_head[CHUNK_HEAD_MAX];
    struct span spans[4];
    size_t count = 0;

    if (!self->body_chunked) {
        spans[count++] = content;
    } else if (content.len > 0) {
        int len = snprintf(chunk_head, sizeof(chunk_head), "%zx\r\n", content.len);
        spans[count++] =
            (struct span){.ptr = (const uint8_t *)chunk_head, .len = (size_t)len};
        spans[count++] = content;
        spans[count++] = SPAN("\r\n");
    }
    if (self->body_chunked && piece == PIECE_LAST) {
        spans[count++] = SPAN("0\r\n\r\n");
    }
    send(self, spans, count);
}

static void keep_login_body(struct exchange *self, struct span content)
{
    size_t max = exchange_limits(self)->login_body_max;

    if (content.len > max - self->login_body_len) {
        self->too_large = true;
        return;
    }
    if (self->login_body == NULL) {
        self->login_body = malloc(max);
    }
    if (self->login_body == NULL) {
        self->too_large = true;
        return;
    }
    if (content.len > 0) {
        memcpy(self->login_body + self->login_body_len, content.ptr, content.len);
        self->login_body_len += content.len;
    }
}

void exchange_on_body(struct exchange *self, struct span content, enum piece piece)
{
    CHECK(exchange_takes_body(self));

    self->request_read = piece == PIECE_LAST;
    self->body_broken = piece == PIECE_BROKEN;
    self->body_started = true;
    self->body_len += content.len;
    if (self->body_len > exchange_limits(self)->body_size_max) {
        self->too_large = true;
    } else if (self->state == STATE_LOGIN) {
        keep_login_body(self, content);
    } else if (!self->body_broken) {
        exchange_send_piece(self, content, piece);
        arm_ask(self);
    }
    exchange_advance(self);
}

static struct stream_space on_space(void *owner)
{
    struct exchange *self = owner;
    struct list_link *first = list_first(&self->relay->holding);
    bool oldest = first == NULL || first == &self->hold_link;
    struct stream_space space = hold_space(&self->hold, oldest);

    if (!list_linked(&self->hold_link)) {
        list_push_back(&self->relay->holding, &self->hold_link);
        self->hold_began_us = loop_clock_us();
    }
    if (space.ptr == NULL) {
        self->no_room = true;
        exchange_set_deadline(self, exchange_limits(self)->hold_wait_ms);
        return (struct stream_space){.ptr = loop_read_buffer(self->relay->loop)};
    }
    return space;
}

/* Decoded bytes from the coding. */
static void on_decoded(void *context, struct span decoded)
{
    struct exchange_decoder *decoder = context;
    struct exchange *self = decoder->exchange;

    self->decoded_len += decoded.len;
    if (scan_feed(self->scan, decoded, SCAN_LEASE_BORROWED) == SCAN_UNDECODABLE) {
        self->undecodable = true;
    }
}

static struct exchange_decoder *take_decoder(struct exchange *self)
{
    struct relay *relay = self->relay;
    struct list_link *link = list_first(&relay->spare_decoders);
    struct exchange_decoder *decoder = NULL;

    if (link != NULL) {
        list_remove(link);
        decoder = LIST_ENTRY(link, struct exchange_decoder, link);
    } else {
        decoder = malloc(sizeof(*decoder));
        if (decoder == NULL) {
            return NULL;
        }
        const struct limits *limits = exchange_limits(self);
        struct coding_limits bounds = {.decoded_size_max = limits->decoded_size_max,
                                       .ratio_max = limits->decoded_ratio_max};
        *decoder = (struct exchange_decoder){0};
        decoder->coding = coding_new(&bounds, on_decoded, decoder);
        if (decoder->coding == NULL) {
            free(decoder);
            return NULL;
        }
    }
    decoder->exchange = self;
    return decoder;
}

void exchange_free_decoders(struct relay *relay)
{
    for (struct list_link *link = list_first(&relay->spare_decoders); link != NULL;
         link = list_first(&relay->spare_decoders)) {
        struct exchange_decoder *decoder =
            LIST_ENTRY(link, struct exchange_decoder, link);
        list_remove(link);
        coding_free(&decoder->coding);
        free(decoder);
    }
}

static void give_decoder(struct exchange *self)
{
    if (self->decoder != NULL) {
        self->decoder->exchange = NULL;
        list_push_front(&self->relay->spare_decoders, &self->decoder->link);
        self->decoder = NULL;
    }
}

static enum scan_kind kind_of(enum media media)
{
    switch (media) {
    case MEDIA_HTML:
        return SCAN_KIND_HTML;
    case MEDIA_XML:
        return SCAN_KIND_XML;
    case MEDIA_JSON:
        return SCAN_KIND_JSON;
    case MEDIA_JAVASCRIPT:
        return SCAN_KIND_SCRIPT;
    case MEDIA_CSV:
    case MEDIA_TEXT:
    case MEDIA_EVENT_STREAM:
    case MEDIA_FORM:
    case MEDIA_MULTIPART:
        return SCAN_KIND_TEXT;
    case MEDIA_UNKNOWN:
    case MEDIA_BINARY:
        return SCAN_KIND_UNKNOWN;
    case MEDIA_OTHER:
        return SCAN_KIND_NONE;
    }
    UNREACHABLE();
}

/* Whether and how the body can be read. */
static void prepare_scan(struct exchange *self, const struct head *head)
{
    const struct field *type = head_field(head, FIELD_CONTENT_TYPE);
    struct span type_text = type != NULL ? type->value : (struct span){0};
    bool inspect = media_is_inspected(head);
    enum scan_kind kind = inspect ? kind_of(media_of_head(head)) : SCAN_KIND_NONE;

    self->scan = scan_begin(self->plan->scanner, kind,
                            media_parameter(type_text, SPAN("charset")));
    self->undecodable = self->scan == NULL;
    self->inspected = inspect;
    self->uninspected = UNINSPECTED_MEDIA;
    if (!inspect || self->scan == NULL ||
        head_field(head, FIELD_CONTENT_ENCODING) == NULL) {
        return;
    }
    self->decoder = take_decoder(self);
    if (self->decoder == NULL ||
        coding_start(self->decoder->coding, head) == CODING_UNKNOWN) {
        self->inspected = false;
        self->undecodable = true;
        self->uninspected = UNINSPECTED_CODING;
    } else if (coding_is_identity(self->decoder->coding)) {
        give_decoder(self);
    }
}

static void scan_fields(struct exchange *self, const struct head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (field->id == FIELD_SET_COOKIE) {
            struct set_cookie cookie;
            if (cookie_parse_set(field->value, &cookie)) {
                scan_set_cookie(self->scan, cookie.name, cookie.value);
            }
        }
        scan_field(self->scan, field->name, field->value);
    }
}

/* While login is down only deletions and tokens of those who came without any pass. */
static bool set_cookie_stays(void *context, const struct field *field)
{
    struct exchange *self = context;
    const struct session_policy *policy = &self->plan->site->session;
    int64_t now_s = (int64_t)(loop_unix_ms(self->relay->loop) / 1000);
    struct set_cookie cookie;

    if (!cookie_parse_set(field->value, &cookie) || cookie_is_deletion(&cookie, now_s)) {
        return true;
    }
    if (policy->remember != NULL &&
        cookie_names_rank(policy->remember, cookie.name) >= 0) {
        return false;
    }
    return policy->cookies == NULL ||
           cookie_names_rank(policy->cookies, cookie.name) < 0 || !self->asker.had_token;
}

/* Begins the head that the client may get. False: it does not fit. */
static bool begin_reply(struct exchange *self, const struct head *head)
{
    bool enforced = !self->routed.requirement.observe;
    struct rewrite_response rewrite = {
        .head = head,
        .validators_removed = enforced && self->routed.requirement.require_mask != 0,
        .set_cookie_stays = self->identity_removed ? set_cookie_stays : NULL,
        .set_cookie_context = self,
    };
    struct writer out = writer_of(self->reply_text, self->reply_text_capacity - 256);

    rewrite_response(&rewrite, &out);
    if (out.full) {
        size_t size = BLOCK_SMALL + EXCHANGE_TEXT_SIZE;
        if (!exchange_make_reply_room(self, size)) {
            return false;
        }
        out = writer_of(self->reply_text, size - 256);
        rewrite_response(&rewrite, &out);
    }
    self->reply_text_len = out.len;
    return !out.full;
}

/* NTLM and Negotiate bind a connection to a user: never for anybody else. */
static bool binds_connection(const struct head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (field->id == FIELD_WWW_AUTHENTICATE ||
            field->id == FIELD_PROXY_AUTHENTICATE) {
            struct span scheme = span_first(field->value, span_find(field->value, ' '));
            if (span_equal_nocase(scheme, SPAN("ntlm")) ||
                span_equal_nocase(scheme, SPAN("negotiate"))) {
                return true;
            }
        }
    }
    return false;
}

/* The final head: everything that needs its fields is done here, they do not last. */
static void take_head(struct exchange *self, const struct head *head)
{
    self->upstream_status = head->status;
    self->answer_framing = head->framing;
    self->answer_length = head->has_content_length ? head->content_length : UINT64_MAX;
    self->upstream_clean = head->keep_alive && head->version_minor == 1 &&
                           head->framing != FRAMING_CLOSE && !binds_connection(head);
    prepare_scan(self, head);
    if (self->scan != NULL) {
        scan_fields(self, head);
    }
    exchange_fill_answer(self, head);
    if (!begin_reply(self, head)) {
        fail_upstream(self, ENDING_UPSTREAM_LARGE);
    }
    self->answer_part = head->framing == FRAMING_NONE ? ANSWER_COMPLETE : ANSWER_BODY;
}

void exchange_send_continue(struct exchange *self)
{
    struct span line = SPAN("HTTP/1.1 100 Continue\r\n\r\n");

    self->continue_sent = true;
    if (!stream_writing(client_stream(self->client)) &&
        stream_write(client_stream(self->client), &line, 1, true) == WRITTEN_FAILED) {
        self->client_gone = true;
    }
}

/* A head that is not the last: only 100 means something to a client of ours. */
static void take_interim(struct exchange *self, unsigned status)
{
    if (status == ONLY_100 && self->expects_continue && !self->continue_sent) {
        exchange_send_continue(self);
    } else if (status == 101) {
        fail_upstream(self, ENDING_UPGRADE);
    }
}

/* Reads heads from the front of the hold until the final one. Returns the bytes of the
 * body that came with it. */
static struct span read_heads(struct exchange *self)
{
    struct head *head = &self->relay->response_head;
    struct h1 *codec = self->upstream->codec;
    struct h1_limits limits = {.head_size_max = BLOCK_SMALL,
                               .target_size_max = BLOCK_SMALL,
                               .field_count_max = HEAD_FIELDS_MAX};

    self->answer_part = ANSWER_HEAD;
    while (self->answer_part == ANSWER_HEAD && !self->upstream_failed) {
        struct span bytes = span_from(hold_front(&self->hold), self->head_start);
        size_t len = 0;
        enum h1_found found = h1_find_head(codec, bytes, &self->head_checked, &len);
        if (found == H1_FOUND_NOT) {
            if (self->head_start + bytes.len + EXCHANGE_TEXT_SIZE > BLOCK_SMALL) {
                fail_upstream(self, ENDING_UPSTREAM_LARGE);
            }
            return (struct span){0};
        }
        if (found == H1_FOUND_BAD || h1_parse_head(codec, span_first(bytes, len), &limits,
                                                   head) != H1_ERROR_NONE) {
            fail_upstream(self, ENDING_UPSTREAM_MALFORMED);
            return (struct span){0};
        }
        self->head_start += len;
        self->head_checked = 0;
        if (head->status < 200) {
            take_interim(self, head->status);
            continue;
        }
        take_head(self, head);
        return span_from(bytes, len);
    }
    return (struct span){0};
}

void exchange_feed(struct exchange *self, struct span content)
{
    if (!self->inspected || self->undecodable || content.len == 0) {
        return;
    }
    if (self->decoder == NULL) {
        self->decoded_len += content.len;
        self->undecodable =
            scan_feed(self->scan, content, SCAN_LEASE_KEPT) == SCAN_UNDECODABLE;
        return;
    }
    switch (coding_feed(self->decoder->coding, content, PIECE_MORE)) {
    case CODING_MORE:
    case CODING_DONE:
        return;
    case CODING_UNKNOWN:
    case CODING_DAMAGED:
    case CODING_LIMIT:
        self->undecodable = true;
    }
}

/* The body is whole: nothing more will be seen. */
static void finish_scan(struct exchange *self)
{
    struct span none = {0};

    if (self->scan == NULL || !self->inspected) {
        return;
    }
    if (self->decoder != NULL && !self->undecodable &&
        self->decoded_len + self->hold.len > 0 &&
        coding_feed(self->decoder->coding, none, PIECE_LAST) != CODING_DONE) {
        self->undecodable = true;
    }
    if (scan_finish(self->scan) == SCAN_UNDECODABLE) {
        self->undecodable = true;
    }
    if (self->undecodable) {
        self->uninspected = UNINSPECTED_BROKEN;
    }
}

static void complete(struct exchange *self)
{
    self->answer_part = ANSWER_COMPLETE;
    finish_scan(self);
    deadline_clear(&self->deadline);
}

/* Body bytes as received; chunk framing is taken off. */
static void take_body(struct exchange *self, struct span bytes)
{
    while (bytes.len > 0 && self->answer_part == ANSWER_BODY) {
        struct span content;
        size_t consumed = 0;
        enum piece piece =
            h1_parse_body(self->upstream->codec, bytes, &content, &consumed);
        if (piece == PIECE_BROKEN) {
            fail_upstream(self, ENDING_UPSTREAM_MALFORMED);
            return;
        }
        if (!hold_keep(&self->hold, &content)) {
            fail_upstream(self, ENDING_INTERNAL);
            return;
        }
        exchange_feed(self, content);
        bytes = span_from(bytes, consumed);
        if (piece == PIECE_LAST) {
            complete(self);
        }
    }
    if (bytes.len > 0 && self->answer_part == ANSWER_COMPLETE) {
        self->bad_tail = true;
        self->upstream_clean = false;
        desync_note_excess(self->relay, self->upstream, bytes.len);
    }
}

static void on_read(void *owner, struct span bytes)
{
    struct exchange *self = owner;

    hold_note_read(&self->hold, bytes);
    if (self->answer_part == ANSWER_COMPLETE) {
        if (!self->bad_tail) {
            desync_note_excess(self->relay, self->upstream, bytes.len);
        }
        self->bad_tail = true;
        self->upstream_clean = false;
        return;
    }
    if (self->answer_part == ANSWER_NONE || self->answer_part == ANSWER_HEAD) {
        bytes = read_heads(self);
        if (self->answer_part == ANSWER_COMPLETE) {
            complete(self);
        }
    }
    if (!self->upstream_failed) {
        take_body(self, bytes);
    }
    exchange_advance(self);
}

static void on_end(void *owner, enum err err)
{
    struct exchange *self = owner;
    bool body = self->answer_part == ANSWER_BODY;

    self->upstream_clean = false;
    if (self->answer_part == ANSWER_COMPLETE) {
        return;
    }
    if (body && err == ERR_CLOSED && h1_finish(self->upstream->codec) == PIECE_LAST) {
        complete(self);
    } else {
        fail_upstream(self, ENDING_UPSTREAM_CLOSED);
    }
    exchange_advance(self);
}

/* The upstream's socket took what waited: the client may send more of its body. */
static void on_drain(void *owner, enum err err)
{
    struct exchange *self = owner;

    if (err != ERR_NONE) {
        fail_upstream(self, ENDING_UPSTREAM_CLOSED);
        exchange_advance(self);
        return;
    }
    if (self->state == STATE_ASK || self->state == STATE_HOLD) {
        arm_ask(self);
    }
    if (!self->request_read) {
        client_resume_body(self->client);
    }
}

static void ignore_connect(void *owner, enum err err)
{
    (void)owner;
    (void)err;
}

const struct stream_events EXCHANGE_UPSTREAM_EVENTS = {
    .space = on_space,
    .on_read = on_read,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_connect = ignore_connect,
};

void exchange_stop_answer(struct exchange *self, bool refused)
{
    scan_end(&self->scan);
    give_decoder(self);
    hold_clear(&self->hold, refused);
    list_remove(&self->hold_link);
    self->segments_sent = 0;
}

static void on_ready(struct pool_request *request, struct upstream *upstream)
{
    struct exchange *self = LIST_ENTRY(request, struct exchange, request);
    self->upstream = upstream;
    exchange_advance(self);
}

static void on_failed(struct pool_request *request)
{
    struct exchange *self = LIST_ENTRY(request, struct exchange, request);
    self->upstream_failed = true;
    exchange_advance(self);
}

void exchange_set_pool_callbacks(struct exchange *self)
{
    self->request.on_ready = on_ready;
    self->request.on_failed = on_failed;
}

/* May the request be sent once more on another connection (RFC 9110 section 9.2.2)? */
static bool may_retry(const struct exchange *self)
{
    bool closed = self->request.failure == ENDING_UPSTREAM_CLOSED;
    bool harmless = self->nothing_sent ||
                    (self->kept_connection && method_is_idempotent(self->method));

    return closed && harmless && !self->retried && !self->body_started &&
           self->answer_part == ANSWER_NONE;
}

static enum step ask_failed(struct exchange *self)
{
    if (may_retry(self)) {
        meter_retry(self->relay);
        self->retried = true;
        exchange_drop_upstream(self);
        hold_clear(&self->hold, false);
        list_remove(&self->hold_link);
        self->upstream_failed = false;
        self->head_sent = false;
        self->nothing_sent = false;
        self->request.fresh = true;
        return exchange_become(self, STATE_ACQUIRE);
    }
    return exchange_reply_error(self, 502, self->request.failure);
}

static enum step ask_timed_out(struct exchange *self)
{
    if (self->no_room) {
        return exchange_reply_error(self, 503, ENDING_HOLD_FULL);
    }
    if (!self->request_read && !stream_writing(self->upstream->stream)) {
        return exchange_reply_error(self, 408, ENDING_BODY_TIMEOUT);
    }
    return exchange_reply_error(self, 504, ENDING_RESPONSE_TIMEOUT);
}

/* What goes wrong in the same way before and after the answer's head. */
static bool is_over(struct exchange *self, enum step *step_out)
{
    if (self->client_gone) {
        self->ending = ENDING_CLIENT_GONE;
        self->disposition = DISPOSITION_RESET;
        *step_out = exchange_become(self, STATE_END);
        return true;
    }
    if (self->body_broken) {
        *step_out = exchange_reply_error(self, 400, ENDING_MALFORMED);
        return true;
    }
    if (self->too_large) {
        *step_out = exchange_reply_error(self, 413, ENDING_BODY_LARGE);
        return true;
    }
    if (self->upstream_failed && self->answer_part != ANSWER_COMPLETE) {
        *step_out = ask_failed(self);
        return true;
    }
    if (self->timed_out) {
        *step_out = ask_timed_out(self);
        return true;
    }
    return false;
}

/* The request is on its way and no answer has begun. */
enum step exchange_step_ask(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (is_over(self, &step)) {
        return step;
    }
    if (self->answer_part == ANSWER_BODY || self->answer_part == ANSWER_COMPLETE) {
        return exchange_become(self, STATE_HOLD);
    }
    if (!self->request_read && !self->body_asked) {
        self->body_asked = true;
        client_resume_body(self->client);
    }
    return STEP_WAIT;
}

/* The answer is coming in; nothing of it leaves. */
enum step exchange_step_hold(struct exchange *self)
{
    enum step step = STEP_WAIT;

    if (self->answer_part == ANSWER_COMPLETE) {
        return self->client_gone ? exchange_judge_for_nobody(self) : exchange_judge(self);
    }
    if (is_over(self, &step)) {
        return step;
    }
    if (self->hold.len > exchange_limits(self)->hold_max) {
        if (exchange_may_stream(self)) {
            return exchange_start_stream(self);
        }
        self->overflow = true;
        return exchange_judge(self);
    }
    if (!self->no_room) {
        exchange_set_deadline(self, self->request_read
                                        ? pool_settings(self->pool)->response_timeout_ms
                                        : exchange_limits(self)->body_timeout_ms);
    }
    return STEP_WAIT;
}
