#include "relay/rewrite_forwarding.h"

/* False: nothing stands in front of what comes next. */
static bool write_list(const struct head *head, enum field_id id, struct span name,
                       bool kept, struct writer *out)
{
    size_t count = 0;

    writer_put(out, name);
    writer_put(out, SPAN(": "));
    for (size_t i = 0; kept && i < head->field_count; i++) {
        if (head->fields[i].id == id && head->fields[i].value.len > 0) {
            writer_put(out, count++ > 0 ? SPAN(", ") : SPAN(""));
            writer_put(out, head->fields[i].value);
        }
    }
    return count > 0;
}

/* An address as text, once for both fields. */
struct text {
    bool v6;
    size_t len;
    char digits[ADDRESS_TEXT_MAX];
};

static void text_of(const struct address *address, struct text *out)
{
    out->len = 0;
    out->v6 = false;
    if (!address_is_none(address)) {
        out->len = address_format(address, out->digits);
        out->v6 = !address_is_v4(address);
    }
}

static void write_address(const struct text *text, bool quoted, struct writer *out)
{
    if (text->len == 0) {
        writer_put(out, SPAN("unknown")); /* RFC 7239 section 6.2 */
        return;
    }
    bool wrapped = quoted && text->v6;

    writer_put(out, wrapped ? SPAN("\"[") : SPAN(""));
    writer_put(out,
               (struct span){.ptr = (const uint8_t *)text->digits, .len = text->len});
    writer_put(out, wrapped ? SPAN("]\"") : SPAN(""));
}

/* A host goes into a quoted string; what does not belong there is left out. */
static void write_quoted_host(struct span host, struct writer *out)
{
    writer_put(out, SPAN(";host=\""));
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '"' || host.ptr[i] == '\\') {
            return;
        }
    }
    writer_put(out, host);
    writer_put(out, SPAN("\""));
}

void rewrite_forwarding(const struct rewrite_request *self, struct writer *out)
{
    const struct head *head = self->head;
    const struct field *proto = head_field(head, FIELD_X_FORWARDED_PROTO);
    const struct field *host = head_field(head, FIELD_X_FORWARDED_HOST);
    struct text peer;

    text_of(self->peer, &peer);
    bool listed = write_list(head, FIELD_X_FORWARDED_FOR, SPAN("X-Forwarded-For"),
                             self->peer_trusted, out);
    if (!listed || !address_is_none(self->peer)) { /* A proxy has said who, or we do. */
        writer_put(out, listed ? SPAN(", ") : SPAN(""));
        write_address(&peer, false, out);
    }
    writer_put(out, SPAN("\r\n"));
    bool proto_kept = self->peer_trusted && proto != NULL;
    writer_field(out, SPAN("X-Forwarded-Proto"),
                 proto_kept ? proto->value : span_of(self->scheme));
    bool host_kept = self->peer_trusted && host != NULL;
    if (host_kept || self->host.len > 0) {
        writer_field(out, SPAN("X-Forwarded-Host"), host_kept ? host->value : self->host);
    }
    listed =
        write_list(head, FIELD_FORWARDED, SPAN("Forwarded"), self->peer_trusted, out);
    writer_put(out, listed ? SPAN(", for=") : SPAN("for="));
    write_address(&peer, true, out);
    writer_put(out, SPAN(";proto="));
    writer_text(out, self->scheme);
    if (self->host.len > 0) {
        write_quoted_host(self->host, out);
    }
    writer_put(out, SPAN("\r\n"));
}
