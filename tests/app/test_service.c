#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/service.h"
#include "support/test.h"

/* A manager that hears what it is told. */
struct manager {
    int fd;
    char path[64];
};

static void manager_open(struct manager *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(self->path, sizeof(self->path), "/tmp/cm-service-%d", getpid());
    (void)unlink(self->path);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", self->path);
    self->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", self->path, 1), 0);
}

static void manager_close(struct manager *self)
{
    (void)close(self->fd);
    (void)unlink(self->path);
}

static const char *heard(struct manager *self)
{
    static char text[256];
    ssize_t len = recv(self->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void a_service_without_a_manager_says_nothing(void **state)
{
    (void)state;
    struct service service;
    struct address address = {0};

    service_init(&service);
    service_ready(&service, "x");
    service_alive(&service, 1000000);
    assert_int_equal(service_take_socket(&service, &address), -1);
    assert_false(service_has_left(&service));
}

static void a_manager_hears_of_every_turn_and_the_environment_is_cleared(void **state)
{
    (void)state;
    struct manager manager;
    struct service service;

    manager_open(&manager);
    service_init(&service);
    assert_null(getenv("NOTIFY_SOCKET"));
    service_ready(&service, "serving");
    assert_string_equal(heard(&manager), "READY=1\nSTATUS=serving");
    service_reloading(&service, 17);
    assert_string_equal(heard(&manager), "RELOADING=1\nMONOTONIC_USEC=17");
    service_stopping(&service);
    assert_string_equal(heard(&manager), "STOPPING=1\nSTATUS=draining");
    service_alive(&service, 5);
    assert_string_equal(heard(&manager), ""); /* Nobody watches. */
    manager_close(&manager);
}

static void a_watchdog_hears_twice_as_often_as_it_asks(void **state)
{
    (void)state;
    struct manager manager;
    struct service service;

    manager_open(&manager);
    assert_int_equal(setenv("WATCHDOG_USEC", "20000000", 1), 0);
    service_init(&service);
    service_alive(&service, 1000);
    assert_string_equal(heard(&manager), "WATCHDOG=1");
    service_alive(&service, 10999);
    assert_string_equal(heard(&manager), "");
    service_alive(&service, 11000);
    assert_string_equal(heard(&manager), "WATCHDOG=1");
    assert_int_equal(setenv("WATCHDOG_USEC", "20000000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0); /* Meant for another. */
    service_init(&service);
    service_alive(&service, 1000);
    assert_string_equal(heard(&manager), "");
    manager_close(&manager);
}

/* In a child: the sockets must be descriptors from 3 on. */
static int child_of_activation(int listening)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);
    struct service service;
    char pid[32];

    (void)dup2(listening, 3);
    (void)snprintf(pid, sizeof(pid), "%d", getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "1", 1);
    service_init(&service);
    if (getsockname(3, (struct sockaddr *)&in, &len) != 0) {
        return 1;
    }
    struct address address = address_of(&in);
    struct address other = address;
    other.port++;
    if (service_take_socket(&service, &other) != -1 || !service_has_left(&service)) {
        return 2;
    }
    if (service_take_socket(&service, &address) != 3 || service_has_left(&service)) {
        return 3;
    }
    return service_take_socket(&service, &address) == -1 ? 0 : 4;
}

static void a_socket_of_the_manager_is_given_out_once_for_its_address(void **state)
{
    (void)state;
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int status = 0;

    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(fd, 1), 0);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(child_of_activation(fd));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)close(fd);
}

/* In a child, as above; `path` is bound. */
static int child_of_local_activation(int listening, const char *path)
{
    struct service service;
    struct address address = {.port = 80};
    char pid[32];

    (void)dup2(listening, 3);
    (void)snprintf(pid, sizeof(pid), "%d", getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "1", 1);
    service_init(&service);
    if (service_take_socket(&service, &address) != -1 ||
        service_take_local(&service, "/") != -1 ||
        service_take_local(&service, "/tmp") != -1) {
        return 2;
    }
    if (service_take_local(&service, path) != 3 || service_has_left(&service)) {
        return 3;
    }
    return service_take_local(&service, path) == -1 ? 0 : 4;
}

static void a_unix_socket_of_the_manager_is_given_out_once_for_its_path(void **state)
{
    (void)state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char folder[] = "/tmp/service.XXXXXX";
    int status = 0;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(name.sun_path, sizeof(name.sun_path), "%s/s", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(fd, 1), 0);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(child_of_local_activation(fd, name.sun_path));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)close(fd);
    assert_int_equal(unlink(name.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_without_a_manager_says_nothing),
        cmocka_unit_test(a_manager_hears_of_every_turn_and_the_environment_is_cleared),
        cmocka_unit_test(a_watchdog_hears_twice_as_often_as_it_asks),
        cmocka_unit_test(a_socket_of_the_manager_is_given_out_once_for_its_address),
        cmocka_unit_test(a_unix_socket_of_the_manager_is_given_out_once_for_its_path),
    };
    return RUN_TESTS(tests);
}
