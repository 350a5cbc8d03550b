#include "http/websocket_open.h"

#include "base/base64.h"
#include "base/secret.h"

enum {
    KEY_SIZE = 16,
    KEY_TEXT_SIZE = 24,
};

bool websocket_asks(const struct head *head)
{
    return head_has_token(head, FIELD_UPGRADE, SPAN("websocket")) &&
           head_has_token(head, FIELD_CONNECTION, SPAN("upgrade"));
}

static size_t count_of(const struct head *head, struct span name)
{
    size_t count = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        count += span_equal_nocase(head->fields[i].name, name) ? 1 : 0;
    }
    return count;
}

/* The value of a field that is there exactly once; else empty. */
static struct span only(const struct head *head, struct span name)
{
    return count_of(head, name) == 1 ? head_field_named(head, name)->value
                                     : (struct span){0};
}

static bool is_key(struct span key)
{
    uint8_t bytes[KEY_TEXT_SIZE];
    size_t len = 0;

    return key.len == KEY_TEXT_SIZE &&
           base64_decode(key, BASE64_STANDARD, bytes, &len) == ERR_NONE &&
           len == KEY_SIZE;
}

static void write_accept(struct span key, char *accept_out)
{
    uint8_t digest[SECRET_SHA1_SIZE];
    struct span parts[] = {key, SPAN("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")};

    secret_sha1_of_parts(parts, 2, digest);
    (void)base64_encode((struct span){.ptr = digest, .len = sizeof(digest)},
                        BASE64_STANDARD, accept_out);
}

enum websocket_request websocket_check_request(const struct head *head, char *accept_out)
{
    struct span key = only(head, SPAN("sec-websocket-key"));
    struct span version = only(head, SPAN("sec-websocket-version"));

    if (head->method != METHOD_GET || head->version_minor != 1 ||
        head->framing != FRAMING_NONE || head_field_count(head, FIELD_UPGRADE) != 1 ||
        !is_key(key) || version.len == 0) {
        return WEBSOCKET_REQUEST_BAD;
    }
    if (!span_equal(version, SPAN("13"))) {
        return WEBSOCKET_REQUEST_VERSION;
    }
    write_accept(key, accept_out);
    return WEBSOCKET_REQUEST_SOUND;
}

bool websocket_check_answer(const struct head *head, const char *accept,
                            bool protocol_offered)
{
    struct span expected = {.ptr = (const uint8_t *)accept, .len = WEBSOCKET_ACCEPT_SIZE};
    size_t protocols = count_of(head, SPAN("sec-websocket-protocol"));

    return span_equal_nocase(only(head, SPAN("upgrade")), SPAN("websocket")) &&
           head_has_token(head, FIELD_CONNECTION, SPAN("upgrade")) &&
           span_equal(only(head, SPAN("sec-websocket-accept")), expected) &&
           count_of(head, SPAN("sec-websocket-extensions")) == 0 &&
           protocols <= (protocol_offered ? 1U : 0U);
}
