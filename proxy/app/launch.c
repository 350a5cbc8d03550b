#include "app/launch.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/successor.h"

enum {
    ADDED_MAX = 3,
    ADDED_SIZE = 256,
    WATCHDOG_US_PER_MS = 1000,
};

static bool is_ours(const char *variable)
{
    size_t len = sizeof(SUCCESSOR_VARIABLE) - 1;
    return strncmp(variable, SUCCESSOR_VARIABLE, len) == 0 && variable[len] == '=';
}

/* Our environment and `added`; an array of lent texts. NULL: memory. */
static char **environment_with(char added[ADDED_MAX][ADDED_SIZE])
{
    size_t count = 0;
    size_t next = 0;

    while (environ[count] != NULL) {
        count++;
    }
    char **list = calloc(count + ADDED_MAX + 1, sizeof(*list));
    if (list == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_ours(environ[i])) {
            list[next++] = environ[i];
        }
    }
    for (size_t i = 0; i < ADDED_MAX; i++) {
        if (added[i][0] != '\0') {
            list[next++] = added[i];
        }
    }
    return list;
}

/* What service_init() took out of ours. */
static void describe(const struct service *service, char added[ADDED_MAX][ADDED_SIZE])
{
    (void)snprintf(added[0], ADDED_SIZE, SUCCESSOR_VARIABLE "=%d", LAUNCH_FD);
    if (service->socket[0] != '\0') {
        (void)snprintf(added[1], ADDED_SIZE, "NOTIFY_SOCKET=%s", service->socket);
    }
    if (service->watchdog_ms != 0) {
        (void)snprintf(added[2], ADDED_SIZE, "WATCHDOG_USEC=%llu",
                       (unsigned long long)service->watchdog_ms * WATCHDOG_US_PER_MS);
    }
}

/* No signal is blocked there, and none is ignored because of us. */
static int spawn(char *const *argv, char **environment, int fd, pid_t *pid_out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t ignored;

    (void)sigemptyset(&none);
    (void)sigemptyset(&ignored);
    (void)sigaddset(&ignored, SIGPIPE);
    int failed = posix_spawn_file_actions_init(&actions);
    CHECK(failed == 0);
    failed = posix_spawnattr_init(&attributes);
    CHECK(failed == 0);
    failed = posix_spawn_file_actions_adddup2(&actions, fd, LAUNCH_FD);
    if (failed == 0) { /* Libraries leave some open that are not closed on exec. */
        failed = posix_spawn_file_actions_addclosefrom_np(&actions, LAUNCH_FD + 1);
    }
    if (failed == 0) {
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setsigdefault(&attributes, &ignored);
        (void)posix_spawnattr_setflags(&attributes,
                                       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        failed = posix_spawnp(pid_out, argv[0], &actions, &attributes, argv, environment);
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

enum err launch(char *const *argv, int fd, const struct service *service, pid_t *pid_out)
{
    char added[ADDED_MAX][ADDED_SIZE] = {{0}};

    describe(service, added);
    char **environment = environment_with(added);
    if (environment == NULL) {
        errno = ENOMEM;
        return ERR_SYSTEM;
    }
    int failed = spawn(argv, environment, fd, pid_out);
    free(environment);
    errno = failed;
    return failed == 0 ? ERR_NONE : ERR_SYSTEM;
}

void launch_kill(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

bool launch_has_ended(pid_t pid, int *status_out)
{
    int status = 0;

    if (waitpid(pid, &status, WNOHANG) != pid) {
        return false;
    }
    *status_out = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}
