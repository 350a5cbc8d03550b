#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/parse.h"
#include "notify/delivery.h"
#include "notify/notifier.h"
#include "notify/sign.h"
#include "record/fixture.h"

/* A receiver on loopback: one request per connection, answers with `status`. */
struct receiver {
    int fd;
    uint16_t port;
    pthread_t thread;
    _Atomic(unsigned) count;
    _Atomic(unsigned) status;
    _Atomic(bool) mute; /* Takes the request and never answers. */
    pthread_mutex_t lock;
    char last[32768];
};

static void serve_one(struct receiver *self, int fd)
{
    char request[32768];
    char reply[256];
    size_t len = 0;

    while (len < sizeof(request) - 1) {
        ssize_t count = recv(fd, request + len, sizeof(request) - 1 - len, 0);
        if (count <= 0) {
            return;
        }
        len += (size_t)count;
        request[len] = '\0';
        const char *body = strstr(request, "\r\n\r\n");
        const char *size = strstr(request, "Content-Length: ");
        uint64_t wanted = 0;
        if (body == NULL || size == NULL) {
            continue;
        }
        struct span digits = span_of(size + 16);
        digits = span_first(digits, span_find(digits, '\r'));
        assert_int_equal(parse_u64(digits, &wanted), ERR_NONE);
        if (len >= (size_t)(body + 4 - request) + wanted) {
            break;
        }
    }
    assert_int_equal(pthread_mutex_lock(&self->lock), 0);
    memcpy(self->last, request, len + 1);
    assert_int_equal(pthread_mutex_unlock(&self->lock), 0);
    atomic_fetch_add(&self->count, 1);
    while (atomic_load(&self->mute)) {
        (void)usleep(10000);
    }
    int reply_len = snprintf(reply, sizeof(reply),
                             "HTTP/1.1 %u X\r\nLocation: /elsewhere\r\n"
                             "Content-Length: 0\r\nConnection: close\r\n\r\n",
                             atomic_load(&self->status));
    (void)send(fd, reply, (size_t)reply_len, MSG_NOSIGNAL);
}

static void *serve(void *context)
{
    struct receiver *self = context;
    for (;;) {
        int fd = accept(self->fd, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        serve_one(self, fd);
        (void)close(fd);
    }
}

static void receiver_start(struct receiver *self, unsigned status)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    *self = (struct receiver){0};
    atomic_store(&self->status, status);
    assert_int_equal(pthread_mutex_init(&self->lock, NULL), 0);
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(self->fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(self->fd, 64), 0);
    self->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&self->thread, NULL, serve, self), 0);
}

static void receiver_stop(struct receiver *self)
{
    atomic_store(&self->mute, false);
    assert_int_equal(shutdown(self->fd, SHUT_RDWR), 0);
    assert_int_equal(pthread_join(self->thread, NULL), 0);
    assert_int_equal(close(self->fd), 0);
}

static bool await_count(struct receiver *self, unsigned count)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (atomic_load(&self->count) >= count) {
            return true;
        }
        (void)usleep(10000);
    }
    return false;
}

static void field_of(struct receiver *self, const char *name, char *value, size_t size)
{
    assert_int_equal(pthread_mutex_lock(&self->lock), 0);
    const char *at = strstr(self->last, name);
    assert_non_null(at);
    struct span rest = span_of(at + strlen(name) + 2);
    span_copy(span_first(rest, span_find(rest, '\r')), value, size);
    assert_int_equal(pthread_mutex_unlock(&self->lock), 0);
}

struct setup {
    struct fixture fixture;
    struct notifier *notifier;
    struct alert_settings alerts[2];
};

static void name_alert(struct alert_settings *alert, const char *name,
                       const struct receiver *receiver)
{
    *alert = (struct alert_settings){0};
    span_copy(span_of(name), alert->name, sizeof(alert->name));
    (void)snprintf(alert->url, sizeof(alert->url), "http://127.0.0.1:%u/hook",
                   receiver->port);
    assert_int_equal(sign_secret_parse(SPAN("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                                       &alert->secrets[0]),
                     ERR_NONE);
}

static void setup_open(struct setup *self, unsigned count)
{
    struct fault fault = {0};
    assert_int_equal(fixture_try_open(&self->fixture, &fault), ERR_NONE);
    assert_int_equal(notifier_new(self->fixture.directory, self->fixture.recorder, NULL,
                                  &self->notifier),
                     ERR_NONE);
    assert_int_equal(recorder_start(self->fixture.recorder), ERR_NONE);
    assert_true(notifier_configure(self->notifier, self->alerts, count));
    assert_int_equal(notifier_start(self->notifier), ERR_NONE);
}

static void setup_close(struct setup *self)
{
    notifier_free(&self->notifier);
    fixture_close(&self->fixture);
}

static void refuse_once(struct setup *self, const char *viewer)
{
    struct journal_entry entry = fixture_display(viewer, "bob", "top");
    entry.took_down_mask = feature_table_take_down(&self->fixture.features, 1);
    assert_true(fixture_post(&self->fixture, &entry).committed);
}

static void an_incident_is_told_once_signed_and_without_names(void **state)
{
    (void)state;
    struct setup setup = {0};
    struct receiver receiver;
    char id[128];
    char timestamp[64];
    char signature[256];
    char expected[SIGN_SIZE_MAX];
    uint64_t seconds = 0;

    fixture_name(&setup.fixture);
    receiver_start(&receiver, 204);
    name_alert(&setup.alerts[0], "soc", &receiver);
    setup_open(&setup, 1);
    refuse_once(&setup, "alice-viewer");
    assert_true(await_count(&receiver, 2)); /* incident.opened, feature.down */
    field_of(&receiver, "webhook-id", id, sizeof(id));
    field_of(&receiver, "webhook-timestamp", timestamp, sizeof(timestamp));
    field_of(&receiver, "webhook-signature", signature, sizeof(signature));
    const char *body = strstr(receiver.last, "\r\n\r\n") + 4;
    assert_int_equal(parse_u64(span_of(timestamp), &seconds), ERR_NONE);
    assert_int_equal(
        sign_message(&setup.alerts[0], span_of(id), seconds, span_of(body), expected),
        ERR_NONE);
    assert_string_equal(signature, expected);
    assert_non_null(strstr(body, "\"chain_head\":\""));
    assert_null(strstr(body, "alice-viewer"));
    fixture_await_value(
        &setup.fixture,
        "SELECT count(*) FROM deliveries WHERE state = 'done' AND tries = 1", 2);
    (void)usleep(300000);
    assert_int_equal(atomic_load(&receiver.count), 2); /* Told once. */
    setup_close(&setup);
    receiver_stop(&receiver);
    setup_open(&setup, 1);
    (void)usleep(300000);
    setup_close(&setup);
    fixture_shell(&setup.fixture,
                  "test \"$(sqlite3 ledger.db \"SELECT count(*) FROM deliveries WHERE "
                  "state = 'done' AND tries = 1\")\" = 2");
    fixture_remove(&setup.fixture);
}

static void what_failed_is_sent_again_after_a_restart_with_the_same_id(void **state)
{
    (void)state;
    struct setup setup = {0};
    struct receiver receiver;
    char first[128];
    char second[128];

    fixture_name(&setup.fixture);
    receiver_start(&receiver, 302); /* A redirect is a failure and not followed. */
    name_alert(&setup.alerts[0], "soc", &receiver);
    setup_open(&setup, 1);
    /* A change nobody made before the alert is known: one alert, one message. */
    assert_true(recorder_alert(setup.fixture.recorder, "soc", "ping", SPAN("{}")));
    assert_true(await_count(&receiver, 1));
    field_of(&receiver, "webhook-id", first, sizeof(first));
    atomic_store(&receiver.status, 200);
    setup_close(&setup);
    fixture_shell(&setup.fixture,
                  "sqlite3 ledger.db 'UPDATE deliveries SET next_at = 1'");
    setup_open(&setup, 1);
    assert_true(await_count(&receiver, 2));
    field_of(&receiver, "webhook-id", second, sizeof(second));
    assert_string_equal(first, second);
    setup_close(&setup);
    receiver_stop(&receiver);
    fixture_remove(&setup.fixture);
}

static void a_receiver_that_does_not_answer_delays_no_other(void **state)
{
    (void)state;
    struct setup setup = {0};
    struct receiver slow;
    struct receiver quick;

    fixture_name(&setup.fixture);
    receiver_start(&slow, 200);
    atomic_store(&slow.mute, true);
    receiver_start(&quick, 200);
    name_alert(&setup.alerts[0], "slow", &slow);
    name_alert(&setup.alerts[1], "quick", &quick);
    setup_open(&setup, 2);
    for (int i = 0; i < 20; i++) {
        assert_true(recorder_alert(setup.fixture.recorder, NULL, "ping", SPAN("{}")));
    }
    assert_true(await_count(&quick, 20));
    assert_in_range(atomic_load(&slow.count), 0, 4);
    setup_close(&setup);
    receiver_stop(&slow);
    receiver_stop(&quick);
    fixture_remove(&setup.fixture);
}

static void gone_stops_and_stays_visible(void **state)
{
    (void)state;
    struct setup setup = {0};
    struct receiver receiver;

    fixture_name(&setup.fixture);
    receiver_start(&receiver, 410);
    name_alert(&setup.alerts[0], "soc", &receiver);
    setup_open(&setup, 1);
    assert_true(recorder_alert(setup.fixture.recorder, "soc", "ping", SPAN("{\"a\":1}")));
    assert_true(await_count(&receiver, 1));
    assert_non_null(strstr(receiver.last, ",\"a\":1}}"));
    fixture_await_value(&setup.fixture,
                        "SELECT count(*) FROM deliveries WHERE state = 'stopped'", 1);
    setup_close(&setup);
    receiver_stop(&receiver);
    fixture_shell(&setup.fixture, "test \"$(sqlite3 ledger.db 'SELECT state, status FROM "
                                  "deliveries')\" = 'stopped|410'");
    fixture_remove(&setup.fixture);
}

static void plain_http_goes_to_loopback_only(void **state)
{
    (void)state;
    assert_true(delivery_url_allowed(SPAN("https://soc.example/x")));
    assert_true(delivery_url_allowed(SPAN("http://127.0.0.1:80/x")));
    assert_true(delivery_url_allowed(SPAN("http://[::1]:80/x")));
    assert_true(delivery_url_allowed(SPAN("http://localhost/x")));
    assert_false(delivery_url_allowed(SPAN("http://soc.example/x")));
    assert_false(delivery_url_allowed(SPAN("http://127.0.0.1.soc.example/x")));
    assert_false(delivery_url_allowed(SPAN("http://127.0.0.1@soc.example/x")));
    assert_false(delivery_url_allowed(SPAN("http://localhost:1@soc.example/x")));
    assert_false(delivery_url_allowed(SPAN("ftp://127.0.0.1/x")));
    assert_false(delivery_url_allowed(SPAN("http:")));
    assert_false(delivery_url_allowed(SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_is_told_once_signed_and_without_names),
        cmocka_unit_test(what_failed_is_sent_again_after_a_restart_with_the_same_id),
        cmocka_unit_test(a_receiver_that_does_not_answer_delays_no_other),
        cmocka_unit_test(gone_stops_and_stays_visible),
        cmocka_unit_test(plain_http_goes_to_loopback_only),
    };
    return RUN_TESTS(tests);
}
