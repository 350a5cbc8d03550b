/* Lints of addresses that are Unix sockets. */
#include <string.h>
#include <sys/stat.h>

#include "app/lint.h"
#include "net/local.h"

/* The folder of `path`, which is absolute. */
static void folder_of(const char *path, char *folder_out)
{
    size_t len = (size_t)(strrchr(path, '/') - path);

    len = len == 0 ? 1 : len;
    memcpy(folder_out, path, len);
    folder_out[len] = '\0';
}

static bool has_local(const struct listen_settings *listen)
{
    for (size_t i = 0; i < listen->trusted_proxy_count; i++) {
        static const uint8_t NONE[16];
        const struct network *network = &listen->trusted_proxies[i];
        if (network->prefix_len == 128 && memcmp(network->address, NONE, 16) == 0) {
            return true;
        }
    }
    return false;
}

static void lint_file(struct loader *loader, const struct node *item,
                      const struct listen_settings *listen)
{
    struct place place = loader_place(loader, item, "address");
    char folder[LOCAL_PATH_SIZE_MAX];
    struct stat facts;

    folder_of(listen->path, folder);
    if (stat(folder, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        report_warning(loader->report, place,
                       "the directory `%s` of the socket is not there: it is not made "
                       "at start, and the start fails without it",
                       folder);
    } else if (lstat(listen->path, &facts) == 0 && !S_ISSOCK(facts.st_mode)) {
        report_warning(loader->report, place,
                       "`%s` is there and no socket: it is never replaced, and the "
                       "start fails",
                       listen->path);
    }
}

static void lint_mode(struct loader *loader, const struct node *item,
                      const struct listen_settings *listen)
{
    if ((listen->socket_mode & S_IWOTH) != 0 &&
        (has_local(listen) || listen->proxy_protocol)) {
        report_warning(loader->report, loader_place(loader, item, "socket_mode"),
                       "every user of this machine may connect (`%04o`) and say who "
                       "the client is; give the proxy's user the file's group instead",
                       listen->socket_mode);
    }
}

static void lint_admin(struct loader *loader)
{
    const struct admin_settings *admin = &loader->snapshot->config.admin;

    if ((admin->socket_mode & S_IWOTH) != 0) {
        report_warning(
            loader->report,
            loader_place(loader, node_find(loader->root, SPAN("admin")), "socket_mode"),
            "every user of this machine is an operator (`%04o`); give the "
            "operators the file's group instead",
            admin->socket_mode);
    }
}

void lint_sockets(struct loader *loader)
{
    const struct config *config = &loader->snapshot->config;
    const struct node *list = node_find(loader->root, SPAN("listen"));

    lint_admin(loader);
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_settings *listen = &config->listens[i];
        const struct node *item = loader_item(list, i);
        const struct node *mode = node_find(item, SPAN("socket_mode"));
        if (listen->path != NULL) {
            lint_file(loader, item, listen);
            lint_mode(loader, item, listen);
            continue;
        }
        if (mode != NULL) {
            report_warning(loader->report, mode->place,
                           "`socket_mode` is without effect: the address is no `unix:`");
        }
        if (has_local(listen)) {
            report_warning(loader->report, loader_place(loader, item, "trusted_proxies"),
                           "`unix:` is without effect: whoever connects to this address "
                           "has an address");
        }
    }
}
