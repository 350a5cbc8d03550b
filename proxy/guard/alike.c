#include "guard/alike.h"

#include <ctype.h>
#include <string.h>

#include "guard/session.h"

enum {
    PART_SIZE_MIN = 3,  /* A shorter part of a name says nothing. */
    IDEOGRAPH_SIZE = 3, /* Bytes in UTF-8, from U+4000 to U+9FFF. */
    IDEOGRAPH_MIN = 0xe4,
    IDEOGRAPH_MAX = 0xe9,
};

enum name_kind { NAME_WORD, NAME_NUMBER, NAME_ADDRESS, NAME_OTHER };

static enum name_kind kind_of(struct span name)
{
    enum name_kind kind = NAME_NUMBER;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '@') {
            return NAME_ADDRESS;
        }
        if (name.ptr[i] >= 0x80) {
            kind = NAME_OTHER;
        } else if (kind == NAME_NUMBER && isdigit(name.ptr[i]) == 0) {
            kind = NAME_WORD;
        }
    }
    return kind;
}

/* What is compared of a name. */
struct folded {
    size_t len;
    uint8_t bytes[USER_SIZE_MAX];
    bool begins[USER_SIZE_MAX + 1]; /* A part of the name begins here, or it ends. */
};

/* Letters and digits alone, in lower case. */
static void fold(struct span name, struct folded *out)
{
    bool begins = true;
    out->len = 0;
    for (size_t i = 0; i < name.len && i < USER_SIZE_MAX; i++) {
        if (isalnum(name.ptr[i]) != 0) {
            out->begins[out->len] = begins;
            out->bytes[out->len++] = (uint8_t)tolower(name.ptr[i]);
        }
        begins = isalnum(name.ptr[i]) == 0;
    }
    out->begins[out->len] = true;
}

static bool has_part(const struct folded *whole, const struct folded *part)
{
    for (size_t i = 0; i + part->len <= whole->len; i++) {
        if (whole->begins[i] && whole->begins[i + part->len] &&
            memcmp(whole->bytes + i, part->bytes, part->len) == 0) {
            return true;
        }
    }
    return false;
}

static bool words_alike(struct span a, struct span b)
{
    struct folded one;
    struct folded two;
    fold(a, &one);
    fold(b, &two);
    const struct folded *part = one.len < two.len ? &one : &two;
    const struct folded *whole = part == &one ? &two : &one;

    if (part->len == whole->len || part->len < PART_SIZE_MIN) {
        return part->len == 0 || (part->len == whole->len &&
                                  memcmp(part->bytes, whole->bytes, part->len) == 0);
    }
    return has_part(whole, part);
}

static struct span without_zeros(struct span number)
{
    while (number.len > 0 && number.ptr[0] == '0') {
        number = span_from(number, 1);
    }
    return number;
}

/* They have neither case nor width. Returns how many bytes. */
static size_t ideographs_of(struct span name, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i + IDEOGRAPH_SIZE <= name.len && len < USER_SIZE_MAX; i++) {
        const uint8_t *bytes = name.ptr + i;
        if (bytes[0] >= IDEOGRAPH_MIN && bytes[0] <= IDEOGRAPH_MAX &&
            (bytes[1] & 0xc0) == 0x80 && (bytes[2] & 0xc0) == 0x80) {
            memcpy(out + len, bytes, IDEOGRAPH_SIZE);
            len += IDEOGRAPH_SIZE;
            i += IDEOGRAPH_SIZE - 1;
        }
    }
    return len;
}

static bool others_alike(struct span a, struct span b)
{
    uint8_t one[USER_SIZE_MAX + IDEOGRAPH_SIZE];
    uint8_t two[USER_SIZE_MAX + IDEOGRAPH_SIZE];
    size_t one_len = ideographs_of(a, one);
    size_t two_len = ideographs_of(b, two);

    if (one_len < two_len) {
        return one_len == 0 || memmem(two, two_len, one, one_len) != NULL;
    }
    return two_len == 0 || memmem(one, one_len, two, two_len) != NULL;
}

bool alike_names(struct span a, struct span b)
{
    enum name_kind kind = kind_of(a);
    if (kind != kind_of(b)) {
        return true;
    }
    switch (kind) {
    case NAME_NUMBER:
        return span_equal(without_zeros(a), without_zeros(b));
    case NAME_WORD:
    case NAME_ADDRESS:
        return words_alike(a, b);
    case NAME_OTHER:
        break;
    }
    return others_alike(a, b);
}
