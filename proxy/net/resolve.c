#include "net/resolve.h"

#include <stdlib.h>

#include <uv.h>

struct resolve {
    uv_getaddrinfo_t request;
    resolve_fn *on_resolved; /* NULL: nobody wants to know any more. */
    void *owner;
    uint16_t port;
    bool answered;
};

static size_t collect(const struct addrinfo *info, uint16_t port, struct address *out)
{
    size_t count = 0;

    for (; info != NULL && count < RESOLVE_ADDRESSES_MAX; info = info->ai_next) {
        if (info->ai_family == AF_INET || info->ai_family == AF_INET6) {
            out[count] = address_of(info->ai_addr);
            out[count++].port = port;
        }
    }
    return count;
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
    struct resolve *self = request->data;
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t count = status == 0 ? collect(info, self->port, addresses) : 0;

    uv_freeaddrinfo(info);
    self->answered = true;
    if (self->on_resolved == NULL) {
        free(self);
        return;
    }
    self->on_resolved(self->owner, count > 0 ? ERR_NONE : ERR_RESOLVE, addresses, count);
}

struct resolve *resolve_new(struct loop *loop, const char *host, uint16_t port,
                            resolve_fn *on_resolved, void *owner)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct resolve *self = malloc(sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    *self = (struct resolve){.on_resolved = on_resolved, .owner = owner, .port = port};
    self->request.data = self;
    if (uv_getaddrinfo(loop_handle(loop), &self->request, on_answer, host, NULL,
                       &hints) != 0) {
        free(self);
        return NULL;
    }
    return self;
}

void resolve_free(struct resolve **self_p)
{
    struct resolve *self = *self_p;
    if (self == NULL) {
        return;
    }
    *self_p = NULL;
    if (self->answered) {
        free(self);
        return;
    }
    self->on_resolved = NULL;
    (void)uv_cancel((uv_req_t *)&self->request);
}
