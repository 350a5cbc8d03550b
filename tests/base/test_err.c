#include <string.h>

#include "base/err.h"
#include "support/test.h"

static void err_has_a_sentence_for_each_and_zero_is_none(void **state)
{
    (void)state;
    static const enum err all[] = {
#define ERR(id, sentence) ERR_##id,
#include "base/err.def"
#undef ERR
    };

    assert_int_equal(ERR_NONE, 0);
    assert_string_equal(err_text(ERR_NONE), "no error");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *text = err_text(all[i]);
        assert_int_equal(all[i], i + 1);
        assert_true(strlen(text) > 0);
        assert_true(text[strlen(text) - 1] != '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(err_has_a_sentence_for_each_and_zero_is_none),
    };
    return RUN_TESTS(tests);
}
