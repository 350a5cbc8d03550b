#include <stdio.h>

#include "relay/admission.h"
#include "support/test.h"

static struct address address_of_text(const char *text)
{
    struct address address = {0};
    assert_int_equal(address_parse(span_of(text), &address), ERR_NONE);
    return address;
}

static void admission_counts_in_all_and_per_address(void **state)
{
    struct admission *admission = admission_new(100);
    struct address one = address_of_text("192.0.2.1");
    struct address two = address_of_text("192.0.2.2");

    (void)state;
    assert_int_equal(admission_enter(admission, &one, 3, 2), ADMITTED);
    assert_int_equal(admission_enter(admission, &one, 3, 2), ADMITTED);
    assert_int_equal(admission_enter(admission, &one, 3, 2), ADMITTED_NOT_ADDRESS);
    assert_int_equal(admission_enter(admission, &two, 3, 2), ADMITTED);
    assert_int_equal(admission_enter(admission, &two, 3, 2), ADMITTED_NOT_TOTAL);
    admission_leave(admission, &one);
    assert_int_equal(admission_enter(admission, &one, 3, 2), ADMITTED);
    assert_int_equal(admission_count(admission), 3);
    admission_free(&admission);
}

static void admission_takes_a_network_of_ipv6_for_one_client(void **state)
{
    struct admission *admission = admission_new(100);
    struct address one = address_of_text("2001:db8::1");
    struct address near = address_of_text("2001:db8::ffff");
    struct address far = address_of_text("2001:db8:0:1::1");

    (void)state;
    assert_int_equal(admission_enter(admission, &one, 9, 1), ADMITTED);
    assert_int_equal(admission_enter(admission, &near, 9, 1), ADMITTED_NOT_ADDRESS);
    assert_int_equal(admission_enter(admission, &far, 9, 1), ADMITTED);
    admission_free(&admission);
}

static void admission_finds_every_address_while_others_come_and_go(void **state)
{
    struct admission *admission = admission_new(600);
    static struct address addresses[600];
    char text[32];

    (void)state;
    for (unsigned i = 0; i < 600; i++) {
        (void)snprintf(text, sizeof(text), "10.1.%u.%u", i / 250, i % 250);
        addresses[i] = address_of_text(text);
        assert_int_equal(admission_enter(admission, &addresses[i], 2000, 1), ADMITTED);
    }
    for (unsigned i = 0; i < 600; i += 2) {
        admission_leave(admission, &addresses[i]);
    }
    for (unsigned i = 0; i < 600; i++) {
        assert_int_equal(admission_enter(admission, &addresses[i], 2000, 1),
                         i % 2 == 0 ? ADMITTED : ADMITTED_NOT_ADDRESS);
    }
    assert_int_equal(admission_count(admission), 600);
    for (unsigned i = 0; i < 600; i++) {
        admission_leave(admission, &addresses[i]);
    }
    assert_int_equal(admission_count(admission), 0);
    admission_free(&admission);
}

static void admission_charges_what_an_address_has_not_taken(void **state)
{
    struct admission *admission = admission_new(10);
    struct address one = address_of_text("192.0.2.1");

    (void)state;
    assert_int_equal(admission_enter(admission, &one, 9, 9), ADMITTED);
    assert_true(admission_charge(admission, &one, 60, 100));
    assert_false(admission_charge(admission, &one, 60, 100));
    admission_discharge(admission, &one, 60);
    admission_discharge(admission, &one, 60);
    assert_true(admission_charge(admission, &one, 100, 100));
    admission_leave(admission, &one);
    /* Who comes back starts anew. */
    assert_int_equal(admission_enter(admission, &one, 9, 9), ADMITTED);
    assert_true(admission_charge(admission, &one, 100, 100));
    admission_free(&admission);
}

static void admission_has_no_limit_for_peers_without_an_address(void **state)
{
    struct admission *admission = admission_new(10);
    const struct address none = {0};
    struct address loopback = address_of_text("::1");

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(admission_enter(admission, &none, 6, 1), ADMITTED);
    }
    assert_true(admission_charge(admission, &none, 1000, 100));
    assert_int_equal(admission_enter(admission, &loopback, 6, 1), ADMITTED);
    assert_false(admission_charge(admission, &loopback, 1000, 100));
    assert_int_equal(admission_enter(admission, &none, 6, 1), ADMITTED_NOT_TOTAL);
    for (unsigned i = 0; i < 5; i++) {
        admission_leave(admission, &none);
    }
    admission_leave(admission, &loopback);
    assert_int_equal(admission_count(admission), 0);
    admission_free(&admission);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admission_counts_in_all_and_per_address),
        cmocka_unit_test(admission_takes_a_network_of_ipv6_for_one_client),
        cmocka_unit_test(admission_finds_every_address_while_others_come_and_go),
        cmocka_unit_test(admission_charges_what_an_address_has_not_taken),
        cmocka_unit_test(admission_has_no_limit_for_peers_without_an_address),
    };
    return RUN_TESTS(tests);
}
