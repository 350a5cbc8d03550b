#include <stdio.h>
#include <string.h>

#include "net/tls.h"
#include "net/tls_peer.h"
#include "support/tls_case.h"

enum {
    WIRE_SIZE = 262144,
    TURNS_MAX = 40000,
};

/* One end, and the wire that it writes to. */
struct end {
    struct tls *tls;
    struct tls_output output;
    uint8_t out[TLS_OUTPUT_SIZE];
    uint8_t wire[WIRE_SIZE];
    size_t wire_len;
    size_t taken; /* By the other end. */
    enum tls_step step;
    bool ready;
    uint8_t text[WIRE_SIZE];
    size_t text_len;
};

struct pair {
    struct end client;
    struct end server;
    size_t piece; /* Bytes that arrive at once; 0: random. */
    uint32_t seed;
};

static void end_init(struct end *self)
{
    memset(self, 0, sizeof(*self));
    self->output = (struct tls_output){.bytes = self->out, .capacity = sizeof(self->out)};
    self->step = TLS_WAITS;
}

static struct pair *pair_new(struct tls_context *client, struct tls_context *server,
                             const char *name, struct tls_memory *memory)
{
    struct pair *self = malloc(sizeof(*self));

    assert_non_null(self);
    end_init(&self->client);
    end_init(&self->server);
    self->piece = WIRE_SIZE;
    self->seed = 1;
    self->client.tls = tls_new_client(client, &self->client.output, name, memory);
    self->server.tls = tls_new_server(server, &self->server.output);
    assert_non_null(self->client.tls);
    assert_non_null(self->server.tls);
    return self;
}

static void pair_free(struct pair **self_p)
{
    tls_free(&(*self_p)->client.tls);
    tls_free(&(*self_p)->server.tls);
    free(*self_p);
    *self_p = NULL;
}

static void send_out(struct end *self)
{
    assert_true(self->wire_len + self->output.len <= WIRE_SIZE);
    memcpy(self->wire + self->wire_len, self->out, self->output.len);
    self->wire_len += self->output.len;
    self->output.len = 0;
}

static size_t random_piece(struct pair *self)
{
    self->seed = self->seed * 1664525U + 1013904223U;
    return 1 + (self->seed >> 20) % 1500;
}

static void read_all(struct end *self)
{
    size_t len = 0;

    while (tls_readable(self->tls)) {
        self->step = tls_read(self->tls, self->text + self->text_len,
                              WIRE_SIZE - self->text_len, &len);
        if (self->step != TLS_DONE) {
            break;
        }
        self->text_len += len;
    }
}

/* Lets `to` work on the next piece of what `from` sent. */
static void turn(struct pair *self, struct end *from, struct end *to)
{
    size_t most = self->piece != 0 ? self->piece : random_piece(self);
    struct span piece = {.ptr = from->wire + from->taken,
                         .len = from->wire_len - from->taken};

    piece = span_first(piece, most);
    from->taken += piece.len;
    if (to->step == TLS_FAILED) {
        return;
    }
    if (piece.len > 0 || tls_input_left(to->tls).len == 0) {
        tls_input(to->tls, piece);
    }
    if (!to->ready) {
        to->step = tls_handshake(to->tls);
        to->ready = to->step == TLS_DONE;
    }
    if (to->ready) {
        read_all(to);
    }
    send_out(to);
}

/* Until nothing moves any more. */
static void run(struct pair *self)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        turn(self, &self->server, &self->client);
        turn(self, &self->client, &self->server);
        if (self->client.taken == self->client.wire_len &&
            self->server.taken == self->server.wire_len) {
            return;
        }
    }
    fail_msg("the two go on for ever");
}

static void say(struct end *self, const char *text)
{
    assert_true(tls_write(self->tls, span_of(text)));
    send_out(self);
}

/* The step at which the server arrives for a client with these certificates. */
static struct pair *meet(struct tls_context *client, struct tls_context *server,
                         const char *name, struct tls_memory *memory)
{
    struct pair *pair = pair_new(client, server, name, memory);
    run(pair);
    return pair;
}

static void talk_in_pieces_of(size_t piece)
{
    struct tls_context *server = tls_case_server(false, TLS_CLIENT_REQUIRE);
    struct tls_context *client =
        tls_case_client((struct span){0}, (struct span){0}, "http/1.1");
    struct pair *pair = pair_new(client, server, "site.test", NULL);

    pair->piece = piece;
    run(pair);
    assert_true(pair->client.ready && pair->server.ready);
    for (int i = 0; i < 40; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "line %d of what the client says\n", i);
        say(&pair->client, text);
        say(&pair->server, text);
    }
    run(pair);
    assert_int_equal(pair->server.text_len, pair->client.text_len);
    assert_memory_equal(pair->server.text, pair->client.text, pair->client.text_len);
    assert_memory_equal(pair->server.text, "line 0 of what the client says\nline 1 of",
                        40);
    assert_false(tls_pending(pair->server.tls));
    tls_close(pair->client.tls);
    send_out(&pair->client);
    run(pair);
    assert_int_equal(pair->server.step, TLS_CLOSED);
    say(&pair->server, "still here");
    run(pair);
    assert_memory_equal(pair->client.text + pair->client.text_len - 10, "still here", 10);
    pair_free(&pair);
    tls_context_unref(&client);
    tls_context_unref(&server);
}

static void tls_speaks_whatever_the_pieces_that_arrive(void **state)
{
    (void)state;
    talk_in_pieces_of(WIRE_SIZE);
    talk_in_pieces_of(1);
    talk_in_pieces_of(7);
    talk_in_pieces_of(0);
}

static void tls_half_a_record_counts_as_pending(void **state)
{
    (void)state;
    struct tls_context *server = tls_case_server(false, TLS_CLIENT_REQUIRE);
    struct tls_context *client =
        tls_case_client((struct span){0}, (struct span){0}, "http/1.1");
    struct pair *pair = meet(client, server, "site.test", NULL);

    assert_false(tls_pending(pair->client.tls));
    say(&pair->server, "0123456789");
    pair->piece = 12;
    turn(pair, &pair->server, &pair->client);
    assert_int_equal(pair->client.step, TLS_WAITS);
    assert_true(tls_pending(pair->client.tls));
    assert_false(tls_readable(pair->client.tls));
    run(pair);
    assert_false(tls_pending(pair->client.tls));
    pair_free(&pair);
    tls_context_unref(&client);
    tls_context_unref(&server);
}

static bool is_trusted(const char *name)
{
    struct tls_context *server = tls_case_server(false, TLS_CLIENT_REQUIRE);
    struct tls_context *client =
        tls_case_client((struct span){0}, (struct span){0}, "http/1.1");
    struct pair *pair = meet(client, server, name, NULL);
    bool good = pair->client.ready;

    if (!good) {
        assert_int_equal(pair->client.step, TLS_FAILED);
        assert_string_not_equal(tls_reason(pair->client.tls), "none");
        assert_int_equal(pair->server.step, TLS_FAILED);
    }
    pair_free(&pair);
    tls_context_unref(&client);
    tls_context_unref(&server);
    return good;
}

static void tls_certificate_is_chosen_by_name_and_checked_for_it(void **state)
{
    (void)state;
    assert_true(is_trusted("site.test"));
    assert_true(is_trusted("www.site.test"));
    assert_true(is_trusted("127.0.0.1"));
    assert_true(is_trusted("other.test"));
    assert_false(is_trusted("third.test"));
    assert_false(is_trusted("a.b.site.test"));
    assert_false(is_trusted("127.0.0.2"));
}

static void tls_client_believes_no_stranger_unless_told_to(void **state)
{
    (void)state;
    struct tls_context *server = tls_case_server(false, TLS_CLIENT_REQUIRE);
    struct tls_fault fault;
    struct tls_client_settings settings = {.alpn = "http/1.1"};
    struct tls_context *client = tls_client_new(&settings, &fault);
    struct pair *pair = meet(client, server, "site.test", NULL);

    assert_int_equal(pair->client.step, TLS_FAILED);
    pair_free(&pair);
    tls_context_unref(&client);
    settings.unverified = true;
    client = tls_client_new(&settings, &fault);
    pair = meet(client, server, "third.test", NULL);
    assert_true(pair->client.ready);
    assert_false(tls_peer_verified(pair->client.tls));
    pair_free(&pair);
    tls_context_unref(&client);
    tls_context_unref(&server);
}

/* Is the second connection cheaper? Each by a context of its own, with shared keys. */
static bool is_resumed(struct tls_tickets *tickets, struct tls_tickets *other_tickets)
{
    struct tls_context *client =
        tls_case_client((struct span){0}, (struct span){0}, "http/1.1");
    struct tls_memory memory = {0};
    bool resumed = false;

    for (int i = 0; i < 2; i++) {
        struct tls_context *server = tls_case_server(false, TLS_CLIENT_REQUIRE);
        tls_context_set_tickets(server, i == 0 ? tickets : other_tickets);
        struct pair *pair = meet(client, server, "site.test", &memory);
        assert_true(pair->client.ready && pair->server.ready);
        resumed = tls_resumed(pair->server.tls);
        pair_free(&pair);
        tls_context_unref(&server);
    }
    tls_memory_clear(&memory);
    tls_context_unref(&client);
    return resumed;
}

static void tls_sessions_are_resumed_by_whoever_has_the_keys(void **state)
{
    (void)state;
    struct tls_tickets *tickets = tls_tickets_new(NULL, 1);
    struct tls_tickets *strangers = tls_tickets_new(NULL, 1);

    assert_true(is_resumed(tickets, tickets));
    assert_false(is_resumed(tickets, strangers));
    tls_tickets_free(&tickets);
    tls_tickets_free(&strangers);
}

static void expect_user(struct span certificate, struct span key,
                        enum tls_client_verify verify, bool admitted, bool known)
{
    struct tls_context *server = tls_case_server(true, verify);
    struct tls_context *client = tls_case_client(certificate, key, "http/1.1");
    struct pair *pair = meet(client, server, "site.test", NULL);
    char name[TLS_PEER_NAME_SIZE_MAX];

    assert_int_equal(pair->server.ready, admitted);
    assert_int_equal(tls_peer_verified(pair->server.tls), known);
    assert_int_equal(tls_peer_name(pair->server.tls, TLS_PEER_COMMON_NAME, name), known);
    assert_string_equal(name, known ? "alice" : "");
    pair_free(&pair);
    tls_context_unref(&client);
    tls_context_unref(&server);
}

static void tls_clients_are_known_by_certificates_of_our_authorities_alone(void **state)
{
    (void)state;
    const struct span none = {0};

    expect_user(SPAN(ALICE_PEM), SPAN(ALICE_KEY), TLS_CLIENT_REQUIRE, true, true);
    expect_user(SPAN(ALICE_PEM), SPAN(ALICE_KEY), TLS_CLIENT_OPTIONAL, true, true);
    expect_user(none, none, TLS_CLIENT_REQUIRE, false, false);
    expect_user(none, none, TLS_CLIENT_OPTIONAL, true, false);
    expect_user(SPAN(MALLORY_PEM), SPAN(MALLORY_KEY), TLS_CLIENT_REQUIRE, false, false);
    expect_user(SPAN(MALLORY_PEM), SPAN(MALLORY_KEY), TLS_CLIENT_OPTIONAL, false, false);
    expect_user(SPAN(SITE_PEM), SPAN(SITE_KEY), TLS_CLIENT_REQUIRE, false, false);
}

static void tls_alpn_is_agreed_or_the_handshake_fails(void **state)
{
    (void)state;
    struct tls_context *server = tls_case_server(false, TLS_CLIENT_REQUIRE);
    struct tls_context *client =
        tls_case_client((struct span){0}, (struct span){0}, "h2,http/1.1");
    struct pair *pair = meet(client, server, "site.test", NULL);

    assert_true(span_equal(tls_alpn(pair->server.tls), SPAN("http/1.1")));
    assert_true(span_equal(tls_alpn(pair->client.tls), SPAN("http/1.1")));
    pair_free(&pair);
    tls_context_unref(&client);
    client = tls_case_client((struct span){0}, (struct span){0}, "ftp");
    pair = meet(client, server, "site.test", NULL);
    assert_int_equal(pair->server.step, TLS_FAILED);
    pair_free(&pair);
    tls_context_unref(&client);
    tls_context_unref(&server);
}

static void expect_refused(struct span bytes, const char *reason)
{
    struct tls_context *context = tls_case_server(false, TLS_CLIENT_REQUIRE);
    struct end *end = malloc(sizeof(*end));

    assert_non_null(end);
    end_init(end);
    end->tls = tls_new_server(context, &end->output);
    for (size_t i = 0; i < bytes.len; i++) {
        tls_input(end->tls, span_first(span_from(bytes, i), 1));
        end->step = tls_handshake(end->tls);
    }
    assert_int_equal(end->step, TLS_FAILED);
    if (reason != NULL) {
        assert_string_equal(tls_reason(end->tls), reason);
    }
    assert_int_equal(tls_handshake(end->tls), TLS_FAILED);
    tls_free(&end->tls);
    free(end);
    tls_context_unref(&context);
}

static void tls_hello_that_announces_too_much_is_refused_before_it_costs(void **state)
{
    (void)state;
    expect_refused(SPAN("\x16\x03\x01\x02\x00\x01\x01\x00\x00"),
                   "the hello is too large");
    expect_refused(SPAN("\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x01\x00"),
                   "the hello is too large");
    expect_refused(SPAN("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_speaks_whatever_the_pieces_that_arrive),
        cmocka_unit_test(tls_half_a_record_counts_as_pending),
        cmocka_unit_test(tls_certificate_is_chosen_by_name_and_checked_for_it),
        cmocka_unit_test(tls_client_believes_no_stranger_unless_told_to),
        cmocka_unit_test(tls_sessions_are_resumed_by_whoever_has_the_keys),
        cmocka_unit_test(tls_clients_are_known_by_certificates_of_our_authorities_alone),
        cmocka_unit_test(tls_alpn_is_agreed_or_the_handshake_fails),
        cmocka_unit_test(tls_hello_that_announces_too_much_is_refused_before_it_costs),
    };
    return RUN_TESTS(tests);
}
