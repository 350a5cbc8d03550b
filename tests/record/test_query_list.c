#include "record/fixture.h"

/* `seen`: what a display's page shows, as it goes into the ledger. */
static void post(struct fixture *self, struct span seen)
{
    struct journal_entry entry = fixture_display("alice", "bob", "top");

    (void)span_copy(seen, entry.shows, sizeof(entry.shows));
    assert_true(fixture_post(self, &entry).committed);
}

static void expect_twice(const struct fixture *self, const char *part)
{
    struct query *query = NULL;
    struct json_write out;

    json_write_init(&out, 100000);
    assert_int_equal(query_open(self->directory, &query, NULL), ERR_NONE);
    assert_int_equal(query_incident(query, 1, false, 10, &out), ERR_NONE);
    json_write_raw(&out, (struct span){.ptr = (const uint8_t *)"", .len = 1});
    const char *text = (const char *)json_write_result(&out).ptr;
    const char *of_screen = strstr(text, part);
    assert_non_null(of_screen);
    assert_non_null(strstr(of_screen + 1, part)); /* Of the display. */
    query_close(&query);
    json_write_free(&out);
}

static void programs_get_what_a_page_shows_as_an_array(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    post(&fixture, SPAN("氏名、読み\x1f住所"));
    expect_twice(&fixture, "\"shows\":[\"氏名、読み\",\"住所\"]");
    fixture_remove(&fixture);
}

static void a_ledger_of_before_tells_its_text_as_one_item(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    post(&fixture, SPAN("name, address"));
    expect_twice(&fixture, "\"shows\":[\"name, address\"]");
    fixture_remove(&fixture);
}

static void an_alert_tells_what_a_page_shows_as_people_read_it(void **state)
{
    static const struct alert_route routes[] = {{.name = "soc"}};
    static const struct {
        struct span seen;
        const char *count; /* Of alerts that tell it so. */
    } cases[] = {{{.ptr = (const uint8_t *)"氏名\x1f住所", .len = 13},
                  "SELECT count(*) FROM deliveries WHERE type = 'incident.opened' AND"
                  " json_extract(body, '$.data.shows') = '氏名、住所'"},
                 {{.ptr = (const uint8_t *)"name\x1fpost", .len = 9},
                  "SELECT count(*) FROM deliveries WHERE type = 'incident.opened' AND"
                  " json_extract(body, '$.data.shows') = 'name, post'"}};
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fixture fixture;
        fixture_make(&fixture);
        assert_true(recorder_set_alerts(fixture.recorder, routes, 1));
        post(&fixture, cases[i].seen);
        assert_int_equal(fixture_ask(&fixture, cases[i].count), 1);
        fixture_remove(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_get_what_a_page_shows_as_an_array),
        cmocka_unit_test(a_ledger_of_before_tells_its_text_as_one_item),
        cmocka_unit_test(an_alert_tells_what_a_page_shows_as_people_read_it),
    };
    return RUN_TESTS(tests);
}
