#include "net/stream_private.h"

bool stream_secure(struct stream *self, struct tls_context *context, struct span taken)
{
    struct tls_output *output = secure_output(self->loop);
    struct tls *tls = output != NULL ? tls_new_server(context, output) : NULL;

    if (tls != NULL) {
        self->secure = secure_new(self, tls, self->started);
    }
    return self->secure != NULL && secure_take(self->secure, taken);
}

// NOLINTNEXTLINE(readability-function-size): stream_connect() and what TLS needs.
struct stream *stream_connect_secure(struct loop *loop, const struct address *address,
                                     struct tls_context *context, const char *name,
                                     struct tls_memory *memory,
                                     const struct stream_events *events, void *owner)
{
    struct tls_output *output = secure_output(loop);
    struct tls *tls =
        output != NULL ? tls_new_client(context, output, name, memory) : NULL;
    struct stream *self =
        tls != NULL ? stream_connect(loop, address, events, owner) : NULL;

    if (self == NULL) {
        tls_free(&tls);
        return NULL;
    }
    self->secure = secure_new(self, tls, false);
    if (self->secure == NULL) {
        stream_free(&self);
    }
    return self;
}

const struct tls *stream_tls(const struct stream *self)
{
    return self->secure != NULL ? secure_tls(self->secure) : NULL;
}

bool stream_pending(const struct stream *self)
{
    return self->secure != NULL && secure_pending(self->secure);
}
