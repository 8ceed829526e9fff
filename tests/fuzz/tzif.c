/* tzif.c - any bytes as a zone file: read or refused, and then asked about instants far and near.
 */
#include "schedule/tzif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t instants[] = { INT64_MIN, -1, 0, 1768471650, 4102444800, INT64_MAX };
    struct pin_tzif t;

    if (pin__tzif_parse(&t, (struct pin_bytes){ (const char *)data, size }, NULL) == PIN_OK)
        for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++)
            (void)pin__tzif_span(&t, instants[i]);
    pin__tzif_fini(&t);
    return 0;
}
