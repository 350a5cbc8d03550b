/* Markers that are peculiar in an event: more people than one page may show, and markers
 * whose signature is not the site's. Nothing of the event leaves, and all goes on. */
#include <stdio.h>

#include "base/secret.h"
#include "guard/finding.h"
#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static char name[] = "partners";
static char path[] = "/nowhere/matching.db";
static char query[] = "SELECT member_id FROM partners WHERE user_id = :requester";

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    world.grant = (struct grant_settings){.name = name,
                                          .sqlite = path,
                                          .query = query,
                                          .cache_ms = 30000,
                                          .deadline_ms = 5000};
    flow_start(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_close(&world);
    return 0;
}

/* Of what only begins like JSON both readings count, so that one event shows more people
 * than one page may. */
static void event_with_more_people_than_are_listed_is_refused(void **state)
{
    static char event[FLOW_HOLD_MAX];
    struct flow_peer nobody;
    struct flow_peer site;
    size_t len = 0;

    (void)state;
    flow_client(&world, &nobody);
    flow_get(&world, &nobody, "/stream/a", NULL);
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_say(&world, &site,
             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
             "data: {\"members\":[");
    for (int i = 0; i < FINDINGS_SHOWN_MAX * 3 / 4; i++) {
        len += (size_t)snprintf(event + len, sizeof(event) - len, "{\"id\":\"m%d\"},", i);
    }
    for (int i = 0; i < FINDINGS_SHOWN_MAX * 3 / 4; i++) {
        len += (size_t)snprintf(event + len, sizeof(event) - len,
                                "<b data-member-id=n%d>", i);
    }
    assert_true(len < sizeof(event) - 1);
    flow_say(&world, &site, event);
    flow_say(&world, &site, "\n\n");
    assert_true(flow_hear_end(&world, &nobody));
    assert_false(flow_has(&nobody, "m1"));
    assert_int_equal(world.journal.last->more_count, FINDINGS_SHOWN_MAX - 1);
    flow_hang_up(&nobody);
    flow_hang_up(&site);
}

/* What is signed wrongly, or for another exchange, is no marker; but no plain event. */
static void event_with_a_wrongly_signed_marker_is_refused(void **state)
{
    struct secret_mac mac;
    struct flow_peer nobody;
    struct flow_peer site;

    (void)state;
    flow_init(&world);
    secret_mac_start(&mac, SPAN("a key of the site's own"));
    world.mac = &mac;
    world.regex = "json:/user";
    flow_start(&world);
    flow_client(&world, &nobody);
    flow_get(&world, &nobody, "/stream/a", NULL);
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_say(&world, &site,
             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
             "data: 1\n\n");
    assert_true(flow_hear(&world, &nobody, "data: 1\n\n"));
    flow_say(&world, &site,
             "data: {\"user\":\"bob.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}\n\n");
    assert_true(flow_hear_end(&world, &nobody));
    assert_false(flow_has(&nobody, "bob"));
    assert_int_equal(flow_last_entry(&world)->detector, DETECTOR_MARKER_SIGNATURE);
    flow_hang_up(&nobody);
    flow_hang_up(&site);
    flow_close(&world);
    secret_wipe(&mac, sizeof(mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(event_with_more_people_than_are_listed_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test(event_with_a_wrongly_signed_marker_is_refused),
    };
    return RUN_TESTS(tests);
}
