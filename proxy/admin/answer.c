#include "admin/answer.h"

#include "http/date.h"

static const struct {
    unsigned status;
    const char *phrase;
} PHRASES[] = {
    {200, "OK"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *phrase_of(unsigned status)
{
    for (size_t i = 0; i < sizeof(PHRASES) / sizeof(PHRASES[0]); i++) {
        if (PHRASES[i].status == status) {
            return PHRASES[i].phrase;
        }
    }
    return "Error";
}

void answer_init(struct answer *self)
{
    *self = (struct answer){0};
    json_write_init(&self->json, ANSWER_JSON_SIZE_MAX);
}

void answer_reset(struct answer *self)
{
    json_write_free(&self->json);
    page_free(&self->page);
    answer_init(self);
}

struct json_write *answer_json(struct answer *self)
{
    self->status = 200;
    self->type = ANSWER_TYPE_JSON;
    json_write_reset(&self->json);
    page_free(&self->page);
    return &self->json;
}

struct page *answer_page(struct answer *self, const char *type)
{
    self->status = 200;
    self->type = type;
    json_write_reset(&self->json);
    page_free(&self->page);
    return &self->page;
}

void answer_fixed(struct answer *self, const char *type, struct span bytes)
{
    (void)answer_page(self, type);
    self->fixed = bytes;
}

struct json_write *answer_problem_begin(struct answer *self, unsigned status,
                                        const char *detail)
{
    struct json_write *json = answer_json(self);

    self->status = status;
    self->type = ANSWER_TYPE_PROBLEM;
    json_write_begin_object(json);
    json_write_member(json, "type", SPAN("about:blank"));
    json_write_member(json, "title", span_of(phrase_of(status)));
    json_write_member_u64(json, "status", status);
    json_write_member(json, "detail", span_of(detail));
    return json;
}

void answer_end(struct answer *self)
{
    json_write_end_object(&self->json);
}

void answer_problem(struct answer *self, unsigned status, const char *detail)
{
    (void)answer_problem_begin(self, status, detail);
    answer_end(self);
}

struct span answer_content(struct answer *self)
{
    struct span content = self->fixed.len > 0 ? self->fixed : page_text(&self->page);

    if (self->status == 304 || self->endless) {
        return (struct span){0};
    }
    if (content.len == 0) {
        content = json_write_result(&self->json);
    }

    if (content.len > 0) {
        return content;
    }
    bool close = self->close;
    answer_reset(self);
    self->close = close;
    answer_problem(self, 500, "The answer could not be written whole.");
    return json_write_result(&self->json);
}

/* What else a browser may not do with a page of ours. */
static void write_policy(const char *policy, struct writer *out)
{
    writer_field(out, SPAN("Content-Security-Policy"), span_of(policy));
    writer_field(out, SPAN("Referrer-Policy"), SPAN("no-referrer"));
    writer_field(out, SPAN("X-Frame-Options"), SPAN("DENY"));
    writer_field(out, SPAN("Cross-Origin-Opener-Policy"), SPAN("same-origin"));
    writer_field(out, SPAN("Cross-Origin-Resource-Policy"), SPAN("same-origin"));
}

void answer_head(const struct answer *self, uint64_t content_len, int64_t unix_s,
                 struct writer *out)
{
    char date[DATE_LEN];

    date_format(unix_s, date);
    writer_text(out, "HTTP/1.1 ");
    writer_u64(out, self->status);
    writer_byte(out, ' ');
    writer_text(out, phrase_of(self->status));
    writer_text(out, "\r\nDate: ");
    writer_put(out, (struct span){.ptr = (const uint8_t *)date, .len = DATE_LEN});
    writer_text(out, "\r\n");
    if (!self->endless && self->status != 304) {
        writer_text(out, "Content-Length: ");
        writer_u64(out, content_len);
        writer_text(out, "\r\n");
    }
    writer_field(out, SPAN("Content-Type"), span_of(self->type));
    writer_field(out, SPAN("Cache-Control"),
                 self->tag != NULL ? SPAN("no-cache") : SPAN("no-store"));
    writer_field(out, SPAN("X-Content-Type-Options"), SPAN("nosniff"));
    if (self->tag != NULL) {
        writer_field(out, SPAN("ETag"), span_of(self->tag));
    }
    if (self->file_name[0] != '\0') {
        writer_text(out, "Content-Disposition: inline; filename=\"");
        writer_text(out, self->file_name);
        writer_text(out, "\"\r\n");
    }
    if (self->policy != NULL) {
        write_policy(self->policy, out);
    }
    if (self->allow != NULL) {
        writer_field(out, SPAN("Allow"), span_of(self->allow));
    }
    if (self->challenge != NULL) {
        writer_field(out, SPAN("WWW-Authenticate"), span_of(self->challenge));
    }
    if (self->close) {
        writer_field(out, SPAN("Connection"), SPAN("close"));
    }
    writer_text(out, "\r\n");
}

size_t answer_spans(struct answer *self, bool head_only, int64_t unix_s,
                    struct writer *head, struct span *spans_out)
{
    struct span content = answer_content(self);

    answer_head(self, content.len, unix_s, head);
    CHECK(!head->full);
    spans_out[0] = writer_span(head);
    spans_out[1] = content;
    return head_only || content.len == 0 ? 1 : ANSWER_SPANS;
}
