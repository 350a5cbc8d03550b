#include "app/config_case.h"
#include "app/config_print.h"
#include "app/file.h"
#include "app/json_tree.h"
#include "app/option.h"
#include "support/tls_pem.h"

enum { TEXT_SIZE_MAX = 1024 * 1024, MEMORY = 4 * TEXT_SIZE_MAX };

/* What `print` writes; free() it. */
static char *printed(void (*print)(FILE *file))
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    assert_non_null(file);
    print(file);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* The committed file of that name. */
static const char *committed(struct arena *arena, const char *name)
{
    char path[1024];
    struct span content;

    (void)snprintf(path, sizeof(path), SOURCE_FOLDER "/config/%s", name);
    assert_null(file_read(arena, path, TEXT_SIZE_MAX, &content));
    return (const char *)content.ptr;
}

static void reference_configuration_is_current(void **state)
{
    (void)state;
    struct arena *arena = arena_new(MEMORY);
    char *text = printed(config_print_reference);

    assert_string_equal(text, committed(arena, "countermark.yaml"));
    free(text);
    arena_free(&arena);
}

static void schema_is_current(void **state)
{
    (void)state;
    struct arena *arena = arena_new(MEMORY);
    char *text = printed(config_print_schema);

    assert_string_equal(text, committed(arena, "countermark.schema.json"));
    free(text);
    arena_free(&arena);
}

static void reference_configuration_is_valid(void **state)
{
    (void)state;
    char *text = printed(config_print_reference);

    config_case_write("marker.key", "0123456789abcdef\n");
    config_case_write("jwt.key", "0123456789abcdef0123456789abcdef\n");
    config_case_write("maintenance.html", "<p>later</p>");
    config_case_write("soc.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    config_case_write("oncall.token", "correct-horse-battery\n");
    config_case_write("ca.pem", CA_PEM);
    config_case_write("clients.pem", CA_PEM);
    config_case_write("site.crt", SITE_PEM);
    config_case_write("site.key", SITE_KEY);
    config_case_write("proxy.crt", ALICE_PEM);
    config_case_write("proxy.key", ALICE_KEY);
    config_case_write_bytes("site.ocsp", SPAN(SITE_OCSP));
    struct config *config = config_case_good(text);
    assert_int_equal(config->site->feature_count, 1);
    assert_string_equal(config->site->features[0].page, "<p>later</p>");
    config_free(&config);
    free(text);
}

static void reference_configuration_names_every_key(void **state)
{
    (void)state;
    char *text = printed(config_print_reference);

    for (size_t i = 0; i < option_count(); i++) {
        char key[80];
        if (option_at(i)->shape != OPTION_LATER) {
            (void)snprintf(key, sizeof(key), "%s:", option_key(option_at(i)));
            assert_non_null(strstr(text, key));
            assert_non_null(strstr(text, option_at(i)->sentence));
        }
    }
    free(text);
}

static void schema_is_json_that_names_the_keys(void **state)
{
    (void)state;
    struct arena *arena = arena_new(MEMORY);
    char *text = printed(config_print_schema);
    const struct json_tree *schema = json_tree_read(arena, span_of(text));

    assert_non_null(schema);
    const struct json_tree *keys = json_tree_member(schema, "properties");
    assert_non_null(json_tree_member(keys, "listen"));
    assert_non_null(json_tree_member(keys, "grants"));
    const struct json_tree *mode = json_tree_member(keys, "mode");
    assert_true(span_equal(json_tree_text(mode, "default", ""), SPAN("enforce")));
    assert_int_equal(json_tree_member(mode, "enum")->kind, JSON_TREE_ARRAY);
    free(text);
    arena_free(&arena);
}

/* Numbers without a unit: bytes within the range, and of durations 0 alone. */
static void schema_takes_no_number_that_check_refuses(void **state)
{
    (void)state;
    struct arena *arena = arena_new(MEMORY);
    char *text = printed(config_print_schema);
    const struct json_tree *keys =
        json_tree_member(json_tree_read(arena, span_of(text)), "properties");
    const struct json_tree *idle = json_tree_member(
        json_tree_member(json_tree_member(keys, "session"), "properties"), "idle");
    const struct json_tree *hold = json_tree_member(keys, "hold_max");

    assert_true(span_equal(json_tree_text(idle, "minimum", ""), SPAN("0")));
    assert_true(span_equal(json_tree_text(idle, "maximum", ""), SPAN("0")));
    assert_true(span_equal(json_tree_text(hold, "minimum", ""), SPAN("1024")));
    assert_true(span_equal(json_tree_text(hold, "maximum", ""), SPAN("1073741824")));
    free(text);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_configuration_is_current),
        cmocka_unit_test(schema_is_current),
        cmocka_unit_test(reference_configuration_is_valid),
        cmocka_unit_test(reference_configuration_names_every_key),
        cmocka_unit_test(schema_is_json_that_names_the_keys),
        cmocka_unit_test(schema_takes_no_number_that_check_refuses),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
