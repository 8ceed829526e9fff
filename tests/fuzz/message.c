/* message.c - frames from a peer gone mad: decode never reads past its end, and what it takes it
 * can say again. */
#include "executor/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pin_buf out = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    struct pin_message m;

    if (pin__message_decode(&m, (const char *)data, size, NULL) == PIN_OK) {
        pin__message_encode(&out, &m);
        if (out.size - 4 != size || memcmp(out.data + 4, data, size) != 0)
            pin__bug("a message of type %d is not said as it was heard", (int)m.type);
    }
    pin__buf_fini(&out);
    return 0;
}
