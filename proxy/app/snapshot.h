/**
 * What a configuration is made in: one block with both views of it.
 *
 * Layer: app. Only for the modules that read the configuration; everybody else holds a
 * struct config or a struct site.
 */
#pragma once

#include "app/arena.h"
#include "app/config.h"
#include "notify/alert.h"

struct snapshot {
    struct config config;
    struct site site;
    bool ignore_case;
    struct arena *arena;
};
