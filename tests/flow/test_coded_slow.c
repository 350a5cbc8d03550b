/* Coded bodies to a client that takes slowly, while more of them comes: what the upstream
 * has not said to the end of a symbol or block cannot have been scanned, so none of it
 * may leave, and what was scanned does leave. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/coding.h"
#include "support/encode.h"
#include "support/flow_h2.h"
#include "support/test.h"

enum {
    LONG = 12 * FLOW_HOLD_MAX,
    CODED_SIZE = 2 * LONG,
    PIECE_MAX = 131072,
    ROUNDS = 4,
    TURNS = 6,
    LISTENS = 16, /* Between two pieces: on average about as much is taken as is said. */
    BLOCK = 131072, /* Of zstd, decoded. */
    SECRET_AT = LONG - BLOCK + 100,
    BEHIND_MAX = 3 * BLOCK, /* What waits: a block and the reads around it. */
    WINDOW = 1048576,
};

static const enum encode_form FORMS[] = {ENCODE_GZIP, ENCODE_BROTLI, ENCODE_ZSTD};
enum { FORM_COUNT = sizeof(FORMS) / sizeof(FORMS[0]) };

static const char *const SID = "alice-session-token";

static struct flow_world world;
static struct flow_peer client;
static struct flow_h2 client_h2;
static struct flow_peer upstream;
static uint8_t body[LONG];
static uint8_t coded[CODED_SIZE];
static size_t coded_len;
static size_t decoded_len;
static size_t whole[CODED_SIZE + 1]; /* Of so many coded bytes: those that gave. */
static size_t secret_from;           /* Coded bytes before what holds the secret. */
static uint32_t seed;

static uint32_t random_below(uint32_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % bound;
}

/* Hardly compressible, so that coded bytes show what they hold, but with repeats, so that
 * they are coded at all. */
static void fill_body(void)
{
    for (size_t i = 0; i < LONG; i++) {
        uint8_t byte = (uint8_t)random_below(256);
        body[i] = byte == '<' || byte == 0x1B ? '.' : byte;
        if (i % 900 == 899) {
            memcpy(body + i - 30, body + i - 400, 30);
        }
    }
}

static void on_decoded(void *context, struct span bytes)
{
    (void)context;
    decoded_len += bytes.len;
}

/* Where the symbols and blocks of the coding end: after each byte, how many of those so
 * far had given all that they decode to. */
static void find_ends(enum encode_form form)
{
    const struct coding_limits limits = {.decoded_size_max = LONG, .ratio_max = 1000};
    struct coding *coding = coding_new(&limits, on_decoded);
    struct head head = {.field_count = 1};

    head.fields[0] =
        (struct field){.value = span_of(encode_name(form)), .id = FIELD_CONTENT_ENCODING};
    (void)coding_start(coding, &head, NULL);
    decoded_len = 0;
    whole[0] = 0;
    for (size_t i = 0; i < coded_len; i++) {
        size_t before = decoded_len;
        (void)coding_feed(coding, (struct span){coded + i, 1}, PIECE_MORE);
        whole[i + 1] = decoded_len > before ? i + 1 : whole[i];
        if (before <= SECRET_AT && decoded_len > SECRET_AT) {
            secret_from = whole[i];
        }
    }
    assert_int_equal(decoded_len, LONG);
    coding_free(&coding);
}

static void encode(enum encode_form form)
{
    coded_len = encode_bytes((struct span){body, LONG}, form, 3, coded, CODED_SIZE);
    assert_true(coded_len > LONG / 2);
    find_ends(form);
}

static void begin(uint32_t round)
{
    seed = 20240301 + round;
    fill_body();
    flow_init(&world);
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, SID, "alice");
    flow_hang_up(&client);
}

static void end(void)
{
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_close(&world);
}

static void turn(void)
{
    for (int i = 0; i < TURNS; i++) {
        flow_turn(&world);
    }
}

static void say_head(enum encode_form form)
{
    char head[256];

    flow_hear_request(&world, &upstream);
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                   "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                   encode_name(form), coded_len);
    flow_say(&world, &upstream, head);
}

/* As much of a piece as the socket takes, and of the body all but its last byte; nothing
 * is turned. Returns how far it is. */
static size_t say_some(size_t said)
{
    size_t len = 1 + random_below(PIECE_MAX);
    struct span rest = {coded + said, coded_len - 1 - said};
    struct span piece = span_first(rest, len);
    ssize_t sent = send(upstream.fd, piece.ptr, piece.len, MSG_NOSIGNAL);

    assert_true(sent >= 0 || errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
    return said + (sent > 0 ? (size_t)sent : 0);
}

/* Bytes of the body that the client has, which are those of the site. */
static size_t received(void)
{
    const char *from = strstr(client.text, "\r\n\r\n");
    if (from == NULL) {
        return 0;
    }
    from += 4;
    size_t len = client.len - (size_t)(from - client.text);
    assert_true(len <= coded_len);
    assert_memory_equal(from, coded, len);
    return len;
}

static size_t received_h2(int32_t id)
{
    const struct h2_heard *heard = h2_client_of(&client_h2.client, id);

    assert_true(heard->body_len <= coded_len);
    if (heard->body_len > 0) {
        assert_memory_equal(heard->body, coded, heard->body_len);
    }
    return heard->body_len;
}

/* The client takes something now and then; what it has was decoded and scanned. */
static void pass_slowly(enum encode_form form)
{
    size_t said = 0;

    flow_slow_client(&world, &client);
    client.deaf = true;
    flow_get(&world, &client, "/stream/a", SID);
    say_head(form);
    while (said < coded_len - 1) {
        said = say_some(said);
        turn();
        for (uint32_t i = random_below(LISTENS); i > 0; i--) {
            flow_listen(&client);
            turn();
            assert_true(received() <= whole[said]);
        }
    }
    assert_true(flow_hear_bytes(&world, &client, coded_len - BEHIND_MAX));
    flow_settle(&world);
    assert_true(received() <= whole[said]);
    client.deaf = false;
    flow_say_bytes(&world, &upstream, (struct span){coded + said, 1});
    while (received() < coded_len && !client.broken && !client.ended) {
        flow_turn(&world);
        flow_listen(&client);
    }
    assert_int_equal(received(), coded_len);
    assert_int_equal(flow_ended(&world, "released"), 3);
}

static void nothing_leaves_to_a_slow_client_before_it_was_scanned(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS * FORM_COUNT; round++) {
        begin(round);
        encode(FORMS[round % FORM_COUNT]);
        pass_slowly(FORMS[round % FORM_COUNT]);
        end();
    }
}

/* A page of two owners: the second is named in the last block, or near the end. */
static void a_second_owner_in_the_last_block_never_reaches_a_slow_client(void **state)
{
    const struct span secret = SPAN("<meta content=\"bobsecret\" name=\"user-marker\">");

    (void)state;
    for (uint32_t round = 0; round < ROUNDS * FORM_COUNT; round++) {
        size_t said = 0;
        begin(round);
        memcpy(body + SECRET_AT, secret.ptr, secret.len);
        encode(FORMS[round % FORM_COUNT]);
        flow_slow_client(&world, &client);
        client.deaf = true;
        flow_get(&world, &client, "/stream/a", SID);
        say_head(FORMS[round % FORM_COUNT]);
        while (said < coded_len - 1 && !client.broken) {
            said = say_some(said);
            turn();
            for (uint32_t i = random_below(LISTENS); i > 0; i--) {
                flow_listen(&client);
                turn();
            }
        }
        client.deaf = false;
        flow_say_bytes(&world, &upstream, (struct span){coded + said, coded_len - said});
        assert_true(flow_hear_end(&world, &client));
        assert_true(client.broken);
        assert_false(flow_has(&client, "bobsecret"));
        assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
        assert_true(received() <= secret_from);
        assert_true(flow_last_entry(&world)->body_size <= coded_len);
        end();
    }
}

/* Over HTTP/2 no part is taken at once, and the next read follows in the same turn. */
static void nothing_leaves_over_http_2_before_it_was_scanned(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS * FORM_COUNT; round++) {
        enum encode_form form = FORMS[round % FORM_COUNT];
        size_t said = 0;
        begin(round);
        encode(form);
        flow_allow_h2(&world);
        flow_h2_open(&world, &client_h2);
        int32_t id = h2_client_get(&client_h2.client, "/stream/a", SID);
        flow_h2_turn(&world, &client_h2);
        say_head(form);
        h2_client_allow(&client_h2.client, 0, WINDOW);
        h2_client_allow(&client_h2.client, id, WINDOW);
        while (said < coded_len - 1) {
            for (uint32_t i = random_below(4); i > 0; i--) {
                said = say_some(said);
            }
            flow_h2_turn(&world, &client_h2);
            assert_true(received_h2(id) <= whole[said]);
        }
        assert_true(received_h2(id) >= coded_len - BEHIND_MAX);
        flow_say_bytes(&world, &upstream, (struct span){coded + said, 1});
        assert_true(flow_h2_hear(&world, &client_h2, id));
        assert_true(flow_h2_is_whole(&client_h2, id, 200));
        assert_int_equal(received_h2(id), coded_len);
        flow_h2_close(&client_h2);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaves_to_a_slow_client_before_it_was_scanned),
        cmocka_unit_test(a_second_owner_in_the_last_block_never_reaches_a_slow_client),
        cmocka_unit_test(nothing_leaves_over_http_2_before_it_was_scanned),
    };
    return RUN_TESTS(tests);
}
