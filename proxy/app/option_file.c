/* Readers of names of files, and of the files (loader.h). */
#include <string.h>

#include "app/file.h"
#include "app/loader.h"
#include "notify/sign.h"

enum {
    TOKEN_SIZE_MAX = 1024,
    CERTIFICATES_SIZE_MAX = 1024 * 1024,
};

const char *loader_file(struct loader *self, const struct node *node)
{
    bool from_file = node->place.line > 0;

    if (!from_file || self->folder[0] == '\0' || node->text.ptr[0] == '/') {
        return (const char *)node->text.ptr;
    }
    size_t size = strlen(self->folder) + node->text.len + 2;
    char *path = arena_alloc(self->scratch, size);
    if (path != NULL) {
        (void)snprintf(path, size, "%s/%s", self->folder, (const char *)node->text.ptr);
    }
    return path != NULL ? path : (const char *)node->text.ptr;
}

static bool read_file(struct loader *loader, const struct option *option,
                      const struct node *node, size_t size_max, struct span *content_out)
{
    const char *path = loader_file(loader, node);
    const char *error = file_read(loader->scratch, path, size_max, content_out);

    if (error != NULL) {
        report_error(loader->report, node->place, "cannot read `%s` `%.200s`: %s",
                     option_key(option), path, error);
    }
    return error == NULL;
}

static bool store_name(struct loader *loader, const struct option *option,
                       const struct node *node, char **name_out)
{
    if (!loader_length(loader, option, node)) {
        return false;
    }
    *name_out = loader_copy(loader, span_of(loader_file(loader, node)));
    loader_note(loader, option, node->text);
    return *name_out != NULL;
}

bool option_read_STATE(struct loader *loader, const struct option *option,
                       const struct node *node, struct target target)
{
    return store_name(loader, option, node, target.field);
}

bool option_read_SOCKET(struct loader *loader, const struct option *option,
                        const struct node *node, struct target target)
{
    return store_name(loader, option, node, target.field);
}

bool option_read_SOURCE_FILE(struct loader *loader, const struct option *option,
                             const struct node *node, struct target target)
{
    return store_name(loader, option, node, target.field);
}

bool option_read_ACCESS_LOG(struct loader *loader, const struct option *option,
                            const struct node *node, struct target target)
{
    struct access_log_settings *log = target.field;

    if (span_equal(node->text, SPAN("-")) || span_equal(node->text, SPAN("off"))) {
        log->kind = node->text.len == 1 ? ACCESS_LOG_STDOUT : ACCESS_LOG_OFF;
        loader_note(loader, option, node->text);
        return true;
    }
    log->kind = ACCESS_LOG_FILE;
    return store_name(loader, option, node, &log->path);
}

bool option_read_PAGE(struct loader *loader, const struct option *option,
                      const struct node *node, struct target target)
{
    struct feature_settings *feature = target.base;
    struct span content;

    if (!read_file(loader, option, node, option->max, &content)) {
        return false;
    }
    feature->page = loader_copy(loader, content);
    feature->page_len = content.len;
    loader_note(loader, option, content);
    return feature->page != NULL;
}

bool option_read_CA_FILE(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    struct span content;
    const char *path = loader_file(loader, node);

    if (!read_file(loader, option, node, CERTIFICATES_SIZE_MAX, &content)) {
        return false;
    }
    if (strlen(path) >= option->size) {
        return loader_wrong(loader, option, node);
    }
    (void)span_copy(span_of(path), target.field, option->size);
    loader_note(loader, option, content);
    return true;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text = span_from(text, 1);
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

static void note_secret(struct loader *loader, const struct option *option,
                        struct span secret);

bool option_read_TLS_FILE(struct loader *loader, const struct option *option,
                          const struct node *node, struct target target)
{
    struct span content;

    if (!loader_length(loader, option, node) ||
        !read_file(loader, option, node, option->max, &content)) {
        return false;
    }
    memcpy(target.field, &content, sizeof(content));
    note_secret(loader, option, content);
    return true;
}

static void note_secret(struct loader *loader, const struct option *option,
                        struct span secret)
{
    uint8_t digest[SECRET_DIGEST_SIZE];

    secret_hash_of(secret, digest);
    loader_note(loader, option, (struct span){.ptr = digest, .len = sizeof(digest)});
}

bool option_read_SECRET_FILE(struct loader *loader, const struct option *option,
                             const struct node *node, struct target target)
{
    struct alert_secret *secrets = target.field;
    struct span content;
    struct span line;
    size_t count = 0;

    if (!read_file(loader, option, node, option->max, &content)) {
        return false;
    }
    note_secret(loader, option, content);
    while (span_next(&content, '\n', &line)) {
        line = trim(line);
        if (line.len == 0) {
            continue;
        }
        if (count == ALERT_SECRETS_MAX ||
            sign_secret_parse(line, &secrets[count]) != ERR_NONE) {
            count = 0;
            break;
        }
        count++;
    }
    if (count == 0) {
        report_error(loader->report, node->place,
                     "`%s` `%.200s` must hold one or two lines `whsec_BASE64` of 24 to "
                     "64 bytes",
                     option_key(option), (const char *)node->text.ptr);
    }
    return count > 0;
}

static bool is_printable(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

/* What a secret should have, and what may become of one that has less. */
struct advice {
    size_t size;
    const char *danger;
};

static const struct advice TOKEN_ADVICE = {16, "it can be guessed"};
static const struct advice KEY_ADVICE = {
    16, "whoever has one signed value can find the key and sign others"};
static const struct advice JWT_ADVICE = {
    VERIFY_SECRET_SIZE_GOOD, "whoever has one JWT can find the secret and be anybody"};

/* Taken all the same: the file may be what another program of the site has. */
static void check_secret_size(struct loader *loader, const struct option *option,
                              const struct node *node, size_t size,
                              const struct advice *advice)
{
    if (size < advice->size) {
        report_warning(loader->report, node->place,
                       "`%s` `%.200s` holds only %zu bytes, not %zu or more: %s; write a "
                       "new one with `openssl rand -hex 32`",
                       option_key(option), (const char *)node->text.ptr, size,
                       advice->size, advice->danger);
    }
}

/* The site reads the key too, so its group may; everybody may not write it. */
static void check_key_access(struct loader *loader, const struct option *option,
                             const struct node *node)
{
    const char *path = loader_file(loader, node);
    unsigned others = file_others_may(path);

    if ((others & FILE_WRITE) != 0) {
        report_error(loader->report, node->place,
                     "anybody can write `%s` `%.200s`: use `chmod o-rwx`",
                     option_key(option), path);
    } else if ((others & FILE_READ) != 0) {
        report_warning(loader->report, node->place,
                       "anybody can read `%s` `%.200s`, and sign markers with it: use "
                       "`chmod o-rwx`",
                       option_key(option), path);
    }
}

bool option_read_KEY_FILE(struct loader *loader, const struct option *option,
                          const struct node *node, struct target target)
{
    struct span content;

    if (!read_file(loader, option, node, option->max, &content)) {
        return false;
    }
    struct span key = trim(content);
    if (key.len == 0) {
        report_error(loader->report, node->place, "`%s` `%.200s` holds no key",
                     option_key(option), (const char *)node->text.ptr);
        return false;
    }
    check_secret_size(loader, option, node, key.len, &KEY_ADVICE);
    check_key_access(loader, option, node);
    struct secret_mac *mac = loader_alloc(loader, sizeof(*mac));
    if (mac == NULL) {
        return false;
    }
    secret_mac_start(mac, key);
    memcpy(target.field, &mac, sizeof(struct secret_mac *));
    note_secret(loader, option, key);
    return true;
}

static void end_key(void *object)
{
    struct verify_key *key = object;
    verify_key_free(&key);
}

bool option_read_JWT_KEY(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    char error[200];
    struct span content;

    if (!read_file(loader, option, node, VERIFY_KEY_SIZE_MAX, &content)) {
        return false;
    }
    struct verify_key *key = verify_key_new(content, error, sizeof(error));
    if (key == NULL) {
        report_error(loader->report, node->place, "`%s` `%.200s` %s", option_key(option),
                     (const char *)node->text.ptr, error);
        return false;
    }
    if (verify_key_secret_size(key) > 0) {
        check_secret_size(loader, option, node, verify_key_secret_size(key), &JWT_ADVICE);
    }
    if (!arena_keep(loader->snapshot->arena, key, end_key)) {
        verify_key_free(&key);
        return false;
    }
    memcpy(target.field, &key, sizeof(struct verify_key *));
    note_secret(loader, option, content);
    return true;
}

bool option_read_TOKEN_FILE(struct loader *loader, const struct option *option,
                            const struct node *node, struct target target)
{
    struct span content;

    if (!read_file(loader, option, node, option->max, &content)) {
        return false;
    }
    struct span token = trim(content);
    if (token.len == 0 || token.len > TOKEN_SIZE_MAX || !is_printable(token)) {
        report_error(loader->report, node->place,
                     "`%s` `%.200s` must hold one token of 1 to %d printable bytes",
                     option_key(option), (const char *)node->text.ptr, TOKEN_SIZE_MAX);
        return false;
    }
    check_secret_size(loader, option, node, token.len, &TOKEN_ADVICE);
    CHECK(option->size == SECRET_DIGEST_SIZE);
    secret_hash_of(token, target.field);
    note_secret(loader, option, token);
    return true;
}
