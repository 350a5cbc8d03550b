#include "app/cli_state.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char ROOT_STATE[] = "/var/lib/countermark";

/*
 * A service or a container may have no HOME: the home that the account has, where one can
 * write, unless the system's directory was prepared for it. NULL: none.
 */
static const char *home_of_account(void)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, at start.
    const struct passwd *account = getpwuid(geteuid());
    const char *home = account != NULL ? account->pw_dir : NULL;
    bool usable = home != NULL && home[0] == '/' && access(home, W_OK) == 0 &&
                  access(ROOT_STATE, W_OK) != 0;

    return usable ? home : NULL;
}

void cli_find_state(char path[CLI_PATH_SIZE_MAX])
{
    // NOLINTBEGIN(concurrency-mt-unsafe): one thread, at start.
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    // NOLINTEND(concurrency-mt-unsafe)
    int len = -1;

    home = home != NULL && home[0] == '/' ? home : home_of_account();
    if (geteuid() == 0 || ((state == NULL || state[0] != '/') && home == NULL)) {
        len = snprintf(path, CLI_PATH_SIZE_MAX, "%s", ROOT_STATE);
    } else if (state != NULL && state[0] == '/') {
        len = snprintf(path, CLI_PATH_SIZE_MAX, "%s/countermark", state);
    } else {
        len = snprintf(path, CLI_PATH_SIZE_MAX, "%s/.local/state/countermark", home);
    }
    if (len < 0 || len >= CLI_PATH_SIZE_MAX) {
        (void)snprintf(path, CLI_PATH_SIZE_MAX, "%s", ROOT_STATE);
    }
}
