#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guard/claim.h"
#include "guard/identify.h"
#include "http/host.h"
#include "relay/exchange_state.h"
#include "relay/rewrite.h"

enum {
    PATH_BUFFER = 4096,    /* A longer target takes memory of its own. */
    COMMIT_TRIES_MAX = 16, /* Times another worker may be faster in the registry. */
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

/* The address that the nearest proxy we do not trust had asked from. */
static bool find_client(struct exchange *self, const struct head *head)
{
    const struct listen_settings *listen = client_listen(self->client);
    bool trusted = false;

    self->client_address = client_peer(self->client);
    for (size_t i = head->field_count; i-- > 0;) {
        if (head->fields[i].id != FIELD_X_FORWARDED_FOR) {
            continue;
        }
        struct span rest = head->fields[i].value;
        while (rest.len > 0 && address_trusted(&self->client_address, listen)) {
            size_t comma = rest.len;
            while (comma > 0 && rest.ptr[comma - 1] != ',') {
                comma--;
            }
            struct address hop;
            if (address_parse(span_trim(span_from(rest, comma)), &hop) != ERR_NONE) {
                return trusted;
            }
            self->client_address = hop;
            trusted = true;
            rest = span_first(rest, comma > 0 ? comma - 1 : 0);
        }
    }
    return trusted;
}

/* The session of one token, and what two tokens say together. */
static void look_up(struct exchange *self, const struct identity *identity)
{
    struct asker *asker = &self->asker;
    struct registry *registry = self->relay->shared->registry;
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    for (unsigned i = 0; i < identity->token_count; i++) {
        asker->tokens[i] = client_fingerprint(self->client, identity->tokens[i].value);
    }
    asker->token_count = identity->token_count;
    registry_find(registry, &asker->tokens[0], now_ms, true, &asker->session);
    asker->kind = asker->session.id != 0 ? ASKER_SESSION : ASKER_UNKNOWN;
    for (unsigned i = 1; i < identity->token_count; i++) {
        struct session other;
        registry_find(registry, &asker->tokens[i], now_ms, true, &other);
        if (other.id == asker->session.id && other.id != 0) {
            continue;
        }
        asker->mixed = asker->mixed || judge_mixed(asker->role, &asker->session, &other);
        if (other.id != 0 && asker->session.id != 0 && other.binding != BINDING_NONE &&
            asker->session.binding != BINDING_NONE &&
            !user_equal(&other.requester, &asker->session.requester)) {
            asker->kind = ASKER_AMBIGUOUS;
        }
    }
    if (identity->kind == IDENTITY_AMBIGUOUS) {
        asker->kind = ASKER_AMBIGUOUS;
    }
}

static void clear_asker(struct asker *asker)
{
    asker->kind = ASKER_ANONYMOUS;
    asker->role = ROLE_NONE;
    asker->unsafe = false;
    asker->remembered = false;
    asker->mixed = false;
    asker->token_count = 0;
    asker->claim.len = 0;
    asker->session.id = 0;
    asker->session.binding = BINDING_NONE;
    asker->session.requester.len = 0;
    asker->session.claim_count = 0;
}

static void identify(struct exchange *self, struct opening *opening)
{
    struct asker *asker = &self->asker;
    const struct session_policy *policy = &self->plan->site->session;

    clear_asker(asker);
    asker->role = self->routed.role;
    asker->unsafe = !method_is_safe(opening->head->method);
    identify_request(opening->head, policy, &opening->identity);
    asker->remembered = opening->identity.remembered;
    if (opening->identity.token_count > 0) {
        look_up(self, &opening->identity);
    } else if (opening->identity.kind == IDENTITY_AMBIGUOUS) {
        asker->kind = ASKER_AMBIGUOUS;
    } else if (asker->remembered) {
        asker->kind = ASKER_UNKNOWN;
    }
}

/* True for a token that was issued while login was down, to somebody without any. */
static bool is_public(struct exchange *self, struct span token)
{
    struct session session;
    struct fingerprint fingerprint = client_fingerprint(self->client, token);

    registry_find(self->relay->shared->registry, &fingerprint,
                  loop_now_ms(self->relay->loop), false, &session);
    return session.id != 0 && session.is_public;
}

/* True for a cookie that goes on while login is down: not a session's, or a public one.
 */
static bool cookie_stays(void *context, const struct cookie *cookie)
{
    const struct opening *opening = context;
    struct exchange *self = opening->exchange;
    const struct session_policy *policy = &self->plan->site->session;

    if (identify_is_remember_cookie(policy, cookie->name)) {
        return false;
    }
    if (!identify_is_session_cookie(policy, cookie->name)) {
        return true;
    }
    for (unsigned i = 0; i < opening->identity.token_count; i++) {
        struct span token = opening->identity.tokens[i].value;
        if (token.ptr == cookie->value.ptr) {
            return is_public(self, token);
        }
    }
    return false;
}

/* With login down the rest of the site is there for everybody as anonymous. */
static void remove_identity(struct exchange *self)
{
    struct asker *asker = &self->asker;
    bool public_session = asker->kind == ASKER_SESSION && asker->session.is_public;

    self->identity_removed = true;
    asker->claim.len = 0;
    asker->remembered = false;
    asker->role = ROLE_NONE;
    asker->kind = ASKER_ANONYMOUS;
    if (!public_session) {
        self->had_token = asker->token_count > 0;
        asker->token_count = 0;
        asker->session.id = 0;
        asker->session.binding = BINDING_NONE;
        asker->session.requester.len = 0;
        asker->session.claim_count = 0;
        asker->mixed = false;
    }
}

static const char *session_name(const struct exchange *self, char *digits)
{
    const struct asker *asker = &self->asker;

    if (asker->token_count == 0 || asker->kind == ASKER_AMBIGUOUS) {
        return "none";
    }
    fingerprint_format(asker->session.id != 0 ? &asker->session.first : &asker->tokens[0],
                       digits);
    digits[FINGERPRINT_DIGITS] = '\0';
    return digits;
}

/* Writes the outgoing head; a long one into memory of its own. False: memory. */
static bool write_request(struct exchange *self, struct opening *opening,
                          bool peer_trusted)
{
    char digits[FINGERPRINT_DIGITS + 1];
    char span_id[2 * SPAN_ID_BYTES + 1];
    struct address peer = client_peer(self->client);
    const struct session_policy *policy = &self->plan->site->session;
    bool requires = self->routed.requirement.require_mask != 0;

    format_hex(relay_random(self->relay, SPAN_ID_BYTES), SPAN_ID_BYTES, span_id);
    span_id[2 * SPAN_ID_BYTES] = '\0';
    struct rewrite_request rewrite = {
        .head = opening->head,
        .target = opening->target,
        .host = opening->host_text,
        .peer = &peer,
        .peer_trusted = peer_trusted,
        .scheme = "http",
        .session = session_name(self, digits),
        .id = self->id,
        .span_id = span_id,
        .conditions_removed = requires && !self->routed.requirement.observe,
        .policy = self->identity_removed ? policy : NULL,
        .cookie_stays = self->identity_removed ? cookie_stays : NULL,
        .cookie_context = opening,
    };
    struct writer out = writer_of(self->request_text, self->request_text_capacity);
    rewrite_request(&rewrite, &out);
    if (out.full) {
        size_t size = exchange_limits(self)->head_size_max * 2 + TEXT_SLACK;
        self->request_text = malloc(size);
        if (self->request_text == NULL) {
            self->request_text = self->request_inline;
            return false;
        }
        self->request_text_capacity = size;
        out = writer_of(self->request_text, size);
        rewrite_request(&rewrite, &out);
    }
    self->request_text_len = out.len;
    return !out.full;
}

/* Which connections may carry this request. */
static void plan_connection(struct exchange *self)
{
    const struct asker *asker = &self->asker;
    struct upstream_settings *settings =
        &self->plan->site->upstreams[self->routed.route->upstream];

    self->pool = self->plan->pools[self->routed.route->upstream];
    self->request.recent = asker->unsafe;
    self->request.alone = asker->kind == ASKER_AMBIGUOUS || asker->mixed ||
                          (asker->remembered && asker->token_count == 0) ||
                          settings->connections == CONNECTIONS_NONE;
    if (settings->connections == CONNECTIONS_SESSION && asker->token_count > 0) {
        self->request.key =
            asker->session.id != 0 ? asker->session.first : asker->tokens[0];
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

/* The features whose being down stops this request, before anything is sent. */
static bool gate_is_closed(struct exchange *self)
{
    struct feature_table *features = self->relay->shared->features;
    const struct asker *asker = &self->asker;

    self->gate_mask = self->routed.features;
    if (self->routed.requirement.observe) {
        self->gate_mask = 0;
    }
    bool login_down = feature_table_down(features, FEATURE_LOGIN_BIT) != 0;
    if (login_down && self->routed.role == ROLE_LOGOUT) {
        self->logout_while_down = true;
        self->gate_mask &= ~FEATURE_LOGIN_BIT;
        return feature_table_down(features, self->gate_mask) != 0;
    }
    if (feature_table_down(features, self->gate_mask) != 0) {
        return true;
    }
    if (login_down) {
        remove_identity(self);
    } else if ((asker->token_count > 0 || asker->remembered) &&
               !self->routed.requirement.observe) {
        self->gate_mask |= FEATURE_LOGIN_BIT;
    }
    return false;
}

static enum step refuse_request(struct exchange *self, unsigned status,
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
        (void)refuse_request(self, 400, ENDING_MALFORMED);
        return false;
    }
    if (!read_path(opening)) {
        (void)refuse_request(self, 400, ENDING_PATH);
        return false;
    }
    switch (route_find(site, opening->host.name, opening->head, &opening->path,
                       &self->routed)) {
    case ROUTE_FOUND:
        return true;
    case ROUTE_BAD_PATH:
        (void)refuse_request(self, 400, ENDING_PATH);
        return false;
    case ROUTE_UNKNOWN_HOST:
        (void)refuse_request(self, 421, ENDING_HOST);
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
        (void)refuse_request(self, 413, ENDING_BODY_LARGE);
        return false;
    }
    if (head_field(head, FIELD_EXPECT) != NULL && !self->expects_continue &&
        !(head_has_token(head, FIELD_EXPECT, SPAN("100-continue")))) {
        (void)refuse_request(self, 417, ENDING_EXPECTATION);
        return false;
    }
    if (self->routed.requirement.require_mask != 0 && !self->routed.requirement.observe &&
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
    bool peer_trusted = find_client(self, opening->head);

    identify(self, opening);
    if (gate_is_closed(self)) {
        self->state = STATE_SETTLE;
        return;
    }
    if (!may_be_asked(self, opening)) {
        return;
    }
    plan_connection(self);
    if (!write_request(self, opening, peer_trusted)) {
        (void)exchange_reply_error(self, 503, ENDING_INTERNAL);
        return;
    }
    const struct field *type = head_field(opening->head, FIELD_CONTENT_TYPE);
    if (wants_login_name(self)) {
        self->login_type_len = span_copy(type != NULL ? type->value : (struct span){0},
                                         self->login_type, sizeof(self->login_type));
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
    self->routed.route = &self->plan->site->routes[self->routed.index];
    self->client_address = client_peer(self->client);
    self->answer_length = UINT64_MAX;
    clear_asker(&self->asker);
    name_exchange(self);
    note_request(self, &opening);
    client_set_exchange(self->client, self);
    if (find_route(self, &opening)) {
        (void)span_copy(opening.path.once, self->path, sizeof(self->path));
        open_routed(self, &opening);
    }
    free(opening.path_memory);
}

/* Waits for the body of a login, whose name is needed before it is forwarded. */
enum step exchange_step_login(struct exchange *self)
{
    if (self->client_gone) {
        self->ending = ENDING_CLIENT_GONE;
        return exchange_become(self, STATE_END);
    }
    if (self->timed_out) {
        return refuse_request(self, 408, ENDING_BODY_TIMEOUT);
    }
    if (self->too_large) {
        return refuse_request(self, 413, ENDING_BODY_LARGE);
    }
    if (self->body_broken) {
        return refuse_request(self, 400, ENDING_MALFORMED);
    }
    if (self->expects_continue && !self->continue_sent) {
        exchange_send_continue(self);
    }
    if (!self->request_read) {
        return STEP_WAIT;
    }
    struct span type = {.ptr = (const uint8_t *)self->login_type,
                        .len = self->login_type_len};
    struct span body = {.ptr = self->login_body, .len = self->login_body_len};
    claim_read(self->plan->site->login.user_field, type, body, &self->asker.claim);
    deadline_clear(&self->deadline);
    return exchange_become(self, STATE_ACQUIRE);
}

/* One entry at a time: what it becomes when the request goes out. */
static void forward_token(struct exchange *self, const struct rules *rules,
                          unsigned index)
{
    struct registry *registry = self->relay->shared->registry;
    struct asker *asker = &self->asker;
    struct change change;

    for (unsigned tries = 0; tries < COMMIT_TRIES_MAX; tries++) {
        struct session now;
        registry_find(registry, &asker->tokens[index], asker->forwarded_at_ms, false,
                      &now);
        if (index > 0 && now.id == asker->session.id) {
            return;
        }
        bool changes = judge_forward(rules, asker, index, &now, &change);
        if (changes &&
            registry_commit(registry, &change.next, change.tokens, change.token_count,
                            asker->forwarded_at_ms) == REGISTRY_CHANGED) {
            continue;
        }
        self->forward_changed |= changes ? 1U << index : 0;
        if (index == 0) {
            asker->session = changes ? change.next : now;
        }
        return;
    }
}

/* Tells the registry that the request goes out now, as far as it matters: nearly always
 * the view of the session is still current, and nothing changes. */
static void forward_identity(struct exchange *self)
{
    struct registry *registry = self->relay->shared->registry;
    struct rules rules = exchange_rules(self);
    struct asker *asker = &self->asker;
    struct change change;

    asker->forwarded_at_ms = loop_now_ms(self->relay->loop);
    self->forwarded = true;
    if (asker->token_count == 1 && asker->session.id != 0 &&
        registry_is_current(registry, asker->session.id, asker->session.version) &&
        !judge_forward(&rules, asker, 0, &asker->session, &change)) {
        return;
    }
    for (unsigned i = 0; i < asker->token_count; i++) {
        forward_token(self, &rules, i);
    }
}

/* Asks the pool once; then the answer comes by a callback. */
enum step exchange_step_acquire(struct exchange *self)
{
    if (self->client_gone) {
        self->ending = ENDING_CLIENT_GONE;
        return exchange_become(self, STATE_END);
    }
    if (self->upstream_failed) {
        enum ending failure = self->request.failure;
        bool late = failure == ENDING_CONNECT_TIMEOUT;
        bool full = failure == ENDING_QUEUE_TIMEOUT;
        return exchange_reply_error(self, late ? 504 : full ? 503 : 502, failure);
    }
    if (self->upstream == NULL) {
        if (self->request.waiting || self->request.connecting != NULL) {
            return STEP_WAIT;
        }
        exchange_set_pool_callbacks(self);
        self->upstream = pool_take(self->pool, &self->request);
        if (self->upstream == NULL) {
            return STEP_WAIT;
        }
    }
    if (exchange_is_down(self)) {
        return exchange_become(self, STATE_SETTLE);
    }
    if (!self->forwarded) {
        forward_identity(self);
    }
    exchange_start_answer(self);
    return exchange_become(self, STATE_ASK);
}

/* The 503 of a feature that went down waits until its state is on disk (I2). */
enum step exchange_step_settle(struct exchange *self)
{
    struct relay *relay = self->relay;

    if (atomic_load(&relay->shared->features->unsettled) == 0) {
        list_remove(&self->settle_link);
        return exchange_reply_maintenance(self);
    }
    if (self->client_gone || self->timed_out) {
        list_remove(&self->settle_link);
        return exchange_close_silently(self, self->client_gone ? ENDING_CLIENT_GONE
                                                               : ENDING_GATE_SILENT);
    }
    if (!list_linked(&self->settle_link)) {
        exchange_drop_upstream(self);
        list_push_back(&relay->settling, &self->settle_link);
        exchange_set_deadline(self, self->plan->site->ledger_deadline_ms);
        relay_settle(relay);
    }
    return STEP_WAIT;
}
