/* What connections begin with: certificates from files, proxies in front (loader.h). */
#include <string.h>

#include "app/loader.h"

enum {
    EXPIRY_WARNING_S = 14 * 86400,
    S_PER_DAY = 86400,
};

static void end_context(void *object)
{
    struct tls_context *context = object;
    tls_context_unref(&context);
}

static const char *key_of(enum tls_part part)
{
    switch (part) {
    case TLS_PART_CERTIFICATE:
        return "certificate";
    case TLS_PART_KEY:
        return "key";
    case TLS_PART_OCSP:
        return "ocsp";
    case TLS_PART_CLIENT_CA:
        return "client_ca";
    case TLS_PART_CA:
        return "ca_file";
    case TLS_PART_NONE:
        return "tls";
    }
    UNREACHABLE();
}

/* Says which file of `map` is of no use, and why. */
static void report_fault(struct loader *loader, const struct node *map,
                         const struct tls_fault *fault)
{
    const char *key = key_of(fault->part);
    const struct node *file = node_find(map, span_of(key));

    if (file == NULL) {
        report_error(loader->report, map->place, "`%s`: %s", key, fault->text);
        return;
    }
    report_error(loader->report, file->place, "`%s` `%.200s`: %s", key,
                 loader_file(loader, file), fault->text);
}

/* `tls` of an address: the map itself, or an item of the list. */
static const struct node *certificate_node(const struct node *tls, size_t index)
{
    return tls->kind == NODE_MAP ? tls : loader_item(tls, index);
}

/* An error before was told already, and may be why there is less to see: what is only
 * missing is no error then, and nobody is warned yet. */
static bool is_clean(const struct loader *loader)
{
    return report_error_count(loader->report) == 0;
}

/* The file that `key` of `map` names was not read. */
static bool is_unread(const struct loader *loader, const struct node *map,
                      const char *key, struct span content)
{
    return !is_clean(loader) && content.len == 0 && node_find(map, span_of(key)) != NULL;
}

/* Certificate and key, and whatever else is named. */
static bool are_read(const struct loader *loader, const struct node *map,
                     const struct tls_certificate *from)
{
    bool pair = from->certificate.len > 0 && from->key.len > 0;

    return (pair || is_clean(loader)) && !is_unread(loader, map, "ocsp", from->ocsp) &&
           !is_unread(loader, map, "client_ca", from->client_ca);
}

/* What holds for a whole address is said once. */
static bool check_clients(struct loader *loader, const struct node *tls,
                          const struct listen_settings *listen)
{
    const struct tls_certificate *first = &listen->certificates[0];
    const struct node *verify =
        node_find(certificate_node(tls, 0), SPAN("client_verify"));

    if (verify != NULL && first->client_ca.len == 0 &&
        !is_unread(loader, certificate_node(tls, 0), "client_ca", first->client_ca)) {
        report_error(loader->report, verify->place,
                     "`client_verify` needs `client_ca`: whose certificates");
        return false;
    }
    for (size_t i = 1; i < listen->certificate_count; i++) {
        const struct node *item = certificate_node(tls, i);
        const struct node *key = node_find(item, SPAN("client_ca"));
        key = key != NULL ? key : node_find(item, SPAN("client_verify"));
        if (key != NULL) {
            report_error(loader->report, key->place,
                         "`client_ca` and `client_verify` belong to the first item of "
                         "`tls` and hold for the whole address");
            return false;
        }
    }
    return true;
}

static int64_t now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static void warn_expiry(struct loader *loader, const struct node *map, int64_t until_s)
{
    const struct node *file = node_find(map, SPAN("certificate"));
    int64_t left_s = until_s - now_s();

    if (file == NULL || until_s == 0 || left_s > EXPIRY_WARNING_S || !is_clean(loader)) {
        return;
    }
    if (left_s < 0) {
        report_warning(loader->report, file->place, "`certificate` `%.200s` has expired",
                       loader_file(loader, file));
    } else {
        report_warning(loader->report, file->place,
                       "`certificate` `%.200s` expires in %lld days",
                       loader_file(loader, file), (long long)(left_s / S_PER_DAY));
    }
}

/* NULL: reported. A certificate that is not whole was reported before. */
static struct tls_context *make_context(struct loader *loader, const struct node *tls,
                                        const struct tls_certificate *certificates,
                                        size_t count, const char *alpn)
{
    struct tls_pair pairs[TLS_CERTIFICATES_MAX];
    const struct tls_certificate *first = &certificates[0];
    struct tls_fault fault;

    for (size_t i = 0; i < count; i++) {
        const struct tls_certificate *from = &certificates[i];
        if (!are_read(loader, certificate_node(tls, i), from)) {
            return NULL;
        }
        pairs[i] = (struct tls_pair){
            .certificate = from->certificate, .key = from->key, .ocsp = from->ocsp};
    }
    const struct tls_server_settings settings = {
        .pairs = pairs,
        .pair_count = count,
        .client_ca = first->client_ca,
        .client_verify = first->client_verify,
        .alpn = alpn,
    };
    struct tls_context *context = tls_server_new(&settings, &fault);
    if (context == NULL) {
        report_fault(loader, certificate_node(tls, fault.pair), &fault);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        warn_expiry(loader, certificate_node(tls, i), tls_context_not_after(context, i));
    }
    return arena_keep(loader->snapshot->arena, context, end_context) ? context : NULL;
}

static void make_server(struct loader *loader, const struct node *tls,
                        struct listen_settings *listen)
{
    const struct tls_certificate *first = &listen->certificates[0];

    listen->tls =
        make_context(loader, tls, listen->certificates, listen->certificate_count,
                     listen->http2 == HTTP2_OFF ? "http/1.1" : "h2,http/1.1");
    if (first->client_ca.len > 0) {
        listen->client_certificates = first->client_verify == TLS_CLIENT_REQUIRE
                                          ? CLIENT_CERTIFICATES_REQUIRED
                                          : CLIENT_CERTIFICATES_OPTIONAL;
    }
}

static void warn_proxies(struct loader *loader, const struct node *item,
                         const struct listen_settings *listen)
{
    if (is_clean(loader) && listen->proxy_protocol && listen->trusted_proxy_count == 0) {
        report_warning(loader->report, node_find(item, SPAN("proxy_protocol"))->place,
                       "`proxy_protocol` without `trusted_proxies`: whoever reaches this "
                       "address can claim to come from anywhere");
    }
}

/* An empty list; what is no list of maps was reported. */
static bool names_nothing(const struct loader *loader, const struct node *tls)
{
    return is_clean(loader) || (tls->kind == NODE_LIST && tls->count == 0);
}

static void make_listen(struct loader *loader, const struct node *item,
                        struct listen_settings *listen)
{
    const struct node *tls = node_find(item, SPAN("tls"));

    listen->client_certificates = CLIENT_CERTIFICATES_NONE;
    warn_proxies(loader, item, listen);
    if (tls == NULL) {
        return;
    }
    if (listen->redirect_port != 0 && listen->redirect_port == listen->port) {
        report_error(loader->report, node_find(item, SPAN("redirect"))->place,
                     "`redirect` sends clients back to the address itself");
        return;
    }
    if (listen->certificate_count == 0 && names_nothing(loader, tls)) {
        report_error(loader->report, tls->place, "`tls` names no certificate");
    } else if (listen->certificate_count > 0 && check_clients(loader, tls, listen)) {
        make_server(loader, tls, listen);
    }
    listen->certificates = NULL; /* Their files' contents end with the load. */
    listen->certificate_count = 0;
}

/* Tokens and what they reveal cross a network only with TLS. */
static void make_admin(struct loader *loader, struct admin_settings *admin)
{
    const struct node *node = node_find(loader->root, SPAN("admin"));
    const struct node *tls = node_find(node, SPAN("tls"));

    if (admin->certificate_count > 0) {
        admin->tls = make_context(loader, tls, admin->certificates,
                                  admin->certificate_count, "http/1.1");
    } else if (admin->host != NULL && !admin->loopback &&
               (tls == NULL || names_nothing(loader, tls))) {
        report_error(loader->report, node_find(node, SPAN("address"))->place,
                     "`admin.address` that is not a loopback address needs `tls`");
    }
    admin->certificates = NULL;
    admin->certificate_count = 0;
}

static bool has_secure_server(const struct upstream_settings *upstream)
{
    for (size_t i = 0; i < upstream->server_count; i++) {
        if (upstream->servers[i].secure) {
            return true;
        }
    }
    return false;
}

/* Certificate and key go together. */
static bool check_client(struct loader *loader, const struct node *tls,
                         const struct upstream_tls *settings)
{
    if (is_unread(loader, tls, "certificate", settings->certificate) ||
        is_unread(loader, tls, "key", settings->key) ||
        is_unread(loader, tls, "ca_file", settings->ca)) {
        return false;
    }
    if ((settings->certificate.len > 0) == (settings->key.len > 0)) {
        return true;
    }
    report_error(loader->report, tls->place, "`tls` has `%s` without `%s`",
                 settings->key.len > 0 ? "key" : "certificate",
                 settings->key.len > 0 ? "certificate" : "key");
    return false;
}

static void make_client(struct loader *loader, const struct node *place,
                        struct upstream_settings *upstream)
{
    const struct upstream_tls *from = &upstream->tls_settings;
    const struct tls_client_settings settings = {
        .ca = from->ca,
        .certificate = from->certificate,
        .key = from->key,
        .unverified = from->unverified,
        .alpn = "http/1.1",
    };
    struct tls_fault fault;
    struct tls_context *context = tls_client_new(&settings, &fault);

    if (context == NULL) {
        report_fault(loader, place, &fault);
    } else if (arena_keep(loader->snapshot->arena, context, end_context)) {
        upstream->tls = context;
    }
}

static void check_health(struct loader *loader, const struct node *item,
                         const struct health_settings *health)
{
    const struct node *node = node_find(item, SPAN("health"));
    struct span path = span_of(health->path);
    bool good = path.len == 0 || path.ptr[0] == '/';

    for (size_t i = 0; i < path.len; i++) {
        good = good && path.ptr[i] > ' ' && path.ptr[i] < 0x7f;
    }
    if (!good) {
        report_error(loader->report, node_find(node, SPAN("path"))->place,
                     "`path` must begin with `/` and be as it is sent, without blanks");
    }
}

static void make_upstream(struct loader *loader, const struct node *item,
                          struct upstream_settings *upstream)
{
    const struct node *tls = node_find(item, SPAN("tls"));
    struct upstream_tls *settings = &upstream->tls_settings;

    check_health(loader, item, &upstream->health);
    if (!has_secure_server(upstream)) {
        if (tls != NULL && is_clean(loader)) {
            report_warning(loader->report, tls->place,
                           "`tls` of `%s` is without effect: no server is `https:`",
                           upstream->name);
        }
        return;
    }
    if (settings->unverified && is_clean(loader)) {
        report_warning(loader->report, tls->place,
                       "`verify: off` on `%s`: whoever stands between us and it can "
                       "read and change every response; name its authority in "
                       "`ca_file` instead",
                       upstream->name);
    }
    if (tls == NULL || check_client(loader, tls, settings)) {
        make_client(loader, tls != NULL ? tls : item, upstream);
    }
    settings->ca = (struct span){0}; /* The files' contents end with the load. */
    settings->certificate = (struct span){0};
    settings->key = (struct span){0};
}

static void make_upstreams(struct loader *self)
{
    struct site *site = &self->snapshot->site;
    const struct node *list = node_find(self->root, SPAN("upstreams"));

    for (size_t i = 0; i < site->upstream_count; i++) {
        make_upstream(self, loader_item(list, i), &site->upstreams[i]);
    }
}

void loader_make_tls(struct loader *self)
{
    struct config *config = &self->snapshot->config;
    const struct node *list = node_find(self->root, SPAN("listen"));

    for (size_t i = 0; i < config->listen_count; i++) {
        make_listen(self, loader_item(list, i), &config->listens[i]);
    }
    make_upstreams(self);
    make_admin(self, &config->admin);
}

void config_set_tickets(struct config *self, struct tls_tickets *tickets)
{
    for (size_t i = 0; i < self->listen_count; i++) {
        if (self->listens[i].tls != NULL) {
            tls_context_set_tickets(self->listens[i].tls, tickets);
        }
    }
    if (self->admin.tls != NULL) {
        tls_context_set_tickets(self->admin.tls, tickets);
    }
}
