#include "notify/receiver_case.h"

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
    assert_true(
        await_count(&receiver, 2, PATIENCE_MS)); /* incident.opened, feature.down */
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
    assert_true(await_count(&receiver, 1, PATIENCE_MS));
    field_of(&receiver, "webhook-id", first, sizeof(first));
    atomic_store(&receiver.status, 200);
    setup_close(&setup);
    fixture_shell(&setup.fixture,
                  "sqlite3 ledger.db 'UPDATE deliveries SET next_at = 1'");
    setup_open(&setup, 1);
    assert_true(await_count(&receiver, 2, PATIENCE_MS));
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
    assert_true(await_count(&quick, 20, PATIENCE_MS));
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
    assert_true(await_count(&receiver, 1, PATIENCE_MS));
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
