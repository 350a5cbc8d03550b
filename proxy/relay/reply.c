#include "relay/reply.h"

#include "base/check.h"

static const struct {
    unsigned status;
    const char *phrase;
} PHRASES[] = {
    {200, "OK"},
    {301, "Moved Permanently"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *reply_phrase(unsigned status)
{
    for (size_t i = 0; i < sizeof(PHRASES) / sizeof(PHRASES[0]); i++) {
        if (PHRASES[i].status == status) {
            return PHRASES[i].phrase;
        }
    }
    return "";
}

enum { WEIGHT_WHOLE = 1000 };

/* What `q=` says in thousandths (RFC 9110 section 12.4.2); without one all of it. */
static unsigned weight_of(struct span parameters)
{
    struct span item;

    while (span_next(&parameters, ';', &item)) {
        item = span_trim(item);
        if (item.len < 3 || !span_equal_nocase(span_first(item, 2), SPAN("q=")) ||
            item.ptr[2] != '0') {
            continue;
        }
        unsigned weight = 0;
        unsigned unit = WEIGHT_WHOLE;
        for (size_t i = 4; i < item.len && unit > 1; i++) {
            unit /= 10;
            weight += (item.ptr[i] >= '0' && item.ptr[i] <= '9')
                          ? unit * (unsigned)(item.ptr[i] - '0')
                          : 0;
        }
        return weight;
    }
    return WEIGHT_WHOLE;
}

/* How much the items of a list that begin with `name` weigh; of equal ones the first. */
static unsigned preference_of(struct span list, struct span name)
{
    enum { PLACES = 64 };
    unsigned best = 0;
    struct span item;

    for (unsigned place = 0; place < PLACES && span_next(&list, ',', &item); place++) {
        item = span_trim(item);
        size_t end = span_find(item, ';');
        unsigned weight = weight_of(span_from(item, end));
        unsigned preference = weight * PLACES + (PLACES - 1 - place);
        if (weight > 0 && preference > best &&
            span_equal_nocase(span_first(item, name.len), name)) {
            best = preference;
        }
    }
    return best;
}

/* The first item is `name` without a weight: nothing can be preferred to it. */
static bool leads(struct span list, struct span name)
{
    struct span first = span_first(list, span_find(list, ','));

    return first.len >= name.len && span_find(first, ';') == first.len &&
           span_equal_nocase(span_first(first, name.len), name);
}

static bool is_preferred(struct span list, struct span name, struct span other)
{
    if (leads(list, other)) {
        return false;
    }
    return leads(list, name) || preference_of(list, name) > preference_of(list, other);
}

/* Without a word on either in Accept: what asks for data by a script reads JSON. */
static bool wants_json(const struct head *request)
{
    const struct field *dest = head_field(request, FIELD_SEC_FETCH_DEST);
    const struct field *accept = head_field(request, FIELD_ACCEPT);
    bool by_script = dest != NULL && span_equal(dest->value, SPAN("empty"));

    if (accept == NULL) {
        return by_script;
    }
    struct span list = accept->value;
    if (dest != NULL && (span_equal(dest->value, SPAN("document")) ||
                         span_equal(dest->value, SPAN("iframe")))) {
        return false;
    }
    if (is_preferred(list, SPAN("application/json"), SPAN("text/html")) ||
        is_preferred(list, SPAN("application/problem+json"), SPAN("text/html"))) {
        return true;
    }
    return by_script && preference_of(list, SPAN("text/html")) == 0;
}

struct reply_taste reply_taste_of(const struct head *request)
{
    const struct field *language = head_field_named(request, SPAN("accept-language"));

    return (struct reply_taste){
        .json = wants_json(request),
        .japanese =
            language != NULL && is_preferred(language->value, SPAN("ja"), SPAN("en")),
        .head_only = request->method == METHOD_HEAD,
        .old = request->version_minor == 0,
    };
}

/* What the page says, in both languages; one row per kind. */
struct words {
    const char *title[2];
    const char *text[2];
    const char *unsafe[2];
};

static const struct words WORDS[] = {
    [REPLY_ERROR] = {{"", "エラー"},
                     {"", "リクエストを処理できませんでした。"},
                     {"", ""}},
    [REPLY_REFUSED] =
        {{"This page cannot be shown", "このページは表示できません"},
         {"The answer was withheld to protect personal data. This has been recorded. "
          "Please try again later.",
          "個人情報を保護するため、応答を表示していません。この事象は記録されています。"
          "しばらくしてからもう一度お試しください。"},
         {"Your input may already have been saved. Please do not send it again.",
          "入力内容はすでに保存されている可能性があります。再送信しないでください。"}},
    [REPLY_MAINTENANCE] =
        {{"Temporarily unavailable", "ただいまご利用いただけません"},
         {"This part of the site is stopped at the moment. The other pages remain "
          "available. Please try again later.",
          "このページの機能は現在停止しています。その他のページはご利用いただけます。"
          "しばらくしてからもう一度お試しください。"},
         {"Your input may already have been saved. Please do not send it again.",
          "入力内容はすでに保存されている可能性があります。再送信しないでください。"}},
    [REPLY_LOGGED_OUT] = {{"Logged out", "ログアウトしました"},
                          {"You have been logged out.", "ログアウトしました。"},
                          {"", ""}},
};

struct page {
    const struct reply *reply;
    const char *title;
    const char *text;
    const char *unsafe;
    bool japanese;
};

static struct page page_of(const struct reply *reply, bool japanese)
{
    const struct words *words = &WORDS[reply->kind];
    bool plain_error = reply->kind == REPLY_ERROR && !japanese;

    return (struct page){
        .reply = reply,
        .title = plain_error ? reply_phrase(reply->status) : words->title[japanese],
        .text = plain_error ? reply->sentence : words->text[japanese],
        .unsafe = reply->unsafe ? words->unsafe[japanese] : "",
        .japanese = japanese,
    };
}

static void write_html(const struct page *page, struct writer *out)
{
    const struct reply *reply = page->reply;

    if (reply->page.len > 0) {
        writer_put(out, reply->page);
        return;
    }
    writer_text(out, page->japanese ? "<!DOCTYPE html>\n<html lang=\"ja\">"
                                    : "<!DOCTYPE html>\n<html lang=\"en\">");
    writer_text(out, "<head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\">"
                     "<meta name=\"robots\" content=\"noindex\"><title>");
    writer_text(out, page->title);
    writer_text(out, "</title><style>body{font:1rem/1.6 system-ui,sans-serif;"
                     "max-width:36rem;margin:15vh auto;padding:0 1rem;color:#222;"
                     "background:#fff}h1{font-size:1.4rem}small{color:#555}"
                     "@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}"
                     "small{color:#aaa}}</style></head>\n<body><main><h1>");
    writer_text(out, page->title);
    writer_text(out, "</h1><p>");
    writer_text(out, page->text);
    writer_text(out, "</p>");
    if (page->unsafe[0] != '\0') {
        writer_text(out, "<p><strong>");
        writer_text(out, page->unsafe);
        writer_text(out, "</strong></p>");
    }
    if (reply->reference.len > 0) {
        writer_text(out,
                    page->japanese ? "<p><small>照会番号: " : "<p><small>Reference: ");
        writer_put(out, reply->reference);
        writer_text(out, "</small></p>");
    }
    writer_text(out, "</main></body></html>\n");
}

static void write_json(const struct page *page, struct writer *out)
{
    const struct reply *reply = page->reply;

    writer_text(out, "{\"type\":\"about:blank\",\"title\":\"");
    writer_text(out, page->title);
    writer_text(out, "\",\"status\":");
    writer_u64(out, reply->status);
    writer_text(out, ",\"detail\":\"");
    writer_text(out, page->text);
    if (page->unsafe[0] != '\0') {
        writer_text(out, " ");
        writer_text(out, page->unsafe);
    }
    writer_text(out, "\"");
    if (reply->reference.len > 0) {
        writer_text(out, ",\"instance\":\"urn:countermark:");
        writer_put(out, reply->reference);
        writer_text(out, "\"");
    }
    writer_text(out, "}\n");
}

static void write_head(const struct reply *self, struct reply_taste taste, size_t len,
                       struct writer *out)
{
    writer_text(out, "HTTP/1.1 ");
    writer_u64(out, self->status);
    writer_text(out, " ");
    writer_text(out, reply_phrase(self->status));
    writer_text(out, "\r\nContent-Type: ");
    writer_text(out,
                taste.json ? "application/problem+json" : "text/html; charset=utf-8");
    writer_text(out, "\r\nContent-Length: ");
    writer_u64(out, len);
    writer_text(out, "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                     "Vary: Accept, Accept-Language, Sec-Fetch-Dest\r\n");
    if (self->retry_after_s > 0) {
        writer_text(out, "Retry-After: ");
        writer_u64(out, self->retry_after_s);
        writer_text(out, "\r\n");
    }
    writer_put(out, self->extra_fields);
    if (self->close) {
        writer_text(out, "Connection: close\r\n");
    } else if (taste.old) {
        writer_text(out, "Connection: keep-alive\r\n");
    }
    writer_text(out, "\r\n");
}

size_t reply_write(const struct reply *self, struct reply_taste taste, struct writer *out)
{
    struct page page = page_of(self, taste.japanese);
    struct writer counter = *out;

    CHECK(out->capacity - out->len >= REPLY_SIZE_MAX + self->page.len);
    (taste.json ? write_json : write_html)(&page, &counter);
    size_t len = counter.len - out->len;
    size_t start = out->len;
    write_head(self, taste, len, out);
    size_t head_len = out->len - start;
    if (!taste.head_only) {
        (taste.json ? write_json : write_html)(&page, out);
    }
    CHECK(!out->full);
    return head_len;
}
