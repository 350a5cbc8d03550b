#include "http/field.h"

#include "http/text.h"

static const struct span NAMES[FIELD_ID_COUNT] = {
#define FIELD(id, name)                                                                  \
    [FIELD_##id] = {.ptr = (const uint8_t *)(name), .len = sizeof(name) - 1},
#include "http/field.def"
#undef FIELD
};

enum { SLOT_COUNT = 128, NAME_LEN_MAX = 32 };

/*
 * Each id at the slot of its name: length, first, last and middle byte happen to tell all
 * names apart. Whoever adds a name and sees test_field fail finds the slot in its
 * message; on a clash the factors in slot_of() must be searched again.
 */
static const uint8_t SLOTS[SLOT_COUNT] = {
    [3] = FIELD_X_FORWARDED_PROTO,
    [4] = FIELD_X_FORWARDED_HOST,
    [13] = FIELD_CONTENT_DISPOSITION,
    [14] = FIELD_SEC_FETCH_DEST,
    [16] = FIELD_SET_COOKIE,
    [18] = FIELD_CACHE_STATUS,
    [21] = FIELD_TE,
    [22] = FIELD_COUNTERMARK_SESSION,
    [23] = FIELD_HOST,
    [24] = FIELD_COOKIE,
    [26] = FIELD_IF_RANGE,
    [28] = FIELD_COUNTERMARK_ECHO,
    [32] = FIELD_TRANSFER_ENCODING,
    [33] = FIELD_ACCEPT_ENCODING,
    [39] = FIELD_CONTENT_TYPE,
    [40] = FIELD_CONTENT_RANGE,
    [43] = FIELD_IF_MODIFIED_SINCE,
    [47] = FIELD_TRACEPARENT,
    [48] = FIELD_CONTENT_LENGTH,
    [49] = FIELD_EXPIRES,
    [50] = FIELD_COUNTERMARK_REQUEST,
    [54] = FIELD_DATE,
    [55] = FIELD_PROXY_AUTHORIZATION,
    [58] = FIELD_PROXY_CONNECTION,
    [60] = FIELD_FORWARDED,
    [62] = FIELD_UPGRADE,
    [67] = FIELD_SURROGATE_CONTROL,
    [70] = FIELD_EXPECT,
    [74] = FIELD_KEEP_ALIVE,
    [76] = FIELD_PROXY_AUTHENTICATE,
    [77] = FIELD_CACHE_CONTROL,
    [80] = FIELD_CONTENT_ENCODING,
    [83] = FIELD_CDN_CACHE_CONTROL,
    [88] = FIELD_LAST_MODIFIED,
    [89] = FIELD_AUTHORIZATION,
    [92] = FIELD_LOCATION,
    [93] = FIELD_X_FORWARDED_FOR,
    [96] = FIELD_VIA,
    [99] = FIELD_AGE,
    [104] = FIELD_WWW_AUTHENTICATE,
    [106] = FIELD_ACCEPT,
    [110] = FIELD_ETAG,
    [112] = FIELD_TRAILER,
    [113] = FIELD_IF_NONE_MATCH,
    [114] = FIELD_X_CACHE,
    [115] = FIELD_RANGE,
    [121] = FIELD_HTTP2_SETTINGS,
    [126] = FIELD_CONNECTION,
};

/* In small letters; what else it may make of a byte does not matter: names are compared.
 */
static size_t lower(uint8_t byte)
{
    return (size_t)byte | 0x20;
}

static size_t slot_of(struct span name)
{
    return (name.len + lower(name.ptr[0]) * 23 + lower(name.ptr[name.len - 1]) * 26 +
            lower(name.ptr[name.len / 2])) %
           SLOT_COUNT;
}

enum field_id field_id_of(struct span name)
{
    if (name.len == 0 || name.len > NAME_LEN_MAX) {
        return FIELD_OTHER;
    }
    enum field_id id = (enum field_id)SLOTS[slot_of(name)];
    if (id == FIELD_OTHER || !text_equal_lower(name, NAMES[id])) {
        return FIELD_OTHER;
    }
    return id;
}

struct span field_name(enum field_id id)
{
    return (unsigned)id < FIELD_ID_COUNT ? NAMES[id] : (struct span){0};
}
