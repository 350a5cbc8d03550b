#include "record/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void fault_set(struct fault *self, const char *format, ...)
{
    if (self == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(self->text, sizeof(self->text), format, arguments) < 0) {
        self->text[0] = '\0';
    }
    va_end(arguments);
}

const char *fault_errno_text(int error, char *buffer, unsigned long capacity)
{
    return strerror_r(error, buffer, capacity);
}
