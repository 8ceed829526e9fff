/* human.h - lengths of time, sizes and signals as a person reads them at a glance. Pure. */
#ifndef PIN_COMMAND_HUMAN_H
#define PIN_COMMAND_HUMAN_H

#include <stdint.h>

#define PIN_HUMAN_SIZE 32

struct human {
    char text[PIN_HUMAN_SIZE];
};

/* "850us", "12ms", "3.4s", "2m05s", "3h12m", "4d07h" */
struct human pin__human_duration(int64_t us);
/* Of a time: "now", "12s ago", "5m ago", "3h ago", "4d ago"; "in 5m" when it is to come. */
struct human pin__human_ago(int64_t then_ms, int64_t now_ms);
/* "512 B", "1.4 MB" (of 1000) */
struct human pin__human_bytes(int64_t bytes);
/* "1234567" as "1,234,567" */
struct human pin__human_count(int64_t n);

#endif
