#include <stdlib.h>

#include "base/check.h"
#include "relay/exchange_rooms.h"

enum {
    FIELD_SLACK = 64, /* What stands around host and target. */
    PORT_HTTPS = 443,
};

/* Everything on this address is sent to where TLS is. */
enum step exchange_redirect(struct exchange *self, struct span host, struct span target)
{
    uint16_t port = client_listen(self->client)->redirect_port;
    size_t size = host.len + target.len + FIELD_SLACK;
    bool safe = self->method == METHOD_GET || self->method == METHOD_HEAD;

    if (host.len == 0 || !span_starts(target, SPAN("/"))) {
        return exchange_refuse_request(self, 400, ENDING_HOST);
    }
    uint8_t *field = malloc(size);
    if (field == NULL) {
        return exchange_reply_error(self, 503, ENDING_INTERNAL);
    }
    struct writer out = writer_of(field, size);
    writer_put(&out, SPAN("Location: https://"));
    writer_put(&out, host);
    if (port != PORT_HTTPS) {
        writer_put(&out, SPAN(":"));
        writer_u64(&out, port);
    }
    writer_put(&out, target);
    writer_put(&out, SPAN("\r\n"));
    CHECK(!out.full);
    enum step step = exchange_reply_elsewhere(self, safe ? 301 : 308, writer_span(&out));
    free(field);
    return step;
}
