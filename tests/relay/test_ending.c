#include <ctype.h>
#include <string.h>

#include "relay/ending.h"
#include "support/test.h"

static void endings_have_words_of_their_own_and_sentences(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENDING_COUNT; i++) {
        const char *word = ending_word((enum ending)i);
        const char *sentence = ending_sentence((enum ending)i);
        assert_true(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_") ==
                    strlen(word));
        assert_true(isupper((unsigned char)sentence[0]));
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(word, ending_word((enum ending)k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endings_have_words_of_their_own_and_sentences),
    };
    return RUN_TESTS(tests);
}
