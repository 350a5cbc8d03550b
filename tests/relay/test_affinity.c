#include <string.h>

#include "relay/affinity.h"
#include "support/test.h"

static struct fingerprint key_of(uint64_t set, uint64_t tag)
{
    struct fingerprint key;

    tag <<= 16;
    memcpy(key.bytes, &set, sizeof(set));
    memcpy(key.bytes + sizeof(set), &tag, sizeof(tag));
    return key;
}

static void affinity_remembers_the_last_server_of_each_session(void **state)
{
    (void)state;
    struct affinity *affinity = affinity_new(NULL, 4096);
    unsigned number = 0;

    for (uint64_t i = 0; i < 1000; i++) {
        struct fingerprint key = key_of(i, i + 1);
        assert_false(affinity_find(affinity, &key, &number));
        affinity_set(affinity, &key, (unsigned)i);
    }
    for (uint64_t i = 0; i < 1000; i++) {
        struct fingerprint key = key_of(i, i + 1);
        assert_true(affinity_find(affinity, &key, &number));
        assert_int_equal(number, i);
        affinity_set(affinity, &key, 7);
        assert_true(affinity_find(affinity, &key, &number));
        assert_int_equal(number, 7);
    }
    affinity_free(&affinity);
}

static void affinity_forgets_the_oldest_where_there_is_no_room(void **state)
{
    (void)state;
    struct affinity *affinity = affinity_new(NULL, 4);
    unsigned number = 0;

    for (uint64_t tag = 1; tag <= 5; tag++) {
        struct fingerprint key = key_of(0, tag);
        affinity_set(affinity, &key, (unsigned)tag);
    }
    for (uint64_t tag = 2; tag <= 5; tag++) {
        struct fingerprint key = key_of(0, tag);
        assert_true(affinity_find(affinity, &key, &number));
        assert_int_equal(number, tag);
    }
    struct fingerprint first = key_of(0, 1);
    assert_false(affinity_find(affinity, &first, &number));
    affinity_free(&affinity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(affinity_remembers_the_last_server_of_each_session),
        cmocka_unit_test(affinity_forgets_the_oldest_where_there_is_no_room),
    };
    return RUN_TESTS(tests);
}
