/* Grants from an HTTP endpoint: one request with all subjects, one answer with those that
 * are granted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/json_write.h"
#include "http/json.h"
#include "sources/backend.h"

enum {
    THREADS = 4, /* A round trip takes time: several at once. */
    QUESTION_SIZE_MAX = 1048576,
    ANSWER_SIZE_MAX = 4194304,
    VALUE_SIZE_MAX = 1024,
    STATUS_OK = 200,
};

/* What an answer is looked at for. */
enum { POINTER_LIST, POINTER_ITEM, POINTER_COUNT };

static const char *const POINTERS[POINTER_COUNT] = {"/granted", "/granted/*"};

struct http_source {
    const struct grant_settings *settings;
    const _Atomic(bool) *stopping;
    CURL *easy;
    struct curl_slist *headers;
    struct json_write body;
    struct pointer pointers[POINTER_COUNT];
    struct json *walker;
    struct grant_question *asked;
    size_t read_len;
    bool too_long;
    bool broken;
    bool formless;       /* Something stands where only subjects may. */
    unsigned list_count; /* Lists that were read: one makes an answer. */
    char curl_error[CURL_ERROR_SIZE];
};

static bool fails(char *error, const char *what, const char *detail)
{
    (void)snprintf(error, GRANT_ERROR_SIZE, "%s%s%.160s", what,
                   detail[0] != '\0' ? ": " : "", detail);
    return false;
}

/* The list, or one granted subject. A subject that is too long is none of ours. */
static void on_match(void *context, const struct json_match *match)
{
    struct http_source *self = context;

    if (match->pointer_index == POINTER_LIST) {
        self->formless = self->formless || match->kind != JSON_ARRAY;
        self->list_count++;
    } else if (match->kind != JSON_STRING && match->kind != JSON_NUMBER) {
        self->formless = true;
    } else if (!match->too_long) {
        grant_question_grant(self->asked, match->value);
    }
}

/* An endpoint that reports its own trouble with status 200 has not said that nobody is
 * granted. */
static bool is_of_the_form(const struct http_source *self)
{
    return self->list_count == 1 && !self->formless;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's.
static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct http_source *self = context;
    struct span piece = {.ptr = (const uint8_t *)bytes, .len = size * count};

    self->read_len += piece.len;
    self->too_long = self->too_long || self->read_len > ANSWER_SIZE_MAX;
    if (!self->too_long && !self->broken) {
        self->broken = json_feed(self->walker, piece) == JSON_BAD;
    }
    return self->too_long || self->broken ? 0 : piece.len;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down,
                       curl_off_t up_total, curl_off_t up)
{
    const struct http_source *self = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(self->stopping) || grant_question_late(self->asked) ? 1 : 0;
}

static bool set_up(struct http_source *self)
{
    CURL *easy = self->easy;
    unsigned failed = 0;

    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_URL, self->settings->http);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, self->headers);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_USERAGENT, "Countermark");
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_WRITEDATA, self);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, self);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->curl_error);
    return failed == 0;
}

static bool write_question(struct http_source *self,
                           const struct grant_question *question)
{
    json_write_reset(&self->body);
    json_write_begin_object(&self->body);
    json_write_member(&self->body, "requester", question->requester);
    json_write_key(&self->body, "subjects");
    json_write_begin_array(&self->body);
    for (size_t i = 0; i < question->count; i++) {
        json_write_text(&self->body, question->subjects[i].value);
    }
    json_write_end_array(&self->body);
    json_write_end_object(&self->body);
    return json_write_result(&self->body).len > 0;
}

static bool perform(struct http_source *self, char *error)
{
    struct span body = json_write_result(&self->body);
    CURL *easy = self->easy;
    unsigned left_ms = grant_question_left_ms(self->asked);
    long status = 0;

    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)body.ptr);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body.len);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
    self->curl_error[0] = '\0';
    CURLcode code = curl_easy_perform(easy);
    if (self->too_long || self->broken) {
        return fails(error, "the answer is no JSON, or too long", "");
    }
    if (code != CURLE_OK) {
        return fails(error, "no answer",
                     self->curl_error[0] != '\0' ? self->curl_error
                                                 : curl_easy_strerror(code));
    }
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != STATUS_OK) {
        (void)snprintf(error, GRANT_ERROR_SIZE, "the answer has status %ld", status);
        return false;
    }
    if (json_finish(self->walker) != JSON_DONE) {
        return fails(error, "the answer is no JSON", "");
    }
    return is_of_the_form(self) ||
           fails(error, "the answer is not `{\"granted\": [...]}`", "");
}

static bool answer(void *context, struct grant_question *question, char *error)
{
    struct http_source *self = context;

    self->asked = question;
    self->read_len = 0;
    self->too_long = false;
    self->broken = false;
    self->formless = false;
    self->list_count = 0;
    json_start(self->walker, self);
    bool good = write_question(self, question) ? perform(self, error)
                                               : fails(error, "too many subjects", "");
    self->asked = NULL;
    return good;
}

static void end(void *context)
{
    struct http_source *self = context;

    curl_easy_cleanup(self->easy);
    curl_slist_free_all(self->headers);
    json_write_free(&self->body);
    json_free(&self->walker);
    free(self);
}

static void *make(const struct grant_backend_settings *settings)
{
    struct http_source *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->settings = settings->settings;
    self->stopping = settings->stopping;
    json_write_init(&self->body, QUESTION_SIZE_MAX);
    for (size_t i = 0; i < POINTER_COUNT; i++) {
        const char *wrong = pointer_parse(span_of(POINTERS[i]), &self->pointers[i]);
        CHECK(wrong == NULL);
    }
    struct json_wanted wanted = {.pointers = self->pointers,
                                 .pointer_count = POINTER_COUNT,
                                 .value_size_max = VALUE_SIZE_MAX,
                                 .containers = true,
                                 .sink = on_match};
    self->walker = json_new(&wanted);
    self->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        self->easy = curl_easy_init();
    }
    if (self->walker == NULL || self->headers == NULL || self->easy == NULL ||
        !set_up(self)) {
        end(self);
        return NULL;
    }
    return self;
}

/* Nobody is asked for a check: an endpoint may log, count or limit what it is asked. */
static enum grant_check check(const struct grant_settings *settings, char *error)
{
    CURLU *url = curl_url();
    bool good = url != NULL &&
                curl_url_set(url, CURLUPART_URL, settings->http, 0) == CURLUE_OK &&
                (strncmp(settings->http, "http://", 7) == 0 ||
                 strncmp(settings->http, "https://", 8) == 0);

    curl_url_cleanup(url);
    if (!good) {
        (void)fails(error, "`http` must be a URL like `http://127.0.0.1:8000/grants`",
                    "");
    }
    return good ? GRANT_CHECK_GOOD : GRANT_CHECK_BAD;
}

const struct grant_backend GRANT_BACKEND_HTTP = {
    .kind = GRANT_SOURCE_HTTP,
    .thread_count = THREADS,
    .make = make,
    .answer = answer,
    .end = end,
    .check = check,
};
