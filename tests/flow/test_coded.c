/* Coded bodies past the hold: the client gets the original bytes, and none that holds
 * something which was not judged yet, however much a decoder swallows before it gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/coding.h"
#include "relay/block.h"
#include "support/encode.h"
#include "support/flow_world.h"
#include "support/test.h"

enum {
    LONG = 5 * FLOW_HOLD_MAX,
    CODED_SIZE = 2 * LONG,
    BLOCK = 131072, /* Of zstd, decoded. */
    SECRET_AT = BLOCK + 100,
    TAG_FILL = 3000,
    SHARE = 8192,
    LEFT = 16 * SHARE,
};

static const struct row {
    const char *names;
    enum encode_form forms[3];
    int count;
} ROWS[] = {
    {"gzip", {ENCODE_GZIP}, 1},
    {"deflate", {ENCODE_RAW}, 1},
    {"br", {ENCODE_BROTLI}, 1},
    {"zstd", {ENCODE_ZSTD}, 1},
    {"gzip, br", {ENCODE_GZIP, ENCODE_BROTLI}, 2},
    {"zstd, gzip", {ENCODE_ZSTD, ENCODE_GZIP}, 2},
    {"zstd, zstd", {ENCODE_ZSTD, ENCODE_ZSTD}, 2},
    {"br, gzip, zstd", {ENCODE_BROTLI, ENCODE_GZIP, ENCODE_ZSTD}, 3},
};
enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;
static uint8_t body[LONG];
static uint8_t coded[2][CODED_SIZE];
static uint8_t decoded[2 * CODED_SIZE];
static size_t decoded_len;
static size_t piece_size = 700; /* Not so short that the hold joins pieces. */

/* Hardly compressible, so that coded bytes show what they hold, but with repeats, so that
 * they are coded at all. */
static void fill_body(void)
{
    uint32_t random = 20240301;

    for (size_t i = 0; i < LONG; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        uint8_t byte = (uint8_t)(random >> 11);
        body[i] = byte == '<' || byte == 0x1B ? '.' : byte;
        if (i % 900 == 899) {
            memcpy(body + i - 30, body + i - 400, 30);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    fill_body();
    flow_init(&world);
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, "alice-session-token", "alice");
    flow_get(&world, &client, "/stream/a", "alice-session-token");
    flow_hear_request(&world, &upstream);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_close(&world);
    return 0;
}

static struct span encode(const struct row *row)
{
    struct span bytes = {body, LONG};

    for (int i = 0; i < row->count; i++) {
        uint8_t *out = coded[i % 2];
        size_t len = encode_bytes(bytes, row->forms[i], 3, out, CODED_SIZE);
        assert_true(len > 0);
        bytes = (struct span){out, len};
    }
    return bytes;
}

static void say(const struct row *row, struct span bytes)
{
    char head[256];

    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                   "Content-Encoding: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
                   row->names);
    flow_say(&world, &upstream, head);
    for (size_t at = 0; at < bytes.len && !client.broken; at += piece_size) {
        struct span piece = span_first(span_from(bytes, at), piece_size);
        (void)snprintf(head, sizeof(head), "%zx\r\n", piece.len);
        flow_say(&world, &upstream, head);
        flow_say_bytes(&world, &upstream, piece);
        flow_say(&world, &upstream, "\r\n");
        flow_turn(&world);
        flow_turn(&world);
        flow_listen(&client);
    }
    if (!client.broken) {
        flow_say(&world, &upstream, "0\r\n\r\n");
    }
}

static void on_decoded(void *context, struct span bytes)
{
    (void)context;
    assert_true(decoded_len + bytes.len <= sizeof(decoded));
    memcpy(decoded + decoded_len, bytes.ptr, bytes.len);
    decoded_len += bytes.len;
}

/* What a client can make of the bytes it has. */
static void decode(const struct row *row, struct span bytes)
{
    const struct coding_limits limits = {.decoded_size_max = LONG, .ratio_max = 1000};
    struct coding *coding = coding_new(&limits, on_decoded);
    struct head head = {.field_count = 1};

    head.fields[0] =
        (struct field){.value = span_of(row->names), .id = FIELD_CONTENT_ENCODING};
    decoded_len = 0;
    (void)coding_start(coding, &head, NULL);
    assert_int_equal(coding_feed(coding, bytes, PIECE_MORE), CODING_MORE);
    coding_free(&coding);
}

static bool shows(const void *bytes, size_t len, const char *text)
{
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void streamed_coded(const struct row *row)
{
    struct flow_answer answer;
    struct span bytes = encode(row);

    say(row, bytes);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.body.len, bytes.len);
    assert_memory_equal(answer.body.ptr, bytes.ptr, bytes.len);
}

/* Whole chunks and what came of the last one, moved together. */
static struct span released(void)
{
    char *from = strstr(client.text, "\r\n\r\n");
    char *to = client.text;
    const char *end = client.text + client.len;

    assert_non_null(from);
    from += 4;
    while (from < end) {
        char *line = NULL;
        size_t len = strtoul(from, &line, 16);
        if (line + 2 > end) {
            break;
        }
        from = line + 2;
        len = len < (size_t)(end - from) ? len : (size_t)(end - from);
        memmove(to, from, len);
        to += len;
        from += len + 2;
    }
    return (struct span){.ptr = (uint8_t *)client.text,
                         .len = (size_t)(to - client.text)};
}

/* A tag that begins long before it names its marker: nothing of it may leave. */
static void cut_before_its_secret(const struct row *row)
{
    uint8_t *at = body + SECRET_AT;

    struct span begin = SPAN("<meta content=\"bobsecret\" ");
    struct span end = SPAN(" name=\"user-marker\">");

    memcpy(at, begin.ptr, begin.len);
    memset(at + begin.len, ' ', TAG_FILL);
    for (size_t i = 0; i < TAG_FILL; i += 2) {
        at[begin.len + i] = body[i] | 0x80; /* Names of noise do not compress either. */
    }
    memcpy(at + begin.len + TAG_FILL, end.ptr, end.len);
    say(row, encode(row));
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken && flow_has(&client, " 200 "));
    struct span bytes = released();
    assert_true(row->count > 1 || bytes.len > FLOW_HOLD_MAX);
    assert_false(shows(bytes.ptr, bytes.len, "bobsecret"));
    decode(row, bytes);
    assert_true(decoded_len <= SECRET_AT);
    assert_memory_equal(decoded, body, decoded_len);
    assert_true(flow_login_down(&world));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
}

static void every_coding_is_streamed_byte_for_byte(void **state)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (i > 0) {
            assert_int_equal(tear_down(state) + set_up(state), 0);
        }
        streamed_coded(&ROWS[i]);
    }
}

static void nothing_of_a_pending_marker_leaves_in_any_coding(void **state)
{
    static const size_t PIECES[] = {700, 5000};

    for (size_t i = 0; i < 2 * (size_t)ROW_COUNT; i++) {
        if (i > 0) {
            assert_int_equal(tear_down(state) + set_up(state), 0);
        }
        piece_size = PIECES[i % 2];
        cut_before_its_secret(&ROWS[i / 2]);
    }
}

/* A window is large whatever the page is: at the bound only the oldest may have one. */
static void memory_of_decoders_counts_with_what_is_held(void **state)
{
    static const struct row BROTLI = {"br", {ENCODE_BROTLI}, 1};
    struct flow_peer other;
    struct flow_peer site;
    uint64_t others = 0;
    uint64_t total_max = world.shared.budget.total_max;

    (void)state;
    flow_client(&world, &other);
    flow_get(&world, &other, "/stream/b", "bobs-session-token-of-16");
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_say(
        &world, &site,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nbegun");
    flow_settle(&world);
    world.shared.budget.total_max = 1048576;
    while (block_store_charge(world.relay->blocks, SHARE, 0)) {
        others += SHARE;
    }
    block_store_discharge(world.relay->blocks, LEFT); /* For the page alone. */
    others -= LEFT;
    say(&BROTLI, encode(&BROTLI));
    assert_true(flow_hear(&world, &client, " 503 "));
    assert_int_equal(flow_ended(&world, "hold_full"), 1);
    flow_say(&world, &site, "done");
    assert_true(flow_hear(&world, &other, "begundone"));
    flow_settle(&world);
    block_store_discharge(world.relay->blocks, others);
    assert_int_equal(block_store_used(world.relay->blocks), 0);
    world.shared.budget.total_max = total_max;
    flow_hang_up(&other);
    flow_hang_up(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_coding_is_streamed_byte_for_byte, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_of_a_pending_marker_leaves_in_any_coding,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_of_decoders_counts_with_what_is_held,
                                        set_up, tear_down),
    };
    return RUN_TESTS(tests);
}
