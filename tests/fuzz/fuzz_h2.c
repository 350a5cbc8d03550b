/* A whole HTTP/2 connection: the input is what a client sends after its preface, in
 * pieces; the owner answers every request, now and then in parts, resets, and gives
 * windows back. Every request that is let through must read the same to the parser of
 * HTTP/1. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "http/h2.h"

enum {
    OUT_SIZE = 65536,
    PIECES = 7,
};

static const struct h1_limits LIMITS = {
    .head_size_max = 2048, .target_size_max = 512, .field_count_max = 32};
static const struct span PREFACE = {
    .ptr = (const uint8_t *)"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .len = 24};

struct stream {
    struct list_link link;
    struct h2_stream h2;
    size_t unread;
    bool answered;
};

static struct h2 *h2;
static struct list streams;
static unsigned turn;

static void forget(struct stream *stream, enum h2_reset reset)
{
    h2_close(h2, &stream->h2, reset);
    h2_consume_closed(h2, stream->unread);
    list_remove(&stream->link);
    free(stream);
}

static void check_head(struct span text, bool ended)
{
    static struct head head;
    struct h1 *parser = h1_new(H1_REQUEST);
    size_t checked = 0;
    size_t len = 0;

    CHECK(parser != NULL);
    CHECK(h1_find_head(parser, text, &checked, &len) != H1_FOUND_HEAD || len == text.len);
    if (h2_parse_head(h2, text, ended, &head) == H1_ERROR_NONE) {
        CHECK(head.method != METHOD_CONNECT && head_field_count(&head, FIELD_HOST) == 1);
        CHECK(head_field_count(&head, FIELD_COOKIE) <= 1);
        CHECK(!ended || head.framing == FRAMING_NONE);
        CHECK(ended || head.framing != FRAMING_NONE || head.has_content_length);
    }
    h1_free(&parser);
}

static void on_request(void *owner, int32_t id, enum h1_error error, struct span text,
                       bool ended)
{
    (void)owner;
    if (error == H1_ERROR_NONE) {
        check_head(text, ended);
    }
    if (++turn % 5 == 0) {
        return;
    }
    struct stream *stream = calloc(1, sizeof(*stream));
    CHECK(stream != NULL);
    list_push_back(&streams, &stream->link);
    h2_attach(h2, id, &stream->h2);
}

static void on_body(struct h2_stream *inner, struct span content, bool last)
{
    struct stream *stream = LIST_ENTRY(inner, struct stream, h2);

    (void)last;
    stream->unread += content.len;
    if (++turn % 3 == 0) {
        h2_consume(h2, inner, stream->unread);
        stream->unread = 0;
    }
}

static void on_closed(struct h2_stream *inner)
{
    struct stream *stream = LIST_ENTRY(inner, struct stream, h2);

    CHECK(inner->id == 0);
    forget(stream, H2_RESET_CUT);
}

static const struct h2_events EVENTS = {
    .on_request = on_request, .on_body = on_body, .on_closed = on_closed};

static bool send_part(struct h2_stream *stream, struct span head, const struct span *body,
                      size_t count, bool last)
{
    struct h2_part part = {.head = head, .body = body, .count = count, .last = last};
    return h2_send(h2, stream, &part);
}

static void answer(struct stream *stream)
{
    static char page[3000];
    struct span body = {.ptr = (const uint8_t *)page, .len = sizeof(page)};
    struct span head = SPAN("HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\n");
    bool last = ++turn % 2 == 0;

    stream->answered = true;
    if (turn % 11 == 0 || !send_part(&stream->h2, head, &body, 1, last)) {
        forget(stream, H2_RESET_CUT);
    }
}

static void answer_all(void)
{
    static uint8_t out[OUT_SIZE];
    struct list_link *link = list_first(&streams);

    while (link != NULL && link != &streams.head) {
        struct stream *stream = LIST_ENTRY(link, struct stream, link);
        link = link->next;
        if (!stream->answered) {
            answer(stream);
        }
    }
    for (int i = 0; i < 8 && h2_produce(h2, out, sizeof(out)) > 0; i++) {
    }
    for (struct h2_stream *inner = h2_next_taken(h2); inner != NULL;
         inner = h2_next_taken(h2)) {
        struct stream *stream = LIST_ENTRY(inner, struct stream, h2);
        if (inner->ended) {
            forget(stream, turn % 2 == 0 ? H2_RESET_UNREAD : H2_RESET_NONE);
        } else if (!send_part(inner, (struct span){0}, NULL, 0, true)) {
            forget(stream, H2_RESET_CUT);
        }
    }
    h2_reset_unread(h2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = {.ptr = data, .len = size};
    uint64_t now_ms = 1000;

    turn = size > 0 ? data[size - 1] : 0;
    list_init(&streams);
    h2 = h2_new(&LIMITS, &EVENTS, NULL, now_ms);
    CHECK(h2 != NULL);
    bool open = h2_receive(h2, PREFACE, now_ms);
    for (int i = 0; open && rest.len > 0 && i < 64; i++) {
        struct span piece = span_first(rest, i < PIECES ? size / PIECES + 1 : rest.len);
        open = h2_receive(h2, piece, now_ms += 50);
        rest = span_from(rest, piece.len);
        answer_all();
    }
    for (struct list_link *link = list_first(&streams); link != NULL;
         link = list_first(&streams)) {
        forget(LIST_ENTRY(link, struct stream, link), H2_RESET_CUT);
    }
    h2_free(&h2);
    return 0;
}
