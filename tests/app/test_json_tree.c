#include <string.h>

#include "app/json_tree.h"
#include "support/test.h"

enum { MEMORY = 1024 * 1024 };

static void json_tree_reads_every_kind_of_value(void **state)
{
    (void)state;
    struct arena *arena = arena_new(MEMORY);
    const struct json_tree *root = json_tree_read(
        arena,
        SPAN(" {\"a\": [1, -2.5e3, true, false, null], \"b\": {\"c\": \"x\"}} \n"));

    assert_non_null(root);
    const struct json_tree *list = json_tree_member(root, "a");
    assert_int_equal(list->kind, JSON_TREE_ARRAY);
    assert_true(span_equal(list->first->next->text, SPAN("-2.5e3")));
    assert_int_equal(list->last->kind, JSON_TREE_NULL);
    assert_true(
        span_equal(json_tree_text(json_tree_member(root, "b"), "c", "-"), SPAN("x")));
    assert_true(span_equal(json_tree_text(root, "none", "-"), SPAN("-")));
    arena_free(&arena);
}

static void json_tree_undoes_escapes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(MEMORY);
    const struct json_tree *value = json_tree_read(
        arena, SPAN("\"a\\n\\\"\\\\\\/\\u0041\\u6c0f\\ud83d\\ude00\\ud83dx\""));

    assert_non_null(value);
    assert_true(span_equal(value->text,
                           SPAN("a\n\"\\/A\xe6\xb0\x8f\xf0\x9f\x98\x80\xef\xbf\xbdx")));
    arena_free(&arena);
}

static void json_tree_refuses_what_is_malformed_or_too_deep(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "{",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,}",
        "\"x",
        "\"\\x\"",
        "1 2",
        "tru",
        "\"\\u12",
        "\"a\nb\"",
        "{1:2}",
        "[1 2]",
        "\"\\",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    };
    struct arena *arena = arena_new(MEMORY);

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        assert_null(json_tree_read(arena, span_of(TEXTS[i])));
    }
    arena_free(&arena);
}

static void json_tree_refuses_a_document_cut_anywhere(void **state)
{
    (void)state;
    static const char TEXT[] = "{\"a\":[1,\"\\u00e9\",{\"b\":null}],\"c\":true}";
    struct arena *arena = arena_new(MEMORY);

    assert_non_null(json_tree_read(arena, span_of(TEXT)));
    for (size_t len = 0; len < sizeof(TEXT) - 1; len++) {
        assert_null(json_tree_read(arena, span_first(span_of(TEXT), len)));
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_tree_reads_every_kind_of_value),
        cmocka_unit_test(json_tree_undoes_escapes),
        cmocka_unit_test(json_tree_refuses_what_is_malformed_or_too_deep),
        cmocka_unit_test(json_tree_refuses_a_document_cut_anywhere),
    };
    return RUN_TESTS(tests);
}
