#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

static struct path_pattern *pattern(struct flow_world *self, const char *text)
{
    struct path_pattern *made = &self->patterns[self->pattern_count++];

    assert_true(self->pattern_count <= FLOW_PATTERNS_MAX);
    assert_null(path_pattern_parse(span_of(text), false, made));
    return made;
}

static char *constant(const char *text)
{
    /* The site never writes to its strings. */
    union {
        const char *in;
        char *out;
    } same = {.in = text};

    return same.out;
}

static void free_nothing(void *arena)
{
    (void)arena;
}

static void set_route(struct flow_world *self, enum flow_route index, const char *path)
{
    struct route *route = &self->routes[index];

    *route = (struct route){.pattern = constant(path),
                            .screen = constant("screen"),
                            .shows = constant("name")};
    route->path = pattern(self, path);
    route->requirement.unmarked = UNMARKED_RELEASE;
}

static void set_routes(struct flow_world *self)
{
    set_route(self, FLOW_STRICT, "/mypage/strict/**");
    set_route(self, FLOW_MYPAGE, "/mypage/**");
    set_route(self, FLOW_STREAM, "/stream/**");
    set_route(self, FLOW_OBSERVE, "/observe/**");
    set_route(self, FLOW_REST, "/**");
    self->routes[FLOW_STRICT].requirement.require_mask = 1;
    self->routes[FLOW_STRICT].requirement.unmarked = UNMARKED_REFUSE;
    self->routes[FLOW_STREAM].over_limit = OVER_LIMIT_STREAM;
    self->routes[FLOW_OBSERVE].requirement.observe = true;
}

static void set_features(struct flow_world *self)
{
    static const struct take_down_policy POLICY = {
        .cases = 1, .weak_cases = 2, .within_ms = 600000};
    unsigned slot = 0;

    feature_table_init(&self->features, NULL);
    assert_int_equal(feature_table_slot(&self->features, SPAN("reports"), &slot),
                     ERR_NONE);
    self->login_paths[0] = pattern(self, "/login");
    self->login_paths[1] = pattern(self, "/mypage/**");
    self->report_paths[0] = pattern(self, "/reports/**");
    self->feature[0] = (struct feature_settings){.name = constant("login"),
                                                 .slot = FEATURE_LOGIN,
                                                 .paths = self->login_paths,
                                                 .path_count = 2,
                                                 .take_down = POLICY,
                                                 .retry_after_ms = 3600000};
    self->feature[1] = (struct feature_settings){.name = constant("reports"),
                                                 .slot = slot,
                                                 .paths = self->report_paths,
                                                 .path_count = 1,
                                                 .take_down = POLICY,
                                                 .retry_after_ms = 7000};
}

static void set_policies(struct flow_world *self)
{
    struct site *site = self->site;

    self->cookie_names[0] = SPAN("sid");
    self->remember_names[0] = SPAN("remember");
    self->cookies = (struct cookie_names){.patterns = self->cookie_names, .count = 1};
    self->remember = (struct cookie_names){.patterns = self->remember_names, .count = 1};
    site->session.cookies = &self->cookies;
    site->session.remember = &self->remember;
    site->session.max = 10000;
    site->session.idle_ms = 7200000;
    self->login_request = (struct request_pattern){.method = constant("POST"),
                                                   .path = pattern(self, "/login")};
    self->logout = (struct request_pattern){.path = pattern(self, "/logout")};
    site->login.request = (struct request_patterns){&self->login_request, 1};
    site->login.logout = (struct request_patterns){&self->logout, 1};
    site->login.user_field = constant("user");
}

static void set_limits(struct limits *limits)
{
    *limits = (struct limits){
        .head_size_max = 32768,
        .target_size_max = 8192,
        .field_count_max = 100,
        .body_size_max = 16777216,
        .header_timeout_ms = 30000,
        .body_timeout_ms = 30000,
        .idle_timeout_ms = 60000,
        .connections_max = 1000,
        .connections_per_address_max = 1000,
        .hold_max = FLOW_HOLD_MAX,
        .hold_total_max = 67108864,
        .hold_wait_ms = 5000,
        .send_rate_min = 1024,
        .decoded_size_max = 67108864,
        .decoded_ratio_max = 1000,
        .login_body_max = 4096,
    };
}

void flow_init(struct flow_world *self)
{
    memset(self, 0, sizeof(*self));
    self->site = calloc(1, sizeof(*self->site));
    self->log = malloc(FLOW_LOG_MAX);
    assert_non_null(self->site);
    assert_non_null(self->log);
    self->log[0] = '\0';
    struct site *site = self->site;
    site->references = 1;
    site->free_arena = free_nothing;
    site->upstreams = &self->upstream;
    site->upstream_count = 1;
    site->routes = self->routes;
    site->route_count = FLOW_ROUTE_COUNT;
    site->features = self->feature;
    site->feature_count = 2;
    site->classes = &self->class;
    site->class_count = 1;
    site->marker_max = MARKER_VALUE_MAX;
    site->refusal_status = 502;
    site->ledger_deadline_ms = 200;
    set_limits(&site->limits);
    set_routes(self);
    set_features(self);
    set_policies(self);
    self->server = (struct server){.host = constant("127.0.0.1"), .text = constant("up")};
    self->upstream = (struct upstream_settings){.name = constant("site"),
                                                .servers = &self->server,
                                                .server_count = 1,
                                                .connections_max = 64,
                                                .connect_timeout_ms = 3000,
                                                .response_timeout_ms = 60000,
                                                .idle_timeout_ms = 30000,
                                                .stream_timeout_ms = 60000,
                                                .queue_timeout_ms = 5000,
                                                .resolve_interval_ms = 30000};
}

/* Somebody else, whom `grant` may let the requester see. */
static void add_member(struct flow_world *self)
{
    static const char *const TEXTS[] = {"attr:data-member-id", "json:/members/*/id",
                                        "header:x-member", "cookie:member"};
    char error[256];

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(
            selector_parse(span_of(TEXTS[i]), &self->member[i], error, sizeof(error)),
            ERR_NONE);
    }
    self->classes[0] = self->class;
    self->classes[1] = (struct marker_class){.name = SPAN("member"),
                                             .selectors = self->member,
                                             .selector_count = 4,
                                             .must_be = MARKER_RULE_GRANTED,
                                             .grant = 1,
                                             .redact = self->redact};
    self->site->classes = self->classes;
    self->site->class_count = 2;
    self->site->grants = &self->grant;
    self->site->grant_count = 1;
}

void flow_compile_markers(struct flow_world *self)
{
    const char *texts[] = {"header:x-user-marker", "meta:user-marker", self->regex};
    size_t count = self->regex != NULL ? 3 : 2;
    char error[256];

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(
            selector_parse(span_of(texts[i]), &self->selectors[i], error, sizeof(error)),
            ERR_NONE);
    }
    self->class = (struct marker_class){.name = SPAN("owner"),
                                        .selectors = self->selectors,
                                        .selector_count = count,
                                        .must_be = MARKER_RULE_REQUESTER,
                                        .signature = {.mac = self->mac, .bound = true},
                                        .trusted = true};
    if (self->grant.name != NULL) {
        add_member(self);
    }
    self->site->markers = markers_new(self->site->classes, self->site->class_count,
                                      MARKER_VALUE_MAX, error, sizeof(error));
    assert_non_null(self->site->markers);
}
