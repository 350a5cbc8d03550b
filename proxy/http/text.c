#include "http/text.h"

bool text_is_token_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') ||
           (byte != 0 && memchr("!#$%&'*+-.^_`|~", byte, 15) != NULL);
}

bool text_is_token(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!text_is_token_byte(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/* No control byte but HTAB: eight bytes at a time, exact only where one is suspected. */
bool text_is_field_value(struct span text)
{
    const uint64_t ones = 0x0101010101010101U;
    uint64_t suspect = 0;
    size_t i = 0;

    for (; i + 8 <= text.len; i += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + i, 8);
        suspect |= (word - ones * ' ') & ~word;                           /* Below SP. */
        suspect |= ((word ^ ones * 0x7f) - ones) & ~(word ^ ones * 0x7f); /* DEL. */
    }
    if ((suspect & (ones * 0x80)) != 0) {
        i = 0;
    }
    for (; i < text.len; i++) {
        if ((text.ptr[i] < ' ' && text.ptr[i] != '\t') || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}
