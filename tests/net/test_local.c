#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/local.h"
#include "support/test.h"

struct place {
    char directory[64];
    char path[96];
};

static void make_place(struct place *self)
{
    (void)snprintf(self->directory, sizeof(self->directory), "/tmp/local.XXXXXX");
    assert_non_null(mkdtemp(self->directory));
    (void)snprintf(self->path, sizeof(self->path), "%s/s.sock", self->directory);
}

static void remove_place(const struct place *self)
{
    (void)unlink(self->path);
    assert_int_equal(rmdir(self->directory), 0);
}

static int connect_to(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    memcpy(name.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 0777;
}

static void local_socket_is_open_to_its_owner_alone(void **state)
{
    (void)state;
    struct place place;
    int fd = -1;

    make_place(&place);
    mode_t before = umask(0);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &fd), ERR_NONE);
    (void)umask(before);
    assert_int_equal(mode_of(place.path), 0600);
    (void)close(fd);
    remove_place(&place);
}

static void local_socket_is_open_to_a_group_that_is_named(void **state)
{
    (void)state;
    struct place place;
    int fd = -1;

    make_place(&place);
    assert_int_equal(local_bind(place.path, getgid(), &fd), ERR_NONE);
    assert_int_equal(mode_of(place.path), 0660);
    (void)close(fd);
    remove_place(&place);
}

static void local_socket_has_the_mode_that_is_asked_for(void **state)
{
    (void)state;
    static const unsigned MODES[] = {0600, 0660, 0666, 0620};
    struct place place;
    int fd = -1;

    make_place(&place);
    mode_t before = umask(077);
    for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
        assert_int_equal(local_bind_mode(place.path, MODES[i], &fd), ERR_NONE);
        assert_int_equal(mode_of(place.path), MODES[i]);
        (void)close(fd);
    }
    (void)umask(before);
    remove_place(&place);
}

static void local_bind_replaces_a_socket_that_nobody_answers_on(void **state)
{
    (void)state;
    struct place place;
    int fd = -1;

    make_place(&place);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &fd), ERR_NONE);
    (void)close(fd);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &fd), ERR_NONE);
    int client = connect_to(place.path);
    assert_true(client >= 0);
    (void)close(client);
    (void)close(fd);
    remove_place(&place);
}

static void local_bind_leaves_a_socket_that_somebody_answers_on(void **state)
{
    (void)state;
    struct place place;
    int fd = -1;
    int second = -1;

    make_place(&place);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &fd), ERR_NONE);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &second), ERR_ADDRESS);
    assert_int_equal(errno, EADDRINUSE);
    int client = connect_to(place.path);
    assert_true(client >= 0);
    (void)close(client);
    (void)close(fd);
    remove_place(&place);
}

static void local_bind_never_removes_a_file_that_is_no_socket(void **state)
{
    (void)state;
    struct place place;
    int fd = -1;

    make_place(&place);
    FILE *file = fopen(place.path, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &fd), ERR_ADDRESS);
    assert_int_equal(access(place.path, F_OK), 0);
    remove_place(&place);
}

static void local_bind_refuses_a_path_that_does_not_fit(void **state)
{
    (void)state;
    char path[LOCAL_PATH_SIZE_MAX + 1];
    int fd = -1;

    memset(path, 'a', sizeof(path));
    path[LOCAL_PATH_SIZE_MAX] = '\0';
    assert_int_equal(local_bind(path, (gid_t)-1, &fd), ERR_LIMIT);
    assert_int_equal(local_bind("", (gid_t)-1, &fd), ERR_LIMIT);
}

static void local_bind_says_when_the_directory_is_missing(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(local_bind("/nonexistent/s.sock", (gid_t)-1, &fd), ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
}

struct heard {
    int count;
    struct local_peer peer;
    struct local **local_p; /* Freed at the first client when set. */
};

static void on_client(void *owner, int fd, const struct local_peer *peer)
{
    struct heard *self = owner;

    self->count++;
    self->peer = *peer;
    (void)close(fd);
    if (self->local_p != NULL) {
        local_free(self->local_p);
    }
}

static void local_tells_the_user_at_the_other_end(void **state)
{
    (void)state;
    struct place place;
    struct heard heard = {0};
    int clients[3];
    int fd = -1;

    make_place(&place);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &fd), ERR_NONE);
    struct loop *loop = loop_new();
    struct local *local = local_new(loop, fd, on_client, &heard);
    assert_non_null(local);
    for (size_t i = 0; i < 3; i++) {
        clients[i] = connect_to(place.path);
        assert_true(clients[i] >= 0);
    }
    while (heard.count < 3) {
        loop_step(loop);
    }
    assert_int_equal(heard.peer.uid, getuid());
    assert_int_equal(heard.peer.pid, getpid());
    assert_true(strlen(heard.peer.user) > 0);
    if (getuid() == 0) {
        assert_string_equal(heard.peer.user, "root");
    }
    for (size_t i = 0; i < 3; i++) {
        (void)close(clients[i]);
    }
    local_free(&local);
    assert_null(local);
    loop_free(&loop);
    remove_place(&place);
}

static void local_may_be_freed_by_its_own_client(void **state)
{
    (void)state;
    struct place place;
    int fd = -1;

    make_place(&place);
    assert_int_equal(local_bind(place.path, (gid_t)-1, &fd), ERR_NONE);
    struct loop *loop = loop_new();
    struct local *local = NULL;
    struct heard heard = {.local_p = &local};
    local = local_new(loop, fd, on_client, &heard);
    int first = connect_to(place.path);
    int second = connect_to(place.path);
    while (heard.count == 0) {
        loop_step(loop);
    }
    loop_step(loop);
    assert_int_equal(heard.count, 1);
    assert_null(local);
    (void)close(first);
    (void)close(second);
    loop_free(&loop);
    remove_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_socket_is_open_to_its_owner_alone),
        cmocka_unit_test(local_socket_is_open_to_a_group_that_is_named),
        cmocka_unit_test(local_socket_has_the_mode_that_is_asked_for),
        cmocka_unit_test(local_bind_replaces_a_socket_that_nobody_answers_on),
        cmocka_unit_test(local_bind_leaves_a_socket_that_somebody_answers_on),
        cmocka_unit_test(local_bind_never_removes_a_file_that_is_no_socket),
        cmocka_unit_test(local_bind_refuses_a_path_that_does_not_fit),
        cmocka_unit_test(local_bind_says_when_the_directory_is_missing),
        cmocka_unit_test(local_tells_the_user_at_the_other_end),
        cmocka_unit_test(local_may_be_freed_by_its_own_client),
    };
    return RUN_TESTS(tests);
}
