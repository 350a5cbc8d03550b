#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify/datagram.h"
#include "support/test.h"

static void addresses_are_literal(void **state)
{
    (void)state;
    assert_true(datagram_url_valid(SPAN("udp://127.0.0.1:514")));
    assert_true(datagram_url_valid(SPAN("udp://localhost:514")));
    assert_true(datagram_url_valid(SPAN("udp://[::1]:514")));
    assert_true(datagram_url_valid(SPAN("unix:///dev/log")));
    assert_false(datagram_url_valid(SPAN("udp://log.example:514")));
    assert_false(datagram_url_valid(SPAN("udp://127.0.0.1")));
    assert_false(datagram_url_valid(SPAN("unix://dev/log")));
    assert_false(datagram_url_valid(SPAN("tcp://127.0.0.1:514")));
    assert_false(datagram_is("tcp://127.0.0.1:514"));
    assert_true(datagram_is("udp://127.0.0.1:514"));
}

static void a_message_arrives_as_it_is(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    char url[64];
    char text[64];
    char error[128] = "";

    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(url, sizeof(url), "udp://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(datagram_send(url, SPAN("<82>1 x"), error, sizeof(error)), ERR_NONE);
    assert_int_equal(recv(fd, text, sizeof(text), 0), 7);
    assert_memory_equal(text, "<82>1 x", 7);
    (void)close(fd);
}

static void a_socket_that_is_not_there_is_an_error_with_its_reason(void **state)
{
    (void)state;
    char error[128] = "";

    assert_int_equal(
        datagram_send("unix:///nowhere/log", SPAN("x"), error, sizeof(error)),
        ERR_SYSTEM);
    assert_string_equal(error, "No such file or directory");
    assert_int_equal(datagram_send("nonsense", SPAN("x"), error, sizeof(error)),
                     ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_literal),
        cmocka_unit_test(a_message_arrives_as_it_is),
        cmocka_unit_test(a_socket_that_is_not_there_is_an_error_with_its_reason),
    };
    return RUN_TESTS(tests);
}
