#include "admin/admin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/connection.h"
#include "admin/console.h"
#include "net/listener.h"
#include "net/local.h"

/* The ways in. */
enum door {
    DOOR_SOCKET,
    DOOR_ADDRESS,
    DOOR_COUNT,
};

struct admin {
    struct connection_setup setup;
    struct admin_control control;
    struct access access;
    struct operations operations;
    struct feeds feeds;
    char policy[CONSOLE_POLICY_SIZE_MAX];
    struct mailbox *mailbox;
    struct list connections[DOOR_COUNT]; /* Oldest first. */
    struct local *local;
    char local_path[LOCAL_PATH_SIZE_MAX]; /* "": no socket to remove. */
    struct listener *listener;
    struct address address;
    struct tls_context *tls; /* Of the address; NULL: none. */
};

static void on_end(void *owner, struct connection *connection)
{
    (void)owner;
    list_remove(connection_link(connection));
    connection_free(&connection);
}

struct admin *admin_new(struct loop *loop, const struct admin_control *control,
                        struct stats *stats)
{
    struct admin *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    self->mailbox = mailbox_new(loop);
    if (self->mailbox == NULL) {
        free(self);
        return NULL;
    }
    self->control = *control;
    for (int door = 0; door < DOOR_COUNT; door++) {
        list_init(&self->connections[door]);
    }
    operations_init(&self->operations, self->mailbox);
    console_policy(self->policy);
    self->setup = (struct connection_setup){
        .loop = loop,
        .api = {.control = &self->control,
                .stats = stats,
                .access = &self->access,
                .operations = &self->operations,
                .feeds = &self->feeds,
                .policy = self->policy},
        .on_end = on_end,
        .owner = self,
    };
    return self;
}

void admin_set_url(struct admin *self, const char *url)
{
    access_set_host(&self->access, span_of(url));
}

bool admin_set_tokens(struct admin *self, const struct access_token *tokens, size_t count)
{
    self->feeds.epoch++; /* Whoever listens shows a token once more. */
    return access_set(&self->access, tokens, count);
}

/* Is there room, or can somebody who waits give way? */
static bool make_room(struct list *connections)
{
    struct connection *waiting = NULL;
    unsigned count = 0;

    for (struct list_link *link = list_first(connections);
         link != NULL && link != &connections->head; link = link->next) {
        struct connection *connection = connection_of(link);
        count++;
        if (waiting == NULL && connection_waits(connection)) {
            waiting = connection;
        }
    }
    if (count >= ADMIN_CONNECTIONS_MAX && waiting != NULL) {
        on_end(NULL, waiting);
        return true;
    }
    return count < ADMIN_CONNECTIONS_MAX;
}

/* A connection for a client who came from `origin`, or NULL when there is no room. */
static struct connection *admit(struct admin *self, enum door door,
                                const struct api_origin *origin)
{
    return make_room(&self->connections[door]) ? connection_new(&self->setup, origin)
                                               : NULL;
}

static void begin(struct admin *self, enum door door, struct connection *connection,
                  struct stream *stream)
{
    if (stream == NULL) {
        connection_free(&connection);
        return;
    }
    list_push_back(&self->connections[door], connection_link(connection));
    connection_start(connection, stream, door == DOOR_ADDRESS ? self->tls : NULL);
}

static void on_local(void *owner, int fd, const struct local_peer *peer)
{
    struct admin *self = owner;
    const struct api_origin origin = {.local = true, .user = peer->user};
    struct connection *connection = admit(self, DOOR_SOCKET, &origin);

    if (connection == NULL) {
        (void)close(fd);
        return;
    }
    struct stream *stream =
        stream_open(self->setup.loop, fd, connection_events(), connection);
    begin(self, DOOR_SOCKET, connection, stream);
}

/* A client for whom there is no room is taken all the same: accepting goes on only when
 * the waiting one was taken. */
static void on_client(void *owner, void *server_handle)
{
    struct admin *self = owner;
    const struct api_origin origin = {.address = self->address,
                                      .secure = self->tls != NULL};
    struct connection *connection = admit(self, DOOR_ADDRESS, &origin);
    struct stream *stream =
        stream_accept(self->setup.loop, server_handle, connection_events(), connection);
    if (connection == NULL) {
        stream_free(&stream);
        return;
    }
    begin(self, DOOR_ADDRESS, connection, stream);
}

void admin_set_tls(struct admin *self, struct tls_context *tls)
{
    struct tls_context *fresh = tls != NULL ? tls_context_ref(tls) : NULL;

    tls_context_unref(&self->tls);
    self->tls = fresh;
}

enum err admin_start(struct admin *self, const struct admin_sockets *sockets)
{
    struct loop *loop = self->setup.loop;
    bool failed = false;

    CHECK(self->local == NULL && self->listener == NULL);
    if (sockets->local_fd >= 0) {
        (void)span_copy(span_of(sockets->local_path), self->local_path,
                        sizeof(self->local_path));
        self->local = local_new(loop, sockets->local_fd, on_local, self);
        failed = self->local == NULL;
    }
    if (sockets->address_fd >= 0) {
        self->address = sockets->address;
        self->listener = listener_new(loop, sockets->address_fd, on_client, self);
        failed = failed || self->listener == NULL;
    }
    return failed ? ERR_SYSTEM : ERR_NONE;
}

void admin_lend_sockets(const struct admin *self, int *local_fd_out, int *address_fd_out)
{
    *local_fd_out = self->local != NULL ? local_fd(self->local) : -1;
    *address_fd_out = self->listener != NULL ? listener_fd(self->listener) : -1;
}

void admin_leave(struct admin *self)
{
    self->local_path[0] = '\0';
    admin_stop(self);
}

void admin_stop(struct admin *self)
{
    struct list_link *link = NULL;

    local_free(&self->local);
    listener_free(&self->listener);
    if (self->local_path[0] != '\0') {
        (void)unlink(self->local_path);
        self->local_path[0] = '\0';
    }
    for (int door = 0; door < DOOR_COUNT; door++) {
        while ((link = list_first(&self->connections[door])) != NULL) {
            on_end(self, connection_of(link));
        }
    }
}

void admin_free(struct admin **self_p)
{
    struct admin *self = *self_p;
    if (self == NULL) {
        return;
    }
    admin_stop(self);
    operations_clear(&self->operations);
    mailbox_free(&self->mailbox);
    tls_context_unref(&self->tls);
    secret_wipe(&self->access, sizeof(self->access));
    free(self);
    *self_p = NULL;
}
