#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "net/tls_private.h"

enum {
    NAME_SIZE = 16,
    KEY_SIZE = 32,
};

struct ticket_key {
    uint8_t name[NAME_SIZE];
    uint8_t secrecy[KEY_SIZE];
    uint8_t integrity[KEY_SIZE];
};

struct tls_tickets {
    struct heap *heap;
    pthread_mutex_t lock;
    uint64_t made_ms;                        /* When the newest was made. */
    size_t count;                            /* Keys that there are. */
    struct ticket_key keys[TLS_TICKET_KEYS]; /* Newest first. */
};

static bool make_key(struct ticket_key *key)
{
    return RAND_bytes(key->name, NAME_SIZE) == 1 &&
           RAND_priv_bytes(key->secrecy, KEY_SIZE) == 1 &&
           RAND_priv_bytes(key->integrity, KEY_SIZE) == 1;
}

struct tls_tickets *tls_tickets_new(struct heap *heap, uint64_t now_ms)
{
    struct tls_tickets *self = heap_alloc(heap, sizeof(*self));

    if (self == NULL || !make_key(&self->keys[0])) {
        heap_free(heap, self);
        ERR_clear_error();
        return NULL;
    }
    self->heap = heap;
    self->count = 1;
    self->made_ms = now_ms;
    heap_lock_init(heap, &self->lock);
    return self;
}

uint64_t tls_tickets_layout(uint64_t layout)
{
    return heap_layout(layout, sizeof(struct tls_tickets));
}

void tls_tickets_free(struct tls_tickets **self_p)
{
    struct tls_tickets *self = *self_p;
    if (self == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&self->lock);
    struct heap *heap = self->heap;
    explicit_bzero(self, sizeof(*self));
    heap_free(heap, self);
    *self_p = NULL;
}

void tls_tickets_turn(struct tls_tickets *self, uint64_t now_ms)
{
    struct ticket_key fresh;

    if (now_ms - self->made_ms < TLS_TICKET_KEY_MS || !make_key(&fresh)) {
        return;
    }
    heap_lock(&self->lock);
    if (now_ms - self->made_ms < TLS_TICKET_KEY_MS) { /* Another process has. */
        heap_unlock(&self->lock);
        explicit_bzero(&fresh, sizeof(fresh));
        return;
    }
    memmove(&self->keys[1], &self->keys[0],
            (TLS_TICKET_KEYS - 1) * sizeof(self->keys[0]));
    self->keys[0] = fresh;
    self->count += self->count < TLS_TICKET_KEYS ? 1 : 0;
    self->made_ms = now_ms;
    heap_unlock(&self->lock);
    explicit_bzero(&fresh, sizeof(fresh));
}

/* The key called `name`, or the newest. Returns its age in keys, or -1: unknown. */
static int find_key(struct tls_tickets *self, const uint8_t *name,
                    struct ticket_key *key_out)
{
    int age = name == NULL ? 0 : -1;

    heap_lock(&self->lock);
    for (size_t i = 0; age < 0 && i < self->count; i++) {
        if (memcmp(self->keys[i].name, name, NAME_SIZE) == 0) {
            age = (int)i;
        }
    }
    if (age >= 0) {
        *key_out = self->keys[age];
    }
    heap_unlock(&self->lock);
    return age;
}

static bool set_integrity(EVP_MAC_CTX *mac, struct ticket_key *key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->integrity, KEY_SIZE),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* 0: make or accept no ticket; 1: this key; 2: this key, and give the client a new one.
 */
// NOLINTNEXTLINE(readability-function-size): as the library calls it.
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int making)
{
    struct tls_tickets *self = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct ticket_key key;
    int iv_size = EVP_CIPHER_get_iv_length(EVP_aes_256_cbc());

    if (self == NULL || (making != 0 && RAND_bytes(iv, iv_size) != 1)) {
        return 0;
    }
    int age = find_key(self, making != 0 ? NULL : name, &key);
    if (age < 0) {
        return 0;
    }
    if (making != 0) {
        memcpy(name, key.name, NAME_SIZE);
    }
    int ready = EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.secrecy, iv,
                                  making) == 1 &&
                set_integrity(mac, &key);
    explicit_bzero(&key, sizeof(key));
    if (ready != 1) {
        return 0;
    }
    return age > 0 ? 2 : 1;
}

void tls_tickets_install(struct ssl_ctx_st *ctx, struct tls_tickets *tickets)
{
    (void)SSL_CTX_set_app_data(ctx, tickets);
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
}
