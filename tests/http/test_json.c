#include <stdio.h>

#include "http/json.h"
#include "support/test.h"

enum { POINTER_COUNT = 7 };

static const char *const POINTERS[POINTER_COUNT] = {
    "",           "/user/id", "/items/*/owner", "/items/1/owner",
    "/a~1b/m~0n", "/*",       "/\xe3\x81\x82"};

static struct pointer pointers[POINTER_COUNT];

/* Matches as `index:kind=value;`. */
struct log {
    char text[1024];
    size_t len;
};

static void on_match(void *context, const struct json_match *match)
{
    static const char kinds[] = "0snbao";
    struct log *log = context;
    int len = snprintf(log->text + log->len, sizeof(log->text) - log->len, "%zu%c%.*s%s;",
                       match->pointer_index, kinds[match->kind], SPAN_ARGS(match->value),
                       match->too_long ? "!" : "");
    assert_true(len > 0 && (size_t)len < sizeof(log->text) - log->len);
    log->len += (size_t)len;
}

static struct json *walker(void)
{
    for (size_t i = 0; i < POINTER_COUNT; i++) {
        assert_null(pointer_parse(span_of(POINTERS[i]), &pointers[i]));
    }
    const struct json_wanted wanted = {.pointers = pointers,
                                       .pointer_count = POINTER_COUNT,
                                       .value_size_max = 16,
                                       .sink = on_match};
    return json_new(&wanted);
}

static enum json_state walk(struct json *json, struct span text, size_t step,
                            struct log *log)
{
    *log = (struct log){0};
    json_start(json, log);
    for (size_t i = 0; i < text.len; i += step) {
        struct span piece = span_first(span_from(text, i), step);
        uint8_t *copy = malloc(piece.len);
        memcpy(copy, piece.ptr, piece.len);
        enum json_state state =
            json_feed(json, (struct span){.ptr = copy, .len = piece.len});
        free(copy);
        if (state == JSON_BAD) {
            break;
        }
    }
    return json_finish(json);
}

static const size_t STEPS[] = {1, 2, 3, 5, 100000};
enum { STEP_COUNT = sizeof(STEPS) / sizeof(STEPS[0]) };

static void json_reports_values_in_any_split(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *matches;
    } rows[] = {
        {"\"x\"", "0sx;"},
        {"12", "0n12;"},
        {" -1.50e+3 ", "0n-1.50e+3;"},
        {"true", "0btrue;"},
        {"false", "0bfalse;"},
        {"null", "00null;"},
        {"{}", ""},
        {"[]", ""},
        {"[1, [2], {\"a\":3}, \"b\"]", "5n1;5sb;"},
        {"{\"user\":{\"id\":\"alice\",\"x\":1}}", "1salice;"},
        {"{\"user\":{\"id\":007}}", NULL},
        {"{\"user\":{\"id\":70},\"user\":{\"id\":null,\"id\":\"b\"}}",
         "1n70;10null;1sb;"},
        {"{\"user\":{\"i\\u0064\":\"a\\n\\\"\\u00e9\\uD83D\\ude00\"}}",
         "1sa\n\"\xc3\xa9\xf0\x9f\x98\x80;"},
        {"{\"user\":{\"id\":\"\\ud83dx\"}}", "1s\xed\xa0\xbdx;"},
        {"{\"user\":{\"id\":\"\\ud83d\"}}", "1s\xed\xa0\xbd;"},
        {"{\"user\":{\"id\":\"\\ude00\\ud83d\\ud83d\\ude00\"}}",
         "1s\xed\xb8\x80\xed\xa0\xbd\xf0\x9f\x98\x80;"},
        {"{\"items\":[{\"owner\":1},{\"owner\":2,\"z\":[]},[],{\"owner\":[3]}]}",
         "2n1;2n2;3n2;"},
        {"{\"a/b\":{\"m~n\":1}}", "4n1;"},
        {"{\"\xe3\x81\x82\":1,\"\\u3042\":2}", "5n1;6n1;5n2;6n2;"},
        {"{\"user\":{\"id\":\"0123456789abcdef\"}}", "1s0123456789abcdef;"},
        {"{\"user\":{\"id\":\"0123456789abcdefg\"}}", "1s!;"},
        {"{\"user\":[{\"id\":1}],\"id\":2}", "5n2;"},
        {"{\"user/id\":1}", "5n1;"},
        {"\xef\xbb\xbf{\"x\":1}", "5n1;"},
        {")]}'\n{\"x\":1}", "5n1;"},
        {")]}',\n\n[1]", "5n1;"},
        {"for(;;);{\"x\":1}", "5n1;"},
        {"while(1);[false]", "5bfalse;"},
        {"  [ 1 , 2 ] \r\n\t", "5n1;5n2;"},
        {"[1,]", NULL},
        {"[,1]", NULL},
        {"[1 2]", NULL},
        {"[1}", NULL},
        {"{\"a\":1]", NULL},
        {"{\"a\":1,}", NULL},
        {"{\"a\" 1}", NULL},
        {"{a:1}", NULL},
        {"{\"a\"}", NULL},
        {"{\"a\":}", NULL},
        {"", NULL},
        {"  ", NULL},
        {"]", NULL},
        {"[", NULL},
        {"\"a", NULL},
        {"\"a\tb\"", NULL},
        {"\"\\x\"", NULL},
        {"\"\\u12g4\"", NULL},
        {"tru", NULL},
        {"trux", NULL},
        {"truex", NULL},
        {"nul", NULL},
        {"01", NULL},
        {"-", NULL},
        {"-a", NULL},
        {"+1", NULL},
        {"1.", NULL},
        {".1", NULL},
        {"1e", NULL},
        {"1e+", NULL},
        {"1-", NULL},
        {"0x1", NULL},
        {"--1", NULL},
        {"NaN", NULL},
        {"1 2", NULL},
        {"{}{}", NULL},
        {"{} x", NULL},
        {")]}'", NULL},
        {")]}' this is a long first line\n1", NULL},
        {"for(;;)1", NULL},
        {"fox", NULL},
        {"\xef\xbb{}", NULL},
    };
    struct json *json = walker();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t s = 0; s < STEP_COUNT; s++) {
            struct log log;
            enum json_state end = walk(json, span_of(rows[i].text), STEPS[s], &log);
            bool right = rows[i].matches == NULL
                             ? end == JSON_BAD
                             : end == JSON_DONE && strcmp(log.text, rows[i].matches) == 0;
            if (!right) {
                fail_msg("%s by %zu: %d, %s", rows[i].text, STEPS[s], end, log.text);
            }
        }
    }
    json_free(&json);
}

static enum json_state walk_deep(struct json *json, size_t depth)
{
    struct log log = {0};

    json_start(json, &log);
    for (size_t i = 0; i < depth; i++) {
        (void)json_feed(json, SPAN("["));
    }
    for (size_t i = 0; i < depth; i++) {
        (void)json_feed(json, SPAN("]"));
    }
    return json_finish(json);
}

static void json_tells_of_containers_where_they_are_wanted(void **state)
{
    static const char text[] = "{\"user\":[],\"items\":[{\"owner\":{}},[]]}";
    struct pointer wanted_pointers[3];
    struct log log;

    (void)state;
    assert_null(pointer_parse(SPAN(""), &wanted_pointers[0]));
    assert_null(pointer_parse(SPAN("/items/*"), &wanted_pointers[1]));
    assert_null(pointer_parse(SPAN("/user"), &wanted_pointers[2]));
    struct json_wanted wanted = {.pointers = wanted_pointers,
                                 .pointer_count = 3,
                                 .value_size_max = 16,
                                 .sink = on_match};
    for (int told = 0; told <= 1; told++) {
        wanted.containers = told != 0;
        struct json *json = json_new(&wanted);
        assert_non_null(json);
        for (size_t i = 0; i < STEP_COUNT; i++) {
            assert_int_equal(walk(json, SPAN(text), STEPS[i], &log), JSON_DONE);
            assert_string_equal(log.text, told != 0 ? "0o{;2a[;1o{;1a[;" : "");
        }
        json_free(&json);
    }
}

static void json_depth_is_bounded(void **state)
{
    (void)state;
    struct json *json = walker();

    assert_int_equal(walk_deep(json, JSON_DEPTH_MAX), JSON_DONE);
    assert_int_equal(walk_deep(json, JSON_DEPTH_MAX + 1), JSON_BAD);
    json_free(&json);
}

static void json_error_latches(void **state)
{
    (void)state;
    struct log log = {0};
    struct json *json = walker();

    json_start(json, &log);
    assert_int_equal(json_feed(json, SPAN("x")), JSON_BAD);
    assert_int_equal(json_feed(json, SPAN("{}")), JSON_BAD);
    assert_int_equal(json_finish(json), JSON_BAD);
    json_free(&json);
}

static void json_long_name_matches_no_pointer_but_a_star(void **state)
{
    (void)state;
    char text[600] = "{\"";
    struct log log;
    struct json *json = walker();

    memset(text + 2, 'u', 400);
    memcpy(text + 402, "\":1}", 5);
    assert_int_equal(walk(json, span_of(text), 7, &log), JSON_DONE);
    assert_string_equal(log.text, "5n1;");
    json_free(&json);
}

static void json_thirty_two_pointers_fit_one_value(void **state)
{
    (void)state;
    struct pointer many[JSON_POINTERS_MAX];
    for (size_t i = 0; i < JSON_POINTERS_MAX; i++) {
        assert_null(pointer_parse(SPAN("/a"), &many[i]));
    }
    const struct json_wanted wanted = {.pointers = many,
                                       .pointer_count = JSON_POINTERS_MAX,
                                       .value_size_max = 1,
                                       .sink = on_match};
    struct json *json = json_new(&wanted);
    struct log log;

    assert_int_equal(walk(json, SPAN("{\"a\":1}"), 1, &log), JSON_DONE);
    assert_int_equal(log.len, 10 * 4 + 22 * 5);
    json_free(&json);
}

static void pointer_names_what_is_wrong(void **state)
{
    (void)state;
    struct pointer pointer;

    assert_non_null(pointer_parse(SPAN("a"), &pointer));
    assert_non_null(pointer_parse(SPAN("/a~2"), &pointer));
    assert_non_null(pointer_parse(SPAN("/a~"), &pointer));
    assert_non_null(pointer_parse(SPAN("/////////////////////////////////"), &pointer));
    assert_null(pointer_parse(SPAN("//"), &pointer));
    assert_int_equal(pointer.token_count, 2);
    assert_int_equal(pointer_token(&pointer, 1).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_reports_values_in_any_split),
        cmocka_unit_test(json_tells_of_containers_where_they_are_wanted),
        cmocka_unit_test(json_depth_is_bounded),
        cmocka_unit_test(json_error_latches),
        cmocka_unit_test(json_long_name_matches_no_pointer_but_a_star),
        cmocka_unit_test(json_thirty_two_pointers_fit_one_value),
        cmocka_unit_test(pointer_names_what_is_wrong),
    };
    return RUN_TESTS(tests);
}
