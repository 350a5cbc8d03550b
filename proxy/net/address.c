#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/parse.h"

static const uint8_t V4_PREFIX[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address address_of(const void *sockaddr)
{
    struct address self = {0};
    sa_family_t family;

    memcpy(&family, (const char *)sockaddr + offsetof(struct sockaddr, sa_family),
           sizeof(family));
    if (family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sockaddr, sizeof(in));
        memcpy(self.bytes, V4_PREFIX, sizeof(V4_PREFIX));
        memcpy(self.bytes + 12, &in.sin_addr, 4);
        self.port = ntohs(in.sin_port);
    } else if (family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sockaddr, sizeof(in6));
        memcpy(self.bytes, &in6.sin6_addr, 16);
        self.port = ntohs(in6.sin6_port);
    }
    return self;
}

size_t address_sockaddr(const struct address *self, void *storage_out)
{
    if (address_is_v4(self)) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(self->port)};
        memcpy(&in.sin_addr, self->bytes + 12, 4);
        memcpy(storage_out, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(self->port)};
    memcpy(&in6.sin6_addr, self->bytes, 16);
    memcpy(storage_out, &in6, sizeof(in6));
    return sizeof(in6);
}

enum err address_parse(struct span text, struct address *address_out)
{
    char copy[ADDRESS_TEXT_MAX];

    if (text.len > 1 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']') {
        text = span_first(span_from(text, 1), text.len - 2);
    }
    if (text.len == 0 || text.len >= sizeof(copy) || span_find(text, '\0') < text.len) {
        return ERR_SYNTAX;
    }
    (void)span_copy(text, copy, sizeof(copy));
    *address_out = (struct address){0};
    if (inet_pton(AF_INET, copy, address_out->bytes + 12) == 1) {
        memcpy(address_out->bytes, V4_PREFIX, sizeof(V4_PREFIX));
        return ERR_NONE;
    }
    return inet_pton(AF_INET6, copy, address_out->bytes) == 1 ? ERR_NONE : ERR_SYNTAX;
}

bool address_is_v4(const struct address *self)
{
    return memcmp(self->bytes, V4_PREFIX, sizeof(V4_PREFIX)) == 0;
}

bool address_is_none(const struct address *self)
{
    static const uint8_t NONE[16];

    return memcmp(self->bytes, NONE, sizeof(NONE)) == 0;
}

static size_t format_byte(uint8_t value, char *digits_out)
{
    size_t len = 0;

    if (value >= 100) {
        digits_out[len++] = (char)('0' + value / 100);
    }
    if (value >= 10) {
        digits_out[len++] = (char)('0' + value / 10 % 10);
    }
    digits_out[len++] = (char)('0' + value % 10);
    return len;
}

size_t address_format(const struct address *self, char *text_out)
{
    if (!address_is_v4(self)) {
        (void)inet_ntop(AF_INET6, self->bytes, text_out, ADDRESS_TEXT_MAX);
        return strlen(text_out);
    }
    size_t len = 0;
    for (size_t i = 12; i < 16; i++) {
        len += format_byte(self->bytes[i], text_out + len);
        text_out[len++] = '.';
    }
    text_out[len - 1] = '\0';
    return len - 1;
}

size_t address_format_peer(const struct address *self, char *text_out)
{
    static const char LOCAL[] = "unix:";

    if (!address_is_none(self)) {
        return address_format(self, text_out);
    }
    memcpy(text_out, LOCAL, sizeof(LOCAL));
    return sizeof(LOCAL) - 1;
}

size_t address_format_port(const struct address *self, char *text_out)
{
    bool brackets = !address_is_v4(self);
    size_t len = 0;

    if (brackets) {
        text_out[len++] = '[';
    }
    len += address_format(self, text_out + len);
    if (brackets) {
        text_out[len++] = ']';
    }
    text_out[len++] = ':';
    len += format_u64(self->port, text_out + len);
    text_out[len] = '\0';
    return len;
}

bool address_in(const struct address *self, const uint8_t *network, unsigned prefix_len)
{
    unsigned whole = prefix_len / 8;
    unsigned rest = prefix_len % 8;

    CHECK(prefix_len <= 128);
    if (memcmp(self->bytes, network, whole) != 0) {
        return false;
    }
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return rest == 0 || ((self->bytes[whole] ^ network[whole]) & mask) == 0;
}
