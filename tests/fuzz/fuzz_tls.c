/*
 * Property: however the network cuts what two ends say, and whatever it changes on the
 * way to the server, the server reads a prefix of what the client said or fails, and what
 * it answers fits into its output.
 *
 * Input: pairs of bytes. The first says how much arrives next; where its top bit is set
 * the second one changes a byte of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "net/tls.h"
#include "support/tls_pem.h"

enum {
    WIRE_SIZE = 65536,
    TURNS_MAX = 4000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct end {
    struct tls *tls;
    struct tls_output output;
    uint8_t out[TLS_OUTPUT_SIZE];
    uint8_t wire[WIRE_SIZE];
    size_t wire_len;
    size_t taken;
    bool ready;
    bool failed;
    bool said;
    size_t heard;
};

static const char TEXT[] = "what the client says, in a record or two";
static struct end client;
static struct end server;

static struct tls_context *server_context(void)
{
    static struct tls_context *context;
    const struct tls_pair pair = {.certificate = SPAN(SITE_PEM), .key = SPAN(SITE_KEY)};
    const struct tls_server_settings settings = {
        .pairs = &pair,
        .pair_count = 1,
        .client_ca = SPAN(CA_PEM),
        .client_verify = TLS_CLIENT_OPTIONAL,
        .alpn = "h2,http/1.1",
    };
    struct tls_fault fault;

    if (context == NULL) {
        context = tls_server_new(&settings, &fault);
    }
    return context;
}

static struct tls_context *client_context(void)
{
    static struct tls_context *context;
    const struct tls_client_settings settings = {.ca = SPAN(CA_PEM),
                                                 .certificate = SPAN(ALICE_PEM),
                                                 .key = SPAN(ALICE_KEY),
                                                 .alpn = "http/1.1"};
    struct tls_fault fault;

    if (context == NULL) {
        context = tls_client_new(&settings, &fault);
    }
    return context;
}

static void begin(struct end *self)
{
    memset(self, 0, sizeof(*self));
    self->output = (struct tls_output){.bytes = self->out, .capacity = sizeof(self->out)};
}

static void send_out(struct end *self)
{
    size_t room = WIRE_SIZE - self->wire_len;
    size_t len = self->output.len < room ? self->output.len : room;

    memcpy(self->wire + self->wire_len, self->out, len);
    self->wire_len += len;
    self->output.len = 0;
}

static void listen_to(struct end *self)
{
    uint8_t text[100];
    size_t len = 0;
    enum tls_step step = TLS_DONE;

    while (step == TLS_DONE && tls_readable(self->tls)) {
        step = tls_read(self->tls, text, sizeof(text), &len);
        if (step == TLS_DONE && self == &server) {
            CHECK(self->heard + len <= sizeof(TEXT));
            CHECK(memcmp(text, TEXT + self->heard, len) == 0);
            self->heard += len;
        }
    }
    self->failed = step == TLS_FAILED;
}

static void work(struct end *self)
{
    if (self->failed) {
        return;
    }
    if (!self->ready) {
        enum tls_step step = tls_handshake(self->tls);
        self->ready = step == TLS_DONE;
        self->failed = step == TLS_FAILED;
    }
    if (self->ready && !self->failed) {
        listen_to(self);
    }
    if (self == &client && self->ready && !self->failed && !self->said) {
        const struct span text = {.ptr = (const uint8_t *)TEXT, .len = sizeof(TEXT)};
        self->said = true;
        self->failed = !tls_write(self->tls, text);
    }
    send_out(self);
}

/* Some of what `from` said arrives. */
static void carry(struct end *from, struct end *to, uint8_t how, uint8_t change)
{
    size_t left = from->wire_len - from->taken;
    size_t len = (size_t)(how & 0x7f) * (how & 0x7f) + 1;

    len = len < left ? len : left;
    if ((how & 0x80) != 0 && len > 0 && to == &server) {
        from->wire[from->taken + change % len] ^= (uint8_t)(change | 1);
    }
    struct span piece = {.ptr = from->wire + from->taken, .len = len};
    from->taken += len;
    if (to->failed) {
        return;
    }
    tls_input(to->tls, piece);
    work(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin(&client);
    begin(&server);
    client.tls = tls_new_client(client_context(), &client.output, "site.test", NULL);
    server.tls = tls_new_server(server_context(), &server.output);
    CHECK(client.tls != NULL && server.tls != NULL);
    work(&client);
    for (size_t i = 0; i + 1 < size && i < TURNS_MAX; i += 2) {
        carry(&client, &server, data[i], data[i + 1]);
        carry(&server, &client, data[i] & 0x7f, 0);
    }
    tls_close(server.tls);
    send_out(&server);
    tls_free(&client.tls);
    tls_free(&server.tls);
    return 0;
}
