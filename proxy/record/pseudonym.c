#include "record/pseudonym.h"

#include "base/parse.h"

const char *pseudonym_kind_name(enum pseudonym_kind kind)
{
    switch (kind) {
    case PSEUDONYM_USER:
        return "user";
    case PSEUDONYM_SESSION:
        return "session";
    case PSEUDONYM_ADDRESS:
        return "address";
    }
    UNREACHABLE();
}

void pseudonym_of(const struct secret_mac *key, enum pseudonym_kind kind,
                  struct span value, char *digits_out)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    const struct span parts[] = {span_of(pseudonym_kind_name(kind)), SPAN(":"), value};

    digits_out[0] = '\0';
    if (value.len > 0) {
        secret_mac_of_parts(key, parts, 3, digest);
        format_hex(digest, PSEUDONYM_DIGITS / 2, digits_out);
        digits_out[PSEUDONYM_DIGITS] = '\0';
    }
}

void pseudonym_short(struct span kind, struct span digits, char *short_out)
{
    short_out[0] = '\0';
    if (digits.len > 0 && kind.len > 0) {
        short_out[0] = (char)kind.ptr[0];
        short_out[1] = '-';
        span_copy(digits, short_out + 2, PSEUDONYM_SHORT_SIZE - 2);
    }
}
