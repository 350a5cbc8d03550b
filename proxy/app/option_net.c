/* Readers of addresses, hosts and URLs (loader.h). */
#include <string.h>

#include "app/loader.h"
#include "base/parse.h"
#include "http/host.h"
#include "net/address.h"
#include "net/local.h"
#include "notify/datagram.h"

/* `ADDRESS:PORT` with a port; the name without brackets. */
static bool split(struct span text, struct span *name_out, uint16_t *port_out)
{
    struct host host;

    if (!host_parse(text, &host) || host.port == 0) {
        return false;
    }
    if (span_starts(host.name, SPAN("["))) {
        host.name = span_first(span_from(host.name, 1), host.name.len - 2);
    }
    *name_out = host.name;
    *port_out = host.port;
    return true;
}

static bool is_loopback(const struct address *address)
{
    static const uint8_t V6[16] = {[15] = 1};

    return address_is_v4(address) ? address->bytes[12] == 127
                                  : memcmp(address->bytes, V6, sizeof(V6)) == 0;
}

/* An address of this machine as text, in the form that all listeners compare. */
static bool read_local(struct loader *loader, const struct option *option,
                       const struct node *node, struct address *address_out,
                       char **text_out)
{
    char text[ADDRESS_TEXT_MAX];
    struct span name;
    uint16_t port = 0;

    if (!split(node->text, &name, &port)) {
        return loader_wrong(loader, option, node);
    }
    if (span_equal(name, SPAN("localhost"))) {
        name = SPAN("127.0.0.1");
    }
    if (address_parse(name, address_out) != ERR_NONE) {
        return loader_wrong(loader, option, node);
    }
    address_out->port = port;
    *text_out =
        loader_copy(loader, (struct span){.ptr = (const uint8_t *)text,
                                          .len = address_format(address_out, text)});
    loader_note(loader, option, node->text);
    return *text_out != NULL;
}

/* The path of `unix:/path`; NULL: reported. */
static char *read_path(struct loader *loader, const struct option *option,
                       const struct node *node)
{
    struct span path = span_from(node->text, sizeof("unix:") - 1);

    if (path.len < 2 || path.ptr[0] != '/') {
        (void)loader_wrong(loader, option, node);
        return NULL;
    }
    if (path.len >= LOCAL_PATH_SIZE_MAX) {
        report_error(loader->report, node->place,
                     "the path of a socket has at most %d bytes, this one %zu",
                     LOCAL_PATH_SIZE_MAX - 1, path.len);
        return NULL;
    }
    return loader_copy(loader, path);
}

bool option_read_LISTEN(struct loader *loader, const struct option *option,
                        const struct node *node, struct target target)
{
    struct listen_settings *listen = target.base;
    struct address address = {0};

    if (span_starts(node->text, SPAN("unix:"))) {
        listen->path = read_path(loader, option, node);
        listen->host = listen->path != NULL ? loader_copy(loader, node->text) : NULL;
        loader_note(loader, option, node->text);
        return listen->host != NULL;
    }
    if (!read_local(loader, option, node, &address, &listen->host)) {
        return false;
    }
    listen->port = address.port;
    return true;
}

/* Octal, as chmod takes them; a blank mind may write them without the zero. */
bool option_read_PERMISSIONS(struct loader *loader, const struct option *option,
                             const struct node *node, struct target target)
{
    struct span digits = node->text;
    unsigned mode = 0;

    if (digits.len == 4 && digits.ptr[0] == '0') {
        digits = span_from(digits, 1);
    }
    bool good = digits.len == 3;
    for (size_t i = 0; good && i < digits.len; i++) {
        good = digits.ptr[i] >= '0' && digits.ptr[i] <= '7';
        mode = mode * 8 + (unsigned)(digits.ptr[i] - '0');
    }
    if (!good) {
        return loader_wrong(loader, option, node);
    }
    memcpy(target.field, &mode, sizeof(mode));
    loader_note_number(loader, option, mode);
    return true;
}

bool option_read_ADMIN(struct loader *loader, const struct option *option,
                       const struct node *node, struct target target)
{
    struct admin_settings *admin = target.base;
    struct address address = {0};

    if (!read_local(loader, option, node, &address, &admin->host)) {
        return false;
    }
    admin->port = address.port;
    admin->loopback = is_loopback(&address);
    return true;
}

static bool has_bits_past(const struct network *network)
{
    for (unsigned bit = network->prefix_len; bit < 128; bit++) {
        if ((network->address[bit / 8] & (0x80U >> (bit % 8))) != 0) {
            return true;
        }
    }
    return false;
}

bool option_read_NETWORK(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    struct network *network = target.field;
    size_t slash = span_find(node->text, '/');
    struct address address = {0};
    uint64_t prefix_len = 0;

    if (span_equal(node->text, SPAN("unix:"))) { /* Peers that have no address. */
        network->prefix_len = 128;
        loader_note(loader, option, node->text);
        return true;
    }
    if (address_parse(span_first(node->text, slash), &address) != ERR_NONE) {
        return loader_wrong(loader, option, node);
    }
    unsigned bits = address_is_v4(&address) ? 32 : 128;
    prefix_len = bits;
    if (slash < node->text.len &&
        (parse_u64(span_from(node->text, slash + 1), &prefix_len) != ERR_NONE ||
         prefix_len > bits)) {
        return loader_wrong(loader, option, node);
    }
    memcpy(network->address, address.bytes, sizeof(network->address));
    network->prefix_len = (unsigned)prefix_len + 128 - bits;
    if (has_bits_past(network)) {
        report_error(loader->report, node->place,
                     "network `%.80s` has bits set past its length",
                     (const char *)node->text.ptr);
        return false;
    }
    loader_note(loader, option, node->text);
    return true;
}

/* `unix:/path` of a socket. */
static bool read_socket(struct loader *loader, const struct option *option,
                        const struct node *node, struct server *server)
{
    server->path = read_path(loader, option, node);
    server->host = server->path;
    server->text = loader_copy(loader, node->text);
    loader_note(loader, option, node->text);
    return server->path != NULL && server->text != NULL;
}

bool option_read_SERVER(struct loader *loader, const struct option *option,
                        const struct node *node, struct target target)
{
    struct server *server = target.field;
    struct span text = node->text;
    struct host host;

    if (span_starts(text, SPAN("unix:"))) {
        return read_socket(loader, option, node, server);
    }
    server->secure = span_starts(text, SPAN("https://"));
    if (!server->secure && !span_starts(text, SPAN("http://"))) {
        return loader_wrong(loader, option, node);
    }
    text =
        span_from(text, server->secure ? sizeof("https://") - 1 : sizeof("http://") - 1);
    if (span_ends(text, SPAN("/"))) {
        text.len--;
    }
    if (!host_parse(text, &host)) {
        return loader_wrong(loader, option, node);
    }
    struct span name = host.name;
    if (span_starts(name, SPAN("["))) {
        name = span_first(span_from(name, 1), name.len - 2);
    }
    uint16_t port = server->secure ? 443 : 80;
    server->port = host.port != 0 ? host.port : port;
    server->host = loader_copy(loader, name);
    server->text = loader_alloc(loader, host.name.len + sizeof(":65535"));
    if (server->host == NULL || server->text == NULL) {
        return false;
    }
    (void)snprintf(server->text, host.name.len + sizeof(":65535"), "%.*s:%u",
                   SPAN_ARGS(host.name), server->port);
    loader_note(loader, option, server->secure ? SPAN("https") : SPAN("http"));
    loader_note(loader, option, span_of(server->text));
    return true;
}

bool option_read_REDIRECT(struct loader *loader, const struct option *option,
                          const struct node *node, struct target target)
{
    uint16_t *port_out = target.field;
    struct span scheme = span_first(node->text, span_find(node->text, ':'));
    uint64_t port = 443;

    bool good = span_equal(scheme, SPAN("https")) &&
                (scheme.len == node->text.len ||
                 (parse_u64(span_from(node->text, scheme.len + 1), &port) == ERR_NONE &&
                  port > 0 && port <= UINT16_MAX));
    if (!good) {
        return loader_wrong(loader, option, node);
    }
    *port_out = (uint16_t)port;
    loader_note_number(loader, option, port);
    return true;
}

bool option_read_HOST(struct loader *loader, const struct option *option,
                      const struct node *node, struct target target)
{
    char *copy = loader_copy(loader, node->text);

    if (!host_pattern_valid(node->text)) {
        return loader_wrong(loader, option, node);
    }
    memcpy(target.field, &copy, sizeof(char *));
    loader_note(loader, option, node->text);
    return copy != NULL;
}

static bool is_loopback_host(struct span authority)
{
    struct host host;
    struct address address = {0};

    if (!host_parse(authority, &host)) {
        return false;
    }
    return span_equal_nocase(host.name, SPAN("localhost")) ||
           (address_parse(host.name, &address) == ERR_NONE && is_loopback(&address));
}

/* `key`: as it is told that it must be encrypted. */
static bool read_url(struct loader *loader, const struct option *option, const char *key,
                     const struct node *node, struct target target)
{
    bool secure = span_starts(node->text, SPAN("https://"));
    struct host host;

    if (!secure && !span_starts(node->text, SPAN("http://"))) {
        return loader_wrong(loader, option, node);
    }
    struct span rest = span_from(node->text, secure ? 8 : 7);
    struct span authority = span_first(rest, span_find(rest, '/'));
    authority = span_first(authority, span_find(authority, '?'));
    if (!host_parse(authority, &host)) {
        return loader_wrong(loader, option, node);
    }
    if (!secure && !is_loopback_host(authority)) {
        report_error(loader->report, node->place,
                     "`%s` must use `https:`; `http:` is only for a loopback address",
                     key);
        return false;
    }
    return option_read_FIXED(loader, option, node, target);
}

bool option_read_WEBHOOK(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    return read_url(loader, option, "webhook", node, target);
}

/* A page of the console is told after `#`; the rest goes into messages as it is. */
bool option_read_CONSOLE(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    const struct span barred = SPAN("?#<>|\"\\");

    for (size_t i = 0; i < node->text.len; i++) {
        uint8_t byte = node->text.ptr[i];
        if (byte <= ' ' || byte >= 0x7f || span_find(barred, byte) < barred.len) {
            return loader_wrong(loader, option, node);
        }
    }
    return read_url(loader, option, "admin.url", node, target);
}

bool option_read_SYSLOG(struct loader *loader, const struct option *option,
                        const struct node *node, struct target target)
{
    struct host host;
    bool tcp = span_starts(node->text, SPAN("tcp://"));
    bool valid = tcp ? host_parse(span_from(node->text, 6), &host) && host.port != 0
                     : datagram_url_valid(node->text);

    return valid ? option_read_FIXED(loader, option, node, target)
                 : loader_wrong(loader, option, node);
}

bool option_read_ALERT_TYPE(struct loader *loader, const struct option *option,
                            const struct node *node, struct target target)
{
    return alert_type_valid(node->text) ? option_read_STRING(loader, option, node, target)
                                        : loader_wrong(loader, option, node);
}
