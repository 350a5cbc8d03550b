/* Goal: no name that some server takes for the wanted one is passed over. */
#include "http/form_name.h"
#include "support/test.h"

static void names_that_some_server_takes_for_the_wanted_one_are_alike(void **state)
{
    (void)state;
    static const struct {
        struct span name;
        bool alike;
    } ROWS[] = {
        {{(const uint8_t *)"user_key", 8}, true},
        {{(const uint8_t *)"USER_KEY", 8}, true},
        {{(const uint8_t *)" \t\nuser_key", 11}, true},
        {{(const uint8_t *)"user.key", 8}, true},
        {{(const uint8_t *)"user key", 8}, true},
        {{(const uint8_t *)"user[key", 8}, true},
        {{(const uint8_t *)"user_key[0]", 11}, true},
        {{(const uint8_t *)"user_key\0x", 10}, true},
        {{(const uint8_t *)"u\xc5\xbf"
                           "er_\xe2\x84\xaa"
                           "ey",
          11},
         true},
        {{(const uint8_t *)"user_key ", 9}, false},
        {{(const uint8_t *)"user_ke", 7}, false},
        {{(const uint8_t *)"user\0_key", 9}, false},
        {{(const uint8_t *)"user_keyx", 9}, false},
        {{(const uint8_t *)"user-key", 8}, false},
        {{(const uint8_t *)"u\xc5\xbe"
                           "er_key",
          9},
         false},
        {{(const uint8_t *)"", 0}, false},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (form_name_alike(ROWS[i].name, SPAN("user_key")) != ROWS[i].alike) {
            fail_msg("%.*s", SPAN_ARGS(ROWS[i].name));
        }
    }
}

static void a_nested_name_is_alike_to_itself_only(void **state)
{
    (void)state;
    assert_true(form_name_alike(SPAN("User[name]"), SPAN("user[name]")));
    assert_false(form_name_alike(SPAN("user[pass]"), SPAN("user[name]")));
    assert_false(form_name_alike(SPAN("user[name][x]"), SPAN("user[name]")));
    assert_false(form_name_alike(SPAN("user"), SPAN("user[name]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_some_server_takes_for_the_wanted_one_are_alike),
        cmocka_unit_test(a_nested_name_is_alike_to_itself_only),
    };
    return RUN_TESTS(tests);
}
