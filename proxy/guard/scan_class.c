#include "guard/scan_class.h"

enum {
    CAPITAL = CLASS_LETTER | CLASS_CAPITAL,
    SMALL = CLASS_LETTER,
};

#define LETTERS(kind, first)                                                             \
    [(first)] = (kind), [(first) + 1] = (kind), [(first) + 2] = (kind),                  \
    [(first) + 3] = (kind), [(first) + 4] = (kind), [(first) + 5] = (kind),              \
    [(first) + 6] = (kind), [(first) + 7] = (kind), [(first) + 8] = (kind),              \
    [(first) + 9] = (kind), [(first) + 10] = (kind), [(first) + 11] = (kind),            \
    [(first) + 12] = (kind), [(first) + 13] = (kind), [(first) + 14] = (kind),           \
    [(first) + 15] = (kind), [(first) + 16] = (kind), [(first) + 17] = (kind),           \
    [(first) + 18] = (kind), [(first) + 19] = (kind), [(first) + 20] = (kind),           \
    [(first) + 21] = (kind), [(first) + 22] = (kind), [(first) + 23] = (kind),           \
    [(first) + 24] = (kind), [(first) + 25] = (kind)

const uint8_t HTML_CLASSES[256] = {
    [' '] = CLASS_SPACE,  ['\n'] = CLASS_SPACE, ['\t'] = CLASS_SPACE,
    ['\r'] = CLASS_SPACE, ['\f'] = CLASS_SPACE, ['/'] = CLASS_SLASH,
    ['>'] = CLASS_CLOSE,  ['='] = CLASS_EQUALS, LETTERS(CAPITAL, 'A'),
    LETTERS(SMALL, 'a'),
};
