/* Grants out of a CSV file of two columns, requester and subject (RFC 4180). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "sources/backend.h"

enum {
    FILE_SIZE_MAX = 256 * 1024 * 1024,
    LINES_SAID_MAX = 5, /* Bad lines that are named. */
};

struct pair {
    struct span requester;
    struct span subject;
};

struct csv_source {
    const struct grant_settings *settings;
    struct stat file; /* Of what is loaded. */
    bool loaded;
    bool quiet; /* Bad lines are told by the caller. */
    char *text;
    struct pair *pairs; /* Sorted; spans lie in `text`. */
    size_t count;
    size_t bad_count;
    size_t first_bad; /* Number of the first bad line. */
};

static int compare_spans(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *first = a;
    const struct pair *second = b;
    int order = compare_spans(first->requester, second->requester);

    return order != 0 ? order : compare_spans(first->subject, second->subject);
}

static void forget(struct csv_source *self)
{
    free(self->pairs);
    free(self->text);
    self->pairs = NULL;
    self->text = NULL;
    self->count = 0;
    self->bad_count = 0;
    self->loaded = false;
}

static bool fails(char *error, const char *what, const char *path)
{
    (void)snprintf(error, GRANT_ERROR_SIZE, "%s: %.180s", what, path);
    return false;
}

/* The whole file, or NULL. */
static char *read_whole(int fd, size_t size)
{
    char *text = malloc(size + 1);
    size_t len = 0;

    while (text != NULL && len < size) {
        ssize_t count = read(fd, text + len, size - len);
        if (count <= 0 && !(count < 0 && errno == EINTR)) {
            free(text);
            return NULL;
        }
        len += count > 0 ? (size_t)count : 0;
    }
    if (text != NULL) {
        text[size] = '\0';
    }
    return text;
}

/* The next field of a line, unquoted in place; `*at_p` behind it. False: broken. */
static bool take_field(char **at_p, char *end, struct span *field_out)
{
    char *at = *at_p;
    char *out = at;

    if (at == end || *at != '"') {
        char *comma = memchr(at, ',', (size_t)(end - at));
        char *stop = comma != NULL ? comma : end;
        *field_out = (struct span){.ptr = (uint8_t *)at, .len = (size_t)(stop - at)};
        *at_p = stop;
        return memchr(at, '"', (size_t)(stop - at)) == NULL;
    }
    uint8_t *start = (uint8_t *)out;
    for (at++; at < end; at++) {
        if (*at == '"' && at + 1 < end && at[1] == '"') {
            at++;
        } else if (*at == '"') {
            *field_out =
                (struct span){.ptr = start, .len = (size_t)((uint8_t *)out - start)};
            *at_p = at + 1;
            return at + 1 == end || at[1] == ',';
        }
        *out++ = *at;
    }
    return false;
}

static bool read_line(char *line, char *end, struct pair *pair_out)
{
    if (!take_field(&line, end, &pair_out->requester) || line == end) {
        return false;
    }
    line++;
    return take_field(&line, end, &pair_out->subject) && line == end &&
           pair_out->requester.len > 0 && pair_out->subject.len > 0;
}

static void note_bad(struct csv_source *self, size_t number)
{
    self->first_bad = self->bad_count == 0 ? number : self->first_bad;
    self->bad_count++;
    if (!self->quiet && self->bad_count <= LINES_SAID_MAX) {
        log_write(
            LOG_LEVEL_ERROR,
            "grants `%s`: %s line %zu is not `requester,subject` and grants nothing",
            self->settings->name, self->settings->csv, number);
    }
}

static bool is_heading(const struct pair *pair)
{
    return span_equal_nocase(span_trim(pair->requester), SPAN("requester")) &&
           span_equal_nocase(span_trim(pair->subject), SPAN("subject"));
}

static void read_lines(struct csv_source *self, size_t size)
{
    char *at = self->text;
    char *end = self->text + size;

    if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        at += 3;
    }
    for (size_t number = 1; at < end; number++) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        char *stop = newline != NULL ? newline : end;
        char *text_end = stop > at && stop[-1] == '\r' ? stop - 1 : stop;
        struct pair *pair = &self->pairs[self->count];
        if (text_end > at && !read_line(at, text_end, pair)) {
            note_bad(self, number);
        } else if (text_end > at && !(number == 1 && is_heading(pair))) {
            self->count++;
        }
        at = newline != NULL ? newline + 1 : end;
    }
    qsort(self->pairs, self->count, sizeof(*self->pairs), compare_pairs);
}

static size_t count_lines(const char *text, size_t size)
{
    size_t count = 1;

    for (const char *at = memchr(text, '\n', size); at != NULL;
         at = memchr(at + 1, '\n', size - (size_t)(at + 1 - text))) {
        count++;
    }
    return count;
}

static bool load(struct csv_source *self, char *error)
{
    int fd = open(self->settings->csv, O_RDONLY | O_CLOEXEC);
    struct stat file;

    forget(self);
    if (fd < 0 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return fails(error, "the file cannot be read", self->settings->csv);
    }
    size_t size = (size_t)file.st_size;
    if (file.st_size <= FILE_SIZE_MAX) {
        self->text = read_whole(fd, size);
    }
    (void)close(fd);
    if (self->text == NULL) {
        return fails(error, "the file cannot be read whole", self->settings->csv);
    }
    self->pairs = calloc(count_lines(self->text, size), sizeof(*self->pairs));
    if (self->pairs == NULL) {
        forget(self);
        return fails(error, "out of memory", self->settings->csv);
    }
    read_lines(self, size);
    self->file = file;
    self->loaded = true;
    return true;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool answer(void *context, struct grant_question *question, char *error)
{
    struct csv_source *self = context;
    struct stat file;

    if (stat(self->settings->csv, &file) != 0) {
        forget(self);
        return fails(error, "the file is not there", self->settings->csv);
    }
    if ((!self->loaded || !is_same(&file, &self->file)) && !load(self, error)) {
        return false;
    }
    for (size_t i = 0; i < question->count; i++) {
        struct pair wanted = {.requester = question->requester,
                              .subject = question->subjects[i].value};
        if (bsearch(&wanted, self->pairs, self->count, sizeof(wanted), compare_pairs) !=
            NULL) {
            question->subjects[i].granted = true;
        }
    }
    return true;
}

static void *make(const struct grant_backend_settings *settings)
{
    struct csv_source *self = calloc(1, sizeof(*self));

    if (self != NULL) {
        self->settings = settings->settings;
    }
    return self;
}

static void end(void *context)
{
    forget(context);
    free(context);
}

static enum grant_check check(const struct grant_settings *settings, char *error)
{
    struct csv_source self = {.settings = settings, .quiet = true};
    enum grant_check result = GRANT_CHECK_GOOD;

    if (!load(&self, error)) {
        result = GRANT_CHECK_UNREACHABLE;
    } else if (self.bad_count > 0) {
        (void)snprintf(error, GRANT_ERROR_SIZE,
                       "line %zu of %.150s is not `requester,subject` (%zu such lines)",
                       self.first_bad, settings->csv, self.bad_count);
        result = GRANT_CHECK_BAD;
    }
    forget(&self);
    return result;
}

const struct grant_backend GRANT_BACKEND_CSV = {
    .kind = GRANT_SOURCE_CSV,
    .thread_count = 1,
    .make = make,
    .answer = answer,
    .end = end,
    .check = check,
};
