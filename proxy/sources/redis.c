/* Grants out of sets in Redis: one for each requester, named by a pattern. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "sources/backend.h"

enum {
    HOST_SIZE = 256,
    USER_TEXT_SIZE = 256,
    KEY_SIZE_MAX = 1024,
    DATABASE_MAX = 1000000,
    DEFAULT_PORT = 6379,
};

/* redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] or unix:/PATH */
struct place {
    char host[HOST_SIZE]; /* Or the path of a socket. */
    bool local;
    unsigned port;
    unsigned database;
    char user[USER_TEXT_SIZE];
    char password[USER_TEXT_SIZE];
};

struct redis_source {
    const struct grant_settings *settings;
    struct place place;
    redisContext *connection;
};

static bool fails(char *error, const char *what, const char *detail)
{
    (void)snprintf(error, GRANT_ERROR_SIZE, "%s%s%.160s", what,
                   detail[0] != '\0' ? ": " : "", detail);
    return false;
}

static bool take_credentials(struct span *rest_p, struct place *out)
{
    size_t at = span_find(*rest_p, '@');

    if (at == rest_p->len) {
        return true;
    }
    struct span who = span_first(*rest_p, at);
    size_t colon = span_find(who, ':');
    *rest_p = span_from(*rest_p, at + 1);
    return colon < who.len &&
           span_copy(span_first(who, colon), out->user, sizeof(out->user)) == colon &&
           span_copy(span_from(who, colon + 1), out->password, sizeof(out->password)) ==
               who.len - colon - 1;
}

static bool take_number(struct span text, uint64_t max, unsigned *out)
{
    uint64_t number = 0;

    if (parse_u64(text, &number) != ERR_NONE || number > max) {
        return false;
    }
    *out = (unsigned)number;
    return true;
}

/* Host and port; an IPv6 address stands in brackets. */
static bool take_host(struct span text, struct place *out)
{
    size_t bracket = text.len > 0 && text.ptr[0] == '[' ? span_find(text, ']') : 0;
    struct span host = bracket > 0 ? span_first(span_from(text, 1), bracket - 1)
                                   : span_first(text, span_find(text, ':'));
    struct span rest = span_from(text, bracket > 0 ? bracket + 1 : host.len);

    out->port = DEFAULT_PORT;
    return host.len > 0 && host.len < sizeof(out->host) &&
           span_copy(host, out->host, sizeof(out->host)) == host.len &&
           (rest.len == 0 ||
            (rest.ptr[0] == ':' && take_number(span_from(rest, 1), 65535, &out->port)));
}

static bool read_place(const char *url, struct place *out)
{
    struct span rest = span_of(url);

    *out = (struct place){.port = DEFAULT_PORT};
    if (span_starts(rest, SPAN("unix:/"))) {
        rest = span_from(rest, 5);
        out->local = true;
        return rest.len < sizeof(out->host) &&
               span_copy(rest, out->host, sizeof(out->host)) == rest.len;
    }
    if (!span_starts(rest, SPAN("redis://"))) {
        return false;
    }
    rest = span_from(rest, 8);
    size_t slash = span_find(rest, '/');
    struct span database = span_from(rest, slash + 1);
    rest = span_first(rest, slash);
    return take_credentials(&rest, out) && take_host(rest, out) &&
           (database.len == 0 || take_number(database, DATABASE_MAX, &out->database));
}

static void hang_up(struct redis_source *self)
{
    if (self->connection != NULL) {
        redisFree(self->connection);
        self->connection = NULL;
    }
}

static struct timeval time_left(const struct grant_question *question)
{
    long left_ms = (long)grant_question_left_ms(question);

    left_ms = left_ms > 0 ? left_ms : 1;
    return (struct timeval){.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
}

/* Runs one command whose answer is only whether it went well. */
static bool command(struct redis_source *self, int count, const char **words, char *error)
{
    redisReply *reply = redisCommandArgv(self->connection, count, words, NULL);
    bool good = reply != NULL && reply->type != REDIS_REPLY_ERROR;

    if (!good) {
        (void)fails(error, words[0],
                    reply != NULL ? reply->str : self->connection->errstr);
    }
    freeReplyObject(reply);
    return good;
}

static bool greet(struct redis_source *self, char *error)
{
    const struct place *place = &self->place;
    char number[16];

    if (place->password[0] != '\0') {
        const char *named[] = {"AUTH", place->user, place->password};
        const char *plain[] = {"AUTH", place->password};
        bool has_user = place->user[0] != '\0';
        if (!command(self, has_user ? 3 : 2, has_user ? named : plain, error)) {
            return false;
        }
    }
    if (place->database > 0) {
        (void)snprintf(number, sizeof(number), "%u", place->database);
        const char *words[] = {"SELECT", number};
        return command(self, 2, words, error);
    }
    return true;
}

static bool connect_within(struct redis_source *self, struct timeval limit, char *error)
{
    const struct place *place = &self->place;

    if (self->connection == NULL) {
        self->connection =
            place->local ? redisConnectUnixWithTimeout(place->host, limit)
                         : redisConnectWithTimeout(place->host, (int)place->port, limit);
        if (self->connection == NULL || self->connection->err != 0) {
            return fails(error, "Redis cannot be connected",
                         self->connection != NULL ? self->connection->errstr
                                                  : "out of memory");
        }
        if (redisSetTimeout(self->connection, limit) != REDIS_OK || !greet(self, error)) {
            return false;
        }
    }
    return redisSetTimeout(self->connection, limit) == REDIS_OK;
}

/* The set's name; 0: too long. Whoever is asked for cannot name another's set: his own
 * name stands for the whole of `{requester}`. */
static size_t make_key(const char *pattern, struct span requester, char *key)
{
    static const char mark[] = "{requester}";
    const char *at = strstr(pattern, mark);
    size_t before = at != NULL ? (size_t)(at - pattern) : 0;
    size_t after = at != NULL ? strlen(at + sizeof(mark) - 1) : 0;

    if (at == NULL || before + requester.len + after > KEY_SIZE_MAX) {
        return 0;
    }
    memcpy(key, pattern, before);
    memcpy(key + before, requester.ptr, requester.len);
    memcpy(key + before + requester.len, at + sizeof(mark) - 1, after);
    return before + requester.len + after;
}

/* All questions go out in one piece; their answers come back in order. */
static bool ask_all(struct redis_source *self, struct grant_question *question,
                    char *error)
{
    char key[KEY_SIZE_MAX];
    size_t key_len = make_key(self->settings->key, question->requester, key);

    if (key_len == 0) {
        return fails(error, "the name of the set is too long", "");
    }
    for (size_t i = 0; i < question->count; i++) {
        struct span value = question->subjects[i].value;
        const char *words[] = {"SISMEMBER", key, (const char *)value.ptr};
        const size_t lens[] = {9, key_len, value.len};
        if (redisAppendCommandArgv(self->connection, 3, words, lens) != REDIS_OK) {
            return fails(error, "Redis", self->connection->errstr);
        }
    }
    bool good = true;
    for (size_t i = 0; good && i < question->count; i++) {
        void *reply = NULL;
        good = redisGetReply(self->connection, &reply) == REDIS_OK;
        redisReply *said = reply;
        if (!good || said->type != REDIS_REPLY_INTEGER) {
            good =
                fails(error, "Redis",
                      good && said->type == REDIS_REPLY_ERROR ? said->str
                                                              : self->connection->errstr);
        } else {
            question->subjects[i].granted = said->integer == 1;
        }
        freeReplyObject(reply);
    }
    return good;
}

/* After any error the connection goes: what it would still say is no answer to the next
 * question. A kept one may have been closed: it is opened anew, once. */
static bool answer(void *context, struct grant_question *question, char *error)
{
    struct redis_source *self = context;

    for (unsigned tries = self->connection != NULL ? 2 : 1; tries > 0; tries--) {
        if (connect_within(self, time_left(question), error) &&
            ask_all(self, question, error)) {
            return true;
        }
        hang_up(self);
        if (grant_question_late(question)) {
            return false;
        }
    }
    return false;
}

static void *make(const struct grant_backend_settings *settings)
{
    struct redis_source *self = calloc(1, sizeof(*self));

    if (self != NULL) {
        self->settings = settings->settings;
        (void)read_place(settings->settings->redis, &self->place);
    }
    return self;
}

static void end(void *context)
{
    struct redis_source *self = context;

    hang_up(self);
    explicit_bzero(&self->place, sizeof(self->place));
    free(self);
}

static enum grant_check check(const struct grant_settings *settings, char *error)
{
    struct redis_source self = {.settings = settings};
    struct timeval limit = {.tv_sec = 1};

    if (!read_place(settings->redis, &self.place)) {
        (void)fails(
            error, "the URL must be like `redis://127.0.0.1:6379/0` or `unix:/path`", "");
        return GRANT_CHECK_BAD;
    }
    if (strstr(settings->key, "{requester}") == NULL) {
        (void)fails(error,
                    "`key` must name `{requester}`: else everybody may see the same", "");
        return GRANT_CHECK_BAD;
    }
    bool reached = connect_within(&self, limit, error);
    hang_up(&self);
    return reached ? GRANT_CHECK_GOOD : GRANT_CHECK_UNREACHABLE;
}

const struct grant_backend GRANT_BACKEND_REDIS = {
    .kind = GRANT_SOURCE_REDIS,
    .thread_count = 1,
    .make = make,
    .answer = answer,
    .end = end,
    .check = check,
};
