#include "guard/alias.h"

#include <ctype.h>

enum {
    PREFIX_LEN = 1,
    LOGIN_LEN = PREFIX_LEN + FINGERPRINT_SIZE,
    KNOWN_LEN = LOGIN_LEN + FINGERPRINT_SIZE,
};

/* A hash of its own for each use of one text. */
static struct fingerprint hash(const struct fingerprinter *hasher, char use,
                               struct span text, bool ignore_case)
{
    uint8_t bytes[USER_SIZE_MAX + 2] = {(uint8_t)use, 0};
    size_t len = 2;

    for (size_t i = 0; i < text.len && i < USER_SIZE_MAX; i++) {
        bytes[len++] = ignore_case ? (uint8_t)tolower(text.ptr[i]) : text.ptr[i];
    }
    return fingerprint_of(hasher, (struct span){.ptr = bytes, .len = len});
}

struct fingerprint alias_of(const struct fingerprinter *hasher,
                            const struct login_policy *policy, struct span login_name)
{
    return hash(hasher, 'l', login_name, policy->ignore_case);
}

struct fingerprint alias_marker(const struct fingerprinter *hasher, struct span marker)
{
    return hash(hasher, 'm', marker, false);
}

void alias_claim(const struct fingerprinter *hasher, const struct login_policy *policy,
                 struct memo *aliases, uint64_t now_ms, struct user *name)
{
    struct memo_row row;

    if (name->len == 0) {
        return;
    }
    struct fingerprint login = alias_of(hasher, policy, user_span(name));
    memset(name->bytes, 0, name->len);
    memcpy(name->bytes + PREFIX_LEN, login.bytes, FINGERPRINT_SIZE);
    name->len = LOGIN_LEN;
    if (aliases != NULL && memo_find(aliases, &login, now_ms, &row) &&
        row.count >= ALIAS_AGREED) {
        memcpy(name->bytes + LOGIN_LEN, row.value.bytes, FINGERPRINT_SIZE);
        name->len = KNOWN_LEN;
    }
}

enum alias_match alias_match(const struct fingerprinter *hasher, const struct user *claim,
                             struct span marker)
{
    if (claim->len != KNOWN_LEN || claim->bytes[0] != 0) {
        return ALIAS_UNKNOWN;
    }
    struct fingerprint seen = alias_marker(hasher, marker);
    bool same = memcmp(claim->bytes + LOGIN_LEN, seen.bytes, FINGERPRINT_SIZE) == 0;
    return same ? ALIAS_SAME : ALIAS_OTHER;
}

bool alias_to_learn(const struct session *session, struct fingerprint *login_out)
{
    for (unsigned i = 0; i < session->claim_count; i++) {
        const struct user *claim = &session->claims[i];
        if (claim->len != LOGIN_LEN || claim->bytes[0] != 0 ||
            !user_equal(claim, &session->claims[0])) {
            return false;
        }
    }
    if (session->claim_count == 0) {
        return false;
    }
    memcpy(login_out->bytes, session->claims[0].bytes + PREFIX_LEN, FINGERPRINT_SIZE);
    return true;
}

unsigned alias_learn(struct memo *aliases, const struct fingerprint *login,
                     const struct fingerprint *marker, uint64_t now_ms)
{
    struct memo_row row;

    memo_meet(aliases, login, marker, now_ms, &row);
    if (!fingerprint_equal(&row.value, marker) && row.count < ALIAS_AGREED) {
        (void)memo_forget(aliases, login, now_ms);
        memo_meet(aliases, login, marker, now_ms, &row);
    }
    return fingerprint_equal(&row.value, marker) ? row.count : 0;
}
