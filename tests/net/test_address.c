#include <netinet/in.h>

#include "net/address.h"
#include "support/test.h"

static struct address parsed(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(span_of(text), &address), ERR_NONE);
    return address;
}

static void address_text_comes_back_in_its_shortest_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *back;
        const char *with_port;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", "192.0.2.1:80"},
        {"255.255.255.255", "255.255.255.255", "255.255.255.255:80"},
        {"2001:db8:0:0::1", "2001:db8::1", "[2001:db8::1]:80"},
        {"[::1]", "::1", "[::1]:80"},
        {"::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1:80"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80"},
    };
    char text[ADDRESS_TEXT_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address address = parsed(cases[i].text);
        assert_int_equal(address_format(&address, text), strlen(cases[i].back));
        assert_string_equal(text, cases[i].back);
        address.port = 80;
        assert_int_equal(address_format_port(&address, text), strlen(cases[i].with_port));
        assert_string_equal(text, cases[i].with_port);
    }
}

static void address_parse_takes_nothing_but_an_address(void **state)
{
    (void)state;
    const char *bad[] = {"",     "1.2.3",  "1.2.3.4.5",  "256.0.0.1", "1.2.3.4 ",
                         " ::1", "::1%lo", "1.2.3.4:80", "localhost", "[]",
                         "[::1", "::1]",   "[::1]:80",   "01.2.3.4"};
    struct address address;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (address_parse(span_of(bad[i]), &address) == ERR_NONE) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_int_equal(address_parse(SPAN("127.0.0.1\0.evil"), &address), ERR_SYNTAX);
}

static void address_survives_the_kernels_form(void **state)
{
    (void)state;
    const char *texts[] = {"192.0.2.1", "2001:db8::1"};

    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage storage;
        struct address address = parsed(texts[i]);
        address.port = 8080;
        size_t len = address_sockaddr(&address, &storage);
        assert_int_equal(len, i == 0 ? sizeof(struct sockaddr_in)
                                     : sizeof(struct sockaddr_in6));
        struct address back = address_of(&storage);
        assert_memory_equal(&back, &address, sizeof(back));
    }
}

static void address_of_another_family_is_zero(void **state)
{
    (void)state;
    const struct sockaddr other = {.sa_family = AF_UNIX};
    const struct address zero = {0};
    struct address address = address_of(&other);

    assert_memory_equal(&address, &zero, sizeof(zero));
}

static void address_of_a_peer_without_one_has_a_name(void **state)
{
    (void)state;
    const struct address none = {0};
    struct address some = parsed("192.0.2.1");
    struct address loopback = parsed("::1");
    char text[ADDRESS_TEXT_MAX];

    assert_true(address_is_none(&none));
    assert_false(address_is_none(&some));
    assert_false(address_is_none(&loopback));
    assert_int_equal(address_format_peer(&none, text), 5);
    assert_string_equal(text, "unix:");
    assert_int_equal(address_format_peer(&some, text), 9);
    assert_string_equal(text, "192.0.2.1");
}

static void address_is_in_a_network_by_its_first_bits(void **state)
{
    (void)state;
    struct address network = parsed("10.1.128.0");
    struct address inside = parsed("10.1.255.7");
    struct address outside = parsed("10.1.127.255");
    struct address other = parsed("2001:db8::1");

    assert_true(address_in(&inside, network.bytes, 96 + 17));
    assert_false(address_in(&outside, network.bytes, 96 + 17));
    assert_true(address_in(&outside, network.bytes, 96 + 16));
    assert_false(address_in(&inside, network.bytes, 128));
    assert_true(address_in(&network, network.bytes, 128));
    assert_false(address_in(&other, network.bytes, 96));
    assert_true(address_in(&other, network.bytes, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_text_comes_back_in_its_shortest_form),
        cmocka_unit_test(address_parse_takes_nothing_but_an_address),
        cmocka_unit_test(address_survives_the_kernels_form),
        cmocka_unit_test(address_of_another_family_is_zero),
        cmocka_unit_test(address_of_a_peer_without_one_has_a_name),
        cmocka_unit_test(address_is_in_a_network_by_its_first_bits),
    };
    return RUN_TESTS(tests);
}
