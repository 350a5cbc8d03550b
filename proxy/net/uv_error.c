#include "net/uv_error.h"

#include <uv.h>

enum err uv_error(int status)
{
    switch (status) {
    case UV_EOF:
        return ERR_CLOSED;
    case UV_ECONNRESET:
    case UV_EPIPE:
        return ERR_RESET;
    case UV_ECONNREFUSED:
        return ERR_REFUSED;
    case UV_ETIMEDOUT:
        return ERR_TIMEOUT;
    case UV_EADDRNOTAVAIL:
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
        return ERR_ADDRESS;
    case UV_EMFILE:
    case UV_ENFILE:
        return ERR_LIMIT;
    case UV_ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_SYSTEM;
    }
}
