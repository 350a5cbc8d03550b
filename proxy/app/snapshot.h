/**
 * What a configuration is made in: one block with both views of it.
 *
 * Layer: app. Only for the modules that read the configuration; everybody else holds a
 * struct config or a struct site.
 */
#pragma once

#include "app/arena.h"
#include "app/config.h"
#include "net/tls_context.h"
#include "notify/alert.h"

/** `listen[].tls:`, one item: contents of its files. They end with the load. */
struct tls_certificate {
    struct span certificate;
    struct span key;
    struct span ocsp;
    struct span client_ca;
    enum tls_client_verify client_verify;
};

struct snapshot {
    struct config config;
    struct site site;
    bool ignore_case;
    struct arena *arena;
};
