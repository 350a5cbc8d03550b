#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guard/claim.h"
#include "guard/identify.h"
#include "guard/login.h"
#include "http/host.h"
#include "relay/exchange_certificate.h"
#include "relay/rewrite.h"

enum {
    PATH_BUFFER = 4096, /* A longer target takes memory of its own. */
    SPAN_ID_BYTES = 8,
    EXCHANGE_ID_BYTES = JOURNAL_ID_DIGITS / 2,
    TEXT_SLACK = 4096, /* What we add to a head, at most. */
};

/* What is known about a request while it is being opened. */
struct opening {
    struct exchange *exchange;
    const struct head *head;
    struct host host;
    struct span host_text;
    struct span target; /* In origin form. */
    struct path path;
    struct identity identity;
    struct removal removal;
    uint8_t *path_memory; /* NULL: `path_buffer` was enough. */
    uint8_t path_buffer[PATH_BUFFER];
};

static void name_exchange(struct exchange *self)
{
    format_hex(relay_random(self->relay, EXCHANGE_ID_BYTES), EXCHANGE_ID_BYTES, self->id);
    self->id[JOURNAL_ID_DIGITS] = '\0';
}

/* Absolute form to origin form; its authority must be the one that Host names. */
static bool read_target(struct opening *opening)
{
    const struct field *host = head_field(opening->head, FIELD_HOST);
    struct span authority = host_of_target(opening->head->target);

    opening->target = opening->head->target;
    opening->host_text = host != NULL ? host->value : (struct span){0};
    if (authority.len > 0) {
        if (host != NULL && !span_equal_nocase(host->value, authority)) {
            return false;
        }
        opening->host_text = authority;
        size_t start = (size_t)(authority.ptr - opening->target.ptr) + authority.len;
        opening->target = span_from(opening->target, start);
        if (opening->target.len == 0) {
            opening->target = SPAN("/");
        }
    }
    opening->host = (struct host){0};
    return opening->host_text.len == 0 || host_parse(opening->host_text, &opening->host);
}

static bool read_path(struct opening *opening)
{
    size_t size = PATH_BUFFER_SIZE(opening->head->target.len);
    uint8_t *buffer = opening->path_buffer;

    opening->path_memory = NULL;
    if (size > sizeof(opening->path_buffer)) {
        opening->path_memory = malloc(size);
        buffer = opening->path_memory;
        if (buffer == NULL) {
            return false;
        }
    }
    return path_normalize(opening->head->target, buffer, &opening->path) ==
           PATH_ERROR_NONE;
}

static const char *session_name(struct exchange *self, char *digits)
{
    struct asker *asker = &self->asker;

    if (asker->kind == ASKER_STATELESS && asker->token_count == 0) {
        asker->sent = asker->credential;
        fingerprint_format(&asker->sent, digits);
        digits[FINGERPRINT_DIGITS] = '\0';
        return digits;
    }
    if (asker->token_count == 0 || asker->kind == ASKER_AMBIGUOUS) {
        asker->sent = (struct fingerprint){{0}};
        return "none";
    }
    asker->sent = asker->session.id != 0 ? asker->session.first : asker->tokens[0];
    fingerprint_format(&asker->sent, digits);
    digits[FINGERPRINT_DIGITS] = '\0';
    return digits;
}

/* The rewritten head in the memory at hand, or in more when it does not fit. */
static bool write_head(struct exchange *self, const struct rewrite_request *rewrite)
{
    struct writer out = writer_of(self->request_text, self->request_text_capacity);

    rewrite_request(rewrite, &out);
    if (out.full) {
        size_t size = exchange_limits(self)->head_size_max * 2 + TEXT_SLACK;
        self->request_text = malloc(size);
        if (self->request_text == NULL) {
            self->request_text = self->request_inline;
            return false;
        }
        self->request_text_capacity = size;
        out = writer_of(self->request_text, size);
        rewrite_request(rewrite, &out);
    }
    self->request_text_len = out.len;
    return !out.full;
}

/* Writes the outgoing head, without what says who asks where that has to go. */
static bool write_request(struct exchange *self, struct opening *opening,
                          bool peer_trusted)
{
    char digits[FINGERPRINT_DIGITS + 1];
    char span_id[2 * SPAN_ID_BYTES + 1];
    struct address peer = client_peer(self->client);
    bool removes = opening->removal.kind != REMOVAL_NONE;
    uint8_t *target = removes ? malloc(opening->target.len + 1) : NULL;

    if (removes && target == NULL) {
        return false;
    }
    format_hex(relay_random(self->relay, SPAN_ID_BYTES), SPAN_ID_BYTES, span_id);
    span_id[sizeof(span_id) - 1] = '\0';
    struct rewrite_request rewrite = {
        .head = opening->head,
        .target = opening->target,
        .host = opening->host_text,
        .peer = &peer,
        .peer_trusted = peer_trusted,
        .scheme = client_scheme(self->client),
        .session = session_name(self, digits),
        .id = self->id,
        .span_id = span_id,
        .upgrades = self->socket != NULL,
        .conditions_removed =
            self->routed.requirement.require_mask != 0 && !exchange_observes(self),
        .observes = exchange_observes(self),
        .cookie_stays = removes ? exchange_cookie_stays : NULL,
        .token_goes = removes ? exchange_token_goes : NULL,
        .identity_context = &opening->removal,
        .token_field = span_of(self->plan->site->session.header),
        .jwt_field = span_of(self->plan->site->session.jwt.header),
    };
    if (removes) {
        rewrite.target.ptr = target;
        rewrite.target.len =
            exchange_write_target(&opening->removal, opening->target, target);
    }
    exchange_tell_certificate(self, &opening->removal, &rewrite);
    bool whole = write_head(self, &rewrite);
    free(target);
    return whole;
}

/* Which connections may carry this request. */
static void plan_connection(struct exchange *self)
{
    const struct asker *asker = &self->asker;
    struct upstream_settings *settings =
        &self->plan->site->upstreams[self->routed.route->upstream];

    self->pool = self->plan->pools[self->routed.route->upstream];
    self->request.recent = asker->unsafe;
    self->request.alone = self->socket != NULL || asker->kind == ASKER_AMBIGUOUS ||
                          asker->mixed ||
                          (asker->kind == ASKER_STATELESS && asker->token_count > 0 &&
                           asker->trust != CREDENTIAL_CERTIFIED) ||
                          (asker->remembered && asker->token_count == 0 &&
                           !client_has_proved(self->client)) ||
                          settings->connections == CONNECTIONS_NONE;
    self->request.session = asker->token_count == 0  ? (struct fingerprint){{0}}
                            : asker->session.id != 0 ? asker->session.first
                                                     : asker->tokens[0];
    if (settings->connections == CONNECTIONS_SESSION) {
        self->request.key = exchange_connection_key(self);
    }
    self->key_private = exchange_make_private(self, &self->request.key);
    if (self->key_private) { /* A connection on which he proved himself is identity too.
                              */
        self->request.alone =
            self->request.alone || exchange_shares_client(self) || self->identity_removed;
    }
}

static void note_request(struct exchange *self, const struct opening *opening)
{
    const struct head *head = opening->head;

    (void)span_copy(head->method_text, self->method_text, sizeof(self->method_text));
    (void)span_copy(opening->path.once, self->path, sizeof(self->path));
    self->method = head->method;
    self->keep_alive = head->keep_alive;
    self->request_body = head->framing != FRAMING_NONE;
    self->request_read = !self->request_body;
    self->body_chunked = head->framing == FRAMING_CHUNKED;
    self->expects_continue = head->version_minor == 1 && self->request_body &&
                             head_has_token(head, FIELD_EXPECT, SPAN("100-continue"));
}

enum step exchange_refuse_request(struct exchange *self, unsigned status,
                                  enum ending ending)
{
    meter_rejected(self->relay, ending);
    return exchange_reply_error(self, status, ending);
}

/* Host, path, route. False: answered. */
static bool find_route(struct exchange *self, struct opening *opening)
{
    const struct site *site = self->plan->site;

    if (!read_target(opening)) {
        (void)exchange_refuse_request(self, 400, ENDING_MALFORMED);
        return false;
    }
    if (!read_path(opening)) {
        (void)exchange_refuse_request(self, 400, ENDING_PATH);
        return false;
    }
    switch (route_find(site, opening->host.name, opening->head, &opening->path,
                       &self->routed)) {
    case ROUTE_FOUND:
        if (client_listen(self->client)->redirect_port != 0) {
            (void)exchange_redirect(self, opening->host.name, opening->target);
            return false;
        }
        return true;
    case ROUTE_BAD_PATH:
        (void)exchange_refuse_request(self, 400, ENDING_PATH);
        return false;
    case ROUTE_UNKNOWN_HOST:
        (void)exchange_refuse_request(self, 421, ENDING_HOST);
        return false;
    }
    UNREACHABLE();
}

/* Everything that can be answered without an upstream. True: go on. */
static bool may_be_asked(struct exchange *self, const struct opening *opening)
{
    const struct head *head = opening->head;
    struct journal *journal = self->relay->shared->journal;

    if (head->framing == FRAMING_LENGTH &&
        head->content_length > exchange_limits(self)->body_size_max) {
        (void)exchange_refuse_request(self, 413, ENDING_BODY_LARGE);
        return false;
    }
    if (head_field(head, FIELD_EXPECT) != NULL && !self->expects_continue &&
        !(head_has_token(head, FIELD_EXPECT, SPAN("100-continue")))) {
        (void)exchange_refuse_request(self, 417, ENDING_EXPECTATION);
        return false;
    }
    if (self->routed.requirement.require_mask != 0 && !exchange_observes(self) &&
        journal->failing(journal->self)) {
        (void)exchange_reply_error(self, 503, ENDING_LEDGER);
        return false;
    }
    return true;
}

static bool wants_login_name(const struct exchange *self)
{
    return self->asker.role == ROLE_LOGIN && self->request_body &&
           self->plan->site->login.user_field != NULL;
}

/* From the request head to the first state. */
static void open_routed(struct exchange *self, struct opening *opening)
{
    bool peer_trusted = exchange_find_client(self, opening->head);

    exchange_identify(self, opening->head, &opening->identity);
    if (exchange_gate_is_closed(self)) {
        (void)exchange_settle(self);
        return;
    }
    if (!may_be_asked(self, opening) || !exchange_ask_socket(self, opening->head)) {
        return;
    }
    exchange_remove(self, opening->head, &opening->identity, &opening->removal);
    plan_connection(self);
    if (!write_request(self, opening, peer_trusted)) {
        (void)exchange_reply_error(self, 503, ENDING_INTERNAL);
        return;
    }
    const struct field *type = head_field(opening->head, FIELD_CONTENT_TYPE);
    if (wants_login_name(self)) {
        self->login_type_len = span_copy(type != NULL ? type->value : (struct span){0},
                                         self->login_type, sizeof(self->login_type));
        self->query_names =
            claim_in_query(self->plan->site->login.user_field, opening->path.query);
        self->state = STATE_LOGIN;
        exchange_set_deadline(self, exchange_limits(self)->body_timeout_ms);
        return;
    }
    self->state = STATE_ACQUIRE;
}

void exchange_open(struct exchange *self, const struct head *head)
{
    struct opening opening;

    opening.exchange = self;
    opening.head = head;
    opening.path_memory = NULL;
    opening.path = (struct path){0};
    self->taste = reply_taste_of(head);
    self->routed.index = (unsigned)self->plan->site->route_count - 1;
    self->routed.other = self->routed.index;
    self->routed.route = &self->plan->site->routes[self->routed.index];
    self->client_address = client_peer(self->client);
    self->answer_length = UINT64_MAX;
    exchange_clear_asker(&self->asker);
    name_exchange(self);
    note_request(self, &opening);
    self->caller->exchange = self;
    if (find_route(self, &opening)) {
        (void)span_copy(opening.path.once, self->path, sizeof(self->path));
        open_routed(self, &opening);
    }
    free(opening.path_memory);
}
