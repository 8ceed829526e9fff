/* process_stats.h - what the kernel says of this process. */
#ifndef PIN_WEB_PROCESS_STATS_H
#define PIN_WEB_PROCESS_STATS_H

#include <stdint.h>

struct pin_process_stats { /* -1: not known */
    int64_t resident_bytes;
    int64_t open_files, open_files_max;
    int64_t cpu_us;
};

void pin__process_stats(struct pin_process_stats *out);
/* When it was started, in milliseconds since 1970; -1: not known. */
int64_t pin__process_started_ms(void);

#endif
