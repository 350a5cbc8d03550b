#include "guard/signature.h"

#include "base/base64.h"
#include "base/secret.h"

/* The place of the last dot; `text.len` when there is none. */
static size_t last_dot(struct span text)
{
    for (size_t i = text.len; i > 0; i--) {
        if (text.ptr[i - 1] == '.') {
            return i - 1;
        }
    }
    return text.len;
}

static bool read_digest(struct span digits, uint8_t *digest_out)
{
    uint8_t bytes[(SIGNATURE_DIGITS_MAX + 3) / 4 * 3];
    size_t len = 0;

    if (digits.len >= SIGNATURE_DIGITS_MAX ||
        base64_decode(digits, BASE64_URL, bytes, &len) != ERR_NONE ||
        len != SECRET_DIGEST_SIZE) {
        return false;
    }
    memcpy(digest_out, bytes, SECRET_DIGEST_SIZE);
    return true;
}

bool signature_verify(const struct marker_signature *self, struct span written,
                      struct span request, struct span *value_out)
{
    CHECK(self->mac != NULL);
    uint8_t given[SECRET_DIGEST_SIZE];
    uint8_t right[SECRET_DIGEST_SIZE];
    size_t dot = last_dot(written);
    const struct span parts[] = {span_first(written, dot), SPAN("|"), request};

    if (dot == 0 || dot == written.len || (self->bound && request.len == 0) ||
        !read_digest(span_from(written, dot + 1), given)) {
        return false;
    }
    secret_mac_of_parts(self->mac, parts, self->bound ? 3 : 1, right);
    *value_out = parts[0];
    return secret_equal(given, right, SECRET_DIGEST_SIZE);
}

void signature_write(const struct marker_signature *self, struct span value,
                     struct span request, struct writer *out)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    char digits[SIGNATURE_DIGITS_MAX + 3];
    const struct span parts[] = {value, SPAN("|"), request};

    writer_put(out, value);
    if (self->mac == NULL) {
        return;
    }
    secret_mac_of_parts(self->mac, parts, self->bound ? 3 : 1, digest);
    size_t len = base64_encode((struct span){.ptr = digest, .len = sizeof(digest)},
                               BASE64_URL, digits);
    writer_byte(out, '.');
    writer_put(out, (struct span){.ptr = (const uint8_t *)digits, .len = len});
}
