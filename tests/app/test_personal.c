#include "app/personal.h"
#include "support/test.h"

static void path_is_personal_by_whole_segments(void **state)
{
    (void)state;
    static const char *const personal[] = {"/my/**", "/account", "/shop/Orders/*", "/me",
                                           "www.example.jp/mypage/**"};
    static const char *const not [] = {"/",          "/**",         "/myths",
                                       "/news/menu", "/accounting", ""};

    for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++) {
        assert_true(personal_path(span_of(personal[i])));
    }
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++) {
        assert_false(personal_path(span_of(not [i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_is_personal_by_whole_segments),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
