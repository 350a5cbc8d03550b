/* Who a connection is from: its address, or what the PROXY protocol says
 * (client_state.h).
 */
#include "net/proxy_protocol.h"
#include "relay/client_state.h"

/* Proxies that are not listed, and clients that come directly, speak for themselves. */
bool client_preface_comes(const struct listen_settings *listen,
                          const struct address *peer)
{
    return listen->proxy_protocol &&
           (listen->trusted_proxy_count == 0 || address_trusted(peer, listen));
}

/* Counts one more connection from `address`. False: it may not be. */
bool client_enter(struct relay *relay, const struct address *address,
                  uint64_t address_max)
{
    enum admitted admitted =
        admission_enter(relay->shared->admission, address,
                        relay->plan->site->limits.connections_max, address_max);

    if (admitted != ADMITTED) {
        meter_refused_connection(relay, admitted == ADMITTED_NOT_TOTAL
                                            ? "connections-max"
                                            : "connections-per-address-max");
    }
    return admitted == ADMITTED;
}

/* From now on this is a connection of `source`. False: it may not have one more. */
static bool become(struct client *self, const struct address *source)
{
    struct relay *relay = self->relay;

    if (!client_enter(relay, source, client_limits(self)->connections_per_address_max)) {
        return false;
    }
    admission_leave(relay->shared->admission, &self->peer);
    self->peer = *source;
    return true;
}

void client_preface_read(struct client *self, struct span bytes)
{
    struct proxy_protocol result;

    switch (proxy_protocol_read(bytes, &result)) {
    case PROXY_PROTOCOL_MORE:
        return;
    case PROXY_PROTOCOL_BAD:
        meter_refused_connection(self->relay, "proxy-protocol");
        client_free(self);
        return;
    case PROXY_PROTOCOL_DONE:
        break;
    }
    if (result.known && !become(self, &result.source)) {
        client_free(self);
        return;
    }
    client_begin(self, span_from(bytes, result.len));
}
