/*
 * The floor: a bare libuv relay that checks nothing. `floor LISTEN_PORT UPSTREAM_PORT`
 *
 * Each client connection has one upstream connection of its own for as long as it lives,
 * so that kept connections carry one exchange at a time in both directions, and bytes are
 * passed on as they are read. What a proxy on libuv spends above this, it spends on its
 * work.
 */
#include <signal.h>
#include <stdlib.h>

#include <uv.h>

enum { BACKLOG = 512, READ_SIZE = 64 * 1024 };

struct side {
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct side *peer;
};

struct rest {
    uv_write_t write;
    char bytes[];
};

static struct sockaddr_in upstream_address;
static char read_bytes[READ_SIZE];

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

static void side_close(struct side *side)
{
    if (!uv_is_closing((uv_handle_t *)&side->tcp)) {
        uv_close((uv_handle_t *)&side->tcp, on_close);
    }
}

static void pair_close(struct side *side)
{
    struct side *peer = side->peer;
    side->peer = NULL;
    if (peer != NULL) {
        peer->peer = NULL;
        side_close(peer);
    }
    side_close(side);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    *buf = uv_buf_init(read_bytes, sizeof(read_bytes));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);

static void on_rest_written(uv_write_t *write, int status)
{
    struct side *source = write->data;
    uv_stream_t *sink = write->handle;
    struct side *side = sink->data;
    free(write);
    if (status == 0 && side->peer == source) {
        uv_read_start((uv_stream_t *)&source->tcp, on_alloc, on_read);
    }
}

/* The sink is full: the source waits until what was not taken at once is written. */
static void write_rest(struct side *source, const char *bytes, size_t len)
{
    struct rest *rest = malloc(sizeof(*rest) + len);
    if (rest == NULL) {
        abort();
    }
    uv_buf_t buf = uv_buf_init(rest->bytes, (unsigned)len);
    for (size_t i = 0; i < len; i++) {
        rest->bytes[i] = bytes[i];
    }
    rest->write.data = source;
    uv_read_stop((uv_stream_t *)&source->tcp);
    if (uv_write(&rest->write, (uv_stream_t *)&source->peer->tcp, &buf, 1,
                 on_rest_written) != 0) {
        free(rest);
        pair_close(source);
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct side *side = stream->data;
    if (len < 0 || side->peer == NULL) {
        pair_close(side);
        return;
    }
    uv_buf_t piece = uv_buf_init(buf->base, (unsigned)len);
    int done = uv_try_write((uv_stream_t *)&side->peer->tcp, &piece, 1);
    size_t taken = done > 0 ? (size_t)done : 0;
    if (done < 0 && done != UV_EAGAIN) {
        pair_close(side);
    } else if (taken < (size_t)len) {
        write_rest(side, buf->base + taken, (size_t)len - taken);
    }
}

static void on_connect(uv_connect_t *connect, int status)
{
    struct side *upstream = connect->handle->data;
    if (status != 0 || upstream->peer == NULL) {
        pair_close(upstream);
        return;
    }
    uv_tcp_nodelay(&upstream->tcp, 1);
    uv_read_start((uv_stream_t *)&upstream->tcp, on_alloc, on_read);
    uv_read_start((uv_stream_t *)&upstream->peer->tcp, on_alloc, on_read);
}

static struct side *side_new(uv_loop_t *loop)
{
    struct side *side = calloc(1, sizeof(*side));
    if (side == NULL || uv_tcp_init(loop, &side->tcp) != 0) {
        abort();
    }
    side->tcp.data = side;
    return side;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct side *client = side_new(listener->loop);
    if (status != 0 || uv_accept(listener, (uv_stream_t *)&client->tcp) != 0) {
        side_close(client);
        return;
    }
    uv_tcp_nodelay(&client->tcp, 1);
    client->peer = side_new(listener->loop);
    client->peer->peer = client;
    if (uv_tcp_connect(&client->peer->connect, &client->peer->tcp,
                       (const struct sockaddr *)&upstream_address, on_connect) != 0) {
        pair_close(client);
    }
}

static int port_of(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
    uv_tcp_t listener;
    struct sockaddr_in address;
    if (argc != 3) {
        return 2;
    }
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return 1;
    }
    uv_ip4_addr("127.0.0.1", port_of(argv[1]), &address);
    uv_ip4_addr("127.0.0.1", port_of(argv[2]), &upstream_address);
    uv_tcp_init(uv_default_loop(), &listener);
    if (uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection) != 0) {
        return 1;
    }
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
