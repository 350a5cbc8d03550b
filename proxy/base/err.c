#include "base/err.h"

#include "base/check.h"

const char *err_text(enum err err)
{
    switch (err) {
    case ERR_NONE:
        return "no error";
#define ERR(id, sentence)                                                                \
    case ERR_##id:                                                                       \
        return sentence;
#include "base/err.def"
#undef ERR
    }
    UNREACHABLE();
}
