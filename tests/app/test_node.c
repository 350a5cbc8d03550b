#include <string.h>

#include "app/node.h"
#include "support/test.h"

enum { MEMORY = 64 * 1024 * 1024 };

struct fixture {
    struct arena *arena;
    struct report *report;
};

static int start(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.arena = arena_new(MEMORY), .report = report_new()};
    *state = &fixture;
    return fixture.arena != NULL && fixture.report != NULL ? 0 : -1;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    report_free(&fixture->report);
    arena_free(&fixture->arena);
    return 0;
}

static struct node *parse(struct fixture *fixture, const char *text)
{
    return node_parse(fixture->arena, "f", span_of(text), fixture->report);
}

static void node_has_the_place_of_keys_and_values(void **state)
{
    struct fixture *fixture = *state;
    const struct node *root = parse(fixture, "# x\na:\n  - b: 1\n    c: 'two'\n");
    const struct node *item = node_find(root, SPAN("a"))->first;
    const struct node *value = node_find(item, SPAN("c"));

    assert_int_equal(value->name_place.line, 4);
    assert_int_equal(value->name_place.column, 5);
    assert_int_equal(value->place.column, 8);
    assert_true(span_equal(value->text, SPAN("two")));
    assert_false(value->plain);
    assert_true(node_find(item, SPAN("b"))->plain);
    assert_null(node_find(item, SPAN("d")));
}

static void node_columns_count_characters_and_not_bytes(void **state)
{
    struct fixture *fixture = *state;
    const struct node *root = parse(fixture, "{画面: x, b: y}\n");

    assert_int_equal(node_find(root, SPAN("b"))->name_place.column, 9);
}

static void node_of_an_empty_document_is_an_empty_map(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(parse(fixture, "")->kind, NODE_MAP);
    assert_int_equal(parse(fixture, "# nothing\n---\n")->count, 0);
}

static void node_refuses_what_has_two_readings(void **state)
{
    static const char *const TEXTS[] = {
        "a: &x 1",       "a: &x [1]",
        "a: *x",         "a: !!int 1",
        "a: !x {b: 1}",  "? [1]\n: 2",
        "? {a: 1}\n: 2", "---\na: 1\n---\nb: 2\n",
        "a: \"x\\0y\"",  "a: [1, 2",
        "a: 'x",         "\tb: 1",
        "a: b: c",       "%YAML 3.0\n---\na: 1",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct fixture *fixture = *state;
        size_t before = report_error_count(fixture->report);
        assert_null(parse(fixture, TEXTS[i]));
        assert_int_equal(report_error_count(fixture->report), before + 1);
    }
}

static void node_refuses_what_is_too_deep_or_too_large(void **state)
{
    struct fixture *fixture = *state;
    static char text[NODE_DOCUMENT_SIZE_MAX + 2];

    memset(text, '[', NODE_DEPTH_MAX + 1);
    assert_null(parse(fixture, text));
    assert_string_equal(report_text(fixture->report, 0), "f:1:17: nested too deeply");

    memset(text, ' ', NODE_DOCUMENT_SIZE_MAX + 1);
    assert_null(parse(fixture, text));
    assert_string_equal(report_text(fixture->report, 1),
                        "f:1:1: larger than 1048576 bytes");
}

static void node_bounds_the_number_of_values(void **state)
{
    struct fixture *fixture = *state;
    static char text[2 * NODE_COUNT_MAX + 16];
    size_t len = 0;

    text[len++] = '[';
    for (int i = 0; i < NODE_COUNT_MAX + 1; i++) {
        text[len++] = '1';
        text[len++] = ',';
    }
    text[len++] = ']';
    assert_null(parse(fixture, text));
    assert_non_null(strstr(report_text(fixture->report, 0), "too many values"));
}

static void node_reports_keys_given_twice_and_keeps_the_first(void **state)
{
    struct fixture *fixture = *state;
    const struct node *root = parse(fixture, "a: 1\nb: {c: 1, c: 2}\na: {x: [1]}\n");

    assert_non_null(root);
    assert_true(span_equal(node_find(root, SPAN("a"))->text, SPAN("1")));
    assert_int_equal(report_error_count(fixture->report), 2);
    assert_string_equal(report_text(fixture->report, 0),
                        "f:2:11: key `c` is given twice, first at line 2");
    assert_string_equal(report_text(fixture->report, 1),
                        "f:3:1: key `a` is given twice, first at line 1");
}

static void node_knows_null_only_without_quotes(void **state)
{
    struct fixture *fixture = *state;
    const struct node *root = parse(fixture, "a:\nb: ~\nc: null\nd: ''\ne: 'null'\n");

    assert_true(node_is_null(node_find(root, SPAN("a"))));
    assert_true(node_is_null(node_find(root, SPAN("b"))));
    assert_true(node_is_null(node_find(root, SPAN("c"))));
    assert_false(node_is_null(node_find(root, SPAN("d"))));
    assert_false(node_is_null(node_find(root, SPAN("e"))));
}

static void node_remove_takes_out_first_middle_and_last(void **state)
{
    struct fixture *fixture = *state;
    struct node *root = parse(fixture, "[a, b, c, d]");

    node_remove(root, root->first);
    node_remove(root, root->first->next);
    node_remove(root, root->last);
    assert_int_equal(root->count, 1);
    assert_ptr_equal(root->first, root->last);
    assert_true(span_equal(root->first->text, SPAN("b")));
    node_remove(root, root->first);
    assert_null(root->first);
    assert_null(root->last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(node_has_the_place_of_keys_and_values, start,
                                        end),
        cmocka_unit_test_setup_teardown(node_columns_count_characters_and_not_bytes,
                                        start, end),
        cmocka_unit_test_setup_teardown(node_of_an_empty_document_is_an_empty_map, start,
                                        end),
        cmocka_unit_test_setup_teardown(node_refuses_what_has_two_readings, start, end),
        cmocka_unit_test_setup_teardown(node_refuses_what_is_too_deep_or_too_large, start,
                                        end),
        cmocka_unit_test_setup_teardown(node_bounds_the_number_of_values, start, end),
        cmocka_unit_test_setup_teardown(node_reports_keys_given_twice_and_keeps_the_first,
                                        start, end),
        cmocka_unit_test_setup_teardown(node_knows_null_only_without_quotes, start, end),
        cmocka_unit_test_setup_teardown(node_remove_takes_out_first_middle_and_last,
                                        start, end),
    };
    return RUN_TESTS(tests);
}
