#include "http/pointer.h"

/* What `~` stands for with the byte behind it, or 0. */
static uint8_t unescape(struct span escape)
{
    if (span_starts(escape, SPAN("~0"))) {
        return '~';
    }
    return span_starts(escape, SPAN("~1")) ? '/' : 0;
}

/* Appends a token to `self`, `~0` and `~1` replaced. */
static const char *add_token(struct pointer *self, size_t start, struct span token)
{
    size_t len = 0;

    if (self->token_count == POINTER_TOKENS_MAX) {
        return "has more than 32 tokens";
    }
    for (size_t i = 0; i < token.len; i++) {
        uint8_t byte = token.ptr[i];
        if (byte == '~') {
            byte = unescape(span_from(token, i));
            i++;
        }
        if (byte == 0) {
            return "has ~ without 0 or 1 behind it; ~0 is ~ and ~1 is /";
        }
        self->text[start + len++] = byte;
    }
    self->tokens[self->token_count].start = (uint16_t)start;
    self->tokens[self->token_count].len = (uint16_t)len;
    self->tokens[self->token_count].any = span_equal(token, SPAN("*"));
    self->token_count++;
    return NULL;
}

const char *pointer_parse(struct span text, struct pointer *pointer_out)
{
    size_t at = 0;

    *pointer_out = (struct pointer){0};
    if (text.len > POINTER_SIZE_MAX) {
        return "is longer than 256 bytes";
    }
    while (at < text.len) {
        if (text.ptr[at] != '/') {
            return "must be empty or start with /";
        }
        at++;
        struct span token = span_from(text, at);
        token = span_first(token, span_find(token, '/'));
        const char *problem = add_token(pointer_out, at, token);
        if (problem != NULL) {
            return problem;
        }
        at += token.len;
    }
    return NULL;
}

struct span pointer_token(const struct pointer *self, size_t index)
{
    CHECK(index < self->token_count);

    return (struct span){.ptr = self->text + self->tokens[index].start,
                         .len = self->tokens[index].len};
}
