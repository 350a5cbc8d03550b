#include "admin/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/page.h"
#include "base/secret.h"
#include "http/h1.h"

enum {
    INPUT_SIZE = REQUEST_FIELDS_MAX + REQUEST_TARGET_MAX + 4096,
};

struct request {
    struct h1 *h1;
    struct head head;
    size_t head_len;
    size_t checked;
    struct page body;
    size_t input_len;
    uint8_t input[INPUT_SIZE];
};

static const struct h1_limits LIMITS = {
    .head_size_max = REQUEST_FIELDS_MAX,
    .target_size_max = REQUEST_TARGET_MAX,
    .field_count_max = 64,
};

struct request *request_new(void)
{
    struct request *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    self->h1 = h1_new(H1_REQUEST);
    if (self->h1 == NULL) {
        free(self);
        return NULL;
    }
    return self;
}

void request_free(struct request **self_p)
{
    struct request *self = *self_p;
    if (self == NULL) {
        return;
    }
    h1_free(&self->h1);
    page_free(&self->body);
    secret_wipe(self->input, sizeof(self->input));
    free(self);
    *self_p = NULL;
}

uint8_t *request_space(struct request *self, size_t *room_out)
{
    *room_out = sizeof(self->input) - self->input_len;
    return self->input + self->input_len;
}

void request_take(struct request *self, size_t count)
{
    CHECK(count <= sizeof(self->input) - self->input_len);
    self->input_len += count;
}

size_t request_waiting(const struct request *self)
{
    return self->input_len;
}

const struct head *request_head(const struct request *self)
{
    return &self->head;
}

struct span request_body(const struct request *self)
{
    return page_text(&self->body);
}

static enum request_step refuse(struct request_fault *fault_out, unsigned status,
                                const char *detail)
{
    *fault_out = (struct request_fault){.status = status, .detail = detail};
    return REQUEST_BAD;
}

static enum request_step refuse_head(struct request *self, enum h1_error error,
                                     struct request_fault *fault_out)
{
    self->head.method = METHOD_OTHER;
    return refuse(fault_out, h1_error_status(error),
                  "The request head is not acceptable.");
}

enum request_step request_read_head(struct request *self, struct request_fault *fault_out)
{
    struct span input = {.ptr = self->input, .len = self->input_len};
    enum h1_found found = h1_find_head(self->h1, input, &self->checked, &self->head_len);
    enum h1_error error = H1_ERROR_NONE;

    if (found == H1_FOUND_HEAD) {
        error = h1_parse_head(self->h1, span_first(input, self->head_len), &LIMITS,
                              &self->head);
        return error == H1_ERROR_NONE ? REQUEST_WHOLE
                                      : refuse_head(self, error, fault_out);
    }
    error = h1_check_size(self->h1, input, &LIMITS);
    if (error == H1_ERROR_NONE && self->input_len == sizeof(self->input)) {
        error = H1_ERROR_FIELDS_LARGE;
    }
    if (error == H1_ERROR_NONE && found == H1_FOUND_BAD) {
        error = H1_ERROR_MALFORMED;
    }
    return error == H1_ERROR_NONE ? REQUEST_MORE : refuse_head(self, error, fault_out);
}

bool request_expects_word(const struct request *self)
{
    return self->head.framing != FRAMING_NONE && self->head.version_minor > 0 &&
           self->input_len == self->head_len &&
           head_has_token(&self->head, FIELD_EXPECT, SPAN("100-continue"));
}

/* Drops `count` bytes behind the first `start`. */
static void drop(struct request *self, size_t start, size_t count)
{
    uint8_t *at = self->input + start;

    CHECK(start + count <= self->input_len);
    self->input_len -= count;
    memmove(at, at + count, self->input_len - start);
    secret_wipe(self->input + self->input_len, count);
}

/* Moves content from behind the head into the body. */
static enum piece take_body(struct request *self)
{
    enum piece piece = PIECE_MORE;
    size_t taken = 1;

    while (piece == PIECE_MORE && taken > 0 && self->input_len > self->head_len) {
        struct span rest = {.ptr = self->input + self->head_len,
                            .len = self->input_len - self->head_len};
        struct span content;
        piece = h1_parse_body(self->h1, rest, &content, &taken);
        page_put(&self->body, content);
        drop(self, self->head_len, taken);
    }
    return piece;
}

enum request_step request_read_body(struct request *self, struct request_fault *fault_out)
{
    const char *too_long = "The body is longer than 64 KiB.";
    enum piece piece = PIECE_LAST;

    if (self->head.framing == FRAMING_LENGTH &&
        self->head.content_length > REQUEST_BODY_MAX) {
        return refuse(fault_out, 413, too_long);
    }
    if (self->head.framing != FRAMING_NONE) {
        piece = take_body(self);
    }
    if (piece == PIECE_BROKEN) {
        return refuse(fault_out, 400, "The body is malformed.");
    }
    if (self->body.len > REQUEST_BODY_MAX) {
        return refuse(fault_out, 413, too_long);
    }
    if (self->body.failed) {
        return refuse(fault_out, 503, "There is no memory for the body.");
    }
    return piece == PIECE_LAST ? REQUEST_WHOLE : REQUEST_MORE;
}

void request_next(struct request *self)
{
    drop(self, 0, self->head_len);
    page_free(&self->body);
    self->head.method = METHOD_OTHER;
    self->head_len = 0;
    self->checked = 0;
}

void request_discard(struct request *self)
{
    self->head_len = 0;
    drop(self, 0, self->input_len);
}
