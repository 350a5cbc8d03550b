#include "notify/sign.h"

#include <string.h>

#include "base/base64.h"
#include "base/parse.h"
#include "base/secret.h"

enum {
    SECRET_BYTES_MIN = 24,
    SECRET_BYTES_MAX = 64,
    SIGNATURE_DIGITS = 44, /* 32 bytes in base64. */
};

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text = span_from(text, 1);
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

enum err sign_secret_parse(struct span text, struct alert_secret *secret_out)
{
    size_t len = 0;

    *secret_out = (struct alert_secret){0};
    text = trim(text);
    if (!span_starts(text, SPAN("whsec_"))) {
        return ERR_SYNTAX;
    }
    text = span_from(text, 6);
    if (base64_decoded_size(text.len) > ALERT_SECRET_SIZE_MAX) {
        return ERR_LIMIT;
    }
    enum err err = base64_decode(text, BASE64_STANDARD, secret_out->bytes, &len);
    if (err == ERR_NONE && (len < SECRET_BYTES_MIN || len > SECRET_BYTES_MAX)) {
        err = ERR_LIMIT;
    }
    if (err != ERR_NONE) {
        secret_wipe(secret_out, sizeof(*secret_out));
        return err;
    }
    secret_out->len = len;
    return ERR_NONE;
}

/* Appends `v1,BASE64`; returns the new length. */
static size_t add_signature(const struct alert_secret *secret, const struct span *parts,
                            size_t count, char *value, size_t len)
{
    struct secret_mac mac;
    uint8_t digest[SECRET_DIGEST_SIZE];

    secret_mac_start(&mac, (struct span){.ptr = secret->bytes, .len = secret->len});
    secret_mac_of_parts(&mac, parts, count, digest);
    secret_wipe(&mac, sizeof(mac));
    if (len > 0) {
        value[len++] = ' ';
    }
    CHECK(len + 3 + SIGNATURE_DIGITS < SIGN_SIZE_MAX);
    memcpy(value + len, "v1,", 3);
    len += 3;
    return len + base64_encode((struct span){.ptr = digest, .len = sizeof(digest)},
                               BASE64_STANDARD, value + len);
}

enum err sign_message(const struct alert_settings *alert, struct span id,
                      uint64_t timestamp_s, struct span body, char *value_out)
{
    char digits[20];
    size_t len = 0;
    struct span timestamp = {.ptr = (const uint8_t *)digits,
                             .len = format_u64(timestamp_s, digits)};
    const struct span parts[] = {id, SPAN("."), timestamp, SPAN("."), body};

    for (size_t i = 0; i < ALERT_SECRETS_MAX; i++) {
        if (alert->secrets[i].len > 0) {
            len = add_signature(&alert->secrets[i], parts, 5, value_out, len);
        }
    }
    value_out[len] = '\0';
    return len > 0 ? ERR_NONE : ERR_SYNTAX;
}
