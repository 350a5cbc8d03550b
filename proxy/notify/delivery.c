#include "notify/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "notify/sign.h"

enum {
    HEADER_SIZE_MAX = 256,
    REPLY_SIZE_MAX = 65536, /* Read and thrown away; a longer one is an error. */
};

struct delivery {
    CURL *easy;
    struct curl_slist *headers;
    size_t reply_len;
    struct alert_settings alert;
    struct outbox_item item;
    struct message message;
    char error[CURL_ERROR_SIZE];
};

static struct span url_host(struct span url)
{
    struct span rest = span_from(url, span_find(url, '/') + 2);
    struct span host = span_first(rest, span_find(rest, '/'));
    size_t end = host.len > 0 && host.ptr[0] == '[' ? span_find(host, ']') + 1
                                                    : span_find(host, ':');
    return span_first(host, end);
}

bool delivery_url_allowed(struct span url)
{
    if (span_starts(url, SPAN("https://"))) {
        return true;
    }
    struct span host = url_host(url);
    return span_starts(url, SPAN("http://")) && span_find(url, '@') == url.len &&
           (span_equal(host, SPAN("localhost")) || span_equal(host, SPAN("[::1]")) ||
            (span_starts(host, SPAN("127.")) &&
             strspn((const char *)host.ptr, "0123456789.") >= host.len));
}

// NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's.
static size_t on_reply(char *bytes, size_t size, size_t count, void *context)
{
    struct delivery *self = context;
    (void)bytes;
    self->reply_len += size * count;
    return self->reply_len <= REPLY_SIZE_MAX ? size * count : 0;
}

static bool add_header(struct delivery *self, const char *name, const char *value)
{
    char line[HEADER_SIZE_MAX];

    int len = snprintf(line, sizeof(line), "%s: %s", name, value);
    if (len < 0 || (size_t)len >= sizeof(line)) {
        return false;
    }
    struct curl_slist *headers = curl_slist_append(self->headers, line);
    if (headers == NULL) {
        return false;
    }
    self->headers = headers;
    return true;
}

/* Signed wherever there is a secret; the standard format cannot do without. */
static bool add_signature(struct delivery *self, uint64_t wall_ms)
{
    char signature[SIGN_SIZE_MAX];
    char timestamp[32];
    struct span body = {.ptr = (const uint8_t *)self->message.bytes,
                        .len = self->message.len};

    if (self->alert.secrets[0].len == 0) {
        return self->alert.format != ALERT_STANDARD;
    }

    int len = snprintf(timestamp, sizeof(timestamp), "%llu",
                       (unsigned long long)(wall_ms / 1000));
    CHECK(len > 0 && (size_t)len < sizeof(timestamp));
    return sign_message(&self->alert, span_of(self->item.message), wall_ms / 1000, body,
                        signature) == ERR_NONE &&
           add_header(self, "webhook-id", self->item.message) &&
           add_header(self, "webhook-timestamp", timestamp) &&
           add_header(self, "webhook-signature", signature);
}

static bool add_headers(struct delivery *self, uint64_t wall_ms)
{
    return add_header(self, "Content-Type", "application/json") &&
           add_signature(self, wall_ms) && add_header(self, "Expect", "");
}

static bool is_syslog(const struct delivery *self)
{
    return self->alert.syslog[0] != '\0';
}

/* libcurl connects, we send: http is only the scheme that it needs for a TCP address. */
static bool set_syslog_options(struct delivery *self)
{
    char url[ALERT_URL_SIZE_MAX + 8];
    const char *address = self->alert.syslog + strlen("tcp://");

    (void)snprintf(url, sizeof(url), "http://%s", address);
    return (unsigned)(curl_easy_setopt(self->easy, CURLOPT_URL, url) |
                      curl_easy_setopt(self->easy, CURLOPT_CONNECT_ONLY, 1L)) == 0;
}

static bool set_webhook_options(struct delivery *self)
{
    CURL *easy = self->easy;
    const char *body = self->message.bytes;
    long body_len = (long)self->message.len;
    unsigned failed = 0; /* CURLE_OK is 0. */

    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_URL, self->alert.url);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, body_len);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, self->headers);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_USERAGENT, "Countermark");
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    return failed == 0;
}

static bool set_options(struct delivery *self)
{
    CURL *easy = self->easy;
    unsigned failed = 0;

    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700 /* 7.87: a name that is still looked up is left. */
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    failed |=
        (unsigned)curl_easy_setopt(easy, CURLOPT_NOPROXY, "localhost,127.0.0.0/8,::1");
    failed |=
        (unsigned)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)DELIVERY_TIMEOUT_MS);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_reply);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_WRITEDATA, self);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->error);
    failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_PRIVATE, self);
    if (self->alert.ca_file[0] != '\0') {
        failed |= (unsigned)curl_easy_setopt(easy, CURLOPT_CAINFO, self->alert.ca_file);
    }
    return failed == 0 &&
           (is_syslog(self) ? set_syslog_options(self) : set_webhook_options(self));
}

static bool prepare(struct delivery *self, uint64_t wall_ms)
{
    self->easy = curl_easy_init();
    if (self->easy == NULL) {
        return false;
    }
    bool allowed = is_syslog(self) || delivery_url_allowed(span_of(self->alert.url));
    return allowed && (is_syslog(self) || add_headers(self, wall_ms)) &&
           set_options(self);
}

struct delivery *delivery_new(const struct alert_settings *alert,
                              const struct outbox_item *item, uint64_t wall_ms)
{
    struct delivery *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->alert = *alert;
    self->item = *item;
    if (message_make(alert, item, wall_ms, &self->message) != ERR_NONE ||
        !prepare(self, wall_ms)) {
        delivery_free(&self);
    }
    return self;
}

struct delivery *delivery_new_beside(const struct alert_settings *alert,
                                     struct message *message_p, uint64_t wall_ms)
{
    struct delivery *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        message_clear(message_p);
        return NULL;
    }
    self->alert = *alert;
    self->message = *message_p;
    *message_p = (struct message){0};
    (void)span_copy(SPAN("open"), self->item.message, sizeof(self->item.message));
    if (!prepare(self, wall_ms)) {
        delivery_free(&self);
    }
    return self;
}

/* One message on a connection of its own: it fits into the socket's buffer, or fails. */
static enum schedule_outcome send_syslog(struct delivery *self)
{
    size_t sent = 0;
    CURLcode code =
        curl_easy_send(self->easy, self->message.bytes, self->message.len, &sent);

    if (code == CURLE_OK && sent == self->message.len) {
        return SCHEDULE_DONE;
    }
    (void)snprintf(self->error, sizeof(self->error), "sending to syslog failed");
    return SCHEDULE_RETRY;
}

enum schedule_outcome delivery_outcome(struct delivery *self, int code)
{
    if (code != CURLE_OK) {
        /* A status may have come before the rest of the answer failed: no answer then. */
        if (self->error[0] == '\0') {
            (void)span_copy(span_of(curl_easy_strerror((CURLcode)code)), self->error,
                            sizeof(self->error));
        }
        return SCHEDULE_RETRY;
    }
    if (is_syslog(self)) {
        return send_syslog(self);
    }
    enum schedule_outcome outcome = schedule_judge(delivery_status(self));
    if (outcome != SCHEDULE_DONE) {
        (void)span_copy(SPAN("the receiver refused"), self->error, sizeof(self->error));
    }
    return outcome;
}

void delivery_free(struct delivery **self_p)
{
    struct delivery *self = *self_p;
    if (self == NULL) {
        return;
    }
    curl_easy_cleanup(self->easy);
    curl_slist_free_all(self->headers);
    message_clear(&self->message);
    secret_wipe(&self->alert, sizeof(self->alert));
    free(self);
    *self_p = NULL;
}

void *delivery_handle(const struct delivery *self)
{
    return self->easy;
}

const struct outbox_item *delivery_item(const struct delivery *self)
{
    return &self->item;
}

const char *delivery_alert(const struct delivery *self)
{
    return self->alert.name;
}

unsigned delivery_status(const struct delivery *self)
{
    long status = 0;
    if (curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK) {
        return 0;
    }
    return status > 0 ? (unsigned)status : 0;
}

uint64_t delivery_retry_after_ms(const struct delivery *self)
{
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK ||
        seconds <= 0) {
        return 0;
    }
    return (uint64_t)(seconds < 1000000 ? seconds : 1000000) * 1000;
}

const char *delivery_error(const struct delivery *self)
{
    return self->error;
}
