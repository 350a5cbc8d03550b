#include "base/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* The plain SHA256_* calls: a state is a value of 112 bytes, so a keyed one is copied and
 * not set up again, which EVP (a heap object and a provider look-up) does three times
 * slower. The library marks them as old, not as unsafe. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) == SECRET_STATE_SIZE, "the library's state has a size");
_Static_assert(SHA256_DIGEST_LENGTH == SECRET_DIGEST_SIZE, "SHA-256");

static void load(SHA256_CTX *ctx, const struct secret_hash *from)
{
    memcpy(ctx, from->state, sizeof(*ctx));
}

static void store(struct secret_hash *self, const SHA256_CTX *ctx)
{
    memcpy(self->state, ctx, sizeof(*ctx));
}

static void add(SHA256_CTX *ctx, struct span data)
{
    if (data.len > 0) {
        int done = SHA256_Update(ctx, data.ptr, data.len);
        CHECK(done == 1);
    }
}

static void end(SHA256_CTX *ctx, uint8_t *digest_out)
{
    int done = SHA256_Final(digest_out, ctx);
    CHECK(done == 1);
    secret_wipe(ctx, sizeof(*ctx));
}

void secret_hash_start(struct secret_hash *self)
{
    SHA256_CTX ctx;
    int done = SHA256_Init(&ctx);
    CHECK(done == 1);
    store(self, &ctx);
}

void secret_hash_add(struct secret_hash *self, struct span data)
{
    SHA256_CTX ctx;
    load(&ctx, self);
    add(&ctx, data);
    store(self, &ctx);
    secret_wipe(&ctx, sizeof(ctx));
}

void secret_hash_end(struct secret_hash *self, uint8_t *digest_out)
{
    SHA256_CTX ctx;
    load(&ctx, self);
    end(&ctx, digest_out);
    secret_wipe(self, sizeof(*self));
}

void secret_hash_of(struct span data, uint8_t *digest_out)
{
    SHA256_CTX ctx;
    int done = SHA256_Init(&ctx);
    CHECK(done == 1);
    add(&ctx, data);
    end(&ctx, digest_out);
}

static void start_padded(struct secret_hash *self, const uint8_t *block, uint8_t pad)
{
    uint8_t padded[SECRET_BLOCK_SIZE];
    for (size_t i = 0; i < SECRET_BLOCK_SIZE; i++) {
        padded[i] = block[i] ^ pad;
    }
    secret_hash_start(self);
    secret_hash_add(self, (struct span){.ptr = padded, .len = sizeof(padded)});
    secret_wipe(padded, sizeof(padded));
}

void secret_sha1_of_parts(const struct span *parts, size_t count, uint8_t *digest_out)
{
    SHA_CTX ctx;
    int done = SHA1_Init(&ctx);

    for (size_t i = 0; done == 1 && i < count; i++) {
        done = parts[i].len > 0 ? SHA1_Update(&ctx, parts[i].ptr, parts[i].len) : 1;
    }
    CHECK(done == 1);
    done = SHA1_Final(digest_out, &ctx);
    CHECK(done == 1);
}

void secret_mac_start(struct secret_mac *self, struct span key)
{
    uint8_t block[SECRET_BLOCK_SIZE] = {0};
    if (key.len > SECRET_BLOCK_SIZE) {
        secret_hash_of(key, block);
    } else if (key.len > 0) {
        memcpy(block, key.ptr, key.len);
    }
    start_padded(&self->inner, block, 0x36);
    start_padded(&self->outer, block, 0x5c);
    secret_wipe(block, sizeof(block));
}

void secret_mac_of(const struct secret_mac *self, struct span data, uint8_t *digest_out)
{
    secret_mac_of_parts(self, &data, 1, digest_out);
}

void secret_mac_of_parts(const struct secret_mac *self, const struct span *parts,
                         size_t count, uint8_t *digest_out)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    SHA256_CTX ctx;
    load(&ctx, &self->inner);
    for (size_t i = 0; i < count; i++) {
        add(&ctx, parts[i]);
    }
    end(&ctx, digest);
    load(&ctx, &self->outer);
    add(&ctx, (struct span){.ptr = digest, .len = sizeof(digest)});
    end(&ctx, digest_out);
    secret_wipe(digest, sizeof(digest));
}

void secret_mac_once(struct span key, struct span data, uint8_t *digest_out)
{
    struct secret_mac mac;
    secret_mac_start(&mac, key);
    secret_mac_of(&mac, data, digest_out);
    secret_wipe(&mac, sizeof(mac));
}

enum err secret_random(uint8_t *bytes_out, size_t count)
{
    while (count > 0) {
        ssize_t got = getrandom(bytes_out, count, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return ERR_SYSTEM;
        }
        bytes_out += got;
        count -= (size_t)got;
    }
    return ERR_NONE;
}

bool secret_equal(const uint8_t *a, const uint8_t *b, size_t count)
{
    return CRYPTO_memcmp(a, b, count) == 0;
}

void secret_wipe(void *bytes, size_t count)
{
    if (count > 0) {
        explicit_bzero(bytes, count);
    }
}
