#include <unistd.h>

#include "app/graph.h"
#include "net/passing.h"

/* All that listen, worker by worker. */
static size_t list_sockets(const struct graph *graph, int *fds_out)
{
    size_t listens = graph->first->listen_count;
    size_t count = 0;

    for (unsigned i = 0; i < graph->worker_count; i++) {
        for (size_t j = 0; j < listens; j++) {
            fds_out[count++] = worker_socket(graph->workers[i], j);
        }
    }
    return count;
}

/* A message holds only so many. */
static void send_sockets(int fd, const int *fds, size_t count)
{
    const char word = SUCCESSOR_SOCKETS;
    enum err err = ERR_NONE;

    while (count > 0 && err == ERR_NONE) {
        size_t part = count < PASSING_FDS_MAX ? count : PASSING_FDS_MAX;
        err = passing_send(fd, &word, 1, fds, part);
        fds += part;
        count -= part;
    }
}

void graph_upgrade_offer(struct graph *graph, int fd)
{
    static int sockets[SUCCESSOR_SOCKETS_MAX]; /* Large; on the control thread alone. */
    size_t socket_count = list_sockets(graph, sockets);
    int local = -1;
    int address = -1;
    int fds[4] = {graph->common.fd, state_dir_lock(graph->state_dir)};
    size_t fd_count = 2;

    admin_lend_sockets(graph->admin, &local, &address);
    if (local >= 0) {
        fds[fd_count++] = local;
    }
    if (address >= 0) {
        fds[fd_count++] = address;
    }
    const struct successor_offer offer = {
        .magic = SUCCESSOR_MAGIC,
        .layout = common_layout(),
        .region = (uint64_t)(uintptr_t)graph->common.region,
        .size = graph->common.size,
        .worker_count = graph->worker_count,
        .socket_count = (uint32_t)socket_count,
        .has_local = local >= 0,
        .has_address = address >= 0,
        .pid = getpid(),
    };
    if (passing_send(fd, &offer, sizeof(offer), fds, fd_count) == ERR_NONE) {
        send_sockets(fd, sockets, socket_count);
    }
}
