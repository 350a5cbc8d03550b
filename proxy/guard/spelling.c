#include "guard/spelling.h"

#include "http/text.h"

enum {
    BIT_QUOTED = 62,
    BIT_ANY = 63,
    NO_BIT = -1,
};

#define BIT(number) (UINT64_C(1) << (number))

static bool is_alphanumeric(uint8_t byte)
{
    return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10;
}

/* A tab is a blank here. */
static int bit_of(uint8_t byte)
{
    byte = byte == '\t' ? ' ' : byte;
    if (byte < ' ' || byte > '~' || is_alphanumeric(byte)) {
        return NO_BIT;
    }
    return byte < '0'   ? byte - ' '
           : byte < 'A' ? byte - ':' + 16
           : byte < 'a' ? byte - '[' + 23
                        : byte - '{' + 29;
}

/* Where a server ends a value, or strips it, that another one takes as it is. */
static uint64_t separators(void)
{
    return BIT(bit_of(' ')) | BIT(bit_of(',')) | BIT(bit_of('\\')) | BIT(BIT_QUOTED);
}

/* Nearly always a token is of letters and digits. */
static bool has_special(struct span value)
{
    bool found = false;
    for (size_t i = 0; i < value.len; i++) {
        found |= !is_alphanumeric(value.ptr[i]);
    }
    return found;
}

static void add_escaped(struct spelling *self, uint8_t byte, bool small)
{
    int bit = bit_of(byte);

    self->odd |= is_alphanumeric(byte);
    if (bit != NO_BIT && small) {
        self->lower |= BIT(bit);
    } else if (bit != NO_BIT) {
        self->upper |= BIT(bit);
    }
}

static void add_plain(struct spelling *self, uint8_t byte)
{
    int bit = bit_of(byte);

    self->odd |= byte == '"';
    if (bit != NO_BIT) {
        self->plain |= BIT(bit);
    }
}

void spelling_add(struct spelling *self, struct span value)
{
    self->plain |= value.len > 0 ? BIT(BIT_ANY) : 0;
    if (!has_special(value)) {
        return;
    }
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
        self->plain |= BIT(BIT_QUOTED);
        value = span_first(span_from(value, 1), value.len - 2);
    }
    while (value.len > 0) {
        int escaped = text_escaped_byte(value);
        if (escaped >= 0) {
            add_escaped(self, (uint8_t)escaped, value.ptr[2] >= 'a');
        } else {
            add_plain(self, value.ptr[0]);
        }
        value = span_from(value, escaped >= 0 ? 3 : 1);
    }
}

static void learn(_Atomic(uint64_t) *forms, uint64_t issued)
{
    if ((issued & ~atomic_load_explicit(forms, memory_order_relaxed)) != 0) {
        atomic_fetch_or_explicit(forms, issued, memory_order_relaxed);
    }
}

void spelling_learn(struct spelling_memory *self, const struct spelling *issued)
{
    learn(&self->upper, issued->upper);
    learn(&self->lower, issued->lower);
    learn(&self->plain, issued->plain);
}

bool spelling_is_odd(struct spelling_memory *self, const struct spelling *presented,
                     bool known)
{
    uint64_t bits = presented->plain & ~BIT(BIT_ANY);

    if (presented->odd || (bits | presented->upper | presented->lower) == 0) {
        return presented->odd;
    }
    uint64_t plain = atomic_load_explicit(&self->plain, memory_order_relaxed);
    uint64_t upper = atomic_load_explicit(&self->upper, memory_order_relaxed);
    uint64_t lower = atomic_load_explicit(&self->lower, memory_order_relaxed);
    uint64_t never = (plain & BIT(BIT_ANY)) != 0 ? separators() : 0;

    if (known) {
        return (bits & ~plain & never) != 0;
    }
    return (bits & ~plain & (upper | lower | never)) != 0 ||
           (presented->upper & ~upper & (plain | lower)) != 0 ||
           (presented->lower & ~lower & (plain | upper)) != 0;
}
