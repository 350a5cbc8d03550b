#include "relay/rewrite.h"

#include "base/check.h"
#include "http/coding.h"
#include "http/trace.h"
#include "relay/rewrite_forwarding.h"
#include "relay/rewrite_names.h"

/* What is done with a field; no row: it goes on as it is. */
enum treatment {
    PASS,
    HOP,       /* Ends here (RFC 9110 section 7.6.1), or is written anew. */
    ANEW,      /* Of a request: written anew. */
    CONDITION, /* Of a request: would let the upstream answer without a body. */
    VALIDATOR, /* Of a response: would let a client ask with a condition. */
    IDENTITY,  /* May say who the user is. */
    OURS,
};

static const enum treatment TREATMENTS[FIELD_ID_COUNT] = {
    [FIELD_CONNECTION] = HOP,
    [FIELD_KEEP_ALIVE] = HOP,
    [FIELD_PROXY_CONNECTION] = HOP,
    [FIELD_PROXY_AUTHENTICATE] = HOP,
    [FIELD_PROXY_AUTHORIZATION] = HOP,
    [FIELD_TE] = HOP,
    [FIELD_TRAILER] = HOP,
    [FIELD_TRANSFER_ENCODING] = HOP,
    [FIELD_UPGRADE] = HOP,
    [FIELD_HTTP2_SETTINGS] = HOP,
    [FIELD_CONTENT_LENGTH] = HOP,
    [FIELD_HOST] = ANEW,
    [FIELD_ACCEPT_ENCODING] = ANEW,
    [FIELD_FORWARDED] = ANEW,
    [FIELD_X_FORWARDED_FOR] = ANEW,
    [FIELD_X_FORWARDED_HOST] = ANEW,
    [FIELD_X_FORWARDED_PROTO] = ANEW,
    [FIELD_IF_NONE_MATCH] = CONDITION,
    [FIELD_IF_MODIFIED_SINCE] = CONDITION,
    [FIELD_IF_RANGE] = CONDITION,
    [FIELD_RANGE] = CONDITION,
    [FIELD_ETAG] = VALIDATOR,
    [FIELD_LAST_MODIFIED] = VALIDATOR,
    [FIELD_COOKIE] = IDENTITY,
    [FIELD_SET_COOKIE] = IDENTITY,
    [FIELD_AUTHORIZATION] = IDENTITY,
    [FIELD_COUNTERMARK_ECHO] = OURS,
    [FIELD_COUNTERMARK_REQUEST] = OURS,
    [FIELD_COUNTERMARK_SESSION] = OURS,
};

/* What routing, framing and identity rest on cannot be named away by Connection. */
static const bool NOT_NOMINATED[FIELD_ID_COUNT] = {
    [FIELD_HOST] = true,          [FIELD_COOKIE] = true,
    [FIELD_SET_COOKIE] = true,    [FIELD_AUTHORIZATION] = true,
    [FIELD_CONTENT_TYPE] = true,  [FIELD_CONTENT_ENCODING] = true,
    [FIELD_CACHE_CONTROL] = true, [FIELD_CONTENT_LENGTH] = true,
};

/* Most often Connection says `keep-alive` and nothing else: that field never goes on. */
static bool may_nominate(const struct head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (field->id == FIELD_CONNECTION &&
            !span_equal_nocase(field->value, SPAN("keep-alive"))) {
            return true;
        }
    }
    return false;
}

static bool is_nominated(const struct head *head, const struct field *field)
{
    return !NOT_NOMINATED[field->id] &&
           head_has_token(head, FIELD_CONNECTION, field->name);
}

/* Keeps what we can decode; with nothing left, says so. */
static void write_accept_encoding(const struct rewrite_request *self, struct writer *out)
{
    size_t kept = 0;

    writer_put(out, SPAN("Accept-Encoding: "));
    for (size_t i = 0; i < self->head->field_count; i++) {
        struct span rest = self->head->fields[i].value;
        struct span item;
        if (self->head->fields[i].id != FIELD_ACCEPT_ENCODING) {
            continue;
        }
        while (span_next(&rest, ',', &item)) {
            item = span_trim(item);
            struct span name = span_trim(span_first(item, span_find(item, ';')));
            if (name.len > 0 && coding_is_known(name)) {
                writer_put(out, kept > 0 ? SPAN(", ") : SPAN(""));
                writer_put(out, item);
                kept++;
            }
        }
    }
    writer_put(out, kept > 0 ? SPAN("\r\n") : SPAN("identity\r\n"));
}

static bool keep_every_cookie(void *context, const struct cookie *cookie)
{
    (void)context;
    (void)cookie;
    return true;
}

/* Of several Cookie fields (RFC 6265 section 5.4 knows one) some servers read the first,
 * and some join them by commas: the site would not see the cookies that we saw. */
static bool writes_cookies(const struct rewrite_request *self)
{
    return self->cookie_stays != NULL || head_field_count(self->head, FIELD_COOKIE) > 1;
}

/* The pairs of all Cookie fields that may go on, in one. */
static void write_cookies(const struct rewrite_request *self, struct writer *out)
{
    cookie_keep *stays =
        self->cookie_stays != NULL ? self->cookie_stays : keep_every_cookie;
    size_t max = cookie_size_max(self->head);
    struct span name = SPAN("Cookie: ");

    if (max == 0) {
        return;
    }
    if (out->full || out->capacity - out->len < max + name.len + 2) {
        out->full = true;
        return;
    }
    size_t len = cookie_write(self->head, stays, self->identity_context,
                              out->ptr + out->len + name.len);
    if (len > 0) {
        memcpy(out->ptr + out->len, name.ptr, name.len);
        out->len += name.len + len;
        writer_put(out, SPAN("\r\n"));
    }
}

static bool token_goes(const struct rewrite_request *self, const struct field *field)
{
    return self->token_goes != NULL && self->token_goes(self->identity_context, field);
}

/* A field without an id: ours in disguise, a proxy's, or nobody's business. */
static bool other_field_stays(const struct rewrite_request *self,
                              const struct field *field)
{
    struct span certificate = self->certificate_field;

    if (certificate.len > 0 && rewrite_same_name(field->name, certificate)) {
        return false;
    }
    if (rewrite_names_another_path(field)) {
        return false;
    }
    if (self->forged != NULL && self->forged(field)) {
        return false;
    }
    if (rewrite_is_reserved(field)) {
        return self->peer_trusted &&
               !rewrite_looks_like(field->name, SPAN("countermark-"));
    }
    return !token_goes(self, field);
}

/* Identity was read from it already, so that Connection does not take it away either. */
static bool is_believed(const struct rewrite_request *self, const struct field *field)
{
    return span_equal_nocase(field->name, self->token_field) ||
           span_equal_nocase(field->name, self->jwt_field);
}

/* True when a field of the request goes on as it is. */
static bool request_field_stays(const struct rewrite_request *self,
                                const struct field *field)
{
    if (field->id == FIELD_OTHER) {
        return other_field_stays(self, field);
    }
    switch (TREATMENTS[field->id]) {
    case PASS:
    case VALIDATOR:
        return true;
    case ANEW:
        return field->id == FIELD_ACCEPT_ENCODING && self->observes;
    case HOP:
    case OURS:
        return false;
    case CONDITION:
        return !self->conditions_removed;
    case IDENTITY:
        return field->id == FIELD_COOKIE || !token_goes(self, field);
    }
    UNREACHABLE();
}

/* The version that a message came by (RFC 9110 section 7.6.3). */
static struct span via_of(const struct head *head)
{
    if (head->version_major == 2) {
        return SPAN("2.0 countermark");
    }
    return head->version_minor == 1 ? SPAN("1.1 countermark") : SPAN("1.0 countermark");
}

/* True when the request goes on in the trace that it came in. */
static bool keeps_trace(const struct rewrite_request *self, bool nominates)
{
    const struct field *parent = head_field(self->head, FIELD_TRACEPARENT);

    if (parent == NULL || (nominates && is_nominated(self->head, parent))) {
        return false;
    }
    return self->observes || (head_field_count(self->head, FIELD_TRACEPARENT) == 1 &&
                              trace_parent_valid(parent->value));
}

static bool is_trace(const struct field *field)
{
    return field->id == FIELD_TRACEPARENT ||
           (field->id == FIELD_OTHER &&
            span_equal_nocase(field->name, SPAN("tracestate")));
}

static void write_own(const struct rewrite_request *self, bool trace_kept,
                      struct writer *out)
{
    writer_field(out, SPAN("Via"), via_of(self->head));
    writer_field(out, SPAN("Countermark-Session"), span_of(self->session));
    writer_field(out, SPAN("Countermark-Request"), span_of(self->id));
    if (!trace_kept) {
        writer_put(out, SPAN("traceparent: 00-"));
        writer_text(out, self->id);
        writer_put(out, SPAN("-"));
        writer_text(out, self->span_id);
        writer_put(out, SPAN("-00\r\n"));
    }
}

/* An extension could hide what is said, so none is offered. */
static bool is_extension(const struct field *field)
{
    return field->id == FIELD_OTHER &&
           span_equal_nocase(field->name, SPAN("sec-websocket-extensions"));
}

static void write_request_framing(const struct head *head, struct writer *out)
{
    switch (head->framing) {
    case FRAMING_NONE:
        if (head->has_content_length) {
            writer_put(out, SPAN("Content-Length: 0\r\n"));
        }
        return;
    case FRAMING_LENGTH:
        writer_put(out, SPAN("Content-Length: "));
        writer_u64(out, head->content_length);
        writer_put(out, SPAN("\r\n"));
        return;
    case FRAMING_CHUNKED:
        writer_put(out, SPAN("Transfer-Encoding: chunked\r\n"));
        return;
    case FRAMING_CLOSE:
        break;
    }
    UNREACHABLE();
}

void rewrite_request(const struct rewrite_request *self, struct writer *out)
{
    const struct head *head = self->head;
    bool nominates = may_nominate(head);
    bool trace_kept = keeps_trace(self, nominates);
    bool cookies_anew = writes_cookies(self);

    writer_put(out, head->method_text);
    writer_put(out, SPAN(" "));
    writer_put(out, self->target);
    writer_put(out, SPAN(" HTTP/1.1\r\n"));
    if (self->host.len > 0) {
        writer_field(out, SPAN("Host"), self->host);
    } else {
        writer_put(out, SPAN("Host:\r\n"));
    }
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (request_field_stays(self, field) &&
            !(cookies_anew && field->id == FIELD_COOKIE) &&
            !(nominates && !is_believed(self, field) && is_nominated(head, field)) &&
            !(self->upgrades && is_extension(field)) &&
            (trace_kept || self->observes || !is_trace(field))) {
            writer_field(out, field->name, field->value);
        }
    }
    if (cookies_anew) {
        write_cookies(self, out);
    }
    if (!self->observes) {
        write_accept_encoding(self, out);
    }
    rewrite_forwarding(self, out);
    if (self->certificate_field.len > 0 && self->certificate_name.len > 0) {
        writer_field(out, self->certificate_field, self->certificate_name);
    }
    write_own(self, trace_kept, out);
    if (self->upgrades) {
        writer_put(out, SPAN("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    }
    write_request_framing(head, out);
    writer_put(out, SPAN("\r\n"));
}

struct reference_base rewrite_asked(struct span head_text)
{
    struct span target = span_from(head_text, span_find(head_text, ' ') + 1);
    struct span host = span_from(head_text, span_find(head_text, '\n') + 1);
    struct span name = SPAN("Host:");

    CHECK(span_starts(host, name)); /* Next to the request line, always. */
    host = span_from(span_first(host, span_find(host, '\r')), name.len);
    return (struct reference_base){.host = span_trim(host),
                                   .target = span_first(target, span_find(target, ' '))};
}

static bool response_field_stays(const struct rewrite_response *self,
                                 const struct field *field)
{
    if (field->id == FIELD_CONTENT_ENCODING && self->coding_removed) {
        return false;
    }
    switch (TREATMENTS[field->id]) {
    case PASS:
        return field->id != FIELD_OTHER ||
               !rewrite_looks_like(field->name, SPAN("countermark-"));
    case ANEW:
    case CONDITION:
        return true;
    case HOP:
    case OURS:
        return false;
    case VALIDATOR:
        return !self->validators_removed && !self->coding_removed;
    case IDENTITY:
        return field->id != FIELD_SET_COOKIE || self->set_cookie_stays == NULL ||
               self->set_cookie_stays(self->set_cookie_context, field);
    }
    UNREACHABLE();
}

void rewrite_response(const struct rewrite_response *self, struct writer *out)
{
    const struct head *head = self->head;
    bool nominates = may_nominate(head);

    writer_put(out, SPAN("HTTP/1.1 "));
    writer_u64(out, head->status);
    writer_put(out, SPAN(" "));
    writer_put(out, head->reason);
    writer_put(out, SPAN("\r\n"));
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (response_field_stays(self, field) &&
            !(nominates && is_nominated(head, field))) {
            writer_field(out, field->name, field->value);
        }
    }
    writer_put(out, head->version_minor == 1 ? SPAN("Via: 1.1 countermark\r\n")
                                             : SPAN("Via: 1.0 countermark\r\n"));
}
